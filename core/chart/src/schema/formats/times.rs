//! Dates, clocks and durations.

use pilothouse_template::{check_layout, go_quoted_char};

use super::{Checked, refused};

/// A date as Go's package `time` reads it.
pub(super) fn date(text: &str) -> Checked {
    check_layout("2006-01-02", text)
}

pub(super) fn date_time(text: &str) -> Checked {
    let bytes = text.as_bytes();
    if bytes.len() < 20 {
        return refused("less than 20 characters long");
    }
    if !matches!(bytes[10], b't' | b'T') {
        return refused("11th character must be t or T");
    }
    date(&text[..10]).map_err(|reason| format!("invalid date element: {reason}"))?;
    time(&text[11..]).map_err(|reason| format!("invalid time element: {reason}"))
}

/// A clock with its offset. A minute may have a second more where UTC has midnight.
pub(super) fn time(text: &str) -> Checked {
    let bytes = text.as_bytes();
    if bytes.len() < 9 {
        return refused("less than 9 characters long");
    }
    if bytes[2] != b':' || bytes[5] != b':' {
        return refused("missing colon in correct place");
    }
    let [hour, minute, second] = numbers(&bytes[..8], "hour/min/sec", "")?[..] else {
        return refused("missing hour/min/sec");
    };
    if hour > 23 || minute > 59 || second > 60 {
        return refused("hour/min/sec out of range");
    }
    let mut rest = &bytes[8..];
    if let Some(fraction) = rest.strip_prefix(b".") {
        let digits = fraction.iter().take_while(|digit| digit.is_ascii_digit()).count();
        if digits == 0 {
            return refused("no digits in second fraction");
        }
        rest = &fraction[digits..];
    }
    let in_utc = hour * 60 + minute - offset(rest)?;
    let in_utc = if in_utc < 0 { in_utc + 24 * 60 } else { in_utc };
    if second >= 60 && in_utc != 24 * 60 - 1 {
        return refused("invalid leap second");
    }
    Ok(())
}

/// Minutes east of UTC.
fn offset(text: &[u8]) -> Result<i64, String> {
    if matches!(text, b"z" | b"Z") {
        return Ok(0);
    }
    if text.len() != 6 {
        return Err("offset must be 6 characters long".to_owned());
    }
    let sign = match text[0] {
        b'+' => 1,
        b'-' => -1,
        _ => return Err("offset must begin with plus/minus".to_owned()),
    };
    if text[3] != b':' {
        return Err("missing colon in offset in correct place".to_owned());
    }
    match numbers(&text[1..], "hour/min", " in offset")?[..] {
        [hours @ 0..=23, minutes @ 0..=59] => Ok(sign * (hours * 60 + minutes)),
        _ => Err("hour/min in offset out of range".to_owned()),
    }
}

/// Numbers with colons between them; a sign is one of Go's.
fn numbers(text: &[u8], what: &str, place: &str) -> Result<Vec<i64>, String> {
    let numbers = text.split(|byte| *byte == b':').map(|part| {
        let number = std::str::from_utf8(part).ok().and_then(|part| part.parse::<i64>().ok());
        match number {
            None => Err(format!("invalid {what}{place}")),
            Some(..0) => Err(format!("non-positive {what}{place}")),
            Some(number) => Ok(number),
        }
    });
    numbers.collect()
}

pub(super) fn duration(text: &str) -> Checked {
    const UNITS: [&[u8]; 2] = [b"YMD", b"HMS"];
    let Some(rest) = text.strip_prefix('P') else { return refused("must start with P") };
    if rest.is_empty() {
        return refused("nothing after P");
    }
    if let Some(weeks) = rest.strip_suffix('W') {
        let are_digits = weeks.bytes().all(|digit| digit.is_ascii_digit());
        return match weeks {
            "" => refused("no number in week"),
            _ if are_digits => Ok(()),
            _ => refused("invalid week"),
        };
    }
    for (index, part) in rest.split('T').enumerate() {
        if index > 0 && part.is_empty() {
            return refused("no time elements");
        }
        let Some(units) = UNITS.get(index) else { return refused("more than one T") };
        elements(part.as_bytes(), units)?;
    }
    Ok(())
}

/// Numbers, each with its unit; a unit stands behind the larger ones.
fn elements(text: &[u8], units: &[u8]) -> Checked {
    let (mut rest, mut left) = (text, units);
    while !rest.is_empty() {
        let digits = rest.iter().take_while(|digit| digit.is_ascii_digit()).count();
        if digits == 0 {
            return refused("missing number");
        }
        let Some((unit, after)) = rest[digits..].split_first() else { return refused("missing unit") };
        match left.iter().position(|known| known == unit) {
            Some(at) => left = &left[at + 1..],
            None => {
                // Go shows a byte, whatever letter it is a part of.
                let shown = go_quoted_char(i64::from(*unit), false);
                return Err(if units.contains(unit) {
                    format!("unit {shown} out of order")
                } else {
                    format!("invalid unit {shown}")
                });
            }
        }
        rest = after;
    }
    Ok(())
}

/// Two times, or a time and a duration.
pub(super) fn period(text: &str) -> Checked {
    let Some((start, end)) = text.split_once('/') else { return refused("missing slash") };
    if start.starts_with('P') {
        duration(start).map_err(|reason| format!("invalid start duration: {reason}"))?;
        return date_time(end).map_err(|reason| format!("invalid end date-time: {reason}"));
    }
    date_time(start).map_err(|reason| format!("invalid start date-time: {reason}"))?;
    if end.starts_with('P') {
        return duration(end).map_err(|reason| format!("invalid end duration: {reason}"));
    }
    date_time(end).map_err(|reason| format!("invalid end date-time: {reason}"))
}

#[cfg(test)]
mod tests {
    use super::super::assert_said;
    use super::*;

    #[test]
    fn dates_have_the_words_of_go() {
        assert_said(
            date,
            &[
                ("2020-02-29", ""),
                ("x", "parsing time \"x\" as \"2006-01-02\": cannot parse \"x\" as \"2006\""),
                (
                    "é",
                    "parsing time \"\\xc3\\xa9\" as \"2006-01-02\": cannot parse \"\\xc3\\xa9\" as \"2006\"",
                ),
                ("2020-13-01", "parsing time \"2020-13-01\": month out of range"),
                ("2020-02-30", "parsing time \"2020-02-30\": day out of range"),
            ],
        );
        assert_said(
            date_time,
            &[
                ("2020-02-29T23:59:60Z", ""),
                ("2020-02-29", "less than 20 characters long"),
                ("2020-02-29 23:59:59Z", "11th character must be t or T"),
                (
                    "2020-02-30T00:00:00Z",
                    "invalid date element: parsing time \"2020-02-30\": day out of range",
                ),
                ("2020-02-29T25:00:00Z", "invalid time element: hour/min/sec out of range"),
            ],
        );
    }

    #[test]
    fn clocks_have_an_offset() {
        assert_said(
            time,
            &[
                ("12:30:45.5+01:00", ""),
                ("00:59:60+01:00", ""),
                ("12:30:45", "less than 9 characters long"),
                ("12-30-45Z", "missing colon in correct place"),
                ("12:3x:45Z", "invalid hour/min/sec"),
                ("12:-1:45Z", "non-positive hour/min/sec"),
                ("12:30:45.Z", "no digits in second fraction"),
                ("12:30:45x", "offset must be 6 characters long"),
                ("12:30:45*01:00", "offset must begin with plus/minus"),
                ("12:30:45+01-00", "missing colon in offset in correct place"),
                ("12:30:45+24:00", "hour/min in offset out of range"),
                ("12:30:60Z", "invalid leap second"),
            ],
        );
    }

    #[test]
    fn units_have_an_order() {
        assert_said(
            duration,
            &[
                ("P1Y2M3DT4H5M6S", ""),
                ("P2W", ""),
                ("1D", "must start with P"),
                ("P", "nothing after P"),
                ("PW", "no number in week"),
                ("PxW", "invalid week"),
                ("P1DT", "no time elements"),
                ("P1DT1HT1H", "more than one T"),
                ("PD", "missing number"),
                ("P1", "missing unit"),
                ("P1D1Y", "unit 'Y' out of order"),
                ("P1é", "invalid unit 'Ã'"),
            ],
        );
        assert_said(
            period,
            &[
                ("P1D/2020-02-29T00:00:00Z", ""),
                ("P1D", "missing slash"),
                ("2020-02-29T00:00:00Z/P", "invalid end duration: nothing after P"),
                ("x/y", "invalid start date-time: less than 20 characters long"),
            ],
        );
    }
}
