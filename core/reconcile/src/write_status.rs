//! The one write of a step: the whole status, when it differs (law 4).

use std::sync::Arc;

use pilothouse_machine::Context;
use pilothouse_machine::twin::{Twin, is_back};
use pilothouse_protocol::{ApiError, Failure, Patch, Reply, Request, RequestId};
use serde_json::{Value, json};

use crate::Subject;
use crate::compact::Compact;
use crate::merge_patch::merge_patch;

/// Tries of one write that meets with conflicts, or whose outcome stays unknown.
const TRIES: u32 = 3;

/// Writes the status of a subject in one request.
#[derive(Debug, Default)]
pub(crate) struct WriteStatus {
    request: Option<RequestId>,
    wanted: Option<Compact>,
    tries: u32,
}

/// What became of a status write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Written {
    /// It is there, or nothing had to be written.
    Done,
    /// The object does not exist any more, or is another one with the same name.
    Gone,
    /// It could not be written.
    Failed(Failure),
}

impl WriteStatus {
    /// Goes as far as it can; `None` while the reply is awaited.
    pub(crate) fn poll(&mut self, subject: &mut Subject, context: &mut Context) -> Option<Written> {
        loop {
            let Some(id) = self.request else {
                let wanted = serde_json::to_value(&subject.status).unwrap_or(Value::Null);
                let Some(patch) = merge_patch(subject.written.text(), &wanted).filter(says_something) else {
                    return Some(Written::Done);
                };
                self.wanted = Some(Compact::of(&wanted));
                self.request = Some(context.request_as_controller(self.patch(subject, patch)));
                return None;
            };
            let reply = context.take(id)?;
            self.request = None;
            match self.read(subject, reply, context) {
                Some(written) => return Some(written),
                None => continue,
            }
        }
    }

    fn patch(&self, subject: &Subject, status: Value) -> Request {
        // The uid guards against an object that was deleted and made again under the same name.
        let body = json!({"metadata": {"uid": subject.release.metadata.uid}, "status": status});
        Request::Patch {
            object: subject.reference(),
            patch: Patch::Merge,
            body: Arc::new(body),
            status: true,
            dry_run: false,
        }
    }

    fn read(&mut self, subject: &mut Subject, reply: Reply, context: &Context) -> Option<Written> {
        match reply {
            Reply::Object(object) => {
                if let Some(wanted) = self.wanted.take() {
                    subject.written = wanted;
                }
                let version = pilothouse_protocol::metadata::text(&object, "resourceVersion");
                version.clone_into(&mut subject.release.metadata.resource_version);
                if is_back(Twin::Hc1412) && claim_newest(subject, &object, context) {
                    return None;
                }
                Some(Written::Done)
            }
            Reply::Failed(failure) if failure.is_object_gone() => Some(Written::Gone),
            Reply::Failed(failure) if is_back(Twin::Hc1409) && is_conflict(&failure) => {
                lose_conditions(subject);
                None
            }
            Reply::Failed(failure) if may_be_repeated(&failure) && self.tries < TRIES => {
                // A merge patch can be repeated: it says what the status is to be.
                self.tries += 1;
                None
            }
            Reply::Failed(failure) => Some(Written::Failed(failure)),
            Reply::List(_) | Reply::Deleted | Reply::Discovery(_) | Reply::Artifact(_) => {
                Some(Written::Failed(Failure::Unknown("unexpected reply to a status write".to_owned())))
            }
        }
    }
}

/// Whether a patch of an object has members.
fn says_something(patch: &Value) -> bool {
    patch.as_object().is_none_or(|members| !members.is_empty())
}

fn is_conflict(failure: &Failure) -> bool {
    failure.api().is_some_and(ApiError::is_conflict)
}

/// The conditions stay as they were written last; everything else is written.
fn lose_conditions(subject: &mut Subject) {
    let before = subject.written.value().get_mut("conditions").map(Value::take);
    subject.status.conditions = before.and_then(|list| serde_json::from_value(list).ok()).unwrap_or_default();
    subject.status.conditions.remove("Reconciling");
}

/// Ready says that it has observed a spec that was written meanwhile; whether that changes anything.
fn claim_newest(subject: &mut Subject, object: &Value, context: &Context) -> bool {
    let newest = pilothouse_protocol::metadata::generation(object);
    let Some(ready) = subject.status.conditions.get("Ready").cloned() else { return false };
    let (reason, message) = (&ready.reason, &ready.message);
    subject.status.conditions.set("Ready", ready.status, reason, message, newest, context.wall());
    ready.observed_generation != newest
}

/// Whether nobody knows what became of the write, or others wrote at the same moment.
fn may_be_repeated(failure: &Failure) -> bool {
    failure.is_unknown() || is_conflict(failure)
}
