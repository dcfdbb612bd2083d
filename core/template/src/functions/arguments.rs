//! Reads arguments whose types the executor has checked, and words common errors.

use std::borrow::Cow;
use std::rc::Rc;

use serde_json::Value as Json;

use crate::error::ExecError;
use crate::exec::{Executed, Run};
use crate::format;
use crate::value::{IntType, Map, Text, Value};

/// What Go says when a function asks a nil for its type.
pub(super) const NIL_DEREFERENCE: &str = "runtime error: invalid memory address or nil pointer dereference";

/// Bytes of an item: its place in a list, its own allocation, and its key in a map.
pub(super) const ITEM_BYTES: usize = size_of::<Value>() + 40;

/// Bytes of a map besides its items: a part of it has room for several.
pub(super) const MAP_BYTES: usize = 600;

/// The string argument at `index`.
pub(super) fn text(arguments: &[Value], index: usize) -> Cow<'_, str> {
    match arguments.get(index) {
        Some(Value::String(text)) => text.as_str(),
        _ => Cow::Borrowed(""),
    }
}

/// The bytes of the string argument at `index`.
pub(super) fn bytes(arguments: &[Value], index: usize) -> &[u8] {
    arguments.get(index).and_then(Value::as_text).map_or(&[], Text::as_bytes)
}

/// The integer argument at `index`.
pub(super) fn int(arguments: &[Value], index: usize) -> i64 {
    match arguments.get(index) {
        Some(Value::Int(_, number)) => *number,
        _ => 0,
    }
}

/// The boolean argument at `index`.
pub(super) fn flag(arguments: &[Value], index: usize) -> bool {
    matches!(arguments.get(index), Some(Value::Bool(true)))
}

/// The map argument at `index`; a nil map is nothing.
pub(super) fn map(arguments: &[Value], index: usize) -> Option<Rc<Map>> {
    arguments.get(index).and_then(Value::as_map)
}

/// The argument at `index`, or nil.
pub(super) fn value(arguments: &[Value], index: usize) -> Value {
    arguments.get(index).cloned().unwrap_or_default()
}

/// The items of a list argument of any slice type. `purpose` completes "Cannot ... type".
pub(super) fn items(list: &Value, purpose: &str) -> Executed<Vec<Value>> {
    if let Some(list) = list.as_list() {
        return Ok(list.snapshot());
    }
    match list {
        Value::Bytes(bytes) => {
            Ok(bytes.iter().map(|byte| Value::Int(IntType::Uint8, i64::from(*byte))).collect())
        }
        Value::Nil => Err(ExecError::plain(NIL_DEREFERENCE)),
        other => Err(ExecError::plain(format!("Cannot {purpose} type {}", other.kind().name()))),
    }
}

/// A value as sprig prints it: strings as they are, anything else as `%v`. What is printed is charged.
pub(super) fn display(run: &mut Run<'_, '_>, value: &Value) -> Executed<Text> {
    match value {
        Value::String(text) => Ok(text.clone()),
        Value::Bytes(bytes) => {
            charge_text(run, bytes.len())?;
            Ok(Text::from(&**bytes))
        }
        other => {
            let mut out = Vec::new();
            format::write_value(&mut out, other, run.environment.budget.text_bound())?;
            charge_text(run, out.len())?;
            Ok(Text::from(out))
        }
    }
}

/// The strings of a list, nils left out; any other value is a list of itself.
pub(super) fn strings(run: &mut Run<'_, '_>, value: &Value) -> Executed<Vec<Text>> {
    match value {
        Value::Nil => Ok(Vec::new()),
        Value::List(_) | Value::Bytes(_) | Value::Native(_) => match items(value, "list") {
            Ok(items) => {
                charge_items(run, items.len())?;
                items.iter().filter(|item| !item.is_nil()).map(|item| display(run, item)).collect()
            }
            Err(_) => Ok(vec![display(run, value)?]),
        },
        other => Ok(vec![display(run, other)?]),
    }
}

/// Whether sprig takes the value for unset: zero, or an empty container.
pub(super) fn is_empty(value: &Value) -> bool {
    !value.truth()
}

/// Charges for a result of `count` values before it is built.
pub(super) fn charge_items(run: &mut Run<'_, '_>, count: usize) -> Executed<()> {
    run.environment.budget.charge_steps(count as u64)?;
    run.environment.budget.charge_bytes(count.saturating_mul(ITEM_BYTES))?;
    Ok(())
}

/// Charges for a document that was read: its nodes, its texts and keys.
pub(super) fn charge_document(run: &mut Run<'_, '_>, json: &Json) -> Executed<()> {
    let mut pending = vec![json];
    while let Some(json) = pending.pop() {
        let size = match json {
            Json::String(text) => text.len(),
            Json::Array(items) => {
                pending.extend(items);
                0
            }
            Json::Object(fields) => {
                pending.extend(fields.values());
                MAP_BYTES + fields.keys().map(String::len).sum::<usize>()
            }
            _ => 0,
        };
        run.environment.budget.charge_bytes(size.saturating_add(ITEM_BYTES))?;
    }
    Ok(())
}

/// Charges for a text of `length` bytes before it is built.
pub(super) fn charge_text(run: &mut Run<'_, '_>, length: usize) -> Executed<()> {
    Ok(run.environment.budget.charge_bytes(length)?)
}
