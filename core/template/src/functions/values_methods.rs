//! The methods of Helm's `common.Values`, the type of `.Values` and of the root of the data.

use std::rc::Rc;

use crate::error::ExecError;
use crate::exec::{Executed, Run};
use crate::format::quote::quoted;
use crate::value::{Entries, Map, MapType, Method, ParamType, Value};

use super::arguments::{NIL_DEREFERENCE, text};
use super::encoding;

/// What templates can call on values.
pub(crate) const METHODS: &[Method] = &[
    Method { name: "AsMap", params: &[], variadic: None },
    Method { name: "Encode", params: &[ParamType::Native("io.Writer")], variadic: None },
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
        // Templates have no writer; nil is the only argument.
        "Encode" => Err(ExecError::plain(NIL_DEREFERENCE)),
        "Table" => table(map, &text(arguments, 0)),
        "PathValue" => path_value(map, &text(arguments, 0)),
        "YAML" => {
            encoding::yaml_of(run, &Value::Map(Rc::clone(map))).map(|yaml| Value::from(format!("{yaml}\n")))
        }
        _ => Ok(as_map(map)),
    }
}

/// The map as one without methods. In place of an empty one Go gives a new one.
fn as_map(map: &Rc<Map>) -> Value {
    if map.is_empty() {
        return Value::map(Entries::new());
    }
    Value::Map(Rc::new(map.converted(MapType::Any)))
}

/// The table at a dotted path.
fn table(map: &Rc<Map>, path: &str) -> Executed<Value> {
    let mut table = Rc::clone(map);
    for name in path.split('.') {
        table = subtable(&table, name)?;
    }
    Ok(Value::Map(Rc::new(table.converted(MapType::Values))))
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
    let (tables, name) = path.rsplit_once('.').unwrap_or(("", path));
    let no_value = || ExecError::plain(format!("{} is not a value", quoted(name.as_bytes())));
    let mut table = Rc::clone(map);
    for name in tables.split('.').filter(|name| !name.is_empty()) {
        table = subtable(&table, name).map_err(|_| no_value())?;
    }
    table.get(name).filter(|value| value.as_map().is_none()).ok_or_else(no_value)
}
