//! Running the hooks of one event (Helm `pkg/action/hooks.go`, spec 05 §4).

use std::sync::Arc;

use pilothouse_apply::{
    Applied, Apply, ApplyError, ApplyPlan, ManifestObject, Method, Wait, WaitError, WaitFor,
};
use pilothouse_chart::{Hook, HookDeletePolicy, HookEvent, HookExecution, HookPhase};
use pilothouse_machine::twin::{Twin, is_back};
use pilothouse_machine::{Context, Task};
use pilothouse_release::ReleaseRecord;

use crate::action::{Session, now, warn};
use crate::adopt::build;
use crate::clean_hooks::{CleanHooks, Cleanup};
use crate::delete_hook::DeleteHook;
use crate::storage::UpdateRelease;
use crate::{HelmError, WaitOptions};

/// How hooks are run.
#[derive(Debug, Clone)]
pub(crate) struct HookOptions {
    pub(crate) wait: WaitOptions,
    pub(crate) server_side: bool,
}

/// Runs the hooks of one event in their order, until one fails. What its delete policies ask for afterwards is the
/// [`Cleanup`] in the output.
#[derive(Debug)]
pub(crate) struct RunHooks {
    event: HookEvent,
    options: HookOptions,
    /// Positions in `record.hooks`, in the order of execution.
    order: Vec<usize>,
    current: usize,
    state: State,
}

#[derive(Debug)]
enum State {
    Start,
    /// `None` when the previous object stays.
    DeletingPrevious(Option<DeleteHook>),
    RecordingStart {
        update: UpdateRelease,
        objects: Vec<ManifestObject>,
    },
    Creating {
        apply: Apply,
        objects: Vec<ManifestObject>,
    },
    Waiting(Wait),
}

/// How the hooks of an event went.
#[derive(Debug)]
pub(crate) struct HooksRun {
    pub(crate) result: Result<(), HelmError>,
    pub(crate) cleanup: Cleanup,
}

impl RunHooks {
    /// Runs the hooks of the release for an event; `selected` leaves hooks out.
    pub(crate) fn new(
        event: HookEvent,
        record: &ReleaseRecord,
        options: HookOptions,
        selected: impl Fn(&Hook) -> bool,
    ) -> Self {
        let hooks = &record.hooks;
        let mut order: Vec<usize> = (0..hooks.len())
            .filter(|at| hooks[*at].events.contains(&event) && selected(&hooks[*at]))
            .collect();
        order.sort_by(|a, b| (hooks[*a].weight, &hooks[*a].name).cmp(&(hooks[*b].weight, &hooks[*b].name)));
        Self { event, options, order, current: 0, state: State::Start }
    }

    /// Goes as far as it can. The hooks in `record` are kept up to date.
    pub(crate) fn poll(
        &mut self,
        session: &mut Session,
        record: &mut ReleaseRecord,
        context: &mut Context,
    ) -> Option<HooksRun> {
        loop {
            if self.order.get(self.current).is_none_or(|at| *at >= record.hooks.len()) {
                return Some(HooksRun { result: Ok(()), cleanup: self.after_success() });
            }
            match &mut self.state {
                State::Start => self.delete_previous(record),
                State::DeletingPrevious(delete) => {
                    let deleted = match delete {
                        Some(delete) => delete.poll(session, context)?,
                        None => Ok(()),
                    };
                    if deleted.is_err() && self.event == HookEvent::Test && is_back(Twin::Hc1546) {
                        self.current += 1;
                        self.state = State::Start;
                        continue;
                    }
                    match deleted.and_then(|()| self.record_start(session, record, context)) {
                        Ok(state) => self.state = state,
                        Err(error) => return Some(ended(error)),
                    }
                }
                State::RecordingStart { update, objects } => {
                    if let Err(error) = update.poll(&mut session.storage, context)? {
                        warn_not_updated(context, record, &error);
                    }
                    let objects = std::mem::take(objects);
                    self.create(objects, record);
                }
                State::Creating { apply, objects } => {
                    let (result, objects) = (apply.poll(context)?, std::mem::take(objects));
                    if let Err(error) = self.created(result, objects, session, record, context) {
                        return Some(ended(error));
                    }
                }
                State::Waiting(wait) => {
                    let result = wait.poll(context)?;
                    if let Err(run) = self.waited(result, record, context) {
                        return Some(run);
                    }
                }
            }
        }
    }

    fn delete_previous(&mut self, record: &mut ReleaseRecord) {
        let hook = &mut record.hooks[self.order[self.current]];
        if hook.delete_policies.is_empty() {
            hook.delete_policies.push(HookDeletePolicy::BeforeHookCreation);
        }
        let deletes = hook.delete_policies.contains(&HookDeletePolicy::BeforeHookCreation);
        self.state = State::DeletingPrevious(deletes.then(|| DeleteHook::new(hook, &self.options.wait)));
    }

    /// Goes on to the next hook, or ends with the one that has failed.
    fn waited(
        &mut self,
        result: Result<(), WaitError>,
        record: &mut ReleaseRecord,
        context: &Context,
    ) -> Result<(), HooksRun> {
        let hook = &mut record.hooks[self.order[self.current]];
        if let Err(error) = waited(result, hook, context) {
            let failed = hook.last_run.phase == HookPhase::Failed;
            let cleanup = if failed { self.after_failure() } else { Cleanup::default() };
            return Err(HooksRun { result: Err(error), cleanup });
        }
        self.current += 1;
        self.state = State::Start;
        Ok(())
    }

    /// Goes on to wait for what was created.
    fn created(
        &mut self,
        result: Result<Applied, Box<ApplyError>>,
        objects: Vec<ManifestObject>,
        session: &Session,
        record: &mut ReleaseRecord,
        context: &Context,
    ) -> Result<(), HelmError> {
        let applied = result.map_err(|error| {
            let error = HelmError::apply(&error);
            self.creation_failed(error, record, context)
        })?;
        let objects = crate::rollout::named(objects, &applied);
        self.state = State::Waiting(self.wait(session, objects).not_before(applied.resource_versions));
        Ok(())
    }

    /// Builds the objects of the current hook and stores that it runs.
    fn record_start(
        &self,
        session: &mut Session,
        record: &mut ReleaseRecord,
        context: &mut Context,
    ) -> Result<State, HelmError> {
        let hook = &mut record.hooks[self.order[self.current]];
        let objects = build(&hook.manifest, &session.config, context).map_err(|error| {
            let event = self.event.name();
            error.context(format!("unable to build kubernetes object for {event} hook {}", hook.path))
        })?;
        hook.last_run =
            HookExecution { started_at: now(context), phase: HookPhase::Running, ..HookExecution::default() };
        Ok(State::RecordingStart { update: UpdateRelease::new(Arc::new(record.clone())), objects })
    }

    fn create(&mut self, objects: Vec<ManifestObject>, record: &mut ReleaseRecord) {
        // Stays if the outcome never becomes known.
        record.hooks[self.order[self.current]].last_run.phase = HookPhase::Unknown;
        let method = match self.options.server_side {
            true => Method::ServerSide { force_conflicts: false },
            false => Method::ClientSide { replace: false },
        };
        let apply = Apply::new(ApplyPlan::create(objects.clone(), method));
        self.state = State::Creating { apply, objects };
    }

    fn creation_failed(&self, error: HelmError, record: &mut ReleaseRecord, context: &Context) -> HelmError {
        let hook = &mut record.hooks[self.order[self.current]];
        hook.last_run.completed_at = now(context);
        hook.last_run.phase = HookPhase::Failed;
        error.context(format!("warning: Hook {} {} failed", self.event.name(), hook.path))
    }

    fn wait(&self, session: &Session, objects: Vec<ManifestObject>) -> Wait {
        crate::rollout::new_wait(&session.config, objects, WaitFor::HookReady, &self.options.wait)
    }

    /// From the last hook to the first; the first error ends it.
    fn after_success(&self) -> Cleanup {
        let deletions = self.order.iter().rev().map(|at| (*at, HookDeletePolicy::HookSucceeded));
        Cleanup { tolerated: 0, deletions: deletions.collect() }
    }

    /// The failed hook, whatever comes of it, then those that have succeeded before.
    fn after_failure(&self) -> Cleanup {
        let failed = self.order.get(self.current).map(|at| (*at, HookDeletePolicy::HookFailed));
        let succeeded = self.order.iter().take(self.current).map(|at| (*at, HookDeletePolicy::HookSucceeded));
        Cleanup { tolerated: 1, deletions: failed.into_iter().chain(succeeded).collect() }
    }
}

/// Runs the hooks of one event with what their delete policies ask for.
#[derive(Debug)]
pub(crate) enum ExecuteHooks {
    /// Hooks are run.
    Running(RunHooks),
    /// Their objects are deleted.
    Cleaning {
        /// The deletions.
        clean: CleanHooks,
        /// How the hooks went.
        result: Result<(), HelmError>,
    },
}

impl ExecuteHooks {
    /// Runs all hooks of the release for an event.
    pub(crate) fn new(event: HookEvent, record: &ReleaseRecord, options: HookOptions) -> Self {
        Self::Running(RunHooks::new(event, record, options, |_| true))
    }

    /// What it is doing, for progress displays.
    pub(crate) fn describe(&self) -> String {
        match self {
            Self::Running(run) => format!("running {} hooks", run.event.name()),
            Self::Cleaning { .. } => "deleting hooks".to_owned(),
        }
    }

    /// Goes as far as it can.
    pub(crate) fn poll(
        &mut self,
        session: &mut Session,
        record: &mut ReleaseRecord,
        context: &mut Context,
    ) -> Option<Result<(), HelmError>> {
        loop {
            match self {
                Self::Running(run) => {
                    let wait = run.options.wait.clone();
                    let HooksRun { result, cleanup } = run.poll(session, record, context)?;
                    *self = Self::Cleaning { clean: CleanHooks::new(cleanup, &record.hooks, &wait), result };
                }
                Self::Cleaning { clean, result } => {
                    let cleaned = clean.poll(session, context)?;
                    return Some(cleaned.and(std::mem::replace(result, Ok(()))));
                }
            }
        }
    }
}

/// Says in Helm's log that a revision could not be updated, where the action goes on.
pub(crate) fn warn_not_updated(context: &mut Context, record: &ReleaseRecord, error: &HelmError) {
    let revision = record.version.to_string();
    let error = error.to_string();
    let attributes = [("name", record.name.as_str()), ("revision", &revision), ("error", &error)];
    warn(context, "failed to update release", &attributes);
}

/// Writes down how a hook went. After an interruption nobody knows.
fn waited(result: Result<(), WaitError>, hook: &mut Hook, context: &Context) -> Result<(), HelmError> {
    hook.last_run.completed_at = now(context);
    let result = result.map_err(|error| Session::wait_error(context, &error));
    hook.last_run.phase = match &result {
        Ok(()) => HookPhase::Succeeded,
        Err(error) if error.is_interrupted() => HookPhase::Unknown,
        Err(_) => HookPhase::Failed,
    };
    result
}

fn ended(error: HelmError) -> HooksRun {
    HooksRun { result: Err(error), cleanup: Cleanup::default() }
}
