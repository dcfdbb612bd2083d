//! The methods of Helm's `common.Values`, the type of `.Values` and of the root of the data.

use std::rc::Rc;

use crate::error::ExecError;
use crate::exec::{Executed, Run};
use crate::format::quote::quoted;
use crate::value::{Map, MapType, Method, ParamType, Value};

use super::arguments::text;
use super::encoding;

/// What templates can call on values.
pub(crate) const METHODS: &[Method] = &[
    Method { name: "AsMap", params: &[], variadic: None },
    Method { name: "PathValue", params: &[ParamType::String], variadic: None },
    Method { name: "Table", params: &[ParamType::String], variadic: None },
    Method { name: "YAML", params: &[], variadic: None },
];

/// Calls a method of [`METHODS`].
pub(crate) fn call(
    run: &mut Run<'_, '_>,
    map: &Rc<Map>,
    method: &str,
    arguments: &[Value],
) -> Executed<Value> {
    match method {
        "Table" => table(map, &text(arguments, 0)),
        "PathValue" => path_value(map, &text(arguments, 0)),
        "YAML" => {
            encoding::yaml_of(run, &Value::Map(Rc::clone(map))).map(|yaml| Value::from(format!("{yaml}\n")))
        }
        // Go converts the type without copying the map.
        _ => Ok(retyped(map)),
    }
}

fn retyped(map: &Rc<Map>) -> Value {
    Value::typed_map(MapType::Any, map.entries().clone())
}

/// The table at a dotted path.
fn table(map: &Rc<Map>, path: &str) -> Executed<Value> {
    let mut table = Rc::clone(map);
    for name in path.split('.') {
        table = subtable(&table, name)?;
    }
    Ok(Value::typed_map(MapType::Values, table.entries().clone()))
}

fn subtable(map: &Map, name: &str) -> Executed<Rc<Map>> {
    match map.get(name) {
        Some(Value::Map(table)) if table.is_assignable_to_any_map() => Ok(table),
        _ => Err(ExecError::plain(format!("{} is not a table", quoted(name.as_bytes())))),
    }
}

/// The value at a dotted path; a table there is an error.
fn path_value(map: &Rc<Map>, path: &str) -> Executed<Value> {
    if path.is_empty() {
        return Err(ExecError::plain("YAML path cannot be empty"));
    }
    let no_value = || ExecError::plain(format!("{} is not a value", quoted(path.as_bytes())));
    let (tables, name) = path.rsplit_once('.').unwrap_or(("", path));
    let mut table = Rc::clone(map);
    for name in tables.split('.').filter(|name| !name.is_empty()) {
        table = subtable(&table, name).map_err(|_| no_value())?;
    }
    table.get(name).filter(|value| value.as_map().is_none()).ok_or_else(no_value)
}
