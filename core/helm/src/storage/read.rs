//! Reading revisions.

use std::sync::Arc;

use pilothouse_machine::Context;
use pilothouse_protocol::LogLevel;
use pilothouse_release::{ReleaseRecord, StorageError, StorageKey, StorageOperation, StorageResult};

use super::Storage;
use super::exchange::Exchange;
use crate::HelmError;

/// Reads all revisions of a release.
#[derive(Debug)]
pub struct ListReleases {
    name: String,
    exchange: Exchange,
}

impl ListReleases {
    /// Of the release with this name.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self { name: name.to_owned(), exchange: Exchange::new(StorageOperation::history(name)) }
    }

    /// The revisions that can be read, oldest first; never empty. `None` while the reply is awaited.
    ///
    /// [`HelmError::ReleaseNotFound`] when there are none, [`HelmError::NoRevision`] when none can be read.
    pub fn poll(
        &mut self,
        storage: &mut Storage,
        context: &mut Context,
    ) -> Option<Result<Vec<Arc<ReleaseRecord>>, HelmError>> {
        let result = match self.exchange.poll(storage, context)? {
            Ok(result) => result,
            Err(error) => return Some(Err(error.into())),
        };
        for undecodable in result.undecodable() {
            context.log(LogLevel::Debug, undecodable.to_string());
        }
        let mut records = result.records().to_vec();
        if records.is_empty() {
            return Some(Err(HelmError::NoRevision(self.name.clone())));
        }
        records.sort_by_key(|record| record.version);
        Some(Ok(records))
    }
}

/// Reads one revision. Its labels are those that a user has given; [`ListReleases`] gives all of them.
#[derive(Debug)]
pub struct GetRelease {
    exchange: Exchange,
}

impl GetRelease {
    /// This revision.
    #[must_use]
    pub fn new(key: StorageKey) -> Self {
        Self { exchange: Exchange::new(StorageOperation::Get { key }) }
    }

    /// The revision. `None` while the reply is awaited. [`HelmError::ReleaseNotFound`] when there is none.
    pub fn poll(
        &mut self,
        storage: &mut Storage,
        context: &mut Context,
    ) -> Option<Result<Arc<ReleaseRecord>, HelmError>> {
        Some(match self.exchange.poll(storage, context)? {
            Ok(StorageResult::Record(record)) => Ok(record),
            Ok(_) => Err(StorageError::UnexpectedReply("get").into()),
            Err(error) => Err(error.into()),
        })
    }
}
