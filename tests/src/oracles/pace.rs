//! The operator does not work without end.

use std::collections::VecDeque;

use pilothouse_io_sim::world::Exchange;
use pilothouse_protocol::Monotonic;

/// Nanoseconds of one hour.
const HOUR: u64 = 3_600_000_000_000;
/// Most requests within one virtual hour: a release that is tried again for ever stays far below.
const REQUESTS_MAX: usize = 3_000;

/// The requests of the last hour.
#[derive(Debug, Default)]
pub(super) struct Pace {
    recent: VecDeque<Monotonic>,
}

impl Pace {
    /// Counts a request; says when there are too many.
    pub(super) fn check(&mut self, exchange: &Exchange) -> Option<String> {
        self.recent.push_back(exchange.at);
        while self.recent.front().is_some_and(|first| exchange.at.nanos_since(*first) > HOUR) {
            self.recent.pop_front();
        }
        let too_many = self.recent.len() > REQUESTS_MAX;
        too_many.then(|| format!("{} made more than {REQUESTS_MAX} requests within an hour", exchange.key))
    }
}
