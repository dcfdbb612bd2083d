use pilothouse_chart::{Hook, HookDeletePolicy};
use pilothouse_machine::{Interrupt, SECOND};
use pilothouse_protocol::{ApiError, Failure, Reply, Request};

use super::*;
use crate::fake::{Fake, config, fail_jobs, job_hook, never_ready, revision, storage};

fn options() -> RollbackOptions {
    RollbackOptions {
        version: 1,
        server_side_apply: ServerSideApply::Auto,
        force: false,
        wait: WaitOptions::new(60 * SECOND),
        disable_hooks: false,
        cleanup_on_fail: false,
        max_history: 5,
    }
}

/// Revision 1 was replaced by revision 2, which has failed.
fn failed_upgrade(hooks: &[Hook]) -> Fake {
    let mut fake = Fake::new();
    fake.store(vec![
        revision(1, ReleaseStatus::Deployed, "Install complete", hooks),
        revision(2, ReleaseStatus::Failed, "Upgrade \"app\" failed: x", &[]),
    ]);
    fake
}

fn rollback(fake: &mut Fake, options: RollbackOptions) -> (Vec<String>, Result<u32, String>) {
    let (writes, result) = fake.act(Rollback::new(config(), options, storage()));
    (writes, result.outcome.map(|record| record.version).map_err(|error| error.to_string()))
}

#[test]
fn a_rollback_supersedes_what_was_deployed() {
    let hooks = [job_hook("before", HookEvent::PreRollback, &[HookDeletePolicy::HookSucceeded])];
    let mut fake = failed_upgrade(&hooks);
    let (writes, outcome) = rollback(&mut fake, options());
    assert_eq!(outcome, Ok(3));
    assert_eq!(
        writes,
        [
            "Create 3 pending-rollback: Rollback to 1",
            "Update 3 pending-rollback: Rollback to 1 [\"Running\"]",
            "Update 1 superseded: Install complete",
            "Update 3 deployed: Rollback to 1 [\"Succeeded\"]",
        ]
    );
    assert_eq!(fake.writes, ["patch Job/before", "delete Job/before", "patch ConfigMap/config-1"]);
}

#[test]
fn a_failed_hook_closes_the_revision() {
    let mut fake = failed_upgrade(&[job_hook("before", HookEvent::PreRollback, &[])]);
    fake.controller = fail_jobs;
    let (writes, outcome) = rollback(&mut fake, options());
    let error = "failed early due to stalled resources: [Job/ns/before status: 'Failed']";
    assert_eq!(outcome, Err(error.to_owned()));
    assert_eq!(writes[2..], [format!("Update 3 failed: Rollback \"app\" failed: {error} [\"Failed\"]")]);
}

#[test]
fn a_failed_apply_supersedes_the_last_revision_unless_that_failed() {
    let cases = [
        (ReleaseStatus::Deployed, ReleaseStatus::Superseded, "Update 2 superseded: x"),
        (ReleaseStatus::Failed, ReleaseStatus::Deployed, "Update 2 failed: x"),
    ];
    for (last, target, expected) in cases {
        let mut fake = Fake::new();
        fake.store(vec![revision(1, target, "Install complete", &[]), revision(2, last, "x", &[])]);
        fake.fault = Some(Box::new(|request| match request {
            Request::Patch { object, .. } if object.kind == "ConfigMap" => Some(refused(403, "Forbidden")),
            _ => None,
        }));
        let (writes, outcome) = rollback(&mut fake, options());
        let error = "failed to create resource: server-side apply failed for object ns/config-1 /v1, \
                     Kind=ConfigMap: no";
        assert_eq!(outcome, Err(error.to_owned()));
        assert_eq!(
            writes,
            [
                "Create 3 pending-rollback: Rollback to 1".to_owned(),
                expected.to_owned(),
                format!("Update 3 failed: Rollback \"app\" failed: {error}"),
            ]
        );
    }
}

#[test]
fn a_deployed_revision_that_cannot_be_marked_ends_the_rollback() {
    let mut fake = failed_upgrade(&[]);
    fake.fault = Some(Box::new(|request| match request {
        Request::Update { body } if body["metadata"]["name"] == "sh.helm.release.v1.app.v1" => {
            Some(refused(413, "RequestEntityTooLarge"))
        }
        _ => None,
    }));
    let (writes, outcome) = rollback(&mut fake, options());
    assert!(outcome.is_err(), "{outcome:?}");
    assert!(!writes.iter().any(|write| write.starts_with("Update 3 deployed")), "{writes:?}");
}

fn refused(code: u16, reason: &str) -> Reply {
    Reply::Failed(Failure::Api(ApiError::new(code, reason, "no")))
}

#[test]
fn what_a_failed_rollback_created_can_be_deleted() {
    for cleanup_on_fail in [true, false] {
        let mut fake = Fake::new();
        let mut first = revision(1, ReleaseStatus::Superseded, "Install complete", &[]);
        first.manifest += &crate::fake::config_map("refused");
        fake.store(vec![first, revision(2, ReleaseStatus::Failed, "Upgrade \"app\" failed: x", &[])]);
        fake.fault = Some(Box::new(|request| match request {
            Request::Patch { object, .. } if object.name == "refused" => Some(refused(403, "Forbidden")),
            _ => None,
        }));
        assert!(rollback(&mut fake, RollbackOptions { cleanup_on_fail, ..options() }).1.is_err());
        assert_eq!(fake.has("ConfigMap", "config-1"), !cleanup_on_fail);
    }
}

fn with_deployment() -> Fake {
    let mut fake = Fake::new();
    let mut first = revision(1, ReleaseStatus::Deployed, "Install complete", &[]);
    first.manifest =
        "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\nspec:\n  replicas: 1\n".to_owned();
    fake.store(vec![first, revision(2, ReleaseStatus::Failed, "x", &[])]);
    fake.controller = never_ready;
    fake
}

#[test]
fn a_wait_that_times_out_writes_the_last_revision_unchanged() {
    let mut fake = with_deployment();
    let (writes, outcome) = rollback(&mut fake, options());
    let error = "timeout waiting for: [Deployment/ns/web status: 'InProgress']";
    assert_eq!(outcome, Err(format!("release app failed: {error}")));
    assert_eq!(
        writes[1..],
        ["Update 2 failed: x".to_owned(), format!("Update 3 failed: Release \"app\" failed: {error}")]
    );
}

#[test]
fn an_interrupted_rollback_is_no_failure() {
    let mut fake = with_deployment();
    fake.context.set_interrupt(Interrupt::Changed("the spec has changed".to_owned()));
    let (writes, result) = fake.act(Rollback::new(config(), options(), storage()));
    assert!(result.outcome.is_err_and(|error| error.is_interrupted()));
    assert_eq!(writes[1..], ["Update 3 failed: Rollback \"app\" interrupted: the spec has changed"]);
}

#[test]
fn the_target_must_be_stored() {
    let mut fake = failed_upgrade(&[]);
    let (writes, outcome) = rollback(&mut fake, RollbackOptions { version: 7, ..options() });
    assert_eq!(outcome, Err("release has no 7 version".to_owned()));
    assert_eq!(writes, [""; 0]);
}

#[test]
fn old_revisions_are_pruned() {
    let mut fake = failed_upgrade(&[]);
    let (writes, _) = rollback(&mut fake, RollbackOptions { max_history: 2, ..options() });
    assert_eq!(writes[0], "Delete 2 failed: Upgrade \"app\" failed: x");
}
