//! Go's `index`. Its `slice` is hidden by sprig's.

use crate::error::ExecError;
use crate::exec::{Executed, Run};
use crate::value::{IntType, Map, ParamType, Shape, Value};

use super::{Function, variadic};

pub(super) static FUNCTIONS: &[Function] =
    &[variadic("index", &[ParamType::Reflect], ParamType::Reflect, index)];

fn index(_: &mut Run<'_, '_>, arguments: &[Value]) -> Executed<Value> {
    let Some((first, indexes)) = arguments.split_first().filter(|(first, _)| !first.is_nil()) else {
        return Err(ExecError::plain("index of untyped nil"));
    };
    let mut item = first.clone();
    for index in indexes {
        item = step(&item, index)?;
    }
    Ok(item)
}

fn step(item: &Value, index: &Value) -> Executed<Value> {
    match item {
        Value::Nil => Err(ExecError::plain("index of nil pointer")),
        Value::List(list) => {
            let position = position(index, list.len())?;
            list.get(position).ok_or_else(out_of_range)
        }
        Value::Bytes(bytes) if position(index, bytes.len())? == bytes.len() => Err(out_of_range()),
        Value::Bytes(bytes) => byte_at(bytes, index),
        Value::String(text) => byte_at(text.as_bytes(), index),
        Value::Map(map) => entry(map, index),
        Value::Native(object) => match object.shape() {
            Shape::Map(map) => entry(&map, index),
            Shape::List(list) => {
                let position = position(index, list.len())?;
                list.get(position).ok_or_else(out_of_range)
            }
            Shape::Struct(_) => Err(not_indexable(item)),
        },
        other => Err(not_indexable(other)),
    }
}

fn entry(map: &Map, index: &Value) -> Executed<Value> {
    match index {
        Value::String(key) => Ok(map.get(&key.as_str()).unwrap_or_else(|| map.map_type().zero())),
        Value::Nil => Err(ExecError::plain("value is nil; should be of type string")),
        other => Err(ExecError::plain(format!("value has type {}; should be string", other.type_name()))),
    }
}

fn byte_at(bytes: &[u8], index: &Value) -> Executed<Value> {
    let position = position(index, bytes.len())?;
    match bytes.get(position) {
        Some(byte) => Ok(Value::Int(IntType::Uint8, i64::from(*byte))),
        None => Err(ExecError::plain("reflect: string index out of range")),
    }
}

/// The position an index value names; the length itself passes, as in Go.
fn position(index: &Value, length: usize) -> Executed<usize> {
    let number = match index {
        Value::Int(_, number) => *number,
        Value::Nil => return Err(ExecError::plain("cannot index slice/array with nil")),
        other => {
            let type_name = other.type_name();
            return Err(ExecError::plain(format!("cannot index slice/array with type {type_name}")));
        }
    };
    usize::try_from(number)
        .ok()
        .filter(|&position| position <= length)
        .ok_or_else(|| ExecError::plain(format!("index out of range: {number}")))
}

/// What reflection says when the position is the length.
fn out_of_range() -> ExecError {
    ExecError::plain("reflect: slice index out of range")
}

fn not_indexable(item: &Value) -> ExecError {
    ExecError::plain(format!("can't index item of type {}", item.type_name().trim_start_matches('*')))
}
