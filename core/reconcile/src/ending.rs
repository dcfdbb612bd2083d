//! How a pass ends (spec 02, result kinds).

use pilothouse_machine::{Context, Interrupt};
use pilothouse_protocol::Why;

/// What follows a pass.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    /// Nothing until something changes.
    Done,
    /// The object is gone or no longer ours.
    Gone,
    /// Again after this many nanoseconds; clears the back-off.
    After {
        /// Nanoseconds.
        nanos: u64,
        /// Why then.
        why: Why,
        /// Whether the generation counts as reconciled.
        observed: bool,
    },
    /// Again through the back-off, without an error.
    Rate,
    /// Again through the back-off, because of an error.
    Error(String),
    /// Not before something changes, because of an error.
    Terminal(String),
    /// At once, because an input changed in the middle.
    Interrupted,
}

/// What a pass counts as in the metrics of controller-runtime.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PassResult {
    /// Nothing follows by itself.
    Success,
    /// Again, at once or through the back-off.
    Requeue,
    /// Again after some time.
    RequeueAfter,
    /// Failed, and again through the back-off.
    Error,
    /// Failed, and nothing follows by itself.
    Terminal,
}

impl From<&Ending> for PassResult {
    fn from(ending: &Ending) -> Self {
        match ending {
            Ending::Done | Ending::Gone => Self::Success,
            Ending::After { .. } => Self::RequeueAfter,
            Ending::Rate | Ending::Interrupted => Self::Requeue,
            Ending::Error(_) => Self::Error,
            Ending::Terminal(_) => Self::Terminal,
        }
    }
}

impl Ending {
    /// Whether `status.observedGeneration` becomes the generation (spec 02 §2.1, 03 §4).
    #[must_use]
    pub fn observes_generation(&self) -> bool {
        match self {
            Self::Done | Self::Terminal(_) => true,
            Self::After { observed, .. } => *observed,
            Self::Gone | Self::Rate | Self::Error(_) | Self::Interrupted => false,
        }
    }

    /// How a pass ends that was interrupted: before a shutdown, nothing follows at once.
    #[must_use]
    pub fn interrupted(context: &Context) -> Self {
        match context.interrupt() {
            Some(Interrupt::Shutdown) => Self::Rate,
            _ => Self::Interrupted,
        }
    }

    /// Whether the next pass has to be delayed by the back-off.
    #[must_use]
    pub fn backs_off(&self) -> bool {
        matches!(self, Self::Rate | Self::Error(_))
    }
}
