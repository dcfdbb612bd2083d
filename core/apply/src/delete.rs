//! Deleting objects (Helm `pkg/kube/client.go`, `Delete`).

use pilothouse_machine::{Context, Task};
use pilothouse_protocol::{
    ApiError, Discovery, Failure, Monotonic, ObjectRef, Preconditions, Propagation, Reply, Request, Why,
    metadata,
};

use crate::batch::Batch;
use crate::call::{ATTEMPTS, CONFLICT_ATTEMPTS, CONFLICT_PAUSE, Call, failure_of, rest};
use crate::read::Read;

/// An object could not be deleted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{failure}")]
pub struct DeleteError {
    /// Which.
    pub object: ObjectRef,
    /// Why.
    pub failure: Failure,
}

/// What came of a deletion.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Deleted {
    /// Objects whose deletion the server accepted, or that did not exist.
    pub deleted: Vec<ObjectRef>,
    /// Objects that could not be deleted, in their order.
    pub errors: Vec<DeleteError>,
}

/// Deletes objects in their order; those of a run of equal kind at once. All are tried.
#[derive(Debug)]
pub struct Delete {
    batch: Batch<DeleteOne>,
}

impl Delete {
    /// A task that deletes these objects in this order.
    pub fn new(objects: impl IntoIterator<Item = ObjectRef>, propagation: Propagation) -> Self {
        let tasks =
            objects.into_iter().map(|object| (object.kind.clone(), DeleteOne::new(object, propagation)));
        Self { batch: Batch::new(tasks) }
    }
}

impl Task for Delete {
    type Output = Deleted;

    fn poll(&mut self, context: &mut Context) -> Option<Self::Output> {
        let mut deleted = Deleted::default();
        for (object, outcome) in self.batch.poll(context)? {
            match outcome {
                Ok(()) => deleted.deleted.push(object),
                Err(failure) => deleted.errors.push(DeleteError { object, failure }),
            }
        }
        Some(deleted)
    }

    fn describe(&self) -> String {
        self.batch.describe()
    }
}

/// Deletes one object. What does not exist is deleted.
#[derive(Debug)]
pub(crate) struct DeleteOne {
    object: ObjectRef,
    propagation: Propagation,
    attempt: u32,
    conflicts: u32,
    state: State,
}

#[derive(Debug)]
enum State {
    Resting(Monotonic),
    Deleting(Call),
    /// Whether the kind is served after all.
    Discovering(Call, Failure),
    ReadingBack(Read, Failure),
}

impl DeleteOne {
    /// A task that deletes this object.
    pub(crate) fn new(object: ObjectRef, propagation: Propagation) -> Self {
        Self { object, propagation, attempt: 0, conflicts: 0, state: State::Resting(Monotonic(0)) }
    }

    fn request(&self) -> Request {
        Request::Delete {
            object: self.object.clone(),
            propagation: self.propagation,
            preconditions: Preconditions::default(),
        }
    }

    fn after_failure(&mut self, failure: Failure, context: &Context) -> Result<State, Failure> {
        if failure.is_unknown() {
            return Ok(State::ReadingBack(Read::new(self.object.clone()), failure));
        }
        if failure.api().is_some_and(ApiError::is_conflict) && self.conflicts < CONFLICT_ATTEMPTS {
            self.conflicts += 1;
            return Ok(State::Resting(context.now.monotonic.after_nanos(CONFLICT_PAUSE)));
        }
        Err(failure)
    }
}

fn is_served(discovery: &Discovery, object: &ObjectRef) -> bool {
    discovery.resource(&object.api_version, &object.kind).is_some()
}

impl Task for DeleteOne {
    type Output = (ObjectRef, Result<(), Failure>);

    fn poll(&mut self, context: &mut Context) -> Option<Self::Output> {
        loop {
            let next = match &mut self.state {
                State::Resting(until) => {
                    if !context.wait_until(*until, Why::Backoff) {
                        return None;
                    }
                    self.attempt += 1;
                    Ok(State::Deleting(Call::send(context, self.request())))
                }
                State::Deleting(call) => match call.poll(context)? {
                    // The server answers with the object when finalizers keep it.
                    Reply::Deleted | Reply::Object(_) => return Some((self.object.clone(), Ok(()))),
                    Reply::Failed(failure) if failure.is_object_gone() => {
                        return Some((self.object.clone(), Ok(())));
                    }
                    Reply::Failed(failure) if failure.is_not_found() => {
                        let call = Call::send(context, Request::Discover { fresh: true });
                        Ok(State::Discovering(call, failure))
                    }
                    reply => self.after_failure(failure_of(reply), context),
                },
                State::Discovering(call, failure) => match call.poll(context)? {
                    // With its kind the object has gone, too.
                    Reply::Discovery(discovery) if !is_served(&discovery, &self.object) => {
                        return Some((self.object.clone(), Ok(())));
                    }
                    _ if self.attempt < ATTEMPTS => Ok(State::Resting(rest(context, self.attempt))),
                    _ => Err(failure.clone()),
                },
                State::ReadingBack(read, failure) => match read.poll(context)? {
                    Ok(None) => return Some((self.object.clone(), Ok(()))),
                    Ok(Some(live)) if metadata::is_deleting(&live) => {
                        return Some((self.object.clone(), Ok(())));
                    }
                    Ok(Some(_)) if self.attempt < ATTEMPTS => Ok(State::Resting(rest(context, self.attempt))),
                    Ok(Some(_)) | Err(_) => Err(failure.clone()),
                },
            };
            match next {
                Ok(state) => self.state = state,
                Err(failure) => return Some((self.object.clone(), Err(failure))),
            }
        }
    }

    fn describe(&self) -> String {
        format!("deleting {}", self.object)
    }
}
