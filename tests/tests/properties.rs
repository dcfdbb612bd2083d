//! Properties of whole runs: the same inputs give the same trace, the order in which a starting operator sees what exists
//! does not matter, and whatever goes wrong for a while is recovered from.

#![allow(clippy::unwrap_used, reason = "a test fails")]

use std::collections::BTreeMap;
use std::sync::LazyLock;

use pilothouse_io_sim::clock::MILLISECOND;
use pilothouse_io_sim::faults::{FaultClass, Faults};
use pilothouse_io_sim::world::{Latency, WorldOptions};
use pilothouse_tests::acceptance::{LIFE_CYCLES, Material, Player, Scenario, Setup, Tolerance, Trace, list};
use pilothouse_tests::oracles::{EndState, Oracles, end_state};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError, TestRunner};
use regex::Regex;
use serde_json::{Value, json};

/// Faults that a real API server shows when it is in trouble.
const FAULTS: [FaultClass; 6] = [
    FaultClass::Conflict,
    FaultClass::InternalError,
    FaultClass::Unavailable,
    FaultClass::Unreachable,
    FaultClass::LostAcknowledgement,
    FaultClass::LostRequest,
];
/// Releases that exist when the operator starts.
const RELEASES: usize = 5;

static MATERIAL: LazyLock<Option<Material>> = LazyLock::new(Material::read);

/// What goes wrong in a run.
#[derive(Debug, Clone)]
struct Trouble {
    scenario: usize,
    seed: u64,
    classes: Vec<FaultClass>,
    per_mille: u32,
}

#[test]
fn the_same_inputs_give_the_same_trace() {
    check(24, trouble(0..LIFE_CYCLES.len()), |material, trouble| {
        let trace = || {
            let trace = Trace::default();
            let mut oracles = Oracles::default();
            let mut player = player(material, &trouble, Some(Trace::clone(&trace)), &mut oracles);
            // Whether something is found is the matter of another property; here it has to be found twice.
            let outcome = player.run().err();
            drop(player);
            (outcome, trace.take())
        };
        let (first, second) = (trace(), trace());
        prop_assert!(first.1.len() > 10, "the trace is empty");
        prop_assert_eq!(first.0, second.0);
        let differs = first.1.iter().zip(&second.1).position(|(a, b)| a != b);
        prop_assert_eq!(differs, None);
        prop_assert_eq!(first.1.len(), second.1.len());
        Ok(())
    });
}

#[test]
fn runs_converge_after_faults_stop() {
    check(96, trouble(0..LIFE_CYCLES.len()), |material, trouble| {
        let calm = Trouble { classes: Vec::new(), per_mille: 0, ..trouble.clone() };
        let twin = end(material, &calm, Tolerance::Strict)?;
        let found = end(material, &trouble, Tolerance::Lenient)?;
        for (name, conditions) in &twin.releases {
            let there = found.releases.get(name).cloned().unwrap_or_default();
            let is = |kind: &str, status: &str| {
                there.as_array().is_some_and(|all| all.contains(&json!([kind, status])))
            };
            if is("Ready", "True") {
                prop_assert_eq!(twin.differences(&found), Vec::<String>::new());
            } else {
                prop_assert!(is("Stalled", "True"), "{} is {} instead of {}", name, there, conditions);
            }
        }
        let names = |end: &EndState| end.releases.keys().cloned().collect::<Vec<_>>();
        prop_assert_eq!(names(&twin), names(&found));
        Ok(())
    });
}

#[test]
fn the_order_of_what_exists_at_the_start_does_not_matter() {
    check(12, any::<u64>(), |material, seed| {
        let (plain, shuffled) = (start_up(material, None), start_up(material, Some(seed)));
        prop_assert_eq!(plain.len(), RELEASES);
        for (key, lines) in &plain {
            let others = shuffled.get(key).cloned().unwrap_or_default();
            let differs = lines.iter().zip(&others).find(|(a, b)| a != b);
            prop_assert_eq!(differs, None);
            prop_assert_eq!(lines.len(), others.len());
        }
        Ok(())
    });
}

fn check<S: Strategy>(
    cases: u32,
    strategy: S,
    property: impl Fn(&Material, S::Value) -> Result<(), TestCaseError>,
) {
    let Some(material) = MATERIAL.as_ref() else { return };
    // The environment variable PROPTEST_CASES asks for more.
    let asked = Config::default().cases;
    let cases = if asked > cases && asked != 256 { asked } else { cases };
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(
        config,
        proptest::test_runner::TestRng::deterministic_rng(proptest::test_runner::RngAlgorithm::ChaCha),
    );
    runner.run(&strategy, |value| property(material, value)).unwrap();
}

fn trouble(scenarios: std::ops::Range<usize>) -> impl Strategy<Value = Trouble> {
    let classes = proptest::sample::subsequence(FAULTS.to_vec(), 1..=FAULTS.len());
    (scenarios, any::<u64>(), classes, 10_u32..200).prop_map(|(scenario, seed, classes, per_mille)| Trouble {
        scenario,
        seed,
        classes,
        per_mille,
    })
}

fn player<'a>(
    material: &'a Material,
    trouble: &Trouble,
    trace: Option<Trace>,
    oracles: &'a mut Oracles,
) -> Player<'a> {
    let name = LIFE_CYCLES[trouble.scenario];
    let scenario = material.scenario(name);
    let faults = Faults {
        enabled: trouble.classes.iter().copied().collect(),
        per_mille: trouble.per_mille,
        ..Faults::default()
    };
    let world = WorldOptions { seed: trouble.seed, faults, ..WorldOptions::default() };
    let setup = Setup { world, trace, ..Setup::default() };
    Player::new(scenario, &material.fixtures, setup, Tolerance::Lenient, oracles).unwrap()
}

fn end(material: &Material, trouble: &Trouble, tolerance: Tolerance) -> Result<EndState, TestCaseError> {
    let mut oracles = Oracles::default();
    let mut player = player(material, trouble, None, &mut oracles);
    let failed =
        |why: String| TestCaseError::fail(format!("{} {tolerance:?}: {why}", LIFE_CYCLES[trouble.scenario]));
    player.run().map_err(|error| failed(error.0))?;
    *player.cluster.world.faults() = Faults::default();
    if !player.settle(60.0, 7200.0).map_err(|error| failed(error.0))? {
        let statuses = list(&player.cluster.world, "HelmRelease", None);
        let conditions: Vec<&Value> =
            statuses.iter().map(|release| &release["status"]["conditions"]).collect();
        return Err(failed(format!("not settled two hours after the faults stopped: {conditions:?}")));
    }
    Ok(end_state(&player.cluster.world))
}

/// The actions of each release after a start at which everything exists already; uids and versions are masked, because
/// they are given out in the order of requests.
fn start_up(material: &Material, shuffle: Option<u64>) -> BTreeMap<String, Vec<String>> {
    let still = Latency::fixed(2 * MILLISECOND);
    let world = WorldOptions { request: still, reply: still, watch: still, ..WorldOptions::default() };
    let trace = Trace::default();
    let setup = Setup { world, trace: Some(Trace::clone(&trace)), shuffle, ..Setup::default() };
    let steps: Vec<Value> = (0..RELEASES).flat_map(release).collect();
    let restart = json!({"restartController": {"signal": "KILL"}});
    let document = json!({"steps": steps});
    let scenario = Scenario { name: "start".to_owned(), folder: std::path::PathBuf::new(), document };
    let mut nothing = ();
    let mut player =
        Player::new(&scenario, &material.fixtures, setup, Tolerance::Strict, &mut nothing).unwrap();
    player.cluster.world.stop();
    player.run().unwrap();
    trace.borrow_mut().clear();
    player.play_step(&restart).unwrap();
    player.pass(30_000 * MILLISECOND).unwrap();
    let mask = Regex::new(r#""(uid|resourceVersion|resource_version)":"[^"]*""#).unwrap();
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for line in trace.borrow().iter() {
        let value: Value = serde_json::from_str(line).unwrap();
        if let Some(action) = value.get("Action") {
            let line = mask.replace_all(line, "\"$1\":\"\"").into_owned();
            found.entry(action["key"].to_string()).or_default().push(line);
        }
    }
    found
}

fn release(number: usize) -> Vec<Value> {
    let name = format!("app-{number}");
    let values = format!("values-{number}");
    vec![
        json!({"apply": [{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": values,
            "labels": {"reconcile.fluxcd.io/watch": "Enabled"}}, "data": {"values.yaml": "message: hi"}}]}),
        json!({"source": {"name": name, "chart": "app-0.1.0.tgz"}}),
        json!({"apply": [{"apiVersion": "helm.toolkit.fluxcd.io/v2", "kind": "HelmRelease", "metadata": {"name": name},
            "spec": {"interval": "10m", "chartRef": {"kind": "HelmChart", "name": name},
                "valuesFrom": [{"kind": "ConfigMap", "name": values}], "values": {"deployment": {"enabled": true}}}}]}),
    ]
}
