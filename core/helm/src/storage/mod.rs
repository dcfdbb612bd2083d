//! Helm storage in one namespace: the observer over the Secret driver, and the tasks that use it (spec 04 §1 to §3).

mod exchange;
mod read;
mod versions;
mod write;

use std::sync::Arc;

use pilothouse_protocol::{ApiError, StoredVersions};
use pilothouse_release::{
    JournalEntry, Limits, Observer, ReleaseRecord, SecretDriver, StorageError, StorageKey, check_size,
};

use crate::HelmError;

pub use read::{GetRelease, ListReleases, is_confirmed, list_versions};
use versions::Versions;
pub use write::{CreateRelease, DeleteRelease, UpdateRelease};

/// Bytes that status, descriptions and phases of hooks may add to a stored release while it is worked on.
const ROOM_TO_GROW: usize = 4096;

/// What is known about the storage of one namespace, and what was written to it.
///
/// It can be dropped at any time: what it knows is read again with [`ListReleases`].
#[derive(Debug)]
pub struct Storage {
    namespace: String,
    observer: Observer<SecretDriver>,
    versions: Box<Versions>,
}

/// A position in the journal of a [`Storage`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct JournalMark(usize);

impl Storage {
    /// The storage in a namespace, of which nothing is known yet.
    #[must_use]
    pub fn new(namespace: impl Into<String>) -> Self {
        let namespace = namespace.into();
        let observer = Observer::new(SecretDriver::new(namespace.clone()));
        Self { observer, namespace, versions: Box::default() }
    }

    /// The namespace.
    #[must_use]
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// Whether a new revision can be stored, and will be when its status has grown (spec 08: nothing is touched before
    /// that is known).
    ///
    /// # Errors
    /// [`HelmError::Limit`] with the size and the limit.
    pub(crate) fn check_fits(&self, record: &ReleaseRecord) -> Result<(), HelmError> {
        check_size(record, &Limits::default(), ROOM_TO_GROW).map_err(|source| {
            let context = format!("create: failed to create: Secret \"{}\" is invalid: ", record.key());
            StorageError::Encode { context, source }.into()
        })
    }

    /// The observer: what is known about each revision, and the whole journal.
    #[must_use]
    pub fn observer(&self) -> &Observer<SecretDriver> {
        &self.observer
    }

    /// The resource version of each storage object of a release, as of the last reads and acknowledged writes; `None`
    /// when not all of them are known.
    #[must_use]
    pub fn versions(&self, name: &str) -> Option<&StoredVersions> {
        self.versions.of(name)
    }

    /// The revisions of a release, oldest first, when all of them are known: all were listed, and each write since was
    /// acknowledged.
    #[must_use]
    pub fn known(&self, name: &str) -> Option<Vec<Arc<ReleaseRecord>>> {
        let versions = self.versions.of(name)?;
        let record = |key: &String| self.observer.observed(&StorageKey::parse(key)?);
        let mut records = versions.keys().map(record).collect::<Option<Vec<_>>>()?;
        records.sort_by_key(|record| record.version);
        Some(records)
    }

    /// The end of the journal as it is now.
    #[must_use]
    pub fn journal_mark(&self) -> JournalMark {
        JournalMark(self.observer.journal().len())
    }

    /// The writes since a mark that are known to have taken effect, in order.
    #[must_use]
    pub fn journal_since(&self, mark: JournalMark) -> Vec<&JournalEntry> {
        let entries = self.observer.journal().get(mark.0..).unwrap_or_default();
        entries.iter().filter(|entry| entry.took_effect()).collect()
    }
}

impl From<StorageError> for HelmError {
    fn from(error: StorageError) -> Self {
        match error {
            StorageError::NotFound => Self::ReleaseNotFound,
            StorageError::NoDeployedReleases(name) => Self::NoDeployedReleases(name),
            StorageError::NoRevision(name) => Self::NoRevision(name),
            StorageError::Request { ref failure, .. } => {
                let text = error.to_string();
                let forbidden = failure.api().is_some_and(ApiError::is_forbidden);
                let helm = if forbidden { Self::Forbidden(text) } else { Self::Storage(text) };
                helm.of_class(failure.class())
            }
            StorageError::Encode { .. } => Self::Limit(error.to_string()),
            other => Self::Storage(other.to_string()),
        }
    }
}

#[cfg(test)]
mod tests;
