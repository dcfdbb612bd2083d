//! Number literals, after Go's `strconv` and the ideal-constant rules of `text/template`.

use crate::format::quote::quoted;
use crate::value::Value;

use super::unquote;

/// A literal with every reading it allows; the parameter it is passed to chooses.
#[derive(Clone, Debug, Default)]
pub(crate) struct Number {
    /// The literal as written.
    pub(crate) text: String,
    pub(crate) int: Option<i64>,
    pub(crate) uint: Option<u64>,
    pub(crate) float: Option<f64>,
    pub(crate) complex: Option<(f64, f64)>,
}

impl Number {
    /// Reads a number token.
    pub(crate) fn parse(text: &str) -> Result<Number, String> {
        if let Some(real) = text.strip_suffix('i')
            && let Some(imaginary) = parse_float(real)
        {
            return Ok(Number::from_complex(text, 0.0, imaginary));
        }
        let uint = parse_magnitude(text);
        let int = parse_int(text);
        let mut number = Number { text: text.to_owned(), int, uint, ..Number::default() };
        if int == Some(0) {
            number.uint = Some(0);
        }
        if let Some(float) = int.map(|int| int as f64).or(uint.map(|uint| uint as f64)) {
            number.float = Some(float);
            return Ok(number);
        }
        let Some(float) = parse_float(text) else {
            return Err(format!("illegal number syntax: {}", quoted(text.as_bytes())));
        };
        if !text.contains(['.', 'e', 'E', 'p', 'P']) {
            return Err(format!("integer overflow: {}", quoted(text.as_bytes())));
        }
        number.read_float(float);
        Ok(number)
    }

    /// The number of plain digits.
    pub(crate) fn of_int(value: i64) -> Number {
        let (int, float) = (Some(value), Some(value as f64));
        Number { int, float, uint: u64::try_from(value).ok(), ..Number::default() }
    }

    /// Reads a complex token such as `1+2i`.
    pub(crate) fn parse_complex(text: &str) -> Result<Number, String> {
        let split = text.rfind(['+', '-']).filter(|&split| split > 0);
        let parts = split.and_then(|split| {
            let imaginary = text[split..].strip_suffix('i')?;
            Some((parse_float(&text[..split])?, parse_float(imaginary)?))
        });
        match parts {
            Some((real, imaginary)) => Ok(Number::from_complex(text, real, imaginary)),
            None => Err(format!("illegal number syntax: {}", quoted(text.as_bytes()))),
        }
    }

    /// Reads a character constant, quotes included.
    pub(crate) fn parse_char(text: &str) -> Result<Number, String> {
        let code = i64::from(unquote::character(text)?);
        Ok(Number {
            text: text.to_owned(),
            int: Some(code),
            uint: Some(code.cast_unsigned()),
            float: Some(code as f64),
            complex: None,
        })
    }

    /// The value where nothing says which type is wanted.
    pub(crate) fn ideal(&self) -> Result<Value, String> {
        if let Some((real, imaginary)) = self.complex {
            return Ok(Value::Complex(real, imaginary));
        }
        match (self.float, self.int) {
            (Some(float), _) if self.looks_like_float() => Ok(Value::Float(float)),
            (_, Some(int)) => Ok(Value::int(int)),
            _ => Err(format!("{} overflows int", self.text)),
        }
    }

    fn looks_like_float(&self) -> bool {
        let text = &self.text;
        let is_hex_int = text.len() > 2
            && (text.starts_with("0x") || text.starts_with("0X"))
            && !text.contains(['p', 'P']);
        !is_hex_int && !text.starts_with('\'') && text.contains(['.', 'e', 'E', 'p', 'P'])
    }

    fn from_complex(text: &str, real: f64, imaginary: f64) -> Number {
        let mut number =
            Number { text: text.to_owned(), complex: Some((real, imaginary)), ..Number::default() };
        if imaginary == 0.0 {
            number.read_float(real);
        }
        number
    }

    fn read_float(&mut self, float: f64) {
        self.float = Some(float);
        if float.fract() == 0.0 && float.abs() < 9.2e18 {
            self.int = Some(float as i64);
        }
        if float.fract() == 0.0 && (0.0..1.8e19).contains(&float) {
            self.uint = Some(float as u64);
        }
    }
}

/// A signed integer of any base.
pub(crate) fn parse_int(text: &str) -> Option<i64> {
    let (negative, digits) = split_sign(text);
    let magnitude = parse_magnitude(digits)?;
    if negative { 0i64.checked_sub_unsigned(magnitude) } else { i64::try_from(magnitude).ok() }
}

/// An unsigned integer: decimal, or with the prefix `0x`, `0o`, `0b` or `0`.
pub(crate) fn parse_magnitude(text: &str) -> Option<u64> {
    let lower = text.to_ascii_lowercase();
    let (radix, digits) = match lower.as_bytes() {
        [b'0', b'x', ..] => (16, &lower[2..]),
        [b'0', b'b', ..] => (2, &lower[2..]),
        [b'0', b'o', ..] => (8, &lower[2..]),
        [b'0', _, ..] => (8, &lower[1..]),
        _ => (10, lower.as_str()),
    };
    if !underscores_separate_digits(&lower) {
        return None;
    }
    let digits = digits.replace('_', "");
    if digits.starts_with(['+', '-']) {
        return None;
    }
    u64::from_str_radix(&digits, radix).ok()
}

/// A decimal or hexadecimal floating point number that is finite.
pub(crate) fn parse_float(text: &str) -> Option<f64> {
    let lower = text.to_ascii_lowercase();
    let (negative, digits) = split_sign(&lower);
    if !underscores_separate_digits(digits) {
        return None;
    }
    let digits = digits.replace('_', "");
    let magnitude = match digits.strip_prefix("0x") {
        Some(hex) => parse_hex_float(hex)?,
        None if digits.starts_with(|first: char| first.is_ascii_digit() || first == '.') => {
            digits.parse().ok()?
        }
        None => return None,
    };
    if magnitude == f64::INFINITY {
        return None;
    }
    Some(if negative { -magnitude } else { magnitude })
}

fn parse_hex_float(text: &str) -> Option<f64> {
    let (mantissa, exponent) = text.split_once('p')?;
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = u64::from_str_radix(&format!("{whole}{fraction}"), 16).ok()?;
    let exponent: i32 = exponent.parse().ok()?;
    let shift = i32::try_from(fraction.len()).ok()?.checked_mul(4)?;
    Some(digits as f64 * 2f64.powi(exponent.checked_sub(shift)?))
}

fn split_sign(text: &str) -> (bool, &str) {
    match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    }
}

/// An underscore must stand between digits, or between a base prefix and a digit.
fn underscores_separate_digits(text: &str) -> bool {
    let bytes = text.as_bytes();
    let prefixed = matches!(bytes, [b'0', b'x' | b'o' | b'b', ..]);
    let is_digit = |index: usize| {
        bytes.get(index).is_some_and(|byte| byte.is_ascii_hexdigit()) || (prefixed && index == 1)
    };
    (0..bytes.len())
        .filter(|&index| bytes[index] == b'_')
        .all(|index| index > 0 && is_digit(index - 1) && is_digit(index + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_read_as_in_go() {
        let cases = [
            ("0x1F", "31"),
            ("0b101", "5"),
            ("0o17", "15"),
            ("017", "15"),
            ("1_000", "1000"),
            ("-5", "-5"),
            ("1e3", "f1000"),
            (".5", "f0.5"),
            ("0x1p4", "f16"),
            ("-9223372036854775808", "-9223372036854775808"),
        ];
        for (text, expected) in cases {
            let shown = match Number::parse(text).unwrap().ideal().unwrap() {
                Value::Int(_, int) => int.to_string(),
                Value::Float(float) => format!("f{float}"),
                _ => String::new(),
            };
            assert_eq!(shown, expected, "{text}");
        }
        assert_eq!(Number::parse("1__0").unwrap_err(), r#"illegal number syntax: "1__0""#);
        assert_eq!(
            Number::parse("99999999999999999999").unwrap_err(),
            r#"integer overflow: "99999999999999999999""#
        );
        assert_eq!(Number::parse_char(r"'\n'").unwrap().int, Some(10));
    }
}
