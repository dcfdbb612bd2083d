//! The operator does not work without end.

use std::collections::VecDeque;

use pilothouse_protocol::Monotonic;

use crate::faults::kind_of;
use crate::world::Exchange;

/// Nanoseconds of one hour.
const HOUR: u64 = 3_600_000_000_000;
/// Most requests within one virtual hour: a release that is tried again for ever with growing pauses stays far below.
const REQUESTS_MAX: usize = 3_000;
/// Most requests of one try that a user has asked for in every `retryInterval`.
const REQUESTS_OF_A_TRY: u64 = 30;

/// The requests of the last hour.
#[derive(Debug, Default)]
pub(super) struct Pace {
    recent: VecDeque<Monotonic>,
    /// Requests within an hour that users have asked for.
    asked: usize,
}

impl Pace {
    /// From now on a release is tried again after so many nanoseconds, as its spec says.
    pub(super) fn hurry(&mut self, nanos: u64) {
        let tries = HOUR / nanos.max(1);
        self.asked += usize::try_from(tries.saturating_mul(REQUESTS_OF_A_TRY)).unwrap_or(usize::MAX);
    }

    /// Counts a request; says when there are too many.
    pub(super) fn check(&mut self, exchange: &Exchange) -> Option<String> {
        // Who leads and who would like to ask at their own pace.
        if kind_of(&exchange.request) == Some("Lease") {
            return None;
        }
        self.recent.push_back(exchange.at);
        while self.recent.front().is_some_and(|first| exchange.at.nanos_since(*first) > HOUR) {
            self.recent.pop_front();
        }
        let most = REQUESTS_MAX.saturating_add(self.asked);
        let too_many = self.recent.len() > most;
        too_many.then(|| format!("pace: {} made more than {most} requests within an hour", exchange.key))
    }
}
