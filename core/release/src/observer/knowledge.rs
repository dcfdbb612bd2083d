//! What is known about each key of the storage.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::{ReleaseRecord, StorageError, StorageKey, StorageOperation, StorageResult};

/// What the storage holds under a key, as of the last acknowledged write or read.
#[derive(Debug, Clone, Default, PartialEq)]
pub enum Knowledge {
    /// This record.
    Present(Arc<ReleaseRecord>),
    /// Nothing.
    Absent,
    /// Never seen, being written, written without an acknowledgement, or unreadable.
    #[default]
    Unknown,
}

/// Knowledge by key.
#[derive(Debug, Clone, Default)]
pub(super) struct KnowledgeBase(BTreeMap<StorageKey, Known>);

#[derive(Debug, Clone, Default)]
struct Known {
    knowledge: Knowledge,
    /// Moment at which a write of the key last began or ended.
    written: u64,
    /// Writes of the key in flight.
    in_flight: usize,
    /// Whether two writes of the key have been in flight together since none was.
    overlapped: bool,
}

impl KnowledgeBase {
    /// What is known about a key.
    pub(super) fn get(&self, key: &StorageKey) -> Knowledge {
        self.0.get(key).map(|known| known.knowledge.clone()).unwrap_or_default()
    }

    /// Learns about a key.
    pub(super) fn set(&mut self, key: StorageKey, knowledge: Knowledge) {
        self.0.entry(key).or_default().knowledge = knowledge;
    }

    /// A write of a key is sent: it may take effect at any time. Gives what was known before.
    pub(super) fn write_begins(&mut self, key: StorageKey, moment: u64) -> Knowledge {
        let known = self.0.entry(key).or_default();
        known.written = moment;
        known.in_flight += 1;
        known.overlapped |= known.in_flight > 1;
        std::mem::take(&mut known.knowledge)
    }

    /// The reply to a write has come. Of writes that were in flight together nobody knows which came last.
    pub(super) fn write_ends(&mut self, key: &StorageKey, moment: u64, after: Knowledge) {
        let known = self.0.entry(key.clone()).or_default();
        known.written = moment;
        known.in_flight = known.in_flight.saturating_sub(1);
        known.knowledge = if known.overlapped { Knowledge::Unknown } else { after };
        known.overlapped &= known.in_flight > 0;
    }

    /// Whether a write of the key that is in flight has had company.
    pub(super) fn is_overlapped(&self, key: &StorageKey) -> bool {
        self.0.get(key).is_some_and(|known| known.overlapped)
    }

    /// Whether a read that began at a moment began after the last write of the key had ended.
    pub(super) fn read_applies(&self, key: &StorageKey, began: u64) -> bool {
        self.0.get(key).is_none_or(|known| known.in_flight == 0 && known.written < began)
    }

    /// Whether no write of the key has begun or ended since a moment.
    pub(super) fn is_unchanged(&self, key: &StorageKey, since: u64) -> bool {
        self.0.get(key).is_none_or(|known| known.in_flight == 0 && known.written <= since)
    }

    /// What the result of a read says about which keys. A failed read says nothing.
    pub(super) fn told_by(
        &self,
        operation: &StorageOperation,
        result: &Result<StorageResult, StorageError>,
    ) -> Vec<(StorageKey, Knowledge)> {
        match (operation, result) {
            (StorageOperation::Get { key }, Ok(StorageResult::Record(record))) => {
                vec![(key.clone(), Knowledge::Present(Arc::clone(record)))]
            }
            (StorageOperation::Get { key }, Err(StorageError::NotFound)) => {
                vec![(key.clone(), Knowledge::Absent)]
            }
            (StorageOperation::Get { key }, Err(StorageError::Decode { .. })) => {
                vec![(key.clone(), Knowledge::Unknown)]
            }
            (_, Ok(result)) => self.told_by_list(all_of(operation), result),
            (_, Err(StorageError::NotFound)) => self.told_by_list(
                all_of(operation),
                &StorageResult::Records { records: vec![], undecodable: vec![] },
            ),
            (_, Err(_)) => Vec::new(),
        }
    }

    /// The revisions found, and, when all revisions of a release were asked for, the absence of its other ones.
    fn told_by_list(&self, release: Option<&str>, result: &StorageResult) -> Vec<(StorageKey, Knowledge)> {
        let of_release = |key: &&StorageKey| Some(key.name.as_str()) == release;
        let absent = self.0.keys().filter(of_release).map(|key| (key.clone(), Knowledge::Absent));
        let mut told: BTreeMap<StorageKey, Knowledge> = absent.collect();
        for undecodable in result.undecodable() {
            if let Some(key) = StorageKey::parse(&undecodable.key) {
                told.insert(key, Knowledge::Unknown);
            }
        }
        for record in result.records() {
            told.insert(record.key(), Knowledge::Present(Arc::clone(record)));
        }
        told.into_iter().collect()
    }
}

/// The release whose revisions an operation reads completely.
fn all_of(operation: &StorageOperation) -> Option<&str> {
    match operation {
        StorageOperation::List { name } => Some(name),
        StorageOperation::Query { labels }
            if labels.keys().all(|label| label == "name" || label == "owner") =>
        {
            labels.get("name").map(String::as_str)
        }
        _ => None,
    }
}
