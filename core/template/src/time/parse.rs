//! Reads times by a layout, with Go's error words.

use pilothouse_encoding::timestamp::{Civil, days_in_month};

use pilothouse_encoding::quote::{quote, quote_bytes};

use super::layout::{Element, MONTHS, WEEKDAYS, next_element};
use super::{Location, Time};

/// Reads `value` as the layout shows the reference time; without a zone it is local (`time.ParseInLocation`).
pub(crate) fn parse(layout: &str, value: &str) -> Result<Time, String> {
    let whole = |detail: String| format!("parsing time {}{detail}", quote(value));
    let mut reader = Reader { rest: value, fields: Fields::default() };
    let mut rest_of_layout = layout;
    loop {
        let (before, element, after) = next_element(rest_of_layout);
        let mismatch = |found: &[u8], wanted: &str| {
            let (found, wanted) = (quote_bytes(found), quote(wanted));
            whole(format!(" as {}: cannot parse {found} as {wanted}", quote(layout)))
        };
        reader.skip(before).map_err(|found| mismatch(found, before))?;
        let Some((element, spelling)) = element else {
            break;
        };
        let start = reader.rest;
        match reader.read(element, after) {
            Ok(()) => {}
            Err(Problem::Mismatch) => return Err(mismatch(start.as_bytes(), spelling)),
            Err(Problem::Range(what)) => return Err(whole(format!(": {what} out of range"))),
        }
        rest_of_layout = after;
    }
    if !reader.rest.is_empty() {
        return Err(whole(format!(": extra text: {}", quote(reader.rest))));
    }
    reader.fields.time().map_err(|what| whole(format!(": {what}")))
}

/// Why an element is not read.
pub(super) enum Problem {
    Mismatch,
    /// A field whose number is too large.
    Range(&'static str),
}

/// What was read.
#[derive(Default)]
pub(super) struct Fields {
    year: i64,
    month: Option<u8>,
    day: Option<u8>,
    year_day: Option<u16>,
    hour: u8,
    minute: u8,
    second: u8,
    nanos: u32,
    afternoon: Option<bool>,
    /// The zone is UTC, whatever else is written.
    pub(super) utc: bool,
    pub(super) offset: Option<i32>,
    pub(super) zone: Option<String>,
}

/// Reads a text from its beginning on.
pub(super) struct Reader<'v> {
    pub(super) rest: &'v str,
    pub(super) fields: Fields,
}

impl<'v> Reader<'v> {
    /// Takes literal text; a space in the layout matches any number of them. What does not match may begin within a
    /// letter, as Go compares bytes.
    fn skip(&mut self, literal: &str) -> Result<(), &'v [u8]> {
        let mut literal = literal;
        while let Some(next) = literal.chars().next() {
            if next == ' ' {
                if !self.rest.is_empty() && !self.rest.starts_with(' ') {
                    return Err(self.rest.as_bytes());
                }
                literal = literal.trim_start_matches(' ');
                self.rest = self.rest.trim_start_matches(' ');
                continue;
            }
            let Some(rest) = self.rest.strip_prefix(next) else {
                let alike =
                    self.rest.bytes().zip(literal.bytes()).take_while(|(found, wanted)| found == wanted);
                return Err(&self.rest.as_bytes()[alike.count()..]);
            };
            self.rest = rest;
            literal = &literal[next.len_utf8()..];
        }
        Ok(())
    }

    fn read(&mut self, element: Element, layout_after: &str) -> Result<(), Problem> {
        match element {
            Element::Year => {
                let year = self.two_digit_year()?;
                self.fields.year = if year >= 69 { year + 1900 } else { year + 2000 };
            }
            Element::LongYear => self.fields.year = i64::from(self.digits(4, 4)?),
            Element::Month => self.fields.month = Some(self.name(&MONTHS, 3)? + 1),
            Element::LongMonth => self.fields.month = Some(self.name(&MONTHS, usize::MAX)? + 1),
            Element::NumMonth => self.fields.month = Some(self.ranged(1, 1, 12, "month")?),
            Element::ZeroMonth => self.fields.month = Some(self.ranged(2, 1, 12, "month")?),
            Element::Weekday => drop(self.name(&WEEKDAYS, 3)?),
            Element::LongWeekday => drop(self.name(&WEEKDAYS, usize::MAX)?),
            Element::Day | Element::UnderDay => {
                if element == Element::UnderDay {
                    self.rest = self.rest.strip_prefix(' ').unwrap_or(self.rest);
                }
                self.fields.day = Some(self.ranged(1, 0, 99, "day")?);
            }
            Element::ZeroDay => self.fields.day = Some(self.ranged(2, 0, 99, "day")?),
            Element::UnderYearDay => {
                self.rest = self.rest.strip_prefix("  ").or(self.rest.strip_prefix(' ')).unwrap_or(self.rest);
                self.fields.year_day = u16::try_from(self.digits(1, 3)?).ok();
            }
            Element::ZeroYearDay => self.fields.year_day = u16::try_from(self.digits(3, 3)?).ok(),
            Element::Hour => self.fields.hour = self.ranged(1, 0, 23, "hour")?,
            Element::Hour12 => self.fields.hour = self.ranged(1, 0, 12, "hour")?,
            Element::ZeroHour12 => self.fields.hour = self.ranged(2, 0, 12, "hour")?,
            Element::Minute => self.fields.minute = self.ranged(1, 0, 59, "minute")?,
            Element::ZeroMinute => self.fields.minute = self.ranged(2, 0, 59, "minute")?,
            Element::Second | Element::ZeroSecond => {
                let least = if element == Element::Second { 1 } else { 2 };
                self.fields.second = self.ranged(least, 0, 59, "second")?;
                self.read_unasked_fraction(layout_after)?;
            }
            Element::UpperPm => self.fields.afternoon = Some(self.choice("AM", "PM")?),
            Element::LowerPm => self.fields.afternoon = Some(self.choice("am", "pm")?),
            Element::ZoneName => self.read_zone_name()?,
            Element::Offset(form) => self.read_offset(form)?,
            Element::Fraction(form) if form.trims => self.read_optional_fraction()?,
            Element::Fraction(form) => self.read_fraction(form.digits)?,
        }
        Ok(())
    }

    /// Go takes a sign and a digit, too.
    fn two_digit_year(&mut self) -> Result<i64, Problem> {
        let written = self.rest.get(..2).ok_or(Problem::Mismatch)?;
        let year = written.parse().map_err(|_| Problem::Mismatch)?;
        self.rest = &self.rest[2..];
        Ok(year)
    }

    /// Between `least` and `most` digits.
    fn digits(&mut self, least: usize, most: usize) -> Result<u32, Problem> {
        let count = self.rest.bytes().take(most).take_while(u8::is_ascii_digit).count();
        if count < least {
            return Err(Problem::Mismatch);
        }
        let (digits, rest) = self.rest.split_at(count);
        self.rest = rest;
        digits.parse().map_err(|_| Problem::Mismatch)
    }

    fn ranged(&mut self, least_digits: usize, min: u32, max: u32, what: &'static str) -> Result<u8, Problem> {
        let number = self.digits(least_digits, 2)?;
        if !(min..=max).contains(&number) {
            return Err(Problem::Range(what));
        }
        u8::try_from(number).map_err(|_| Problem::Range(what))
    }

    /// The index of the name that comes next, of which `length` letters are written.
    fn name(&mut self, names: &[&str], length: usize) -> Result<u8, Problem> {
        for (index, name) in (0u8..).zip(names) {
            let name = &name[..name.len().min(length)];
            if self.rest.get(..name.len()).is_some_and(|head| head.eq_ignore_ascii_case(name)) {
                self.rest = &self.rest[name.len()..];
                return Ok(index);
            }
        }
        Err(Problem::Mismatch)
    }

    fn choice(&mut self, first: &str, second: &str) -> Result<bool, Problem> {
        let is_second = self.rest.starts_with(second);
        let rest = self.rest.strip_prefix(if is_second { second } else { first });
        self.rest = rest.ok_or(Problem::Mismatch)?;
        Ok(is_second)
    }

    /// A fraction may follow the seconds though the layout has none.
    fn read_unasked_fraction(&mut self, layout_after: &str) -> Result<(), Problem> {
        if matches!(next_element(layout_after).1, Some((Element::Fraction(_), _))) {
            return Ok(());
        }
        self.read_optional_fraction()
    }

    fn read_optional_fraction(&mut self) -> Result<(), Problem> {
        let digits = self.rest.strip_prefix(['.', ',']).unwrap_or_default();
        match digits.bytes().take_while(u8::is_ascii_digit).count() {
            0 => Ok(()),
            count => self.read_fraction(count),
        }
    }

    fn read_fraction(&mut self, count: usize) -> Result<(), Problem> {
        let digits = self.rest.strip_prefix(['.', ',']).ok_or(Problem::Mismatch)?;
        let head = digits.get(..count).ok_or(Problem::Mismatch)?;
        // Go takes a sign here, and finds negative numbers out of range.
        let unsigned = head.strip_prefix(['+', '-']).unwrap_or(head);
        if unsigned.is_empty() || !unsigned.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(Problem::Mismatch);
        }
        if head.starts_with('-') && unsigned.bytes().any(|digit| digit != b'0') {
            return Err(Problem::Range("fractional second"));
        }
        let head = head.replace(['+', '-'], "0");
        let padded: String = head.chars().chain(std::iter::repeat('0')).take(9).collect();
        self.fields.nanos = padded.parse().map_err(|_| Problem::Mismatch)?;
        self.rest = &digits[count..];
        Ok(())
    }
}

impl Fields {
    fn time(mut self) -> Result<Time, &'static str> {
        match self.afternoon {
            Some(true) if self.hour < 12 => self.hour += 12,
            Some(false) if self.hour == 12 => self.hour = 0,
            _ => {}
        }
        if let Some(year_day) = self.year_day {
            self.apply_year_day(year_day)?;
        }
        let (month, day) = (self.month.unwrap_or(1), self.day.unwrap_or(1));
        if day < 1 || day > days_in_month(self.year, month) {
            return Err("day out of range");
        }
        let civil = Civil::new(self.year, month, day, self.hour, self.minute, self.second);
        let (seconds, nanos) = (civil.unix_seconds(), self.nanos);
        let zone = self.zone.unwrap_or_default();
        Ok(match self.offset {
            _ if self.utc => Time::utc(seconds, nanos),
            Some(0) if zone.is_empty() => Time::local(seconds, nanos),
            Some(offset) => {
                let seconds = seconds - i64::from(offset);
                Time { seconds, nanos, offset, zone, location: Location::Other }
            }
            None if zone.is_empty() => Time::local(seconds, nanos),
            // The zone is not known, so its offset is not either.
            None => {
                let hours = zone.strip_prefix("GMT").and_then(|hours| hours.parse::<i32>().ok());
                Time { seconds, nanos, offset: hours.unwrap_or(0) * 3600, zone, location: Location::Other }
            }
        })
    }

    fn apply_year_day(&mut self, year_day: u16) -> Result<(), &'static str> {
        let first = Civil::new(self.year, 1, 1, 0, 0, 0).unix_seconds();
        let civil = Civil::from_unix_seconds(first + (i64::from(year_day) - 1) * 86_400);
        if year_day == 0 || civil.year != self.year {
            return Err("day-of-year out of range");
        }
        if self.month.is_some_and(|month| month != civil.month) {
            return Err("day-of-year does not match month");
        }
        if self.day.is_some_and(|day| day != civil.day) {
            return Err("day-of-year does not match day");
        }
        (self.month, self.day) = (Some(civil.month), Some(civil.day));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::format;

    #[test]
    fn values_are_read_by_layout() {
        let cases = [
            ("2006-01-02", "2020-02-29", "2020-02-29 00:00:00 +0000 UTC"),
            ("Jan _2 15:04:05 2006", "Jul  8 09:10:11.5 2022", "2022-07-08 09:10:11.5 +0000 UTC"),
            ("2006-01-02T15:04:05Z07:00", "2022-07-08T09:10:11+02:00", "2022-07-08 09:10:11 +0200 +0200"),
            ("2006-01-02 15:04 MST", "2020-02-29 10:00 GMT+3", "2020-02-29 13:00:00 +0300 GMT+3"),
            ("06-1-2 -07 MST", "+5-1-2 +01 UTC", "2005-01-02 00:00:00 +0000 UTC"),
            ("3:04PM 2006 002", "12:30AM 2020 060", "2020-02-29 00:30:00 +0000 UTC"),
        ];
        for (layout, value, expected) in cases {
            let time = parse(layout, value).unwrap();
            assert_eq!(format(&time, "2006-01-02 15:04:05.999999999 -0700 MST"), expected);
        }
    }

    #[test]
    fn wrong_zones_are_worded_as_in_go() {
        let shown = |what: &str| Err(format!("parsing time \"{what}\""));
        let read = |layout: &str, value: &str| parse(layout, value).map(drop);
        let range = |value: &str, what: &str| {
            shown(value).map_err(|text: String| format!("{text}: {what} out of range"))
        };
        assert_eq!(read("-07:00", "+25:61"), range("+25:61", "time zone offset minute"));
        assert_eq!(read("-07:00", "+25:x1"), range("+25:x1", "time zone offset hour"));
        assert_eq!(read("5.00", "1.-5"), range("1.-5", "fractional second"));
        let error = read("-07:00 é", "+01:00 è").unwrap_err();
        assert!(error.ends_with(r#"cannot parse "\xa8" as " \xc3\xa9""#), "{error}");
    }

    #[test]
    fn errors_are_worded_as_in_go() {
        let cases = [
            (
                "31/12/2020",
                "parsing time \"31/12/2020\" as \"2006-01-02\": cannot parse \"31/12/2020\" as \"2006\"",
            ),
            ("2020-13-01", "parsing time \"2020-13-01\": month out of range"),
            ("2020-02-30", "parsing time \"2020-02-30\": day out of range"),
            ("2020-02-03x", "parsing time \"2020-02-03x\": extra text: \"x\""),
        ];
        for (value, expected) in cases {
            assert_eq!(parse("2006-01-02", value).unwrap_err(), expected);
        }
    }
}
