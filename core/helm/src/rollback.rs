//! `helm rollback`: an older revision becomes the newest (Helm `pkg/action/rollback.go`, spec 04 §2.1, 05 §4).

use std::collections::VecDeque;
use std::sync::Arc;

use pilothouse_apply::{ApplyPlan, Delete, Method};
use pilothouse_chart::HookEvent;
use pilothouse_machine::{Context, Task};
use pilothouse_protocol::{ErrorClass, ObjectRef, Propagation};
use pilothouse_release::{Info, ReleaseRecord, ReleaseStatus, StorageKey};

use crate::action::{Session, Step, Steps, failure_description, now, warn};
use crate::adopt::{build, build_owned};
use crate::failed_revisions::{failed_since_deployed, objects_of};
use crate::hooks::{HookOptions, warn_not_updated};
use crate::options::apply_method;
use crate::rollout::{Rollout, RolloutError, RolloutHooks, Stage};
use crate::storage::{CreateRelease, GetRelease, ListReleases, UpdateRelease};
use crate::{ActionConfig, ActionResult, Discover, HelmError, ServerSideApply, Storage, WaitOptions};

/// Options of a rollback (spec 05 §4).
#[derive(Debug, Clone)]
pub struct RollbackOptions {
    /// The revision to go back to.
    pub version: u32,
    /// How objects are applied; automatic follows the revision to go back to.
    pub server_side_apply: ServerSideApply,
    /// Replace objects instead of patching them, when they are applied client-side.
    pub force: bool,
    /// How to wait.
    pub wait: WaitOptions,
    /// Do not run hooks.
    pub disable_hooks: bool,
    /// Delete objects that a failed rollback has created.
    pub cleanup_on_fail: bool,
    /// At most so many revisions are kept; zero keeps all.
    pub max_history: usize,
}

/// Rolls a release back.
#[derive(Debug)]
pub struct Rollback {
    session: Session,
    options: RollbackOptions,
    /// The last revision before the rollback.
    current: ReleaseRecord,
    /// Other revisions that failed since the deployed one.
    failed_before: Vec<Arc<ReleaseRecord>>,
    /// The new revision.
    target: ReleaseRecord,
    /// The outcome when what is left to be stored is stored.
    error: Option<HelmError>,
    state: State,
}

#[derive(Debug)]
pub(crate) enum State {
    CheckingReachability(Discover),
    ListingReleases(ListReleases),
    ReadingTarget(GetRelease),
    CreatingRelease(CreateRelease),
    RollingOut(Box<Rollout>),
    ListingDeployed(ListReleases),
    /// The last of them is the new revision.
    Recording {
        update: UpdateRelease,
        rest: VecDeque<ReleaseRecord>,
        created: Vec<ObjectRef>,
    },
    CleaningUp(Delete),
}

impl Rollback {
    /// Rolls the release of `config` back; `storage` comes back with the result.
    #[must_use]
    pub fn new(config: impl Into<Arc<ActionConfig>>, options: RollbackOptions, storage: Storage) -> Self {
        let config = config.into();
        Self {
            session: Session::new(config, storage),
            options,
            current: ReleaseRecord::default(),
            failed_before: Vec::new(),
            target: ReleaseRecord::default(),
            error: None,
            state: State::CheckingReachability(Discover::new()),
        }
    }
}

impl Task for Rollback {
    type Output = ActionResult;

    fn poll(&mut self, context: &mut Context) -> Option<Self::Output> {
        self.run(context)
    }

    fn describe(&self) -> String {
        match &self.state {
            State::CheckingReachability(discover) => discover.describe(),
            State::ListingReleases(_) => "reading the history".to_owned(),
            State::ReadingTarget(_) => "reading the revision to go back to".to_owned(),
            State::CreatingRelease(_) => "storing the new revision".to_owned(),
            State::RollingOut(rollout) => rollout.describe(),
            State::ListingDeployed(_) => "reading the deployed revisions".to_owned(),
            State::Recording { .. } => "storing how the rollback went".to_owned(),
            State::CleaningUp(delete) => delete.describe(),
        }
    }
}

impl Steps for Rollback {
    type State = State;

    fn step(&mut self, context: &mut Context) -> Option<Step<State>> {
        let session = &mut self.session;
        Some(match &mut self.state {
            State::CheckingReachability(discover) => {
                Step::after(discover.poll(context)?, |_| session.list_releases(State::ListingReleases))
            }
            State::ListingReleases(list) => {
                Step::after(list.poll(&mut session.storage, context)?, |records| self.find_target(&records))
            }
            State::ReadingTarget(get) => {
                Step::after(get.poll(&mut session.storage, context)?, |record| self.prepare(&record, context))
            }
            State::CreatingRelease(create) => {
                Step::after(create.poll(&mut session.storage, context)?, |()| self.roll_out(context))
            }
            State::RollingOut(rollout) => match rollout.poll(session, &mut self.target, context)? {
                Ok(()) => session.list_releases(State::ListingDeployed),
                Err(error) => self.fail(error, context),
            },
            State::ListingDeployed(list) => {
                Step::after(list.poll(&mut session.storage, context)?, |records| self.succeed(&records))
            }
            State::Recording { update, rest, created } => {
                let result = update.poll(&mut session.storage, context)?;
                let (rest, created) = (std::mem::take(rest), std::mem::take(created));
                self.recorded(result, rest, created, context)
            }
            State::CleaningUp(delete) => {
                let deleted = delete.poll(context)?;
                self.cleaned_up(deleted.errors.iter().map(ToString::to_string).collect())
            }
        })
    }

    fn parts(&mut self) -> (&mut Session, &mut ReleaseRecord, &mut State) {
        (&mut self.session, &mut self.target, &mut self.state)
    }
}

impl Rollback {
    fn find_target(&mut self, records: &[Arc<ReleaseRecord>]) -> Step<State> {
        let Some(current) = records.last() else { return Step::End(Err(HelmError::ReleaseNotFound)) };
        let version = self.options.version;
        if !records.iter().any(|record| record.version == version) {
            return Step::End(Err(HelmError::NoSuchRevision(version)));
        }
        self.current = ReleaseRecord::clone(current);
        self.failed_before = failed_since_deployed(records, current.version);
        let key = StorageKey::new(current.name.clone(), version);
        Step::Go(State::ReadingTarget(GetRelease::new(key)))
    }

    fn prepare(&mut self, previous: &ReleaseRecord, context: &Context) -> Step<State> {
        let server_side = self.options.server_side_apply.resolve(previous.apply_method);
        self.target = ReleaseRecord {
            name: self.current.name.clone(),
            namespace: self.current.namespace.clone(),
            version: self.current.version.saturating_add(1),
            info: Info {
                first_deployed: self.current.info.first_deployed,
                last_deployed: now(context),
                notes: previous.info.notes.clone(),
                status: ReleaseStatus::PendingRollback,
                // Stays unless the rollback fails.
                description: format!("Rollback to {}", previous.version),
                ..Info::default()
            },
            apply_method: Some(apply_method(server_side)),
            ..previous.clone()
        };
        self.session.hold(&mut self.target, self.options.wait.timeout, context);
        let record = Arc::new(self.target.clone());
        Step::Go(State::CreatingRelease(CreateRelease::new(record, self.options.max_history)))
    }

    fn roll_out(&mut self, context: &mut Context) -> Step<State> {
        let config = &self.session.config;
        let current = build(&self.current.manifest, config, context).map_err(|error| {
            error.context("unable to build kubernetes objects from current release manifest")
        });
        let target = build_owned(&self.target.manifest, config, context)
            .map_err(|error| error.context("unable to build kubernetes objects from new release manifest"));
        let (current, target) = match (current, target) {
            (Ok(current), Ok(target)) => (current, target),
            (Err(error), _) | (_, Err(error)) => {
                let created = Vec::new();
                return self.fail(RolloutError { stage: Stage::BeforeHooks, error, created }, context);
            }
        };
        let server_side = self.target.apply_method == Some(apply_method(true));
        let method = match server_side {
            true => Method::ServerSide { force_conflicts: true },
            false => Method::ClientSide { replace: self.options.force },
        };
        let hooks = RolloutHooks {
            before: HookEvent::PreRollback,
            after: HookEvent::PostRollback,
            disabled: self.options.disable_hooks,
            options: HookOptions { wait: self.options.wait.clone(), server_side },
        };
        let brought = objects_of(&self.failed_before, config, context);
        // A rollback follows a failure, and older ones may have been pruned.
        let plan = ApplyPlan { brought, forgotten: true, ..ApplyPlan::update(current, target, method) };
        Step::Go(State::RollingOut(Box::new(Rollout::new(plan, hooks))))
    }

    /// Closes the new revision. The original leaves it pending after a failed hook (spec 08 row 25).
    fn fail(&mut self, failed: RolloutError, context: &mut Context) -> Step<State> {
        let RolloutError { stage, error, created } = failed;
        let interrupted = error.is_interrupted();
        let what = if stage == Stage::Wait && !interrupted { "Release" } else { "Rollback" };
        let description = failure_description(what, &self.target.name, &error);
        let mut records = VecDeque::new();
        if !interrupted && stage == Stage::Apply {
            warn(context, &description, &[]);
            // One that failed is not superseded: it would count as one that was deployed, and be gone back to next.
            if self.current.info.status == ReleaseStatus::Deployed {
                self.current.info.status = ReleaseStatus::Superseded;
            }
        }
        if !interrupted && matches!(stage, Stage::Apply | Stage::Wait) {
            records.push_back(self.current.clone());
        }
        self.target.set_status(ReleaseStatus::Failed, description);
        records.push_back(self.target.clone());
        self.error = Some(match stage {
            Stage::Wait if !interrupted => error.context(format!("release {} failed", self.target.name)),
            _ => error,
        });
        let clean = !interrupted && stage == Stage::Apply && self.options.cleanup_on_fail;
        record_next(records, if clean { created } else { Vec::new() })
    }

    fn succeed(&mut self, records: &[Arc<ReleaseRecord>]) -> Step<State> {
        let deployed = records.iter().filter(|record| record.info.status == ReleaseStatus::Deployed);
        let mut records: VecDeque<ReleaseRecord> =
            deployed.map(|record| ReleaseRecord::clone(record)).collect();
        for record in &mut records {
            record.info.status = ReleaseStatus::Superseded;
        }
        self.target.info.status = ReleaseStatus::Deployed;
        records.push_back(self.target.clone());
        record_next(records, Vec::new())
    }

    fn recorded(
        &mut self,
        result: Result<(), HelmError>,
        rest: VecDeque<ReleaseRecord>,
        created: Vec<ObjectRef>,
        context: &mut Context,
    ) -> Step<State> {
        let is_last = rest.is_empty();
        if let Err(error) = result {
            // Two deployed revisions would never become one again, as after an upgrade: the new one is closed by an unlock,
            // and the rollback made again. One that is gone need not be marked.
            let matters = is_last || error.class() != ErrorClass::Ordinary;
            if matters && self.error.is_none() {
                return Step::End(Err(error));
            }
            warn_not_updated(context, &self.target, &error);
        }
        if !is_last {
            return record_next(rest, created);
        }
        if !created.is_empty() {
            return Step::Go(State::CleaningUp(Delete::new(created, Propagation::Background)));
        }
        Step::End(self.error.take().map_or(Ok(()), Err))
    }

    fn cleaned_up(&mut self, errors: Vec<String>) -> Step<State> {
        let error = self.error.take();
        if errors.is_empty() {
            return Step::End(error.map_or(Ok(()), Err));
        }
        let words = "an error occurred while cleaning up resources. original rollback error: \
                     unable to cleanup resources";
        Step::End(Err(HelmError::Apply(errors.join(", ")).context(words)))
    }
}

/// Stores the first of these revisions; the others follow.
fn record_next(mut records: VecDeque<ReleaseRecord>, created: Vec<ObjectRef>) -> Step<State> {
    match records.pop_front() {
        Some(record) => {
            let update = UpdateRelease::new(Arc::new(record));
            Step::Go(State::Recording { update, rest: records, created })
        }
        None => Step::End(Ok(())),
    }
}

#[cfg(test)]
mod tests;
