//! What each action does to the status when it starts and when it ends (spec 02 §7.4).

use pilothouse_api::{ConditionStatus, Snapshot};
use pilothouse_encoding::duration::GoDuration;
use pilothouse_helm::HelmError;
use pilothouse_machine::Context;
use pilothouse_protocol::EventType;
use pilothouse_release::ReleaseRecord;

use super::desired::Desired;
use super::observed_digests::ObservedDigests;
use super::outcome::{
    Announcement, EventMetadata, failure_message, release_failure_message, success_message,
};
use super::policy::{ReleaseAction, Remediation, retry_interval};
use crate::Subject;

/// An install or upgrade starts.
pub fn release_started(subject: &mut Subject, action: ReleaseAction) {
    action.name().clone_into(&mut subject.status.last_attempted_release_action);
    if action == ReleaseAction::Install {
        subject.status.history.0.clear();
    }
    subject.status.conditions.remove("TestSuccess");
    subject.status.conditions.remove("Remediated");
}

/// How long an install or upgrade took, rounded as the original prints it.
pub fn record_duration(subject: &mut Subject, nanos: u64) {
    let duration = GoDuration::from_nanos(i64::try_from(nanos).unwrap_or(i64::MAX));
    subject.status.last_attempted_release_action_duration = duration.to_string();
}

/// An install or upgrade went through. Its snapshot is in the history already.
pub fn release_succeeded(
    subject: &mut Subject,
    context: &mut Context,
    action: ReleaseAction,
    desired: &Desired,
) {
    let Some(snapshot) = subject.status.history.latest().cloned() else { return };
    let reason = match action {
        ReleaseAction::Install => "InstallSucceeded",
        ReleaseAction::Upgrade => "UpgradeSucceeded",
    };
    let message = success_message(action.name(), &snapshot);
    Announcement::success("Released", reason, message, EventMetadata::of_snapshot(&snapshot))
        .announce(subject, context);
    if subject.release.spec.test().enable && !snapshot.has_been_tested() {
        let message = format!(
            "Helm release {} with chart {} is awaiting tests",
            snapshot.full_release_name(),
            snapshot.versioned_chart()
        );
        subject.mark(context, "TestSuccess", ConditionStatus::Unknown, "AwaitingTests", &message);
    }
    if retry_interval(action, &subject.release.spec, &subject.config).is_some() {
        subject.status.clear_failures();
    }
    // Only a deployed release has been observed with these (spec 08 row 2).
    ObservedDigests::wanted(desired).observe(subject);
}

/// An install or upgrade failed. `stored`: whether it wrote a release to storage.
pub fn release_failed(
    subject: &mut Subject,
    context: &mut Context,
    action: ReleaseAction,
    desired: &Desired,
    error: &HelmError,
    stored: bool,
) {
    let reason = match action {
        ReleaseAction::Install => "InstallFailed",
        ReleaseAction::Upgrade => "UpgradeFailed",
    };
    let message = release_failure_message(action.name(), subject, desired, &error.to_string());
    let metadata = EventMetadata::of_desired(desired, subject);
    subject.status.failures += 1;
    if stored {
        action.count_failure(&mut subject.status);
    }
    Announcement::failure("Released", reason, message, metadata).announce(subject, context);
}

/// The tests went through.
pub fn test_succeeded(subject: &mut Subject, context: &mut Context) {
    let Some(snapshot) = subject.status.history.latest().cloned() else { return };
    let message = tests_succeeded_message(&snapshot);
    let metadata = EventMetadata::of_snapshot(&snapshot);
    Announcement::success("TestSuccess", "TestSucceeded", message, metadata).announce(subject, context);
}

/// That the tests of a release went through, with their number.
pub(super) fn tests_succeeded_message(snapshot: &Snapshot) -> String {
    let hooks = snapshot.test_hooks.as_ref().map_or(0, std::collections::BTreeMap::len);
    let outcome = match hooks {
        0 => "no test hooks".to_owned(),
        1 => "1 test hook completed successfully".to_owned(),
        many => format!("{many} test hooks completed successfully"),
    };
    format!("{}: {outcome}", success_message("test", snapshot))
}

/// A test failed. It counts as a failure of the release unless failures are ignored.
pub fn test_failed(subject: &mut Subject, context: &mut Context, error: &HelmError) {
    let Some(snapshot) = subject.status.history.latest().cloned() else { return };
    subject.status.failures += 1;
    let message = failure_message("test", &snapshot, &error.to_string());
    let metadata = EventMetadata::of_snapshot(&snapshot);
    let announcement = Announcement::failure("TestSuccess", "TestFailed", message, metadata);
    Announcement { quote_log: false, ..announcement }.announce(subject, context);
    let Some(action) = ReleaseAction::last_attempted(&subject.status) else { return };
    let ignored = Remediation::of(action, &subject.release.spec).ignore_test_failures;
    if snapshot.has_been_tested() && !ignored {
        action.count_failure(&mut subject.status);
    }
}

/// A rollback went through, or not. `target` is what was rolled back to.
pub fn rolled_back(
    subject: &mut Subject,
    context: &mut Context,
    target: &Snapshot,
    desired: &Desired,
    result: Result<(), &HelmError>,
) {
    let described = format!(
        "Helm rollback to previous release {} with chart {}",
        target.full_release_name(),
        target.versioned_chart()
    );
    let metadata =
        EventMetadata { token: desired.config_digest.clone(), ..EventMetadata::of_snapshot(target) };
    remediated(subject, context, "Rollback", &described, metadata, result);
}

/// An uninstall that remediates went through, or not. `snapshot` is what was uninstalled.
pub fn uninstall_remediated(
    subject: &mut Subject,
    context: &mut Context,
    snapshot: &Snapshot,
    result: Result<(), &HelmError>,
) {
    let described = format!(
        "Helm uninstall remediation for release {} with chart {}",
        snapshot.full_release_name(),
        snapshot.versioned_chart()
    );
    remediated(subject, context, "Uninstall", &described, EventMetadata::of_snapshot(snapshot), result);
}

fn remediated(
    subject: &mut Subject,
    context: &mut Context,
    action: &str,
    described: &str,
    metadata: EventMetadata,
    result: Result<(), &HelmError>,
) {
    let announcement = match (action, result) {
        ("Rollback", Ok(())) => Announcement::success(
            "Remediated",
            "RollbackSucceeded",
            format!("{described} succeeded"),
            metadata,
        ),
        (_, Ok(())) => Announcement::success(
            "Remediated",
            "UninstallSucceeded",
            format!("{described} succeeded"),
            metadata,
        ),
        (_, Err(error)) => {
            subject.status.failures += 1;
            let reason = if action == "Rollback" { "RollbackFailed" } else { "UninstallFailed" };
            let message = format!("{described} failed: {}", error.to_string().trim());
            Announcement::failure("Remediated", reason, message, metadata)
        }
    };
    announcement.announce(subject, context);
}

/// A pending release was unlocked, or not.
pub fn unlocked(
    subject: &mut Subject,
    context: &mut Context,
    record: &ReleaseRecord,
    state: &str,
    result: Result<(), &HelmError>,
) {
    let (name, version) = record.chart.name_and_version();
    let chart = pilothouse_api::versioned_chart(name, version);
    let described = format!("Helm release {} with chart {chart} in {state} state", record.full_name());
    let values = record.config.clone().unwrap_or_default();
    let digest = subject.config.digests().config(&values);
    let metadata = EventMetadata::of_record(record, digest.unwrap_or_default(), &subject.status.history);
    let announcement = match result {
        Ok(()) => Announcement {
            event: EventType::Normal,
            quote_log: false,
            ..Announcement::failure("Released", "PendingRelease", format!("Unlocked {described}"), metadata)
        },
        Err(error) => {
            subject.status.failures += 1;
            let message = format!("Unlock of {described} failed: {}", error.to_string().trim());
            Announcement::failure("Released", "PendingRelease", message, metadata)
        }
    };
    announcement.announce(subject, context);
}
