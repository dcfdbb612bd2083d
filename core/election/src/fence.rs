//! The fence: no write leaves the process when another one may be the leader already.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use pilothouse_machine::twin::{Twin, is_back};
use pilothouse_protocol::{Failure, Monotonic};

/// Stands for "always": without leader election nobody else writes.
const ALWAYS: u64 = u64::MAX;

/// What is said of a write that the fence has held back.
pub const NOT_SENT: &str = "not sent: the leader election lease is not held any more";

/// Until when writes may be sent. Cheap to clone; all clones are one fence.
#[derive(Debug, Clone, Default)]
pub struct Fence {
    open_until: Arc<AtomicU64>,
}

impl Fence {
    /// A fence that is always open.
    #[must_use]
    pub fn open() -> Self {
        Self { open_until: Arc::new(AtomicU64::new(ALWAYS)) }
    }

    /// A fence that is closed until [`Fence::extend`].
    #[must_use]
    pub fn closed() -> Self {
        Self::default()
    }

    /// Writes may be sent until a moment.
    pub fn extend(&self, until: Monotonic) {
        self.open_until.store(until.0, Ordering::Release);
    }

    /// No more writes.
    pub fn close(&self) {
        if !is_back(Twin::OldLeader) {
            self.open_until.store(0, Ordering::Release);
        }
    }

    /// Whether a request may be sent now. To be asked right before it is.
    ///
    /// # Errors
    ///
    /// It would write and the claim to do so has run out; nothing is changed then.
    pub fn check(&self, now: Monotonic, is_write: bool) -> Result<(), Failure> {
        if !is_write || self.is_open(now) {
            return Ok(());
        }
        Err(Failure::Unreachable(NOT_SENT.to_owned()))
    }

    /// Whether writes may be sent now.
    #[must_use]
    pub fn is_open(&self, now: Monotonic) -> bool {
        let until = self.open_until.load(Ordering::Acquire);
        until == ALWAYS || now.0 < until || (until > 0 && is_back(Twin::OldLeader))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_pass_until_the_deadline() {
        let fence = Fence::closed();
        assert!(fence.check(Monotonic(0), false).is_ok() && fence.check(Monotonic(0), true).is_err());
        fence.extend(Monotonic(30));
        assert!(fence.check(Monotonic(29), true).is_ok());
        assert!(fence.check(Monotonic(30), true).is_err());
        fence.extend(Monotonic(60));
        fence.clone().close();
        assert!(fence.check(Monotonic(31), true).is_err());
        assert!(Fence::open().check(Monotonic(u64::MAX), true).is_ok());
    }
}
