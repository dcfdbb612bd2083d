use pilothouse_machine::{Interrupt, SECOND};
use pilothouse_protocol::{ApiError, Failure, Reply, Request};
use serde_json::json;

use super::*;
use crate::fake::{
    CONFIG_TEMPLATE, DEPLOYMENT_TEMPLATE, Fake, chart, config_in, fail_jobs, make_ready, never_ready,
    revision, storage,
};

const HOOK: &str = "apiVersion: batch/v1\nkind: Job\nmetadata:\n  name: app-boom\n  annotations:\n    helm.sh/hook: pre-install\n";

fn options(templates: &[(&str, &str)]) -> InstallOptions {
    InstallOptions {
        chart: chart(templates),
        values: Map::new(),
        render: RenderOptions::default(),
        wait: WaitOptions::new(8 * SECOND),
        server_side_apply: true,
        take_ownership: true,
        disable_hooks: false,
        create_namespace: false,
        replace: false,
        crds: CrdsPolicy::Create,
        max_history: 2,
    }
}

fn install(
    fake: &mut Fake,
    namespace: &str,
    options: InstallOptions,
) -> (Vec<String>, Result<Arc<ReleaseRecord>, String>) {
    let (writes, result) = fake.act(Install::new(config_in(namespace), options, storage()));
    (writes, result.outcome.map_err(|error| error.to_string()))
}

#[test]
fn an_install_is_stored_before_and_after() {
    let mut fake = Fake::new();
    let templates = [
        ("config.yaml", CONFIG_TEMPLATE),
        ("deployment.yaml", DEPLOYMENT_TEMPLATE),
        ("NOTES.txt", "Installed {{ .Release.Name }}\n"),
    ];
    let (writes, outcome) = install(&mut fake, "ns", options(&templates));
    let record = outcome.unwrap();
    assert_eq!(
        writes,
        ["Create 1 pending-install: Initial install underway", "Update 1 deployed: Install complete"]
    );
    assert_eq!(fake.writes, ["patch ConfigMap/app-config", "patch Deployment/app-web"]);
    assert_eq!(record.info.notes, "Installed app\n");
    assert_eq!(record.apply_method, Some(apply_method(true)));
    assert!(
        record
            .manifest
            .starts_with("---\n# Source: app/templates/config.yaml\napiVersion: v1\nkind: ConfigMap\n")
    );
    let object = fake.objects.values().find(|object| object["kind"] == "ConfigMap").unwrap();
    assert_eq!(object["metadata"]["labels"]["app.kubernetes.io/managed-by"], "Helm");
    assert_eq!(object["metadata"]["annotations"]["meta.helm.sh/release-namespace"], "ns");
}

/// Texts as recorded in the acceptance scenarios `install-hook-fail` and `install-wait-timeout`.
#[test]
fn failures_are_stored_in_the_words_of_helm() {
    let cases = [
        (
            "acc-install-hook-fail",
            vec![("config.yaml", CONFIG_TEMPLATE), ("hooks.yaml", HOOK)],
            fail_jobs as crate::fake::Controller,
            "failed pre-install: failed early due to stalled resources: \
             [Job/acc-install-hook-fail/app-boom status: 'Failed']",
            vec!["Update 1 pending-install: Initial install underway [\"Running\"]".to_owned()],
            " [\"Failed\"]",
        ),
        (
            "acc-install-wait-timeout",
            vec![("deployment.yaml", DEPLOYMENT_TEMPLATE)],
            never_ready,
            "timeout waiting for: [Deployment/acc-install-wait-timeout/app-web status: 'InProgress']",
            vec![],
            "",
        ),
    ];
    for (namespace, templates, controller, error, between, phases) in cases {
        let mut fake = Fake::new();
        fake.controller = controller;
        let (writes, outcome) = install(&mut fake, namespace, options(&templates));
        assert_eq!(outcome.unwrap_err(), error);
        let mut expected = vec!["Create 1 pending-install: Initial install underway".to_owned()];
        expected.extend(between);
        expected.push(format!("Update 1 failed: Release \"app\" failed: {error}{phases}"));
        assert_eq!(writes, expected);
    }
}

#[test]
fn names_are_reused_only_where_that_is_allowed() {
    let reuse = "cannot reuse a name that is still in use";
    let refused = Err(format!("release name check failed: {reuse}"));
    let cases = [
        (ReleaseStatus::Deployed, true, refused.clone(), vec![]),
        (ReleaseStatus::Failed, false, refused, vec![]),
        (ReleaseStatus::Failed, true, Ok(4), vec![]),
        (ReleaseStatus::Uninstalled, false, Ok(4), vec!["Update 3 superseded: superseded by new release"]),
    ];
    for (status, replace, expected, superseded) in cases {
        let mut fake = Fake::new();
        fake.store(vec![revision(3, status, "x", &[])]);
        let options = InstallOptions { replace, ..options(&[("config.yaml", CONFIG_TEMPLATE)]) };
        let (writes, outcome) = install(&mut fake, "ns", options);
        assert_eq!(outcome.map(|record| record.version), expected);
        let before: Vec<&String> = writes.iter().take_while(|write| write.starts_with("Update 3")).collect();
        assert_eq!(before, superseded);
    }
}

#[test]
fn the_history_of_a_name_that_is_used_again_is_bounded() {
    let mut fake = Fake::new();
    let uninstalled = |version| revision(version, ReleaseStatus::Uninstalled, "x", &[]);
    fake.store(vec![uninstalled(1), uninstalled(2), uninstalled(3)]);
    let (writes, outcome) = install(&mut fake, "ns", options(&[("config.yaml", CONFIG_TEMPLATE)]));
    assert_eq!(outcome.map(|record| record.version), Ok(4));
    let deleted: Vec<&String> = writes.iter().filter(|write| write.starts_with("Delete")).collect();
    assert_eq!(deleted, ["Delete 1 uninstalled: x", "Delete 2 uninstalled: x"]);
}

#[test]
fn objects_of_others_are_taken_only_where_that_is_allowed() {
    for take_ownership in [true, false] {
        let mut fake = Fake::new();
        let object = ObjectRef::namespaced("v1", "ConfigMap", "ns", "app-config");
        let body = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "app-config", "namespace": "ns"}});
        fake.objects.insert(object, body);
        let options = InstallOptions { take_ownership, ..options(&[("config.yaml", CONFIG_TEMPLATE)]) };
        let (writes, outcome) = install(&mut fake, "ns", options);
        if take_ownership {
            assert_eq!(writes.len(), 2);
            continue;
        }
        let error = outcome.unwrap_err();
        let expected = "unable to continue with install: ConfigMap \"app-config\" in namespace \"ns\" exists and cannot be \
                        imported into the current release: invalid ownership metadata; ";
        assert!(error.starts_with(expected), "{error}");
        assert_eq!((writes.len(), fake.writes.len()), (0, 0));
    }
}

#[test]
fn a_namespace_is_created_before_the_release() {
    let mut fake = Fake::new();
    let options = InstallOptions { create_namespace: true, ..options(&[("config.yaml", CONFIG_TEMPLATE)]) };
    assert!(install(&mut fake, "ns", options).1.is_ok());
    assert_eq!(fake.writes[0], "patch Namespace/ns");
}

#[test]
fn crds_come_first() {
    let crd = "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata:\n  name: things.example.org\n";
    for (policy, written) in [(CrdsPolicy::Create, true), (CrdsPolicy::Skip, false)] {
        let mut fake = Fake::new();
        let options = InstallOptions {
            crds: policy,
            ..options(&[("config.yaml", CONFIG_TEMPLATE), ("../crds/a.yaml", crd)])
        };
        assert!(install(&mut fake, "ns", options).1.is_ok());
        assert_eq!(fake.writes[0] == "patch CustomResourceDefinition/things.example.org", written);
        assert!(fake.writes.contains(&"patch ConfigMap/app-config".to_owned()));
    }
}

#[test]
fn an_unreachable_cluster_is_named_so() {
    let mut fake = Fake::new();
    fake.fault = Some(Box::new(|request| {
        matches!(request, Request::Discover { .. })
            .then(|| Reply::Failed(Failure::Unreachable("refused".to_owned())))
    }));
    let (writes, outcome) = install(&mut fake, "ns", options(&[]));
    assert_eq!(
        outcome.unwrap_err(),
        "cluster reachability check failed: kubernetes cluster unreachable: refused"
    );
    assert!(writes.is_empty());
}

#[test]
fn a_release_that_cannot_be_created_is_not_rolled_out() {
    let mut fake = Fake::new();
    fake.fault = Some(Box::new(|request| {
        let refused = || Reply::Failed(Failure::Api(ApiError::new(403, "Forbidden", "no")));
        matches!(request, Request::Create { .. }).then(refused)
    }));
    let (writes, outcome) = install(&mut fake, "ns", options(&[("config.yaml", CONFIG_TEMPLATE)]));
    assert!(outcome.unwrap_err().ends_with("no"));
    assert_eq!((writes.len(), fake.writes.len()), (0, 0));
}

#[test]
fn interruptions_are_no_failures() {
    let cases = [
        (Interrupt::Changed("the spec has changed".to_owned()), "the spec has changed"),
        (Interrupt::Shutdown, "the controller is shutting down"),
    ];
    for (interrupt, why) in cases {
        let mut fake = Fake::new();
        fake.controller = never_ready;
        fake.context.set_interrupt(interrupt);
        let options = options(&[("deployment.yaml", DEPLOYMENT_TEMPLATE)]);
        let (writes, result) = fake.act(Install::new(config_in("ns"), options, storage()));
        assert!(result.outcome.is_err_and(|error| error.is_interrupted()));
        assert_eq!(writes[1], format!("Update 1 failed: Release \"app\" interrupted: {why}"));
    }
}

#[test]
fn the_last_write_decides() {
    let mut fake = Fake::new();
    fake.controller = make_ready;
    fake.fault = Some(Box::new(|request| {
        let refused = || Reply::Failed(Failure::Api(ApiError::new(403, "Forbidden", "no")));
        matches!(request, Request::Update { .. }).then(refused)
    }));
    let (writes, outcome) = install(&mut fake, "ns", options(&[("config.yaml", CONFIG_TEMPLATE)]));
    assert!(outcome.unwrap_err().ends_with("no"));
    assert_eq!(writes, ["Create 1 pending-install: Initial install underway"]);
}

/// Text that cannot be compressed to fit into a Secret.
fn huge() -> String {
    let digits =
        |from: u32| pilothouse_encoding::digest::Algorithm::Sha256.compute(&from.to_le_bytes()).to_string();
    (0..30_000).map(digits).collect()
}

#[test]
fn a_release_that_is_too_large_leaves_the_cluster_untouched() {
    let crd = "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata:\n  name: things.example.org\n";
    let large = format!("{CONFIG_TEMPLATE}data:\n  text: {}\n", huge());
    for templates in [vec![("config.yaml", &*large)], vec![("config.yaml", &*large), ("../crds/a.yaml", crd)]]
    {
        let mut fake = Fake::new();
        let options = InstallOptions { create_namespace: true, ..options(&templates) };
        let (writes, result) = fake.act(Install::new(config_in("ns"), options, storage()));
        let error = result.outcome.unwrap_err();
        let words = "create: failed to create: Secret \"sh.helm.release.v1.app.v";
        assert!(error.to_string().contains(words), "{error}");
        assert!(
            error.to_string().contains("data: Too long: may not be more than 1048576 bytes (release takes ")
        );
        assert_eq!(error.class(), pilothouse_protocol::ErrorClass::Terminal);
        assert_eq!((writes.len(), fake.writes), (0, vec![]));
    }
}

#[test]
fn a_pending_release_says_who_works_on_it() {
    let mut fake = Fake::new();
    let labels = std::rc::Rc::new(std::cell::RefCell::new(Vec::new()));
    let seen = std::rc::Rc::clone(&labels);
    fake.fault = Some(Box::new(move |request| {
        if let Request::Create { body } | Request::Update { body } = request {
            let label = |name: &str| body["metadata"]["labels"][name].clone();
            seen.borrow_mut().push((
                label("status"),
                label("pilothouse.dev/holder"),
                label("pilothouse.dev/held-until"),
            ));
        }
        None
    }));
    assert!(install(&mut fake, "ns", options(&[("config.yaml", CONFIG_TEMPLATE)])).1.is_ok());
    let until = json!((1_700_000_000 + 2 * 8).to_string());
    let expected =
        [(json!("pending-install"), json!("host"), until), (json!("deployed"), json!(null), json!(null))];
    assert_eq!(*labels.borrow(), expected);
}

#[test]
fn a_name_that_is_none_is_refused_in_the_words_of_helm() {
    let mut fake = Fake::new();
    let config =
        ActionConfig { release_name: "Not_A_Name".to_owned(), ..ActionConfig::clone(&config_in("ns")) };
    let (writes, result) =
        fake.act(Install::new(config, options(&[("config.yaml", CONFIG_TEMPLATE)]), storage()));
    let error = result.outcome.unwrap_err().to_string();
    let words = "release name check failed: release name \"Not_A_Name\": invalid release name, must match regex ^[a-z0-9]";
    assert!(error.starts_with(words), "{error}");
    assert_eq!((writes.len(), fake.writes.len()), (0, 0));
}
