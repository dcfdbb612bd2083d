//! The part that install, upgrade and rollback have in common: hooks, objects, wait, hooks.

use std::collections::BTreeSet;

use pilothouse_apply::{Applied, Apply, ApplyError, ApplyPlan, ManifestObject, Wait, WaitFor};
use pilothouse_chart::HookEvent;
use pilothouse_machine::{Context, Task};
use pilothouse_protocol::ObjectRef;
use pilothouse_release::ReleaseRecord;

use crate::action::{Session, info};
use crate::hooks::{ExecuteHooks, HookOptions};
use crate::{ActionConfig, HelmError, WaitOptions, WaitStrategy};

/// Hooks to run around the objects.
#[derive(Debug, Clone)]
pub(crate) struct RolloutHooks {
    pub(crate) before: HookEvent,
    pub(crate) after: HookEvent,
    /// Hooks are not run at all.
    pub(crate) disabled: bool,
    pub(crate) options: HookOptions,
}

/// Where a rollout has failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    BeforeHooks,
    Apply,
    Wait,
    AfterHooks,
}

/// A rollout has failed or was interrupted.
#[derive(Debug)]
pub(crate) struct RolloutError {
    pub(crate) stage: Stage,
    pub(crate) error: HelmError,
    /// Objects that did not exist before.
    pub(crate) created: Vec<ObjectRef>,
}

/// Brings a revision onto the cluster.
#[derive(Debug)]
pub(crate) struct Rollout {
    hooks: RolloutHooks,
    plan: ApplyPlan,
    created: Vec<ObjectRef>,
    state: State,
}

#[derive(Debug)]
enum State {
    Start,
    RunningHooksBefore(ExecuteHooks),
    Applying(Apply),
    Waiting(Wait),
    RunningHooksAfter(ExecuteHooks),
}

impl Rollout {
    /// Runs the hooks and carries out the plan. A plan without targets and originals sends nothing.
    pub(crate) fn new(plan: ApplyPlan, hooks: RolloutHooks) -> Self {
        Self { hooks, plan, created: Vec::new(), state: State::Start }
    }

    /// Goes as far as it can. The hooks in `record` are kept up to date.
    pub(crate) fn poll(
        &mut self,
        session: &mut Session,
        record: &mut ReleaseRecord,
        context: &mut Context,
    ) -> Option<Result<(), RolloutError>> {
        loop {
            match &mut self.state {
                State::Start => {
                    self.state = match self.execute(self.hooks.before, record) {
                        Some(hooks) => State::RunningHooksBefore(hooks),
                        None => self.apply(context),
                    };
                }
                State::RunningHooksBefore(hooks) => {
                    if let Err(error) = hooks.poll(session, record, context)? {
                        return Some(Err(self.failed(Stage::BeforeHooks, error)));
                    }
                    self.state = self.apply(context);
                }
                State::Applying(apply) => {
                    let nothing = self.plan.targets.is_empty() && self.plan.originals.is_empty();
                    let applied = if nothing { Ok(Applied::default()) } else { apply.poll(context)? };
                    match applied {
                        Ok(applied) => self.state = State::Waiting(self.wait(session, applied)),
                        Err(error) => return Some(Err(self.apply_failed(*error))),
                    }
                }
                State::Waiting(wait) => {
                    let skipped = self.plan.targets.is_empty() || !self.hooks.options.wait.for_resources();
                    if !skipped && let Err(error) = wait.poll(context)? {
                        let error = Session::wait_error(context, &error);
                        return Some(Err(self.failed(Stage::Wait, error)));
                    }
                    let Some(hooks) = self.execute(self.hooks.after, record) else { return Some(Ok(())) };
                    self.state = State::RunningHooksAfter(hooks);
                }
                State::RunningHooksAfter(hooks) => {
                    let result = hooks.poll(session, record, context)?;
                    return Some(result.map_err(|error| self.failed(Stage::AfterHooks, error)));
                }
            }
        }
    }

    /// What it is doing, for progress displays.
    pub(crate) fn describe(&self) -> String {
        match &self.state {
            State::Start => "starting the rollout".to_owned(),
            State::RunningHooksBefore(hooks) | State::RunningHooksAfter(hooks) => hooks.describe(),
            State::Applying(apply) => apply.describe(),
            State::Waiting(wait) => wait.describe(),
        }
    }

    fn execute(&self, event: HookEvent, record: &ReleaseRecord) -> Option<ExecuteHooks> {
        (!self.hooks.disabled).then(|| ExecuteHooks::new(event, record, self.hooks.options.clone()))
    }

    fn apply(&self, context: &mut Context) -> State {
        let count = self.plan.targets.len().to_string();
        let message =
            if self.plan.create_only { "creating resource(s)" } else { "checking resources for changes" };
        info(context, message, &[("resources", &count)]);
        State::Applying(Apply::new(self.plan.clone()))
    }

    fn wait(&mut self, session: &Session, applied: Applied) -> Wait {
        let wait = &self.hooks.options.wait;
        let objects = named(self.plan.targets.clone(), &applied);
        self.created = applied.created;
        new_wait(&session.config, objects, WaitFor::Ready { jobs: wait.jobs }, wait)
            .not_before(applied.resource_versions)
    }

    fn apply_failed(&mut self, error: ApplyError) -> RolloutError {
        let helm = HelmError::apply(&error);
        self.created = error.applied.created;
        self.failed(Stage::Apply, helm)
    }

    fn failed(&mut self, stage: Stage, error: HelmError) -> RolloutError {
        RolloutError { stage, error, created: std::mem::take(&mut self.created) }
    }
}

/// A wait as the options say, by the origin labels of the HelmRelease.
pub(crate) fn new_wait(
    config: &ActionConfig,
    objects: Vec<ManifestObject>,
    wait_for: WaitFor,
    options: &WaitOptions,
) -> Wait {
    let wait = Wait::new(objects, wait_for, options.timeout, Some(config.origin.clone()));
    match (options.strategy, &options.reader) {
        (WaitStrategy::Legacy, _) => wait.legacy(),
        (WaitStrategy::Watcher | WaitStrategy::HookOnly, Some(reader)) => wait.with_reader(reader.clone()),
        (WaitStrategy::Watcher | WaitStrategy::HookOnly, None) => wait,
    }
}

/// The objects with the names that the server gave to those with `generateName`.
pub(crate) fn named(mut objects: Vec<ManifestObject>, applied: &Applied) -> Vec<ManifestObject> {
    let known: BTreeSet<ObjectRef> = objects.iter().map(|object| object.reference.clone()).collect();
    let mut given: Vec<&ObjectRef> =
        applied.created.iter().filter(|object| !known.contains(object)).collect();
    for object in objects.iter_mut().filter(|object| object.reference.name.is_empty()) {
        let reference = &object.reference;
        let found = given.iter().position(|given| {
            given.gvk() == reference.gvk() && given.namespace == reference.namespace && !given.name.is_empty()
        });
        if let Some(at) = found {
            object.reference = given.remove(at).clone();
        }
    }
    objects.retain(|object| !object.reference.name.is_empty());
    objects
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn generated_names_are_filled_in() {
        let nameless = ObjectRef::namespaced("batch/v1", "Job", "ns", "");
        let plain = ObjectRef::namespaced("v1", "ConfigMap", "ns", "c");
        let objects = [&nameless, &plain, &nameless]
            .map(|reference| ManifestObject { reference: reference.clone(), body: Value::Null });
        let generated = ObjectRef::namespaced("batch/v1", "Job", "ns", "job-x7");
        let applied = Applied { created: vec![generated.clone(), plain.clone()], ..Applied::default() };
        let names: Vec<ObjectRef> =
            named(objects.to_vec(), &applied).into_iter().map(|object| object.reference).collect();
        assert_eq!(names, [generated, plain]);
    }
}
