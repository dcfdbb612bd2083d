//! Defaults, choices and failures.

use crate::environment::Leniency;
use crate::error::ExecError;
use crate::exec::{Executed, Run};
use crate::value::{ParamType, Value};

use super::arguments::{flag, is_empty, text, value};
use super::{Function, fixed, variadic};

const ANY: ParamType = ParamType::Any;

/// Marks the text of `fail` and `required`, for Helm to find in the error around it.
pub(crate) const FAIL_START: &str = "HELM_ERR_START";
/// Ends the text that [`FAIL_START`] begins.
pub(crate) const FAIL_END: &str = "HELM_ERR_END";

pub(super) static FUNCTIONS: &[Function] = &[
    variadic("default", &[ANY], ANY, |_, arguments| {
        let given = arguments.get(1).filter(|given| !is_empty(given));
        Ok(given.unwrap_or(&arguments[0]).clone())
    }),
    fixed("empty", &[ANY], |_, arguments| Ok(Value::Bool(is_empty(&arguments[0])))),
    variadic("coalesce", &[], ANY, |_, arguments| {
        Ok(arguments.iter().find(|argument| !is_empty(argument)).cloned().unwrap_or_default())
    }),
    variadic("all", &[], ANY, |_, arguments| Ok(Value::Bool(!arguments.iter().any(is_empty)))),
    variadic("any", &[], ANY, |_, arguments| {
        Ok(Value::Bool(arguments.iter().any(|argument| !is_empty(argument))))
    }),
    fixed("ternary", &[ANY, ANY, ParamType::Bool], |_, arguments| {
        Ok(value(arguments, usize::from(!flag(arguments, 2))))
    }),
    fixed("fail", &[ParamType::String], |run, arguments| failed(run, &text(arguments, 0))),
    fixed("required", &[ParamType::String, ANY], required),
    fixed("hello", &[], |_, _| Ok("Hello!".into())),
];

fn required(run: &mut Run<'_, '_>, arguments: &[Value]) -> Executed<Value> {
    let given = &arguments[1];
    let is_missing = given.is_nil() || given.as_text().is_some_and(crate::value::Text::is_empty);
    if is_missing { failed(run, &text(arguments, 0)) } else { Ok(given.clone()) }
}

fn failed(run: &mut Run<'_, '_>, message: &str) -> Executed<Value> {
    match run.environment.host.failing() {
        Leniency::Fail => Err(ExecError::plain(format!("{FAIL_START}{message}{FAIL_END}"))),
        Leniency::GoOn => Ok(Value::from("")),
    }
}
