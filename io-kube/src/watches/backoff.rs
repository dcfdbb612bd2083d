//! The pause before a broken list or watch is tried again.

use std::time::Duration;

use crate::clock::jitter;

/// The first pause, as in client-go's reflector.
const MIN: Duration = Duration::from_millis(800);
/// The longest pause before jitter, as in client-go's reflector.
const MAX: Duration = Duration::from_secs(30);

/// Exponential back-off with jitter, so that the watches of many operators do not come back in step.
#[derive(Debug, Default)]
pub(super) struct WatchBackoff {
    attempt: u32,
}

impl WatchBackoff {
    /// Forgets past failures.
    pub(super) fn reset(&mut self) {
        self.attempt = 0;
    }

    /// Waits for between one and two times the back-off of this attempt.
    pub(super) async fn pause(&mut self) {
        let base = base(self.attempt);
        self.attempt = self.attempt.saturating_add(1);
        let extra = jitter(u64::try_from(base.as_millis()).unwrap_or_default());
        tokio::time::sleep(base + Duration::from_millis(extra)).await;
    }
}

fn base(attempt: u32) -> Duration {
    MIN.saturating_mul(2_u32.saturating_pow(attempt)).min(MAX)
}

#[cfg(test)]
mod tests {
    use tokio::time::Instant;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn pauses_grow_and_are_reset() {
        let mut backoff = WatchBackoff::default();
        for expected in [800, 1600, 3200] {
            let start = Instant::now();
            backoff.pause().await;
            let waited = start.elapsed();
            assert!(
                waited >= Duration::from_millis(expected) && waited <= Duration::from_millis(2 * expected)
            );
        }
        backoff.reset();
        assert_eq!(base(backoff.attempt), MIN);
        assert_eq!(base(99), MAX);
    }
}
