//! Conversion from and to JSON documents.

use std::collections::BTreeSet;
use std::rc::Rc;

use base64::Engine as _;
use pilothouse_encoding::yaml;
use serde_json::Value as Json;

use crate::budget::{LimitError, TextBound};

use super::object::{MethodError, Object, is_exported};
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
    /// A type's own method fails; worded as Go's `encoding/json` does.
    #[error("json: error calling MarshalJSON for type {type_name}: {error}")]
    Method {
        /// Go's name of the type.
        type_name: String,
        /// What the method says.
        error: MethodError,
    },
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

    /// The value of a document as Go decodes it into an `interface {}`: every number is a `float64`.
    pub(crate) fn from_decoded(json: Json) -> Value {
        match json {
            Json::Null => Value::Nil,
            Json::Bool(flag) => Value::Bool(flag),
            Json::Number(number) => match number.as_f64().filter(|float| float.is_finite()) {
                Some(float) => Value::Float(float),
                None => from_number(&number),
            },
            Json::String(text) => Value::from(text),
            Json::Array(items) => Value::list(items.into_iter().map(Value::from_decoded).collect()),
            Json::Object(fields) => {
                let entry = |(key, value): (String, Json)| (Rc::from(key), Value::from_decoded(value));
                Value::map(fields.into_iter().map(entry).collect())
            }
        }
    }

    /// The JSON document of the value, as Go's encoder would see it.
    ///
    /// # Errors
    /// [`EncodeError`] when the value nests too deep, contains itself, or holds what JSON cannot.
    pub fn to_json(&self) -> Result<Json, EncodeError> {
        self.to_json_within(TextBound::ENCODED).map(|(json, _)| json)
    }

    /// The JSON document and the number of its nodes, if a text of the document is within the bound.
    pub(crate) fn to_json_within(&self, bound: TextBound) -> Result<(Json, usize), EncodeError> {
        self.counted(Visits::within(bound))
    }

    /// The same as go-yaml v3 sees the value: nil maps and slices are empty, bytes are numbers, times and floats have
    /// forms of their own.
    pub(crate) fn to_modern(&self, bound: TextBound) -> Result<(Json, usize), EncodeError> {
        self.counted(Visits::within(bound).modern())
    }

    fn counted(&self, mut visits: Visits) -> Result<(Json, usize), EncodeError> {
        match encode(self, 0, &mut visits) {
            Ok(json) => Ok((json, visits.count())),
            Err(error) => Err(cycle_or(error, self)),
        }
    }

    /// Whether a map lies within itself, on a way down that is no longer than values may be deep.
    fn contains_itself(&self, way: &mut Way) -> bool {
        let place = match self {
            Value::Map(map) => map.identity().cast::<()>(),
            Value::List(list) => Rc::as_ptr(list).cast::<()>(),
            _ => return false,
        };
        if way.above.contains(&place) {
            return true;
        }
        // What many places share is looked at once.
        if way.above.len() > MAX_VALUE_DEPTH || !way.seen.insert(place) {
            return false;
        }
        way.above.push(place);
        let found = match self {
            Value::Map(map) => map.entries().values().any(|value| value.contains_itself(way)),
            Value::List(list) => list.items().iter().any(|item| item.contains_itself(way)),
            _ => false,
        };
        way.above.pop();
        found
    }
}

/// The way down to a value.
#[derive(Default)]
struct Way {
    /// The maps and lists that it lies in.
    above: Vec<*const ()>,
    /// All that were looked at.
    seen: BTreeSet<*const ()>,
}

/// What Go says when a value lies too deep or is too large because it contains itself; any other error as it is.
pub(super) fn cycle_or(error: EncodeError, value: &Value) -> EncodeError {
    match error {
        EncodeError::Limit(_) if value.contains_itself(&mut Way::default()) => {
            EncodeError::UnsupportedValue("encountered a cycle via map[string]interface {}")
        }
        error => error,
    }
}

/// The entries of a JSON object, each as [`Value::from_json`] has it.
pub fn entries_from_json(fields: &serde_json::Map<String, Json>) -> Entries {
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

/// The document of a value at `depth`.
pub(super) fn encode(value: &Value, depth: usize, visits: &mut Visits) -> Result<Json, EncodeError> {
    visits.visit(depth)?;
    Ok(match value {
        Value::Nil => Json::Null,
        Value::Complex(..) => return Err(EncodeError::UnsupportedType("complex128")),
        Value::Bool(flag) => Json::Bool(*flag),
        Value::Int(int_type, number) if int_type.is_unsigned() => Json::from(number.cast_unsigned()),
        Value::Int(_, number) => Json::from(*number),
        Value::Float(number) if visits.is_modern() && !number.is_finite() => {
            yaml::plain(match (number.is_nan(), *number > 0.0) {
                (true, _) => ".nan",
                (false, true) => ".inf",
                (false, false) => "-.inf",
            })
        }
        Value::Float(number) => {
            check_float(*number)?;
            Json::from(*number)
        }
        Value::String(text) => {
            visits.text(text.as_bytes(), depth)?;
            if visits.is_modern() && std::str::from_utf8(text.as_bytes()).is_err() {
                return Ok(yaml::plain(&format!("!!binary {}", base64_of(text.as_bytes()))));
            }
            Json::String(text.as_str().into_owned())
        }
        Value::Bytes(bytes) if bytes.is_nil() && !visits.is_modern() => Json::Null,
        Value::Bytes(bytes) => {
            visits.text(bytes, depth)?;
            if visits.is_modern() {
                return Ok(Json::Array(bytes.iter().map(|byte| Json::from(*byte)).collect()));
            }
            Json::String(base64_of(bytes))
        }
        Value::List(list) => encode_list(list, depth, visits)?,
        Value::Map(map) => encode_map(map, depth, visits)?,
        Value::Native(object) => match object.yaml().filter(|_| visits.is_modern()) {
            Some(text) => yaml::plain(&text),
            None => encode_native(&**object, depth, visits)?,
        },
    })
}

/// Refuses what JSON has no number for.
pub(super) fn check_float(number: f64) -> Result<(), EncodeError> {
    match number {
        number if number.is_nan() => Err(EncodeError::UnsupportedValue("NaN")),
        f64::INFINITY => Err(EncodeError::UnsupportedValue("+Inf")),
        f64::NEG_INFINITY => Err(EncodeError::UnsupportedValue("-Inf")),
        _ => Ok(()),
    }
}

/// The text that the object's own method gives, if it has one.
pub(super) fn by_method(object: &dyn Object) -> Option<Result<String, EncodeError>> {
    let type_name = || object.type_name().to_owned();
    Some(object.encoded()?.map_err(|error| EncodeError::Method { type_name: type_name(), error }))
}

/// The fields that Go shows outside of the package of their type.
pub(super) fn exported(fields: Vec<(&'static str, Value)>) -> Vec<(&'static str, Value)> {
    fields.into_iter().filter(|(name, _)| is_exported(name)).collect()
}

pub(super) fn base64_of(bytes: &[u8]) -> String {
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

fn encode_native(object: &dyn Object, depth: usize, visits: &mut Visits) -> Result<Json, EncodeError> {
    if let Some(text) = by_method(object) {
        return text.map(Json::String);
    }
    let fields = match object.shape() {
        Shape::Map(map) => return encode_map(&map, depth, visits),
        Shape::List(list) => return encode_list(&list, depth, visits),
        Shape::Struct(fields) => exported(fields),
    };
    let mut members = serde_json::Map::new();
    if visits.is_modern() {
        for (index, (name, value)) in fields.iter().enumerate() {
            let value = encode(value, depth + 1, visits)?;
            members.insert(yaml::field(index, &name.to_lowercase()), value);
        }
        return Ok(Json::Object(members));
    }
    for (name, value) in object.encoded_fields().unwrap_or(fields) {
        members.insert(name.to_owned(), encode(&value, depth + 1, visits)?);
    }
    Ok(Json::Object(members))
}

fn encode_list(list: &super::List, depth: usize, visits: &mut Visits) -> Result<Json, EncodeError> {
    if list.is_nil() && !visits.is_modern() {
        return Ok(Json::Null);
    }
    list.items()
        .iter()
        .map(|item| encode(item, depth + 1, visits))
        .collect::<Result<Vec<_>, _>>()
        .map(Json::Array)
}

fn encode_map(map: &super::Map, depth: usize, visits: &mut Visits) -> Result<Json, EncodeError> {
    if map.is_nil() && !visits.is_modern() {
        return Ok(Json::Null);
    }
    let mut object = serde_json::Map::new();
    for (key, value) in map.entries().iter() {
        visits.text(key.as_bytes(), depth)?;
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
    fn indentation_counts_for_the_bound() {
        let bound = TextBound { most: 10_000, error: LimitError::Bytes(10_000) };
        let refused = Err(EncodeError::Limit(LimitError::Bytes(10_000)));
        let within = |value: &Value| value.to_json_within(bound).map(|(_, nodes)| nodes);
        let mut value = Value::list(vec![Value::int(1); 100]);
        assert_eq!(within(&value), Ok(101));
        for _ in 0..100 {
            value = Value::list(vec![value]);
        }
        assert_eq!(within(&value), refused);
        let mut value = Value::from("\n".repeat(1000).as_str());
        assert_eq!(within(&value), Ok(1));
        for _ in 0..10 {
            value = Value::list(vec![value]);
        }
        assert_eq!(within(&value), refused);
    }

    #[test]
    fn a_map_in_itself_is_refused() {
        let value = Value::map(Entries::new());
        value.as_map().unwrap().insert("self".into(), value.clone());
        let cycle = "encountered a cycle via map[string]interface {}";
        assert_eq!(value.to_json(), Err(EncodeError::UnsupportedValue(cycle)));
        value.as_map().unwrap().remove("self");
    }

    #[test]
    fn what_is_shared_much_is_looked_at_once() {
        let mut value = Value::map(Entries::new());
        for _ in 0..100 {
            let entries = [("a", value.clone()), ("b", Value::list(vec![value]))];
            value = Value::map(entries.map(|(key, value)| (Rc::from(key), value)).into());
        }
        assert!(!value.contains_itself(&mut Way::default()));
        assert!(matches!(value.to_json(), Err(EncodeError::Limit(LimitError::Bytes(_)))));
    }
}
