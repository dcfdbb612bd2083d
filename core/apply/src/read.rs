//! Reading objects.

use std::collections::{BTreeMap, VecDeque};

use pilothouse_machine::{Context, Task};
use pilothouse_protocol::{Failure, Monotonic, Object, ObjectRef, Request, Why};

use crate::call::{ATTEMPTS, Call, is_transient, rest};
use crate::ownership::resource_text;

/// Reads in flight at once.
const IN_FLIGHT: usize = 16;

/// Which of the objects exist, as they are on the server.
pub type Live = BTreeMap<ObjectRef, Object>;

/// An object could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("could not get information about the resource {}: {failure}", resource_text(.object))]
pub struct ReadError {
    /// Which.
    pub object: ObjectRef,
    /// Why.
    pub failure: Failure,
}

/// Reads objects; what does not exist is absent from the output. Objects without a name are not asked for.
#[derive(Debug)]
pub struct ReadLive {
    waiting: VecDeque<ObjectRef>,
    in_flight: Vec<Read>,
    live: Live,
}

impl ReadLive {
    /// A task that reads these objects.
    pub fn new(objects: impl IntoIterator<Item = ObjectRef>) -> Self {
        let waiting = objects.into_iter().filter(|object| !object.name.is_empty()).collect();
        Self { waiting, in_flight: Vec::new(), live: Live::new() }
    }
}

impl Task for ReadLive {
    type Output = Result<Live, ReadError>;

    fn poll(&mut self, context: &mut Context) -> Option<Self::Output> {
        loop {
            while self.in_flight.len() < IN_FLIGHT {
                let Some(object) = self.waiting.pop_front() else { break };
                self.in_flight.push(Read::new(object));
            }
            let before = self.in_flight.len();
            for mut read in std::mem::take(&mut self.in_flight) {
                match read.poll(context) {
                    None => self.in_flight.push(read),
                    Some(Ok(None)) => {}
                    Some(Ok(Some(found))) => {
                        self.live.insert(read.object, found);
                    }
                    Some(Err(failure)) => return Some(Err(ReadError { object: read.object, failure })),
                }
            }
            if self.in_flight.is_empty() && self.waiting.is_empty() {
                return Some(Ok(std::mem::take(&mut self.live)));
            }
            if self.in_flight.len() == before {
                return None;
            }
        }
    }

    fn describe(&self) -> String {
        format!("reading {} objects", self.in_flight.len() + self.waiting.len())
    }
}

/// Reads one object; `None` when it does not exist. Transient failures are tried again, boundedly.
#[derive(Debug)]
pub(crate) struct Read {
    object: ObjectRef,
    attempt: u32,
    state: ReadState,
}

#[derive(Debug)]
enum ReadState {
    Resting(Monotonic),
    Asking(Call),
}

impl Read {
    /// A task that reads this object.
    pub(crate) fn new(object: ObjectRef) -> Self {
        Self { object, attempt: 0, state: ReadState::Resting(Monotonic(0)) }
    }
}

impl Task for Read {
    type Output = Result<Option<Object>, Failure>;

    fn poll(&mut self, context: &mut Context) -> Option<Self::Output> {
        loop {
            self.state = match &self.state {
                ReadState::Resting(until) => {
                    if !context.wait_until(*until, Why::Backoff) {
                        return None;
                    }
                    self.attempt += 1;
                    ReadState::Asking(Call::send(context, Request::Get { object: self.object.clone() }))
                }
                ReadState::Asking(call) => match call.poll_object(context)? {
                    Ok(object) => return Some(Ok(Some(object))),
                    Err(failure) if failure.is_object_gone() => return Some(Ok(None)),
                    Err(failure) if is_transient(&failure) && self.attempt < ATTEMPTS => {
                        ReadState::Resting(rest(context, self.attempt))
                    }
                    Err(failure) => return Some(Err(failure)),
                },
            };
        }
    }

    fn describe(&self) -> String {
        format!("reading {}", self.object)
    }
}
