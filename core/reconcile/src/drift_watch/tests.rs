use std::sync::Arc;

use pilothouse_machine::SECOND;
use pilothouse_protocol::{Action, ApiError, Now, Object};
use serde_json::json;

use super::*;

/// A watch of a release with the objects `a` and `b`, whose last pass has looked at version 5 of both.
struct Stage {
    watch: DriftWatch,
    context: Context,
    key: ReleaseKey,
}

fn object(name: &str) -> ObjectRef {
    ObjectRef::namespaced("v1", "ConfigMap", "ns", name)
}

fn version(name: &str, version: u64) -> Object {
    Arc::new(json!({"apiVersion": "v1", "kind": "ConfigMap",
        "metadata": {"namespace": "ns", "name": name, "uid": name, "resourceVersion": version.to_string()}}))
}

impl Stage {
    fn new() -> Self {
        let mut stage = Self {
            watch: DriftWatch::default(),
            context: Context::new(0),
            key: ReleaseKey::new("ns", "app"),
        };
        stage.pass(true, &[("a", 5), ("b", 5)]);
        stage.see(&Observation::Snapshot(vec![version("a", 5), version("b", 5)]));
        stage
    }

    fn at(&mut self, seconds: u64) {
        self.context.begin(Now { monotonic: Monotonic(seconds * SECOND), ..Now::default() });
    }

    /// A pass that reads or writes these versions.
    fn pass(&mut self, in_line: bool, looks: &[(&str, u64)]) {
        self.watch.begin_pass(true, self.context.now.monotonic);
        looks.iter().for_each(|(name, at)| self.watch.look(&version(name, *at)));
        self.end(in_line);
    }

    fn end(&mut self, in_line: bool) {
        let objects = in_line.then(|| vec![object("a"), object("b")]);
        let findings = Findings { key: &self.key, objects, interval: 3600 * SECOND };
        self.watch.end_pass(findings, &mut self.context);
    }

    fn see(&mut self, observation: &Observation) {
        let id = self.watch.targets.values().copied().flatten().next().unwrap();
        assert!(self.watch.observe(id, observation, &mut self.context));
    }

    fn change(&mut self, name: &str, at: u64) {
        self.see(&Observation::Changed(version(name, at)));
    }

    fn due(&self) -> Option<u64> {
        self.watch.due().map(|due| due.0 / SECOND)
    }

    /// The kinds of actions so far.
    fn actions(&mut self) -> Vec<&'static str> {
        let name = |action| match action {
            Action::Watch { target, .. } if target.essentials => "watch",
            Action::Unwatch { .. } => "unwatch",
            Action::Log(_) => "log",
            _ => "other",
        };
        std::iter::from_fn(|| self.context.next_action()).map(name).collect()
    }
}

#[test]
fn one_watch_serves_all_objects_of_a_kind_until_it_is_of_no_use() {
    let mut stage = Stage::new();
    assert_eq!(stage.actions(), ["watch"]);
    stage.pass(true, &[]);
    assert!(stage.actions().is_empty());
    stage.pass(false, &[]);
    assert_eq!((stage.actions(), stage.due()), (vec!["unwatch"], None));
    assert!(!stage.watch.observe(WatchId(1), &Observation::Gone(object("a")), &mut stage.context));
}

#[test]
fn nothing_is_watched_where_drift_does_not_matter() {
    let (mut watch, mut context, key) =
        (DriftWatch::default(), Context::new(0), ReleaseKey::new("ns", "app"));
    watch.begin_pass(false, Monotonic(0));
    watch.look(&version("a", 1));
    watch.end_pass(Findings { key: &key, objects: None, interval: 1 }, &mut context);
    assert_eq!((context.next_action(), watch.due(), watch.looked), (None, None, None));
}

#[test]
fn a_change_by_somebody_else_wakes_soon() {
    let mut stage = Stage::new();
    stage.at(100);
    stage.change("a", 5);
    stage.change("other", 9);
    assert_eq!(stage.due(), None);
    stage.change("a", 7);
    assert_eq!(stage.due(), Some(101));
    stage.at(101);
    stage.see(&Observation::Gone(object("b")));
    assert_eq!(stage.due(), Some(101), "what comes meanwhile does not put it off");
}

#[test]
fn own_writes_wake_nobody_whenever_they_are_seen() {
    let mut stage = Stage::new();
    stage.at(100);
    stage.watch.begin_pass(true, stage.context.now.monotonic);
    // Seen before it is acknowledged.
    stage.change("a", 8);
    stage.watch.look(&version("a", 8));
    stage.watch.look(&version("b", 9));
    stage.end(true);
    // Seen after the pass.
    stage.change("b", 9);
    assert_eq!(stage.due(), None);
    stage.change("b", 10);
    assert_eq!(stage.due(), Some(101));
}

#[test]
fn what_changes_during_a_pass_is_looked_at_by_the_next_one() {
    let mut stage = Stage::new();
    stage.at(100);
    stage.watch.begin_pass(true, stage.context.now.monotonic);
    stage.watch.look(&version("a", 6));
    stage.change("a", 7);
    stage.end(true);
    assert_eq!(stage.due(), Some(101));
}

#[test]
fn a_gap_in_the_watch_hides_nothing() {
    let mut stage = Stage::new();
    stage.at(100);
    stage.see(&Observation::Snapshot(vec![version("a", 5)]));
    assert_eq!(stage.due(), Some(101));
    stage.see(&Observation::Snapshot(vec![version("a", 5), version("b", 5)]));
    assert_eq!(stage.due(), None, "it was only late");
}

#[test]
fn a_refused_watch_says_so_once_and_leaves_it_to_the_interval() {
    let mut stage = Stage::new();
    stage.actions();
    stage.see(&Observation::Failed(Failure::Api(ApiError::new(403, "Forbidden", "no"))));
    assert_eq!(stage.actions(), ["log"]);
    stage.pass(true, &[]);
    assert!(stage.actions().is_empty());
}

#[test]
fn a_fight_waits_for_longer_each_time() {
    let mut stage = Stage::new();
    let mut looks = Vec::new();
    for at in 6..10 {
        stage.change("a", at * 2);
        let due = stage.due().unwrap();
        looks.push(due);
        stage.at(due);
        stage.pass(true, &[("a", at * 2 + 1)]);
    }
    assert_eq!(looks, [1, 11, 31, 71]);
}
