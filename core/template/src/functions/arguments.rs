//! Reads arguments whose types the executor has checked, and words common errors.

use std::borrow::Cow;
use std::rc::Rc;

use crate::budget::LimitError;
use crate::error::ExecError;
use crate::exec::{Executed, Run};
use crate::format;
use crate::value::{IntType, Map, Text, Value};

/// What Go says when a function asks a nil for its type.
pub(super) const NIL_DEREFERENCE: &str = "runtime error: invalid memory address or nil pointer dereference";

/// Bytes of an item besides its place in a list: its own allocation, and its key in a map.
const ITEM_OVERHEAD: usize = 40;

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

/// A value as sprig prints it: strings as they are, anything else as `%v`.
pub(super) fn display(value: &Value) -> Executed<Text> {
    match value {
        Value::String(text) => Ok(text.clone()),
        Value::Bytes(bytes) => Ok(Text::from(&**bytes)),
        other => {
            let mut out = Vec::new();
            format::write_value(&mut out, other)?;
            Ok(Text::from(out))
        }
    }
}

/// The strings of a list, nils left out; any other value is a list of itself.
pub(super) fn strings(value: &Value) -> Executed<Vec<Text>> {
    match value {
        Value::Nil => Ok(Vec::new()),
        Value::List(_) | Value::Bytes(_) | Value::Native(_) => match items(value, "list") {
            Ok(items) => displayed(&items),
            Err(_) => Ok(vec![display(value)?]),
        },
        other => Ok(vec![display(other)?]),
    }
}

/// The items as text. Parts that they share are printed for each of them, so there is a bound.
fn displayed(items: &[Value]) -> Executed<Vec<Text>> {
    const MOST: usize = 64 << 20;
    let (mut texts, mut printed) = (Vec::with_capacity(items.len()), 0);
    for item in items.iter().filter(|item| !item.is_nil()) {
        let text = display(item)?;
        if !matches!(item, Value::String(_)) {
            printed += text.len();
        }
        if printed > MOST {
            return Err(LimitError::Bytes(MOST as u64).into());
        }
        texts.push(text);
    }
    Ok(texts)
}

/// Whether sprig takes the value for unset: zero, or an empty container.
pub(super) fn is_empty(value: &Value) -> bool {
    !value.truth()
}

/// Charges for a result of `count` values before it is built.
pub(super) fn charge_items(run: &mut Run<'_, '_>, count: usize) -> Executed<()> {
    run.environment.budget.charge_steps(count as u64)?;
    run.environment.budget.charge_bytes(count.saturating_mul(size_of::<Value>() + ITEM_OVERHEAD))?;
    Ok(())
}

/// Charges for a text of `length` bytes before it is built.
pub(super) fn charge_text(run: &mut Run<'_, '_>, length: usize) -> Executed<()> {
    Ok(run.environment.budget.charge_bytes(length)?)
}
