//! The times of an election.

use std::time::Duration;

/// By how much the time between tries to acquire is spread, as a factor, in client-go.
pub const JITTER: f64 = 1.2;

/// The times of an election.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Times {
    /// How long others wait before they take over.
    pub lease: Duration,
    /// How long the leader tries to renew.
    pub renew: Duration,
    /// The time between tries.
    pub retry: Duration,
}

/// Times that do not go together, in client-go's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidTimes {
    /// Another one would take over before the leader gives up.
    #[error("leaseDuration must be greater than renewDeadline")]
    Lease,
    /// There would be one try only.
    #[error("renewDeadline must be greater than retryPeriod*JitterFactor")]
    Renew,
    /// Nothing would be retried, or all the time.
    #[error("leaseDuration, renewDeadline and retryPeriod must be greater than zero")]
    Zero,
}

impl Times {
    /// Checks that the times go together.
    ///
    /// # Errors
    ///
    /// They do not.
    pub fn check(&self) -> Result<(), InvalidTimes> {
        if self.retry.is_zero() || self.lease < Duration::from_secs(1) {
            return Err(InvalidTimes::Zero);
        }
        if self.lease <= self.renew {
            return Err(InvalidTimes::Lease);
        }
        if self.renew <= self.retry.mul_f64(JITTER) {
            return Err(InvalidTimes::Renew);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn times_go_together_or_not() {
        let times = Times { lease: 35 * SECOND, renew: 30 * SECOND, retry: 5 * SECOND };
        assert_eq!(times.check(), Ok(()));
        for (times, error) in [
            (Times { renew: 35 * SECOND, ..times }, InvalidTimes::Lease),
            (Times { retry: 25 * SECOND, ..times }, InvalidTimes::Renew),
            (Times { retry: Duration::ZERO, ..times }, InvalidTimes::Zero),
        ] {
            assert_eq!(times.check(), Err(error));
        }
    }
}
