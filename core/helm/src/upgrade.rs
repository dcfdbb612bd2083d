//! `helm upgrade` (Helm `pkg/action/upgrade.go`, spec 04 §2.1, 05 §3).

use std::collections::BTreeSet;
use std::sync::Arc;

use pilothouse_apply::{ApplyPlan, Delete, ManifestObject, Method};
use pilothouse_chart::{Chart, HookEvent};
use pilothouse_machine::{Context, Task};
use pilothouse_protocol::{ErrorClass, ObjectRef, Propagation};
use pilothouse_release::{Info, ReleaseRecord, ReleaseStatus};
use serde_json::{Map, Value};

use crate::action::{Session, Step, Steps, failure_description, now, warn};
use crate::adopt::{FindExisting, among, build, build_owned};
use crate::failed_revisions::{failed_since_deployed, objects_of};
use crate::hooks::{HookOptions, warn_not_updated};
use crate::options::apply_method;
use crate::preflight::{CrdsOptions, Preflight};
use crate::render::{RenderChart, RenderInput, Rendered, crd_files};
use crate::rollout::{Rollout, RolloutError, RolloutHooks, Stage};
use crate::storage::{CreateRelease, ListReleases, UpdateRelease};
use crate::{
    ActionConfig, ActionResult, CrdsPolicy, HelmError, RenderOptions, ServerSideApply, Storage, WaitOptions,
};

/// Options of an upgrade (spec 05 §3).
#[derive(Debug, Clone)]
pub struct UpgradeOptions {
    /// The chart.
    pub chart: Arc<Chart>,
    /// The composed values, without those of the chart.
    pub values: Map<String, Value>,
    /// How the chart is rendered.
    pub render: RenderOptions,
    /// How to wait.
    pub wait: WaitOptions,
    /// How objects are applied; automatic follows the last revision.
    pub server_side_apply: ServerSideApply,
    /// Replace objects instead of patching them, when they are applied client-side.
    pub force: bool,
    /// Keep the values of the release underneath (Helm's reuse of values).
    pub preserve_values: bool,
    /// Take objects that exist, whoever owns them.
    pub take_ownership: bool,
    /// Revisions may be missing that have failed since the deployed one: what they have brought into objects is removed,
    /// as far as the API server has noted that it is ours alone.
    pub after_failure: bool,
    /// Do not run hooks.
    pub disable_hooks: bool,
    /// Delete objects that a failed upgrade has created.
    pub cleanup_on_fail: bool,
    /// What happens to the CRDs of the chart.
    pub crds: CrdsPolicy,
    /// At most so many revisions are kept; zero keeps all.
    pub max_history: usize,
}

/// Upgrades a release.
#[derive(Debug)]
pub struct Upgrade {
    session: Session,
    options: UpgradeOptions,
    /// The revision that the upgrade starts from.
    original: ReleaseRecord,
    /// The last revision, whatever its status.
    last: Arc<ReleaseRecord>,
    /// Revisions that failed since the original one.
    failed_before: Vec<Arc<ReleaseRecord>>,
    /// The new revision.
    record: ReleaseRecord,
    current: Vec<ManifestObject>,
    brought: Vec<ManifestObject>,
    target: Vec<ManifestObject>,
    /// How the rollout went, while that is being stored.
    failed: Option<RolloutError>,
    state: State,
}

#[derive(Debug)]
pub(crate) enum State {
    ListingReleases(ListReleases),
    Preparing(Preflight),
    Rendering(Box<RenderChart>),
    ReadingLive(FindExisting),
    CreatingRelease(CreateRelease),
    RollingOut(Box<Rollout>),
    RecordingOriginal(UpdateRelease),
    Recording(UpdateRelease),
    CleaningUp(Delete),
}

impl Upgrade {
    /// Upgrades the release of `config`; `storage` comes back with the result.
    #[must_use]
    pub fn new(config: impl Into<Arc<ActionConfig>>, options: UpgradeOptions, storage: Storage) -> Self {
        let config = config.into();
        let list = ListReleases::new(&config.release_name);
        Self {
            session: Session::new(config, storage),
            options,
            original: ReleaseRecord::default(),
            last: Arc::default(),
            failed_before: Vec::new(),
            record: ReleaseRecord::default(),
            current: Vec::new(),
            brought: Vec::new(),
            target: Vec::new(),
            failed: None,
            state: State::ListingReleases(list),
        }
    }
}

impl Task for Upgrade {
    type Output = ActionResult;

    fn poll(&mut self, context: &mut Context) -> Option<Self::Output> {
        self.run(context)
    }

    fn describe(&self) -> String {
        match &self.state {
            State::ListingReleases(_) => "reading the history".to_owned(),
            State::Preparing(preflight) => preflight.describe(),
            State::Rendering(render) => render.describe(),
            State::ReadingLive(_) => "reading objects that exist".to_owned(),
            State::CreatingRelease(_) => "storing the new revision".to_owned(),
            State::RollingOut(rollout) => rollout.describe(),
            State::RecordingOriginal(_) => "storing the previous revision".to_owned(),
            State::Recording(_) => "storing how the upgrade went".to_owned(),
            State::CleaningUp(delete) => delete.describe(),
        }
    }
}

impl Steps for Upgrade {
    type State = State;

    fn step(&mut self, context: &mut Context) -> Option<Step<State>> {
        let session = &mut self.session;
        Some(match &mut self.state {
            State::ListingReleases(list) => {
                let listed = list.poll(&mut session.storage, context)?;
                Step::after(listed.map_err(|error| self.no_releases(error)), |records| {
                    self.choose_original(&records)
                })
            }
            State::Preparing(preflight) => Step::after(preflight.poll(context)?, |()| self.render()),
            State::Rendering(render) => {
                Step::after(render.poll(&session.config, context)?, |rendered| self.build(rendered, context))
            }
            State::ReadingLive(find) => {
                let found = find.poll(&session.config, context)?;
                let found = found.map_err(|error| error.context("unable to continue with update"));
                Step::after(found, |existing| self.create_release(&existing))
            }
            State::CreatingRelease(create) => {
                Step::after(create.poll(&mut session.storage, context)?, |()| self.roll_out())
            }
            State::RollingOut(rollout) => match rollout.poll(session, &mut self.record, context)? {
                Ok(()) => self.succeed(),
                Err(failed) => self.fail(failed, context),
            },
            State::RecordingOriginal(update) => match update.poll(&mut session.storage, context)? {
                // Two deployed revisions would never become one again: the new one is closed by an unlock, and the upgrade
                // made again. One that is gone need not be marked.
                Err(error) if self.failed.is_none() && error.class() != ErrorClass::Ordinary => {
                    Step::End(Err(error))
                }
                Err(error) => {
                    warn_not_updated(context, &self.original, &error);
                    self.record_end()
                }
                Ok(()) => self.record_end(),
            },
            State::Recording(update) => {
                let result = update.poll(&mut session.storage, context)?;
                self.recorded(result, context)
            }
            State::CleaningUp(delete) => {
                let deleted = delete.poll(context)?;
                self.cleaned_up(deleted.errors.iter().map(ToString::to_string).collect())
            }
        })
    }

    fn parts(&mut self) -> (&mut Session, &mut ReleaseRecord, &mut State) {
        (&mut self.session, &mut self.record, &mut self.state)
    }
}

impl Upgrade {
    fn no_releases(&self, error: HelmError) -> HelmError {
        match error {
            HelmError::ReleaseNotFound => {
                HelmError::NoDeployedReleases(self.session.config.release_name.clone())
            }
            other => other,
        }
    }

    fn choose_original(&mut self, records: &[Arc<ReleaseRecord>]) -> Step<State> {
        let Some(last) = records.last() else {
            return Step::End(Err(HelmError::NoDeployedReleases(self.session.config.release_name.clone())));
        };
        if last.info.status.is_pending() {
            return Step::End(Err(HelmError::Pending));
        }
        let is_base = matches!(last.info.status, ReleaseStatus::Failed | ReleaseStatus::Superseded);
        let deployed = records.iter().rev().find(|record| record.info.status == ReleaseStatus::Deployed);
        let Some(original) = deployed.or(is_base.then_some(last)) else {
            return Step::End(Err(HelmError::NoDeployedReleases(last.name.clone())));
        };
        self.original = ReleaseRecord::clone(original);
        self.last = last.clone();
        self.failed_before = failed_since_deployed(records, self.original.version);
        let crds = CrdsOptions {
            files: crd_files(&self.options.chart, &self.options.values, &self.session.storage),
            policy: self.options.crds,
            server_side: self.server_side(),
            wait: self.options.wait.clone(),
        };
        Step::Go(State::Preparing(Preflight::new(self.session.config.clone(), crds)))
    }

    fn server_side(&self) -> bool {
        self.options.server_side_apply.resolve(self.last.apply_method)
    }

    fn render(&self) -> Step<State> {
        let input = RenderInput {
            chart: self.options.chart.clone(),
            values: self.options.values.clone(),
            revision: self.last.version.saturating_add(1),
            is_upgrade: true,
            reuse: self.options.preserve_values.then(|| Arc::new(self.original.clone())),
        };
        Step::Go(State::Rendering(Box::new(RenderChart::new(input, self.options.render.clone()))))
    }

    fn build(&mut self, rendered: Rendered, context: &Context) -> Step<State> {
        let mut labels = self.last.labels.clone();
        labels.retain(|_, value| value != "null");
        self.record = ReleaseRecord {
            name: self.last.name.clone(),
            namespace: self.original.namespace.clone(),
            version: self.last.version.saturating_add(1),
            info: Info {
                first_deployed: self.original.info.first_deployed,
                last_deployed: now(context),
                notes: rendered.notes,
                ..Info::default()
            },
            chart: rendered.chart,
            config: rendered.config,
            manifest: rendered.manifest,
            hooks: rendered.hooks,
            labels,
            apply_method: Some(apply_method(self.server_side())),
        };
        self.record.set_status(ReleaseStatus::PendingUpgrade, "Preparing upgrade");
        self.session.hold(&mut self.record, self.options.wait.timeout, context);
        if let Err(error) = self.session.storage.check_fits(&self.record) {
            return Step::End(Err(error));
        }
        let config = &self.session.config;
        // Helm builds the new objects first, and says nothing in front of what is wrong with them.
        self.target = match build_owned(&self.record.manifest, config, context) {
            Ok(objects) => objects,
            Err(error) => return Step::End(Err(error)),
        };
        self.current = match build(&self.original.manifest, config, context) {
            Ok(objects) => objects,
            Err(error) => {
                let words = "unable to build kubernetes objects from current release manifest";
                return Step::End(Err(error.context(words)));
            }
        };
        self.brought = objects_of(&self.failed_before, config, context);
        let known: BTreeSet<&ObjectRef> = self.current.iter().map(|object| &object.reference).collect();
        let references = self.target.iter().map(|object| &object.reference);
        let created: Vec<ObjectRef> = references.filter(|object| !known.contains(object)).cloned().collect();
        Step::Go(State::ReadingLive(FindExisting::new(created, self.options.take_ownership)))
    }

    fn create_release(&mut self, existing: &BTreeSet<ObjectRef>) -> Step<State> {
        let adopted = among(&self.target, existing);
        self.current.extend(adopted);
        let record = Arc::new(self.record.clone());
        Step::Go(State::CreatingRelease(CreateRelease::new(record, self.options.max_history)))
    }

    fn roll_out(&mut self) -> Step<State> {
        let server_side = self.server_side();
        let method = match server_side {
            true => Method::ServerSide { force_conflicts: true },
            false => Method::ClientSide { replace: self.options.force },
        };
        let revisions = [&self.original].into_iter().chain(self.failed_before.iter().map(Arc::as_ref));
        let was_server_side =
            revisions.into_iter().all(|revision| revision.apply_method == Some(apply_method(true)));
        let (current, target) = (std::mem::take(&mut self.current), std::mem::take(&mut self.target));
        let plan = ApplyPlan {
            migrate_managers: server_side && (!was_server_side || self.options.after_failure),
            forgotten: self.options.after_failure,
            brought: std::mem::take(&mut self.brought),
            ..ApplyPlan::update(current, target, method)
        };
        let hooks = RolloutHooks {
            before: HookEvent::PreUpgrade,
            after: HookEvent::PostUpgrade,
            disabled: self.options.disable_hooks,
            options: HookOptions { wait: self.options.wait.clone(), server_side },
        };
        Step::Go(State::RollingOut(Box::new(Rollout::new(plan, hooks))))
    }

    fn succeed(&mut self) -> Step<State> {
        self.original.info.status = ReleaseStatus::Superseded;
        self.record.set_status(ReleaseStatus::Deployed, "Upgrade complete");
        Step::Go(State::RecordingOriginal(UpdateRelease::new(Arc::new(self.original.clone()))))
    }

    /// After a failure of objects, not of hooks, Helm writes the original revision again as it is.
    fn fail(&mut self, failed: RolloutError, context: &mut Context) -> Step<State> {
        let RolloutError { stage, error, created } = failed;
        let error = match stage {
            Stage::BeforeHooks => error.context("pre-upgrade hooks failed"),
            Stage::AfterHooks => error.context("post-upgrade hooks failed"),
            Stage::Apply | Stage::Wait => error,
        };
        let interrupted = error.is_interrupted();
        if !interrupted {
            let attributes = [("name", self.record.name.as_str()), ("error", &error.to_string())];
            warn(context, "upgrade failed", &attributes);
        }
        let description = failure_description("Upgrade", &self.record.name, &error);
        self.record.set_status(ReleaseStatus::Failed, description);
        self.failed = Some(RolloutError { stage, error, created });
        match stage {
            Stage::Apply | Stage::Wait if !interrupted => {
                Step::Go(State::RecordingOriginal(UpdateRelease::new(Arc::new(self.original.clone()))))
            }
            _ => self.record_end(),
        }
    }

    fn record_end(&self) -> Step<State> {
        Step::Go(State::Recording(UpdateRelease::new(Arc::new(self.record.clone()))))
    }

    fn recorded(&mut self, result: Result<(), HelmError>, context: &mut Context) -> Step<State> {
        let Some(failed) = &self.failed else { return Step::End(result) };
        if let Err(error) = result {
            warn_not_updated(context, &self.record, &error);
        }
        let clean = self.options.cleanup_on_fail && !failed.error.is_interrupted();
        if clean && !failed.created.is_empty() {
            let delete = Delete::new(failed.created.clone(), Propagation::Background);
            return Step::Go(State::CleaningUp(delete));
        }
        self.cleaned_up(Vec::new())
    }

    fn cleaned_up(&mut self, errors: Vec<String>) -> Step<State> {
        let Some(failed) = self.failed.take() else { return Step::End(Ok(())) };
        if errors.is_empty() {
            return Step::End(Err(failed.error));
        }
        let words = format!(
            "an error occurred while cleaning up resources. original upgrade error: {}: unable to cleanup resources",
            failed.error
        );
        Step::End(Err(HelmError::Apply(errors.join(", ")).context(words)))
    }
}

#[cfg(test)]
mod tests;
