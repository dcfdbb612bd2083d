//! Virtual time: a monotonic and a wall reading that stand still until the runner moves them.

use pilothouse_protocol::{Monotonic, Now};

/// Nanoseconds of one second.
pub const SECOND: u64 = 1_000_000_000;

/// Nanoseconds of one millisecond.
pub const MILLISECOND: u64 = 1_000_000;

/// 2026-01-01T00:00:00Z in nanoseconds since the Unix epoch: where the wall clock starts unless told otherwise.
pub const DEFAULT_START: i64 = 1_767_225_600 * 1_000_000_000;

/// The two clocks of a simulated world.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Clock {
    now: Now,
}

impl Default for Clock {
    fn default() -> Self {
        Self::starting_at(DEFAULT_START)
    }
}

impl Clock {
    /// A clock whose monotonic reading is zero and whose wall reading is `wall` nanoseconds since the Unix epoch.
    #[must_use]
    pub fn starting_at(wall: i64) -> Self {
        Self { now: Now { monotonic: Monotonic(0), wall } }
    }

    /// The present moment.
    #[must_use]
    pub fn now(&self) -> Now {
        self.now
    }

    /// Moves both clocks to `at`. A moment in the past changes nothing.
    pub fn jump_to(&mut self, at: Monotonic) {
        let elapsed = at.nanos_since(self.now.monotonic);
        self.now.monotonic = self.now.monotonic.after_nanos(elapsed);
        self.now.wall = self.now.wall.saturating_add(i64::try_from(elapsed).unwrap_or(i64::MAX));
    }

    /// Steps the wall clock by `nanos`, forward or back; the monotonic clock does not notice.
    pub fn step_wall(&mut self, nanos: i64) {
        self.now.wall = self.now.wall.saturating_add(nanos);
    }
}

/// A wall reading as RFC 3339 with whole seconds in UTC: the format of Kubernetes' `metav1.Time`.
#[must_use]
pub fn rfc3339(wall: i64) -> String {
    let seconds = wall.div_euclid(1_000_000_000);
    let (year, month, day) = civil_from_days(seconds.div_euclid(86_400));
    let of_day = seconds.rem_euclid(86_400);
    let (hour, minute, second) = (of_day / 3600, of_day / 60 % 60, of_day % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

/// Seconds since the Unix epoch of a time in RFC 3339 in UTC; fractions of a second are dropped. `None` for anything else.
#[must_use]
pub fn seconds_of(text: &str) -> Option<i64> {
    let number = |range: std::ops::Range<usize>| text.get(range)?.parse::<i64>().ok();
    let marks = [(4, "-"), (7, "-"), (10, "T"), (13, ":"), (16, ":")];
    if !text.ends_with('Z') || marks.iter().any(|(at, mark)| text.get(*at..at + 1) != Some(mark)) {
        return None;
    }
    let (year, month, day) = (number(0..4)?, number(5..7)?, number(8..10)?);
    let of_day = number(11..13)? * 3600 + number(14..16)? * 60 + number(17..19)?;
    Some(days_from_civil(year, month, day) * 86_400 + of_day)
}

/// Day number counted from 1970-01-01 of a Gregorian date.
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let shifted = year - i64::from(month <= 2);
    let era = shifted.div_euclid(400);
    let year_of_era = shifted.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

/// Gregorian date of a day number counted from 1970-01-01, in the proleptic calendar.
fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_shifted + 2) / 5 + 1;
    let month = if month_shifted < 10 { month_shifted + 3 } else { month_shifted - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wall_readings_are_written_as_kubernetes_does() {
        for (seconds, text) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_827_696, "2000-02-29T12:34:56Z"),
            (1_767_225_600, "2026-01-01T00:00:00Z"),
            (-1, "1969-12-31T23:59:59Z"),
        ] {
            assert_eq!(rfc3339(seconds * 1_000_000_000), text);
            assert_eq!(seconds_of(text), Some(seconds));
        }
    }

    #[test]
    fn other_texts_are_no_times() {
        assert_eq!(seconds_of("2026-01-01T00:00:00.123456Z"), Some(1_767_225_600));
        for text in ["", "yesterday", "2026-01-01", "2026-01-01T00:00:00+01:00"] {
            assert_eq!(seconds_of(text), None, "{text}");
        }
    }

    #[test]
    fn jumping_moves_both_clocks_and_never_back() {
        let mut clock = Clock::default();
        clock.jump_to(Monotonic(5 * SECOND));
        clock.jump_to(Monotonic(SECOND));
        assert_eq!(clock.now().monotonic, Monotonic(5 * SECOND));
        assert_eq!(clock.now().wall, DEFAULT_START + 5_000_000_000);
        clock.step_wall(-7_000_000_000);
        assert_eq!(clock.now().monotonic, Monotonic(5 * SECOND));
        assert_eq!(clock.now().wall, DEFAULT_START - 2_000_000_000);
    }
}
