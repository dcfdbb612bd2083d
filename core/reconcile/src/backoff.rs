//! When a pass that did not end well is followed by the next one.

use pilothouse_machine::Random;

use crate::{Config, Ending};

/// Percent by which delays differ, so that releases that failed together are not tried again together.
const JITTER: u8 = 10;

/// What the passes of a release have come to, as far as it delays the next one.
#[derive(Debug, Clone, Default)]
pub(crate) struct Backoff {
    errors_in_a_row: u32,
    hopeless_in_a_row: u32,
}

impl Backoff {
    /// Passes in a row that ended with an error that the same inputs would give again.
    #[must_use]
    pub(crate) fn hopeless_in_a_row(&self) -> u32 {
        self.hopeless_in_a_row
    }

    /// An input has changed: what was hopeless may be so no longer.
    pub(crate) fn input_changed(&mut self) {
        self.hopeless_in_a_row = 0;
    }

    /// Takes over how often a process before this one has failed so.
    pub(crate) fn resume(&mut self, hopeless_in_a_row: u32) {
        self.hopeless_in_a_row = hopeless_in_a_row;
    }

    /// A pass has ended. `hopeless`: with an error that the same inputs would give again, and none has changed, for this
    /// many times in a row.
    pub(crate) fn count(&mut self, ending: &Ending, hopeless: Option<u32>) {
        if *ending == Ending::Interrupted {
            return;
        }
        self.hopeless_in_a_row = hopeless.unwrap_or_default();
        if !ending.backs_off() {
            self.errors_in_a_row = 0;
        }
    }

    /// Nanoseconds until the next pass: doubled with every error in a row, jittered and capped.
    pub(crate) fn delay(&mut self, config: &Config, random: &mut Random) -> u64 {
        let (least, most) = (config.min_retry_delay, config.max_retry_delay);
        let doubled = least.saturating_mul(1 << self.errors_in_a_row.min(32));
        self.errors_in_a_row = self.errors_in_a_row.saturating_add(1);
        // Not `clamp`: the flags may contradict each other.
        random.jitter(doubled.min(most), JITTER).min(most).max(least)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_are_doubled_up_to_the_cap_and_begin_anew_after_a_success() {
        let config = Config { min_retry_delay: 100, max_retry_delay: 1000, ..Config::default() };
        let (mut backoff, mut random) = (Backoff::default(), Random::new(1));
        let mut next = |backoff: &mut Backoff| {
            backoff.count(&Ending::Rate, None);
            backoff.delay(&config, &mut random)
        };
        let delays: Vec<u64> = (0..6).map(|_| next(&mut backoff)).collect();
        for (delay, plain) in delays.iter().zip([100, 200, 400, 800, 1000, 1000]) {
            assert!(
                (plain * 9 / 10).max(100) <= *delay && *delay <= (plain * 11 / 10).min(1000),
                "{delays:?}"
            );
        }
        backoff.count(&Ending::Done, None);
        assert!(next(&mut backoff) <= 110);
    }

    #[test]
    fn hopeless_passes_count_until_something_changes() {
        let mut backoff = Backoff::default();
        let error = Ending::Error("x".to_owned());
        for (ending, hopeless, count) in [
            (&error, Some(1), 1),
            (&error, Some(2), 2),
            (&Ending::Interrupted, None, 2),
            (&error, None, 0),
            (&error, Some(1), 1),
        ] {
            backoff.count(ending, hopeless);
            assert_eq!(backoff.hopeless_in_a_row(), count);
        }
        backoff.input_changed();
        assert_eq!(backoff.hopeless_in_a_row(), 0);
        backoff.resume(7);
        assert_eq!(backoff.hopeless_in_a_row(), 7);
    }
}
