//! Writing one object, and finding out what became of a write without an answer.

use std::sync::Arc;

use pilothouse_machine::{Context, Task};
use pilothouse_protocol::{
    ApiError, Failure, FieldValidation, Monotonic, Object, Patch, Request, Why, metadata,
};
use serde_json::Value;

use super::conflict::{left_fields, without};
use super::words;
use crate::ManifestObject;
use crate::call::{ATTEMPTS, CONFLICT_ATTEMPTS, CONFLICT_PAUSE, Call, rest};
use crate::managed_fields::{has_applied, has_written, migration};
use crate::merge;
use crate::read::Read;

/// How an object is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum How {
    /// POST.
    Create,
    /// Server-side apply.
    Apply {
        /// Which fields of other managers are taken.
        force: Force,
        /// Hand over fields of client-side apply first.
        migrate: bool,
    },
    /// PATCH with the difference.
    Merge {
        /// Compare custom kinds with the live object too.
        three_way_custom: bool,
    },
    /// PUT.
    Replace,
}

/// Which fields of other managers a server-side apply takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Force {
    /// None: it fails.
    Never,
    /// Those that are ours.
    Owned,
    /// All.
    All,
}

/// Why an object could not be written: Helm's words, and the reply if there was one.
#[derive(Debug)]
pub(super) struct WriteError {
    pub(super) text: String,
    pub(super) failure: Option<Failure>,
}

/// Writes one object. Ends with the object as the server has it.
#[derive(Debug)]
pub(super) struct Write {
    target: ManifestObject,
    /// What the release wrote last; null when nothing.
    original: Value,
    /// The object as last read; `None` when it does not exist or was not looked at.
    live: Option<Object>,
    how: How,
    attempt: u32,
    conflicts: u32,
    /// Whether the fields that are left to other managers were found out.
    contested: bool,
    state: State,
}

#[derive(Debug)]
enum State {
    Resting(Monotonic),
    Migrating(Call),
    Rereading(Read),
    Writing(Call),
    ReadingBack(Read, Failure),
}

impl Write {
    /// Writes a new object.
    pub(super) fn create(target: ManifestObject, how: How) -> Self {
        // An apply needs a name; this one is chosen by the server (spec 08 row 12).
        let how = if target.reference.name.is_empty() { How::Create } else { how };
        Self::update(target, Value::Null, None, how)
    }

    /// Writes an object that exists as `live`.
    pub(super) fn update(target: ManifestObject, original: Value, live: Option<Object>, how: How) -> Self {
        let state = State::Resting(Monotonic(0));
        Self { target, original, live, how, attempt: 0, conflicts: 0, contested: false, state }
    }

    /// The object that is written.
    pub(super) fn target(&self) -> &ManifestObject {
        &self.target
    }

    fn step(&mut self, context: &mut Context) -> Option<Result<State, Outcome>> {
        Some(match &mut self.state {
            State::Resting(until) => {
                if !context.wait_until(*until, Why::Backoff) {
                    return None;
                }
                self.send(context)
            }
            State::Migrating(call) => {
                let reply = call.poll_object(context)?;
                self.migrated(reply, context)
            }
            State::Rereading(read) => {
                let reply = read.poll(context)?;
                self.reread(reply, context)
            }
            State::Writing(call) => match call.poll_object(context)? {
                Ok(object) => Err(Ok(object)),
                Err(failure) => self.failed(failure, context),
            },
            State::ReadingBack(read, failure) => {
                let reply = read.poll(context)?;
                let failure = failure.clone();
                self.read_back(reply, failure, context)
            }
        })
    }

    /// Sends the write, or the migration that comes before it.
    fn send(&mut self, context: &mut Context) -> Result<State, Outcome> {
        if let (How::Apply { migrate: true, .. }, Some(live)) = (self.how, &self.live)
            && let Some(body) = migration(live)
        {
            let request = self.patch(Patch::Json, body);
            return Ok(State::Migrating(Call::send(context, request)));
        }
        match self.request() {
            Ok(Some(request)) => {
                self.attempt += 1;
                Ok(State::Writing(Call::send(context, request)))
            }
            Ok(None) => Err(Ok(self.live.clone().unwrap_or_default())),
            Err(text) => Err(Err(WriteError { text, failure: None })),
        }
    }

    /// The write; `None` when nothing has to change.
    fn request(&self) -> Result<Option<Request>, String> {
        let body = &self.target.body;
        Ok(Some(match self.how {
            How::Create => Request::Create { body: Arc::new(body.clone()) },
            How::Apply { force, .. } => {
                let force = force == Force::All || self.contested;
                self.patch(Patch::Apply { force, validation: FieldValidation::Strict }, body.clone())
            }
            How::Replace => Request::Update { body: Arc::new(self.replacement()) },
            How::Merge { three_way_custom } => {
                let live = self.live.as_deref().unwrap_or(&Value::Null);
                let gvk = self.target.reference.gvk();
                match merge::patch(&gvk, &self.original, body, live, three_way_custom) {
                    Ok(Some((kind, patch))) => self.patch(kind, patch),
                    Ok(None) => return Ok(None),
                    Err(error) => return Err(format!("failed to create patch: {error}")),
                }
            }
        }))
    }

    fn patch(&self, patch: Patch, body: Value) -> Request {
        let object = self.target.reference.clone();
        Request::Patch { object, patch, body: Arc::new(body), status: false, dry_run: false }
    }

    /// The target guarded by the resource version that was read, as kubectl's `Replace` sends it.
    fn replacement(&self) -> Value {
        let mut body = self.target.body.clone();
        let version = self.live.as_deref().map(|live| metadata::text(live, "resourceVersion"));
        let metadata = body.get_mut("metadata").and_then(Value::as_object_mut);
        if let (Some(version), Some(metadata)) = (version, metadata) {
            metadata.entry("resourceVersion").or_insert_with(|| Value::String(version.to_owned()));
        }
        body
    }

    fn migrated(&mut self, reply: Result<Object, Failure>, context: &Context) -> Result<State, Outcome> {
        match reply {
            Ok(object) => {
                self.live = Some(object);
                Ok(State::Resting(context.now.monotonic))
            }
            Err(failure) if self.may_collide(&failure) || (failure.is_unknown() && self.may_repeat()) => {
                self.attempt += u32::from(failure.is_unknown());
                Ok(State::Rereading(Read::new(self.target.reference.clone())))
            }
            Err(failure) => {
                let text = words::migration_failed(&self.target.reference, &failure);
                Err(Err(WriteError { text, failure: Some(failure) }))
            }
        }
    }

    fn reread(
        &mut self,
        reply: Result<Option<Object>, Failure>,
        context: &mut Context,
    ) -> Result<State, Outcome> {
        match reply {
            Ok(object) => {
                self.live = object;
                if self.contested {
                    self.give_way(context);
                }
                Ok(State::Resting(context.now.monotonic))
            }
            Err(failure) => {
                let text = words::reread_failed(&self.target.reference, &failure);
                Err(Err(WriteError { text, failure: Some(failure) }))
            }
        }
    }

    fn failed(&mut self, failure: Failure, context: &Context) -> Result<State, Outcome> {
        // An object whose name the server chooses cannot be looked for, and repeating would make a second one.
        if failure.is_unknown() && !self.target.reference.name.is_empty() {
            let read = Read::new(self.target.reference.clone());
            return Ok(State::ReadingBack(read, failure));
        }
        if self.is_contested(&failure) {
            self.contested = true;
            return Ok(State::Rereading(Read::new(self.target.reference.clone())));
        }
        if words::is_collision(self.how, &failure) && self.may_collide(&failure) {
            return Ok(State::Resting(context.now.monotonic.after_nanos(CONFLICT_PAUSE)));
        }
        Err(Err(self.error(failure)))
    }

    /// Whether other managers hold fields, and it is to be found out which of them are ours.
    fn is_contested(&self, failure: &Failure) -> bool {
        let conflict = failure.api().filter(|error| error.is_conflict());
        matches!(self.how, How::Apply { force: Force::Owned, .. })
            && !self.contested
            && conflict.is_some_and(|error| error.message.starts_with("Apply failed with"))
    }

    /// Leaves to other managers what is theirs, and says so.
    fn give_way(&mut self, context: &mut Context) {
        let Some(live) = &self.live else { return };
        let left = left_fields(live, &self.original, &self.target.body);
        for field in &left {
            let reference = &self.target.reference;
            context.left_fields.push(format!("{reference} {} ({})", field.field, field.manager));
        }
        self.target.body = without(std::mem::take(&mut self.target.body), &left);
    }

    fn read_back(
        &mut self,
        reply: Result<Option<Object>, Failure>,
        failure: Failure,
        context: &Context,
    ) -> Result<State, Outcome> {
        let Ok(found) = reply else { return Err(Err(self.error(failure))) };
        if let Some(object) = found.as_ref().filter(|object| self.has_landed(object)) {
            return Err(Ok(object.clone()));
        }
        if self.how != How::Create {
            self.live = found;
        }
        if self.may_repeat() {
            Ok(State::Resting(rest(context, self.attempt)))
        } else {
            Err(Err(self.error(failure)))
        }
    }

    /// Whether the object that was read back is the outcome of the write.
    fn has_landed(&self, live: &Value) -> bool {
        let gvk = self.target.reference.gvk();
        let in_place = merge::is_in_place(&gvk, &self.original, &self.target.body, live);
        match self.how {
            How::Create => in_place || has_written(live),
            How::Apply { .. } => in_place && has_applied(live),
            How::Merge { .. } | How::Replace => in_place,
        }
    }

    fn may_repeat(&self) -> bool {
        self.attempt < ATTEMPTS
    }

    /// Counts a conflict; whether there may be another try.
    fn may_collide(&mut self, failure: &Failure) -> bool {
        let conflict = failure.api().is_some_and(ApiError::is_conflict);
        self.conflicts += u32::from(conflict);
        conflict && self.conflicts < CONFLICT_ATTEMPTS
    }

    fn error(&self, failure: Failure) -> WriteError {
        WriteError {
            text: words::write_failed(self.how, &self.target.reference, &failure),
            failure: Some(failure),
        }
    }
}

type Outcome = Result<Object, WriteError>;

impl Task for Write {
    type Output = Outcome;

    fn poll(&mut self, context: &mut Context) -> Option<Self::Output> {
        loop {
            match self.step(context)? {
                Ok(state) => self.state = state,
                Err(outcome) => return Some(outcome),
            }
        }
    }

    fn describe(&self) -> String {
        let verb = match (&self.state, self.how) {
            (State::ReadingBack(..), _) => "reading back",
            (State::Migrating(_) | State::Rereading(_), _) => "migrating field managers of",
            (_, How::Create) => "creating",
            (_, How::Apply { .. }) => "applying",
            (_, How::Merge { .. }) => "patching",
            (_, How::Replace) => "replacing",
        };
        format!("{verb} {}", self.target.reference)
    }
}
