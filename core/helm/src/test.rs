//! `helm test` (Helm `pkg/action/release_testing.go`, spec 05 §4).

use std::sync::Arc;

use pilothouse_chart::{Hook, HookEvent};
use pilothouse_machine::{Context, Task};
use pilothouse_release::{ApplyMethod, ReleaseRecord};

use crate::action::{Session, Step, Steps};
use crate::clean_hooks::{CleanHooks, Cleanup};
use crate::hooks::{HookOptions, HooksRun, RunHooks, warn_not_updated};
use crate::storage::{ListReleases, UpdateRelease};
use crate::{ActionConfig, ActionResult, Discover, HelmError, Storage, WaitOptions};

/// Options of a test (spec 05 §4).
#[derive(Debug, Clone)]
pub struct TestOptions {
    /// How to wait.
    pub wait: WaitOptions,
    /// Which hooks run.
    pub filters: TestFilters,
}

/// Selects hooks by name.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TestFilters {
    /// Only these run; all when empty.
    pub include: Vec<String>,
    /// These never run.
    pub exclude: Vec<String>,
}

impl TestFilters {
    /// Whether a hook of this name runs.
    #[must_use]
    pub fn selects(&self, name: &str) -> bool {
        let listed = |names: &[String]| names.iter().any(|listed| listed == name);
        !listed(&self.exclude) && (self.include.is_empty() || listed(&self.include))
    }
}

/// Runs the test hooks of the last revision, one after another, until one fails.
#[derive(Debug)]
pub struct TestRelease {
    session: Session,
    options: TestOptions,
    record: ReleaseRecord,
    state: State,
}

#[derive(Debug)]
pub(crate) enum State {
    CheckingReachability(Discover),
    ListingReleases(ListReleases),
    RunningHooks(RunHooks),
    Recording { update: UpdateRelease, result: Result<(), HelmError>, cleanup: Cleanup },
    CleaningUp { clean: CleanHooks, result: Result<(), HelmError> },
}

impl TestRelease {
    /// Tests the release of `config`; `storage` comes back with the result.
    #[must_use]
    pub fn new(config: impl Into<Arc<ActionConfig>>, options: TestOptions, storage: Storage) -> Self {
        let config = config.into();
        Self {
            session: Session::new(config, storage),
            options,
            record: ReleaseRecord::default(),
            state: State::CheckingReachability(Discover::new()),
        }
    }
}

impl Task for TestRelease {
    /// The outcome is the tested revision, or why a test failed; the hooks of the revision in the journal say which.
    type Output = ActionResult;

    fn poll(&mut self, context: &mut Context) -> Option<Self::Output> {
        self.run(context)
    }

    fn describe(&self) -> String {
        match &self.state {
            State::CheckingReachability(discover) => discover.describe(),
            State::ListingReleases(_) => "reading the history".to_owned(),
            State::RunningHooks(_) => "running test hooks".to_owned(),
            State::Recording { .. } => "storing the result of the test".to_owned(),
            State::CleaningUp { .. } => "deleting test hooks".to_owned(),
        }
    }
}

impl Steps for TestRelease {
    type State = State;

    fn step(&mut self, context: &mut Context) -> Option<Step<State>> {
        let session = &mut self.session;
        Some(match &mut self.state {
            State::CheckingReachability(discover) => {
                Step::after(discover.poll(context)?, |_| session.list_releases(State::ListingReleases))
            }
            State::ListingReleases(list) => {
                Step::after(list.poll(&mut session.storage, context)?, |records| self.start(&records))
            }
            State::RunningHooks(hooks) => {
                let HooksRun { result, cleanup } = hooks.poll(session, &mut self.record, context)?;
                let update = UpdateRelease::new(Arc::new(self.record.clone()));
                Step::Go(State::Recording { update, result, cleanup })
            }
            State::Recording { update, result, cleanup } => {
                let stored = update.poll(&mut session.storage, context)?;
                let (result, cleanup) = (std::mem::replace(result, Ok(())), std::mem::take(cleanup));
                self.clean_up(stored, result, cleanup, context)
            }
            State::CleaningUp { clean, result } => {
                // Errors are dropped: the result is stored already.
                let _ = clean.poll(session, context)?;
                Step::End(std::mem::replace(result, Ok(())))
            }
        })
    }

    fn parts(&mut self) -> (&mut Session, &mut ReleaseRecord, &mut State) {
        (&mut self.session, &mut self.record, &mut self.state)
    }
}

impl TestRelease {
    fn start(&mut self, records: &[Arc<ReleaseRecord>]) -> Step<State> {
        let Some(last) = records.last() else { return Step::End(Err(HelmError::ReleaseNotFound)) };
        let mut record = ReleaseRecord::clone(last);
        // Helm stores the hooks that it leaves out before the others.
        let (run, left_out): (Vec<Hook>, Vec<Hook>) =
            record.hooks.into_iter().partition(|hook| self.options.filters.selects(&hook.name));
        record.hooks = left_out.into_iter().chain(run).collect();
        let server_side = record.apply_method == Some(ApplyMethod::ServerSide);
        let options = HookOptions { wait: self.options.wait.clone(), server_side };
        let filters = &self.options.filters;
        let hooks = RunHooks::new(HookEvent::Test, &record, options, |hook| filters.selects(&hook.name));
        self.record = record;
        Step::Go(State::RunningHooks(hooks))
    }

    fn clean_up(
        &self,
        stored: Result<(), HelmError>,
        result: Result<(), HelmError>,
        cleanup: Cleanup,
        context: &mut Context,
    ) -> Step<State> {
        let result = match (stored, result) {
            (stored, Ok(())) => stored,
            (Ok(()), failed) => failed,
            (Err(error), failed) => {
                warn_not_updated(context, &self.record, &error);
                failed
            }
        };
        let clean = CleanHooks::new(cleanup, &self.record.hooks, &self.options.wait);
        Step::Go(State::CleaningUp { clean, result })
    }
}

#[cfg(test)]
mod tests;
