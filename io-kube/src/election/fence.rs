//! The fence by the clock of the process.

use http::Method;
use pilothouse_election::Fence as TimelessFence;
use pilothouse_protocol::{Failure, Monotonic};
use tokio::time::Instant;

/// Until when writes may be sent. Cheap to clone; all clones are one fence.
#[derive(Debug, Clone)]
pub struct Fence {
    /// What its moments are counted from.
    origin: Instant,
    fence: TimelessFence,
}

impl Fence {
    /// A fence that is always open.
    #[must_use]
    pub fn open() -> Self {
        Self { origin: Instant::now(), fence: TimelessFence::open() }
    }

    /// A fence that is closed until an election opens it.
    #[must_use]
    pub fn closed() -> Self {
        Self { origin: Instant::now(), fence: TimelessFence::closed() }
    }

    /// Whether a request may be sent now. To be asked right before it is.
    ///
    /// # Errors
    ///
    /// It would write and the claim to do so has run out; nothing is changed then.
    pub fn check(&self, method: &Method) -> Result<(), Failure> {
        self.fence.check(self.now(), is_write(method))
    }

    /// Whether writes may be sent now.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.fence.is_open(self.now())
    }

    /// The fence without its clock, for who extends and closes it.
    pub(super) fn timeless(&self) -> TimelessFence {
        self.fence.clone()
    }

    /// The present moment, counted from the fence's origin.
    pub(super) fn now(&self) -> Monotonic {
        self.moment(Instant::now())
    }

    /// A moment, counted from the fence's origin.
    fn moment(&self, at: Instant) -> Monotonic {
        let nanos = at.saturating_duration_since(self.origin).as_nanos();
        Monotonic(u64::try_from(nanos).unwrap_or(u64::MAX))
    }

    /// A moment that is counted from the fence's origin.
    pub(super) fn instant(&self, at: Monotonic) -> Instant {
        self.origin + std::time::Duration::from_nanos(at.0)
    }
}

/// Whether a request changes something.
#[must_use]
pub fn is_write(method: &Method) -> bool {
    !matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn writes_pass_until_the_deadline() {
        tokio::time::advance(Duration::from_secs(5)).await;
        let fence = Fence::closed();
        assert!(fence.check(&Method::GET).is_ok() && fence.check(&Method::POST).is_err());
        fence.timeless().extend(fence.moment(Instant::now() + Duration::from_secs(30)));
        tokio::time::advance(Duration::from_millis(29_999)).await;
        assert!(fence.check(&Method::PATCH).is_ok());
        tokio::time::advance(Duration::from_millis(1)).await;
        for method in [Method::POST, Method::PUT, Method::PATCH, Method::DELETE] {
            assert!(fence.check(&method).is_err(), "{method}");
        }
        assert_eq!(fence.instant(fence.now()), Instant::now());
        assert!(Fence::open().check(&Method::DELETE).is_ok());
    }
}
