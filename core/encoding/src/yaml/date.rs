//! The date forms that go-yaml v2 takes for timestamps (a subset of the YAML 1.1 timestamp type).

use crate::timestamp::days_in_month;

/// Whether go-yaml resolves `text` to a timestamp: `2006-1-2`, `2006-1-2 15:4:5` with a fraction, or RFC 3339
/// with short fields and an upper or lower case `T`.
pub(super) fn is_timestamp(text: &str) -> bool {
    let bytes = text.as_bytes();
    if bytes.len() < 5 || !bytes[..4].iter().all(u8::is_ascii_digit) || bytes[4] != b'-' {
        return false;
    }
    let year = bytes[..4].iter().fold(0, |year, b| year * 10 + i64::from(b - b'0'));
    let mut cursor = Cursor(&bytes[5..]);
    let Some((month, day)) = cursor.date() else {
        return false;
    };
    if !(1..=12).contains(&month) || day < 1 || day > days_in_month(year, month) {
        return false;
    }
    match cursor.0.first() {
        None => true,
        Some(b'T' | b't') => {
            cursor.0 = &cursor.0[1..];
            cursor.clock().is_some() && cursor.zone().is_some() && cursor.0.is_empty()
        }
        Some(b' ') => {
            while let [b' ', rest @ ..] = cursor.0 {
                cursor.0 = rest;
            }
            cursor.clock().is_some() && cursor.0.is_empty()
        }
        Some(_) => false,
    }
}

/// The bytes still to be read.
struct Cursor<'a>(&'a [u8]);

impl Cursor<'_> {
    /// `1-2`, each of one or two digits.
    fn date(&mut self) -> Option<(u8, u8)> {
        let month = self.number()?;
        self.byte(b'-')?;
        Some((month, self.number()?))
    }

    /// `15:4:5` with an optional fraction.
    fn clock(&mut self) -> Option<()> {
        let hour = self.number()?;
        self.byte(b':')?;
        let minute = self.number()?;
        self.byte(b':')?;
        let second = self.number()?;
        if hour > 23 || minute > 59 || second > 59 {
            return None;
        }
        if let [b'.' | b',', digits @ ..] = self.0 {
            let count = digits.iter().take_while(|b| b.is_ascii_digit()).count();
            if count > 0 {
                self.0 = &digits[count..];
            }
        }
        Some(())
    }

    /// `Z` or `±07:00`.
    fn zone(&mut self) -> Option<()> {
        if let [b'Z', rest @ ..] = self.0 {
            self.0 = rest;
            return Some(());
        }
        let [b'+' | b'-', h1, h2, b':', m1, m2, rest @ ..] = self.0 else {
            return None;
        };
        if ![h1, h2, m1, m2].into_iter().all(u8::is_ascii_digit) {
            return None;
        }
        let (hours, minutes) = ((h1 - b'0') * 10 + (h2 - b'0'), (m1 - b'0') * 10 + (m2 - b'0'));
        self.0 = rest;
        (hours <= 24 && minutes <= 60).then_some(())
    }

    fn number(&mut self) -> Option<u8> {
        match self.0 {
            [tens, ones, rest @ ..] if tens.is_ascii_digit() && ones.is_ascii_digit() => {
                self.0 = rest;
                Some((tens - b'0') * 10 + (ones - b'0'))
            }
            [ones, rest @ ..] if ones.is_ascii_digit() => {
                self.0 = rest;
                Some(ones - b'0')
            }
            _ => None,
        }
    }

    fn byte(&mut self, expected: u8) -> Option<()> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        (*first == expected).then_some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms() {
        for text in [
            "2001-01-01",
            "2001-1-1",
            "2024-2-29",
            "2001-12-14t21:59:43.10-05:00",
            "2001-12-14T21:59:43Z",
            "2001-12-14 21:59:43.10",
            "2001-12-14   1:2:3",
        ] {
            assert!(is_timestamp(text), "{text}");
        }
        for text in [
            "2001-01",
            "2001-13-01",
            "2023-2-29",
            "2001-12-14 21:59:43.10 -5",
            "2001-12-14T21:59:43",
            "2001-12-14T24:00:00Z",
            "2001-12-14 21:59",
            "01-01-2001",
            "2001-12-14x",
            "2001-12-14 ",
        ] {
            assert!(!is_timestamp(text), "{text}");
        }
    }
}
