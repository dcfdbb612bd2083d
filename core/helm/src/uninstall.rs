//! `helm uninstall` (Helm `pkg/action/uninstall.go`, spec 04 §2.1, 05 §4).

mod history;

use std::sync::Arc;

use history::{CloseHistory, warn_not_stored};
use pilothouse_apply::{Delete, Deleted, Wait};
use pilothouse_chart::HookEvent;
use pilothouse_machine::{Context, Task};
use pilothouse_protocol::Propagation;
use pilothouse_release::{ReleaseRecord, ReleaseStatus};

use crate::action::{Session, Step, Steps, now, warn};
use crate::error::join;
use crate::hooks::{ExecuteHooks, HookOptions};
use crate::storage::{ListReleases, UpdateRelease};
use crate::uninstall_order::objects_to_delete;
use crate::{ActionConfig, ActionResult, Discover, HelmError, Storage, WaitOptions};

/// Options of an uninstall (spec 05 §4).
#[derive(Debug, Clone)]
pub struct UninstallOptions {
    /// How to wait.
    pub wait: WaitOptions,
    /// Do not run hooks.
    pub disable_hooks: bool,
    /// Leave the revisions in storage.
    pub keep_history: bool,
    /// What happens to dependents of the objects.
    pub deletion_propagation: Propagation,
}

/// Uninstalls a release: the last revision that is stored.
#[derive(Debug)]
pub struct Uninstall {
    session: Session,
    options: UninstallOptions,
    /// The last revision.
    record: ReleaseRecord,
    /// All revisions, oldest first.
    history: Vec<Arc<ReleaseRecord>>,
    /// What went wrong without stopping the uninstall.
    errors: Vec<HelmError>,
    state: State,
}

#[derive(Debug)]
pub(crate) enum State {
    CheckingReachability(Discover),
    ListingReleases(ListReleases),
    RunningHooksBefore(ExecuteHooks),
    RecordingStart(UpdateRelease),
    DeletingObjects(Delete),
    WaitingUntilGone(Wait),
    RunningHooksAfter(ExecuteHooks),
    ClosingHistory(CloseHistory),
}

impl Uninstall {
    /// Uninstalls the release of `config`; `storage` comes back with the result.
    ///
    /// An interrupted uninstall leaves the revision `uninstalling`; the next one goes on from there.
    #[must_use]
    pub fn new(config: impl Into<Arc<ActionConfig>>, options: UninstallOptions, storage: Storage) -> Self {
        let config = config.into();
        Self {
            session: Session::new(config, storage),
            options,
            record: ReleaseRecord::default(),
            history: Vec::new(),
            errors: Vec::new(),
            state: State::CheckingReachability(Discover::new()),
        }
    }
}

impl Task for Uninstall {
    type Output = ActionResult;

    fn poll(&mut self, context: &mut Context) -> Option<Self::Output> {
        self.run(context)
    }

    fn describe(&self) -> String {
        match &self.state {
            State::CheckingReachability(discover) => discover.describe(),
            State::ListingReleases(_) => "reading the history".to_owned(),
            State::RunningHooksBefore(hooks) | State::RunningHooksAfter(hooks) => hooks.describe(),
            State::RecordingStart(_) => "storing that the uninstall began".to_owned(),
            State::DeletingObjects(delete) => delete.describe(),
            State::WaitingUntilGone(wait) => wait.describe(),
            State::ClosingHistory(close) => close.describe(),
        }
    }
}

impl Steps for Uninstall {
    type State = State;

    fn step(&mut self, context: &mut Context) -> Option<Step<State>> {
        let session = &mut self.session;
        Some(match &mut self.state {
            State::CheckingReachability(discover) => {
                Step::after(discover.poll(context)?, |_| session.list_releases(State::ListingReleases))
            }
            State::ListingReleases(list) => {
                let words = || format!("uninstall: Release not loaded: {}", session.config.release_name);
                let listed =
                    list.poll(&mut session.storage, context)?.map_err(|error| error.context(words()));
                Step::after(listed, |records| self.start(records, context))
            }
            State::RunningHooksBefore(hooks) => {
                Step::after(hooks.poll(session, &mut self.record, context)?, |()| self.record_start())
            }
            State::RecordingStart(update) => {
                warn_not_stored(update.poll(&mut session.storage, context)?, context);
                self.delete_objects(context)
            }
            State::DeletingObjects(delete) => {
                let deleted = delete.poll(context)?;
                self.objects_deleted(deleted, context)
            }
            State::WaitingUntilGone(wait) => {
                let result = wait.poll(context)?.map_err(|error| Session::wait_error(context, &error));
                self.go_on_after(result, Self::run_hooks_after)
            }
            State::RunningHooksAfter(hooks) => {
                let result = hooks.poll(session, &mut self.record, context)?;
                self.go_on_after(result, Self::finish)
            }
            State::ClosingHistory(close) => {
                let result = close.poll(&mut session.storage, context)?;
                self.history_closed(result)
            }
        })
    }

    fn parts(&mut self) -> (&mut Session, &mut ReleaseRecord, &mut State) {
        (&mut self.session, &mut self.record, &mut self.state)
    }
}

impl Uninstall {
    fn start(&mut self, history: Vec<Arc<ReleaseRecord>>, context: &Context) -> Step<State> {
        let Some(last) = history.last() else { return Step::End(Err(HelmError::ReleaseNotFound)) };
        self.record = ReleaseRecord::clone(last);
        self.history = history;
        if self.record.info.status == ReleaseStatus::Uninstalled {
            return match self.options.keep_history {
                true => Step::End(Err(HelmError::AlreadyDeleted(self.record.name.clone()))),
                false => self.purge(),
            };
        }
        self.record.set_status(ReleaseStatus::Uninstalling, "Deletion in progress (or silently failed)");
        self.record.info.deleted = now(context);
        match self.options.disable_hooks {
            true => self.record_start(),
            false => Step::Go(State::RunningHooksBefore(self.hooks(HookEvent::PreDelete))),
        }
    }

    fn hooks(&self, event: HookEvent) -> ExecuteHooks {
        let options = HookOptions { wait: self.options.wait.clone(), server_side: true };
        ExecuteHooks::new(event, &self.record, options)
    }

    fn record_start(&self) -> Step<State> {
        Step::Go(State::RecordingStart(UpdateRelease::new(Arc::new(self.record.clone()))))
    }

    fn delete_objects(&self, context: &mut Context) -> Step<State> {
        match objects_to_delete(&self.record.manifest, &self.session.config, context) {
            Ok(objects) => {
                Step::Go(State::DeletingObjects(Delete::new(objects, self.options.deletion_propagation)))
            }
            Err(error) => {
                let error = error.context("unable to build kubernetes objects for delete").to_string();
                warn(context, "uninstall: Failed to delete release", &[("error", &error)]);
                Step::End(Err(HelmError::DeleteFailed(self.record.name.clone())))
            }
        }
    }

    fn objects_deleted(&mut self, deleted: Deleted, context: &mut Context) -> Step<State> {
        if !deleted.errors.is_empty() {
            let error = join(&deleted.errors, "; ");
            warn(context, "uninstall: Failed to delete release", &[("error", &error)]);
            return Step::End(Err(HelmError::DeleteFailed(self.record.name.clone())));
        }
        match self.options.wait.for_resources() {
            true => Step::Go(State::WaitingUntilGone(Wait::gone(deleted.deleted, self.options.wait.timeout))),
            false => self.run_hooks_after(),
        }
    }

    /// Goes on after a failure, which is told at the end; an interruption ends the uninstall.
    fn go_on_after(
        &mut self,
        result: Result<(), HelmError>,
        next: impl FnOnce(&mut Self) -> Step<State>,
    ) -> Step<State> {
        match result {
            Err(error) if error.is_interrupted() => Step::End(Err(error)),
            result => {
                self.errors.extend(result.err());
                next(self)
            }
        }
    }

    fn run_hooks_after(&mut self) -> Step<State> {
        match self.options.disable_hooks {
            true => self.finish(),
            false => Step::Go(State::RunningHooksAfter(self.hooks(HookEvent::PostDelete))),
        }
    }

    fn finish(&mut self) -> Step<State> {
        self.record.set_status(ReleaseStatus::Uninstalled, "Uninstallation complete");
        match self.options.keep_history {
            true => Step::Go(State::ClosingHistory(CloseHistory::keep(Arc::new(self.record.clone())))),
            false => self.purge(),
        }
    }

    fn purge(&self) -> Step<State> {
        Step::Go(State::ClosingHistory(CloseHistory::purge(&self.history, Arc::new(self.record.clone()))))
    }

    /// An error of the purge is told with the others, unless the release was uninstalled before.
    fn history_closed(&mut self, result: Result<(), HelmError>) -> Step<State> {
        let was_uninstalled = self.history.last().map(|record| &record.info.status);
        if was_uninstalled == Some(&ReleaseStatus::Uninstalled) {
            return Step::End(result);
        }
        if self.options.keep_history {
            return Step::after(result, |()| Step::End(self.completed()));
        }
        self.errors.extend(result.err());
        Step::End(self.completed())
    }

    fn completed(&mut self) -> Result<(), HelmError> {
        match self.errors.is_empty() {
            true => Ok(()),
            false => Err(HelmError::UninstallCompleted(std::mem::take(&mut self.errors))),
        }
    }
}

#[cfg(test)]
mod tests;
