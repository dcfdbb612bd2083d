//! Waiting until objects are ready or gone (Flux `pkg/ssa/manager_wait.go`, spec 05 §6), driven by watches.

mod gone;
mod pods;
mod ready;
mod rules;
mod source;

use std::collections::BTreeMap;
use std::sync::Arc;

use gone::GoneWait;
use pilothouse_machine::{Context, Interrupt, SECOND, Task};
use pilothouse_protocol::{Monotonic, ObjectRef, ReleaseKey, Why};
use ready::ReadyWait;
use rules::Rules;
use serde_json::Value;

use crate::{ManifestObject, StatusReader};

/// How long the last look may take that follows when the time is over, in nanoseconds.
const LAST_LOOK: u64 = 5 * SECOND;

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
    /// The time is over; the objects that are not ready, with their status.
    #[error("timeout waiting for: [{}]", .0.join(", "))]
    Timeout(Vec<String>),
    /// These objects have failed.
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
    /// The strategy `legacy` gives up; the text is Helm's.
    #[error("{0}")]
    Legacy(String),
    /// Something else has become more important.
    #[error("context canceled")]
    Interrupted,
}

/// Waits for objects. Ends its watches when it ends.
///
/// A wait for readiness ends at any interruption. Hooks and deletions are not to be left half done because an input
/// changed: their waits end only when the process does.
///
/// Watches may be late. When the time is over the server is asked once more about what they do not show as ready or gone,
/// so that nobody rolls back what is well.
#[derive(Debug)]
pub struct Wait {
    objects: Vec<ManifestObject>,
    wait_for: WaitFor,
    timeout_nanos: u64,
    origin: Option<ReleaseKey>,
    not_before: BTreeMap<ObjectRef, u64>,
    reader: Option<Arc<dyn StatusReader>>,
    legacy: bool,
    running: Option<(Monotonic, Running)>,
}

#[derive(Debug)]
enum Running {
    Ready(Box<ReadyWait>),
    Gone(GoneWait),
}

impl Wait {
    /// Waits at most `timeout_nanos` for the objects. `origin` is the HelmRelease by whose labels
    /// objects are watched when they carry them.
    #[must_use]
    pub fn new(
        objects: Vec<ManifestObject>,
        wait_for: WaitFor,
        timeout_nanos: u64,
        origin: Option<ReleaseKey>,
    ) -> Self {
        Self {
            objects,
            wait_for,
            timeout_nanos,
            origin,
            not_before: BTreeMap::new(),
            reader: None,
            legacy: false,
            running: None,
        }
    }

    /// Waits until these objects are gone.
    pub fn gone(objects: impl IntoIterator<Item = ObjectRef>, timeout_nanos: u64) -> Self {
        let objects = objects.into_iter().map(|reference| ManifestObject { reference, body: Value::Null });
        Self::new(objects.collect(), WaitFor::Gone, timeout_nanos, None)
    }

    /// Observations older than these resource versions (of [`crate::Applied`]) do not count.
    #[must_use]
    pub fn not_before(mut self, resource_versions: BTreeMap<ObjectRef, u64>) -> Self {
        self.not_before = resource_versions;
        self
    }

    /// Adds own rules of readiness.
    #[must_use]
    pub fn with_reader(mut self, reader: Arc<dyn StatusReader>) -> Self {
        self.reader = Some(reader);
        self
    }

    /// Uses the rules and error texts of Helm 3 (wait strategy `legacy`).
    #[must_use]
    pub fn legacy(mut self) -> Self {
        self.legacy = true;
        self
    }

    fn start(&mut self, context: &mut Context) -> (Monotonic, Running) {
        let deadline = context.now.monotonic.after_nanos(self.timeout_nanos);
        let objects = std::mem::take(&mut self.objects);
        let running = match self.wait_for {
            WaitFor::Gone => Running::Gone(GoneWait::new(objects.into_iter().map(|object| object.reference))),
            WaitFor::Ready { .. } | WaitFor::HookReady => {
                let rules =
                    Rules { wait_for: self.wait_for, reader: self.reader.take(), legacy: self.legacy };
                let not_before = std::mem::take(&mut self.not_before);
                Running::Ready(Box::new(ReadyWait::new(
                    objects,
                    rules,
                    &not_before,
                    self.origin.as_ref(),
                    context,
                )))
            }
        };
        (deadline, running)
    }

    fn is_interrupted(&self, context: &Context) -> bool {
        match (self.wait_for, context.interrupt()) {
            (_, None) => false,
            (WaitFor::Ready { .. }, Some(_)) => true,
            (WaitFor::HookReady | WaitFor::Gone, Some(interrupt)) => *interrupt == Interrupt::Shutdown,
        }
    }

    /// The outcome behind the deadline, once the server has been asked again.
    fn last_look(
        &self,
        deadline: Monotonic,
        running: &mut Running,
        context: &mut Context,
    ) -> Option<Result<(), WaitError>> {
        running.ask_again();
        let outcome = running.check(context);
        if outcome.is_some() {
            return outcome;
        }
        let waits_on =
            running.awaits_answers() && !context.wait_until(deadline.after_nanos(LAST_LOOK), self.why());
        (!waits_on).then(|| running.time_over())
    }

    fn why(&self) -> Why {
        match self.wait_for {
            WaitFor::Ready { .. } => Why::ReadinessTimeout,
            WaitFor::HookReady => Why::HookTimeout,
            WaitFor::Gone => Why::DeletionTimeout,
        }
    }
}

impl Running {
    /// The outcome, once there is one.
    fn check(&mut self, context: &mut Context) -> Option<Result<(), WaitError>> {
        match self {
            Self::Ready(wait) => wait.check(context),
            Self::Gone(wait) => wait.check(context),
        }
    }

    /// Has the next check ask the server about what is still waited for.
    fn ask_again(&mut self) {
        match self {
            Self::Ready(wait) => wait.ask_again(),
            Self::Gone(wait) => wait.ask_again(),
        }
    }

    /// Whether an answer to that is missing.
    fn awaits_answers(&self) -> bool {
        match self {
            Self::Ready(wait) => wait.awaits_answers(),
            Self::Gone(wait) => wait.awaits_answers(),
        }
    }

    /// The outcome when the time is over.
    fn time_over(&self) -> Result<(), WaitError> {
        match self {
            Self::Ready(wait) => wait.time_over(),
            Self::Gone(wait) => wait.time_over(),
        }
    }

    fn stop(&mut self, context: &mut Context) {
        match self {
            Self::Ready(wait) => wait.stop(context),
            Self::Gone(wait) => wait.stop(context),
        }
    }
}

impl Task for Wait {
    type Output = Result<(), WaitError>;

    fn poll(&mut self, context: &mut Context) -> Option<Self::Output> {
        let (deadline, mut running) = match self.running.take() {
            Some(running) => running,
            None if self.is_interrupted(context) => return Some(Err(WaitError::Interrupted)),
            None => self.start(context),
        };
        let outcome = running.check(context).or_else(|| {
            if self.is_interrupted(context) {
                Some(Err(WaitError::Interrupted))
            } else if context.wait_until(deadline, self.why()) {
                self.last_look(deadline, &mut running, context)
            } else {
                None
            }
        });
        match outcome {
            Some(_) => running.stop(context),
            None => self.running = Some((deadline, running)),
        }
        outcome
    }

    fn describe(&self) -> String {
        match &self.running {
            Some((_, Running::Ready(wait))) => wait.describe(),
            Some((_, Running::Gone(wait))) => wait.describe(),
            None => format!("waiting for {} objects", self.objects.len()),
        }
    }
}
