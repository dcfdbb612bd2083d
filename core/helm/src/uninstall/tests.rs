use pilothouse_chart::Hook;
use pilothouse_machine::SECOND;
use pilothouse_protocol::{ApiError, Failure, ObjectRef, Reply, Request, metadata};
use serde_json::json;

use super::*;
use crate::fake::{Fake, config, config_map, fail_jobs, job_hook, revision, storage};

fn options(keep_history: bool) -> UninstallOptions {
    UninstallOptions {
        wait: WaitOptions::new(60 * SECOND),
        disable_hooks: false,
        keep_history,
        deletion_propagation: Propagation::Background,
    }
}

/// Two revisions; the ConfigMap of the second one exists.
fn installed(hooks: &[Hook]) -> Fake {
    let mut fake = Fake::new();
    fake.store(vec![
        revision(1, ReleaseStatus::Deployed, "Install complete", &[]),
        revision(2, ReleaseStatus::Deployed, "Upgrade complete", hooks),
    ]);
    let object = ObjectRef::namespaced("v1", "ConfigMap", "ns", "config-2");
    fake.objects.insert(object, json!({"apiVersion": "v1", "kind": "ConfigMap"}));
    fake
}

fn uninstall(fake: &mut Fake, keep_history: bool) -> (Vec<String>, Result<u32, String>) {
    let (writes, result) = fake.act(Uninstall::new(config(), options(keep_history), storage()));
    (writes, result.outcome.map(|record| record.version).map_err(|error| error.to_string()))
}

#[test]
fn all_revisions_are_deleted() {
    let hooks =
        [job_hook("before", HookEvent::PreDelete, &[]), job_hook("after", HookEvent::PostDelete, &[])];
    let mut fake = installed(&hooks);
    let (writes, outcome) = uninstall(&mut fake, false);
    let deletion = "uninstalling: Deletion in progress (or silently failed)";
    assert_eq!(outcome, Ok(2));
    assert_eq!(
        writes,
        [
            format!("Update 2 {deletion} [\"Running\"]"),
            format!("Update 2 {deletion} [\"Succeeded\"]"),
            format!("Update 2 {deletion} [\"Succeeded\", \"Running\"]"),
            "Delete 1 deployed: Install complete".to_owned(),
            format!("Delete 2 {deletion} [\"Succeeded\", \"Running\"]"),
        ]
    );
    assert_eq!(fake.writes, ["patch Job/before", "delete ConfigMap/config-2", "patch Job/after"]);
}

#[test]
fn the_history_can_be_kept() {
    let mut fake = installed(&[]);
    let (writes, outcome) = uninstall(&mut fake, true);
    assert_eq!(outcome, Ok(2));
    assert_eq!(
        writes,
        [
            "Update 2 uninstalling: Deletion in progress (or silently failed)",
            "Update 1 superseded: Install complete",
            "Update 2 uninstalled: Uninstallation complete",
        ]
    );
    let (writes, outcome) = uninstall(&mut fake, true);
    assert_eq!(outcome, Err("the release named \"app\" is already deleted".to_owned()));
    assert_eq!(writes, [""; 0]);
    let (writes, outcome) = uninstall(&mut fake, false);
    assert_eq!(outcome, Ok(2));
    assert_eq!(writes.len(), 2);
}

#[test]
fn a_failed_hook_leaves_the_release_uninstalling() {
    let mut fake = installed(&[job_hook("before", HookEvent::PreDelete, &[])]);
    fake.controller = fail_jobs;
    let (writes, outcome) = uninstall(&mut fake, false);
    let error = "failed early due to stalled resources: [Job/ns/before status: 'Failed']";
    assert_eq!(outcome, Err(error.to_owned()));
    assert_eq!(writes, ["Update 2 uninstalling: Deletion in progress (or silently failed) [\"Running\"]"]);
}

#[test]
fn an_object_that_cannot_be_deleted_ends_the_uninstall() {
    let mut fake = installed(&[]);
    fake.fault = Some(Box::new(|request| match request {
        Request::Delete { object, .. } if object.kind == "ConfigMap" => {
            Some(Reply::Failed(Failure::Api(ApiError::new(403, "Forbidden", "no"))))
        }
        _ => None,
    }));
    let (writes, outcome) = uninstall(&mut fake, false);
    assert_eq!(outcome, Err("failed to delete release: app".to_owned()));
    assert_eq!(writes.len(), 1);
}

#[test]
fn a_history_that_cannot_be_deleted_is_an_error() {
    let mut fake = installed(&[]);
    fake.fault = Some(Box::new(|request| match request {
        Request::Delete { object, .. } if object.kind == "Secret" => {
            Some(Reply::Failed(Failure::Api(ApiError::new(403, "Forbidden", "no"))))
        }
        _ => None,
    }));
    let (_, outcome) = uninstall(&mut fake, false);
    let text = outcome.unwrap_err();
    let expected = "uninstallation completed with 1 error(s): uninstall: Failed to purge the release: ";
    assert!(text.starts_with(expected) && text.ends_with("no"), "{text}");
}

#[test]
fn a_history_that_cannot_be_closed_is_an_error() {
    for (version, words) in [("v1", "superseded"), ("v2", "updated")] {
        let mut fake = installed(&[]);
        fake.fault = Some(Box::new(move |request| match request {
            Request::Update { body } if metadata::text(body, "name").ends_with(version) => {
                Some(Reply::Failed(Failure::Api(ApiError::new(403, "Forbidden", "no"))))
            }
            _ => None,
        }));
        let (_, outcome) = uninstall(&mut fake, true);
        let text = outcome.unwrap_err();
        let expected = format!("uninstall: Failed to store {words} release: ");
        assert!(text.starts_with(&expected) && text.ends_with("no"), "{text}");
        fake.fault = None;
        let (writes, outcome) = uninstall(&mut fake, true);
        assert_eq!(
            (writes.last().map(String::as_str), outcome),
            (Some("Update 2 uninstalled: Uninstallation complete"), Ok(2))
        );
    }
}

#[test]
fn nothing_to_uninstall() {
    let (writes, outcome) = uninstall(&mut Fake::new(), false);
    assert_eq!(outcome, Err("uninstall: Release not loaded: app: release: not found".to_owned()));
    assert_eq!(writes, [""; 0]);
}

#[test]
fn objects_with_a_resource_policy_stay() {
    let mut fake = Fake::new();
    let mut record = revision(1, ReleaseStatus::Deployed, "Install complete", &[]);
    record.manifest =
        [config_map("gone"), config_map("kept") + "  annotations:\n    helm.sh/resource-policy: keep\n"]
            .concat();
    fake.store(vec![record]);
    for name in ["gone", "kept"] {
        let object = ObjectRef::namespaced("v1", "ConfigMap", "ns", name);
        fake.objects.insert(object, json!({"apiVersion": "v1", "kind": "ConfigMap"}));
    }
    assert!(uninstall(&mut fake, false).1.is_ok());
    assert!(fake.has("ConfigMap", "kept") && !fake.has("ConfigMap", "gone"));
}
