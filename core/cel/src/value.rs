//! From JSON to CEL's values.

use cel::common::types::{
    CelBool, CelDouble, CelInt, CelList, CelMap, CelMapKey, CelNull, CelString, CelUInt,
};
use cel::common::value::Val;
use serde_json::{Map, Number, Value};

/// The value as CEL sees it. Whole numbers are `int`s, as they are when Go reads an object; texts are borrowed.
pub(crate) fn to_cel(value: &Value) -> Box<dyn Val + '_> {
    match value {
        Value::Null => Box::new(CelNull),
        Value::Bool(truth) => Box::new(CelBool::from(*truth)),
        Value::Number(number) => to_number(number),
        Value::String(text) => Box::new(CelString::from(text.as_str())),
        Value::Array(items) => Box::new(CelList::from(items.iter().map(to_cel).collect::<Vec<_>>())),
        Value::Object(fields) => Box::new(CelMap::from(to_entries(fields))),
    }
}

#[allow(
    clippy::disallowed_types,
    reason = "the interpreter's maps are made of it; their keys are iterated in order"
)]
fn to_entries(fields: &Map<String, Value>) -> std::collections::HashMap<CelMapKey<'_>, Box<dyn Val + '_>> {
    fields.iter().map(|(key, value)| (CelMapKey::from(key.as_str()), to_cel(value))).collect()
}

fn to_number(number: &Number) -> Box<dyn Val> {
    if let Some(int) = number.as_i64() {
        return Box::new(CelInt::from(int));
    }
    match number.as_u64() {
        Some(uint) => Box::new(CelUInt::from(uint)),
        None => Box::new(CelDouble::from(number.as_f64().unwrap_or_default())),
    }
}
