//! `toToml` and `fromToml`.

mod encode;
mod keys;
mod nested;
mod number;
mod parse;
mod scan;
mod shown;
mod string;
mod tables;
mod tree;

use crate::exec::{Executed, Run};
use crate::value::{Entries, ParamType, Value};

use super::arguments::{bytes, charge_text};
use super::{Function, fixed};
use parse::TomlError;

/// Zone of a time that TOML gave without one, as the library names it.
const LOCAL_DATETIME: &str = "datetime-local";
/// Zone of a date without a time.
const LOCAL_DATE: &str = "date-local";
/// Zone of a time without a date.
const LOCAL_TIME: &str = "time-local";

const ANY: &[ParamType] = &[ParamType::Any];

pub(super) static FUNCTIONS: &[Function] = &[
    fixed("toToml", ANY, |run, arguments| match to_toml(run, &arguments[0]) {
        // Helm gives the error's text as the result; a nil panics before that.
        Err(error) if error.limit().is_none() && !arguments[0].is_nil() => Ok(error.to_string().into()),
        result => result,
    }),
    fixed("mustToToml", ANY, |run, arguments| to_toml(run, &arguments[0])),
    fixed("fromToml", &[ParamType::String], from_toml),
];

fn to_toml(run: &mut Run<'_, '_>, value: &Value) -> Executed<Value> {
    Ok(Value::string(encode::encode(value, &mut run.environment.budget)?))
}

/// A map of the document; its `Error` tells what is wrong with it.
fn from_toml(run: &mut Run<'_, '_>, arguments: &[Value]) -> Executed<Value> {
    let source = bytes(arguments, 0);
    const PART: usize = 200;
    run.environment.budget.charge_steps(source.len() as u64)?;
    let marks = source.iter().filter(|byte| matches!(byte, b',' | b'=' | b'\n' | b'[' | b'{' | b'.')).count();
    charge_text(run, marks.saturating_mul(PART))?;
    Ok(match parse::parse(source, &mut run.environment.budget) {
        Ok(value) => value,
        Err(TomlError::Limit(limit)) => return Err(limit.into()),
        Err(TomlError::Malformed(message)) => {
            let mut entries = Entries::new();
            entries.insert("Error".into(), message.into());
            Value::map(entries)
        }
    })
}
