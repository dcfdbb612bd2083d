//! Drift is looked at when somebody changes an object: soon, by the release concerned only, and not without end.

#![allow(clippy::unwrap_used, reason = "a test fails")]

use pilothouse_protocol::Request;
use pilothouse_tests::acceptance::Stage;
use serde_json::{Value, json};

const CHART: &str = "app-0.1.0.tgz";

/// A release that is in line, and looks for drift.
fn stage(name: &str, mode: &str, spec: &Value) -> Option<Stage> {
    let mut stage = Stage::new(name)?;
    let mut whole = json!({"interval": "1h", "driftDetection": {"mode": mode}});
    whole.as_object_mut().unwrap().extend(spec.as_object().unwrap().clone());
    stage.release(CHART, &whole).wait("Ready", "True").pass(5);
    Some(stage)
}

fn edit(stage: &mut Stage, object: &str, merge: &Value) {
    stage.step(&json!({"patch": {"object": object, "merge": merge, "manager": "kubectl-edit"}}));
}

fn message(stage: &Stage) -> Option<String> {
    Some(stage.find("ConfigMap", "app-config")?["data"]["message"].as_str()?.to_owned())
}

#[test]
fn an_edit_is_put_right_at_once_and_the_correction_wakes_nobody() {
    let Some(mut stage) = stage("drift-edit", "enabled", &json!({"values": {"message": "wanted"}})) else {
        return;
    };
    edit(&mut stage, "ConfigMap/app-config", &json!({"data": {"message": "edited"}}));
    stage.pass(3);
    assert_eq!(message(&stage).as_deref(), Some("wanted"));
    assert_eq!((stage.events("DriftDetected"), stage.events("DriftCorrected")), (1, 1));
    let requests = stage.requests().len();
    stage.pass(1200);
    assert_eq!(stage.requests().len(), requests, "the next look is that of the interval");
}

#[test]
fn labels_and_deletions_are_changes() {
    let Some(mut stage) = stage("drift-label", "enabled", &json!({})) else { return };
    let label = "app.kubernetes.io/managed-by";
    edit(&mut stage, "ConfigMap/app-config", &json!({"metadata": {"labels": {label: "me"}}}));
    stage.pass(3);
    assert_eq!(stage.find("ConfigMap", "app-config").unwrap()["metadata"]["labels"][label], "Helm");
    stage.step(&json!({"delete": {"object": "ConfigMap/app-config"}})).pass(15);
    assert!(stage.has("ConfigMap", "app-config"));
    // Without the label of its HelmRelease, no watch shows an object any more.
    let label = "helm.toolkit.fluxcd.io/name";
    edit(&mut stage, "ConfigMap/app-config", &json!({"metadata": {"labels": {label: null}}}));
    stage.pass(45);
    assert_eq!(stage.find("ConfigMap", "app-config").unwrap()["metadata"]["labels"][label], "app");
}

#[test]
fn a_warning_is_given_once_and_what_the_status_says_is_no_drift() {
    let values = json!({"values": {"deployment": {"enabled": true}}});
    let Some(mut stage) = stage("drift-warn", "warn", &values) else { return };
    let requests = stage.requests().len();
    stage.pass(600);
    assert_eq!(stage.requests().len(), requests, "its controllers write the status of the Deployment");
    edit(&mut stage, "ConfigMap/app-config", &json!({"data": {"message": "edited"}}));
    stage.pass(3);
    assert_eq!(stage.condition("Drifted"), "True/DriftDetected");
    let requests = stage.requests().len();
    stage.pass(600);
    assert_eq!((stage.requests().len(), message(&stage).as_deref()), (requests, Some("edited")));
}

#[test]
fn a_fight_is_bounded() {
    let Some(mut stage) = stage("drift-fight", "enabled", &json!({"values": {"message": "wanted"}})) else {
        return;
    };
    for _ in 0..1200 {
        if message(&stage).as_deref() == Some("wanted") {
            edit(&mut stage, "ConfigMap/app-config", &json!({"data": {"message": "edited"}}));
        }
        stage.pass(1);
    }
    // After 1, 11, 31, 71, 151, 311 and 631 seconds.
    let corrections = stage.events("DriftCorrected");
    assert!((6..=7).contains(&corrections), "{corrections}");
}

#[test]
fn who_may_not_watch_looks_at_the_interval() {
    let Some(mut stage) = Stage::new("drift-forbidden") else { return };
    let verbs = ["get", "create", "update", "patch", "delete"];
    let rules = json!([
        {"apiGroups": [""], "resources": ["secrets"], "verbs": ["*"]},
        {"apiGroups": ["*"], "resources": ["*"], "verbs": verbs},
    ]);
    let binding = |kind: &str| {
        json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": kind,
        "metadata": {"name": "deployer"}})
    };
    let (mut role, mut bound) = (binding("Role"), binding("RoleBinding"));
    role["rules"] = rules;
    bound["roleRef"] = json!({"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "deployer"});
    bound["subjects"] =
        json!([{"kind": "ServiceAccount", "name": "deployer", "namespace": stage.namespace()}]);
    let account = json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "deployer"}});
    stage.step(&json!({"apply": [account, role, bound]}));
    let spec = json!({"interval": "10m", "driftDetection": {"mode": "enabled"},
        "serviceAccountName": "deployer", "values": {"message": "wanted"}});
    stage.release(CHART, &spec).wait("Ready", "True").pass(5);
    edit(&mut stage, "ConfigMap/app-config", &json!({"data": {"message": "edited"}}));
    stage.pass(300);
    assert_eq!(message(&stage).as_deref(), Some("edited"));
    stage.pass(400);
    assert_eq!(message(&stage).as_deref(), Some("wanted"));
    let logs = stage.logs("cannot watch objects of kind ConfigMap for drift");
    assert_eq!(logs.len(), 1, "{logs:?}");
}

#[test]
fn nothing_is_asked_for_where_drift_does_not_matter() {
    let Some(mut stage) = Stage::new("drift-off") else { return };
    stage.release(CHART, &json!({"interval": "10m"})).wait("Ready", "True").pass(5);
    let requests = stage.requests().len();
    edit(&mut stage, "ConfigMap/app-config", &json!({"data": {"message": "edited"}}));
    stage.pass(300);
    assert_eq!(stage.requests().len(), requests);
    assert!(
        !stage
            .requests()
            .iter()
            .any(|exchange| matches!(exchange.request, Request::Patch { dry_run: true, .. }))
    );
}
