//! The loop that brings the release to what is wanted (spec 02 §7.3): determine the state, act, determine again.

use std::collections::BTreeSet;
use std::sync::Arc;

use pilothouse_api::{ConditionStatus, FORCE_AT};
use pilothouse_apply::DriftSet;
use pilothouse_encoding::timestamp::Timestamp;
use pilothouse_helm::{ActionConfig, ListReleases, Storage};
use pilothouse_machine::twin::{Twin, is_back};
use pilothouse_machine::{Context, SECOND};
use pilothouse_protocol::{LogLevel, Why};
use pilothouse_release::ReleaseRecord;

use super::decide::{self, Next, ReleaseState, Truncation};
use super::desired::Desired;
use super::drift::{self, Acting, Detection};
use super::facts::{self, Determined};
use super::observed_digests::ObservedDigests;
use super::policy::{ActivePolicy, RemediationStrategy};
use super::running::{ActionKind, Finished, Running};
use super::stop;
use super::terminal::still_stalled;
use super::unrecorded;
use crate::settled::Settled;
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
    /// The release was not the one that was observed, so what is known of older revisions is for a rollback only.
    not_observed: bool,
    /// What the release was made with before this pass has upgraded it.
    digests_before: Option<ObservedDigests>,
}

#[derive(Debug)]
enum State {
    Reading(Box<ListReleases>, Storage),
    Detecting(Box<Detection>, Storage, Box<Determined>, Vec<Arc<ReleaseRecord>>),
    Announcing(WriteStatus, Acting),
    Running(Acting),
}

type Step = steps::Step<State, Ending>;

impl AtomicRelease {
    /// For a subject whose inputs are loaded.
    #[must_use]
    pub fn new(subject: &Subject, desired: Desired) -> Self {
        let config = super::options::desired_config(subject);
        let storage = Storage::new(subject.release.storage_namespace());
        let state = Some(State::Reading(Box::new(ListReleases::new(&config.release_name)), storage));
        Self {
            desired,
            config,
            state,
            done: BTreeSet::new(),
            forced: false,
            not_observed: false,
            digests_before: None,
        }
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
            Some(State::Detecting(detection, ..)) => detection.describe(),
            Some(State::Announcing(_, acting)) => acting.kind().name().to_owned(),
            Some(State::Running(acting)) => acting.describe(),
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
                    Step::End(stop::state_error(subject, context, &message))
                }
            },
            State::Detecting(mut detection, storage, determined, records) => {
                match detection.poll(subject, context) {
                    None => Step::Wait(State::Detecting(detection, storage, determined, records)),
                    Some(Ok(set)) => self.detected(storage, *determined, &records, set, subject, context),
                    Some(Err(error)) => Step::End(stop::state_error(subject, context, &error)),
                }
            }
            State::Announcing(mut write, acting) => match write.poll(subject, context) {
                None => Step::Wait(State::Announcing(write, acting)),
                Some(Written::Done) if self.is_outdated(context) => Step::End(Ending::interrupted(context)),
                Some(Written::Done) => {
                    let kind = acting.kind();
                    context.log(LogLevel::Info, kind.running_text(subject));
                    context.helm_log.clear();
                    context.left_fields.clear();
                    Step::Go(State::Running(acting))
                }
                Some(Written::Gone) => Step::End(Ending::Gone),
                Some(Written::Failed(failure)) => Step::End(Ending::Error(failure.to_string())),
            },
            State::Running(mut acting) => match acting.poll(subject, &self.desired, context) {
                None => Step::Wait(State::Running(acting)),
                Some(finished) => self.finished(acting.kind(), finished, subject, context),
            },
        }
    }

    /// What the action came to is written with what follows from it: the next action is announced with the whole status,
    /// and so is the end.
    fn again(&self, storage: Storage, context: &Context) -> Step {
        if context.interrupt().is_some() {
            return Step::End(Ending::interrupted(context));
        }
        Step::Go(State::Reading(Box::new(ListReleases::confirmed(&self.config.release_name)), storage))
    }

    fn decide(
        &mut self,
        storage: Storage,
        records: &facts::Records,
        subject: &mut Subject,
        context: &mut Context,
    ) -> Step {
        let active = ActivePolicy::of(&subject.release.spec, &subject.status, &subject.config);
        if self.done.is_empty()
            && let Err(error) = unrecorded::record_rollback(subject, records, &self.desired, &active, context)
        {
            return Step::End(stop::state_error(subject, context, &error));
        }
        let determined = match facts::determine(subject, records, &self.desired, &active) {
            Ok(determined) => determined,
            Err(error) => return Step::End(stop::state_error(subject, context, &error)),
        };
        if determined.state == ReleaseState::InSync
            && drift::detects_drift(subject)
            && let Some(latest) = &determined.latest
        {
            let detection = Box::new(Detection::new(latest));
            return Step::Go(State::Detecting(detection, storage, Box::new(determined), records.to_vec()));
        }
        self.conclude(storage, &determined, records, DriftSet::default(), subject, context)
    }

    /// Drift was looked for: it is a state of its own.
    fn detected(
        &mut self,
        storage: Storage,
        mut determined: Determined,
        records: &facts::Records,
        set: DriftSet,
        subject: &mut Subject,
        context: &mut Context,
    ) -> Step {
        subject.drift_objects = Some(drift::watchable(&set, subject));
        if let Some(error) = set.error() {
            if !set.has_changes() {
                let message = format!("unable to determine cluster state: {error}");
                return Step::End(stop::state_error(subject, context, &message));
            }
            let message = format!("diff of release against cluster state completed with error: {error}");
            context.log(LogLevel::Error, message);
        }
        if set.has_changes() {
            determined.state = ReleaseState::Drifted(set.brief());
        }
        self.conclude(storage, &determined, records, set, subject, context)
    }

    fn conclude(
        &mut self,
        storage: Storage,
        determined: &Determined,
        records: &facts::Records,
        set: DriftSet,
        subject: &mut Subject,
        context: &mut Context,
    ) -> Step {
        let active = ActivePolicy::of(&subject.release.spec, &subject.status, &subject.config);
        context.log(LogLevel::Info, determined.state.describe());
        let forced = subject.take_token(FORCE_AT, |status| &mut status.last_handled_force_at);
        self.forced |= forced;
        let target = || facts::rollback_target(subject, records, &active);
        let (truncation, next) = decide::next(subject, &determined.state, &active, forced, target);
        truncate(subject, truncation, records);
        self.not_observed |= truncation == Truncation::Clear;
        match determined.state {
            ReleaseState::InSync | ReleaseState::Untested => stop::forget_remediation(subject, context),
            ReleaseState::Drifted(_) => drift::announce(&set, subject, context),
            ReleaseState::Failed(decide::TEST_FAILED) => {
                stop::admit_failed_test(subject, context, decide::TEST_FAILED);
            }
            _ => {}
        }
        self.follow(storage, determined, next, &set, &active, subject, context)
    }

    #[allow(clippy::too_many_arguments, reason = "all that was found out goes into what is done about it")]
    fn follow(
        &mut self,
        storage: Storage,
        determined: &Determined,
        next: Next,
        set: &DriftSet,
        active: &ActivePolicy,
        subject: &mut Subject,
        context: &mut Context,
    ) -> Step {
        if let Some(message) = subject.terminal_error.stalled.clone() {
            if matches!(next, Next::Install | Next::Upgrade) && !self.forced {
                return Step::End(still_stalled(message, subject, context));
            }
            subject.status.conditions.remove("Stalled");
        }
        let kind = match next {
            Next::Nothing if determined.state == ReleaseState::InSync => {
                subject.settled = Settled::of(subject, storage.versions(&self.config.release_name));
                return Step::End(stop::in_sync(subject, &self.desired, context));
            }
            Next::Nothing if matches!(determined.state, ReleaseState::Drifted(_)) => {
                return Step::End(stop::drift_is_left(subject, &self.desired, context));
            }
            Next::Nothing => return Step::End(stop::nothing_to_do(subject, context)),
            Next::ExceededMaxRetries => return Step::End(stop::retries_exceeded(subject, context)),
            Next::MissingRollbackTarget => {
                return Step::End(stop::missing_rollback_target(subject, context));
            }
            Next::Error(error) => return Step::End(stop::state_error(subject, context, &error)),
            Next::Unlock => match held_by_another(subject, determined, context) {
                Some(ending) => return Step::End(ending),
                None => ActionKind::Unlock,
            },
            Next::Install => ActionKind::Install,
            Next::Upgrade => ActionKind::Upgrade,
            Next::Test => ActionKind::Test,
            Next::RollbackRemediation => ActionKind::Rollback,
            Next::UninstallRemediation => ActionKind::UninstallRemediation,
            Next::CorrectDrift => ActionKind::CorrectDrift,
        };
        if self.done.iter().any(|done| done.same_type(kind)) {
            return Step::End(stop::done_already(kind, subject, active, context));
        }
        if self.is_outdated(context) {
            return Step::End(Ending::interrupted(context));
        }
        if kind.is_release() {
            self.digests_before = Some(ObservedDigests::of(subject));
        }
        if kind == ActionKind::CorrectDrift {
            return announce(kind, Acting::correcting(set, storage, subject), subject, context);
        }
        match Running::new(kind, subject, &self.desired, &self.config, determined, storage) {
            Ok(running) => announce(kind, Acting::Helm(Box::new(running)), subject, context),
            Err(error) => Step::End(stop::state_error(subject, context, &error)),
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
            stop::wait_canceled(subject, context);
            return Step::End(Ending::interrupted(context));
        }
        if let Some(target) = finished.rolled_back_to {
            ObservedDigests::go_back(self.digests_before.as_ref(), target, subject);
        }
        let active = ActivePolicy::of(&subject.release.spec, &subject.status, &subject.config);
        if self.not_observed && kind.is_release() && !may_roll_back(subject, &active) {
            subject.status.history.0.truncate(1);
        }
        if let Some(error) = finished.error {
            context.log(LogLevel::Error, format!("failed to run '{}' action: {error}", kind.name()));
            return match active.retry {
                Some(interval) => Step::End(stop::retry_after(subject, context, interval)),
                None => Step::End(Ending::Error(error)),
            };
        }
        if kind.is_remediation() {
            return Step::End(stop::remediated(subject, &active, context));
        }
        self.done.insert(kind);
        self.again(finished.storage, context)
    }
}

/// Whether the upgrade that has just ended may be followed by a rollback.
fn may_roll_back(subject: &Subject, active: &ActivePolicy) -> bool {
    let Some(remediation) = active.remediation.as_ref().filter(|_| active.retry.is_none()) else {
        return false;
    };
    subject.status.conditions.is_false("Released")
        && remediation.strategy == RemediationStrategy::Rollback
        && (remediation.remediate_last_failure || !remediation.retries_exhausted(&subject.status))
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

fn announce(kind: ActionKind, acting: Acting, subject: &mut Subject, context: &mut Context) -> Step {
    let text = kind.running_text(subject);
    subject.reconciling(context, "Progressing", &text);
    if kind.is_release() {
        subject.mark(context, "Ready", ConditionStatus::Unknown, "Progressing", &text);
    }
    Step::Go(State::Announcing(WriteStatus::default(), acting))
}

fn truncate(subject: &mut Subject, truncation: Truncation, records: &facts::Records) {
    let digests = subject.config.digests();
    let history = &mut subject.status.history;
    match truncation {
        Truncation::Keep => {}
        Truncation::Plain | Truncation::Bounded { .. } if is_back(Twin::Hc1359) => {}
        Truncation::Clear => facts::forget(history, records, &digests),
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
