//! The fence: no write leaves the process when another one may be the leader already.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use http::Method;
use pilothouse_protocol::Failure;
use tokio::time::Instant;

/// Stands for "always": without leader election nobody else writes.
const ALWAYS: u64 = u64::MAX;

/// What is said of a write that the fence has held back.
pub(super) const NOT_SENT: &str = "not sent: the leader election lease is not held any more";

/// Until when writes may be sent. Cheap to clone; all clones are one fence.
#[derive(Debug, Clone)]
pub struct Fence {
    origin: Instant,
    /// Nanoseconds since `origin`.
    open_until: Arc<AtomicU64>,
}

impl Fence {
    /// A fence that is always open.
    #[must_use]
    pub fn open() -> Self {
        Self { origin: Instant::now(), open_until: Arc::new(AtomicU64::new(ALWAYS)) }
    }

    /// A fence that is closed until [`Fence::extend`].
    #[must_use]
    pub fn closed() -> Self {
        Self { origin: Instant::now(), open_until: Arc::default() }
    }

    /// Writes may be sent until a moment.
    pub fn extend(&self, until: Instant) {
        let nanos = until.saturating_duration_since(self.origin).as_nanos();
        self.open_until.store(u64::try_from(nanos).unwrap_or(ALWAYS), Ordering::Release);
    }

    /// No more writes.
    pub fn close(&self) {
        self.open_until.store(0, Ordering::Release);
    }

    /// Whether a request may be sent now. To be asked right before it is.
    ///
    /// # Errors
    ///
    /// It would write and the claim to do so has run out; nothing is changed then.
    pub fn check(&self, method: &Method) -> Result<(), Failure> {
        if !is_write(method) || self.is_open() {
            return Ok(());
        }
        Err(Failure::Unreachable(NOT_SENT.to_owned()))
    }

    /// Whether writes may be sent now.
    #[must_use]
    pub fn is_open(&self) -> bool {
        let until = self.open_until.load(Ordering::Acquire);
        until == ALWAYS || self.origin.elapsed().as_nanos() < u128::from(until)
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
        let fence = Fence::closed();
        assert!(fence.check(&Method::GET).is_ok() && fence.check(&Method::POST).is_err());
        fence.extend(Instant::now() + Duration::from_secs(30));
        tokio::time::advance(Duration::from_millis(29_999)).await;
        assert!(fence.check(&Method::PATCH).is_ok());
        tokio::time::advance(Duration::from_millis(1)).await;
        for method in [Method::POST, Method::PUT, Method::PATCH, Method::DELETE] {
            assert!(fence.check(&method).is_err(), "{method}");
        }
        fence.extend(Instant::now() + Duration::from_secs(30));
        fence.clone().close();
        assert!(fence.check(&Method::DELETE).is_err());
        assert!(Fence::open().check(&Method::DELETE).is_ok());
    }
}
