//! What templates can call on a time (methods of Go's `time.Time`).

use pilothouse_encoding::duration::GoDuration;
use pilothouse_encoding::timestamp::Civil;

use crate::value::{IntType, Method, MethodError, ParamType, Value};

use super::location::{self, LocationPointer};
use super::{RFC3339, TYPE_NAME, Time, ZERO_SECONDS, format, getter};

const TIME: &[ParamType] = &[ParamType::Native(TYPE_NAME)];
const DURATION: &[ParamType] = &[ParamType::Integer(IntType::Duration)];
const INT: ParamType = ParamType::Int;
const SECOND: i128 = 1_000_000_000;

const fn method(name: &'static str, params: &'static [ParamType]) -> Method {
    Method { name, params, variadic: None }
}

pub(super) static METHODS: &[Method] = &[
    getter("Unix"),
    getter("UnixMilli"),
    getter("UnixMicro"),
    getter("UnixNano"),
    getter("Year"),
    getter("Month"),
    getter("Day"),
    getter("Weekday"),
    getter("Hour"),
    getter("Minute"),
    getter("Second"),
    getter("Nanosecond"),
    getter("YearDay"),
    getter("IsZero"),
    getter("IsDST"),
    getter("UTC"),
    getter("Local"),
    getter("Location"),
    getter("String"),
    getter("GoString"),
    getter("MarshalJSON"),
    getter("MarshalText"),
    method("Format", &[ParamType::String]),
    method("After", TIME),
    method("Before", TIME),
    method("Equal", TIME),
    method("Compare", TIME),
    method("Sub", TIME),
    method("Add", DURATION),
    method("Round", DURATION),
    method("Truncate", DURATION),
    method("AddDate", &[INT, INT, INT]),
    method("In", &[ParamType::Native(location::TYPE_NAME)]),
    method("AppendFormat", &[ParamType::Bytes, ParamType::String]),
    getter("Date"),
    getter("Clock"),
    getter("ISOWeek"),
    getter("Zone"),
    getter("ZoneBounds"),
];

/// What Go says about a method with more results than templates can take.
pub(super) fn uncallable(method: &str) -> Option<String> {
    let second = match method {
        "Date" | "Clock" => {
            return Some(format!("function {method} has 3 return values; should be 1 or 2"));
        }
        "ISOWeek" | "Zone" => "int",
        "ZoneBounds" => TYPE_NAME,
        _ => return None,
    };
    Some(format!("invalid function signature for {method}: second return value should be error; is {second}"))
}

/// Calls a method of [`METHODS`].
///
/// # Errors
/// Go's text, where the method fails or panics.
pub(super) fn call(time: &Time, method: &str, arguments: &[Value]) -> Result<Value, MethodError> {
    let number = |index: usize| match arguments.get(index) {
        Some(Value::Int(_, number)) => *number,
        _ => 0,
    };
    let text = |index: usize| arguments.get(index).and_then(Value::as_text).map(|text| text.as_str());
    let strict =
        |method: &str| strict_text(time).map_err(|reason| MethodError(format!("Time.{method}: {reason}")));
    Ok(match method {
        "After" | "Before" | "Equal" | "Compare" | "Sub" => compared(time, method, arguments.first()),
        "Add" => Value::native(time.add(GoDuration::from_nanos(number(0)))),
        "AddDate" => Value::native(moved(time, number(0), number(1), number(2))),
        "Round" => Value::native(multiple(time, number(0), true)),
        "Truncate" => Value::native(multiple(time, number(0), false)),
        "UTC" => Value::native(Time::utc(time.seconds, time.nanos)),
        "Local" => Value::native(Time::local(time.seconds, time.nanos)),
        "Location" => Value::native(LocationPointer::of(time)),
        "In" => Value::native(location::moved(time, arguments.first())?),
        "GoString" => time.source().into(),
        "String" => time.text().into(),
        "MarshalText" => Value::Bytes(strict(method)?.into_bytes().into()),
        "MarshalJSON" => Value::Bytes(format!("\"{}\"", strict(method)?).into_bytes().into()),
        "Format" => text(0).map_or_else(String::new, |layout| format(time, &layout)).into(),
        "AppendFormat" => {
            let mut bytes = match arguments.first() {
                Some(Value::Bytes(bytes)) => bytes.to_vec(),
                _ => Vec::new(),
            };
            bytes.extend(text(1).map_or_else(String::new, |layout| format(time, &layout)).into_bytes());
            Value::Bytes(bytes.into())
        }
        part => part_of(time, part),
    })
}

/// The time in RFC 3339, which has no other years than those of four digits and no zone of a day or more.
///
/// # Errors
/// What Go says about such a time.
pub(super) fn strict_text(time: &Time) -> Result<String, &'static str> {
    if !(0..10_000).contains(&time.civil().year) {
        return Err("year outside of range [0,9999]");
    }
    if time.offset.unsigned_abs() >= 24 * 3600 {
        return Err("timezone hour outside of range [0,23]");
    }
    Ok(format(time, RFC3339))
}

fn part_of(time: &Time, part: &str) -> Value {
    let civil = time.civil();
    let nanos = i64::from(time.nanos);
    match part {
        "Unix" => Value::int64(time.seconds),
        "UnixMilli" => Value::int64(time.seconds.wrapping_mul(1_000).wrapping_add(nanos / 1_000_000)),
        "UnixMicro" => Value::int64(time.seconds.wrapping_mul(1_000_000).wrapping_add(nanos / 1_000)),
        "UnixNano" => Value::int64(time.seconds.wrapping_mul(1_000_000_000).wrapping_add(nanos)),
        "IsZero" => Value::Bool(time.seconds == ZERO_SECONDS && time.nanos == 0),
        // The zones of times in templates have one offset each.
        "IsDST" => Value::Bool(false),
        "Year" => Value::int(civil.year),
        "Month" => Value::Int(IntType::Month, i64::from(civil.month)),
        "Day" => Value::int(i64::from(civil.day)),
        "Weekday" => Value::Int(IntType::Weekday, civil.weekday as i64),
        "Hour" => Value::int(i64::from(civil.hour)),
        "Minute" => Value::int(i64::from(civil.minute)),
        "Second" => Value::int(i64::from(civil.second)),
        "YearDay" => Value::int(i64::from(civil.year_day)),
        _ => Value::int(nanos),
    }
}

fn compared(time: &Time, method: &str, other: Option<&Value>) -> Value {
    let Some(other) = (match other {
        Some(Value::Native(object)) => object.downcast::<Time>(),
        _ => None,
    }) else {
        return Value::Nil;
    };
    let order = (time.seconds, time.nanos).cmp(&(other.seconds, other.nanos));
    match method {
        "After" => Value::Bool(order.is_gt()),
        "Before" => Value::Bool(order.is_lt()),
        "Equal" => Value::Bool(order.is_eq()),
        "Compare" => Value::int(order as i64),
        _ => Value::Int(IntType::Duration, time.since(other).as_nanos()),
    }
}

/// Another date at the same clock; what runs over the end of a month or year goes on in the next.
fn moved(time: &Time, years: i64, months: i64, days: i64) -> Time {
    let civil = time.civil();
    let months = (i64::from(civil.month) - 1).wrapping_add(months);
    let year = civil.year.wrapping_add(years).wrapping_add(months.div_euclid(12));
    let month = u8::try_from(months.rem_euclid(12) + 1).unwrap_or(1);
    // Years that Go cannot count either would overflow.
    let first = Civil::new(year.clamp(-290_000_000_000, 290_000_000_000), month, 1, 0, 0, 0).unix_seconds();
    let clock = i64::from(civil.hour) * 3600 + i64::from(civil.minute) * 60 + i64::from(civil.second);
    let days = (i64::from(civil.day) - 1).wrapping_add(days).wrapping_mul(86_400);
    let seconds = first.wrapping_add(days).wrapping_add(clock).wrapping_sub(i64::from(time.offset));
    Time { seconds, ..time.clone() }
}

/// The multiple of a duration since Go's zero time that comes before, or the nearest one.
fn multiple(time: &Time, unit: i64, nearest: bool) -> Time {
    if unit <= 0 {
        return time.clone();
    }
    let unit = i128::from(unit);
    let total = i128::from(time.seconds - ZERO_SECONDS) * SECOND + i128::from(time.nanos);
    let rest = total.rem_euclid(unit);
    let up = nearest && rest + rest >= unit;
    let total = total - rest + if up { unit } else { 0 };
    let seconds = i64::try_from(total.div_euclid(SECOND)).unwrap_or(time.seconds - ZERO_SECONDS);
    let nanos = u32::try_from(total.rem_euclid(SECOND)).unwrap_or(0);
    Time { seconds: seconds + ZERO_SECONDS, nanos, ..time.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str, method: &str, arguments: &[Value]) -> String {
        let time = super::super::parse(RFC3339, text).unwrap();
        crate::format::value_text(&call(&time, method, arguments).unwrap())
    }

    #[test]
    fn what_rfc_3339_cannot_say_is_refused() {
        let last = super::super::parse(RFC3339, "9999-12-31T23:59:59Z").unwrap();
        let next = last.add(GoDuration::from_nanos(1_000_000_000));
        assert!(call(&last, "MarshalJSON", &[]).is_ok());
        let said = |time: &Time, method: &str| call(time, method, &[]).err().map(|error| error.0);
        let refused = Some("Time.MarshalText: year outside of range [0,9999]".to_owned());
        assert_eq!(said(&next, "MarshalText"), refused);
        let far = Time { offset: -24 * 3600, ..last };
        assert_eq!(strict_text(&far), Err("timezone hour outside of range [0,23]"));
    }

    #[test]
    fn a_zone_must_be_one() {
        let time = super::super::parse(RFC3339, "2024-02-29T00:00:00Z").unwrap();
        let error = call(&time, "In", &[Value::Nil]).err().unwrap();
        assert_eq!(error.0, "time: missing Location in call to Time.In");
    }

    #[test]
    fn dates_run_on() {
        let by = |years, months, days| [years, months, days].map(Value::int);
        assert_eq!(of("2024-01-31T01:02:03Z", "AddDate", &by(0, 1, 0)), "2024-03-02 01:02:03 +0000 UTC");
        assert_eq!(of("2024-02-29T00:00:00Z", "AddDate", &by(-1, -14, 400)), "2023-02-02 00:00:00 +0000 UTC");
        assert_eq!(
            of("2024-02-29T23:00:00-05:00", "AddDate", &by(0, 0, 1)),
            "2024-03-01 23:00:00 -0500 -0500"
        );
    }

    #[test]
    fn parts_have_names() {
        assert_eq!(of("2024-02-29T23:00:00Z", "Month", &[]), "February");
        assert_eq!(of("2024-02-29T23:00:00Z", "Weekday", &[]), "Thursday");
        assert_eq!(of("2024-02-29T23:00:00-05:00", "Day", &[]), "29");
    }

    #[test]
    fn multiples_count_from_the_first_year() {
        let hour = [Value::Int(IntType::Duration, 3_600_000_000_000)];
        assert_eq!(of("2024-02-29T23:30:00Z", "Truncate", &hour), "2024-02-29 23:00:00 +0000 UTC");
        assert_eq!(of("2024-02-29T23:30:00Z", "Round", &hour), "2024-03-01 00:00:00 +0000 UTC");
    }
}
