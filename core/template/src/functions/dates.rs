//! Dates. The local zone is UTC.

use std::num::IntErrorKind;

use pilothouse_encoding::duration::GoDuration;

use crate::error::ExecError;
use crate::exec::{Executed, Run};
use crate::time::{self, Time};
use crate::value::{IntType, ParamType, Value};

use super::arguments::{bytes, text};
use super::{Function, fixed};

const ANY: ParamType = ParamType::Any;
const STRING: ParamType = ParamType::String;
const TIME: ParamType = ParamType::Native(time::TYPE_NAME);
const HTML_LAYOUT: &str = "2006-01-02";

pub(super) static FUNCTIONS: &[Function] = &[
    fixed("now", &[], |run, _| Ok(Value::native(now(run)))),
    fixed("date", &[STRING, ANY], |run, arguments| Ok(shown(run, &text(arguments, 0), &arguments[1], ""))),
    fixed("dateInZone", &[STRING, ANY, STRING], date_in_zone),
    fixed("date_in_zone", &[STRING, ANY, STRING], date_in_zone),
    fixed("htmlDate", &[ANY], |run, arguments| Ok(shown(run, HTML_LAYOUT, &arguments[0], ""))),
    fixed("htmlDateInZone", &[ANY, STRING], |run, arguments| {
        Ok(shown(run, HTML_LAYOUT, &arguments[0], &text(arguments, 1)))
    }),
    fixed("dateModify", &[STRING, TIME], modify_leniently),
    fixed("date_modify", &[STRING, TIME], modify_leniently),
    fixed("mustDateModify", &[STRING, TIME], modify),
    fixed("must_date_modify", &[STRING, TIME], modify),
    fixed("toDate", &[STRING, STRING], |run, arguments| {
        charge_reading(run, arguments)?;
        let time = time::parse(&text(arguments, 0), &text(arguments, 1));
        Ok(Value::native(time.unwrap_or_else(|_| Time::zero())))
    }),
    fixed("mustToDate", &[STRING, STRING], |run, arguments| {
        charge_reading(run, arguments)?;
        let time = time::parse(&text(arguments, 0), &text(arguments, 1));
        time.map(Value::native).map_err(|error| worded(&error, arguments))
    }),
    fixed("unixEpoch", &[TIME], |_, arguments| {
        Ok(as_time(&arguments[0]).map_or(0, |time| time.seconds).to_string().into())
    }),
    fixed("ago", &[ANY], ago),
    fixed("duration", &[ANY], |_, arguments| Ok(duration(&arguments[0]).into())),
    fixed("durationRound", &[ANY], |run, arguments| Ok(duration_round(run, &arguments[0]).into())),
];

/// Charges for reading a time: each letter of the layout may begin an element.
fn charge_reading(run: &mut Run<'_, '_>, arguments: &[Value]) -> Executed<()> {
    Ok(run.environment.budget.charge_steps(4 * bytes(arguments, 0).len() as u64)?)
}

fn now(run: &Run<'_, '_>) -> Time {
    Time::local(run.environment.now.seconds, run.environment.now.nanoseconds)
}

fn as_time(value: &Value) -> Option<&Time> {
    match value {
        Value::Native(object) => object.downcast::<Time>(),
        _ => None,
    }
}

/// A time, or seconds since the epoch; anything else is now.
fn moment(run: &Run<'_, '_>, value: &Value) -> Time {
    match value {
        Value::Int(IntType::Int | IntType::Int32 | IntType::Int64, seconds) => Time::local(*seconds, 0),
        other => as_time(other).cloned().unwrap_or_else(|| now(run)),
    }
}

fn shown(run: &Run<'_, '_>, layout: &str, value: &Value, zone: &str) -> Value {
    time::format(&moment(run, value).in_zone(zone), layout).into()
}

fn date_in_zone(run: &mut Run<'_, '_>, arguments: &[Value]) -> Executed<Value> {
    Ok(shown(run, &text(arguments, 0), &arguments[1], &text(arguments, 2)))
}

fn modify(_: &mut Run<'_, '_>, arguments: &[Value]) -> Executed<Value> {
    let duration = GoDuration::parse(&text(arguments, 0));
    let duration = duration.map_err(|error| worded(&error.to_string(), arguments))?;
    let time = as_time(&arguments[1]).cloned().unwrap_or_else(Time::zero);
    Ok(Value::native(time.add(duration)))
}

/// The error with what was given as it was given: of what is no UTF-8 it shows another letter.
fn worded(error: &str, arguments: &[Value]) -> ExecError {
    let mut bytes =
        arguments.iter().filter_map(Value::as_text).flat_map(|text| invalid_bytes(text.as_bytes()));
    let byte = bytes.next().filter(|byte| bytes.all(|other| other == *byte));
    let shown = byte.map(|byte| error.replace(r"\xef\xbf\xbd", &format!(r"\x{byte:02x}")));
    ExecError::plain(shown.unwrap_or_else(|| error.to_owned()))
}

/// The bytes of a text that are no part of a letter.
fn invalid_bytes(text: &[u8]) -> impl Iterator<Item = u8> {
    text.utf8_chunks().flat_map(|chunk| chunk.invalid().iter().copied())
}

fn modify_leniently(run: &mut Run<'_, '_>, arguments: &[Value]) -> Executed<Value> {
    Ok(modify(run, arguments).unwrap_or_else(|_| arguments[1].clone()))
}

fn ago(run: &mut Run<'_, '_>, arguments: &[Value]) -> Executed<Value> {
    let value = match &arguments[0] {
        // Unlike `date`, sprig does not take int32 here.
        Value::Int(IntType::Int32, _) => &Value::Nil,
        other => other,
    };
    let elapsed = now(run).since(&moment(run, value)).round(GoDuration::from_secs(1));
    Ok(elapsed.to_string().into())
}

/// Seconds as a duration. Only strings and `int64` count.
fn duration(value: &Value) -> String {
    let seconds = match value {
        Value::String(text) => match text.as_str().parse::<i64>() {
            Ok(seconds) => seconds,
            Err(error) => match error.kind() {
                // Sprig goes on with the largest number.
                IntErrorKind::PosOverflow => i64::MAX,
                IntErrorKind::NegOverflow => i64::MIN,
                _ => 0,
            },
        },
        Value::Int(IntType::Int64, seconds) => *seconds,
        _ => 0,
    };
    GoDuration::from_nanos(seconds.wrapping_mul(1_000_000_000)).to_string()
}

/// A duration in its largest unit.
fn duration_round(run: &Run<'_, '_>, value: &Value) -> String {
    const UNITS: [(&str, u64); 6] =
        [("y", 31_536_000), ("mo", 2_592_000), ("d", 86_400), ("h", 3600), ("m", 60), ("s", 1)];
    let nanos = match value {
        Value::String(text) => GoDuration::parse(&text.as_str()).map_or(0, GoDuration::as_nanos),
        Value::Int(IntType::Int64, nanos) => *nanos,
        other => as_time(other).map_or(0, |time| now(run).since(time).as_nanos()),
    };
    let nanos = nanos.unsigned_abs();
    for (name, seconds) in UNITS {
        let unit = seconds * 1_000_000_000;
        if nanos > unit {
            return format!("{}{name}", nanos / unit);
        }
    }
    "0s".to_owned()
}
