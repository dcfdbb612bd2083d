//! Reading which objects of a manifest exist already.

use std::collections::{BTreeMap, VecDeque};

use pilothouse_machine::{Context, Task};
use pilothouse_protocol::{Failure, Object, ObjectRef, Reply, Request, RequestId};

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
    in_flight: BTreeMap<RequestId, ObjectRef>,
    live: Live,
    error: Option<ReadError>,
}

impl ReadLive {
    /// A task that reads these objects.
    pub fn new(objects: impl IntoIterator<Item = ObjectRef>) -> Self {
        let waiting = objects.into_iter().filter(|object| !object.name.is_empty()).collect();
        Self { waiting, in_flight: BTreeMap::new(), live: Live::new(), error: None }
    }

    fn take_replies(&mut self, context: &mut Context) {
        let ids: Vec<RequestId> = self.in_flight.keys().copied().collect();
        for id in ids {
            let Some(reply) = context.take(id) else { continue };
            let Some(object) = self.in_flight.remove(&id) else { continue };
            match reply {
                Reply::Object(found) => {
                    self.live.insert(object, found);
                }
                Reply::Failed(failure) if failure.is_not_found() => {}
                reply => {
                    let failure = crate::apply::failure_of(reply);
                    self.error.get_or_insert(ReadError { object, failure });
                }
            }
        }
    }
}

impl Task for ReadLive {
    type Output = Result<Live, ReadError>;

    fn poll(&mut self, context: &mut Context) -> Option<Self::Output> {
        self.take_replies(context);
        if let Some(error) = self.error.take() {
            return Some(Err(error));
        }
        while self.in_flight.len() < IN_FLIGHT {
            let Some(object) = self.waiting.pop_front() else { break };
            let id = context.request(Request::Get { object: object.clone() });
            self.in_flight.insert(id, object);
        }
        self.in_flight.is_empty().then(|| Ok(std::mem::take(&mut self.live)))
    }

    fn describe(&self) -> String {
        format!("reading {} objects", self.in_flight.len() + self.waiting.len())
    }
}
