//! Go's builtins except indexing, comparing and escaping.

use crate::budget::LimitError;
use crate::error::ExecError;
use crate::exec::{Executed, Operand};
use crate::format;
use crate::value::{ParamType, Shape, Value};

use super::arguments::bytes;
use super::{Action, Function, fixed, variadic};

pub(super) static FUNCTIONS: &[Function] = &[
    Function {
        name: "and",
        params: &[ParamType::Reflect],
        variadic: Some(ParamType::Reflect),
        action: Action::And,
    },
    Function {
        name: "or",
        params: &[ParamType::Reflect],
        variadic: Some(ParamType::Reflect),
        action: Action::Or,
    },
    Function { name: "len", params: &[ParamType::Reflect], variadic: None, action: Action::Reflect(len) },
    Function {
        name: "call",
        params: &[ParamType::Reflect],
        variadic: Some(ParamType::Reflect),
        action: Action::Callee,
    },
    fixed("not", &[ParamType::Reflect], |_, arguments| Ok(Value::Bool(!arguments[0].truth()))),
    variadic("print", &[], ParamType::Any, |run, arguments| {
        printed(format::sprint(arguments, run.environment.budget.text_bound()))
    }),
    variadic("println", &[], ParamType::Any, |run, arguments| {
        printed(format::sprintln(arguments, run.environment.budget.text_bound()))
    }),
    variadic("printf", &[ParamType::String], ParamType::Any, |run, arguments| {
        let bound = run.environment.budget.text_bound();
        printed(format::sprintf(bytes(arguments, 0), &arguments[1..], bound))
    }),
];

fn printed(result: Result<Vec<u8>, LimitError>) -> Executed<Value> {
    Ok(Value::string(result?))
}

fn len(operand: &Operand) -> Executed<Value> {
    if operand.is_invalid() {
        return Err(ExecError::plain("reflect: call of reflect.Value.Type on zero Value"));
    }
    let length = match &operand.value {
        Value::Nil => return Err(ExecError::plain("len of nil pointer")),
        Value::String(text) => text.len(),
        Value::Bytes(bytes) => bytes.len(),
        Value::List(list) => list.len(),
        Value::Map(map) => map.len(),
        Value::Native(object) => match object.shape() {
            Shape::Map(map) => map.len(),
            Shape::List(list) => list.len(),
            Shape::Struct(_) => return Err(no_length(&operand.value)),
        },
        other => return Err(no_length(other)),
    };
    Ok(Value::int(i64::try_from(length).unwrap_or(i64::MAX)))
}

fn no_length(value: &Value) -> ExecError {
    ExecError::plain(format!("len of type {}", value.type_name().trim_start_matches('*')))
}

/// Values are never functions here, so that every call is a mistake. Go names the callee as it is written.
pub(crate) fn not_callable(callee: &Value, written: Option<String>) -> ExecError {
    if callee.is_nil() {
        return ExecError::plain("call of nil");
    }
    let type_name = callee.type_name();
    let written = written.unwrap_or_else(|| match callee {
        Value::String(text) => text.as_str().into_owned(),
        _ => format!("<{type_name} Value>"),
    });
    ExecError::plain(format!("non-function {written} of type {type_name}"))
}
