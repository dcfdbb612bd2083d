//! Durations in Go's text form (`time.ParseDuration`, `time.Duration.String`).

use std::fmt;
use std::str::FromStr;

use crate::quote::quote;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

const MICROSECOND: i64 = 1_000;
const MILLISECOND: i64 = 1_000_000;
const SECOND: i64 = 1_000_000_000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;

/// A signed span of time in nanoseconds, written as `1h2m0.5s`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GoDuration(i64);

impl GoDuration {
    /// No time at all.
    pub const ZERO: Self = Self(0);

    /// A duration of `nanos` nanoseconds.
    pub const fn from_nanos(nanos: i64) -> Self {
        Self(nanos)
    }

    /// A duration of `millis` milliseconds, saturating at about 292 years.
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis.saturating_mul(MILLISECOND))
    }

    /// A duration of `seconds` seconds, saturating at about 292 years.
    pub const fn from_secs(seconds: i64) -> Self {
        Self(seconds.saturating_mul(SECOND))
    }

    /// Parses Go's form: an optional sign and numbers with the units `ns`, `us`, `µs`, `ms`, `s`, `m`, `h`.
    ///
    /// # Errors
    ///
    /// The errors of Go's `time.ParseDuration`, in its words.
    pub fn parse(text: &str) -> Result<Self, DurationError> {
        let (negative, unsigned) = match text.as_bytes().first() {
            Some(b'-') => (true, &text[1..]),
            Some(b'+') => (false, &text[1..]),
            _ => (false, text),
        };
        if unsigned == "0" {
            return Ok(Self::ZERO);
        }
        if unsigned.is_empty() {
            return Err(DurationError::invalid(text));
        }
        let mut total: u64 = 0;
        let mut rest = unsigned;
        while !rest.is_empty() {
            let (nanos, tail) = parse_component(rest, text)?;
            total = total
                .checked_add(nanos)
                .filter(|sum| *sum <= i64::MIN.unsigned_abs())
                .ok_or_else(|| DurationError::invalid(text))?;
            rest = tail;
        }
        if negative {
            return Ok(Self(0_i64.wrapping_sub_unsigned(total)));
        }
        i64::try_from(total).map(Self).map_err(|_| DurationError::invalid(text))
    }

    /// The number of nanoseconds.
    pub const fn as_nanos(self) -> i64 {
        self.0
    }

    /// Whole milliseconds, rounded towards zero.
    pub const fn as_millis(self) -> i64 {
        self.0 / MILLISECOND
    }

    /// Whole seconds, rounded towards zero.
    pub const fn as_secs(self) -> i64 {
        self.0 / SECOND
    }

    /// Seconds as a float (Go's `Duration.Seconds`).
    pub fn as_secs_f64(self) -> f64 {
        #[expect(
            clippy::cast_precision_loss,
            reason = "both parts are small enough to be exact for any date"
        )]
        let (whole, fraction) = ((self.0 / SECOND) as f64, (self.0 % SECOND) as f64);
        whole + fraction / 1e9
    }

    /// Whether this is no time at all.
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// The sum, saturating at the ends of the range.
    pub const fn saturating_add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    /// The difference, saturating at the ends of the range.
    pub const fn saturating_sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }

    /// Rounds half away from zero to a multiple of `unit` (Go's `Duration.Round`).
    pub fn round(self, unit: Self) -> Self {
        if unit.0 <= 0 {
            return self;
        }
        let remainder = self.0 % unit.0;
        let truncated = self.0 - remainder;
        if remainder.unsigned_abs() < unit.0.unsigned_abs() - remainder.unsigned_abs() {
            return Self(truncated);
        }
        Self(truncated.saturating_add(if self.0 < 0 { -unit.0 } else { unit.0 }))
    }

    /// Rounds towards zero to a multiple of `unit` (Go's `Duration.Truncate`).
    pub const fn truncate(self, unit: Self) -> Self {
        if unit.0 <= 0 {
            return self;
        }
        Self(self.0 - self.0 % unit.0)
    }
}

impl From<std::time::Duration> for GoDuration {
    /// Saturates at about 292 years.
    fn from(duration: std::time::Duration) -> Self {
        Self(i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX))
    }
}

impl From<GoDuration> for std::time::Duration {
    /// A negative duration becomes zero.
    fn from(duration: GoDuration) -> Self {
        Self::from_nanos(u64::try_from(duration.0).unwrap_or(0))
    }
}

impl fmt::Display for GoDuration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nanos = self.0.unsigned_abs();
        if nanos == 0 {
            return f.write_str("0s");
        }
        if self.0 < 0 {
            f.write_str("-")?;
        }
        let second = SECOND.unsigned_abs();
        if nanos < second {
            return write_below_second(f, nanos);
        }
        let seconds = nanos / second;
        let (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
        if hours > 0 {
            write!(f, "{hours}h")?;
        }
        if seconds >= 60 {
            write!(f, "{minutes}m")?;
        }
        write_decimal(f, seconds % 60, nanos % second, 9)?;
        f.write_str("s")
    }
}

impl FromStr for GoDuration {
    type Err = DurationError;

    fn from_str(text: &str) -> Result<Self, DurationError> {
        Self::parse(text)
    }
}

impl Serialize for GoDuration {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for GoDuration {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(de::Error::custom)
    }
}

/// Why a duration could not be parsed; the texts are those of Go's `time` package.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DurationError {
    /// Not a duration, or out of range.
    #[error("time: invalid duration {0}")]
    Invalid(String),
    /// A number without a unit.
    #[error("time: missing unit in duration {0}")]
    MissingUnit(String),
    /// A number with a unit Go does not know.
    #[error("time: unknown unit {unit} in duration {duration}")]
    UnknownUnit {
        /// The unit, quoted.
        unit: String,
        /// The whole text, quoted.
        duration: String,
    },
}

impl DurationError {
    fn invalid(text: &str) -> Self {
        Self::Invalid(quote(text))
    }
}

/// Parses one number with its unit; returns its nanoseconds and what follows.
fn parse_component<'a>(rest: &'a str, text: &str) -> Result<(u64, &'a str), DurationError> {
    let invalid = || DurationError::invalid(text);
    let (integer, after_integer) = split_digits(rest);
    let (fraction, after_number) = match after_integer.strip_prefix('.') {
        Some(tail) => split_digits(tail),
        None => ("", after_integer),
    };
    if integer.is_empty() && fraction.is_empty() {
        return Err(invalid());
    }
    let whole = parse_integer(integer).ok_or_else(invalid)?;
    let end = after_number.find(|c: char| c == '.' || c.is_ascii_digit()).unwrap_or(after_number.len());
    let (unit, tail) = after_number.split_at(end);
    if unit.is_empty() {
        return Err(DurationError::MissingUnit(quote(text)));
    }
    let scale = unit_nanos(unit)
        .ok_or_else(|| DurationError::UnknownUnit { unit: quote(unit), duration: quote(text) })?;
    let nanos = whole
        .checked_mul(scale.unsigned_abs())
        .filter(|nanos| *nanos <= i64::MIN.unsigned_abs())
        .and_then(|nanos| nanos.checked_add(fraction_nanos(fraction, scale)))
        .filter(|nanos| *nanos <= i64::MIN.unsigned_abs())
        .ok_or_else(invalid)?;
    Ok((nanos, tail))
}

fn split_digits(text: &str) -> (&str, &str) {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    text.split_at(end)
}

/// The digits' value unless it exceeds 2^63.
fn parse_integer(digits: &str) -> Option<u64> {
    if digits.is_empty() {
        return Some(0);
    }
    digits.parse::<u64>().ok().filter(|value| *value <= i64::MIN.unsigned_abs())
}

fn unit_nanos(unit: &str) -> Option<i64> {
    match unit {
        "ns" => Some(1),
        "us" | "µs" | "μs" => Some(MICROSECOND),
        "ms" => Some(MILLISECOND),
        "s" => Some(SECOND),
        "m" => Some(MINUTE),
        "h" => Some(HOUR),
        _ => None,
    }
}

/// `0.<digits>` of `scale`, rounded down with Go's float arithmetic; digits that overflow 63 bits are ignored.
fn fraction_nanos(digits: &str, scale: i64) -> u64 {
    let mut value: i64 = 0;
    let mut divisor = 1.0_f64;
    for digit in digits.bytes() {
        let Some(next) = value.checked_mul(10).and_then(|v| v.checked_add(i64::from(digit - b'0'))) else {
            break;
        };
        value = next;
        divisor *= 10.0;
    }
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "Go computes the fraction in the same lossy way"
    )]
    let nanos = (value as f64 * (scale as f64 / divisor)) as u64;
    nanos
}

/// Below one second Go chooses a smaller unit: `1.5ms`, `20µs`, `3ns`.
fn write_below_second(f: &mut fmt::Formatter<'_>, nanos: u64) -> fmt::Result {
    if nanos < MICROSECOND.unsigned_abs() {
        write!(f, "{nanos}ns")
    } else if nanos < MILLISECOND.unsigned_abs() {
        write_decimal(f, nanos / 1_000, nanos % 1_000, 3)?;
        f.write_str("µs")
    } else {
        write_decimal(f, nanos / 1_000_000, nanos % 1_000_000, 6)?;
        f.write_str("ms")
    }
}

/// Writes `integer.fraction` where the fraction has `places` digits, without trailing zeros.
fn write_decimal(f: &mut fmt::Formatter<'_>, integer: u64, fraction: u64, places: usize) -> fmt::Result {
    write!(f, "{integer}")?;
    if fraction == 0 {
        return Ok(());
    }
    let digits = format!("{fraction:0places$}");
    write!(f, ".{}", digits.trim_end_matches('0'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounding() {
        let cases = [("1.5s", "1s", "2s", "1s"), ("-1.5s", "1s", "-2s", "-1s"), ("1.4s", "1s", "1s", "1s")];
        for (text, unit, rounded, truncated) in cases {
            let (duration, unit) = (GoDuration::parse(text).unwrap(), GoDuration::parse(unit).unwrap());
            assert_eq!(duration.round(unit).to_string(), rounded);
            assert_eq!(duration.truncate(unit).to_string(), truncated);
        }
        assert_eq!(GoDuration::from_secs(3).round(GoDuration::ZERO), GoDuration::from_secs(3));
    }

    #[test]
    fn conversions() {
        let duration = GoDuration::parse("1m1.5s").unwrap();
        assert_eq!((duration.as_secs(), duration.as_millis()), (61, 61_500));
        assert_eq!(duration, GoDuration::from_millis(61_500));
        assert!((duration.as_secs_f64() - 61.5).abs() < f64::EPSILON);
        assert_eq!(GoDuration::from(std::time::Duration::from(duration)), duration);
        assert_eq!(std::time::Duration::from(GoDuration::from_secs(-1)), std::time::Duration::ZERO);
        assert!(GoDuration::default().is_zero() && GoDuration::ZERO < duration);
    }

    #[test]
    fn serde_as_text() {
        let duration: GoDuration = serde_json::from_str("\"5m\"").unwrap();
        assert_eq!(serde_json::to_string(&duration).unwrap(), "\"5m0s\"");
        let error = serde_json::from_str::<GoDuration>("\"5\"").unwrap_err();
        assert!(error.to_string().starts_with("time: missing unit in duration \"5\""));
    }
}
