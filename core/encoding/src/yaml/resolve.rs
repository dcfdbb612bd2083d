//! What plain scalars mean: the YAML 1.1 types in go-yaml v2's dialect.

use super::date;

/// The type and value of a scalar; the text of strings and timestamps stays with the caller.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Resolved {
    /// Empty, `~`, `null`.
    Null,
    /// `true`, `yes`, `on`, `y` and their opposites.
    Bool(bool),
    /// An integer of 64 bits.
    Int(i64),
    /// An integer above `i64::MAX`.
    Uint(u64),
    /// A float, an infinity or NaN.
    Float(f64),
    /// A date or time; callers use its text.
    Timestamp,
    /// Anything else.
    Text,
}

impl Resolved {
    /// The short tag go-yaml names in errors.
    pub(super) fn short_tag(self) -> &'static str {
        match self {
            Self::Null => "!!null",
            Self::Bool(_) => "!!bool",
            Self::Int(_) | Self::Uint(_) => "!!int",
            Self::Float(_) => "!!float",
            Self::Timestamp => "!!timestamp",
            Self::Text => "!!str",
        }
    }
}

/// Resolves a scalar without a tag.
pub(super) fn resolve_plain(text: &str) -> Resolved {
    resolve(text, true)
}

/// Resolves a scalar whose tag is one of the core types but not a string.
///
/// Dates are recognised only where `timestamps` says so: without a tag, and with `!!timestamp`.
pub(super) fn resolve(text: &str, timestamps: bool) -> Resolved {
    let Some(&first) = text.as_bytes().first() else {
        return Resolved::Null;
    };
    match first {
        b'y' | b'Y' | b'n' | b'N' | b't' | b'T' | b'f' | b'F' | b'o' | b'O' | b'~' => {
            resolve_word(text).unwrap_or(Resolved::Text)
        }
        b'.' => resolve_word(text).or_else(|| resolve_fraction(text)).unwrap_or(Resolved::Text),
        b'+' | b'-' | b'0'..=b'9' => resolve_number(text, timestamps),
        _ => Resolved::Text,
    }
}

/// Whether `text` is in base 60 notation: go-yaml reads it as a string but writes it quoted.
pub(super) fn is_base60(text: &str) -> bool {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    if !unsigned.starts_with(|c: char| c.is_ascii_digit()) {
        return false;
    }
    let Some((first, rest)) = unsigned.split_once(':') else {
        return false;
    };
    let digits_and_marks = |part: &str| part.bytes().all(|b| b.is_ascii_digit() || b == b'_');
    if !digits_and_marks(first) {
        return false;
    }
    let (places, fraction) = rest.split_once('.').unwrap_or((rest, ""));
    digits_and_marks(fraction) && places.split(':').all(is_base60_place)
}

/// One place of a base 60 number: 0 to 59, perhaps with a leading zero.
fn is_base60_place(place: &str) -> bool {
    match place.as_bytes() {
        [ones] => ones.is_ascii_digit(),
        [tens, ones] => (b'0'..=b'5').contains(tens) && ones.is_ascii_digit(),
        _ => false,
    }
}

fn resolve_word(text: &str) -> Option<Resolved> {
    Some(match text {
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => {
            Resolved::Bool(true)
        }
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => {
            Resolved::Bool(false)
        }
        "~" | "null" | "Null" | "NULL" => Resolved::Null,
        ".nan" | ".NaN" | ".NAN" => Resolved::Float(f64::NAN),
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => Resolved::Float(f64::INFINITY),
        "-.inf" | "-.Inf" | "-.INF" => Resolved::Float(f64::NEG_INFINITY),
        _ => return None,
    })
}

fn resolve_number(text: &str, timestamps: bool) -> Resolved {
    if let Some(word) = resolve_word(text) {
        return word;
    }
    if timestamps && date::is_timestamp(text) {
        return Resolved::Timestamp;
    }
    let stripped;
    let plain = if text.contains('_') {
        stripped = text.replace('_', "");
        stripped.as_str()
    } else {
        text
    };
    resolve_integer(plain)
        .or_else(|| resolve_float(plain))
        .or_else(|| resolve_signed_binary(plain))
        .unwrap_or(Resolved::Text)
}

/// An integer as `strconv.ParseInt` and `ParseUint` with base 0 read it: `0x`, `0o`, `0b` and a leading zero
/// choose the base.
fn resolve_integer(plain: &str) -> Option<Resolved> {
    let (negative, unsigned) = split_sign(plain);
    let (radix, digits) = split_radix(unsigned);
    let size = parse_digits(digits, radix)?;
    if negative {
        return 0_i64.checked_sub_unsigned(size).map(Resolved::Int);
    }
    match i64::try_from(size) {
        Ok(integer) => Some(Resolved::Int(integer)),
        Err(_) if unsigned.len() == plain.len() => Some(Resolved::Uint(size)),
        Err(_) => None,
    }
}

fn split_radix(unsigned: &str) -> (u32, &str) {
    let Some(rest) = unsigned.strip_prefix('0') else {
        return (10, unsigned);
    };
    let radix = match rest.as_bytes() {
        [b'x' | b'X', _, ..] => 16,
        [b'o' | b'O', _, ..] => 8,
        [b'b' | b'B', _, ..] => 2,
        [] => return (10, unsigned),
        _ => return (8, rest),
    };
    (radix, &rest[1..])
}

fn split_sign(text: &str) -> (bool, &str) {
    match text.as_bytes().first() {
        Some(b'-') => (true, &text[1..]),
        Some(b'+') => (false, &text[1..]),
        _ => (false, text),
    }
}

/// Digits only: Rust's own parser would take another sign.
fn parse_digits(digits: &str, radix: u32) -> Option<u64> {
    if digits.starts_with(['+', '-']) {
        return None;
    }
    u64::from_str_radix(digits, radix).ok()
}

/// go-yaml reads what follows `0b` with a parser that takes a sign of its own, so `0b-1` is -1.
fn resolve_signed_binary(plain: &str) -> Option<Resolved> {
    let (negative, unsigned) = split_sign(plain.strip_prefix("0b")?);
    let size = parse_digits(unsigned, 2)?;
    if negative {
        return 0_i64.checked_sub_unsigned(size).map(Resolved::Int);
    }
    i64::try_from(size).ok().map(Resolved::Int)
}

/// A float that begins with its point: the one place where underscores must stand between digits.
fn resolve_fraction(text: &str) -> Option<Resolved> {
    if !text.contains('_') {
        return resolve_float(text);
    }
    let bytes = text.as_bytes();
    let between_digits = |at: usize| {
        let digit = |at: Option<usize>| at.and_then(|at| bytes.get(at)).is_some_and(u8::is_ascii_digit);
        digit(at.checked_sub(1)) && digit(at.checked_add(1))
    };
    let allowed = (0..bytes.len()).all(|at| bytes[at] != b'_' || between_digits(at));
    if allowed { resolve_float(&text.replace('_', "")) } else { None }
}

/// `[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?`; a float too large for 64 bits is text.
fn resolve_float(plain: &str) -> Option<Resolved> {
    let (_, unsigned) = split_sign(plain);
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(split_sign(exponent).1)),
        None => (unsigned, None),
    };
    let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    let (integer, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    if !digits(integer) || !digits(fraction) || (integer.is_empty() && fraction.is_empty()) {
        return None;
    }
    if exponent.is_some_and(|exponent| exponent.is_empty() || !digits(exponent)) {
        return None;
    }
    plain.parse().ok().filter(|float: &f64| float.is_finite()).map(Resolved::Float)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_scalars() {
        let cases = [
            ("", Resolved::Null),
            ("~", Resolved::Null),
            ("y", Resolved::Bool(true)),
            ("Off", Resolved::Bool(false)),
            ("oN", Resolved::Text),
            ("0", Resolved::Int(0)),
            ("-0", Resolved::Int(0)),
            ("0777", Resolved::Int(511)),
            ("0o777", Resolved::Int(511)),
            ("08", Resolved::Float(8.0)),
            ("0b101", Resolved::Int(5)),
            ("-0b101", Resolved::Int(-5)),
            ("0b-1", Resolved::Int(-1)),
            ("0x1F", Resolved::Int(31)),
            ("0x", Resolved::Text),
            ("1_000", Resolved::Int(1000)),
            ("+12", Resolved::Int(12)),
            ("++12", Resolved::Text),
            ("-9223372036854775808", Resolved::Int(i64::MIN)),
            ("18446744073709551615", Resolved::Uint(u64::MAX)),
            ("18446744073709551616", Resolved::Float(18_446_744_073_709_551_616.0)),
            ("+18446744073709551615", Resolved::Float(18_446_744_073_709_551_615.0)),
            ("1.", Resolved::Float(1.0)),
            (".5", Resolved::Float(0.5)),
            ("-.5e3", Resolved::Float(-500.0)),
            (".", Resolved::Text),
            (".51_0", Resolved::Float(0.51)),
            (".5_", Resolved::Text),
            ("._5", Resolved::Text),
            (".5__1", Resolved::Text),
            ("1e3", Resolved::Float(1000.0)),
            ("1e", Resolved::Text),
            ("1e400", Resolved::Text),
            (".inf", Resolved::Float(f64::INFINITY)),
            ("1:30", Resolved::Text),
            ("2001-01-01", Resolved::Timestamp),
            ("1.2.3", Resolved::Text),
            ("<<", Resolved::Text),
        ];
        for (text, expected) in cases {
            assert_eq!(resolve_plain(text), expected, "{text}");
        }
    }

    #[test]
    fn base60() {
        for text in ["1:30", "-1:2:59", "1_0:00.5_", "0:0."] {
            assert!(is_base60(text), "{text}");
        }
        for text in ["", "1", ":1", "1:", "1:60", "a:1", "1:2:", "1:2.x", "_1:2"] {
            assert!(!is_base60(text), "{text}");
        }
    }
}
