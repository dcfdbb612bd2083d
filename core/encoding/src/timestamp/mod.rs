//! Points in time in RFC 3339 form, as Go's `time.Time` reads and writes them.

mod civil;
mod parse;

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

pub use civil::{Civil, Weekday, days_in_month, is_leap_year};
pub use parse::TimestampError;

use crate::duration::GoDuration;

/// Seconds from Go's zero time, 0001-01-01T00:00:00Z, to the Unix epoch.
const ZERO_SECONDS: i64 = -62_135_596_800;
const NANOS_PER_SECOND: i64 = 1_000_000_000;

/// A point in time with nanoseconds and, for round trips, the UTC offset it was written with.
///
/// Equality, order and hash look at the instant only. The default is Go's zero time.
#[derive(Clone, Copy, Debug)]
pub struct Timestamp {
    seconds: i64,
    nanos: u32,
    offset_seconds: i32,
}

impl Timestamp {
    /// Go's zero time, 0001-01-01T00:00:00Z: the time of fields that were never set.
    pub const fn zero() -> Self {
        Self { seconds: ZERO_SECONDS, nanos: 0, offset_seconds: 0 }
    }

    /// The time `seconds` and `nanos` after the Unix epoch; nanoseconds above one second are carried.
    pub const fn from_unix(seconds: i64, nanos: u32) -> Self {
        let carry = nanos / 1_000_000_000;
        Self {
            seconds: seconds.saturating_add(carry as i64),
            nanos: nanos % 1_000_000_000,
            offset_seconds: 0,
        }
    }

    /// The time `nanos` nanoseconds after the Unix epoch.
    pub fn from_unix_nanos(nanos: i64) -> Self {
        let fraction = nanos.rem_euclid(NANOS_PER_SECOND);
        Self {
            seconds: nanos.div_euclid(NANOS_PER_SECOND),
            nanos: u32::try_from(fraction).unwrap_or(0),
            offset_seconds: 0,
        }
    }

    /// The UTC time of civil parts; weekday and day of the year are ignored, and days and clock parts outside
    /// their range carry over (Go's `time.Date`).
    pub fn from_civil(civil: &Civil, nanos: u32) -> Self {
        Self::from_unix(civil.unix_seconds(), nanos)
    }

    /// Parses RFC 3339 with optional fraction and offset; the empty text is [`Timestamp::zero`].
    ///
    /// # Errors
    ///
    /// The errors of Go's `time.Parse(time.RFC3339, text)`, in its words.
    pub fn parse(text: &str) -> Result<Self, TimestampError> {
        if text.is_empty() { Ok(Self::zero()) } else { parse::rfc3339(text) }
    }

    /// Whether this is Go's zero time.
    pub const fn is_zero(&self) -> bool {
        self.seconds == ZERO_SECONDS && self.nanos == 0
    }

    /// Whole seconds since the Unix epoch, rounded down.
    pub const fn unix_seconds(&self) -> i64 {
        self.seconds
    }

    /// Nanoseconds within the second.
    pub const fn subsec_nanos(&self) -> u32 {
        self.nanos
    }

    /// Nanoseconds since the Unix epoch, saturating at the years 1677 and 2262.
    pub fn unix_nanos(&self) -> i64 {
        let nanos = i128::from(self.seconds) * i128::from(NANOS_PER_SECOND) + i128::from(self.nanos);
        let (low, high) = (i128::from(i64::MIN), i128::from(i64::MAX));
        i64::try_from(nanos.clamp(low, high)).unwrap_or(i64::MAX)
    }

    /// Seconds east of UTC that the time was written with; 0 for UTC.
    pub const fn offset_seconds(&self) -> i32 {
        self.offset_seconds
    }

    /// The same instant written with another offset (seconds east of UTC).
    #[must_use]
    pub const fn with_offset(self, offset_seconds: i32) -> Self {
        Self { offset_seconds, ..self }
    }

    /// The same instant in UTC.
    #[must_use]
    pub const fn utc(self) -> Self {
        self.with_offset(0)
    }

    /// The same time without its fraction of a second.
    #[must_use]
    pub const fn truncate_to_seconds(self) -> Self {
        Self { nanos: 0, ..self }
    }

    /// The civil date and clock at the time's own offset.
    pub fn civil(&self) -> Civil {
        Civil::from_unix_seconds(self.seconds.saturating_add(i64::from(self.offset_seconds)))
    }

    /// The time `duration` later (earlier when negative).
    #[must_use]
    pub fn saturating_add(self, duration: GoDuration) -> Self {
        let nanos = i64::from(self.nanos) + duration.as_nanos().rem_euclid(NANOS_PER_SECOND);
        let seconds = duration.as_nanos().div_euclid(NANOS_PER_SECOND) + nanos / NANOS_PER_SECOND;
        Self {
            seconds: self.seconds.saturating_add(seconds),
            nanos: u32::try_from(nanos % NANOS_PER_SECOND).unwrap_or(0),
            offset_seconds: self.offset_seconds,
        }
    }

    /// The span from `earlier` to this time, saturating at about 292 years (Go's `Time.Sub`).
    pub fn since(&self, earlier: Self) -> GoDuration {
        let seconds = i128::from(self.seconds) - i128::from(earlier.seconds);
        let nanos = i128::from(self.nanos) - i128::from(earlier.nanos);
        let span = (seconds * i128::from(NANOS_PER_SECOND) + nanos)
            .clamp(i128::from(i64::MIN), i128::from(i64::MAX));
        GoDuration::from_nanos(i64::try_from(span).unwrap_or(i64::MAX))
    }

    /// RFC 3339 in UTC with whole seconds (`metav1.Time`): `2024-05-07T04:54:21Z`.
    pub fn to_seconds_string(&self) -> String {
        self.truncate_to_seconds().utc().to_string()
    }

    /// RFC 3339 in UTC with exactly six fraction digits (`metav1.MicroTime`): `2024-05-07T04:54:21.000120Z`.
    pub fn to_micros_string(&self) -> String {
        let whole = self.to_seconds_string();
        let date = whole.strip_suffix('Z').unwrap_or(&whole);
        format!("{date}.{:06}Z", self.nanos / 1_000)
    }

    fn instant(&self) -> (i64, u32) {
        (self.seconds, self.nanos)
    }
}

impl Default for Timestamp {
    fn default() -> Self {
        Self::zero()
    }
}

impl PartialEq for Timestamp {
    fn eq(&self, other: &Self) -> bool {
        self.instant() == other.instant()
    }
}

impl Eq for Timestamp {}

impl PartialOrd for Timestamp {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Timestamp {
    fn cmp(&self, other: &Self) -> Ordering {
        self.instant().cmp(&other.instant())
    }
}

impl Hash for Timestamp {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.instant().hash(state);
    }
}

/// Go's `RFC3339Nano`: the fraction without trailing zeros, `Z` or the time's own offset.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let civil = self.civil();
        write!(
            f,
            "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}",
            civil.year, civil.month, civil.day, civil.hour, civil.minute, civil.second
        )?;
        if self.nanos > 0 {
            let digits = format!("{:09}", self.nanos);
            write!(f, ".{}", digits.trim_end_matches('0'))?;
        }
        if self.offset_seconds == 0 {
            return f.write_str("Z");
        }
        let sign = if self.offset_seconds < 0 { '-' } else { '+' };
        let minutes = self.offset_seconds.unsigned_abs() / 60;
        write!(f, "{sign}{:02}:{:02}", minutes / 60, minutes % 60)
    }
}

impl FromStr for Timestamp {
    type Err = TimestampError;

    fn from_str(text: &str) -> Result<Self, TimestampError> {
        Self::parse(text)
    }
}

/// Written as Go's `Time.MarshalJSON` writes it.
impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests;
