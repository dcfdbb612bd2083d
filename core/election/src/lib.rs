//! Leader election with a Lease, as client-go's `leaderelection` package does it, without a clock or a connection: what a
//! candidate asks the API server for, when it leads, and until when it may write.
//!
//! `io-kube` drives it on a real API server, `io-sim` in simulated clusters.

mod candidate;
mod claim;
mod fence;
mod times;

pub use candidate::{Candidate, Step, Wish};
pub use fence::{Fence, NOT_SENT};
pub use times::{InvalidTimes, JITTER, Times};

use std::time::Duration;

/// The name of the Lease, which is helm-controller's: only one of both reconciles.
pub const LEASE_NAME: &str = "helm-controller-leader-election";

/// A duration in nanoseconds, at most as many as there can be.
#[must_use]
pub fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
