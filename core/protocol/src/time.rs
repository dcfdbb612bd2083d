//! Time as an input: a monotonic and a wall reading, and deadlines that carry their reason.

use serde::{Deserialize, Serialize};

/// Nanoseconds on a clock that never goes back. Its origin is the driver's choice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub struct Monotonic(pub u64);

impl Monotonic {
    /// This moment plus `nanos` nanoseconds, saturating.
    #[must_use]
    pub fn after_nanos(self, nanos: u64) -> Self {
        Self(self.0.saturating_add(nanos))
    }

    /// Nanoseconds since `earlier`; zero if `earlier` lies in the future.
    #[must_use]
    pub fn nanos_since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }
}

/// The two clocks at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Now {
    /// For durations and deadlines.
    pub monotonic: Monotonic,
    /// Nanoseconds since the Unix epoch, for what is written into objects. May step.
    pub wall: i64,
}

/// When to call again with [`crate::Input::Timer`], and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Deadline {
    /// The moment.
    pub at: Monotonic,
    /// What happens then.
    pub why: Why,
}

/// The reason of a deadline, for logs, traces and progress displays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Why {
    /// The next regular reconcile.
    Interval,
    /// A dependency that is not ready is looked at again.
    Dependency,
    /// A source that is not ready is looked at again.
    Source,
    /// The next try after an error, backed off.
    Backoff,
    /// The next try of a `RetryOnFailure` strategy.
    RetryInterval,
    /// A wait for readiness gives up.
    ReadinessTimeout,
    /// A wait for a hook gives up.
    HookTimeout,
    /// A wait for a deletion gives up.
    DeletionTimeout,
    /// Objects that cannot be watched are read again.
    Poll,
    /// A pending release of another holder may be taken over.
    Unlock,
    /// Somebody else has changed a managed object.
    Drift,
    /// A request whose reply is overdue is given up as unknown.
    RequestTimeout,
}

impl Why {
    /// A few words for people.
    #[must_use]
    pub fn describe(self) -> &'static str {
        match self {
            Self::Interval => "next reconcile",
            Self::Dependency => "dependency",
            Self::Source => "source",
            Self::Backoff => "retry after error",
            Self::RetryInterval => "retry interval",
            Self::ReadinessTimeout => "resources to become ready",
            Self::HookTimeout => "hook to finish",
            Self::DeletionTimeout => "resources to disappear",
            Self::Poll => "next poll",
            Self::Unlock => "holder of the pending release",
            Self::Drift => "look at a changed object",
            Self::RequestTimeout => "reply of the API server",
        }
    }
}
