use std::collections::VecDeque;
use std::sync::Arc;

use pilothouse_operator::{OperatorAction, OperatorInput};
use pilothouse_protocol::{
    Action, Deadline, Identity, Monotonic, Now, ObjectRef, Observation, ReleaseKey, Reply, Request,
    RequestId, WatchId, WatchTarget, Why, metadata,
};
use serde_json::json;

use super::{Latency, Machine, Progress, World, WorldOptions};
use crate::clock::SECOND;
use crate::faults::{Boundary, Fault, Faults};
use crate::rng::Rng;

/// Counts in a ConfigMap: reads it, adds one with a guarded update, again a second after each reply, up to ten.
#[derive(Default)]
struct Counter {
    wanted: VecDeque<Action>,
    next: u64,
    due: Option<Monotonic>,
    watched: u64,
    done: bool,
}

fn counter() -> ObjectRef {
    ObjectRef::namespaced("v1", "ConfigMap", "default", "counter")
}

impl Counter {
    fn ask(&mut self, request: Request) {
        self.next += 1;
        let id = RequestId(self.next);
        self.wanted.push_back(Action::Request { id, identity: Identity::Controller, request });
    }

    fn count(&mut self, reply: &Reply) {
        let Reply::Object(object) = reply else { return self.ask(Request::Get { object: counter() }) };
        let count: u64 =
            object["data"]["count"].as_str().and_then(|text| text.parse().ok()).unwrap_or_default();
        if count >= 10 {
            self.done = true;
            return;
        }
        let body = json!({"apiVersion": "v1", "kind": "ConfigMap", "data": {"count": (count + 1).to_string()},
            "metadata": {"namespace": "default", "name": "counter",
                "resourceVersion": metadata::text(object, "resourceVersion")}});
        self.ask(Request::Update { body: Arc::new(body) });
    }
}

impl Machine for Counter {
    fn handle(&mut self, now: Now, input: OperatorInput) {
        match input {
            OperatorInput::Synced => {
                let target = WatchTarget::object(&counter());
                self.wanted.push_back(Action::Watch {
                    id: WatchId(1),
                    identity: Identity::Controller,
                    target,
                });
                self.ask(Request::Get { object: counter() });
            }
            OperatorInput::Reply { id, reply, .. } if id == RequestId(self.next) => {
                self.due = None;
                self.count(&reply);
            }
            OperatorInput::Observed { observation: Observation::Changed(_), .. } => self.watched += 1,
            OperatorInput::Timer => {
                self.due = None;
                self.ask(Request::Get { object: counter() });
            }
            _ => {}
        }
        if !self.done && self.due.is_none() {
            self.due = Some(now.monotonic.after_nanos(30 * SECOND));
        }
    }

    fn poll_action(&mut self) -> Option<OperatorAction> {
        let action = self.wanted.pop_front()?;
        Some(OperatorAction { key: ReleaseKey::new("default", "counter"), action })
    }

    fn poll_timeout(&self) -> Option<Deadline> {
        self.due.filter(|_| !self.done).map(|at| Deadline { at, why: Why::RequestTimeout })
    }
}

fn world(options: WorldOptions) -> World<Counter> {
    let mut world = World::new(options, |_| Counter::default());
    let body = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"namespace": "default", "name": "counter"}});
    world.act("test", &Request::Create { body: Arc::new(body) });
    world.start();
    world
}

fn count(world: &World<Counter>) -> String {
    world
        .get(&counter())
        .map(|object| object["data"]["count"].as_str().unwrap_or("0").to_owned())
        .unwrap_or_default()
}

#[test]
fn a_machine_reaches_its_goal_and_then_nothing_happens() {
    let mut world = world(WorldOptions::default());
    assert_eq!(world.run_for(60 * SECOND), Progress::Idle);
    assert_eq!(count(&world), "10");
    // Changes before the snapshot are part of it.
    assert!(world.machine().is_some_and(|machine| (1..=10).contains(&machine.watched)));
    assert_eq!(world.record().requests, 11);
}

#[test]
fn every_crash_point_leads_to_the_same_end() {
    for number in 0..11 {
        for boundary in [Boundary::Before, Boundary::AfterEffect, Boundary::AfterReply] {
            let faults = Faults { crashes: [(number, boundary)].into(), ..Faults::default() };
            let mut world = world(WorldOptions { faults, ..WorldOptions::default() });
            world.run_for(600 * SECOND);
            assert_eq!((count(&world).as_str(), world.record().crashes), ("10", 1), "{number} {boundary:?}");
        }
    }
}

#[test]
fn faults_hit_the_request_they_are_meant_for() {
    for (fault, effect) in [
        (Fault::LostAcknowledgement, true),
        (Fault::LostRequest, false),
        (Fault::Silence, true),
        (Fault::Conflict, false),
        (Fault::Late(SECOND), true),
        (Fault::Duplicate(SECOND), true),
    ] {
        let mut world = world(WorldOptions::default());
        world.faults().scripted.insert(1, fault.clone());
        world.run_until(|world| world.record().requests == 2, 60 * SECOND);
        assert_eq!(count(&world), if effect { "1" } else { "0" }, "{fault:?}");
        world.run_for(600 * SECOND);
        assert_eq!(count(&world), "10", "{fault:?}");
    }
}

#[test]
fn the_same_seed_gives_the_same_run() {
    let run = |seed: u64| {
        let faults = Faults::swarm(&mut Rng::new(seed));
        let mut world = world(WorldOptions { seed, faults, ..WorldOptions::default() });
        world.run_for(3600 * SECOND);
        format!("{:?} {:?}", world.record().exchanges, count(&world))
    };
    for seed in 0..20 {
        assert_eq!(run(seed), run(seed));
    }
    assert_ne!(run(1), run(2));
}

#[test]
fn watches_can_be_stale_for_a_long_time() {
    let mut world = world(WorldOptions { watch: Latency::fixed(100 * SECOND), ..WorldOptions::default() });
    world.run_for(50 * SECOND);
    assert_eq!((count(&world).as_str(), world.machine().map(|machine| machine.watched)), ("10", Some(0)));
    world.run_for(100 * SECOND);
    assert!(world.machine().is_some_and(|machine| machine.watched <= 10));
}

/// Watches the ConfigMap and knows what it was shown last.
#[derive(Default)]
struct Onlooker {
    wanted: Option<Action>,
    last: String,
}

impl Machine for Onlooker {
    fn handle(&mut self, _: Now, input: OperatorInput) {
        let shown = match input {
            OperatorInput::Synced => {
                let target = WatchTarget::object(&counter());
                self.wanted = Some(Action::Watch { id: WatchId(1), identity: Identity::Controller, target });
                None
            }
            OperatorInput::Observed { observation: Observation::Changed(object), .. } => Some(object),
            OperatorInput::Observed { observation: Observation::Snapshot(objects), .. } => {
                objects.first().cloned()
            }
            _ => None,
        };
        if let Some(object) = shown {
            self.last = object["data"]["count"].to_string();
        }
    }

    fn poll_action(&mut self) -> Option<OperatorAction> {
        let action = self.wanted.take()?;
        Some(OperatorAction { key: ReleaseKey::new("default", "counter"), action })
    }

    fn poll_timeout(&self) -> Option<Deadline> {
        None
    }
}

#[test]
fn what_a_process_that_stood_still_sees_last_is_the_newest() {
    let mut world = World::new(WorldOptions::default(), |_| Onlooker::default());
    let write = |world: &mut World<Onlooker>, count: u64| {
        let body = json!({"apiVersion": "v1", "kind": "ConfigMap", "data": {"count": count.to_string()},
            "metadata": {"namespace": "default", "name": "counter"}});
        world.act("test", &Request::Update { body: Arc::new(body) });
    };
    let body = json!({"apiVersion": "v1", "kind": "ConfigMap", "data": {"count": "1"},
        "metadata": {"namespace": "default", "name": "counter"}});
    world.act("test", &Request::Create { body: Arc::new(body) });
    world.start();
    world.run_for(5 * SECOND);
    world.pause(60 * SECOND);
    world.run_for(5 * SECOND);
    write(&mut world, 2);
    world.run_for(20 * SECOND);
    world.rewind(22 * SECOND, 5 * SECOND);
    // It stands still for longer than was said at first.
    world.pause(50 * SECOND);
    world.run_for(10 * SECOND);
    write(&mut world, 3);
    assert_eq!(world.machine().map(|machine| machine.last.as_str()), Some("\"1\""));
    world.run_for(60 * SECOND);
    assert_eq!(world.machine().map(|machine| machine.last.as_str()), Some("\"3\""));
}

#[test]
fn endless_timers_are_noticed() {
    struct Restless;
    impl Machine for Restless {
        fn handle(&mut self, _: Now, _: OperatorInput) {}
        fn poll_action(&mut self) -> Option<OperatorAction> {
            None
        }
        fn poll_timeout(&self) -> Option<Deadline> {
            Some(Deadline { at: Monotonic(0), why: Why::Interval })
        }
    }
    let mut world = World::new(WorldOptions::default(), |_| Restless);
    world.start();
    assert_eq!(world.run_for(SECOND), Progress::Livelock);
}
