//! How the loop stops: what the status says then, and when the next pass begins (spec 02 §7.3).

use pilothouse_api::ConditionStatus;
use pilothouse_encoding::duration::GoDuration;
use pilothouse_machine::twin::{Twin, is_back};
use pilothouse_machine::{Context, Interrupt};
use pilothouse_protocol::{EventType, Why};

use super::desired::Desired;
use super::drift::detects_drift;
use super::observed_digests::ObservedDigests;
use super::outcome::{failure_message, success_message};
use super::policy::{ActivePolicy, ReleaseAction, RemediationStrategy};
use super::running::ActionKind;
use super::summarise::summarise;
use super::terminal::RETRIES_EXCEEDED;
use super::transitions::tests_succeeded_message;
use crate::{Ending, Subject};

/// The state cannot be determined.
pub(super) fn state_error(subject: &mut Subject, context: &mut Context, error: &str) -> Ending {
    let message = format!("Could not determine release state: {error}");
    subject.not_ready(context, "StateError", &message);
    Ending::Error(message)
}

/// The release is fine again: Remediated=True gives way to Released=True.
pub(super) fn forget_remediation(subject: &mut Subject, context: &mut Context) {
    if !subject.status.conditions.is_true("Remediated") {
        return;
    }
    let Some(snapshot) = subject.status.history.latest().cloned() else { return };
    subject.status.conditions.remove("Remediated");
    let message = success_message("upgrade", &snapshot);
    subject.mark(context, "Released", ConditionStatus::True, "UpgradeSucceeded", &message);
}

/// The newest release has a failed test: a TestSuccess that an older process has written late is about another one.
pub(super) fn admit_failed_test(subject: &mut Subject, context: &mut Context, reason: &str) {
    if !subject.status.conditions.is_true("TestSuccess") {
        return;
    }
    let Some(snapshot) = subject.status.history.latest().cloned() else { return };
    let message = failure_message("test", &snapshot, reason);
    subject.mark(context, "TestSuccess", ConditionStatus::False, "TestFailed", &message);
    if subject.status.conditions.is_true("Ready") {
        summarise(subject, context);
    }
}

/// The tests of the newest release went through: a TestSuccess that an older process has written late is about another one,
/// or about the time before they did.
fn admit_passed_tests(subject: &mut Subject, context: &mut Context) {
    let is_told =
        subject.status.conditions.get("TestSuccess").is_none_or(|told| told.status == ConditionStatus::True);
    let Some(snapshot) = subject.status.history.latest().cloned() else { return };
    if is_told || !snapshot.has_been_tested() || snapshot.has_test_in_phase_failed() {
        return;
    }
    let message = tests_succeeded_message(&snapshot);
    subject.mark(context, "TestSuccess", ConditionStatus::True, "TestSucceeded", &message);
}

/// The release is as wanted, and so are its objects as far as they were looked at.
pub(super) fn in_sync(subject: &mut Subject, desired: &Desired, context: &mut Context) -> Ending {
    as_wanted(subject, desired, context);
    if detects_drift(subject) {
        let message = "No drift detected against the cluster state";
        subject.mark(context, "Drifted", ConditionStatus::False, "NoDriftDetected", message);
    }
    nothing_to_do(subject, context)
}

/// The release is as wanted, but not its objects, which are only looked at.
pub(super) fn drift_is_left(subject: &mut Subject, desired: &Desired, context: &mut Context) -> Ending {
    forget_remediation(subject, context);
    as_wanted(subject, desired, context);
    nothing_to_do(subject, context)
}

/// What failed on the way does not say how the release is any more.
fn as_wanted(subject: &mut Subject, desired: &Desired, context: &mut Context) {
    admit_passed_tests(subject, context);
    let conditions = &subject.status.conditions;
    if !conditions.is_true("Ready") || !conditions.is_true("Released") {
        let restored = match conditions.reason("Released") {
            _ if is_back(Twin::Hc1362) => None,
            "InstallFailed" => Some((ReleaseAction::Install, "InstallSucceeded")),
            "UpgradeFailed" => Some((ReleaseAction::Upgrade, "UpgradeSucceeded")),
            // Nothing is known of the release but that it is as wanted: say how it came to be (hc#1409).
            _ if is_back(Twin::Hc1409) => None,
            _ if !conditions.is_true("Released") => Some(restored_action(subject)),
            _ => None,
        };
        if let (Some((action, reason)), Some(snapshot)) = (restored, subject.status.history.latest().cloned())
        {
            let message = success_message(action.name(), &snapshot);
            subject.mark(context, "Released", ConditionStatus::True, reason, &message);
        }
    }
    ObservedDigests::wanted(desired).observe(subject);
}

/// Nothing is left to do.
pub(super) fn nothing_to_do(subject: &mut Subject, context: &mut Context) -> Ending {
    subject.status.conditions.remove("Reconciling");
    summarise(subject, context);
    in_line(subject, context)
}

fn restored_action(subject: &Subject) -> (ReleaseAction, &'static str) {
    match subject.status.history.latest().map(|snapshot| snapshot.action.as_str()) {
        Some("install") => (ReleaseAction::Install, "InstallSucceeded"),
        _ => (ReleaseAction::Upgrade, "UpgradeSucceeded"),
    }
}

/// The end of a pass after which nothing is left to do.
pub(crate) fn in_line(subject: &Subject, context: &mut Context) -> Ending {
    let interval = u64::try_from(subject.release.spec.interval.as_nanos()).unwrap_or_default();
    let nanos = context.random.jitter(interval, subject.config.interval_jitter_percentage);
    Ending::After { nanos, why: Why::Interval, observed: true }
}

/// No retry is left.
pub(super) fn retries_exceeded(subject: &mut Subject, context: &mut Context) -> Ending {
    let action = ReleaseAction::last_attempted(&subject.status);
    let (name, failures) =
        action.map_or(("release", 0), |action| (action.name(), action.failures(&subject.status)));
    let message = format!("Failed to {name} after {failures} attempt(s)");
    end_progress(subject, context, RETRIES_EXCEEDED, &message);
    if is_back(Twin::Hc848) {
        subject.status.conditions.remove("Stalled");
    }
    Ending::Terminal("terminal error: exceeded maximum retries: cannot remediate failed release".to_owned())
}

/// There is nothing to roll back to.
pub(super) fn missing_rollback_target(subject: &mut Subject, context: &mut Context) -> Ending {
    let reason = "missing target release for rollback: cannot remediate failed release";
    let message = format!("Failed to perform remediation: {reason}");
    end_progress(subject, context, "MissingRollbackTarget", &message);
    Ending::Terminal(format!("terminal error: {reason}"))
}

/// A stalled release is not in progress: Ready=Unknown, left by a gate that was closed for a while, gives way to what
/// became of the release. Conditions that an older process has written late may say that it went well: it did not.
fn end_progress(subject: &mut Subject, context: &Context, reason: &str, message: &str) {
    let ready = subject.status.conditions.get("Ready").map(|ready| ready.status);
    if ready == Some(ConditionStatus::Unknown) {
        summarise(subject, context);
        if !subject.status.conditions.is_false("Ready") {
            subject.not_ready(context, reason, message);
        }
    }
    subject.stalled(context, reason, message);
}

/// A wait ended because an input changed (spec 02 §2.12). That is always so; the gate has it told.
pub(super) fn wait_canceled(subject: &mut Subject, context: &mut Context) {
    let Some(Interrupt::Changed(object)) = context.interrupt().cloned() else { return };
    if !subject.config.gates.cancel_health_check_on_new_revision {
        return;
    }
    let reason = "HealthCheckCanceled";
    subject.not_ready(context, reason, &format!("New reconciliation triggered by {object}"));
    let message = format!("Health checks canceled due to new reconciliation triggered by {object}");
    subject.event(context, EventType::Normal, reason, &message);
}

/// The type of the next action has run in this pass already (rule 3).
///
/// The original ends as if nothing were left to do when no retry is left. Here an unlock goes on with the next pass, and a
/// release that has failed says so: what would be tried next is one more attempt.
pub(super) fn done_already(
    kind: ActionKind,
    subject: &mut Subject,
    active: &ActivePolicy,
    context: &mut Context,
) -> Ending {
    if let Some(interval) = active.retry {
        return retry_after(subject, context, interval);
    }
    let exhausted =
        active.remediation.as_ref().is_some_and(|remediation| remediation.retries_exhausted(&subject.status));
    if !exhausted || kind == ActionKind::Unlock {
        return must_requeue(subject, context);
    }
    if kind.is_release() && !subject.status.conditions.is_true("Released") {
        return retries_exceeded(subject, context);
    }
    subject.status.conditions.remove("Reconciling");
    // Drift that could not be corrected is no progress (spec 08 row 15).
    if subject.status.conditions.get("Ready").is_some_and(|ready| ready.status == ConditionStatus::Unknown) {
        summarise(subject, context);
    }
    in_line(subject, context)
}

/// After a remediation the pass stops (rule 6).
pub(super) fn remediated(subject: &mut Subject, active: &ActivePolicy, context: &mut Context) -> Ending {
    if let Some(interval) = active.retry {
        return retry_after(subject, context, interval);
    }
    let goes_on = active.remediation.as_ref().is_none_or(|remediation| {
        let reinstalls = remediation.action == ReleaseAction::Upgrade
            && remediation.strategy == RemediationStrategy::Uninstall;
        reinstalls || !remediation.retries_exhausted(&subject.status)
    });
    if goes_on { must_requeue(subject, context) } else { retries_exceeded(subject, context) }
}

fn must_requeue(subject: &mut Subject, context: &mut Context) -> Ending {
    let message =
        subject.status.conditions.get("Ready").map(|ready| ready.message.clone()).unwrap_or_default();
    subject.reconciling(context, "ProgressingWithRetry", &message);
    Ending::Rate
}

/// The strategy is to try again after an interval.
pub(super) fn retry_after(subject: &mut Subject, context: &mut Context, interval: GoDuration) -> Ending {
    subject.reconciling(context, "ProgressingWithRetry", &format!("retrying after {interval}"));
    if is_back(Twin::Hc1338) {
        subject.status.conditions.remove("Reconciling");
    }
    let nanos = u64::try_from(interval.as_nanos()).unwrap_or_default();
    let nanos = context.random.jitter(nanos, subject.config.interval_jitter_percentage);
    Ending::After { nanos, why: Why::RetryInterval, observed: true }
}
