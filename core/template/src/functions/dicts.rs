//! Dictionaries.

use std::rc::Rc;

use crate::error::ExecError;
use crate::exec::{Executed, Run};
use crate::value::{Entries, ParamType, Value};

use super::arguments::{ITEM_BYTES, MAP_BYTES, charge_items, charge_text, display, map, text, value};
use super::{Function, fixed, variadic};

const ANY: ParamType = ParamType::Any;
const MAP: ParamType = ParamType::Map;
const STRING: ParamType = ParamType::String;

pub(super) static FUNCTIONS: &[Function] = &[
    variadic("dict", &[], ANY, dict),
    fixed("get", &[MAP, STRING], |_, arguments| {
        let found = map(arguments, 0).and_then(|map| map.get(&text(arguments, 1)));
        Ok(found.unwrap_or_else(|| "".into()))
    }),
    fixed("set", &[MAP, STRING, ANY], set),
    fixed("unset", &[MAP, STRING], |_, arguments| {
        let Some(map) = map(arguments, 0) else {
            return Ok(Value::map(Entries::new()));
        };
        map.remove(&text(arguments, 1));
        Ok(value(arguments, 0))
    }),
    fixed("hasKey", &[MAP, STRING], |_, arguments| {
        Ok(Value::Bool(map(arguments, 0).is_some_and(|map| map.contains_key(&text(arguments, 1)))))
    }),
    variadic("pluck", &[STRING], MAP, |_, arguments| {
        let key = text(arguments, 0);
        let maps = arguments.iter().skip(1).filter_map(Value::as_map);
        Ok(Value::list(maps.filter_map(|map| map.get(&key)).collect()))
    }),
    variadic("keys", &[], MAP, keys),
    fixed("values", &[MAP], |run, arguments| {
        let map = map(arguments, 0);
        let values = map.map(|map| map.entries().values().cloned().collect::<Vec<_>>()).unwrap_or_default();
        charge_items(run, values.len())?;
        Ok(Value::list(values))
    }),
    variadic("pick", &[MAP], STRING, pick),
    variadic("omit", &[MAP], STRING, omit),
    variadic("dig", &[], ANY, dig),
    fixed("deepCopy", &[ANY], deep_copy),
    fixed("mustDeepCopy", &[ANY], deep_copy),
];

fn dict(run: &mut Run<'_, '_>, arguments: &[Value]) -> Executed<Value> {
    charge_items(run, arguments.len())?;
    charge_text(run, MAP_BYTES)?;
    let mut entries = Entries::new();
    for pair in arguments.chunks(2) {
        let value = pair.get(1).cloned().unwrap_or_else(|| "".into());
        entries.insert(display(run, &pair[0])?.to_key(), value);
    }
    Ok(Value::map(entries))
}

fn set(run: &mut Run<'_, '_>, arguments: &[Value]) -> Executed<Value> {
    let Some(map) = map(arguments, 0).filter(|map| !map.is_nil()) else {
        return Err(ExecError::plain("assignment to entry in nil map"));
    };
    charge_items(run, 1)?;
    run.environment.changed.note(&map, &value(arguments, 2));
    map.insert(Rc::from(&*text(arguments, 1)), value(arguments, 2));
    Ok(value(arguments, 0))
}

/// Go's order is random; here keys come sorted.
fn keys(run: &mut Run<'_, '_>, arguments: &[Value]) -> Executed<Value> {
    let mut keys = Vec::new();
    for map in arguments.iter().filter_map(Value::as_map) {
        charge_items(run, map.len())?;
        keys.extend(map.entries().keys().cloned());
    }
    Ok(Value::strings(keys))
}

fn pick(run: &mut Run<'_, '_>, arguments: &[Value]) -> Executed<Value> {
    charge_items(run, arguments.len())?;
    let mut entries = Entries::new();
    if let Some(map) = map(arguments, 0) {
        for name in arguments.iter().skip(1).filter_map(Value::as_text) {
            let key = name.to_key();
            if let Some(value) = map.get(&key) {
                entries.insert(key, value);
            }
        }
    }
    Ok(Value::map(entries))
}

fn omit(run: &mut Run<'_, '_>, arguments: &[Value]) -> Executed<Value> {
    let mut entries = match map(arguments, 0) {
        Some(map) => {
            charge_items(run, map.len())?;
            map.entries().clone()
        }
        None => Entries::new(),
    };
    for name in arguments.iter().skip(1).filter_map(Value::as_text) {
        entries.remove(&*name.as_str());
    }
    Ok(Value::map(entries))
}

/// Follows keys through nested dictionaries; the default stands for an absent key only.
fn dig(_: &mut Run<'_, '_>, arguments: &[Value]) -> Executed<Value> {
    let [keys @ .., default, dictionary] = arguments else {
        return Err(ExecError::plain("dig needs at least three arguments"));
    };
    if keys.is_empty() {
        return Err(ExecError::plain("dig needs at least three arguments"));
    }
    let mut current = as_plain_map(dictionary)?;
    let mut names = Vec::with_capacity(keys.len());
    for key in keys {
        let name = key.as_text().ok_or_else(|| conversion(key, "string"))?;
        names.push(name.as_str());
    }
    for (index, name) in names.iter().enumerate() {
        let Some(found) = current.get(name) else {
            return Ok(default.clone());
        };
        if index + 1 == names.len() {
            return Ok(found);
        }
        current = as_plain_map(&found)?;
    }
    Ok(default.clone())
}

/// Go's type assertion takes no other map type, not even values.
fn as_plain_map(value: &Value) -> Executed<Rc<crate::value::Map>> {
    match value {
        Value::Map(map) if map.map_type() == crate::value::MapType::Any => Ok(Rc::clone(map)),
        other => Err(conversion(other, "map[string]interface {}")),
    }
}

fn conversion(value: &Value, wanted: &str) -> ExecError {
    let given = if value.is_nil() { "nil" } else { value.type_name() };
    ExecError::plain(format!("interface conversion: interface {{}} is {given}, not {wanted}"))
}

fn deep_copy(run: &mut Run<'_, '_>, arguments: &[Value]) -> Executed<Value> {
    if arguments[0].is_nil() {
        return Err(ExecError::plain("reflect: call of reflect.Value.Type on zero Value"));
    }
    let bound = run.environment.budget.memory_bound();
    let (copy, nodes, size) = arguments[0].deep_copy(bound, ITEM_BYTES, MAP_BYTES)?;
    run.environment.budget.charge_steps(nodes as u64)?;
    charge_text(run, size)?;
    Ok(copy)
}
