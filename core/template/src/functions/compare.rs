//! Go's comparison builtins.

use std::cmp::Ordering;

use crate::budget::TextBound;
use crate::error::ExecError;
use crate::exec::{Executed, Run};
use crate::format;
use crate::value::{ParamType, Value};

use super::{Function, fixed, variadic};

const TWO: &[ParamType] = &[ParamType::Reflect, ParamType::Reflect];

pub(super) static FUNCTIONS: &[Function] = &[
    variadic("eq", &[ParamType::Reflect], ParamType::Reflect, eq),
    fixed("ne", TWO, |_, arguments| Ok(Value::Bool(!is_equal(&arguments[0], &arguments[1])?))),
    fixed("lt", TWO, |_, arguments| Ok(Value::Bool(is_less(&arguments[0], &arguments[1])?))),
    fixed("le", TWO, |_, arguments| Ok(Value::Bool(is_at_most(&arguments[0], &arguments[1])?))),
    fixed("gt", TWO, |_, arguments| Ok(Value::Bool(!is_at_most(&arguments[0], &arguments[1])?))),
    fixed("ge", TWO, |_, arguments| Ok(Value::Bool(!is_less(&arguments[0], &arguments[1])?))),
];

fn eq(_: &mut Run<'_, '_>, arguments: &[Value]) -> Executed<Value> {
    let Some((first, others)) = arguments.split_first().filter(|(_, others)| !others.is_empty()) else {
        return Err(ExecError::plain("missing argument for comparison"));
    };
    for other in others {
        if is_equal(first, other)? {
            return Ok(Value::Bool(true));
        }
    }
    Ok(Value::Bool(false))
}

/// Go's kinds of comparable values.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Basic {
    Bool,
    Complex,
    Int,
    Float,
    String,
    Uint,
    None,
}

fn basic(value: &Value) -> Basic {
    match value {
        Value::Bool(_) => Basic::Bool,
        Value::Int(int_type, _) if int_type.is_unsigned() => Basic::Uint,
        Value::Int(..) => Basic::Int,
        Value::Float(_) => Basic::Float,
        Value::Complex(..) => Basic::Complex,
        Value::String(_) => Basic::String,
        _ => Basic::None,
    }
}

fn is_equal(left: &Value, right: &Value) -> Executed<bool> {
    let (left_basic, right_basic) = (basic(left), basic(right));
    if left_basic != right_basic {
        if is_mixed_integers(left_basic, right_basic) {
            return Ok(compare_integers(left, right) == Some(Ordering::Equal));
        }
        if left.is_nil() || right.is_nil() {
            return Ok(false);
        }
        return Err(incompatible(left, right));
    }
    Ok(match (left, right) {
        (Value::Bool(left), Value::Bool(right)) => left == right,
        (Value::Int(_, left), Value::Int(_, right)) => left == right,
        (Value::Float(left), Value::Float(right)) => left == right,
        (Value::Complex(a, b), Value::Complex(c, d)) => a == c && b == d,
        (Value::String(left), Value::String(right)) => left == right,
        _ => return is_equal_other(left, right),
    })
}

/// Containers and nils. Only nils compare.
fn is_equal_other(left: &Value, right: &Value) -> Executed<bool> {
    let is_nil = |value: &Value| value.is_nil() || value.is_nil_slice_or_map();
    let can_compare = left.is_nil() || right.is_nil() || left.kind() == right.kind();
    if can_compare && (is_nil(left) || is_nil(right)) {
        return Ok(is_nil(left) == is_nil(right));
    }
    if left.kind() != right.kind() {
        let message = format!(
            "non-comparable types {}: {}, {}: {}",
            shown(left),
            left.type_name(),
            right.type_name(),
            format::value_text(right)
        );
        return Err(ExecError::plain(message));
    }
    if let (Value::Native(left), Value::Native(right)) = (left, right)
        && matches!(left.shape(), crate::value::Shape::Struct(_))
    {
        return Ok(std::rc::Rc::ptr_eq(left, right) || left.equals(&**right));
    }
    Err(ExecError::plain(format!("non-comparable type {}: {}", shown(right), right.type_name())))
}

/// Go prints the value with `%s` here.
fn shown(value: &Value) -> String {
    let out = format::sprintf(b"%s", std::slice::from_ref(value), TextBound::PRINTED).unwrap_or_default();
    String::from_utf8_lossy(&out).into_owned()
}

fn is_less(left: &Value, right: &Value) -> Executed<bool> {
    let (left_basic, right_basic) = (basic(left), basic(right));
    if left_basic == Basic::None || right_basic == Basic::None {
        return Err(ExecError::plain("invalid type for comparison"));
    }
    if left_basic != right_basic && !is_mixed_integers(left_basic, right_basic) {
        return Err(incompatible(left, right));
    }
    match (left, right) {
        (Value::Int(..), Value::Int(..)) => Ok(compare_integers(left, right) == Some(Ordering::Less)),
        (Value::Float(left), Value::Float(right)) => Ok(left < right),
        (Value::String(left), Value::String(right)) => Ok(left < right),
        _ => Err(ExecError::plain("invalid type for comparison")),
    }
}

fn is_at_most(left: &Value, right: &Value) -> Executed<bool> {
    Ok(is_less(left, right)? || is_equal(left, right)?)
}

fn is_mixed_integers(left: Basic, right: Basic) -> bool {
    matches!((left, right), (Basic::Int, Basic::Uint) | (Basic::Uint, Basic::Int))
}

fn compare_integers(left: &Value, right: &Value) -> Option<Ordering> {
    let wide = |value: &Value| match value {
        Value::Int(int_type, number) if int_type.is_unsigned() => Some(i128::from(number.cast_unsigned())),
        Value::Int(_, number) => Some(i128::from(*number)),
        _ => None,
    };
    Some(wide(left)?.cmp(&wide(right)?))
}

fn incompatible(left: &Value, right: &Value) -> ExecError {
    let (left, right) = (left.type_name(), right.type_name());
    ExecError::plain(format!("incompatible types for comparison: {left} and {right}"))
}
