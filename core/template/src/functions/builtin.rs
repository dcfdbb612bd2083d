//! Go's builtins except indexing, comparing and escaping.

use crate::budget::LimitError;
use crate::error::ExecError;
use crate::exec::{Executed, Operand, Run};
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
    variadic("call", &[ParamType::Reflect], ParamType::Reflect, call),
    fixed("not", &[ParamType::Reflect], |_, arguments| Ok(Value::Bool(!arguments[0].truth()))),
    variadic("print", &[], ParamType::Any, |_, arguments| printed(format::sprint(arguments))),
    variadic("println", &[], ParamType::Any, |_, arguments| printed(format::sprintln(arguments))),
    variadic("printf", &[ParamType::String], ParamType::Any, |_, arguments| {
        printed(format::sprintf(bytes(arguments, 0), &arguments[1..]))
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

/// Values are never functions here, so that every call is a mistake.
fn call(_: &mut Run<'_, '_>, arguments: &[Value]) -> Executed<Value> {
    let callee = &arguments[0];
    if callee.is_nil() {
        return Err(ExecError::plain("call of nil"));
    }
    let shown = format::value_text(callee);
    Err(ExecError::plain(format!("non-function {shown} of type {}", callee.type_name())))
}
