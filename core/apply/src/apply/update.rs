//! Updating a release's objects one after another.

use std::collections::VecDeque;

use pilothouse_machine::{Context, Task};
use pilothouse_protocol::{Failure, Object, ObjectRef};
use serde_json::Value;

use super::create::how_to_create;
use super::own::own_fields;
use super::plan::{Applied, ApplyCause, ApplyError, ApplyPlan, Method};
use super::remove::RemoveAll;
use super::write::{Force, How, Write, WriteError};
use crate::read::Read;
use crate::{ManifestObject, merge};

/// Creates what is missing, updates what exists, then deletes what is no longer in the manifest.
///
/// A failed creation ends it; failed updates are collected, and nothing is deleted then.
#[derive(Debug)]
pub(super) struct UpdateAll {
    method: Method,
    migrate: bool,
    takes_over: bool,
    three_way_custom: bool,
    originals: Vec<ManifestObject>,
    brought: Vec<ManifestObject>,
    forgotten: bool,
    waiting: VecDeque<ManifestObject>,
    removal: RemoveAll,
    applied: Applied,
    causes: Vec<ApplyCause>,
    state: State,
}

#[derive(Debug)]
enum State {
    Next,
    Reading(Box<ManifestObject>, Read),
    Creating(Box<Write>),
    Updating(Box<Write>),
    Removing,
}

impl UpdateAll {
    /// Carries out the plan.
    pub(super) fn new(plan: ApplyPlan) -> Self {
        let gone = plan.originals.iter().map(|original| &original.reference);
        let gone =
            gone.filter(|original| !plan.targets.iter().any(|target| same(&target.reference, original)));
        let removal = RemoveAll::new(gone.cloned());
        Self {
            method: plan.method,
            migrate: plan.migrate_managers,
            takes_over: plan.takes_over,
            three_way_custom: plan.three_way_custom,
            originals: plan.originals,
            brought: plan.brought,
            forgotten: plan.forgotten,
            waiting: plan.targets.into(),
            removal,
            applied: Applied::default(),
            causes: Vec::new(),
            state: State::Next,
        }
    }

    fn step(&mut self, context: &mut Context) -> Option<Step> {
        match &mut self.state {
            State::Next => Some(self.next()),
            State::Reading(target, read) => {
                let reply = read.poll(context)?;
                let target = (**target).clone();
                Some(self.was_read(target, reply))
            }
            State::Creating(write) => {
                let outcome = write.poll(context)?;
                let reference = write.target().reference.clone();
                Some(self.was_created(reference, outcome))
            }
            State::Updating(write) => {
                let outcome = write.poll(context)?;
                let reference = write.target().reference.clone();
                Some(self.was_updated(reference, outcome))
            }
            State::Removing => {
                let removed = self.removal.poll(context)?;
                self.applied.deleted = removed.deleted;
                self.causes.extend(removed.causes);
                Some(Step::End)
            }
        }
    }

    fn next(&mut self) -> Step {
        match self.waiting.pop_front() {
            Some(target) if target.reference.name.is_empty() => {
                // The server chooses the name, so there is nothing to look for.
                Step::To(State::Creating(Box::new(Write::create(target, how_to_create(self.method)))))
            }
            Some(target) => {
                let read = Read::new(target.reference.clone());
                Step::To(State::Reading(Box::new(target), read))
            }
            None if self.causes.is_empty() => Step::To(State::Removing),
            None => Step::End,
        }
    }

    fn was_read(&mut self, target: ManifestObject, reply: Result<Option<Object>, Failure>) -> Step {
        match reply {
            Ok(None) => {
                Step::To(State::Creating(Box::new(Write::create(target, how_to_create(self.method)))))
            }
            Ok(Some(live)) => {
                let known = self.original(&target.reference);
                let own = self.noted(&target.body, &live);
                let how = self.how_to_update(&target.reference, known.is_some(), !own.is_null());
                // What is taken over from somebody else is compared with itself.
                let original = known.map_or_else(
                    || (*live).clone(),
                    |known| merge::united(&target.reference.gvk(), &known, &own),
                );
                let write = Write::update(target, original, Some(live), how);
                Step::To(State::Updating(Box::new(write)))
            }
            Err(failure) => {
                let text = format!("could not get information about the resource: {failure}");
                self.causes = vec![ApplyCause { object: target.reference, failure: Some(failure), text }];
                Step::End
            }
        }
    }

    fn was_created(&mut self, reference: ObjectRef, outcome: Result<Object, WriteError>) -> Step {
        match outcome {
            Ok(object) => {
                self.applied.note_created(reference, &object);
                Step::To(State::Next)
            }
            Err(error) => {
                let text = format!("failed to create resource: {}", error.text);
                self.applied.created.push(reference.clone());
                self.causes = vec![ApplyCause { object: reference, failure: error.failure, text }];
                Step::End
            }
        }
    }

    fn was_updated(&mut self, reference: ObjectRef, outcome: Result<Object, WriteError>) -> Step {
        match outcome {
            Ok(object) => self.applied.note_updated(reference, &object),
            Err(error) => {
                self.applied.updated.push(reference.clone());
                let cause = ApplyCause { object: reference, failure: error.failure, text: error.text };
                self.causes.push(cause);
            }
        }
        Step::To(State::Next)
    }

    /// What the release wrote last, with what failed revisions have brought since.
    fn original(&self, reference: &ObjectRef) -> Option<Value> {
        let known = self.originals.iter().find(|original| same(&original.reference, reference))?;
        let unite =
            |all: Value, brought: &ManifestObject| merge::united(&reference.gvk(), &all, &brought.body);
        Some(self.brought_into(reference).fold(known.body.clone(), unite))
    }

    /// What revisions have brought that nobody knows any more. Server-side apply takes care of it itself.
    fn noted(&self, target: &Value, live: &Value) -> Value {
        match self.method {
            Method::ClientSide { replace: false } if self.forgotten => own_fields(live, target),
            _ => Value::Null,
        }
    }

    fn brought_into<'a>(&'a self, reference: &'a ObjectRef) -> impl Iterator<Item = &'a ManifestObject> {
        self.brought.iter().filter(move |brought| same(&brought.reference, reference))
    }

    fn how_to_update(&self, reference: &ObjectRef, is_known: bool, has_own: bool) -> How {
        match self.method {
            Method::ServerSide { force_conflicts } => {
                let force = match force_conflicts {
                    false => Force::Never,
                    true if is_known && !self.takes_over => Force::Owned,
                    true => Force::All,
                };
                How::Apply { force, migrate: self.migrate }
            }
            Method::ClientSide { replace: true } => How::Replace,
            Method::ClientSide { replace: false } => {
                // Nobody knows how far a failed revision has got: only the live object tells.
                let touched = has_own || self.brought_into(reference).next().is_some();
                How::Merge { three_way_custom: self.three_way_custom || touched }
            }
        }
    }
}

enum Step {
    To(State),
    End,
}

/// Whether two references name the same object; the version of the kind does not matter.
fn same(a: &ObjectRef, b: &ObjectRef) -> bool {
    a.name == b.name && a.namespace == b.namespace && a.kind == b.kind && a.gvk().group() == b.gvk().group()
}

impl Task for UpdateAll {
    type Output = Result<Applied, Box<ApplyError>>;

    fn poll(&mut self, context: &mut Context) -> Option<Self::Output> {
        loop {
            match self.step(context)? {
                Step::To(state) => self.state = state,
                Step::End => {
                    let applied = std::mem::take(&mut self.applied);
                    let causes = std::mem::take(&mut self.causes);
                    return Some(ApplyError::unless_empty(applied, causes, " && "));
                }
            }
        }
    }

    fn describe(&self) -> String {
        let doing = match &self.state {
            State::Next => "applying".to_owned(),
            State::Reading(_, read) => read.describe(),
            State::Creating(write) | State::Updating(write) => write.describe(),
            State::Removing => self.removal.describe(),
        };
        match self.waiting.len() {
            0 => doing,
            left => format!("{doing}, {left} more to apply"),
        }
    }
}
