//! Reading revisions.

use std::sync::Arc;

use pilothouse_machine::Context;
use pilothouse_protocol::{LogLevel, Reply, Request, StoredVersions, metadata};
use pilothouse_release::{ReleaseRecord, StorageError, StorageKey, StorageOperation, StorageResult};

use super::Storage;
use super::exchange::Exchange;
use crate::HelmError;
use crate::call::Call;

/// Reads all revisions of a release. Those that are known, because they were listed before and every write since was
/// acknowledged, are not read again.
#[derive(Debug)]
pub struct ListReleases {
    name: String,
    /// Whether what is known is to be compared with the server's versions first.
    confirms: bool,
    state: ListState,
}

#[derive(Debug)]
enum ListState {
    Start,
    Confirming(Call),
    Reading(Exchange),
}

impl ListReleases {
    /// Of the release with this name.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self { name: name.to_owned(), confirms: false, state: ListState::Start }
    }

    /// Of the release with this name, after a while: what is known counts only if the server still has the same
    /// versions. That costs a read of metadata, not of whole releases.
    #[must_use]
    pub fn confirmed(name: &str) -> Self {
        Self { confirms: true, ..Self::new(name) }
    }

    /// The revisions that can be read, oldest first; never empty. `None` while the reply is awaited.
    ///
    /// [`HelmError::ReleaseNotFound`] when there are none, [`HelmError::NoRevision`] when none can be read.
    pub fn poll(
        &mut self,
        storage: &mut Storage,
        context: &mut Context,
    ) -> Option<Result<Vec<Arc<ReleaseRecord>>, HelmError>> {
        loop {
            self.state = match &mut self.state {
                ListState::Start => match storage.known(&self.name) {
                    None => self.reading(),
                    Some(_) if self.confirms => ListState::Confirming(self.confirm(storage, context)),
                    Some(records) => return Some(self.found(records)),
                },
                ListState::Confirming(call) => {
                    let reply = call.poll(context)?;
                    match storage
                        .known(&self.name)
                        .filter(|_| is_confirmed(storage.versions(&self.name), &reply))
                    {
                        Some(records) => return Some(self.found(records)),
                        None => self.reading(),
                    }
                }
                ListState::Reading(exchange) => {
                    let result = exchange.poll(storage, context)?;
                    return Some(self.read(result, context));
                }
            };
        }
    }

    fn reading(&self) -> ListState {
        ListState::Reading(Exchange::new(StorageOperation::history(&self.name)))
    }

    fn confirm(&self, storage: &Storage, context: &mut Context) -> Call {
        Call::send(context, list_versions(storage.namespace(), &self.name))
    }

    fn read(
        &self,
        result: Result<StorageResult, StorageError>,
        context: &mut Context,
    ) -> Result<Vec<Arc<ReleaseRecord>>, HelmError> {
        let result = result?;
        for undecodable in result.undecodable() {
            context.log(LogLevel::Debug, undecodable.to_string());
        }
        let mut records = result.records().to_vec();
        if records.is_empty() {
            return Err(HelmError::NoRevision(self.name.clone()));
        }
        records.sort_by_key(|record| record.version);
        Ok(records)
    }

    fn found(&self, records: Vec<Arc<ReleaseRecord>>) -> Result<Vec<Arc<ReleaseRecord>>, HelmError> {
        if records.is_empty() { Err(HelmError::ReleaseNotFound) } else { Ok(records) }
    }
}

/// Asks for the versions of the storage objects of a release.
#[must_use]
pub fn list_versions(namespace: &str, name: &str) -> Request {
    let labels = [("name", name), ("owner", "helm")];
    Request::ListMetadata {
        api_version: "v1".to_owned(),
        kind: "Secret".to_owned(),
        namespace: Some(namespace.to_owned()),
        labels: labels.map(|(label, value)| (label.to_owned(), value.to_owned())).into(),
    }
}

/// Whether the reply to [`list_versions`] says that the storage objects of a release are those that are known.
#[must_use]
pub fn is_confirmed(known: Option<&StoredVersions>, reply: &Reply) -> bool {
    let (Some(known), Reply::List(objects)) = (known, reply) else { return false };
    let same =
        |object| known.get(metadata::text(object, "name")) == Some(&metadata::resource_version(object));
    known.len() == objects.len() && objects.iter().all(|object| same(object))
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
