//! The observer: what is known about the storage, and from which write or read (spec 04 §3).
//!
//! It wraps a driver and sees every operation twice: when its request is made and when its reply comes. A write is
//! believed when the API server acknowledged it; a write whose acknowledgement was lost is kept as unknown until the
//! key is read back. A read says something about a key only if it began after the last write of the key had ended.

mod journal;
mod knowledge;

use std::collections::BTreeMap;
use std::sync::Arc;

use pilothouse_protocol::{Failure, Reply, Request};

use crate::{Driver, ReleaseRecord, StorageError, StorageKey, StorageOperation, StorageResult};

pub use journal::{Divergence, EntryState, JournalEntry, Verb};
pub use knowledge::Knowledge;
use knowledge::KnowledgeBase;

/// Names an operation in flight.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ticket(u64);

/// Wraps a driver and keeps the books of one storage namespace.
#[derive(Debug, Clone)]
pub struct Observer<D> {
    driver: D,
    /// Counts beginnings and ends, to tell what came before what.
    moment: u64,
    in_flight: BTreeMap<Ticket, InFlight>,
    lost: BTreeMap<Ticket, Lost>,
    known: KnowledgeBase,
    journal: Vec<JournalEntry>,
}

/// An operation whose reply is awaited.
#[derive(Debug, Clone)]
struct InFlight {
    operation: StorageOperation,
    /// What was known about the written key before.
    before: Knowledge,
}

/// A write whose reply was given up.
#[derive(Debug, Clone)]
struct Lost {
    operation: StorageOperation,
    before: Knowledge,
    entry: usize,
    /// When it was given up; `None` when other writes of the key were in flight together with it.
    given_up: Option<u64>,
}

impl<D: Driver> Observer<D> {
    /// An observer that knows nothing yet.
    pub fn new(driver: D) -> Self {
        Self {
            driver,
            moment: 0,
            in_flight: BTreeMap::new(),
            lost: BTreeMap::new(),
            known: KnowledgeBase::default(),
            journal: Vec::new(),
        }
    }

    /// Name of the driver: `observer`.
    #[must_use]
    pub fn name(&self) -> &'static str {
        "observer"
    }

    /// The wrapped driver.
    pub fn driver_mut(&mut self) -> &mut D {
        &mut self.driver
    }

    /// Begins an operation: its request is to be sent, its reply handed to [`Observer::finish`]. `now` is the wall
    /// clock in seconds since the Unix epoch.
    ///
    /// # Errors
    /// When the driver refuses the operation; nothing has changed then.
    pub fn begin(
        &mut self,
        operation: StorageOperation,
        now: i64,
    ) -> Result<(Ticket, Request), StorageError> {
        let request = self.driver.request(&operation, now)?;
        self.moment += 1;
        let ticket = Ticket(self.moment);
        let before = match operation.written_key() {
            Some(key) => self.known.write_begins(key, self.moment),
            None => Knowledge::Unknown,
        };
        self.in_flight.insert(ticket, InFlight { operation, before });
        Ok((ticket, request))
    }

    /// Ends an operation with its reply. `None` when nobody waits for it: the reply is late or repeated; what it says
    /// about a lost write is learnt nevertheless.
    pub fn finish(&mut self, ticket: Ticket, reply: &Reply) -> Option<Result<StorageResult, StorageError>> {
        self.moment += 1;
        let Some(InFlight { operation, before }) = self.in_flight.remove(&ticket) else {
            self.learn_late(ticket, reply);
            return None;
        };
        let result = self.driver.result(&operation, reply);
        match operation.written_key() {
            Some(key) => self.write_ends(ticket, operation, &key, before, &result),
            None => self.read_ends(ticket, &operation, &result),
        }
        Some(result)
    }

    /// Gives up waiting for a reply: the effect of a write is unknown from now on.
    pub fn give_up(&mut self, ticket: Ticket) -> Option<Result<StorageResult, StorageError>> {
        if !self.in_flight.contains_key(&ticket) {
            return None;
        }
        self.finish(ticket, &Reply::Failed(Failure::Unknown("no reply".to_owned())))
    }

    /// What is known about a key.
    #[must_use]
    pub fn knowledge(&self, key: &StorageKey) -> Knowledge {
        self.known.get(key)
    }

    /// The record that the storage holds under a key, if that is known.
    #[must_use]
    pub fn observed(&self, key: &StorageKey) -> Option<Arc<ReleaseRecord>> {
        match self.known.get(key) {
            Knowledge::Present(record) => Some(record),
            Knowledge::Absent | Knowledge::Unknown => None,
        }
    }

    /// All writes that took effect or may have done so, in the order in which they ended.
    #[must_use]
    pub fn journal(&self) -> &[JournalEntry] {
        &self.journal
    }

    /// The records of all writes that are known to have taken effect, in order: as persisted, for a deletion as they
    /// were stored before. This is what the original hands to its observers.
    pub fn acknowledged(&self) -> impl Iterator<Item = &Arc<ReleaseRecord>> {
        self.journal.iter().filter(|entry| entry.took_effect()).filter_map(|entry| entry.persisted.as_ref())
    }

    /// Keys with a write whose effect is unknown: they are to be read back.
    #[must_use]
    pub fn unresolved(&self) -> Vec<StorageKey> {
        let unknown = self.journal.iter().filter(|entry| entry.state == EntryState::Unknown);
        let mut keys: Vec<StorageKey> = unknown.map(|entry| entry.key.clone()).collect();
        keys.sort();
        keys.dedup();
        keys.retain(|key| self.known.get(key) == Knowledge::Unknown);
        keys
    }

    /// Writes whose persisted record is not the intended one.
    #[must_use]
    pub fn divergences(&self) -> Vec<Divergence> {
        self.journal.iter().filter_map(JournalEntry::divergence).collect()
    }

    fn write_ends(
        &mut self,
        ticket: Ticket,
        operation: StorageOperation,
        key: &StorageKey,
        before: Knowledge,
        result: &Result<StorageResult, StorageError>,
    ) {
        let alone = !self.known.is_overlapped(key);
        let after = match result {
            Ok(result) => {
                let (after, persisted) = outcome(result, &before);
                self.journal.push(JournalEntry::new(key, &operation, EntryState::Acknowledged, persisted));
                after
            }
            Err(error) if error.effect_is_unknown() => {
                let entry = self.journal.len();
                let persisted = stored_before(&operation, &before);
                self.journal.push(JournalEntry::new(key, &operation, EntryState::Unknown, persisted));
                let given_up = alone.then_some(self.moment);
                self.lost.insert(ticket, Lost { operation, before, entry, given_up });
                Knowledge::Unknown
            }
            Err(error) if says_absent(error) => {
                self.resolve(key, &Knowledge::Absent);
                Knowledge::Absent
            }
            // It exists after all; what it holds has to be read.
            Err(StorageError::AlreadyExists) if before == Knowledge::Absent => Knowledge::Unknown,
            Err(_) => before,
        };
        self.known.write_ends(key, self.moment, after);
    }

    fn read_ends(
        &mut self,
        ticket: Ticket,
        operation: &StorageOperation,
        result: &Result<StorageResult, StorageError>,
    ) {
        for (key, knowledge) in self.known.told_by(operation, result) {
            if self.known.read_applies(&key, ticket.0) {
                self.resolve(&key, &knowledge);
                self.known.set(key, knowledge);
            }
        }
    }

    /// The reply to a write that was given up. It says that the write took effect or did not, but not whether that was
    /// before or after what has been seen since.
    fn learn_late(&mut self, ticket: Ticket, reply: &Reply) {
        let Some(lost) = self.lost.remove(&ticket) else { return };
        let Some(key) = lost.operation.written_key() else { return };
        let Some(entry) = self.journal.get_mut(lost.entry) else { return };
        if entry.state == EntryState::Confirmed {
            return;
        }
        let was_unknown = entry.state == EntryState::Unknown;
        let unchanged = lost.given_up.is_some_and(|moment| self.known.is_unchanged(&key, moment));
        let nothing_since = unchanged && self.known.get(&key) == Knowledge::Unknown;
        match self.driver.result(&lost.operation, reply) {
            Ok(result) => {
                let (after, persisted) = outcome(&result, &lost.before);
                entry.state = EntryState::Confirmed;
                entry.persisted = persisted;
                self.known.set(key, if was_unknown && nothing_since { after } else { Knowledge::Unknown });
            }
            Err(error) if error.effect_is_unknown() => {
                self.lost.insert(ticket, lost);
            }
            Err(_) => {
                entry.state = EntryState::Refuted;
                if nothing_since {
                    self.known.set(key, lost.before);
                }
            }
        }
    }

    /// Settles the unknown writes of a key by what it is now known to hold.
    fn resolve(&mut self, key: &StorageKey, knowledge: &Knowledge) {
        let unknown = |entry: &&mut JournalEntry| entry.state == EntryState::Unknown && entry.key == *key;
        for entry in self.journal.iter_mut().filter(unknown) {
            entry.resolve(knowledge);
        }
    }
}

/// What an acknowledged write says about its key, and the record it is about.
fn outcome(result: &StorageResult, before: &Knowledge) -> (Knowledge, Option<Arc<ReleaseRecord>>) {
    match (result, before) {
        (StorageResult::Record(record), _) => {
            (Knowledge::Present(Arc::clone(record)), Some(Arc::clone(record)))
        }
        (StorageResult::Deleted, Knowledge::Present(record)) => (Knowledge::Absent, Some(Arc::clone(record))),
        (StorageResult::Deleted, _) => (Knowledge::Absent, None),
        (StorageResult::Unreadable(_) | StorageResult::Records { .. }, _) => (Knowledge::Unknown, None),
    }
}

/// The record that a deletion is about.
fn stored_before(operation: &StorageOperation, before: &Knowledge) -> Option<Arc<ReleaseRecord>> {
    match (operation, before) {
        (StorageOperation::Delete { .. }, Knowledge::Present(record)) => Some(Arc::clone(record)),
        _ => None,
    }
}

/// Whether the server says that there is nothing to update or delete.
fn says_absent(error: &StorageError) -> bool {
    match error {
        StorageError::NotFound => true,
        StorageError::Request { failure, .. } => failure.is_not_found(),
        _ => false,
    }
}

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;
