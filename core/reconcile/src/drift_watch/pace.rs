//! How often a release may be woken, so that an object that two controllers want differently costs little.

use pilothouse_machine::SECOND;
use pilothouse_protocol::Monotonic;

/// How long after a change the release is looked at, in nanoseconds: changes that belong together come together.
pub(super) const SETTLE: u64 = SECOND;
/// The least time between the end of a look and the next one, in nanoseconds. It doubles with each look that follows soon.
pub(super) const PAUSE_MIN: u64 = 10 * SECOND;

/// When a release was woken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Pace {
    /// The end of the last pass that a change has caused.
    last: Option<Monotonic>,
    /// Whether a change has caused the pass that is under way.
    woken: bool,
    pause: u64,
}

impl Default for Pace {
    fn default() -> Self {
        Self { last: None, woken: false, pause: PAUSE_MIN }
    }
}

impl Pace {
    /// When a change that is seen now is looked at.
    pub(super) fn next(&self, now: Monotonic) -> Monotonic {
        let soon = now.after_nanos(SETTLE);
        self.last.map_or(soon, |last| soon.max(last.after_nanos(self.pause)))
    }

    /// A change causes a pass. When the last one was not long ago, the next one has to wait for longer.
    pub(super) fn woken(&mut self, now: Monotonic) {
        let is_soon = self.last.is_some_and(|last| now < last.after_nanos(self.pause.saturating_mul(2)));
        self.pause = if is_soon { self.pause.saturating_mul(2) } else { PAUSE_MIN };
        self.woken = true;
    }

    /// A pass has ended. Changes wait for no longer than for the next regular pass, after `interval` nanoseconds.
    pub(super) fn ended(&mut self, now: Monotonic, interval: u64) {
        if std::mem::take(&mut self.woken) {
            self.last = Some(now);
            self.pause = self.pause.min(interval.max(PAUSE_MIN));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The seconds of looks at an object that somebody changes `every` seconds after each, within two hours.
    fn looks(every: u64, interval: u64) -> Vec<u64> {
        let (mut pace, mut now, mut looks) = (Pace::default(), Monotonic(0), Vec::new());
        while now.0 < 7200 * SECOND {
            now = pace.next(now.after_nanos(every * SECOND));
            pace.woken(now);
            pace.ended(now, interval * SECOND);
            looks.push(now.0 / SECOND);
        }
        looks
    }

    #[test]
    fn a_fight_is_looked_at_ever_more_rarely() {
        assert_eq!(looks(0, 3600)[..7], [1, 11, 31, 71, 151, 311, 631]);
        assert_eq!(looks(0, 60)[..6], [1, 11, 31, 71, 131, 191]);
        assert_eq!(looks(0, 1)[..4], [1, 11, 21, 31]);
    }

    #[test]
    fn who_changes_something_now_and_then_is_answered_at_once() {
        assert_eq!(looks(100, 3600)[..4], [101, 202, 303, 404]);
    }
}
