//! A token bucket for requests, as client-go's `flowcontrol` has one for each client.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// What client-go takes when the flag says 0 queries per second.
const DEFAULT_QPS: f64 = 5.0;
/// What client-go takes when the flag says a burst of 0.
const DEFAULT_BURST: f64 = 10.0;

/// The rate of a bucket.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rate {
    per_second: f64,
    burst: f64,
}

impl Rate {
    /// From `--kube-api-qps` and `--kube-api-burst`: zero is client-go's default, less than zero no limit.
    #[must_use]
    pub fn new(qps: f32, burst: i32) -> Self {
        let or_default = |value: f64, default: f64| if value == 0.0 { default } else { value };
        Self {
            per_second: or_default(f64::from(qps), DEFAULT_QPS),
            burst: or_default(f64::from(burst), DEFAULT_BURST).max(1.0),
        }
    }
}

/// A bucket that starts full.
#[derive(Debug)]
pub struct TokenBucket {
    rate: Rate,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// Below zero: reserved by callers that wait.
    tokens: f64,
    at: Instant,
}

impl TokenBucket {
    /// A full bucket.
    #[must_use]
    pub fn new(rate: Rate) -> Self {
        Self { rate, state: Mutex::new(State { tokens: rate.burst, at: Instant::now() }) }
    }

    /// Takes a token; waits until there is one. Callers are served in the order in which they came.
    pub async fn acquire(&self) {
        let wait = self.reserve();
        if !wait.is_zero() {
            tokio::time::sleep(wait).await;
        }
    }

    /// Whether the bucket is as it was in the beginning.
    #[must_use]
    pub fn is_full(&self) -> bool {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.tokens + state.at.elapsed().as_secs_f64() * self.rate.per_second >= self.rate.burst
    }

    fn reserve(&self) -> Duration {
        if self.rate.per_second < 0.0 {
            return Duration::ZERO;
        }
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        let gained = now.duration_since(state.at).as_secs_f64() * self.rate.per_second;
        state.tokens = (state.tokens + gained).min(self.rate.burst) - 1.0;
        state.at = now;
        Duration::try_from_secs_f64(-state.tokens / self.rate.per_second).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_burst_passes_and_the_rest_is_spread() {
        let bucket = TokenBucket::new(Rate::new(10.0, 3));
        let start = Instant::now();
        for _ in 0..5 {
            bucket.acquire().await;
        }
        let elapsed = start.elapsed();
        assert!(elapsed >= Duration::from_millis(199) && elapsed < Duration::from_millis(210), "{elapsed:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_negative_rate_is_no_limit() {
        let bucket = TokenBucket::new(Rate::new(-1.0, 1));
        let start = Instant::now();
        for _ in 0..1000 {
            bucket.acquire().await;
        }
        assert_eq!(start.elapsed(), Duration::ZERO);
    }

    #[test]
    fn zero_is_the_default_of_client_go() {
        assert_eq!(Rate::new(0.0, 0), Rate { per_second: 5.0, burst: 10.0 });
    }
}
