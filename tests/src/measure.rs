//! How fast the simulation is.

use std::sync::Arc;

use pilothouse_io_sim::world::WorldOptions;
use serde_json::{Value, json};

use crate::acceptance::{Fixtures, Player, Scenario, Setup, StepError, Tolerance};

/// What a number of cycles took.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Measured {
    /// Actions that the operator wanted: requests, watches, events, log lines.
    pub actions: u64,
    /// Requests that the simulated API server answered.
    pub requests: u64,
    /// Nanoseconds of virtual time.
    pub virtual_time: u64,
}

/// Installs a release, upgrades it `upgrades` times with other values, and deletes it.
///
/// # Errors
/// When a step does not lead to what is expected.
pub fn cycle(fixtures: &Arc<Fixtures>, seed: u64, upgrades: u32) -> Result<Measured, StepError> {
    let scenario =
        Scenario { name: "cycle".to_owned(), folder: std::path::PathBuf::new(), document: script(upgrades) };
    let world = WorldOptions { seed, journal: false, ..WorldOptions::default() };
    let mut nothing = ();
    let setup = Setup { world, ..Setup::default() };
    let mut player = Player::new(&scenario, fixtures, setup, Tolerance::Strict, &mut nothing)?;
    player.run()?;
    let world = &player.cluster.world;
    Ok(Measured {
        actions: world.machine().map_or(0, crate::acceptance::Driven::actions),
        requests: world.record().requests,
        virtual_time: world.now().monotonic.0,
    })
}

fn script(upgrades: u32) -> Value {
    let mut steps = vec![json!({"source": {"name": "app", "chart": "app-0.1.0.tgz"}})];
    for number in 0..=upgrades {
        steps.push(json!({"apply": [{"apiVersion": "helm.toolkit.fluxcd.io/v2", "kind": "HelmRelease",
            "metadata": {"name": "app"}, "spec": {"interval": "10m", "chartRef": {"kind": "HelmChart", "name": "app"},
                "values": {"deployment": {"enabled": true}, "message": format!("number {number}")}}}]}));
        steps.push(json!({"wait": {"object": "HelmRelease/app", "conditions": {"Ready": "True", "Reconciling": "absent"},
            "settled": true}}));
    }
    steps.push(json!({"delete": {"object": "HelmRelease/app", "wait": true}}));
    json!({"steps": steps})
}
