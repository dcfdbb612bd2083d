//! Bugs that helm-controller had or has, each as a run that would fail if we had it. The names are those of the issues;
//! `docs/known-bugs.md` says what went wrong there.

#![allow(clippy::unwrap_used, reason = "a test fails")]

use pilothouse_io_sim::clock::SECOND;
use pilothouse_io_sim::faults::{Fault, FaultClass, Faults};
use pilothouse_io_sim::world::{Latency, WorldOptions};
use pilothouse_protocol::{ApiError, ObjectRef, Request};
use pilothouse_tests::acceptance::{Stage, changes_a_managed_object};
use serde_json::{Value, json};

/// The list of bugs and tests.
const LIST: &str = include_str!("../../docs/known-bugs.md");

const CHART: &str = "app-0.1.0.tgz";

fn refused(code: u16, reason: &str, message: &str) -> Fault {
    Fault::Refused(ApiError::new(code, reason, message))
}

fn unready(message: &str) -> Value {
    json!({"message": message, "deployment": {"enabled": true, "unready": true}})
}

fn failing_hook(event: &str) -> Value {
    json!({"hooks": {"boom": {"event": event, "fail": true}}})
}

fn writes_status(request: &Request) -> bool {
    matches!(request, Request::Patch { object, status: true, .. } if object.kind == "HelmRelease")
}

#[test]
fn hc_1409_a_conflict_on_the_status_does_not_hide_what_was_stored() {
    for conflicts in 1..8 {
        let Some(mut stage) = Stage::new(&format!("hc-1409-{conflicts}")) else { return };
        stage.fail(conflicts, Fault::Conflict, |request| {
            writes_status(request)
                && matches!(request, Request::Patch { body, .. } if body.to_string().contains("InstallSucceeded"))
        });
        stage.release(CHART, &json!({})).pass(60);
        assert_eq!(stage.condition("Ready"), "True/InstallSucceeded", "{conflicts} conflicts");
        assert_eq!(stage.condition("Released"), "True/InstallSucceeded");
        assert_eq!(stage.condition("Reconciling"), "");
        assert_eq!(stage.stored(), ["1 deployed"]);
    }
}

#[test]
fn hc_1580_ready_is_not_unknown_after_a_conflict_on_any_status() {
    for number in 0..6 {
        let Some(mut stage) = Stage::new(&format!("hc-1580-{number}")) else { return };
        stage.release(CHART, &json!({})).wait("Ready", "True");
        let mut faults = Faults { per_mille: 700, ..Faults::default() };
        faults.enabled.insert(FaultClass::Conflict);
        *stage.cluster().world.faults() = faults;
        stage.apply(&json!({"values": {"message": number}})).pass(30);
        *stage.cluster().world.faults() = Faults::default();
        stage.pass(120);
        assert_eq!(stage.condition("Ready"), "True/UpgradeSucceeded");
    }
}

#[test]
fn hc_1362_a_reverted_spec_is_ready_again() {
    let Some(mut stage) = Stage::new("hc-1362") else { return };
    let good = json!({"values": {"message": "a"}});
    stage.release(CHART, &good).wait("Ready", "True");
    stage.apply(&json!({"values": {"fault": "render"}})).wait("Ready", "False/UpgradeFailed");
    stage.apply(&good).wait("Ready", "True").pass(5);
    assert_eq!(stage.condition("Released"), "True/UpgradeSucceeded");
    assert_eq!(stage.condition("Reconciling"), "");
    assert_eq!(stage.stored(), ["1 deployed"]);
}

#[test]
fn hc_1412_post_renderers_that_change_during_an_upgrade_are_applied() {
    let Some(mut stage) = Stage::new("hc-1412") else { return };
    stage.release(CHART, &json!({})).wait("Ready", "True");
    stage.apply(&json!({"timeout": "60s", "values": unready("b")})).pass(3);
    let patch = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: any\n  labels: {patched: \"yes\"}\n";
    let renderers = json!([{"kustomize": {"patches": [{"patch": patch, "target": {"kind": "ConfigMap"}}]}}]);
    stage.apply(&json!({"values": {"message": "b"}, "postRenderers": renderers}));
    stage.pass(20).wait("Ready", "True");
    assert_eq!(stage.find("ConfigMap", "app-config").unwrap()["metadata"]["labels"]["patched"], "yes");
}

#[test]
fn hc_965_a_change_of_the_post_renderers_alone_is_an_upgrade() {
    let Some(mut stage) = Stage::new("hc-965") else { return };
    stage.release(CHART, &json!({"values": {"deployment": {"enabled": true}}})).wait("Ready", "True");
    let renderers = json!([{"kustomize": {"images": [{"name": "web", "newTag": "2"}]}}]);
    stage.apply(&json!({"values": {"deployment": {"enabled": true}}, "postRenderers": renderers}));
    stage.pass(5).wait("Ready", "True");
    let deployment = stage.find("Deployment", "app-web").unwrap();
    assert_eq!(deployment["spec"]["template"]["spec"]["containers"][0]["image"], "web:2");
}

#[test]
fn hc_1359_the_history_stays_short_however_often_it_fails() {
    let policies = [
        ("remediate", json!({"remediation": {"retries": -1}})),
        ("retry", json!({"strategy": {"name": "RetryOnFailure", "retryInterval": "5s"}})),
    ];
    for (name, upgrade) in policies {
        let Some(mut stage) = Stage::new(&format!("hc-1359-{name}")) else { return };
        stage.release(CHART, &json!({"upgrade": upgrade})).wait("Ready", "True");
        stage.apply(&json!({"upgrade": upgrade, "values": failing_hook("pre-upgrade")}));
        for _ in 0..60 {
            stage.pass(30);
            let history = stage.status()["history"].as_array().unwrap().len();
            assert!(history <= 6, "{name}: {history} entries");
            assert!(stage.stored().len() <= 6, "{name}: {:?}", stage.stored());
        }
        let versions = stage.status()["history"][0]["version"].as_i64().unwrap();
        assert!(versions > 10, "{name}: it was tried again and again, {versions}");
    }
}

#[test]
fn hc_1338_between_retries_the_release_is_in_progress() {
    let Some(mut stage) = Stage::new("hc-1338") else { return };
    let install = json!({"strategy": {"name": "RetryOnFailure", "retryInterval": "10s"}});
    stage.release(
        CHART,
        &json!({"install": install, "upgrade": install, "values": failing_hook("pre-install,pre-upgrade")}),
    );
    let mut failed = 0;
    for _ in 0..120 {
        stage.step(&json!({"sleep": 0.5}));
        if stage.condition("Ready").starts_with("False") {
            failed += 1;
            assert!(stage.condition("Reconciling").starts_with("True"), "{}", stage.status());
            assert_eq!(stage.condition("Stalled"), "");
        }
    }
    assert!(failed > 20, "it was seen between retries");
}

#[test]
fn hc_1265_the_order_of_keys_inside_lists_makes_no_upgrade() {
    let Some(mut stage) = Stage::new("hc-1265") else { return };
    let list = r#"{"values": {"list": [{"z": 1, "a": {"y": 2, "b": 3}}, [{"k": 1, "c": 2}]]}}"#;
    let other = r#"{"values": {"list": [{"a": {"b": 3, "y": 2}, "z": 1}, [{"c": 2, "k": 1}]]}}"#;
    stage.release(CHART, &serde_json::from_str(list).unwrap()).wait("Ready", "True");
    for (number, spec) in [other, list, other].into_iter().enumerate() {
        stage.apply(&serde_json::from_str(spec).unwrap()).request(&number.to_string()).pass(700);
    }
    assert_eq!(stage.stored(), ["1 deployed"]);
}

#[test]
fn hc_1546_a_test_that_could_not_start_has_not_been_run() {
    let Some(mut stage) = Stage::new("hc-1546") else { return };
    stage.fail(
        2,
        refused(403, "Forbidden", "pods \"app-a\" is forbidden"),
        |request| matches!(request, Request::Delete { object, .. } if object.kind == "Pod"),
    );
    let tests = json!({"tests": {"a": {"outcome": "succeed", "deletePolicy": "before-hook-creation"}}});
    stage.release(CHART, &json!({"test": {"enable": true}, "values": tests}));
    let mut ready_without_a_test = false;
    for _ in 0..120 {
        stage.step(&json!({"sleep": 0.5}));
        ready_without_a_test |=
            stage.condition("TestSuccess").starts_with("True") && !stage.has("Pod", "app-a");
    }
    assert!(!ready_without_a_test);
    assert_eq!(stage.condition("TestSuccess"), "True/TestSucceeded");
    assert!(stage.has("Pod", "app-a"));
}

#[test]
fn hc_1021_a_failed_uninstall_keeps_the_finalizer() {
    let Some(mut stage) = Stage::new("hc-1021") else { return };
    stage.release(CHART, &json!({})).wait("Ready", "True");
    stage.fail(
        4,
        refused(403, "Forbidden", "configmaps \"app-config\" is forbidden"),
        |request| matches!(request, Request::Delete { object, .. } if object.kind == "ConfigMap"),
    );
    stage.step(&json!({"delete": {"object": "HelmRelease/app"}})).step(&json!({"sleep": 1}));
    assert_eq!(stage.object()["metadata"]["finalizers"], json!(["finalizers.fluxcd.io"]));
    assert_eq!(stage.condition("Ready"), "False/UninstallFailed");
    assert!(stage.has("ConfigMap", "app-config"));
    stage.pass(60);
    assert!(stage.object().is_null() && !stage.has("ConfigMap", "app-config"));
    assert!(stage.stored().is_empty());
}

#[test]
fn hc_1084_a_change_of_the_etcd_leader_fails_no_release() {
    for number in 0..6 {
        let Some(mut stage) = Stage::new(&format!("hc-1084-{number}")) else { return };
        let leader_changed = refused(500, "InternalError", "etcdserver: leader changed");
        stage.fail(3 + number, leader_changed, |request| {
            changes_a_managed_object(request) || matches!(request, Request::Get { .. } | Request::List { .. })
        });
        stage.release(CHART, &json!({"values": {"deployment": {"enabled": true}}})).pass(240);
        assert_eq!(stage.status().get("installFailures"), None);
        assert_eq!(stage.status().get("upgradeFailures"), None);
        assert!(stage.condition("Ready").starts_with("True"), "{}", stage.message("Ready"));
    }
}

#[test]
fn hc_848_exhausted_retries_stall_after_the_remediation() {
    let cases = [("install", "pre-install"), ("upgrade", "pre-upgrade")];
    for (action, event) in cases {
        let Some(mut stage) = Stage::new(&format!("hc-848-{action}")) else { return };
        let mut spec = json!({});
        spec[action] = json!({"remediation": {"retries": 1, "remediateLastFailure": true}});
        if action == "upgrade" {
            stage.release(CHART, &spec).wait("Ready", "True");
        }
        spec["values"] = failing_hook(event);
        stage.release(CHART, &spec).pass(60);
        assert_eq!(stage.condition("Stalled"), "True/RetriesExceeded", "{action}");
        assert_eq!(stage.condition("Reconciling"), "");
        assert!(stage.condition("Ready").starts_with("False"));
        assert_eq!(stage.condition("Remediated").split('/').next(), Some("True"));
    }
}

#[test]
fn hc_703_a_watch_that_lags_repeats_no_upgrade() {
    let world = WorldOptions { watch: Latency::fixed(20 * SECOND), ..WorldOptions::default() };
    let Some(mut stage) = Stage::in_world("hc-703", world) else { return };
    stage.release(CHART, &json!({"values": {"message": "a"}})).pass(120);
    assert_eq!(stage.condition("Ready"), "True/InstallSucceeded");
    for message in ["b", "c"] {
        stage
            .apply(&json!({"values": {"message": message}}))
            .request(message)
            .pass(10)
            .request("again")
            .pass(120);
    }
    assert_eq!(stage.condition("Ready"), "True/UpgradeSucceeded");
    assert_eq!(stage.stored(), ["1 superseded", "2 superseded", "3 deployed"]);
}

#[test]
fn hc_864_a_status_without_the_target_is_no_reason_to_uninstall() {
    for (number, gone) in ["storageNamespace", "lastAttemptedConfigDigest", "lastAttemptedReleaseAction"]
        .into_iter()
        .enumerate()
    {
        let Some(mut stage) = Stage::new(&format!("hc-864-{number}")) else { return };
        stage.release(CHART, &json!({"values": {"deployment": {"enabled": true}}})).wait("Ready", "True");
        stage.cluster().world.stop();
        let before = stage.find("Deployment", "app-web").unwrap()["metadata"]["uid"].clone();
        let object =
            ObjectRef::namespaced("helm.toolkit.fluxcd.io/v2", "HelmRelease", stage.namespace(), "app");
        let mut status = json!({"conditions": null, "history": stage.status()["history"].clone()});
        status[gone] = Value::Null;
        stage.cluster().merge("helm-controller", &object, json!({"status": status}), true);
        stage.cluster().world.start();
        stage.pass(60);
        assert_eq!(stage.find("Deployment", "app-web").unwrap()["metadata"]["uid"], before, "without {gone}");
        assert!(!stage.sent().iter().any(|sent| sent.starts_with("delete")), "{:?}", stage.sent());
        assert!(stage.condition("Ready").starts_with("True"));
    }
}

#[test]
fn hc_149_a_killed_operator_leaves_nothing_pending_for_ever() {
    let Some(mut stage) = Stage::new("hc-149") else { return };
    stage.release(CHART, &json!({})).wait("Ready", "True");
    stage.apply(&json!({"timeout": "60s", "values": unready("b")})).pass(3);
    assert_eq!(
        stage.stored(),
        ["1 superseded", "2 pending-upgrade"].map(|text| text.replace("1 superseded", "1 deployed"))
    );
    stage.step(&json!({"restartController": {"signal": "KILL", "downtime": 30}}));
    stage.apply(&json!({"values": {"message": "b"}})).pass(10).wait("Ready", "True");
    assert!(stage.stored().iter().all(|stored| !stored.contains("pending")), "{:?}", stage.stored());
}

#[test]
fn hc_1588_the_policy_create_leaves_a_crd_that_exists_alone() {
    for server_side in [true, false] {
        let Some(mut stage) = Stage::new(&format!("hc-1588-{server_side}")) else { return };
        let schema =
            json!({"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": true}});
        let versions = json!([{"name": "v1", "served": true, "storage": true, "schema": schema}]);
        let names =
            json!({"plural": "widgets", "singular": "widget", "kind": "Widget", "listKind": "WidgetList"});
        stage.step(&json!({"apply": [{"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
            "metadata": {"name": "widgets.acceptance.example.com", "labels": {"mine": "yes"}},
            "spec": {"group": "acceptance.example.com", "scope": "Namespaced", "names": names, "versions": versions}}]}));
        stage.release(
            "crds-0.1.0.tgz",
            &json!({"install": {"crds": "Create", "serverSideApply": server_side}}),
        );
        stage.wait("Ready", "True");
        let sent = stage.sent();
        let written = "CustomResourceDefinition/widgets.acceptance.example.com";
        assert!(!sent.iter().any(|sent| sent.ends_with(written)), "{sent:?}");
    }
}

#[test]
fn flux2_4500_a_release_of_another_shard_is_left_alone() {
    let flags = ["--watch-label-selector=sharding.fluxcd.io/key=a"];
    let Some(mut stage) = Stage::with_flags("flux2-4500", &flags) else { return };
    stage.release(CHART, &json!({})).pass(60);
    assert!(stage.sent().is_empty(), "{:?}", stage.sent());
    let label = json!({"metadata": {"labels": {"sharding.fluxcd.io/key": "a"}}});
    stage.step(&json!({"patch": {"object": "HelmRelease/app", "merge": label}})).wait("Ready", "True");
    // It moves to another shard in the middle of its life: nothing happens to it here.
    let label = json!({"metadata": {"labels": {"sharding.fluxcd.io/key": "b"}}});
    stage.step(&json!({"patch": {"object": "HelmRelease/app", "merge": label}})).pass(5);
    let before = stage.sent().len();
    stage.apply(&json!({"values": {"message": "other"}})).pass(60);
    assert_eq!(stage.sent().len(), before, "{:?}", stage.sent());
}

#[test]
fn hc_1557_a_new_commit_interrupts_a_wait_without_a_remediation() {
    let Some(mut stage) = Stage::new("hc-1557") else { return };
    let upgrade = json!({"remediation": {"retries": 1, "remediateLastFailure": true}});
    stage.release(CHART, &json!({"upgrade": upgrade})).wait("Ready", "True");
    stage.apply(&json!({"timeout": "5m", "upgrade": upgrade, "values": unready("b")})).pass(5);
    stage.apply(&json!({"timeout": "5m", "upgrade": upgrade, "values": {"message": "c"}})).pass(5);
    assert_eq!(stage.condition("Ready"), "True/UpgradeSucceeded");
    assert_eq!(stage.stored(), ["1 superseded", "2 failed", "3 deployed"]);
    assert_eq!(stage.status().get("upgradeFailures"), None);
    assert_eq!(stage.events("RollbackSucceeded") + stage.events("UpgradeFailed"), 0);
}

#[test]
fn hc_925_a_correction_writes_what_was_wanted_and_no_mask() {
    let Some(mut stage) = Stage::new("hc-925") else { return };
    let secret = json!({"kind": "Secret", "name": "from", "targetPath": "message", "valuesKey": "text"});
    stage.step(&json!({"apply": [{"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "from"},
        "stringData": {"text": "a secret message"}}]}));
    let spec = json!({"driftDetection": {"mode": "enabled"}, "values": {"extra": {"x": {"value": "plain"}}},
        "valuesFrom": [secret]});
    stage.release(CHART, &spec).wait("Ready", "True");
    let wanted = |stage: &Stage, name: &str| stage.find("ConfigMap", name).unwrap()["data"].clone();
    let before = (wanted(&stage, "app-config"), wanted(&stage, "app-x"));
    for name in ["app-config", "app-x"] {
        stage.step(&json!({"patch": {"object": format!("ConfigMap/{name}"),
            "merge": {"data": {"message": "***", "value": "*** (before)"}}}}));
    }
    stage.request("now").pass(20);
    assert!(stage.events("DriftCorrected") > 0);
    let after = (wanted(&stage, "app-config"), wanted(&stage, "app-x"));
    let kept = |mut data: Value, foreign: &str| {
        data.as_object_mut().unwrap().remove(foreign);
        data
    };
    assert_eq!(kept(after.0, "value"), before.0);
    assert_eq!(kept(after.1, "message"), before.1);
    assert!(!stage.event_messages("DriftDetected").concat().contains("a secret message"));
}

/// Every bug of the list has its test, and every test stands in the list.
#[test]
fn the_list_is_complete() {
    let here = include_str!("known_bugs.rs");
    let tests =
        here.lines().filter_map(|line| line.strip_prefix("fn ")).filter_map(|line| line.split('(').next());
    for name in tests.filter(|name| name.starts_with("hc_") || name.starts_with("flux2_")) {
        assert!(LIST.contains(&format!("`{name}`")), "{name} does not stand in docs/known-bugs.md");
    }
    for row in LIST.lines().filter(|line| line.starts_with("| [")) {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        let (file, name) = cells[3].split_once(' ').unwrap();
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(file.trim_matches('`'));
        let text = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(text.contains(&format!("fn {}(", name.trim_matches('`'))), "{row}: there is no such test");
    }
}
