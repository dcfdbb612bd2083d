//! What a machine remembers of its HelmRelease between two passes.
//!
//! The machine is the only writer of the status. Its own memory is newer than a watch that lags, and holds what a failed
//! status write could not persist.

use pilothouse_api::{HelmRelease, HelmReleaseStatus};
use pilothouse_machine::twin::{Twin, is_back};
use pilothouse_protocol::metadata;
use serde_json::Value;

use crate::Subject;
use crate::compact::Compact;

/// The status as it should be and as it was last written or read.
#[derive(Debug, Clone)]
pub(crate) struct Memory {
    /// As it should be.
    pub(crate) status: HelmReleaseStatus,
    /// As it was last written or read.
    pub(crate) written: Compact,
    /// Version of the object when that was.
    pub(crate) resource_version: u64,
}

impl Memory {
    /// Of an object seen for the first time.
    #[must_use]
    pub(crate) fn of(object: &Value) -> Self {
        Self {
            status: HelmRelease::from_object(object).map(|release| release.status).unwrap_or_default(),
            written: Compact::of(object.get("status").unwrap_or(&Value::Null)),
            resource_version: metadata::resource_version(object),
        }
    }

    /// Whether an object has the status that was last written or read.
    #[must_use]
    pub(crate) fn knows_status_of(&self, object: &Value) -> bool {
        self.written.is(object.get("status").unwrap_or(&Value::Null))
    }

    /// Of the subject of a pass that has ended.
    #[must_use]
    pub(crate) fn of_subject(subject: &Subject) -> Self {
        Self {
            status: subject.status.clone(),
            written: subject.written.clone(),
            resource_version: subject.release.metadata.resource_version.parse().unwrap_or_default(),
        }
    }

    /// After a pass. One that has written nothing knows the version of its object only, which may be older than what passes
    /// before it have written.
    #[must_use]
    pub(crate) fn after(self, before: Option<&Self>) -> Self {
        let before = before.map_or(0, |before| before.resource_version);
        Self { resource_version: self.resource_version.max(before), ..self }
    }

    /// After another version of the object was seen. What could not be written yet is kept, and so is what is known when a
    /// process that is gone has overwritten it: it had sent its status before this one recorded a newer release.
    #[must_use]
    pub(crate) fn seen(self, seen: Self) -> Self {
        if is_back(Twin::Hc703) {
            return seen;
        }
        if seen.resource_version < self.resource_version {
            return self;
        }
        let unwritten = serde_json::to_value(&self.status).is_ok_and(|status| !self.written.is(&status));
        if unwritten || seen.is_older(&self) { Self { status: self.status, ..seen } } else { seen }
    }

    /// Whether the newest release of a status is one that another status has left behind.
    fn is_older(&self, other: &Self) -> bool {
        let newest = (self.status.history.latest(), other.status.history.latest());
        let (Some(ours), Some(theirs)) = newest else { return false };
        ours.version < theirs.version && theirs.targets(&ours.name, &ours.namespace, theirs.version)
    }

    /// Puts the memory into the subject of a new pass.
    pub(crate) fn restore(&self, subject: &mut Subject) {
        subject.status = self.status.clone();
        subject.attempted_generation = self.status.last_attempted_generation;
        subject.written = self.written.clone();
    }
}
