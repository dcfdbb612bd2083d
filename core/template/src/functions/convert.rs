//! Conversions to numbers and strings, after sprig's use of `spf13/cast`.

use crate::exec::{Executed, Run};
use crate::parse::number;
use crate::value::{IntType, ParamType, Value};

use super::arguments::{display, strings, text};
use super::{Function, fixed};

const ANY: &[ParamType] = &[ParamType::Any];

pub(super) static FUNCTIONS: &[Function] = &[
    fixed("atoi", &[ParamType::String], |_, arguments| {
        let text = text(arguments, 0);
        Ok(Value::int(text.parse::<i64>().unwrap_or_else(|_| saturated(&text))))
    }),
    fixed("int", ANY, |_, arguments| Ok(Value::int(to_int64(&arguments[0])))),
    fixed("int64", ANY, |_, arguments| Ok(Value::int64(to_int64(&arguments[0])))),
    fixed("float64", ANY, |_, arguments| Ok(Value::Float(to_float64(&arguments[0])))),
    fixed("toDecimal", ANY, |run, arguments| to_decimal(run, &arguments[0])),
    fixed("toString", ANY, |run, arguments| Ok(Value::String(display(run, &arguments[0])?))),
    fixed("toStrings", ANY, |run, arguments| Ok(Value::strings(strings(run, &arguments[0])?))),
];

/// `cast.ToInt64`: 0 for what is no number.
pub(super) fn to_int64(value: &Value) -> i64 {
    match value {
        // What `cast` does not know is no number to it.
        Value::Int(IntType::Duration, _) => 0,
        Value::Int(_, number) => *number,
        Value::Float(number) => truncate(*number),
        Value::Bool(flag) => i64::from(*flag),
        Value::String(text) => number::parse_int(trim_zero_decimal(&text.as_str())).unwrap_or(0),
        _ => 0,
    }
}

/// `cast.ToFloat64`: 0 for what is no number.
pub(super) fn to_float64(value: &Value) -> f64 {
    match value {
        Value::Int(IntType::Uint | IntType::Uint64, number) => number.cast_unsigned() as f64,
        Value::Int(IntType::Duration, _) => 0.0,
        Value::Int(_, number) => *number as f64,
        Value::Float(number) => *number,
        Value::Bool(flag) => f64::from(u8::from(*flag)),
        Value::String(text) => parse_float(&text.as_str()).unwrap_or(0.0),
        _ => 0.0,
    }
}

/// Go's conversion of a float on amd64: what does not fit is the smallest integer.
fn truncate(number: f64) -> i64 {
    let fits = (-9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0).contains(&number);
    if fits { number as i64 } else { i64::MIN }
}

/// `strconv.ParseFloat`, which knows infinities and NaN.
fn parse_float(text: &str) -> Option<f64> {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    match unsigned.to_ascii_lowercase().as_str() {
        "inf" | "infinity" | "nan" => text.parse().ok(),
        _ => number::parse_float(text),
    }
}

/// Cuts `.000` off.
fn trim_zero_decimal(text: &str) -> &str {
    match text.trim_end_matches('0').strip_suffix('.') {
        Some(whole) if text.ends_with('0') => whole,
        _ => text,
    }
}

/// Go's Atoi gives the nearest bound together with a range error.
fn saturated(text: &str) -> i64 {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        0
    } else if text.starts_with('-') {
        i64::MIN
    } else {
        i64::MAX
    }
}

/// Reads the printed value as octal.
fn to_decimal(run: &mut Run<'_, '_>, value: &Value) -> Executed<Value> {
    let shown = display(run, value)?;
    Ok(Value::int64(i64::from_str_radix(&shown.as_str(), 8).unwrap_or(0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_convert_as_in_cast() {
        let cases = [("12", 12), ("12.00", 12), ("12.5", 0), ("0x1f", 31), ("010", 8), ("", 0), ("-7", -7)];
        for (text, expected) in cases {
            assert_eq!(to_int64(&text.into()), expected, "{text}");
        }
        assert_eq!(to_int64(&Value::Float(-2.9)), -2);
        assert_eq!(to_float64(&"1e3".into()), 1000.0);
    }
}
