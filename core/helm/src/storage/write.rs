//! Writing revisions. A write whose outcome is unknown is read back before anything else happens.

use std::collections::VecDeque;
use std::sync::Arc;

use pilothouse_machine::{Context, SECOND};
use pilothouse_protocol::{ApiError, Failure, Monotonic, Why};
use pilothouse_release::{EntryState, ReleaseRecord, StorageError, StorageKey, StorageOperation, prune};

use super::exchange::Exchange;
use super::{GetRelease, ListReleases, Storage};
use crate::HelmError;
use crate::holder::unmark;

/// Writes and readings back of one operation.
const TRIES: u32 = 3;

/// Before the next of them.
const PAUSE: u64 = SECOND;

/// One write and what follows when its outcome is unknown.
#[derive(Debug)]
struct Write {
    operation: StorageOperation,
    tries: u32,
    state: State,
}

#[derive(Debug)]
enum State {
    Writing(Exchange),
    /// Before the write is made again: the last one has changed nothing.
    Resting(Monotonic),
    Pausing {
        until: Monotonic,
        error: StorageError,
    },
    ReadingBack {
        exchange: Exchange,
        error: StorageError,
    },
}

impl Write {
    fn new(operation: StorageOperation) -> Self {
        Self { state: State::Writing(Exchange::new(operation.clone())), operation, tries: 0 }
    }

    fn poll(&mut self, storage: &mut Storage, context: &mut Context) -> Option<Result<(), HelmError>> {
        loop {
            match &mut self.state {
                State::Writing(exchange) => match exchange.poll(storage, context)? {
                    Ok(_) => return Some(Ok(())),
                    Err(error) if error.effect_is_unknown() => self.read_back(error),
                    Err(error) if has_missed(&error) && self.tries + 1 < TRIES => {
                        self.tries += 1;
                        self.state = State::Resting(context.now.monotonic.after_nanos(PAUSE));
                    }
                    Err(error) => return Some(Err(error.into())),
                },
                State::Resting(until) => {
                    if !context.wait_until(*until, Why::Backoff) {
                        return None;
                    }
                    self.state = State::Writing(Exchange::new(self.operation.clone()));
                }
                State::Pausing { until, .. } => {
                    if !context.wait_until(*until, Why::Backoff) {
                        return None;
                    }
                    let error = self.take_error();
                    self.read_back(error);
                }
                State::ReadingBack { exchange, .. } => {
                    // What the observer makes of the reading stands in its journal.
                    let _ = exchange.poll(storage, context)?;
                    let error = self.take_error();
                    self.tries += 1;
                    match storage.observer.journal().last().map(|entry| entry.state) {
                        Some(EntryState::Acknowledged | EntryState::Confirmed) => return Some(Ok(())),
                        _ if self.tries >= TRIES => return Some(Err(error.into())),
                        Some(EntryState::Refuted) => {
                            self.state = State::Writing(Exchange::new(self.operation.clone()));
                        }
                        Some(EntryState::Unknown) | None => {
                            let until = context.now.monotonic.after_nanos(PAUSE);
                            self.state = State::Pausing { until, error };
                        }
                    }
                }
            }
        }
    }

    fn read_back(&mut self, error: StorageError) {
        let Some(key) = self.operation.written_key() else { return };
        self.state = State::ReadingBack { exchange: Exchange::new(StorageOperation::Get { key }), error };
    }

    fn take_error(&mut self) -> StorageError {
        let writing = State::Writing(Exchange::new(self.operation.clone()));
        match std::mem::replace(&mut self.state, writing) {
            State::Pausing { error, .. } | State::ReadingBack { error, .. } => error,
            State::Writing(_) | State::Resting(_) => StorageError::UnexpectedReply("a write"),
        }
    }
}

/// Stores a changed revision.
#[derive(Debug)]
pub struct UpdateRelease(Write);

impl UpdateRelease {
    /// As this record says. The marks of who works on it go with a pending status.
    #[must_use]
    pub fn new(mut record: Arc<ReleaseRecord>) -> Self {
        if !record.info.status.is_pending() {
            unmark(Arc::make_mut(&mut record));
        }
        Self(Write::new(StorageOperation::Update { record }))
    }

    /// Whether it is stored; `None` while the reply is awaited.
    pub fn poll(&mut self, storage: &mut Storage, context: &mut Context) -> Option<Result<(), HelmError>> {
        self.0.poll(storage, context)
    }
}

/// Stores a new revision, after making room for it.
#[derive(Debug)]
pub struct CreateRelease {
    record: Arc<ReleaseRecord>,
    max_history: usize,
    errors: Vec<HelmError>,
    state: CreateState,
}

#[derive(Debug)]
enum CreateState {
    Start,
    Listing(ListReleases),
    Pruning { current: DeleteRelease, rest: VecDeque<u32> },
    Creating(Write),
}

impl CreateRelease {
    /// With this record. With `max_history` above zero, the oldest revisions are deleted so that at most so many are
    /// left with the new one; the last deployed one stays.
    #[must_use]
    pub fn new(record: Arc<ReleaseRecord>, max_history: usize) -> Self {
        Self { record, max_history, errors: Vec::new(), state: CreateState::Start }
    }

    /// Whether it is stored; `None` while replies are awaited. An error of the pruning prevents the creation.
    pub fn poll(&mut self, storage: &mut Storage, context: &mut Context) -> Option<Result<(), HelmError>> {
        loop {
            match &mut self.state {
                CreateState::Start => {
                    self.state = match self.max_history {
                        0 => self.creating(),
                        _ => CreateState::Listing(ListReleases::new(&self.record.name)),
                    };
                }
                CreateState::Listing(list) => match list.poll(storage, context)? {
                    Ok(records) => self.prune_next(prune(&records, self.max_history).into()),
                    Err(error) if error.is_release_not_found() => self.state = self.creating(),
                    Err(error) => return Some(Err(error)),
                },
                CreateState::Pruning { current, rest } => {
                    let result = current.poll(storage, context)?;
                    let rest = std::mem::take(rest);
                    self.errors.extend(result.err());
                    self.prune_next(rest);
                    if matches!(self.state, CreateState::Creating(_)) && !self.errors.is_empty() {
                        return Some(Err(pruning_error(std::mem::take(&mut self.errors))));
                    }
                }
                CreateState::Creating(write) => return write.poll(storage, context),
            }
        }
    }

    fn prune_next(&mut self, mut versions: VecDeque<u32>) {
        self.state = match versions.pop_front() {
            Some(version) => {
                let key = StorageKey::new(self.record.name.clone(), version);
                CreateState::Pruning { current: DeleteRelease::new(key), rest: versions }
            }
            None => self.creating(),
        };
    }

    fn creating(&self) -> CreateState {
        CreateState::Creating(Write::new(StorageOperation::Create { record: self.record.clone() }))
    }
}

/// Deletes a revision, which is read before: the journal names what was stored.
#[derive(Debug)]
pub struct DeleteRelease {
    key: StorageKey,
    state: DeleteState,
}

#[derive(Debug)]
enum DeleteState {
    Reading(GetRelease),
    Deleting(Write),
}

impl DeleteRelease {
    /// This revision.
    #[must_use]
    pub fn new(key: StorageKey) -> Self {
        Self { state: DeleteState::Reading(GetRelease::new(key.clone())), key }
    }

    /// Whether it is gone; `None` while replies are awaited. [`HelmError::ReleaseNotFound`] when it was not there.
    pub fn poll(&mut self, storage: &mut Storage, context: &mut Context) -> Option<Result<(), HelmError>> {
        loop {
            match &mut self.state {
                DeleteState::Reading(get) => {
                    if let Err(error) = get.poll(storage, context)? {
                        return Some(Err(error));
                    }
                    let operation = StorageOperation::Delete { key: self.key.clone() };
                    self.state = DeleteState::Deleting(Write::new(operation));
                }
                DeleteState::Deleting(write) => return write.poll(storage, context),
            }
        }
    }
}

/// Whether a write has changed nothing for a reason that passes: the server was not reached, or others wrote at the same
/// moment.
fn has_missed(error: &StorageError) -> bool {
    let StorageError::Request { failure, .. } = error else { return false };
    matches!(failure, Failure::Unreachable(_)) || failure.api().is_some_and(ApiError::is_conflict)
}

/// Helm's words about errors of the pruning.
fn pruning_error(mut errors: Vec<HelmError>) -> HelmError {
    let count = errors.len();
    let first = errors.swap_remove(0);
    match count {
        1 => first,
        _ => first.context(format!("encountered {count} deletion errors. First is")),
    }
}
