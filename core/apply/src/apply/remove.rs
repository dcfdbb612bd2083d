//! Deleting what is no longer in the manifest.

use std::collections::VecDeque;

use pilothouse_machine::{Context, Task};
use pilothouse_protocol::{Failure, Object, ObjectRef, Propagation, metadata};

use super::plan::ApplyCause;
use super::words;
use crate::call::is_transient;
use crate::delete::DeleteOne;
use crate::ownership::{KEEP_POLICY, RESOURCE_POLICY};
use crate::read::Read;

/// What was deleted and what could not be.
#[derive(Debug, Default)]
pub(super) struct Removed {
    pub(super) deleted: Vec<ObjectRef>,
    pub(super) causes: Vec<ApplyCause>,
}

/// Deletes objects one after another, except those that shall be kept.
#[derive(Debug)]
pub(super) struct RemoveAll {
    waiting: VecDeque<ObjectRef>,
    removed: Removed,
    state: State,
}

#[derive(Debug)]
enum State {
    Next,
    Reading(ObjectRef, Read),
    Deleting(DeleteOne),
}

impl RemoveAll {
    /// Deletes these objects.
    pub(super) fn new(objects: impl Iterator<Item = ObjectRef>) -> Self {
        let waiting = objects.filter(|object| !object.name.is_empty()).collect();
        Self { waiting, removed: Removed::default(), state: State::Next }
    }

    fn was_read(&mut self, object: ObjectRef, reply: Result<Option<Object>, Failure>) -> State {
        match reply {
            Ok(Some(live)) if metadata::annotation(&live, RESOURCE_POLICY) == Some(KEEP_POLICY) => {
                State::Next
            }
            Ok(Some(_)) => State::Deleting(DeleteOne::new(object, Propagation::Background)),
            // Helm forgets what it cannot read. A read that failed on the way says nothing, so it is not forgotten here.
            Err(failure) if is_transient(&failure) => {
                self.note_failure(object, failure);
                State::Next
            }
            Ok(None) | Err(_) => State::Next,
        }
    }

    fn note_failure(&mut self, object: ObjectRef, failure: Failure) {
        let text = words::removal_failed(&object, &failure);
        self.removed.causes.push(ApplyCause { object, failure: Some(failure), text });
    }
}

impl Task for RemoveAll {
    type Output = Removed;

    fn poll(&mut self, context: &mut Context) -> Option<Self::Output> {
        loop {
            self.state = match &mut self.state {
                State::Next => match self.waiting.pop_front() {
                    Some(object) => State::Reading(object.clone(), Read::new(object)),
                    None => return Some(std::mem::take(&mut self.removed)),
                },
                State::Reading(object, read) => {
                    let reply = read.poll(context)?;
                    let object = object.clone();
                    self.was_read(object, reply)
                }
                State::Deleting(delete) => {
                    match delete.poll(context)? {
                        (object, Ok(())) => self.removed.deleted.push(object),
                        (object, Err(failure)) => self.note_failure(object, failure),
                    }
                    State::Next
                }
            };
        }
    }

    fn describe(&self) -> String {
        match &self.state {
            State::Next => "deleting what is no longer in the manifest".to_owned(),
            State::Reading(_, read) => read.describe(),
            State::Deleting(delete) => delete.describe(),
        }
    }
}
