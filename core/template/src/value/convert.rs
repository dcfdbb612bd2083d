//! Conversion from and to JSON documents.

use std::rc::Rc;

use base64::Engine as _;
use serde_json::Value as Json;

use crate::budget::LimitError;

use super::object::is_exported;
use super::walk::Visits;
use super::{Entries, IntType, Shape, Value};

/// How deep a value may nest before conversions and printing refuse it. Values can contain themselves.
pub const MAX_VALUE_DEPTH: usize = 1000;

/// Why a value has no JSON form.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EncodeError {
    /// The value is too large, nests too deep or contains itself.
    #[error(transparent)]
    Limit(#[from] LimitError),
    /// A number JSON cannot hold; worded as Go's `encoding/json` does.
    #[error("json: unsupported value: {0}")]
    UnsupportedValue(&'static str),
    /// A type JSON cannot hold; worded as Go's `encoding/json` does.
    #[error("json: unsupported type: {0}")]
    UnsupportedType(&'static str),
}

impl Value {
    /// The value of a JSON document: floats become `float64`, integers `int64`, larger ones `uint64`.
    ///
    /// Helm's values come through a decoder that makes every number `float64`: convert them so beforehand.
    pub fn from_json(json: &Json) -> Value {
        match json {
            Json::Null => Value::Nil,
            Json::Bool(flag) => Value::Bool(*flag),
            Json::Number(number) => from_number(number),
            Json::String(text) => Value::from(text.as_str()),
            Json::Array(items) => Value::list(items.iter().map(Value::from_json).collect()),
            Json::Object(fields) => Value::map(entries_from_json(fields)),
        }
    }

    /// The JSON document of the value, as Go's encoder would see it.
    ///
    /// # Errors
    /// [`EncodeError`] when the value nests too deep, contains itself, or holds what JSON cannot.
    pub fn to_json(&self) -> Result<Json, EncodeError> {
        self.to_json_counted().map(|(json, _)| json)
    }

    /// The JSON document and the number of its nodes.
    pub(crate) fn to_json_counted(&self) -> Result<(Json, usize), EncodeError> {
        self.counted(Visits::default())
    }

    /// The same with nil maps and slices as empty ones, as go-yaml v3 writes them.
    pub(crate) fn to_json_without_nils(&self) -> Result<(Json, usize), EncodeError> {
        self.counted(Visits::without_nils())
    }

    fn counted(&self, mut visits: Visits) -> Result<(Json, usize), EncodeError> {
        match encode(self, 0, &mut visits) {
            Ok(json) => Ok((json, visits.count())),
            Err(EncodeError::Limit(LimitError::ValueDepth(_))) if self.contains_itself(&mut Vec::new()) => {
                Err(EncodeError::UnsupportedValue("encountered a cycle via map[string]interface {}"))
            }
            Err(error) => Err(error),
        }
    }

    /// Whether a map lies within itself, on a way down that is no longer than values may be deep.
    fn contains_itself(&self, above: &mut Vec<*const super::Map>) -> bool {
        if above.len() > MAX_VALUE_DEPTH {
            return false;
        }
        match self {
            Value::Map(map) if above.contains(&Rc::as_ptr(map)) => true,
            Value::Map(map) => {
                above.push(Rc::as_ptr(map));
                let found = map.entries().values().any(|value| value.contains_itself(above));
                above.pop();
                found
            }
            Value::List(list) => list.items().iter().any(|item| item.contains_itself(above)),
            _ => false,
        }
    }
}

/// The entries of a JSON object.
fn entries_from_json(fields: &serde_json::Map<String, Json>) -> Entries {
    fields.iter().map(|(key, value)| (Rc::from(key.as_str()), Value::from_json(value))).collect()
}

fn from_number(number: &serde_json::Number) -> Value {
    if let Some(integer) = number.as_i64() {
        return Value::int64(integer);
    }
    if let Some(integer) = number.as_u64() {
        return Value::Int(IntType::Uint64, integer.cast_signed());
    }
    Value::Float(number.as_f64().unwrap_or_default())
}

fn encode(value: &Value, depth: usize, visits: &mut Visits) -> Result<Json, EncodeError> {
    visits.visit(depth)?;
    Ok(match value {
        Value::Nil => Json::Null,
        Value::Complex(..) => return Err(EncodeError::UnsupportedType("complex128")),
        Value::Bool(flag) => Json::Bool(*flag),
        Value::Int(int_type, number) if int_type.is_unsigned() => Json::from(number.cast_unsigned()),
        Value::Int(_, number) => Json::from(*number),
        Value::Float(number) => encode_float(*number)?,
        Value::String(text) => {
            visits.text(text.len())?;
            Json::String(text.as_str().into_owned())
        }
        Value::Bytes(bytes) => Json::String(base64::engine::general_purpose::STANDARD.encode(bytes)),
        Value::List(list) => encode_list(list, depth, visits)?,
        Value::Map(map) => encode_map(map, depth, visits)?,
        Value::Native(object) => match object.encoded() {
            Some(json) => json,
            None => encode_shape(&object.shape(), depth, visits)?,
        },
    })
}

fn encode_float(number: f64) -> Result<Json, EncodeError> {
    match number {
        number if number.is_nan() => Err(EncodeError::UnsupportedValue("NaN")),
        f64::INFINITY => Err(EncodeError::UnsupportedValue("+Inf")),
        f64::NEG_INFINITY => Err(EncodeError::UnsupportedValue("-Inf")),
        number => Ok(Json::from(number)),
    }
}

fn encode_shape(shape: &Shape, depth: usize, visits: &mut Visits) -> Result<Json, EncodeError> {
    match shape {
        Shape::Map(map) => encode_map(map, depth, visits),
        Shape::List(list) => encode_list(list, depth, visits),
        Shape::Struct(fields) => {
            let mut object = serde_json::Map::new();
            for (name, value) in fields.iter().filter(|(name, _)| is_exported(name)) {
                object.insert((*name).to_owned(), encode(value, depth + 1, visits)?);
            }
            Ok(Json::Object(object))
        }
    }
}

fn encode_list(list: &super::List, depth: usize, visits: &mut Visits) -> Result<Json, EncodeError> {
    if list.is_nil() && !visits.skips_nils() {
        return Ok(Json::Null);
    }
    list.items()
        .iter()
        .map(|item| encode(item, depth + 1, visits))
        .collect::<Result<Vec<_>, _>>()
        .map(Json::Array)
}

fn encode_map(map: &super::Map, depth: usize, visits: &mut Visits) -> Result<Json, EncodeError> {
    if map.is_nil() && !visits.skips_nils() {
        return Ok(Json::Null);
    }
    let mut object = serde_json::Map::new();
    for (key, value) in map.entries().iter() {
        object.insert(key.to_string(), encode(value, depth + 1, visits)?);
    }
    Ok(Json::Object(object))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_their_types() {
        let value = Value::from_json(&serde_json::json!({"f": 1.0, "i": 1, "u": u64::MAX}));
        let map = value.as_map().unwrap();
        assert_eq!(map.get("f").unwrap().type_name(), "float64");
        assert_eq!(map.get("i").unwrap().type_name(), "int64");
        assert_eq!(map.get("u").unwrap().type_name(), "uint64");
    }

    #[test]
    fn a_map_in_itself_is_refused() {
        let value = Value::map(Entries::new());
        value.as_map().unwrap().insert("self".into(), value.clone());
        let cycle = "encountered a cycle via map[string]interface {}";
        assert_eq!(value.to_json(), Err(EncodeError::UnsupportedValue(cycle)));
        value.as_map().unwrap().remove("self");
    }
}
