//! The loop that brings the release to what is wanted (spec 02 §7.3): determine the state, act, determine again.

use std::collections::BTreeSet;

use pilothouse_api::{ConditionStatus, FORCE_AT};
use pilothouse_encoding::duration::GoDuration;
use pilothouse_encoding::timestamp::Timestamp;
use pilothouse_helm::{ActionConfig, ListReleases, Storage};
use pilothouse_machine::{Context, SECOND};
use pilothouse_protocol::{LogLevel, Why};

use super::decide::{self, Next, ReleaseState, Truncation};
use super::desired::Desired;
use super::facts::{self, Determined};
use super::outcome::success_message;
use super::policy::{ActivePolicy, ReleaseAction, RemediationStrategy};
use super::running::{ActionKind, Finished, Running};
use super::summarise::summarise;
use crate::write_status::{WriteStatus, Written};
use crate::{Ending, Subject, steps};

/// The loop.
#[derive(Debug)]
pub struct AtomicRelease {
    desired: Desired,
    config: ActionConfig,
    /// `None` once it has ended.
    state: Option<State>,
    done: BTreeSet<ActionKind>,
    forced: bool,
}

#[derive(Debug)]
enum State {
    Reading(Box<ListReleases>, Storage),
    Announcing(WriteStatus, Box<Running>),
    Running(Box<Running>),
    Recording(WriteStatus, Storage),
}

type Step = steps::Step<State, Ending>;

impl AtomicRelease {
    /// For a subject whose inputs are loaded.
    #[must_use]
    pub fn new(subject: &Subject, desired: Desired) -> Self {
        let config = super::options::desired_config(subject);
        let storage = Storage::new(subject.release.storage_namespace());
        let state = Some(State::Reading(Box::new(ListReleases::new(&config.release_name)), storage));
        Self { desired, config, state, done: BTreeSet::new(), forced: false }
    }

    /// Goes as far as it can; says how the pass ends.
    pub fn poll(&mut self, subject: &mut Subject, context: &mut Context) -> Option<Ending> {
        let mut state = self.state.take();
        let ending = steps::run(&mut state, |state| self.step(state, subject, context));
        self.state = state;
        ending
    }

    /// What the loop is doing; a few words.
    #[must_use]
    pub fn describe(&self) -> String {
        match &self.state {
            None | Some(State::Reading(..)) => "storage".to_owned(),
            Some(State::Announcing(_, running)) => running.kind().name().to_owned(),
            Some(State::Running(running)) => running.describe(),
            Some(State::Recording(..)) => "status".to_owned(),
        }
    }

    fn step(&mut self, state: State, subject: &mut Subject, context: &mut Context) -> Step {
        match state {
            State::Reading(mut list, mut storage) => match list.poll(&mut storage, context) {
                None => Step::Wait(State::Reading(list, storage)),
                Some(Ok(records)) => self.decide(storage, &records, subject, context),
                Some(Err(error)) if error.is_release_not_found() => {
                    self.decide(storage, &[], subject, context)
                }
                Some(Err(error)) => {
                    subject.terminal_error.note(error.class(), &error);
                    let message = format!("failed to retrieve last release from storage: {error}");
                    state_error(subject, context, &message)
                }
            },
            State::Announcing(mut write, running) => match write.poll(subject, context) {
                None => Step::Wait(State::Announcing(write, running)),
                Some(Written::Done) if self.is_outdated(context) => Step::End(Ending::interrupted(context)),
                Some(Written::Done) => {
                    let kind = running.kind();
                    context.log(LogLevel::Info, running_text(kind, kind.timeout(subject)));
                    context.helm_log.clear();
                    Step::Go(State::Running(running))
                }
                Some(Written::Gone) => Step::End(Ending::Gone),
                Some(Written::Failed(failure)) => Step::End(Ending::Error(failure.to_string())),
            },
            State::Running(mut running) => match running.poll(subject, &self.desired, context) {
                None => Step::Wait(State::Running(running)),
                Some(finished) => self.finished(running.kind(), finished, subject, context),
            },
            State::Recording(mut write, storage) => match write.poll(subject, context) {
                None => Step::Wait(State::Recording(write, storage)),
                Some(Written::Done) => self.again(storage, context),
                Some(Written::Gone) => Step::End(Ending::Gone),
                Some(Written::Failed(failure)) => Step::End(Ending::Error(failure.to_string())),
            },
        }
    }

    fn again(&self, storage: Storage, context: &Context) -> Step {
        if context.interrupt().is_some() {
            return Step::End(Ending::interrupted(context));
        }
        Step::Go(State::Reading(Box::new(ListReleases::new(&self.config.release_name)), storage))
    }

    fn decide(
        &mut self,
        storage: Storage,
        records: &facts::Records,
        subject: &mut Subject,
        context: &mut Context,
    ) -> Step {
        let active = ActivePolicy::of(&subject.release.spec, &subject.status, &subject.config);
        let determined = match facts::determine(subject, records, &self.desired, &active) {
            Ok(determined) => determined,
            Err(error) => return state_error(subject, context, &error),
        };
        context.log(LogLevel::Info, determined.state.describe());
        let forced = subject.take_token(FORCE_AT, |status| &mut status.last_handled_force_at);
        self.forced |= forced;
        let target = || facts::rollback_target(subject, records, &active);
        let (truncation, next) = decide::next(subject, &determined.state, &active, forced, target);
        truncate(subject, truncation, records);
        self.follow(storage, &determined, next, &active, subject, context)
    }

    fn follow(
        &mut self,
        storage: Storage,
        determined: &Determined,
        next: Next,
        active: &ActivePolicy,
        subject: &mut Subject,
        context: &mut Context,
    ) -> Step {
        if matches!(determined.state, ReleaseState::InSync | ReleaseState::Untested) {
            forget_remediation(subject, context);
        }
        let kind = match next {
            Next::Nothing => return in_sync(subject, &self.desired, context),
            Next::ExceededMaxRetries => return retries_exceeded(subject, context),
            Next::MissingRollbackTarget => return missing_rollback_target(subject, context),
            Next::Error(error) => return state_error(subject, context, &error),
            Next::Unlock => match held_by_another(subject, determined, context) {
                Some(ending) => return Step::End(ending),
                None => ActionKind::Unlock,
            },
            Next::Install => ActionKind::Install,
            Next::Upgrade => ActionKind::Upgrade,
            Next::Test => ActionKind::Test,
            Next::RollbackRemediation => ActionKind::Rollback,
            Next::UninstallRemediation => ActionKind::UninstallRemediation,
        };
        if self.done.iter().any(|done| done.same_type(kind)) {
            return done_already(subject, active, context);
        }
        if self.is_outdated(context) {
            return Step::End(Ending::interrupted(context));
        }
        match Running::new(kind, subject, &self.desired, &self.config, determined, storage) {
            Ok(running) => announce(kind, running, subject, context),
            Err(error) => state_error(subject, context, &error),
        }
    }

    /// Whether an action would start from inputs that have changed since they were read, or while the process ends. A
    /// force request is consumed already and would be lost.
    fn is_outdated(&self, context: &Context) -> bool {
        context.interrupt().is_some() && !self.forced
    }

    /// What follows an action (rules 5 to 7).
    fn finished(
        &mut self,
        kind: ActionKind,
        finished: Finished,
        subject: &mut Subject,
        context: &mut Context,
    ) -> Step {
        if context.interrupt().is_some() && finished.interrupted {
            return Step::End(Ending::interrupted(context));
        }
        let active = ActivePolicy::of(&subject.release.spec, &subject.status, &subject.config);
        if let Some(error) = finished.error {
            context.log(LogLevel::Error, format!("failed to run '{}' action: {error}", kind.name()));
            return match active.retry {
                Some(interval) => retry_after(subject, context, interval),
                None => Step::End(Ending::Error(error)),
            };
        }
        if kind.is_remediation() {
            return remediated(subject, &active, context);
        }
        self.done.insert(kind);
        Step::Go(State::Recording(WriteStatus::default(), finished.storage))
    }
}

/// A pending release whose holder may still be at work is waited for (spec 08 row 19).
fn held_by_another(subject: &mut Subject, determined: &Determined, context: &mut Context) -> Option<Ending> {
    let record = determined.latest.as_ref()?;
    let now = context.wall().unix_seconds();
    let hold = subject.config.holder.held_by_another(record, now)?;
    let until = Timestamp::from_unix_nanos(hold.until.saturating_mul(1_000_000_000));
    let message =
        format!("Waiting for {}, who works on release {} until {until}", hold.holder, record.full_name());
    context.log(LogLevel::Info, message.clone());
    subject.reconciling(context, "Progressing", &message);
    subject.mark(context, "Ready", ConditionStatus::Unknown, "Progressing", &message);
    let left = u64::try_from(hold.until.saturating_sub(now)).unwrap_or_default();
    let nanos = left.saturating_mul(SECOND).min(subject.config.requeue_dependency);
    Some(Ending::After { nanos, why: Why::Unlock, observed: false })
}

fn announce(kind: ActionKind, running: Running, subject: &mut Subject, context: &mut Context) -> Step {
    let text = running_text(kind, kind.timeout(subject));
    subject.reconciling(context, "Progressing", &text);
    if kind.is_release() {
        subject.mark(context, "Ready", ConditionStatus::Unknown, "Progressing", &text);
    }
    Step::Go(State::Announcing(WriteStatus::default(), Box::new(running)))
}

fn running_text(kind: ActionKind, timeout: GoDuration) -> String {
    format!("Running '{}' action with timeout of {timeout}", kind.name())
}

fn truncate(subject: &mut Subject, truncation: Truncation, records: &facts::Records) {
    let algorithm = subject.config.snapshot_digest_algorithm;
    let history = &mut subject.status.history;
    match truncation {
        Truncation::Keep => {}
        Truncation::Clear => facts::forget(history, records, algorithm),
        Truncation::Plain => history.truncate_plain(),
        Truncation::Bounded { ignore_tests } => {
            let previous = history.previous(ignore_tests).cloned();
            history.truncate_plain();
            let lost = previous.filter(|previous| !history.0.contains(previous));
            history.0.extend(lost);
        }
        Truncation::ToPrevious { ignore_tests } => history.truncate(ignore_tests),
    }
}

fn state_error(subject: &mut Subject, context: &mut Context, error: &str) -> Step {
    let message = format!("Could not determine release state: {error}");
    subject.not_ready(context, "StateError", &message);
    Step::End(Ending::Error(message))
}

/// The release is fine again: Remediated=True gives way to Released=True.
fn forget_remediation(subject: &mut Subject, context: &mut Context) {
    if !subject.status.conditions.is_true("Remediated") {
        return;
    }
    let Some(snapshot) = subject.status.history.latest().cloned() else { return };
    subject.status.conditions.remove("Remediated");
    let message = success_message("upgrade", &snapshot);
    subject.mark(context, "Released", ConditionStatus::True, "UpgradeSucceeded", &message);
}

fn in_sync(subject: &mut Subject, desired: &Desired, context: &mut Context) -> Step {
    let conditions = &subject.status.conditions;
    if !conditions.is_true("Ready") || !conditions.is_true("Released") {
        let restored = match conditions.reason("Released") {
            "InstallFailed" => Some((ReleaseAction::Install, "InstallSucceeded")),
            "UpgradeFailed" => Some((ReleaseAction::Upgrade, "UpgradeSucceeded")),
            // Nothing is known of the release but that it is as wanted: say how it came to be (hc#1409).
            _ if !conditions.is_true("Released") => Some(restored_action(subject)),
            _ => None,
        };
        if let (Some((action, reason)), Some(snapshot)) = (restored, subject.status.history.latest().cloned())
        {
            let message = success_message(action.name(), &snapshot);
            subject.mark(context, "Released", ConditionStatus::True, reason, &message);
        }
    }
    subject.status.observed_post_renderers_digest.clone_from(&desired.post_renderers_digest);
    subject.status.observed_common_metadata_digest.clone_from(&desired.common_metadata_digest);
    subject.status.conditions.remove("Reconciling");
    summarise(subject, context);
    success(subject, context)
}

fn restored_action(subject: &Subject) -> (ReleaseAction, &'static str) {
    match subject.status.history.latest().map(|snapshot| snapshot.action.as_str()) {
        Some("install") => (ReleaseAction::Install, "InstallSucceeded"),
        _ => (ReleaseAction::Upgrade, "UpgradeSucceeded"),
    }
}

fn success(subject: &Subject, context: &mut Context) -> Step {
    let interval = u64::try_from(subject.release.spec.interval.as_nanos()).unwrap_or_default();
    let nanos = context.random.jitter(interval, subject.config.interval_jitter_percentage);
    Step::End(Ending::After { nanos, why: Why::Interval, observed: true })
}

fn retries_exceeded(subject: &mut Subject, context: &mut Context) -> Step {
    let action = ReleaseAction::last_attempted(&subject.status);
    let (name, failures) =
        action.map_or(("release", 0), |action| (action.name(), action.failures(&subject.status)));
    let message = format!("Failed to {name} after {failures} attempt(s)");
    subject.stalled(context, "RetriesExceeded", &message);
    end_progress(subject, context, "RetriesExceeded", &message);
    Step::End(Ending::Terminal(
        "terminal error: exceeded maximum retries: cannot remediate failed release".to_owned(),
    ))
}

fn missing_rollback_target(subject: &mut Subject, context: &mut Context) -> Step {
    let reason = "missing target release for rollback: cannot remediate failed release";
    let message = format!("Failed to perform remediation: {reason}");
    subject.stalled(context, "MissingRollbackTarget", &message);
    end_progress(subject, context, "MissingRollbackTarget", &message);
    Step::End(Ending::Terminal(format!("terminal error: {reason}")))
}

/// A stalled release is not in progress: Ready=Unknown, left by a gate that was closed for a while, gives way to what
/// became of the release.
fn end_progress(subject: &mut Subject, context: &Context, reason: &str, message: &str) {
    let is_unknown = |subject: &Subject| {
        subject.status.conditions.get("Ready").is_some_and(|ready| ready.status == ConditionStatus::Unknown)
    };
    if is_unknown(subject) {
        summarise(subject, context);
    }
    if is_unknown(subject) {
        subject.not_ready(context, reason, message);
    }
}

/// The type of the next action has run in this pass already (rule 3).
fn done_already(subject: &mut Subject, active: &ActivePolicy, context: &mut Context) -> Step {
    if let Some(interval) = active.retry {
        return retry_after(subject, context, interval);
    }
    let exhausted =
        active.remediation.as_ref().is_some_and(|remediation| remediation.retries_exhausted(&subject.status));
    if !exhausted {
        return must_requeue(subject, context);
    }
    subject.status.conditions.remove("Reconciling");
    success(subject, context)
}

/// After a remediation the pass stops (rule 6).
fn remediated(subject: &mut Subject, active: &ActivePolicy, context: &mut Context) -> Step {
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

fn must_requeue(subject: &mut Subject, context: &mut Context) -> Step {
    let message =
        subject.status.conditions.get("Ready").map(|ready| ready.message.clone()).unwrap_or_default();
    subject.reconciling(context, "ProgressingWithRetry", &message);
    Step::End(Ending::Rate)
}

fn retry_after(subject: &mut Subject, context: &mut Context, interval: GoDuration) -> Step {
    subject.reconciling(context, "ProgressingWithRetry", &format!("retrying after {interval}"));
    let nanos = u64::try_from(interval.as_nanos()).unwrap_or_default();
    let nanos = context.random.jitter(nanos, subject.config.interval_jitter_percentage);
    Step::End(Ending::After { nanos, why: Why::RetryInterval, observed: true })
}
