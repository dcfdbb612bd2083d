//! Errors by their class, holders of pending releases, shutdown, and deletion beside releases of others.

#![allow(clippy::unwrap_used, reason = "a test fails")]

use pilothouse_io_sim::faults::Fault;
use pilothouse_protocol::{ApiError, ObjectRef, Request};
use pilothouse_tests::acceptance::{Stage, changes_a_managed_object};
use serde_json::{Value, json};

fn refused(code: u16, reason: &str, message: &str) -> Fault {
    Fault::Refused(ApiError::new(code, reason, message))
}

fn applies_the_config_map(request: &Request) -> bool {
    matches!(request, Request::Patch { object, dry_run: false, .. } if object.kind == "ConfigMap")
}

fn applies_the_deployment(request: &Request) -> bool {
    matches!(request, Request::Patch { object, dry_run: false, .. } if object.kind == "Deployment")
}

fn stored_or_read(request: &Request) -> bool {
    matches!(request, Request::List { kind, .. } if kind == "Secret")
}

/// Row 18: what passes by itself is tried again, and the retries are not used up by it.
#[test]
fn transient_errors_are_not_counted_and_pass() {
    let troubles = [
        refused(500, "InternalError", "failed calling webhook \"w\": connect: connection refused"),
        refused(403, "Forbidden", "configmaps \"app-config\" is forbidden: exceeded quota: q"),
        refused(429, "TooManyRequests", "too many requests"),
        refused(401, "Unauthorized", "Unauthorized"),
        Fault::Unavailable,
        Fault::Unreachable,
    ];
    for (number, trouble) in troubles.into_iter().enumerate() {
        let Some(mut stage) = Stage::new(&format!("transient-{number}")) else { return };
        stage.fail(7, trouble.clone(), applies_the_config_map);
        stage.release("app-0.1.0.tgz", &json!({}));
        stage.pass(60).wait("Ready", "True");
        let status = stage.status();
        assert_eq!(status.get("installFailures"), None, "{trouble:?}");
        assert_eq!(status.get("upgradeFailures"), None, "{trouble:?}");
        assert!(status["history"].as_array().unwrap().len() <= 5, "{trouble:?}");
    }
}

/// Row 18: an error that the same inputs would give again is tried a few times; then the release is stalled, with the
/// reason and what frees it.
#[test]
fn terminal_errors_stall_and_any_input_frees_them() {
    let render = json!({"values": {"fault": "render"}});
    let fixed = json!({"values": {"fault": ""}});
    let new_chart = json!({"artifact": {"name": "app", "chart": "app-0.2.0.tgz"}});
    type Free<'a> = &'a dyn Fn(&mut Stage);
    let frees: [(&str, Free<'_>); 3] = [
        ("spec", &|stage| {
            stage.apply(&fixed);
        }),
        ("source", &|stage| {
            stage.step(&new_chart);
        }),
        ("requestedAt", &|stage| {
            stage.request("now");
        }),
    ];
    for (name, free) in frees {
        let Some(mut stage) = Stage::new(&format!("terminal-{}", name.to_lowercase())) else { return };
        stage.release("app-0.1.0.tgz", &render).wait("Ready", "False/InstallFailed");
        assert_eq!(stage.condition("Stalled"), "", "the first tries are as the original's");
        stage.pass(200);
        assert_eq!(stage.condition("Stalled"), "True/InstallFailed");
        assert_eq!(stage.condition("Reconciling"), "");
        let message = stage.message("Stalled");
        assert!(message.contains("requested render failure"), "{message}");
        assert!(message.contains("reconcile.fluxcd.io/requestedAt"), "{message}");
        assert_eq!(stage.status()["observedGeneration"], json!(1));
        let (tries, looks) = (stage.status()["failures"].clone(), stage.requests().len());
        stage.pass(300);
        assert_eq!(stage.requests().len(), looks, "a stalled release asks for nothing");
        free(&mut stage);
        stage.pass(3);
        assert_ne!(stage.status()["failures"], tries, "{name} frees it");
        if name == "requestedAt" {
            stage.apply(&fixed).wait("Ready", "True");
        }
    }
}

/// Row 18, hc#1559: with retries without bound an immutable field would be tried for ever.
#[test]
fn terminal_errors_of_the_cluster_end_unlimited_retries() {
    let immutable =
        || refused(422, "Invalid", "Deployment \"app-web\" is invalid: spec.selector: field is immutable");
    let policies = [
        ("remediate", json!({"remediation": {"retries": -1}})),
        ("retry", json!({"strategy": {"name": "RetryOnFailure", "retryInterval": "5s"}})),
    ];
    for (name, upgrade) in policies {
        let Some(mut stage) = Stage::new(&format!("immutable-{name}")) else { return };
        let values = |message: &str| json!({"deployment": {"enabled": true}, "message": message});
        stage
            .release("app-0.1.0.tgz", &json!({"values": values("a"), "upgrade": upgrade}))
            .wait("Ready", "True");
        stage.fail(1000, immutable(), |request| {
            applies_the_deployment(request)
                && matches!(request, Request::Patch { body, .. } if body.to_string().contains("\"b\""))
        });
        stage.apply(&json!({"values": values("b"), "upgrade": upgrade}));
        stage.pass(900);
        assert_eq!(stage.condition("Stalled"), "True/RetriesExceeded", "{name}");
        let message = stage.message("Stalled");
        assert!(message.contains("field is immutable"), "{message}");
        let writes = |stage: &Stage| {
            stage.requests().iter().filter(|exchange| changes_a_managed_object(&exchange.request)).count()
        };
        let before = writes(&stage);
        stage.pass(3600);
        assert_eq!(writes(&stage), before, "{name}: it stays stalled");
        stage.apply(&json!({"values": values("a"), "upgrade": upgrade})).wait("Ready", "True");
        assert_eq!(stage.condition("Stalled"), "");
    }
}

/// Row 18: a new process does not begin again what has come to nothing.
#[test]
fn a_restart_does_not_retry_what_is_stalled() {
    let restart = json!({"restartController": {"signal": "TERM", "downtime": 1}});
    // What was tried on the cluster is not tried again.
    let Some(mut stage) = Stage::new("restart-immutable") else { return };
    let immutable = refused(422, "Invalid", "ConfigMap \"app-config\" is invalid: field is immutable");
    let upgrade = json!({"strategy": {"name": "RetryOnFailure", "retryInterval": "5s"}});
    stage.release("app-0.1.0.tgz", &json!({"values": {"message": "a"}, "upgrade": upgrade}));
    stage.wait("Ready", "True").fail(1000, immutable, applies_the_config_map);
    stage.apply(&json!({"values": {"message": "b"}, "upgrade": upgrade})).pass(900);
    assert_eq!(stage.condition("Stalled"), "True/RetriesExceeded");
    let (stored, status) = (stage.stored(), stage.status());
    let writes = |stage: &Stage| {
        stage.requests().iter().filter(|exchange| changes_a_managed_object(&exchange.request)).count()
    };
    let before = writes(&stage);
    for _ in 0..3 {
        stage.step(&restart).pass(1200);
    }
    assert_eq!((writes(&stage), stage.stored()), (before, stored));
    assert_eq!(stage.status()["conditions"], status["conditions"], "not even a moment of progress is said");
    // Any input frees it still.
    stage.request("again").pass(30);
    assert!(writes(&stage) > before);
    stage.pass(900);
    assert_eq!(stage.condition("Stalled"), "True/RetriesExceeded");
    let before = writes(&stage);
    stage.step(&restart).pass(60);
    assert_eq!(writes(&stage), before);
    stage.step(&restart).step(&json!({"artifact": {"name": "app", "chart": "app-0.2.0.tgz"}})).pass(30);
    assert!(writes(&stage) > before, "a new chart");

    // What has not touched the cluster is looked at once.
    let Some(mut stage) = Stage::new("restart-render") else { return };
    stage.release("app-0.1.0.tgz", &json!({"interval": "10m", "values": {"fault": "render"}})).pass(200);
    assert_eq!(stage.condition("Stalled"), "True/InstallFailed");
    let failures = stage.status()["failures"].as_i64().unwrap();
    stage.step(&restart).pass(300);
    assert_eq!(stage.condition("Stalled"), "True/InstallFailed");
    assert_eq!(stage.status()["failures"].as_i64().unwrap(), failures + 1);
}

/// Row 18: a process that ends again and again before a release is stalled does not try for ever.
#[test]
fn restarts_do_not_keep_a_release_from_being_stalled() {
    let Some(mut stage) = Stage::new("restart-often") else { return };
    stage.release("app-0.1.0.tgz", &json!({"interval": "10m", "values": {"fault": "render"}})).pass(10);
    for _ in 0..4 {
        stage.step(&json!({"restartController": {"signal": "KILL", "downtime": 1}})).pass(15);
    }
    assert_eq!(stage.condition("Stalled"), "True/InstallFailed");
}

/// Row 18: a forbidden verb. The permission is no input that can be seen, so it is looked for in every interval.
#[test]
fn a_forbidden_verb_stalls_and_is_looked_for_again() {
    let Some(mut stage) = Stage::new("forbidden") else { return };
    stage.fail(10, refused(403, "Forbidden", "secrets is forbidden: cannot list"), stored_or_read);
    stage.release("app-0.1.0.tgz", &json!({"interval": "5m"}));
    stage.pass(200);
    assert_eq!(stage.condition("Stalled"), "True/StateError");
    assert!(stage.message("Ready").contains("secrets is forbidden"));
    stage.pass(1200);
    assert_eq!(stage.condition("Ready"), "True/InstallSucceeded");
    assert_eq!(stage.condition("Stalled"), "");
}

fn pending(stage: &mut Stage, labels: Value) {
    stage.step(&json!({"release": {"name": "app", "version": 2, "copyFrom": 1, "set": {"info.status": "pending-upgrade"}}}));
    let name = "Secret/sh.helm.release.v1.app.v2";
    stage.step(&json!({"patch": {"object": name, "merge": {"metadata": {"labels": labels}}}}));
}

/// Row 19: somebody who may still be at work is waited for, until the time that the marks name.
#[test]
fn a_live_holder_is_waited_for_until_its_time_is_over() {
    let Some(mut stage) = Stage::new("held") else { return };
    stage.release("app-0.1.0.tgz", &json!({})).wait("Ready", "True");
    let now = stage.cluster().world.now().wall / 1_000_000_000;
    let until = (now + 60).to_string();
    pending(&mut stage, json!({"pilothouse.dev/holder": "another-host", "pilothouse.dev/held-until": until}));
    stage.request("a").pass(40);
    assert_eq!(stage.stored(), ["1 deployed", "2 pending-upgrade"]);
    assert!(stage.message("Reconciling").contains("another-host"), "{}", stage.message("Reconciling"));
    stage.pass(30).wait("Ready", "True");
    assert_eq!(stage.stored(), ["1 superseded", "2 failed", "3 deployed"]);
    let secret = stage.find("Secret", "sh.helm.release.v1.app.v2").unwrap();
    assert!(!secret["metadata"]["labels"].to_string().contains("pilothouse"), "the marks are gone");
}

/// Row 19: without marks, and with those of a process on the same host, nobody is waited for.
#[test]
fn a_holder_that_is_gone_is_not_waited_for() {
    let labels = [
        json!({}),
        json!({"pilothouse.dev/holder": "simulated-host", "pilothouse.dev/held-until": "9999999999"}),
    ];
    for (number, labels) in labels.into_iter().enumerate() {
        let Some(mut stage) = Stage::new(&format!("gone-{number}")) else { return };
        stage.release("app-0.1.0.tgz", &json!({})).wait("Ready", "True");
        pending(&mut stage, labels);
        stage.request("a").pass(3).wait("Ready", "True");
        assert_eq!(stage.stored(), ["1 superseded", "2 failed", "3 deployed"]);
    }
}

/// Row 9: the operator is asked to end at many moments of an install and of an upgrade; no pending release is left.
#[test]
fn a_shutdown_leaves_no_pending_release() {
    let unready = json!({"timeout": "60s", "values": {"deployment": {"enabled": true, "unready": true}}});
    let mut pending = 0;
    for number in 0..40 {
        let Some(mut stage) = Stage::new(&format!("sigterm-{number}")) else { return };
        if number % 2 == 1 {
            stage.release("app-0.1.0.tgz", &json!({})).wait("Ready", "True");
        }
        stage.release("app-0.1.0.tgz", &unready);
        stage.step(&json!({"sleep": f64::from(number) * 0.01}));
        pending += usize::from(stage.stored().iter().any(|stored| stored.contains("pending")));
        stage.step(&json!({"restartController": {"signal": "TERM", "downtime": 1}}));
        let closed = stage.requests().iter().rev().find(|exchange| exchange.incarnation == 1);
        assert!(closed.is_some());
        let left = stage.stored();
        // The new process is at work for two seconds already: what it has made itself may be pending.
        let first_process_left = left.iter().filter(|stored| stored.contains("pending")).count();
        assert!(first_process_left <= 1, "{left:?}");
        assert!(left.iter().rev().skip(1).all(|stored| !stored.contains("pending")), "{left:?}");
        assert_eq!(stage.status().get("upgradeFailures"), None);
    }
    assert!(pending > 5, "the moments hit pending releases: {pending}");
}

/// Row 14: a newer release of somebody else is left alone, and does not keep the HelmRelease from going.
#[test]
fn a_foreign_release_stays_and_the_deletion_goes_on() {
    let Some(mut stage) = Stage::new("foreign") else { return };
    stage.release("app-0.1.0.tgz", &json!({"suspend": false})).wait("Ready", "True");
    let manifest = "---\n# Source: app/templates/configmap.yaml\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: app-config\n";
    stage.step(
        &json!({"release": {"name": "app", "version": 2, "copyFrom": 1, "set": {"manifest": manifest}}}),
    );
    stage.step(&json!({"delete": {"object": "HelmRelease/app", "wait": true}}));
    assert_eq!(stage.stored(), ["1 deployed", "2 deployed"]);
    assert!(stage.has("ConfigMap", "app-config"));
    let said = stage.event_messages("UninstallSkipped");
    assert!(said.iter().any(|message| message.contains("newest release acc-foreign/app.v2")), "{said:?}");
    let deletions =
        |exchange: &&pilothouse_io_sim::world::Exchange| matches!(&exchange.request, Request::Delete { .. });
    let deleted: Vec<ObjectRef> = stage
        .requests()
        .iter()
        .filter(deletions)
        .filter_map(|exchange| match &exchange.request {
            Request::Delete { object, .. } => Some(object.clone()),
            _ => None,
        })
        .collect();
    assert!(deleted.is_empty(), "{deleted:?}");
}

/// An uninstall that remediates and whose end is not stored has failed, with what storage said.
#[test]
fn a_remediation_that_storage_does_not_know_of_is_a_failure() {
    let Some(mut stage) = Stage::new("not-updated") else { return };
    let closes = |request: &Request| {
        matches!(request, Request::Update { body } if body.pointer("/metadata/labels/status")
            .and_then(Value::as_str).is_some_and(|status| status.starts_with("uninstall")))
    };
    stage.fail(1000, refused(422, "Invalid", "the Secret is refused"), closes);
    let unready = json!({"values": {"deployment": {"enabled": true, "unready": true}}, "timeout": "3s",
        "install": {"remediation": {"remediateLastFailure": true}}, "uninstall": {"keepHistory": true}});
    stage.release("app-0.1.0.tgz", &unready).wait("Remediated", "False/UninstallFailed");
    let message = stage.message("Remediated");
    let said =
        "failed: uninstall: Failed to store updated release: update: failed to update: the Secret is refused";
    assert!(message.ends_with(said), "{message}");
}

/// The event of an unlock names the artifact that the release was made from, too.
#[test]
fn an_unlock_names_the_artifact_of_the_release() {
    let Some(mut stage) = Stage::new("unlock-oci") else { return };
    stage.step(&json!({"source": {"kind": "OCIRepository", "name": "app", "chart": "app-0.1.0.tgz",
        "revision": "0.1.0@${DIGEST}"}}));
    stage.apply(&json!({"chartRef": {"kind": "OCIRepository", "name": "app"}})).wait("Ready", "True");
    let digest = stage.status()["lastAttemptedRevisionDigest"].clone();
    stage.step(&json!({"release": {"name": "app", "version": 1, "set": {"info.status": "pending-upgrade"}}}));
    stage.request("now").wait("Ready", "True/UpgradeSucceeded");
    let events = &stage.cluster().world.record().events;
    let unlocked = events.iter().find(|recorded| recorded.event.reason == "PendingRelease").unwrap();
    assert_eq!(json!(unlocked.event.annotations.get("helm.toolkit.fluxcd.io/oci-digest")), digest);
}

/// Another algorithm for digests is no change of post-renderers or common metadata.
#[test]
fn another_digest_algorithm_upgrades_nothing() {
    let spec = json!({"commonMetadata": {"labels": {"a": "b"}}, "postRenderers": [{}]});
    let Some(mut stage) = Stage::with_flags("algorithm", &["--snapshot-digest-algo=sha512"]) else { return };
    stage.release("app-0.1.0.tgz", &spec).wait("Ready", "True");
    for field in ["observedCommonMetadataDigest", "observedPostRenderersDigest"] {
        let digest = if field == "observedCommonMetadataDigest" {
            "sha256:c7743adac9e28d2fb8f3013c0daf58ec5b66d7fd9015933d55334ba4f5e4dce5"
        } else {
            "sha256:501de836b88be0a82b9af264bee8fa768a66abb5ac670b802bf7f696171b0e96"
        };
        stage.step(&json!({"patch": {"object": "HelmRelease/app", "subresource": "status",
            "merge": {"status": {field: digest}}}}));
    }
    stage.request("now").pass(5).wait("Ready", "True");
    assert_eq!(stage.stored(), ["1 deployed"]);
}
