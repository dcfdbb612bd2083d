//! Integer types of Go's package `time` that have names and methods: months, days of the week, durations.

use pilothouse_encoding::duration::GoDuration;

use crate::value::{IntType, Method, ParamType, Value};

use super::getter;
use super::layout::{MONTHS, WEEKDAYS};

const DURATION: ParamType = ParamType::Integer(IntType::Duration);

static NAMED: &[Method] = &[getter("String")];

static DURATIONS: &[Method] = &[
    getter("String"),
    getter("Hours"),
    getter("Minutes"),
    getter("Seconds"),
    getter("Milliseconds"),
    getter("Microseconds"),
    getter("Nanoseconds"),
    getter("Abs"),
    Method { name: "Round", params: &[DURATION], variadic: None },
    Method { name: "Truncate", params: &[DURATION], variadic: None },
];

/// The methods of an integer type; a plain one has none.
pub(crate) fn methods(int_type: IntType) -> &'static [Method] {
    match int_type {
        IntType::Month | IntType::Weekday => NAMED,
        IntType::Duration => DURATIONS,
        _ => &[],
    }
}

/// The text of the type's `String` method, if it has one.
pub(crate) fn text(int_type: IntType, number: i64) -> Option<String> {
    let name = |names: &[&str], index: i64| {
        usize::try_from(index).ok().and_then(|index| names.get(index).map(|name| (*name).to_owned()))
    };
    match int_type {
        IntType::Month => Some(name(&MONTHS, number - 1).unwrap_or_else(|| format!("%!Month({number})"))),
        IntType::Weekday => Some(name(&WEEKDAYS, number).unwrap_or_else(|| format!("%!Weekday({number})"))),
        IntType::Duration => Some(GoDuration::from_nanos(number).to_string()),
        _ => None,
    }
}

/// Calls a method of [`methods`].
pub(crate) fn call(int_type: IntType, number: i64, method: &str, arguments: &[Value]) -> Value {
    let duration = GoDuration::from_nanos(number);
    let unit = match arguments.first() {
        Some(Value::Int(_, unit)) => GoDuration::from_nanos(*unit),
        _ => GoDuration::from_nanos(0),
    };
    let made = |duration: GoDuration| Value::Int(IntType::Duration, duration.as_nanos());
    match method {
        "Hours" => Value::Float(parts(number, 3_600_000_000_000)),
        "Minutes" => Value::Float(parts(number, 60_000_000_000)),
        "Seconds" => Value::Float(parts(number, 1_000_000_000)),
        "Milliseconds" => Value::int64(number / 1_000_000),
        "Microseconds" => Value::int64(number / 1_000),
        "Nanoseconds" => Value::int64(number),
        "Abs" => made(GoDuration::from_nanos(number.saturating_abs())),
        "Round" => made(duration.round(unit)),
        "Truncate" => made(duration.truncate(unit)),
        _ => text(int_type, number).unwrap_or_default().into(),
    }
}

/// How many units a duration is, as Go counts them: whole ones and the rest apart.
fn parts(nanos: i64, unit: i64) -> f64 {
    (nanos / unit) as f64 + (nanos % unit) as f64 / unit as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_with_names() {
        let texts = [(IntType::Month, 2), (IntType::Weekday, 0), (IntType::Duration, 5_400_000_000_000)];
        let texts = texts.map(|(int_type, number)| text(int_type, number).unwrap_or_default());
        assert_eq!(texts, ["February", "Sunday", "1h30m0s"]);
        assert_eq!(text(IntType::Month, 13).as_deref(), Some("%!Month(13)"));
        assert_eq!(text(IntType::Int, 1), None);
    }

    #[test]
    fn durations_are_taken_apart() {
        let of = |method, arguments: &[Value]| {
            crate::format::value_text(&call(IntType::Duration, -5_400_123_456_789, method, arguments))
        };
        assert_eq!(of("Hours", &[]), "-1.5000342935525");
        assert_eq!(
            (of("Milliseconds", &[]), of("Abs", &[])),
            ("-5400123".into(), "1h30m0.123456789s".into())
        );
        assert_eq!(of("Round", &[Value::Int(IntType::Duration, 60_000_000_000)]), "-1h30m0s");
    }
}
