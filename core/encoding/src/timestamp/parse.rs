//! Reading RFC 3339 with the tolerance and the error texts of Go's `time.Parse`.

use super::Timestamp;
use super::civil::{Civil, days_in_month};
use crate::quote::quote;

const LAYOUT: &str = "2006-01-02T15:04:05Z07:00";

/// Why a time could not be parsed; the texts are those of Go's `time.ParseError`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TimestampError {
    /// The text does not follow the layout.
    #[error("parsing time {} as \"{LAYOUT}\": cannot parse {} as \"{element}\"", quote(value), quote(rest))]
    Syntax {
        /// The whole text.
        value: String,
        /// What was left when parsing failed.
        rest: String,
        /// The element of the layout that was expected.
        element: &'static str,
    },
    /// An element has a number outside its range.
    #[error("parsing time {}: {element} out of range", quote(value))]
    Range {
        /// The whole text.
        value: String,
        /// The element, for example `month`.
        element: &'static str,
    },
    /// Something follows the time.
    #[error("parsing time {}: extra text: {}", quote(value), quote(extra))]
    ExtraText {
        /// The whole text.
        value: String,
        /// What follows.
        extra: String,
    },
}

/// Parses one complete RFC 3339 time.
pub(super) fn rfc3339(text: &str) -> Result<Timestamp, TimestampError> {
    let mut input = Input { text, rest: text };
    let year = input.number(4, "2006")?;
    input.literal('-')?;
    let month = input.ranged(2, "01", 1..=12, "month")?;
    input.literal('-')?;
    let day = input.number(2, "02")?;
    input.literal('T')?;
    let hour = input.clock_hour()?;
    input.literal(':')?;
    let minute = input.ranged(2, "04", 0..=59, "minute")?;
    input.literal(':')?;
    let second = input.ranged(2, "05", 0..=59, "second")?;
    let nanos = input.fraction();
    let offset_seconds = input.offset()?;
    if !input.rest.is_empty() {
        return Err(TimestampError::ExtraText { value: text.to_owned(), extra: input.rest.to_owned() });
    }
    let (month, day) = (narrow(month), narrow(day));
    if day < 1 || day > days_in_month(i64::from(year), month) {
        return Err(input.range("day"));
    }
    let civil = Civil::new(i64::from(year), month, day, narrow(hour), narrow(minute), narrow(second));
    Ok(Timestamp { seconds: civil.unix_seconds() - i64::from(offset_seconds), nanos, offset_seconds })
}

/// The text being read.
struct Input<'a> {
    text: &'a str,
    rest: &'a str,
}

impl Input<'_> {
    /// Exactly `width` digits.
    fn number(&mut self, width: usize, element: &'static str) -> Result<u32, TimestampError> {
        let digits = self.rest.get(..width).filter(|digits| digits.bytes().all(|b| b.is_ascii_digit()));
        let Some(number) = digits.and_then(|digits| digits.parse().ok()) else {
            return Err(self.syntax(element));
        };
        self.rest = &self.rest[width..];
        Ok(number)
    }

    fn ranged(
        &mut self,
        width: usize,
        element: &'static str,
        range: std::ops::RangeInclusive<u32>,
        name: &'static str,
    ) -> Result<u32, TimestampError> {
        let number = self.number(width, element)?;
        if range.contains(&number) { Ok(number) } else { Err(self.range(name)) }
    }

    /// Go takes hours of one digit too, because its layout's `15` has no padded form.
    fn clock_hour(&mut self) -> Result<u32, TimestampError> {
        let width = self.rest.bytes().take(2).take_while(u8::is_ascii_digit).count().max(1);
        self.ranged(width, "15", 0..=23, "hour")
    }

    fn literal(&mut self, expected: char) -> Result<(), TimestampError> {
        let element = match expected {
            '-' => "-",
            ':' => ":",
            _ => "T",
        };
        match self.rest.strip_prefix(expected) {
            Some(rest) => {
                self.rest = rest;
                Ok(())
            }
            None => Err(self.syntax(element)),
        }
    }

    /// An optional fraction of any length behind `.` or `,`; digits after the ninth are dropped.
    fn fraction(&mut self) -> u32 {
        let Some(tail) = self.rest.strip_prefix(['.', ',']) else {
            return 0;
        };
        let count = tail.bytes().take_while(u8::is_ascii_digit).count();
        if count == 0 {
            return 0;
        }
        let nanos = tail.bytes().take(count.min(9)).fold(0, |sum, b| sum * 10 + u32::from(b - b'0'));
        self.rest = &tail[count..];
        (count..9).fold(nanos, |nanos, _| nanos * 10)
    }

    /// `Z` or `±hh:mm`, in seconds east of UTC.
    fn offset(&mut self) -> Result<i32, TimestampError> {
        const ELEMENT: &str = "Z07:00";
        if let Some(rest) = self.rest.strip_prefix('Z') {
            self.rest = rest;
            return Ok(0);
        }
        let bytes = self.rest.as_bytes();
        let (Some(sign @ (b'+' | b'-')), Some(b':')) = (bytes.first(), bytes.get(3)) else {
            return Err(self.syntax(ELEMENT));
        };
        let (hours, minutes) = (two_digits(bytes, 1), two_digits(bytes, 4));
        let (Some(hours), Some(minutes)) = (hours, minutes) else {
            return Err(self.syntax(ELEMENT));
        };
        if hours > 24 {
            return Err(self.range("time zone offset hour"));
        }
        if minutes > 60 {
            return Err(self.range("time zone offset minute"));
        }
        self.rest = self.rest.get(6..).unwrap_or_default();
        let seconds = (hours * 60 + minutes) * 60;
        Ok(if *sign == b'-' { -seconds } else { seconds })
    }

    fn syntax(&self, element: &'static str) -> TimestampError {
        TimestampError::Syntax { value: self.text.to_owned(), rest: self.rest.to_owned(), element }
    }

    fn range(&self, element: &'static str) -> TimestampError {
        TimestampError::Range { value: self.text.to_owned(), element }
    }
}

fn two_digits(bytes: &[u8], at: usize) -> Option<i32> {
    let (tens, ones) = (bytes.get(at)?, bytes.get(at + 1)?);
    if !tens.is_ascii_digit() || !ones.is_ascii_digit() {
        return None;
    }
    Some(i32::from(tens - b'0') * 10 + i32::from(ones - b'0'))
}

/// Parts have at most two digits.
fn narrow(part: u32) -> u8 {
    u8::try_from(part).unwrap_or(0)
}
