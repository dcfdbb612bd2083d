//! The release machine as a driver sees it: passes begin when they are told to, equal inputs give equal actions, and
//! whatever interrupts a pass, the next ones bring the release to what is wanted.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test")]
#![allow(dead_code, reason = "the driver serves other tests, too")]

mod driver;

use driver::{Driver, delete, installed, key, refused, waiting};
use pilothouse_protocol::{Input, ObjectRef, Request, Trigger, Why};
use serde_json::json;

fn config() -> ObjectRef {
    ObjectRef::namespaced("v1", "ConfigMap", "ns", "values")
}

#[test]
fn an_install_is_followed_by_nothing() {
    let mut driver = installed();
    assert_eq!(driver.stored(), ["1 deployed: Install complete"]);
    assert_eq!(driver.condition("Ready"), "True/InstallSucceeded");
    assert_eq!(driver.condition("Reconciling"), "");
    assert_eq!(driver.status()["observedGeneration"], 1);
    assert_eq!(driver.events, ["InstallSucceeded"]);
    assert_eq!(driver.release.poll_timeout().map(|deadline| deadline.why), Some(Why::Interval));

    driver.edit(|object| {
        object["metadata"]["annotations"]["reconcile.fluxcd.io/requestedAt"] = json!("t1");
    });
    driver.see();
    driver.run();
    assert_eq!(driver.status()["lastHandledReconcileAt"], "t1");
    assert_eq!(driver.condition("Ready"), "True/InstallSucceeded");
    assert_eq!((driver.stored().len(), driver.events.len()), (1, 1));
}

#[test]
fn no_pass_begins_by_itself() {
    let mut driver = Driver::new(&json!({}));
    driver.see();
    driver.feed(Input::Timer);
    driver.feed(Input::Wake(Trigger::Config(config())));
    assert!(driver.release.wants_to_start() && driver.release.is_idle());
    assert!(!driver.perform());
    driver.start();
    assert!(!driver.release.wants_to_start() && driver.release.is_working());
}

#[test]
fn equal_inputs_give_equal_actions() {
    let play = |repeats| {
        let mut driver = Driver::new(&json!({"web": true}));
        driver.repeats = repeats;
        driver.see();
        driver.run();
        // The wait gives up.
        driver.pass_time();
        driver.run();
        driver
    };
    let driver = play(false);
    assert_eq!(driver.condition("Stalled"), "True/RetriesExceeded");
    assert_eq!(driver.trace, play(false).trace);
    assert_eq!(driver.trace, play(true).trace, "late and repeated replies change nothing");
}

#[test]
fn a_conflict_on_the_finalizer_is_tried_again() {
    let mut driver = Driver::new(&json!({}));
    driver.see();
    driver.edit(|object| object["metadata"]["labels"] = json!({"a": "b"}));
    driver.start();
    while driver.perform() {}
    assert!(driver.release.is_idle());
    assert_eq!(driver.release.poll_timeout().map(|deadline| deadline.why), Some(Why::Backoff));
    driver.see();
    driver.pass_time();
    driver.run();
    assert_eq!(driver.stored(), ["1 deployed: Install complete"]);
}

#[test]
fn a_new_generation_ends_a_wait_without_counting_a_failure() {
    let mut driver = waiting();
    driver.edit(|object| object["spec"]["values"] = json!({"message": "fixed"}));
    driver.see();
    driver.run();
    assert_eq!(
        driver.stored(),
        ["1 superseded: Release \"app\" interrupted: HelmRelease/ns/app", "2 deployed: Upgrade complete"]
    );
    assert_eq!(driver.condition("Ready"), "True/UpgradeSucceeded");
    assert_eq!(
        (&driver.status()["failures"], &driver.status()["observedGeneration"]),
        (&json!(null), &json!(2))
    );
    assert_eq!(driver.events, ["UpgradeSucceeded"]);
}

#[test]
fn an_input_that_changes_before_the_action_adds_no_revision() {
    let mut driver = Driver::new(&json!({}));
    driver.see();
    driver.start();
    for _ in 0..3 {
        assert!(driver.perform());
    }
    driver.feed(Input::Wake(Trigger::Config(config())));
    driver.run();
    assert_eq!(driver.stored(), ["1 deployed: Install complete"]);
    assert_eq!(driver.events, ["InstallSucceeded"]);
}

#[test]
fn a_shutdown_closes_the_revision_and_writes_the_status() {
    let mut driver = waiting();
    driver.feed(Input::Shutdown);
    while driver.perform() {}
    assert!(driver.release.is_idle() && !driver.release.wants_to_start());
    assert_eq!(driver.stored(), ["1 failed: Release \"app\" interrupted: the controller is shutting down"]);
    assert_eq!(driver.status()["history"][0]["status"], "failed");
    assert_eq!(driver.status()["failures"], json!(null));
}

#[test]
fn a_killed_install_is_unlocked_and_repeated() {
    let mut driver = waiting();
    driver.crash();
    driver.edit(|object| object["spec"]["values"] = json!({}));
    driver.see();
    driver.run();
    assert_eq!(
        driver.stored(),
        ["1 superseded: Release unlocked from stale 'pending-install' state", "2 deployed: Upgrade complete"]
    );
    assert_eq!(driver.events, ["PendingRelease", "UpgradeSucceeded"]);
}

#[test]
fn a_status_that_could_not_be_written_is_not_forgotten() {
    let mut driver = Driver::new(&json!({}));
    driver.see();
    driver.fault = Some(Box::new(|request| {
        let Request::Patch { status: true, body, .. } = request else { return None };
        body["status"]["history"].is_array().then(|| refused(403, "Forbidden", "not now"))
    }));
    driver.start();
    while driver.perform() {}
    assert_eq!(driver.status()["history"], json!(null));
    driver.fault = None;
    // The watch shows what was written before: what could not be written is newer.
    driver.see();
    driver.pass_time();
    driver.run();
    assert_eq!(driver.stored(), ["1 deployed: Install complete"]);
    assert_eq!(driver.status()["history"][0]["version"], 1);
    assert_eq!(driver.condition("Ready"), "True/InstallSucceeded");
}

#[test]
fn a_status_of_the_past_that_comes_late_is_no_news() {
    let mut driver = installed();
    let past = driver.status().clone();
    driver.edit(|object| object["spec"]["values"] = json!({"message": "other"}));
    driver.see();
    driver.run();
    let (written, stored) = (driver.status().clone(), driver.stored());
    assert_eq!((&written["history"][0]["version"], stored.len()), (&json!(2), 2));
    // A process that is gone had sent it.
    driver.edit(|object| object["status"] = past);
    driver.see();
    driver.pass_time();
    driver.run();
    assert_eq!(driver.stored(), stored);
    assert_eq!(driver.status()["history"], written["history"]);
    assert_eq!(driver.condition("Ready"), "True/UpgradeSucceeded");
}

#[test]
fn a_pass_whose_request_is_never_answered_begins_again() {
    let mut driver = Driver::new(&json!({}));
    driver.see();
    driver.start();
    driver.lose();
    assert_eq!(driver.release.poll_timeout().map(|deadline| deadline.why), Some(Why::RequestTimeout));
    driver.pass_time();
    assert!(driver.release.is_idle());
    driver.pass_time();
    driver.run();
    assert_eq!(driver.stored(), ["1 deployed: Install complete"]);
}

#[test]
fn a_deletion_uninstalls_first() {
    let mut driver = installed();
    delete(&mut driver);
    assert!(!driver.exists() && driver.stored().is_empty());
    assert_eq!(driver.events, ["InstallSucceeded", "UninstallSucceeded"]);
    assert!(!driver.release.exists() && driver.release.poll_timeout().is_none());
}

#[test]
fn a_deletion_during_an_install_uninstalls_what_is_there() {
    let mut driver = waiting();
    delete(&mut driver);
    assert!(!driver.exists() && driver.stored().is_empty());
}

#[test]
fn a_release_that_was_never_recorded_is_uninstalled() {
    let mut driver = waiting();
    driver.crash();
    delete(&mut driver);
    assert!(!driver.exists() && driver.stored().is_empty());
}

#[test]
fn a_release_of_which_no_status_tells_is_uninstalled() {
    let mut driver = waiting();
    driver.edit(|object| object["status"]["storageNamespace"] = json!(""));
    driver.crash();
    delete(&mut driver);
    assert!(!driver.exists() && driver.stored().is_empty());
}

#[test]
fn a_lost_condition_of_a_release_that_is_as_wanted_is_found_again() {
    let mut driver = installed();
    driver.edit(|object| {
        let conditions = object["status"]["conditions"].as_array_mut().unwrap();
        conditions.retain(|condition| condition["type"] != "Released");
    });
    driver.crash();
    driver.run();
    assert_eq!(driver.condition("Released"), "True/InstallSucceeded");
    assert_eq!(driver.condition("Ready"), "True/InstallSucceeded");
    assert_eq!((driver.stored().len(), driver.events.len()), (1, 1));
}

#[test]
fn a_release_says_what_it_is_doing() {
    let mut driver = Driver::new(&json!({}));
    driver.see();
    assert_eq!(
        tell(&mut driver),
        [
            "starting",
            "chart",
            "storage",
            "install",
            "install: discovering the API",
            "install: reading objects that exist",
            "install: storing the new release",
            "install: applying ConfigMap/ns/config",
            "install: storing how the install went",
            "storage",
            "status",
            "waiting: next reconcile",
        ]
    );
    driver.edit(|object| {
        object["spec"]["driftDetection"] = json!({"mode": "enabled"});
        object["spec"]["values"] = json!({"message": "new"});
    });
    driver.see();
    assert_eq!(
        tell(&mut driver),
        [
            "starting",
            "storage",
            "upgrade",
            "upgrade: discovering the API",
            "upgrade: storing the new revision",
            "upgrade: reading ConfigMap/ns/config",
            "upgrade: applying ConfigMap/ns/config",
            "upgrade: storing the previous revision",
            "upgrade: storing how the upgrade went",
            "storage",
            "drift: comparing ConfigMap/ns/config",
            "status",
            "waiting: next reconcile",
        ]
    );
    driver.edit(|object| object["metadata"]["deletionTimestamp"] = json!("2024-01-01T00:00:00Z"));
    driver.see();
    assert_eq!(
        tell(&mut driver),
        [
            "deletion",
            "uninstall: reading the history",
            "uninstall: discovering the API",
            "uninstall: reading the history",
            "uninstall: storing that the uninstall began",
            "uninstall: deleting ConfigMap/ns/config",
            "uninstall: waiting for ConfigMap/ns/config to disappear",
            "uninstall: deleting the history",
            "deletion",
            "idle",
        ]
    );
}

/// What a release says before each of its requests until it waits.
fn tell(driver: &mut Driver) -> Vec<String> {
    let mut told = Vec::new();
    for _ in 0..5 {
        driver.start();
        loop {
            told.push(driver.release.describe());
            if !driver.perform() {
                break;
            }
        }
        driver.see();
    }
    told.dedup();
    told
}

#[test]
fn a_foreign_release_is_not_uninstalled() {
    let mut driver = installed();
    driver.edit(|object| object["status"]["history"][0]["version"] = json!(7));
    for secret in driver.cluster.objects.values_mut().filter(|object| object["kind"] == "Secret") {
        driver::rewrite(secret, |record| record.manifest = "apiVersion: v1\nkind: ConfigMap\n".to_owned());
    }
    driver.crash();
    driver.edit(|object| object["metadata"]["deletionTimestamp"] = json!("2024-01-01T00:00:00Z"));
    driver.see();
    driver.start();
    while driver.perform() {}
    // It stays, and does not keep the HelmRelease from going (spec 08 row 14).
    assert!(!driver.exists());
    assert_eq!(driver.stored().len(), 1);
}

#[test]
fn a_pass_that_writes_nothing_does_not_bring_back_the_past() {
    let mut driver = Driver::new(&json!({}));
    driver.see();
    driver.start();
    let mut past = Vec::new();
    while driver.perform() {
        past.extend(driver.cluster.get(&key()));
    }
    let pass = |driver: &mut Driver| {
        driver.pass_time();
        driver.start();
        while driver.perform() {}
    };
    // The watch has shown nothing of that yet.
    pass(&mut driver);
    let written = driver.status().clone();
    for object in past {
        driver.feed(Input::Object(Some(object)));
        pass(&mut driver);
        assert_eq!(driver.status(), &written);
    }
}
