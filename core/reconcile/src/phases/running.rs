//! One action under way: Helm's task, and what the HelmRelease makes of its start and its end (spec 02 §7.4).

use std::sync::Arc;

use pilothouse_api::Snapshot;
use pilothouse_encoding::duration::GoDuration;
use pilothouse_helm::{
    ActionConfig, ActionResult, HelmError, Install, JournalMark, Rollback, Storage, TestRelease, Uninstall,
    Unlock, Upgrade,
};
use pilothouse_machine::twin::{Twin, is_back};
use pilothouse_machine::{Context, Task};
use pilothouse_protocol::{ErrorClass, LogLevel, Monotonic};
use pilothouse_release::ReleaseRecord;

use super::desired::Desired;
use super::facts::Determined;
use super::observed;
use super::policy::{ReleaseAction, Remediation};
use super::summarise::summarise;
use super::{options, transitions};
use crate::Subject;

/// The kinds of action.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ActionKind {
    /// Install.
    Install,
    /// Upgrade.
    Upgrade,
    /// Run the tests.
    Test,
    /// Roll back to the previous release.
    Rollback,
    /// Uninstall the failed release.
    UninstallRemediation,
    /// Unlock a pending release.
    Unlock,
    /// Put drift right.
    CorrectDrift,
}

impl ActionKind {
    /// Its name in messages.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Install => "install",
            Self::Upgrade => "upgrade",
            Self::Test => "test",
            Self::Rollback => "rollback",
            Self::UninstallRemediation => "uninstall",
            Self::Unlock => "unlock",
            Self::CorrectDrift => "correct cluster drift",
        }
    }

    /// Whether it is of type *release*.
    #[must_use]
    pub fn is_release(self) -> bool {
        matches!(self, Self::Install | Self::Upgrade)
    }

    /// Whether it is of type *remediate*.
    #[must_use]
    pub fn is_remediation(self) -> bool {
        matches!(self, Self::Rollback | Self::UninstallRemediation)
    }

    /// Whether two actions are of the same type: each type runs once in a pass.
    #[must_use]
    pub fn same_type(self, other: Self) -> bool {
        self == other
            || (self.is_release() && other.is_release())
            || (self.is_remediation() && other.is_remediation())
    }

    /// The timeout that is announced.
    #[must_use]
    pub fn timeout(self, subject: &Subject) -> GoDuration {
        let spec = &subject.release.spec;
        spec.action_timeout(match self {
            Self::Install => spec.install().timeout,
            Self::Upgrade => spec.upgrade().timeout,
            Self::Test => spec.test().timeout,
            Self::Rollback => spec.rollback().timeout,
            Self::UninstallRemediation => spec.uninstall().timeout,
            Self::Unlock | Self::CorrectDrift => None,
        })
    }

    /// What is said while it runs.
    #[must_use]
    pub fn running_text(self, subject: &Subject) -> String {
        format!("Running '{}' action with timeout of {}", self.name(), self.timeout(subject))
    }
}

/// How an action ended for the loop.
#[derive(Debug)]
pub struct Finished {
    /// The storage.
    pub storage: Storage,
    /// An error that ends the pass; a failure that the next decision deals with is none.
    pub error: Option<String>,
    /// Whether it ended early because of an interruption.
    pub interrupted: bool,
    /// The revision that a rollback has gone back to.
    pub rolled_back_to: Option<u32>,
}

impl Finished {
    /// An end after which the loop goes on.
    pub(super) fn without_error(storage: Storage, interrupted: bool) -> Self {
        Self { storage, error: None, interrupted, rolled_back_to: None }
    }
}

/// One action under way.
#[derive(Debug)]
pub struct Running {
    kind: ActionKind,
    task: HelmTask,
    mark: JournalMark,
    started: Option<Monotonic>,
    target: Option<Snapshot>,
    latest: Option<Arc<ReleaseRecord>>,
}

#[derive(Debug)]
enum HelmTask {
    Install(Box<Install>),
    Upgrade(Box<Upgrade>),
    Test(Box<TestRelease>),
    Rollback(Box<Rollback>),
    Uninstall(Box<Uninstall>),
    Unlock(Box<Unlock>),
}

impl Running {
    /// Prepares an action. Nothing is sent before the first poll.
    ///
    /// # Errors
    /// When an option does not make sense, which names it.
    pub fn new(
        kind: ActionKind,
        subject: &Subject,
        desired: &Desired,
        config: &ActionConfig,
        determined: &Determined,
        storage: Storage,
    ) -> Result<Self, String> {
        let mark = storage.journal_mark();
        let mut target = None;
        let config = config.clone();
        let task = match kind {
            ActionKind::Install => {
                let options = options::install(subject, desired).map_err(|error| error.to_string())?;
                HelmTask::Install(Box::new(Install::new(config, options, storage)))
            }
            ActionKind::Upgrade => {
                let options = options::upgrade(subject, desired, &determined.state)
                    .map_err(|error| error.to_string())?;
                HelmTask::Upgrade(Box::new(Upgrade::new(config, options, storage)))
            }
            ActionKind::Test => {
                HelmTask::Test(Box::new(TestRelease::new(config, options::test(subject), storage)))
            }
            ActionKind::Rollback => {
                let ignore_tests =
                    Remediation::of(ReleaseAction::Upgrade, &subject.release.spec).ignore_test_failures;
                let previous = subject.status.history.previous(ignore_tests).cloned();
                let Some(previous) = previous else {
                    return Err("missing target release for rollback: required to rollback".to_owned());
                };
                let options = options::rollback(subject, &previous);
                target = Some(previous);
                HelmTask::Rollback(Box::new(Rollback::new(config, options, storage)))
            }
            ActionKind::UninstallRemediation => {
                target = subject.status.history.latest().cloned();
                HelmTask::Uninstall(Box::new(Uninstall::new(config, options::uninstall(subject), storage)))
            }
            ActionKind::Unlock => HelmTask::Unlock(Box::new(Unlock::new(config, storage))),
            ActionKind::CorrectDrift => return Err(format!("{} is none of Helm's actions", kind.name())),
        };
        Ok(Self { kind, task, mark, started: None, target, latest: determined.latest.clone() })
    }

    /// Which action.
    #[must_use]
    pub fn kind(&self) -> ActionKind {
        self.kind
    }

    /// What it is doing; a few words.
    #[must_use]
    pub fn describe(&self) -> String {
        let doing = match &self.task {
            HelmTask::Install(task) => task.describe(),
            HelmTask::Upgrade(task) => task.describe(),
            HelmTask::Test(task) => task.describe(),
            HelmTask::Rollback(task) => task.describe(),
            HelmTask::Uninstall(task) => task.describe(),
            HelmTask::Unlock(task) => task.describe(),
        };
        format!("{}: {doing}", self.kind.name())
    }

    /// Goes as far as it can. When the action has ended the status is up to date.
    pub fn poll(
        &mut self,
        subject: &mut Subject,
        desired: &Desired,
        context: &mut Context,
    ) -> Option<Finished> {
        if self.started.is_none() {
            self.started = Some(context.now.monotonic);
            match self.kind {
                ActionKind::Install => transitions::release_started(subject, ReleaseAction::Install),
                ActionKind::Upgrade => transitions::release_started(subject, ReleaseAction::Upgrade),
                _ => {}
            }
        }
        let result = match &mut self.task {
            HelmTask::Install(task) => task.poll(context),
            HelmTask::Upgrade(task) => task.poll(context),
            HelmTask::Test(task) => task.poll(context),
            HelmTask::Rollback(task) => task.poll(context),
            HelmTask::Uninstall(task) => task.poll(context),
            HelmTask::Unlock(task) => task.poll(context),
        }?;
        Some(self.finish(result, subject, desired, context))
    }

    fn finish(
        &mut self,
        result: ActionResult,
        subject: &mut Subject,
        desired: &Desired,
        context: &mut Context,
    ) -> Finished {
        let written = observed::records_since(&result.storage, self.mark);
        let before = subject.status.history.latest().map(|snapshot| snapshot.digest.clone());
        let interrupted = result.outcome.as_ref().is_err_and(HelmError::is_interrupted);
        if interrupted && self.kind == ActionKind::Test {
            // Not recorded: the release would count as tested, and nobody would ever learn how the tests went.
            return Finished::without_error(result.storage, interrupted);
        }
        // A test that could not be run is run again: it has said nothing about the release (spec 08 row 18).
        let untested = self.kind == ActionKind::Test && passes(result.outcome.as_ref().err(), context);
        let observed = if untested { &[][..] } else { &written[..] };
        if let Err(error) = observed::record(self.kind, subject, observed, context, desired) {
            return Finished { error: Some(error), ..Finished::without_error(result.storage, false) };
        }
        if interrupted {
            return Finished::without_error(result.storage, interrupted);
        }
        let error = result.outcome.as_ref().err();
        let fatal = self.tell(error, self.is_stored(&written), before, subject, desired, context);
        if self.kind != ActionKind::UninstallRemediation {
            summarise(subject, context);
        }
        if let (Some(error), false) = (error, fatal) {
            // A fatal one is logged by the loop.
            context.log(LogLevel::Error, format!("'{}' action failed: {error}", self.kind.name()));
        }
        let error = fatal.then(|| error.map(ToString::to_string).unwrap_or_default());
        let target =
            self.target.as_ref().filter(|_| self.kind == ActionKind::Rollback && result.outcome.is_ok());
        let rolled_back_to = target.map(|target| target.version);
        Finished { error, rolled_back_to, ..Finished::without_error(result.storage, false) }
    }

    /// Whether an install or upgrade has stored a revision of its own. It may have failed before, with an older one marked or pruned.
    fn is_stored(&self, written: &[Arc<ReleaseRecord>]) -> bool {
        let latest = self.latest.as_ref().map_or(0, |latest| latest.version);
        written.iter().any(|record| record.version > latest)
    }

    /// Brings the status up to date with how the action went; whether its failure ends the pass. `before` is the digest
    /// of the newest snapshot at the start.
    fn tell(
        &self,
        error: Option<&HelmError>,
        written: bool,
        before: Option<String>,
        subject: &mut Subject,
        desired: &Desired,
        context: &mut Context,
    ) -> bool {
        let class = error.map(HelmError::class);
        match error.zip(class) {
            Some((error, class)) => subject.terminal_error.note(class, error),
            None if self.kind.is_release() => subject.terminal_error.forget(),
            None => {}
        }
        // What passes by itself is no failure of the release: it is tried again and not counted against the retries
        // (spec 08 row 18).
        let stored = written && (!passes(error, context) || is_back(Twin::Hc1084));
        match self.kind {
            ActionKind::Install => {
                self.released(ReleaseAction::Install, error, stored, subject, desired, context)
            }
            ActionKind::Upgrade => {
                self.released(ReleaseAction::Upgrade, error, stored, subject, desired, context)
            }
            ActionKind::Test => tested(error, subject, context),
            ActionKind::Rollback | ActionKind::UninstallRemediation => {
                let changed =
                    subject.status.history.latest().map(|snapshot| snapshot.digest.clone()) != before;
                self.remediated(error, changed, subject, desired, context)
            }
            ActionKind::Unlock => self.unlocked(error, subject, context),
            ActionKind::CorrectDrift => false,
        }
    }

    /// Whether the failure ends the pass: only when nothing was written.
    fn released(
        &self,
        action: ReleaseAction,
        error: Option<&HelmError>,
        stored: bool,
        subject: &mut Subject,
        desired: &Desired,
        context: &mut Context,
    ) -> bool {
        let started = self.started.unwrap_or(context.now.monotonic);
        transitions::record_duration(subject, context.now.monotonic.nanos_since(started));
        match error {
            None => {
                transitions::release_succeeded(subject, context, action, desired);
                false
            }
            Some(error) => {
                transitions::release_failed(subject, context, action, desired, error, stored);
                !stored
            }
        }
    }

    fn remediated(
        &self,
        error: Option<&HelmError>,
        changed: bool,
        subject: &mut Subject,
        desired: &Desired,
        context: &mut Context,
    ) -> bool {
        let Some(target) = &self.target else { return error.is_some() };
        if self.kind == ActionKind::Rollback {
            transitions::rolled_back(subject, context, target, desired, error.map_or(Ok(()), Err));
            return error.is_some() && !changed;
        }
        let unchanged = HelmError::not_updated();
        let error = error.or_else(|| (!changed).then_some(&unchanged));
        transitions::uninstall_remediated(subject, context, target, error.map_or(Ok(()), Err));
        error.is_some() && !changed
    }

    fn unlocked(&self, error: Option<&HelmError>, subject: &mut Subject, context: &mut Context) -> bool {
        let Some(latest) = &self.latest else { return error.is_some() };
        // Somebody else has finished or removed it in the meantime: nothing to say.
        if error.is_some_and(HelmError::is_release_not_found) {
            return false;
        }
        let state = latest.info.status.to_string();
        transitions::unlocked(subject, context, latest, &state, error.map_or(Ok(()), Err));
        error.is_some()
    }
}

/// Whether an action has failed because of something that passes by itself.
fn passes(error: Option<&HelmError>, context: &Context) -> bool {
    error.is_some_and(|error| context.server_is_away() || error.class() == ErrorClass::Transient)
}

/// Whether the failure ends the pass: only when the tests did not run.
fn tested(error: Option<&HelmError>, subject: &mut Subject, context: &mut Context) -> bool {
    let Some(error) = error else {
        transitions::test_succeeded(subject, context);
        return false;
    };
    transitions::test_failed(subject, context, error);
    subject.status.history.latest().is_none_or(|snapshot| !snapshot.has_been_tested())
}
