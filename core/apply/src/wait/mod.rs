//! Waiting until objects are ready or gone.

use std::collections::BTreeMap;
use std::sync::Arc;

use pilothouse_machine::{Context, Task};
use pilothouse_protocol::ObjectRef;

use crate::{ManifestObject, StatusReader};

/// What is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WaitFor {
    /// All objects are current. Ends at once when one has failed.
    Ready {
        /// Jobs must be complete, not only started.
        jobs: bool,
    },
    /// Jobs and Pods are complete; all else counts as ready. Ends when each object is complete or has failed.
    HookReady,
    /// All objects are gone.
    Gone,
}

/// Why a wait ended otherwise. Displays as Flux's error text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WaitError {
    /// The time is over.
    #[error("timeout waiting for: [{}]", .0.join(", "))]
    Timeout(Vec<String>),
    /// Some objects have failed.
    #[error("failed early due to stalled resources: [{}]", .0.join(", "))]
    Stalled(Vec<String>),
    /// An object is still there when the time is over, or could not be read.
    #[error("{object} termination timeout: {problem}")]
    Termination {
        /// Which.
        object: ObjectRef,
        /// Why.
        problem: String,
    },
    /// Something else has become more important.
    #[error("context canceled")]
    Interrupted,
}

/// Waits for objects. Ends its watches when it ends.
#[derive(Debug)]
pub struct Wait {
    objects: Vec<ManifestObject>,
}

impl Wait {
    /// Waits at most `timeout_nanos` for the objects. `origin` is name and namespace of the HelmRelease, by whose
    /// labels objects are watched.
    #[must_use]
    pub fn new(
        objects: Vec<ManifestObject>,
        wait_for: WaitFor,
        timeout_nanos: u64,
        origin: Option<(String, String)>,
    ) -> Self {
        let _ = (wait_for, timeout_nanos, origin);
        Self { objects }
    }

    /// Waits until these objects are gone.
    pub fn gone(objects: impl IntoIterator<Item = ObjectRef>, timeout_nanos: u64) -> Self {
        let bodies =
            objects.into_iter().map(|reference| ManifestObject { reference, body: serde_json::Value::Null });
        Self::new(bodies.collect(), WaitFor::Gone, timeout_nanos, None)
    }

    /// Observations older than these resource versions (of [`crate::Applied`]) do not count.
    #[must_use]
    pub fn not_before(self, resource_versions: BTreeMap<ObjectRef, u64>) -> Self {
        let _ = resource_versions;
        self
    }

    /// Adds own rules of readiness.
    #[must_use]
    pub fn with_reader(self, reader: Arc<dyn StatusReader>) -> Self {
        let _ = reader;
        self
    }
}

impl Task for Wait {
    type Output = Result<(), WaitError>;

    fn poll(&mut self, _context: &mut Context) -> Option<Self::Output> {
        None
    }

    fn describe(&self) -> String {
        format!("waiting for {} objects", self.objects.len())
    }
}
