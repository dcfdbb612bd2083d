//! One operation of the storage driver: its request and its reply.

use pilothouse_machine::Context;
use pilothouse_release::{StorageError, StorageOperation, StorageResult, Ticket};

use super::Storage;
use crate::call::Call;

/// Nanoseconds of one second.
const SECOND: i64 = 1_000_000_000;

/// An operation before and while its reply is awaited.
#[derive(Debug)]
pub(super) enum Exchange {
    Begin(StorageOperation),
    Awaiting { operation: Box<StorageOperation>, ticket: Ticket, call: Call },
}

impl Exchange {
    /// An operation that has not begun.
    pub(super) fn new(operation: StorageOperation) -> Self {
        Self::Begin(operation)
    }

    /// Sends the request and hands the reply to the observer.
    pub(super) fn poll(
        &mut self,
        storage: &mut Storage,
        context: &mut Context,
    ) -> Option<Result<StorageResult, StorageError>> {
        if let Self::Begin(operation) = self {
            let now = context.now.wall.div_euclid(SECOND);
            match storage.observer.begin(operation.clone(), now) {
                Err(error) => return Some(Err(error)),
                Ok((ticket, request)) => {
                    let request = storage.versions.guarded(request);
                    let operation = Box::new(operation.clone());
                    *self = Self::Awaiting { operation, ticket, call: Call::send(context, request) }
                }
            }
        }
        let Self::Awaiting { operation, ticket, call } = self else { return None };
        let reply = call.poll(context)?;
        storage.versions.learn(operation, &reply);
        let result = storage.observer.finish(*ticket, &reply);
        Some(result.unwrap_or(Err(StorageError::UnexpectedReply("a finished operation"))))
    }
}
