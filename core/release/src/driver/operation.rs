//! Operations of a storage driver, their results and errors.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use pilothouse_protocol::Failure;

use crate::{CodecError, ReleaseRecord, StorageKey};

/// One operation on the storage.
#[derive(Debug, Clone, PartialEq)]
pub enum StorageOperation {
    /// Read one revision.
    Get {
        /// Which.
        key: StorageKey,
    },
    /// Read the revisions of a release. None is no error.
    List {
        /// Release name.
        name: String,
    },
    /// Read the revisions with all of these labels. None is [`StorageError::NotFound`].
    Query {
        /// Labels that must be equal.
        labels: BTreeMap<String, String>,
    },
    /// Write a new revision.
    Create {
        /// What.
        record: Arc<ReleaseRecord>,
    },
    /// Replace a revision, whatever it holds.
    Update {
        /// By what.
        record: Arc<ReleaseRecord>,
    },
    /// Delete a revision. Helm reads it before, with a [`StorageOperation::Get`].
    Delete {
        /// Which.
        key: StorageKey,
    },
}

impl StorageOperation {
    /// All revisions of a release (Helm's `History`).
    #[must_use]
    pub fn history(name: &str) -> Self {
        Self::Query { labels: owned(&[("name", name), ("owner", "helm")]) }
    }

    /// The deployed revisions of a release (Helm's `DeployedAll`).
    #[must_use]
    pub fn deployed(name: &str) -> Self {
        Self::Query { labels: owned(&[("name", name), ("owner", "helm"), ("status", "deployed")]) }
    }

    /// The key that a write is for; `None` for reads.
    #[must_use]
    pub fn written_key(&self) -> Option<StorageKey> {
        match self {
            Self::Create { record } | Self::Update { record } => Some(record.key()),
            Self::Delete { key } => Some(key.clone()),
            Self::Get { .. } | Self::List { .. } | Self::Query { .. } => None,
        }
    }
}

/// What an operation gave.
#[derive(Debug, Clone, PartialEq)]
pub enum StorageResult {
    /// The revision that was read, or written and read back from the reply.
    Record(Arc<ReleaseRecord>),
    /// The write was acknowledged, but the reply does not hold a release that can be read.
    Unreadable(Undecodable),
    /// The revisions that were found, in the server's order.
    Records {
        /// Those that can be read.
        records: Vec<Arc<ReleaseRecord>>,
        /// Those that cannot; Helm skips them with a log line.
        undecodable: Vec<Undecodable>,
    },
    /// The revision was deleted.
    Deleted,
}

impl StorageResult {
    /// The records that were found.
    #[must_use]
    pub fn records(&self) -> &[Arc<ReleaseRecord>] {
        match self {
            Self::Records { records, .. } => records,
            Self::Record(record) => std::slice::from_ref(record),
            Self::Unreadable(_) | Self::Deleted => &[],
        }
    }

    /// The storage objects that could not be read, for the log.
    #[must_use]
    pub fn undecodable(&self) -> &[Undecodable] {
        match self {
            Self::Records { undecodable, .. } => undecodable,
            Self::Unreadable(undecodable) => std::slice::from_ref(undecodable),
            Self::Record(_) | Self::Deleted => &[],
        }
    }
}

/// A storage object without a readable release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Undecodable {
    /// Name of the storage object.
    pub key: String,
    /// Why it cannot be read.
    pub reason: String,
}

impl fmt::Display for Undecodable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "failed to decode release {}: {}", self.key, self.reason)
    }
}

/// Why an operation failed, in Helm's words.
#[derive(Debug, thiserror::Error)]
pub enum StorageError {
    /// There is no such revision, or no revision at all.
    #[error("release: not found")]
    NotFound,
    /// The revision exists already.
    #[error("release: already exists")]
    AlreadyExists,
    /// No revision of the release is deployed.
    #[error("{0:?} has no deployed releases")]
    NoDeployedReleases(String),
    /// All revisions of the release are unreadable.
    #[error("no revision for release {0:?}")]
    NoRevision(String),
    /// The storage object holds something else.
    #[error("{context}failed to decode data {key:?}: {source}")]
    Decode {
        /// What was tried, with `: ` at the end; may be empty.
        context: &'static str,
        /// Name of the storage object.
        key: String,
        /// Why.
        source: CodecError,
    },
    /// The release cannot be stored. Nothing was sent.
    #[error("{context}{source}")]
    Encode {
        /// What was tried, with `: ` at the end.
        context: String,
        /// Why.
        source: CodecError,
    },
    /// The request failed.
    #[error("{context}{failure}")]
    Request {
        /// What was tried, with `: ` at the end; may be empty.
        context: String,
        /// The reply.
        failure: Failure,
    },
    /// The reply is none to this operation.
    #[error("unexpected reply to {0}")]
    UnexpectedReply(&'static str),
    /// An error that a test has put in.
    #[error("{0}")]
    Injected(String),
}

impl StorageError {
    /// Whether the operation may have taken effect nevertheless.
    #[must_use]
    pub fn effect_is_unknown(&self) -> bool {
        match self {
            Self::Request { failure, .. } => failure.is_unknown(),
            Self::UnexpectedReply(_) => true,
            _ => false,
        }
    }
}

fn owned(labels: &[(&str, &str)]) -> BTreeMap<String, String> {
    labels.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}
