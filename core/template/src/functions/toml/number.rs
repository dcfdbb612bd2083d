//! Numbers and times in TOML.

use crate::format::quote::quoted;
use crate::time::parse as parse_time;
use crate::value::Value;

use super::{LOCAL_DATE, LOCAL_DATETIME, LOCAL_TIME};

/// Layouts of times, with the zone of those that name none.
const LAYOUTS: [(&str, Option<&str>); 7] = [
    ("2006-01-02T15:04:05.999999999Z07:00", None),
    ("2006-01-02T15:04:05.999999999", Some(LOCAL_DATETIME)),
    ("2006-01-02", Some(LOCAL_DATE)),
    ("15:04:05.999999999", Some(LOCAL_TIME)),
    ("2006-01-02T15:04Z07:00", None),
    ("2006-01-02T15:04", Some(LOCAL_DATETIME)),
    ("15:04", Some(LOCAL_TIME)),
];

/// An `int64`.
///
/// # Errors
/// The library's texts.
pub(super) fn integer(text: &str) -> Result<Value, String> {
    let shown = quoted(text.as_bytes());
    if !has_good_underscores(text) {
        return Err(format!("Invalid integer {shown}: underscores must be surrounded by digits"));
    }
    if has_leading_zero(text) {
        return Err(format!("Invalid integer {shown}: cannot have leading zeroes"));
    }
    let digits = text.replace('_', "");
    let (radix, magnitude) = match digits.get(..2) {
        Some("0x") => (16, &digits[2..]),
        Some("0o") => (8, &digits[2..]),
        Some("0b") => (2, &digits[2..]),
        _ => (10, digits.as_str()),
    };
    i64::from_str_radix(magnitude, radix)
        .map(Value::int64)
        .map_err(|_| format!("{text} is out of range for int64"))
}

/// A `float64`.
///
/// # Errors
/// The library's texts.
pub(super) fn float(text: &str) -> Result<Value, String> {
    let shown = quoted(text.as_bytes());
    let mut parts = text.split(['.', 'e', 'E']).filter(|part| !part.is_empty());
    if !parts.clone().all(has_good_underscores) {
        return Err(format!("Invalid float {shown}: underscores must be surrounded by digits"));
    }
    if parts.next().is_some_and(has_leading_zero) {
        return Err(format!("Invalid float {shown}: cannot have leading zeroes"));
    }
    if text.split('.').skip(1).any(|after| !after.starts_with(|next: char| next.is_ascii_digit())) {
        return Err(format!("Invalid float {shown}: '.' must be followed by one or more digits"));
    }
    let digits = text.replace('_', "");
    let number: f64 = match digits.as_str() {
        "nan" | "+nan" => f64::NAN,
        "-nan" => -f64::NAN,
        "inf" | "+inf" => f64::INFINITY,
        "-inf" => f64::NEG_INFINITY,
        digits => digits.parse().map_err(|_| format!("Invalid float value: {shown}"))?,
    };
    if number.is_infinite() && !digits.contains("inf") {
        return Err(format!("{text} is out of range for float64"));
    }
    Ok(Value::Float(number))
}

/// A time, with or without a date and a zone.
///
/// # Errors
/// The library's text.
pub(super) fn datetime(text: &str) -> Result<Value, String> {
    let text = text.replace('z', "Z").replace(['t', ' '], "T");
    let invalid = || format!("invalid datetime: {}", quoted(text.as_bytes()));
    for (layout, zone) in LAYOUTS {
        let Ok(mut time) = parse_time(layout, &text) else { continue };
        if lacks_leading_zero(&text, layout) {
            return Err(invalid());
        }
        if let Some(zone) = zone {
            zone.clone_into(&mut time.zone);
        }
        return Ok(Value::native(time));
    }
    Err(invalid())
}

/// Go reads numbers of one digit where the layout has two; TOML does not.
fn lacks_leading_zero(text: &str, layout: &str) -> bool {
    let fixed = layout.bytes().take_while(|byte| !matches!(byte, b'.' | b'Z'));
    fixed
        .zip(text.bytes().map(Some).chain(std::iter::repeat(None)))
        .any(|(layout, text)| !layout.is_ascii_digit() && text != Some(layout))
}

fn has_leading_zero(text: &str) -> bool {
    match text.as_bytes() {
        [b'0', b'b' | b'o' | b'x', ..] => false,
        [b'0', _, ..] | [b'-' | b'+', b'0', _, ..] => true,
        _ => false,
    }
}

fn has_good_underscores(text: &str) -> bool {
    if matches!(text, "nan" | "+nan" | "-nan" | "inf" | "-inf" | "+inf") {
        return true;
    }
    let mut after_digit = false;
    for next in text.chars() {
        if next == '_' && !after_digit {
            return false;
        }
        after_digit = next.is_ascii_hexdigit();
    }
    after_digit
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_or_refused() {
        let shown = |read: Result<Value, String>| read.map(|value| crate::format::value_text(&value));
        assert_eq!(shown(integer("1_000")), Ok("1000".to_owned()));
        assert_eq!(shown(integer("0xFf")), Ok("255".to_owned()));
        assert_eq!(shown(integer("-9223372036854775808")), Ok("-9223372036854775808".to_owned()));
        assert_eq!(
            shown(integer("1__0")).unwrap_err(),
            "Invalid integer \"1__0\": underscores must be surrounded by digits"
        );
        assert_eq!(
            shown(integer("9223372036854775808")).unwrap_err(),
            "9223372036854775808 is out of range for int64"
        );
        assert_eq!(shown(float("1e3")), Ok("1000".to_owned()));
        assert_eq!(shown(float("01.5")).unwrap_err(), "Invalid float \"01.5\": cannot have leading zeroes");
        assert_eq!(
            shown(float("1.")).unwrap_err(),
            "Invalid float \"1.\": '.' must be followed by one or more digits"
        );
        assert_eq!(shown(float("1e999")).unwrap_err(), "1e999 is out of range for float64");
    }

    #[test]
    fn times_may_lack_a_zone() {
        let shown = |text| datetime(text).map(|value| crate::format::value_text(&value));
        assert_eq!(shown("2020-01-02 03:04:05z"), Ok("2020-01-02 03:04:05 +0000 UTC".to_owned()));
        assert_eq!(shown("2020-01-02"), Ok("2020-01-02 00:00:00 +0000 date-local".to_owned()));
        assert_eq!(shown("2020-1-2").unwrap_err(), "invalid datetime: \"2020-1-2\"");
    }
}
