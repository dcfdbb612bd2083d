//! What the release machine does when something fails: what counts as a failure, what is tried again, and what is told.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test")]
#![allow(dead_code, reason = "the driver serves other tests, too")]

mod driver;

use std::cell::Cell;
use std::rc::Rc;

use driver::{Driver, delete, installed, refused, waiting};
use pilothouse_protocol::{Request, Why};
use serde_json::json;

/// An upgrade whose wait gives up, and in the rollback that follows, objects of a kind are refused.
fn failed_upgrade(refused_kind: &'static str) -> Driver {
    let mut driver = installed();
    driver.edit(|object| {
        object["spec"]["values"] = json!({"web": true});
        object["spec"]["upgrade"] = json!({"remediation": {"remediateLastFailure": true}});
    });
    driver.see();
    driver.run();
    driver.fault = Some(Box::new(move |request| {
        let Request::Patch { object, .. } = request else { return None };
        (object.kind == refused_kind).then(|| refused(403, "Forbidden", "not now"))
    }));
    driver.pass_time();
    driver
}

#[test]
fn a_failed_rollback_uses_up_the_last_retry() {
    let mut driver = failed_upgrade("ConfigMap");
    driver.run();
    assert_eq!(driver.events, ["InstallSucceeded", "UpgradeFailed", "RollbackFailed"]);
    assert_eq!(driver.stored().last().map(|last| last.starts_with("3 failed: ")), Some(true));
    assert_eq!(driver.condition("Remediated"), "False/RollbackFailed");
    assert_eq!(driver.condition("Stalled"), "True/RetriesExceeded");
    assert_eq!((&driver.status()["failures"], &driver.status()["upgradeFailures"]), (&json!(2), &json!(1)));
}

/// Up to the end of a rollback in the storage, of which the status knows nothing when the process ends.
fn unrecorded_rollback(refused_kind: &'static str) -> Driver {
    let mut driver = failed_upgrade(refused_kind);
    let is_closed = |last: &String| last.starts_with("3 ") && !last.contains("pending");
    while !driver.stored().last().is_some_and(is_closed) {
        assert!(driver.perform());
    }
    driver.fault = None;
    driver.events.clear();
    driver.crash();
    driver
}

#[test]
fn a_rollback_whose_process_has_ended_is_recorded_and_no_upgrade_tried_past_the_retries() {
    let mut driver = unrecorded_rollback("None");
    driver.run();
    let stored = ["1 superseded: Install complete", "3 deployed: Rollback to 1"];
    assert_eq!([driver.stored()[0].as_str(), driver.stored()[2].as_str()], stored);
    assert_eq!(driver.stored().len(), 3);
    assert_eq!(driver.events, ["RollbackSucceeded"]);
    assert_eq!(driver.condition("Ready"), "False/RollbackSucceeded");
    assert_eq!(driver.condition("Stalled"), "True/RetriesExceeded");
    let history = &driver.status()["history"];
    assert_eq!((&history[0]["version"], &history[0]["action"]), (&json!(3), &json!("rollback")));
    assert_eq!(driver.status()["upgradeFailures"], json!(1));
}

#[test]
fn a_failed_rollback_whose_process_has_ended_is_made_again() {
    let mut driver = unrecorded_rollback("ConfigMap");
    driver.run();
    assert_eq!(driver.stored().last().map(String::as_str), Some("4 deployed: Rollback to 1"));
    assert_eq!(driver.events, ["RollbackFailed", "RollbackSucceeded"]);
    assert_eq!(driver.status()["upgradeFailures"], json!(1));
}

#[test]
fn a_release_that_is_as_wanted_again_is_not_remediated() {
    let mut driver = installed();
    driver.edit(|object| {
        object["spec"]["values"] = json!({"web": true});
        object["spec"]["upgrade"] = json!({"remediation": {"remediateLastFailure": true}});
    });
    driver.see();
    driver.run();
    driver.pass_time();
    driver.run();
    assert_eq!(driver.condition("Remediated"), "True/RollbackSucceeded");
    assert_eq!(driver.condition("Ready"), "False/RollbackSucceeded");
    driver.edit(|object| object["spec"]["values"] = json!({}));
    driver.see();
    driver.run();
    assert_eq!(driver.condition("Remediated"), "");
    assert_eq!(driver.condition("Released"), "True/UpgradeSucceeded");
    assert_eq!(driver.condition("Ready"), "True/UpgradeSucceeded");
    assert_eq!(driver.events, ["InstallSucceeded", "UpgradeFailed", "RollbackSucceeded"]);
}

#[test]
fn a_failed_uninstall_uses_up_the_last_retry() {
    let mut driver = Driver::new(&json!({"web": true}));
    driver.edit(|object| {
        object["spec"]["install"] = json!({"remediation": {"remediateLastFailure": true}});
    });
    driver.see();
    driver.run();
    driver.fault = Some(Box::new(|request| {
        let Request::Delete { object, .. } = request else { return None };
        (object.kind == "ConfigMap").then(|| refused(403, "Forbidden", "not now"))
    }));
    driver.pass_time();
    driver.run();
    assert_eq!(driver.events, ["InstallFailed", "UninstallFailed"]);
    assert_eq!(driver.condition("Remediated"), "False/UninstallFailed");
    assert_eq!(driver.condition("Stalled"), "True/RetriesExceeded");
    assert_eq!((&driver.status()["failures"], &driver.status()["installFailures"]), (&json!(2), &json!(1)));
}

#[test]
fn a_failed_unlock_is_a_failure_and_no_attempt() {
    let mut driver = waiting();
    driver.crash();
    driver.fault = Some(Box::new(|request| {
        let Request::Update { body } = request else { return None };
        (body["kind"] == "Secret").then(|| refused(403, "Forbidden", "not now"))
    }));
    driver.run();
    assert_eq!(driver.events, ["PendingRelease"]);
    assert_eq!(driver.condition("Released"), "False/PendingRelease");
    assert_eq!(
        (&driver.status()["failures"], &driver.status()["installFailures"]),
        (&json!(1), &json!(null))
    );
}

#[test]
fn a_finalizer_that_could_not_be_removed_is_tried_again_and_told() {
    for (code, reason, told) in [(409, "Conflict", false), (403, "Forbidden", true)] {
        let mut driver = installed();
        driver.fault = Some(Box::new(move |request| {
            let Request::Patch { status: false, object, .. } = request else { return None };
            (*object == driver::key()).then(|| refused(code, reason, "not now"))
        }));
        driver.edit(|object| object["metadata"]["deletionTimestamp"] = json!("2024-01-01T00:00:00Z"));
        driver.see();
        driver.start();
        while driver.perform() {}
        assert!(driver.exists() && driver.stored().is_empty());
        assert_eq!(driver.release.poll_timeout().map(|deadline| deadline.why), Some(Why::Backoff));
        let is_told = driver.trace.iter().any(|action| action.contains("failed to remove finalizer"));
        assert_eq!(is_told, told, "{reason}");
        driver.fault = None;
        driver.see();
        driver.pass_time();
        driver.run();
        assert!(!driver.exists());
    }
}

#[test]
fn only_a_failed_uninstall_quotes_the_log() {
    for (verb, reason, quotes) in
        [("update", "UninstallSucceeded", false), ("delete", "UninstallFailed", true)]
    {
        let mut driver = installed();
        driver.fault = Some(Box::new(move |request| {
            let is_refused = match request {
                Request::Update { body } => verb == "update" && body["kind"] == "Secret",
                Request::Delete { object, .. } => verb == "delete" && object.kind == "ConfigMap",
                _ => false,
            };
            is_refused.then(|| refused(403, "Forbidden", "not now"))
        }));
        delete(&mut driver);
        assert_eq!(driver.exists(), quotes);
        let told = driver.trace.iter().find(|action| action.contains(&format!("\"{reason}\""))).unwrap();
        assert_eq!(told.contains("Last Helm logs"), quotes, "{told}");
        if quotes {
            assert_eq!(driver.status()["history"][0]["status"], "uninstalling");
        }
    }
}

#[test]
fn an_uninstall_that_is_not_stored_has_failed() {
    let mut driver = installed();
    driver.edit(|object| object["spec"]["uninstall"] = json!({"keepHistory": true}));
    driver.fault = Some(Box::new(|request| {
        let Request::Update { body } = request else { return None };
        (body["kind"] == "Secret").then(|| refused(403, "Forbidden", "not now"))
    }));
    delete(&mut driver);
    assert!(driver.exists());
    assert_eq!(driver.events, ["InstallSucceeded", "UninstallFailed"]);
    assert_eq!(driver.condition("Released"), "False/UninstallFailed");
    let text = "uninstall: Failed to store updated release: ";
    assert!(driver.status()["conditions"].to_string().contains(text), "{}", driver.status());
    driver.fault = None;
    driver.pass_time();
    driver.run();
    assert!(!driver.exists());
    assert_eq!(driver.stored(), ["1 uninstalled: Uninstallation complete"]);
}

#[test]
fn a_release_that_is_gone_counts_as_uninstalled() {
    let mut driver = installed();
    driver.cluster.objects.retain(|object, _| object.kind != "Secret");
    driver.fault = Some(Box::new(|request| {
        let Request::Patch { status: false, object, .. } = request else { return None };
        (*object == driver::key()).then(|| refused(403, "Forbidden", "not now"))
    }));
    driver.edit(|object| object["metadata"]["deletionTimestamp"] = json!("2024-01-01T00:00:00Z"));
    driver.see();
    driver.start();
    while driver.perform() {}
    assert_eq!(driver.condition("Released"), "False/UninstallSucceeded");
    assert_eq!(driver.condition("Ready"), "False/UninstallSucceeded");
    assert_eq!(driver.events, ["InstallSucceeded"]);
}

#[test]
fn a_failed_read_of_the_storage_is_no_release_that_is_gone() {
    for (code, reason, stays) in [(500, "InternalError", true), (403, "Forbidden", false)] {
        let mut driver = waiting();
        driver.crash();
        driver.fault = Some(Box::new(move |request| {
            let of_storage = matches!(request, Request::List { kind, .. } if kind == "Secret");
            of_storage.then(|| refused(code, reason, "not now"))
        }));
        delete(&mut driver);
        // Who may not read the storage has never stored anything (spec 08 row 14).
        assert_eq!(driver.exists(), stays, "{reason}");
        if stays {
            driver.fault = None;
            driver.pass_time();
            driver.run();
            assert!(!driver.exists() && driver.stored().is_empty());
        }
    }
}

#[test]
fn a_status_that_meets_with_conflicts_is_written_again_so_often() {
    let mut driver = installed();
    driver.edit(|object| {
        object["metadata"]["annotations"]["reconcile.fluxcd.io/requestedAt"] = json!("t1");
    });
    driver.see();
    let tries = Rc::new(Cell::new(0));
    let counted = Rc::clone(&tries);
    driver.fault = Some(Box::new(move |request| {
        let Request::Patch { status: true, .. } = request else { return None };
        counted.set(counted.get() + 1);
        Some(refused(409, "Conflict", "the object has been modified"))
    }));
    driver.start();
    while driver.perform() {}
    assert_eq!(tries.get(), 4);
    driver.fault = None;
    driver.pass_time();
    driver.run();
    assert_eq!(driver.status()["lastHandledReconcileAt"], "t1");
}
