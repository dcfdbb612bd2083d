//! Durations as scenarios write them: a whole number and a unit.

use std::fmt;

/// The units of a duration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// `ms`.
    Milliseconds,
    /// `s`.
    Seconds,
    /// `m`.
    Minutes,
    /// `h`.
    Hours,
}

/// A duration; it is printed as it was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// How many.
    pub count: u32,
    /// Of what.
    pub unit: Unit,
}

impl Unit {
    const ALL: [Self; 4] = [Self::Milliseconds, Self::Seconds, Self::Minutes, Self::Hours];

    const fn word(self) -> &'static str {
        match self {
            Self::Milliseconds => "ms",
            Self::Seconds => "s",
            Self::Minutes => "m",
            Self::Hours => "h",
        }
    }

    const fn nanos(self) -> u64 {
        match self {
            Self::Milliseconds => 1_000_000,
            Self::Seconds => 1_000_000_000,
            Self::Minutes => 60_000_000_000,
            Self::Hours => 3_600_000_000_000,
        }
    }
}

impl Span {
    /// So many seconds.
    #[must_use]
    pub const fn seconds(count: u32) -> Self {
        Self { count, unit: Unit::Seconds }
    }

    /// So many milliseconds.
    #[must_use]
    pub const fn milliseconds(count: u32) -> Self {
        Self { count, unit: Unit::Milliseconds }
    }

    /// In nanoseconds.
    #[must_use]
    pub const fn nanos(self) -> u64 {
        self.count as u64 * self.unit.nanos()
    }

    /// Reads `12s`; `None` when it is none.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let digits = text.find(|c: char| !c.is_ascii_digit())?;
        let (count, unit) = text.split_at(digits);
        if count.len() > 1 && count.starts_with('0') {
            return None;
        }
        let unit = Unit::ALL.into_iter().find(|known| known.word() == unit)?;
        Some(Self { count: count.parse().ok()?, unit })
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.count, self.unit.word())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_printed_as_written() {
        for text in ["0s", "90s", "12ms", "5m", "2h"] {
            assert_eq!(Span::read(text).map(|span| span.to_string()).as_deref(), Some(text));
        }
        for text in ["", "s", "5", "05s", "-1s", "1.5s", "3d", "99999999999s"] {
            assert_eq!(Span::read(text), None, "{text}");
        }
        assert_eq!(Span::seconds(2).nanos(), 2_000_000_000);
    }
}
