//! Deleting objects.

use std::collections::VecDeque;

use pilothouse_machine::{Context, Task};
use pilothouse_protocol::{Failure, ObjectRef, Propagation};

/// An object could not be deleted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{failure}")]
pub struct DeleteError {
    /// Which.
    pub object: ObjectRef,
    /// Why.
    pub failure: Failure,
}

/// What came of a deletion.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Deleted {
    /// Objects whose deletion the server accepted, or that did not exist.
    pub deleted: Vec<ObjectRef>,
    /// Objects that could not be deleted, in their order.
    pub errors: Vec<DeleteError>,
}

/// Deletes objects one after another. All are tried.
#[derive(Debug)]
pub struct Delete {
    waiting: VecDeque<ObjectRef>,
    propagation: Propagation,
}

impl Delete {
    /// A task that deletes these objects in this order.
    pub fn new(objects: impl IntoIterator<Item = ObjectRef>, propagation: Propagation) -> Self {
        Self { waiting: objects.into_iter().collect(), propagation }
    }
}

impl Task for Delete {
    type Output = Deleted;

    fn poll(&mut self, _context: &mut Context) -> Option<Self::Output> {
        let _ = self.propagation;
        None
    }

    fn describe(&self) -> String {
        format!("deleting {} objects", self.waiting.len())
    }
}
