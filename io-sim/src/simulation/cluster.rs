//! The cluster in which scenarios play.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use pilothouse_operator::{Config, Holder, Operator};
use pilothouse_protocol::{FieldValidation, ObjectRef, Patch, Request};
use serde_json::{Value, json};

use super::driven::{Crew, Driven, Ledger};
use super::replicas::Replicas;
use super::run::RunOptions;
use super::shards::Shards;
use super::spec::OTHER_NAMESPACE;
use crate::clock::SECOND;
use crate::scenario::Scenario;
use crate::server::Server;
use crate::source_controller::source_definitions;
use crate::world::{World, WorldOptions};

thread_local! {
    /// A server with all definitions: reading their schemas takes longer than many a run.
    static PREPARED: RefCell<Option<Server>> = const { RefCell::new(None) };
}

/// A world with the definitions and namespaces in it, and no operator yet.
pub(super) fn world(scenario: &Scenario, options: &RunOptions, ledger: &Rc<Ledger>) -> World<Driven> {
    let (seed, shards, replicas) = (scenario.seed(), scenario.shards(), scenario.replicas());
    let world_options = WorldOptions { seed, ..WorldOptions::default() };
    let server = PREPARED.with_borrow_mut(|prepared| prepared.get_or_insert_with(prepare).clone());
    let (ledger, shuffle, twin) = (Rc::clone(ledger), options.shuffle, options.config.clone());
    World::around_server(world_options, server, move |start| {
        let operator = |shard: u64| {
            let pod = if shard == 0 { String::new() } else { format!("-shard-{shard}") };
            let holder = Holder::new(&format!("pod-{}{pod}", start.incarnation), "flux-system.pilothouse");
            Operator::new(Config { holder, ..twin.clone() }, start.seed ^ shard)
        };
        // The order of what exists is shuffled anew for every process.
        let shuffle = shuffle.map(|seed| seed ^ start.incarnation);
        let crew = if replicas > 1 {
            let pod = format!("pod-{}", start.incarnation);
            Crew::Replicas(Box::new(Replicas::new(replicas, twin.clone(), pod, start.seed, start.now)))
        } else {
            Crew::Shards(Shards::new((0..shards).map(operator).collect()))
        };
        Driven::new(crew, Rc::clone(&ledger), shuffle)
    })
}

fn prepare() -> Server {
    let ledger = Rc::new(Ledger::default());
    let mut world = World::new(WorldOptions::default(), move |start| {
        let operator = Operator::new(Config::default(), start.seed);
        Driven::new(Crew::Shards(Shards::new(vec![operator])), Rc::clone(&ledger), None)
    });
    for definition in source_definitions() {
        apply(&mut world, "somebody", definition, false);
    }
    apply(&mut world, "somebody", pilothouse_api::custom_resource_definition(), false);
    let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": OTHER_NAMESPACE}});
    apply(&mut world, "somebody", namespace, false);
    world.run_for(2 * SECOND);
    world.server().clone()
}

/// Server-side apply by somebody, forced.
pub(super) fn apply(world: &mut World<Driven>, manager: &str, body: Value, status: bool) {
    let patch = Patch::Apply { force: true, validation: FieldValidation::Ignore };
    let object = ObjectRef::of(&body);
    let request = Request::Patch { object, patch, body: Arc::new(body), status, dry_run: false };
    world.act(manager, &request);
}

/// A merge patch by somebody.
pub(super) fn merge(world: &mut World<Driven>, manager: &str, object: &ObjectRef, body: Value, status: bool) {
    let (object, body) = (object.clone(), Arc::new(body));
    world.act(manager, &Request::Patch { object, patch: Patch::Merge, body, status, dry_run: false });
}
