//! A rollback that was made, and whose process has ended before the status said so.
//!
//! Nobody would know the release again, so it would be upgraded, past the retries that are left. The storage says what came of
//! the rollback: that is recorded as it would have been (spec 08 row 18: the bounds that are set hold).

use std::sync::Arc;

use pilothouse_api::Snapshot;
use pilothouse_helm::HelmError;
use pilothouse_machine::Context;
use pilothouse_release::{ReleaseRecord, ReleaseStatus, SnapshotError, observe_rollback};

use super::decide::{self, Next, ReleaseState, RollbackTarget};
use super::desired::Desired;
use super::facts::{Records, newest, still_stored};
use super::observed_digests::ObservedDigests;
use super::policy::ActivePolicy;
use super::summarise::summarise;
use super::transitions;
use crate::Subject;

/// Records the rollback that was due, if the storage has one revision more than the status, and that is it.
///
/// # Errors
/// When a stored release cannot be made into a snapshot.
pub(super) fn record_rollback(
    subject: &mut Subject,
    records: &Records,
    desired: &Desired,
    active: &ActivePolicy,
    context: &mut Context,
) -> Result<(), String> {
    let Some(made) = newest(records) else { return Ok(()) };
    let Some(target) = due(subject, active).filter(|target| is_rollback_to(target, made, records, subject))
    else {
        return Ok(());
    };
    observe(subject, made, records).map_err(|error| format!("failed to observe the release: {error}"))?;
    let failed = HelmError::Storage(made.info.description.clone());
    let outcome = if made.info.status == ReleaseStatus::Deployed { Ok(()) } else { Err(&failed) };
    if outcome.is_ok() {
        ObservedDigests::go_back(None, target.version, subject);
    }
    transitions::rolled_back(subject, context, &target, desired, outcome);
    summarise(subject, context);
    Ok(())
}

/// The revision that the release of the status is to be rolled back to, as the decision table has it.
fn due(subject: &Subject, active: &ActivePolicy) -> Option<Snapshot> {
    let history = &subject.status.history;
    let (latest, remediation) = (history.latest()?, active.remediation.as_ref()?);
    let ignore_tests = remediation.ignore_test_failures;
    let has_failed = latest.status == "failed" || (!ignore_tests && latest.has_test_in_phase_failed());
    let failed = ReleaseState::Failed("");
    let (_, next) = decide::next(subject, &failed, active, false, || RollbackTarget::Verified);
    history.previous(ignore_tests).filter(|_| has_failed && next == Next::RollbackRemediation).cloned()
}

/// Whether a stored revision is what a rollback to another one has made, right after the newest of the status.
fn is_rollback_to(target: &Snapshot, made: &ReleaseRecord, records: &Records, subject: &Subject) -> bool {
    let before = made.version.saturating_sub(1);
    let latest = subject.status.history.latest();
    let follows = latest.is_some_and(|latest| latest.targets(&made.name, &made.namespace, before));
    let is_of = |words: [&str; 2]| {
        words
            .iter()
            .any(|what| made.info.description.starts_with(&format!("{what} {:?} failed: ", made.name)))
    };
    let is_closed = match made.info.status {
        ReleaseStatus::Deployed => made.info.description == format!("Rollback to {}", target.version),
        ReleaseStatus::Failed => is_of(["Rollback", "Release"]),
        _ => false,
    };
    let same =
        |record: &Arc<ReleaseRecord>| record.version == target.version && record.manifest == made.manifest;
    follows && is_closed && records.iter().any(same)
}

/// Takes the new revision into the history, and what the rollback has superseded. The inventory stays as it is: what the server
/// serves is asked when something is done next.
fn observe(subject: &mut Subject, made: &ReleaseRecord, records: &Records) -> Result<(), SnapshotError> {
    let digests = subject.config.digests();
    let history = &mut subject.status.history;
    for snapshot in &mut history.0 {
        if let Some(fresh) = still_stored(snapshot.clone(), records, &digests) {
            *snapshot = fresh;
        }
    }
    // Once as created, once as closed, which tells the action.
    observe_rollback(history, made, &digests)?;
    observe_rollback(history, made, &digests)
}
