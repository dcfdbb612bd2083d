//! What Go calls the kinds of JSON values.

use serde_json::Value;

/// The name of a value's kind in errors of Go's `encoding/json`: "cannot unmarshal *kind* into Go value of type ...".
#[must_use]
pub fn json_kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}
