//! Lists.

use std::rc::Rc;

use crate::error::ExecError;
use crate::exec::{Executed, Run};
use crate::value::{COMPARED_PER_STEP, Kind, List, ListType, ParamType, Text, Value};

use super::arguments::{charge_items, charge_text, display, int, is_empty, items, strings, text};
use super::convert::to_int64;
use super::{Call, Function, fixed, variadic};

const ANY: ParamType = ParamType::Any;
const INT: ParamType = ParamType::Int;
const LIST: &[ParamType] = &[ANY];
const LIST_AND: &[ParamType] = &[ANY, ANY];

/// A function and its `must` twin, which fails the same way once its panic is caught.
const fn twin(name: &'static str, params: &'static [ParamType], call: Call) -> Function {
    fixed(name, params, call)
}

pub(super) static FUNCTIONS: &[Function] = &[
    variadic("list", &[], ANY, list),
    variadic("tuple", &[], ANY, list),
    twin("append", LIST_AND, push),
    twin("mustAppend", LIST_AND, push),
    twin("push", LIST_AND, push),
    twin("mustPush", LIST_AND, push),
    twin("prepend", LIST_AND, prepend),
    twin("mustPrepend", LIST_AND, prepend),
    twin("first", LIST, first),
    twin("mustFirst", LIST, first),
    twin("last", LIST, last),
    twin("mustLast", LIST, last),
    twin("rest", LIST, rest),
    twin("mustRest", LIST, rest),
    twin("initial", LIST, initial),
    twin("mustInitial", LIST, initial),
    twin("reverse", LIST, reverse),
    twin("mustReverse", LIST, reverse),
    twin("compact", LIST, compact),
    twin("mustCompact", LIST, compact),
    twin("uniq", LIST, uniq),
    twin("mustUniq", LIST, uniq),
    variadic("without", LIST, ANY, without),
    variadic("mustWithout", LIST, ANY, without),
    twin("has", LIST_AND, has),
    twin("mustHas", LIST_AND, has),
    variadic("slice", LIST, ANY, slice),
    variadic("mustSlice", LIST, ANY, slice),
    variadic("concat", &[], ANY, concat),
    twin("chunk", &[INT, ANY], chunk),
    twin("mustChunk", &[INT, ANY], chunk),
    fixed("join", &[ParamType::String, ANY], join),
    fixed("sortAlpha", LIST, sort_alpha),
];

fn list(run: &mut Run<'_, '_>, arguments: &[Value]) -> Executed<Value> {
    charge_items(run, arguments.len())?;
    Ok(Value::list(arguments.to_vec()))
}

fn push(run: &mut Run<'_, '_>, arguments: &[Value]) -> Executed<Value> {
    let mut items = items(&arguments[0], "push on")?;
    charge_items(run, items.len())?;
    items.push(arguments[1].clone());
    Ok(Value::list(items))
}

fn prepend(run: &mut Run<'_, '_>, arguments: &[Value]) -> Executed<Value> {
    let mut items = items(&arguments[0], "prepend on")?;
    charge_items(run, items.len())?;
    items.insert(0, arguments[1].clone());
    Ok(Value::list(items))
}

fn first(_: &mut Run<'_, '_>, arguments: &[Value]) -> Executed<Value> {
    if let Some(list) = arguments[0].as_list() {
        return Ok(list.get(0).unwrap_or_default());
    }
    Ok(items(&arguments[0], "find first on")?.into_iter().next().unwrap_or_default())
}

fn last(_: &mut Run<'_, '_>, arguments: &[Value]) -> Executed<Value> {
    if let Some(list) = arguments[0].as_list() {
        return Ok(list.items().last().cloned().unwrap_or_default());
    }
    Ok(items(&arguments[0], "find last on")?.pop().unwrap_or_default())
}

fn rest(run: &mut Run<'_, '_>, arguments: &[Value]) -> Executed<Value> {
    let mut items = items(&arguments[0], "find rest on")?;
    charge_items(run, items.len())?;
    if items.is_empty() {
        return Ok(nil_list());
    }
    items.remove(0);
    Ok(Value::list(items))
}

fn initial(run: &mut Run<'_, '_>, arguments: &[Value]) -> Executed<Value> {
    let mut items = items(&arguments[0], "find initial on")?;
    charge_items(run, items.len())?;
    Ok(if items.pop().is_none() { nil_list() } else { Value::list(items) })
}

/// Go's nil `[]interface {}`.
pub(super) fn nil_list() -> Value {
    Value::List(Rc::new(List::new_nil(ListType::Any)))
}

fn reverse(run: &mut Run<'_, '_>, arguments: &[Value]) -> Executed<Value> {
    let mut items = items(&arguments[0], "find reverse on")?;
    charge_items(run, items.len())?;
    items.reverse();
    Ok(Value::list(items))
}

fn compact(run: &mut Run<'_, '_>, arguments: &[Value]) -> Executed<Value> {
    let mut items = items(&arguments[0], "compact on")?;
    charge_items(run, items.len())?;
    items.retain(|item| !is_empty(item));
    Ok(Value::list(items))
}

fn uniq(run: &mut Run<'_, '_>, arguments: &[Value]) -> Executed<Value> {
    let mut kept: Vec<Value> = Vec::new();
    for item in items(&arguments[0], "find uniq on")? {
        if !contains(run, &kept, &item)? {
            charge_items(run, 1)?;
            kept.push(item);
        }
    }
    Ok(Value::list(kept))
}

fn without(run: &mut Run<'_, '_>, arguments: &[Value]) -> Executed<Value> {
    let mut kept = Vec::new();
    for item in items(&arguments[0], "find without on")? {
        if !contains(run, &arguments[1..], &item)? {
            kept.push(item);
        }
    }
    Ok(Value::list(kept))
}

fn has(run: &mut Run<'_, '_>, arguments: &[Value]) -> Executed<Value> {
    if arguments[1].is_nil() {
        return Ok(Value::Bool(false));
    }
    let items = items(&arguments[1], "find has on")?;
    contains(run, &items, &arguments[0]).map(Value::Bool)
}

/// Whether a deeply equal value is among `items`. Comparing is charged, as lists of lists make it expensive.
fn contains(run: &mut Run<'_, '_>, items: &[Value], wanted: &Value) -> Executed<bool> {
    run.environment.budget.charge_steps(items.len() as u64)?;
    for item in items {
        let (equal, nodes) = item.deep_equal(wanted)?;
        run.environment.budget.charge_steps(nodes as u64)?;
        if equal {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Part of a list, of the list's own type.
fn slice(run: &mut Run<'_, '_>, arguments: &[Value]) -> Executed<Value> {
    let list = &arguments[0];
    let items = items(list, "slice").map_err(|error| match list {
        Value::Nil => error,
        other => {
            let kind = other.kind().name();
            ExecError::plain(format!("list should be type of slice or array but {kind}"))
        }
    })?;
    if items.is_empty() {
        return Ok(Value::Nil);
    }
    charge_items(run, items.len())?;
    let start = usize::try_from(arguments.get(1).map_or(0, to_int64)).ok();
    let end = arguments.get(2).map_or(Some(items.len()), |end| usize::try_from(to_int64(end)).ok());
    let range = start.zip(end).map(|(start, end)| start..end);
    let range = range
        .filter(|range| range.start <= range.end && range.end <= items.len())
        .ok_or_else(|| ExecError::plain("reflect.Value.Slice: slice index out of bounds"))?;
    if let Value::Bytes(bytes) = list {
        return Ok(Value::Bytes(bytes[range].to_vec().into()));
    }
    let list_type = list.as_list().map_or(ListType::Any, |list| list.list_type());
    Ok(Value::List(Rc::new(List::new(list_type, items[range].to_vec()))))
}

fn concat(run: &mut Run<'_, '_>, arguments: &[Value]) -> Executed<Value> {
    let mut all = Vec::new();
    for list in arguments {
        let mut items = items(list, "concat").map_err(|error| match list {
            Value::Nil => error,
            other => ExecError::plain(format!("Cannot concat type {} as list", other.kind().name())),
        })?;
        charge_items(run, items.len())?;
        all.append(&mut items);
    }
    Ok(if all.is_empty() { nil_list() } else { Value::list(all) })
}

fn chunk(run: &mut Run<'_, '_>, arguments: &[Value]) -> Executed<Value> {
    let items = items(&arguments[1], "chunk")?;
    charge_items(run, items.len())?;
    let size = int(arguments, 0);
    let chunks = match usize::try_from(size) {
        Ok(size) if size > 0 => {
            // A chunk is a list of its own.
            charge_items(run, items.len().div_ceil(size).saturating_mul(2))?;
            items.chunks(size).map(|chunk| Value::list(chunk.to_vec())).collect()
        }
        // What sprig's arithmetic gives for other sizes.
        _ => match items.len() {
            1 if size < -1 => vec![Value::list(items)],
            count if count > 1 && size.unsigned_abs() >= count as u64 - 1 => Vec::new(),
            _ => return Err(ExecError::plain("runtime error: makeslice: len out of range")),
        },
    };
    Ok(Value::List(Rc::new(List::new(ListType::Named("[][]interface {}"), chunks))))
}

fn join(run: &mut Run<'_, '_>, arguments: &[Value]) -> Executed<Value> {
    let separator = text(arguments, 0);
    let parts = strings(run, &arguments[1])?;
    let length: usize = parts.iter().map(|part| part.len() + separator.len()).sum();
    charge_text(run, length)?;
    let mut out = Vec::with_capacity(length);
    for (index, part) in parts.iter().enumerate() {
        if index > 0 {
            out.extend_from_slice(separator.as_bytes());
        }
        out.extend_from_slice(part.as_bytes());
    }
    Ok(Value::string(out))
}

/// Sorts as strings. A list of strings is sorted in place and returned, as in sprig.
fn sort_alpha(run: &mut Run<'_, '_>, arguments: &[Value]) -> Executed<Value> {
    if arguments[0].kind() != Kind::Slice {
        return Ok(Value::strings([display(run, &arguments[0])?]));
    }
    let mut sorted: Vec<Text> = strings(run, &arguments[0])?;
    charge_items(run, sorted.len())?;
    let length: usize = sorted.iter().map(Text::len).sum();
    run.environment.budget.charge_steps((4 * length / COMPARED_PER_STEP) as u64)?;
    sorted.sort();
    if let Some(list) = arguments[0].as_list().filter(|list| list.list_type() == ListType::String) {
        list.replace(sorted.into_iter().map(Value::String).collect());
        return Ok(arguments[0].clone());
    }
    Ok(Value::strings(sorted))
}
