//! `helm install` (Helm `pkg/action/install.go`, spec 04 §2.1, 05 §2).

use std::collections::BTreeSet;
use std::sync::Arc;

use pilothouse_apply::{Apply, ApplyPlan, ManifestObject, Method};
use pilothouse_chart::{Chart, HookEvent, validate_release_name};
use pilothouse_machine::{Context, Task};
use pilothouse_protocol::ObjectRef;
use pilothouse_release::{Info, ReleaseRecord, ReleaseStatus};
use serde_json::{Map, Value};

use crate::action::{Session, Step, Steps, failure_description, now};
use crate::adopt::{FindExisting, among, build_owned};
use crate::hooks::{HookOptions, warn_not_updated};
use crate::namespace::{already_exists, namespace_plan};
use crate::options::apply_method;
use crate::preflight::{CrdsOptions, Preflight};
use crate::render::{RenderChart, RenderInput, Rendered, crd_files};
use crate::rollout::{Rollout, RolloutError, RolloutHooks, Stage};
use crate::storage::{CreateRelease, ListReleases, UpdateRelease};
use crate::{ActionConfig, ActionResult, CrdsPolicy, HelmError, RenderOptions, Storage, WaitOptions};

/// Options of an install (spec 05 §2).
#[derive(Debug, Clone)]
pub struct InstallOptions {
    /// The chart.
    pub chart: Arc<Chart>,
    /// The composed values, without those of the chart.
    pub values: Map<String, Value>,
    /// How the chart is rendered.
    pub render: RenderOptions,
    /// How to wait.
    pub wait: WaitOptions,
    /// Server-side apply.
    pub server_side_apply: bool,
    /// Take objects that exist, whoever owns them.
    pub take_ownership: bool,
    /// Do not run hooks.
    pub disable_hooks: bool,
    /// Create the release namespace.
    pub create_namespace: bool,
    /// Reuse the name of a failed release. An uninstalled one is always followed by the next revision (spec 08 row 7).
    pub replace: bool,
    /// What happens to the CRDs of the chart.
    pub crds: CrdsPolicy,
    /// At most so many revisions are kept when the name is used again; zero keeps all. Helm's install keeps all.
    pub max_history: usize,
}

/// Installs a release.
#[derive(Debug)]
pub struct Install {
    session: Session,
    options: InstallOptions,
    /// The new revision.
    record: ReleaseRecord,
    /// The last revision of the name, if there is one.
    last: Option<Arc<ReleaseRecord>>,
    objects: Vec<ManifestObject>,
    existing: BTreeSet<ObjectRef>,
    state: State,
}

#[derive(Debug)]
pub(crate) enum State {
    Preparing(Preflight),
    ListingReleases(ListReleases),
    Rendering(Box<RenderChart>),
    ReadingLive(FindExisting),
    CreatingNamespace(Apply),
    Superseding(UpdateRelease),
    CreatingRelease(CreateRelease),
    RollingOut(Box<Rollout>),
    Recording { update: UpdateRelease, error: Option<HelmError> },
}

impl Install {
    /// Installs the release of `config`; `storage` comes back with the result.
    #[must_use]
    pub fn new(config: impl Into<Arc<ActionConfig>>, options: InstallOptions, storage: Storage) -> Self {
        let config = config.into();
        let crds = CrdsOptions {
            files: crd_files(&options.chart, &options.values, &storage),
            policy: options.crds,
            server_side: options.server_side_apply,
            wait: options.wait.clone(),
        };
        Self {
            state: State::Preparing(Preflight::new(config.clone(), crds)),
            session: Session::new(config, storage),
            options,
            record: ReleaseRecord::default(),
            last: None,
            objects: Vec::new(),
            existing: BTreeSet::new(),
        }
    }
}

impl Task for Install {
    type Output = ActionResult;

    fn poll(&mut self, context: &mut Context) -> Option<Self::Output> {
        self.run(context)
    }

    fn describe(&self) -> String {
        match &self.state {
            State::Preparing(preflight) => preflight.describe(),
            State::ListingReleases(_) => "checking the release name".to_owned(),
            State::Rendering(render) => render.describe(),
            State::ReadingLive(_) => "reading objects that exist".to_owned(),
            State::CreatingNamespace(_) => "creating the namespace".to_owned(),
            State::Superseding(_) => "storing that the last release is replaced".to_owned(),
            State::CreatingRelease(_) => "storing the new release".to_owned(),
            State::RollingOut(rollout) => rollout.describe(),
            State::Recording { .. } => "storing how the install went".to_owned(),
        }
    }
}

impl Steps for Install {
    type State = State;

    fn step(&mut self, context: &mut Context) -> Option<Step<State>> {
        let session = &mut self.session;
        Some(match &mut self.state {
            State::Preparing(preflight) => {
                let result = preflight.poll(context)?.map_err(|error| match error {
                    HelmError::Unreachable(_) => error.context("cluster reachability check failed"),
                    _ => error,
                });
                Step::after(result, |()| self.list_releases())
            }
            State::ListingReleases(list) => match list.poll(&mut session.storage, context)? {
                Ok(records) => self.check_name(records.into_iter().next_back()),
                Err(error) if error.is_release_not_found() => self.check_name(None),
                Err(error) => Step::End(Err(error.context("release name check failed"))),
            },
            State::Rendering(render) => {
                Step::after(render.poll(&session.config, context)?, |rendered| self.build(rendered, context))
            }
            State::ReadingLive(find) => {
                let found = find.poll(&session.config, context)?;
                let found = found.map_err(|error| error.context("unable to continue with install"));
                Step::after(found, |existing| self.create_namespace(existing))
            }
            State::CreatingNamespace(apply) => match apply.poll(context)? {
                Err(error) if !already_exists(&error) => Step::End(Err(HelmError::apply(&error))),
                Ok(_) | Err(_) => self.supersede(),
            },
            State::Superseding(update) => {
                Step::after(update.poll(&mut session.storage, context)?, |()| self.create_release())
            }
            State::CreatingRelease(create) => {
                Step::after(create.poll(&mut session.storage, context)?, |()| self.roll_out())
            }
            State::RollingOut(rollout) => {
                let result = rollout.poll(session, &mut self.record, context)?;
                self.record_end(result.err())
            }
            State::Recording { update, error } => {
                let (stored, error) = (update.poll(&mut session.storage, context)?, error.take());
                self.recorded(stored, error, context)
            }
        })
    }

    fn parts(&mut self) -> (&mut Session, &mut ReleaseRecord, &mut State) {
        (&mut self.session, &mut self.record, &mut self.state)
    }
}

impl Install {
    fn list_releases(&self) -> Step<State> {
        let name = &self.session.config.release_name;
        let valid = validate_release_name(name).map_err(|error| {
            let error = HelmError::Limit(error.to_string()).context(format!("release name {name:?}"));
            error.context("release name check failed")
        });
        Step::after(valid, |()| self.session.list_releases(State::ListingReleases))
    }

    fn check_name(&mut self, last: Option<Arc<ReleaseRecord>>) -> Step<State> {
        let reusable = last.as_ref().is_none_or(|last| match last.info.status {
            ReleaseStatus::Uninstalled => true,
            ReleaseStatus::Failed => self.options.replace,
            _ => false,
        });
        if !reusable {
            return Step::End(Err(HelmError::NameInUse.context("release name check failed")));
        }
        self.last = last;
        let input = RenderInput {
            chart: self.options.chart.clone(),
            values: self.options.values.clone(),
            // Helm tells templates so even when the name is reused.
            revision: 1,
            is_upgrade: false,
            reuse: None,
        };
        Step::Go(State::Rendering(Box::new(RenderChart::new(input, self.options.render.clone()))))
    }

    fn build(&mut self, rendered: Rendered, context: &Context) -> Step<State> {
        let config = &self.session.config;
        let at = now(context);
        self.record = ReleaseRecord {
            name: config.release_name.clone(),
            namespace: config.release_namespace.clone(),
            version: self.last.as_ref().map_or(1, |last| last.version.saturating_add(1)),
            info: Info { first_deployed: at, last_deployed: at, notes: rendered.notes, ..Info::default() },
            chart: rendered.chart,
            config: rendered.config,
            manifest: rendered.manifest,
            hooks: rendered.hooks,
            apply_method: Some(apply_method(self.options.server_side_apply)),
            ..ReleaseRecord::default()
        };
        self.record.set_status(ReleaseStatus::PendingInstall, "Initial install underway");
        self.session.hold(&mut self.record, self.options.wait.timeout, context);
        if let Err(error) = self.session.storage.check_fits(&self.record) {
            return Step::End(Err(error));
        }
        self.objects = match build_owned(&self.record.manifest, config, context) {
            Ok(objects) => objects,
            Err(error) => {
                let words = "unable to build kubernetes objects from release manifest";
                return Step::End(Err(error.context(words)));
            }
        };
        let references = self.objects.iter().map(|object| object.reference.clone());
        Step::Go(State::ReadingLive(FindExisting::new(references, self.options.take_ownership)))
    }

    fn create_namespace(&mut self, existing: BTreeSet<ObjectRef>) -> Step<State> {
        self.existing = existing;
        if !self.options.create_namespace {
            return self.supersede();
        }
        let plan = namespace_plan(&self.session.config.release_namespace, self.options.server_side_apply);
        Step::Go(State::CreatingNamespace(Apply::new(plan)))
    }

    fn supersede(&mut self) -> Step<State> {
        let replaced = self.last.take().filter(|last| last.info.status != ReleaseStatus::Failed);
        let Some(replaced) = replaced else { return self.create_release() };
        let mut replaced = ReleaseRecord::clone(&replaced);
        replaced.set_status(ReleaseStatus::Superseded, "superseded by new release");
        Step::Go(State::Superseding(UpdateRelease::new(Arc::new(replaced))))
    }

    fn create_release(&self) -> Step<State> {
        // Where a name is reused again and again the history would grow for ever.
        let max_history = if self.record.version > 1 { self.options.max_history } else { 0 };
        Step::Go(State::CreatingRelease(CreateRelease::new(Arc::new(self.record.clone()), max_history)))
    }

    fn roll_out(&mut self) -> Step<State> {
        let server_side = self.options.server_side_apply;
        let (objects, adopts) = (std::mem::take(&mut self.objects), !self.existing.is_empty());
        let method = match server_side {
            // Conflicts are only forced for objects that are adopted.
            true => Method::ServerSide { force_conflicts: adopts },
            false => Method::ClientSide { replace: false },
        };
        let plan = match adopts {
            false => ApplyPlan::create(objects, method),
            true => ApplyPlan {
                migrate_managers: server_side,
                takes_over: true,
                // An install of ours may have brought them whose record somebody has deleted.
                forgotten: true,
                three_way_custom: self.options.take_ownership && !server_side,
                ..ApplyPlan::update(among(&objects, &self.existing), objects, method)
            },
        };
        let hooks = RolloutHooks {
            before: HookEvent::PreInstall,
            after: HookEvent::PostInstall,
            disabled: self.options.disable_hooks,
            options: HookOptions { wait: self.options.wait.clone(), server_side },
        };
        Step::Go(State::RollingOut(Box::new(Rollout::new(plan, hooks))))
    }

    fn record_end(&mut self, failed: Option<RolloutError>) -> Step<State> {
        let error = failed.map(|RolloutError { stage, error, .. }| match stage {
            Stage::BeforeHooks => error.context("failed pre-install"),
            Stage::AfterHooks => error.context("failed post-install"),
            Stage::Apply | Stage::Wait => error,
        });
        match &error {
            None => self.record.set_status(ReleaseStatus::Deployed, "Install complete"),
            Some(error) => {
                let description = failure_description("Release", &self.record.name, error);
                self.record.set_status(ReleaseStatus::Failed, description);
            }
        }
        let update = UpdateRelease::new(Arc::new(self.record.clone()));
        Step::Go(State::Recording { update, error })
    }

    fn recorded(
        &self,
        stored: Result<(), HelmError>,
        error: Option<HelmError>,
        context: &mut Context,
    ) -> Step<State> {
        match (stored, error) {
            // The original counts an install that was not stored as a success (spec 08 row 23).
            (stored, None) => Step::End(stored),
            (Ok(()), Some(error)) => Step::End(Err(error)),
            (Err(not_stored), Some(error)) => {
                warn_not_updated(context, &self.record, &not_stored);
                Step::End(Err(error))
            }
        }
    }
}

#[cfg(test)]
mod tests;
