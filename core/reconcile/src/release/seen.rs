//! What the watches show: the object and its sources, in the order of their versions.

use pilothouse_api::SourceObject;
use pilothouse_machine::Interrupt;
use pilothouse_machine::twin::{Twin, is_back};
use pilothouse_protocol::{Object, ObjectRef, metadata};

use super::Release;
use super::known::KnownObject;
use crate::backoff::Backoff;
use crate::memory::Memory;
use crate::phases::terminal::tries_before;
use crate::source_events::{is_attempted, is_new_artifact};

impl Release {
    /// Takes in the object as a watch shows it.
    pub(super) fn see_object(&mut self, object: Object) {
        if self.gone.as_deref() == Some(metadata::text(&object, "uid")) {
            return;
        }
        let seen = KnownObject::of(&object);
        let same = self.object.as_ref().is_some_and(|known| known.uid == seen.uid);
        if same && self.is_stale(&seen) {
            return;
        }
        if self.object.is_some() && !same {
            self.forget_object();
        }
        let known = self.object.as_ref();
        let changed = known
            .is_none_or(|known| known.generation != seen.generation || known.is_deleting != seen.is_deleting);
        let requested = known.and_then(|known| known.requested.as_ref()) != seen.requested.as_ref();
        if changed || (requested && seen.requested.is_some()) {
            self.input_changed();
        }
        if changed && self.pass.is_some() {
            self.context.set_interrupt(Interrupt::Changed(format!("HelmRelease/{}", self.key)));
        }
        let is_first = self.object.is_none();
        if self.pass.is_none() {
            self.remember(&object);
        }
        if let Some(memory) = self.memory.as_ref().filter(|_| is_first) {
            self.backoff.resume(tries_before(&object, &memory.status));
        }
        self.object = Some(seen);
    }

    /// A pass is due, and what was hopeless may be so no longer.
    pub(super) fn input_changed(&mut self) {
        self.ask();
        self.backoff.input_changed();
    }

    /// Takes over the status, if somebody else has written it.
    fn remember(&mut self, object: &Object) {
        let Some(memory) = self.memory.take() else {
            self.memory = Some(Memory::of(object));
            return;
        };
        if metadata::resource_version(object) == memory.resource_version && memory.resource_version != 0 {
            self.memory = Some(memory);
            return;
        }
        if memory.knows_status_of(object) {
            let resource_version = metadata::resource_version(object).max(memory.resource_version);
            self.memory = Some(Memory { resource_version, ..memory });
            return;
        }
        let seen = Memory::of(object);
        if seen.status != memory.status {
            self.settled = None;
        }
        self.memory = Some(memory.seen(seen));
    }

    /// Whether an object is older than what the machine has seen or written.
    fn is_stale(&self, object: &KnownObject) -> bool {
        let version = object.resource_version;
        let known = self.object.as_ref();
        let (seen, generation) = known.map_or((0, 0), |known| (known.resource_version, known.generation));
        let written = self.memory.as_ref().map(|memory| memory.resource_version).unwrap_or_default();
        let is_past = version != 0 && version < seen.max(written);
        is_past && object.generation <= generation && !is_back(Twin::Hc703)
    }

    pub(super) fn forget_object(&mut self) {
        self.object = None;
        self.memory = None;
        self.settled = None;
        self.pass = None;
        self.queued = false;
        self.next = None;
        self.backoff = Backoff::default();
        self.drift_watch.end(&mut self.context);
        self.context.abandon();
        self.context.clear_interrupt();
    }

    /// Stores a source and wakes the release when the change matters (spec 02 §1).
    pub(super) fn see_source(&mut self, reference: ObjectRef, value: Option<Object>) {
        let before = self.sources.get(&reference).cloned();
        let Some(value) = value else {
            self.sources.remove(&reference);
            self.gone_sources.insert(reference);
            return;
        };
        let older = before.as_deref().map(metadata::resource_version).unwrap_or_default();
        let same = before.as_deref().map(|b| metadata::text(b, "uid")) == Some(metadata::text(&value, "uid"));
        if same && metadata::resource_version(&value) < older {
            return;
        }
        let old = before.as_deref().map(SourceObject::from_object);
        let new = SourceObject::from_object(&value);
        self.sources.insert(reference.clone(), value);
        if !is_new_artifact(old.as_ref(), &new) || self.was_attempted(&reference, &new) {
            return;
        }
        match before {
            // Where it is another one than before this process began, the pass will see that.
            None => self.ask(),
            Some(_) => self.input_changed(),
        }
        if self.pass.is_some() {
            self.context.set_interrupt(Interrupt::Changed(reference.to_string()));
        }
    }

    /// Whether the revision of a source is the one attempted last, while the release is fine or at work.
    fn was_attempted(&self, reference: &ObjectRef, source: &SourceObject) -> bool {
        match (&self.pass, &self.memory) {
            (Some(pass), _) => is_attempted(pass.status(), reference, source),
            (None, Some(memory)) => is_attempted(&memory.status, reference, source),
            (None, None) => false,
        }
    }
}
