//! The journal of writes.

use std::sync::Arc;

use serde_json::Value;

use super::Knowledge;
use crate::{ReleaseRecord, StorageKey, StorageOperation, release_json};

/// Kinds of write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verb {
    /// A new revision.
    Create,
    /// A changed revision.
    Update,
    /// A removed revision.
    Delete,
}

/// What is known about the effect of a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum EntryState {
    /// The API server answered that it took effect.
    Acknowledged,
    /// No answer came.
    Unknown,
    /// No answer came, but a later read or a late answer shows that it took effect.
    Confirmed,
    /// No answer came, and a later read or a late answer shows that the storage does not hold it.
    Refuted,
}

/// One write that took effect or may have done so.
#[derive(Debug, Clone, PartialEq)]
pub struct JournalEntry {
    /// Which storage object.
    pub key: StorageKey,
    /// Kind of write.
    pub verb: Verb,
    /// What is known about its effect.
    pub state: EntryState,
    /// The record that was to be written; `None` for a deletion.
    pub intended: Option<Arc<ReleaseRecord>>,
    /// The record as the API server has it; for a deletion as it was stored before. `None` while that is not known.
    pub persisted: Option<Arc<ReleaseRecord>>,
}

/// A write whose persisted record is not the intended one: something between us and the storage changed it.
#[derive(Debug, Clone, PartialEq)]
pub struct Divergence {
    /// Which storage object.
    pub key: StorageKey,
    /// Kind of write.
    pub verb: Verb,
    /// Members of the release's JSON that differ.
    pub fields: Vec<String>,
}

impl JournalEntry {
    pub(super) fn new(
        key: &StorageKey,
        operation: &StorageOperation,
        state: EntryState,
        persisted: Option<Arc<ReleaseRecord>>,
    ) -> Self {
        let (verb, intended) = match operation {
            StorageOperation::Create { record } => (Verb::Create, Some(Arc::clone(record))),
            StorageOperation::Update { record } => (Verb::Update, Some(Arc::clone(record))),
            _ => (Verb::Delete, None),
        };
        Self { key: key.clone(), verb, state, intended, persisted }
    }

    /// Whether the write is known to have taken effect.
    #[must_use]
    pub fn took_effect(&self) -> bool {
        matches!(self.state, EntryState::Acknowledged | EntryState::Confirmed)
    }

    /// Settles an unknown write by what the key is now known to hold.
    pub(super) fn resolve(&mut self, knowledge: &Knowledge) {
        self.state = match (&self.intended, knowledge) {
            (_, Knowledge::Unknown) => EntryState::Unknown,
            (None, Knowledge::Absent) => EntryState::Confirmed,
            (Some(intended), Knowledge::Present(record)) if same(intended, record) => {
                self.persisted = Some(Arc::clone(record));
                EntryState::Confirmed
            }
            _ => EntryState::Refuted,
        };
    }

    pub(super) fn divergence(&self) -> Option<Divergence> {
        let (intended, persisted) = (self.intended.as_ref()?, self.persisted.as_ref()?);
        if same(intended, persisted) {
            return None;
        }
        let (intended, persisted) = (members(intended), members(persisted));
        let names =
            intended.as_object().into_iter().chain(persisted.as_object()).flat_map(|members| members.keys());
        let mut fields: Vec<String> = names
            .filter(|name| intended.get(name.as_str()) != persisted.get(name.as_str()))
            .cloned()
            .collect();
        fields.sort();
        fields.dedup();
        Some(Divergence { key: self.key.clone(), verb: self.verb, fields })
    }
}

/// Whether two records are stored as the same text.
fn same(a: &Arc<ReleaseRecord>, b: &Arc<ReleaseRecord>) -> bool {
    Arc::ptr_eq(a, b) || matches!((release_json(a), release_json(b)), (Ok(a), Ok(b)) if a == b)
}

fn members(record: &ReleaseRecord) -> Value {
    release_json(record).ok().and_then(|json| serde_json::from_str(&json).ok()).unwrap_or_default()
}
