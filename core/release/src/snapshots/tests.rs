use pilothouse_encoding::digest::Algorithm;
use serde_json::{Value, json};

use super::*;
use crate::{ReleaseStatus, verify_object};

const SHA: Algorithm = Algorithm::Sha256;

fn record(version: u32, status: &str) -> ReleaseRecord {
    let mut record: ReleaseRecord = serde_json::from_value(json!({
        "name": "app", "version": version, "namespace": "apps",
        "info": { "first_deployed": "2024-05-07T04:54:21.9+02:00", "last_deployed": "2024-05-07T04:54:22.9Z" },
        "chart": { "metadata": { "name": "web", "version": "1.2.3", "appVersion": "9" } },
        "hooks": [
            { "name": "t1", "events": ["test"], "last_run": {
                "started_at": "2024-05-07T04:54:21.5Z", "completed_at": "2024-05-07T04:54:23.5Z", "phase": "Succeeded" } },
            { "name": "t2", "events": ["test"], "last_run": { "phase": "" } },
            { "name": "pre", "events": ["pre-install"], "last_run": { "phase": "Succeeded" } },
        ],
    }))
    .unwrap();
    record.set_status(ReleaseStatus::parse(status), "");
    record
}

fn known(version: u32, action: &str, oci_digest: &str) -> Snapshot {
    let observation = Observation::of(&record(version, "deployed")).with(oci_digest, action);
    let tested = Some(test_hooks(&record(version, "deployed"), &[]));
    Snapshot { test_hooks: tested, ..snapshot_of(&observation, SHA).unwrap() }
}

fn collected(records: &[ReleaseRecord]) -> CollectedObservations {
    let mut collected = CollectedObservations::default();
    records.iter().for_each(|record| collected.collect(record));
    collected
}

/// Version, status, action, OCI digest, and whether it is tested.
fn summary(history: &History) -> Vec<(u32, &str, &str, &str, bool)> {
    history
        .0
        .iter()
        .map(|s| {
            (s.version, s.status.as_str(), s.action.as_str(), s.oci_digest.as_str(), s.test_hooks.is_some())
        })
        .collect()
}

#[test]
fn a_snapshot_has_whole_seconds_in_utc() {
    let snapshot = known(1, "install", "");
    assert_eq!(snapshot.api_version, "v2");
    assert_eq!(snapshot.first_deployed, "2024-05-07T02:54:21Z");
    assert_eq!(snapshot.last_deployed, "2024-05-07T04:54:22Z");
    assert_eq!(snapshot.deleted, None);
    assert_eq!((snapshot.versioned_chart().as_str(), snapshot.app_version.as_str()), ("web@1.2.3", "9"));
    let empty = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    assert_eq!(snapshot.config_digest, empty);
}

#[test]
fn nothing_collected_changes_nothing() {
    let mut history = History(vec![known(1, "install", "")]);
    let before = history.clone();
    record_collected(&mut history, &CollectedObservations::default(), "upgrade", "", SHA).unwrap();
    assert_eq!(history, before);
}

#[test]
fn the_highest_revision_is_prepended_and_the_known_ones_are_refreshed() {
    let mut history = History(vec![known(2, "upgrade", "sha256:b"), known(1, "install", "sha256:a")]);
    let written =
        [record(1, "superseded"), record(2, "superseded"), record(4, "failed"), record(4, "deployed")];
    record_collected(&mut history, &collected(&written), "upgrade", "sha256:c", SHA).unwrap();
    assert_eq!(
        summary(&history),
        [
            (4, "deployed", "upgrade", "sha256:c", false),
            (2, "superseded", "", "sha256:b", true),
            (1, "superseded", "", "sha256:a", true),
        ]
    );
    assert!(verify_object(&history.0[0], &record(4, "deployed")).is_ok());
    assert!(verify_object(&history.0[1], &record(2, "superseded")).is_ok());
}

#[test]
fn a_rollback_adds_the_new_revision_and_marks_the_old_one() {
    let mut history = History(vec![known(1, "install", "sha256:a")]);
    observe_rollback(&mut history, &record(2, "pending-rollback"), SHA).unwrap();
    assert_eq!(summary(&history)[0], (2, "pending-rollback", "", "", false));
    observe_rollback(&mut history, &record(1, "superseded"), SHA).unwrap();
    observe_rollback(&mut history, &record(2, "deployed"), SHA).unwrap();
    assert_eq!(
        summary(&history),
        [(2, "deployed", "rollback", "", false), (1, "superseded", "rollback", "sha256:a", true)]
    );
    assert!(verify_object(&history.0[1], &record(1, "superseded")).is_ok());
}

#[test]
fn what_is_pruned_before_a_rollback_does_not_come_into_the_history() {
    let mut history = History(vec![known(7, "upgrade", ""), known(2, "install", "")]);
    observe_rollback(&mut history, &record(4, "failed"), SHA).unwrap();
    assert_eq!(history.0.iter().map(|snapshot| snapshot.version).collect::<Vec<_>>(), [7, 2]);
}

#[test]
fn an_uninstall_refreshes_what_is_known() {
    let mut history = History(vec![known(2, "upgrade", "sha256:b")]);
    observe_uninstall(&mut history, &record(2, "uninstalling"), "uninstall", SHA).unwrap();
    observe_uninstall(&mut history, &record(1, "superseded"), "uninstall", SHA).unwrap();
    assert_eq!(summary(&history), [(2, "uninstalling", "uninstall", "sha256:b", true)]);
}

#[test]
fn an_unlock_keeps_the_action_and_drops_the_test_hooks() {
    let mut history = History(vec![known(2, "upgrade", "sha256:b")]);
    observe_unlock(&mut history, &record(2, "failed"), SHA).unwrap();
    observe_unlock(&mut history, &record(3, "failed"), SHA).unwrap();
    assert_eq!(summary(&history), [(2, "failed", "upgrade", "sha256:b", false)]);
}

#[test]
fn a_test_run_refreshes_only_the_newest() {
    let mut history =
        History(vec![known(1, "install", ""), Snapshot { test_hooks: None, ..known(2, "upgrade", "d") }]);
    let digest = history.0[1].digest.clone();
    observe_test(&mut history, &record(1, "deployed"), &[], SHA).unwrap();
    assert_eq!(history.0[0].test_hooks, None);
    observe_test(&mut history, &record(2, "deployed"), &[], SHA).unwrap();
    assert_eq!(summary(&history)[0], (2, "deployed", "upgrade", "d", true));
    assert_eq!(history.0[0].digest, digest);
    observe_test(&mut History::default(), &record(2, "deployed"), &[], SHA).unwrap();
}

#[test]
fn filters_select_test_hooks() {
    let filter = |name: &str, exclude: bool| Filter { name: name.to_owned(), exclude };
    for (filters, selected) in [
        (vec![], vec!["t1", "t2"]),
        (vec![filter("t1", false)], vec!["t1"]),
        (vec![filter("t1", true)], vec!["t2"]),
        (vec![filter("t1", true), filter("t1", false)], vec![]),
        (vec![filter("t1", true), filter("t2", false)], vec!["t2"]),
        (vec![filter("pre", false)], vec![]),
    ] {
        let hooks = test_hooks(&record(1, "deployed"), &filters);
        assert_eq!(hooks.keys().collect::<Vec<_>>(), selected, "{filters:?}");
    }
    let hooks: Value = serde_json::to_value(test_hooks(&record(1, "deployed"), &[])).unwrap();
    let ran = json!({ "lastStarted": "2024-05-07T04:54:21Z", "lastCompleted": "2024-05-07T04:54:23Z", "phase": "Succeeded" });
    assert_eq!(hooks, json!({ "t1": ran, "t2": {} }));
}
