use pilothouse_machine::{Interrupt, SECOND};
use pilothouse_protocol::{ApiError, Failure, Reply, Request};
use serde_json::json;

use super::*;
use crate::fake::{
    CONFIG_TEMPLATE, DEPLOYMENT_TEMPLATE, Fake, chart, config_in, fail_jobs, never_ready, revision, storage,
};

const HOOK: &str = "apiVersion: batch/v1\nkind: Job\nmetadata:\n  name: migrate\n  annotations:\n    helm.sh/hook: pre-upgrade\n";

fn options(templates: &[(&str, &str)]) -> UpgradeOptions {
    UpgradeOptions {
        chart: chart(templates),
        values: Map::new(),
        render: RenderOptions::default(),
        wait: WaitOptions::new(7 * SECOND),
        server_side_apply: ServerSideApply::Auto,
        force: false,
        preserve_values: false,
        take_ownership: true,
        after_failure: false,
        disable_hooks: false,
        cleanup_on_fail: false,
        crds: CrdsPolicy::Create,
        max_history: 5,
    }
}

/// Revision 1 with its ConfigMap.
fn installed(namespace: &str) -> Fake {
    let mut fake = Fake::new();
    fake.store(vec![ReleaseRecord {
        namespace: namespace.to_owned(),
        ..revision(1, ReleaseStatus::Deployed, "Install complete", &[])
    }]);
    let object = ObjectRef::namespaced("v1", "ConfigMap", namespace, "config-1");
    let body = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "config-1", "namespace": namespace}});
    fake.objects.insert(object, body);
    fake
}

fn upgrade(
    fake: &mut Fake,
    namespace: &str,
    options: UpgradeOptions,
) -> (Vec<String>, Result<Arc<ReleaseRecord>, String>) {
    let (writes, result) = fake.act(Upgrade::new(config_in(namespace), options, storage()));
    (writes, result.outcome.map_err(|error| error.to_string()))
}

#[test]
fn an_upgrade_supersedes_the_previous_revision() {
    let mut fake = installed("ns");
    let (writes, outcome) =
        upgrade(&mut fake, "ns", options(&[("config.yaml", CONFIG_TEMPLATE), ("hooks.yaml", HOOK)]));
    assert_eq!(outcome.unwrap().apply_method, Some(apply_method(true)));
    assert_eq!(
        writes,
        [
            "Create 2 pending-upgrade: Preparing upgrade",
            "Update 2 pending-upgrade: Preparing upgrade [\"Running\"]",
            "Update 1 superseded: Install complete",
            "Update 2 deployed: Upgrade complete [\"Succeeded\"]",
        ]
    );
    assert_eq!(fake.writes, ["patch Job/migrate", "patch ConfigMap/app-config", "delete ConfigMap/config-1"]);
}

/// The text as recorded in the acceptance scenarios `upgrade-fail` and `upgrade-fail-rollback`.
#[test]
fn a_wait_that_times_out_writes_the_previous_revision_unchanged() {
    let mut fake = installed("acc-upgrade-fail");
    fake.controller = never_ready;
    let (writes, outcome) =
        upgrade(&mut fake, "acc-upgrade-fail", options(&[("deployment.yaml", DEPLOYMENT_TEMPLATE)]));
    let error = "timeout waiting for: [Deployment/acc-upgrade-fail/app-web status: 'InProgress']";
    assert_eq!(outcome.unwrap_err(), error);
    assert_eq!(
        writes,
        [
            "Create 2 pending-upgrade: Preparing upgrade".to_owned(),
            "Update 1 deployed: Install complete".to_owned(),
            format!("Update 2 failed: Upgrade \"app\" failed: {error}"),
        ]
    );
    assert!(fake.has("Deployment", "app-web"));
}

#[test]
fn what_a_failed_upgrade_created_can_be_deleted() {
    let mut fake = installed("ns");
    fake.controller = never_ready;
    let options =
        UpgradeOptions { cleanup_on_fail: true, ..options(&[("deployment.yaml", DEPLOYMENT_TEMPLATE)]) };
    assert!(upgrade(&mut fake, "ns", options).1.is_err());
    assert!(!fake.has("Deployment", "app-web"));
}

#[test]
fn a_failed_hook_does_not_touch_the_previous_revision() {
    let mut fake = installed("ns");
    fake.controller = fail_jobs;
    let (writes, outcome) = upgrade(&mut fake, "ns", options(&[("hooks.yaml", HOOK)]));
    let error =
        "pre-upgrade hooks failed: failed early due to stalled resources: [Job/ns/migrate status: 'Failed']";
    assert_eq!(outcome.unwrap_err(), error);
    assert_eq!(writes[2..], [format!("Update 2 failed: Upgrade \"app\" failed: {error} [\"Failed\"]")]);
}

#[test]
fn an_interruption_is_no_failure() {
    let mut fake = installed("ns");
    fake.controller = never_ready;
    fake.context.set_interrupt(Interrupt::Changed("the spec has changed".to_owned()));
    let options = options(&[("deployment.yaml", DEPLOYMENT_TEMPLATE)]);
    let (writes, result) = fake.act(Upgrade::new(config_in("ns"), options, storage()));
    assert!(result.outcome.is_err_and(|error| error.is_interrupted()));
    assert_eq!(writes[1..], ["Update 2 failed: Upgrade \"app\" interrupted: the spec has changed"]);
}

#[test]
fn the_base_of_an_upgrade_depends_on_the_statuses() {
    let none = Err("\"app\" has no deployed releases".to_owned());
    let pending = Err("another operation (install/upgrade/rollback) is in progress".to_owned());
    let cases = [
        (vec![], none.clone()),
        (vec![(1, ReleaseStatus::Deployed), (2, ReleaseStatus::PendingUpgrade)], pending),
        (vec![(1, ReleaseStatus::Uninstalled)], none),
        (vec![(1, ReleaseStatus::Failed)], Ok("Update 1 superseded: x".to_owned())),
        (
            vec![(1, ReleaseStatus::Deployed), (2, ReleaseStatus::Failed)],
            Ok("Update 1 superseded: x".to_owned()),
        ),
    ];
    for (statuses, expected) in cases {
        let mut fake = Fake::new();
        fake.store(
            statuses.into_iter().map(|(version, status)| revision(version, status, "x", &[])).collect(),
        );
        let (writes, outcome) = upgrade(&mut fake, "ns", options(&[("config.yaml", CONFIG_TEMPLATE)]));
        assert_eq!(outcome.map(|_| writes[1].clone()), expected);
    }
}

#[test]
fn the_last_write_decides() {
    let mut fake = installed("ns");
    fake.fault = Some(Box::new(|request| {
        let refused = || Reply::Failed(Failure::Api(ApiError::new(403, "Forbidden", "no")));
        matches!(request, Request::Update { .. }).then(refused)
    }));
    let (writes, outcome) = upgrade(&mut fake, "ns", options(&[("config.yaml", CONFIG_TEMPLATE)]));
    assert!(outcome.unwrap_err().ends_with("no"));
    assert_eq!(writes, ["Create 2 pending-upgrade: Preparing upgrade"]);
}

#[test]
fn values_can_be_kept() {
    for (preserve_values, expected) in [(false, json!({"b": "2"})), (true, json!({"a": "1", "b": "2"}))] {
        let mut fake = Fake::new();
        let config = json!({"a": "1", "b": "1"});
        fake.store(vec![ReleaseRecord {
            config: config.as_object().cloned(),
            ..revision(1, ReleaseStatus::Deployed, "x", &[])
        }]);
        let values = json!({"b": "2"}).as_object().cloned().unwrap();
        let options =
            UpgradeOptions { preserve_values, values, ..options(&[("config.yaml", CONFIG_TEMPLATE)]) };
        let (_, outcome) = upgrade(&mut fake, "ns", options);
        assert_eq!(outcome.unwrap().config.clone().map(Value::Object), Some(expected));
    }
}
