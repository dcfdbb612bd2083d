//! Bodies: JSON or YAML, and the fields in them that a kind does not know.

use pilothouse_encoding::yaml;
use pilothouse_protocol::ApiError;
use serde_json::Value;

use crate::server::errors;
use crate::server::kinds::Kinds;
use crate::server::schema::{Type, Typed};

/// How deep objects are searched for unknown fields.
const DEPTH_MAX: usize = 128;

/// Reads a body.
///
/// # Errors
///
/// 415 for another content type than JSON, YAML and Protobuf, 400 for a body that cannot be read.
pub(crate) fn decode(kinds: &Kinds, content_type: &str, body: &[u8]) -> Result<Value, ApiError> {
    let media = content_type.split(';').next().unwrap_or_default().trim();
    match media {
        ""
        | "application/json"
        | "application/json-patch+json"
        | "application/merge-patch+json"
        | "application/strategic-merge-patch+json" => from_json(body),
        "application/yaml" | "application/apply-patch+yaml" => from_yaml(body),
        "application/vnd.kubernetes.protobuf" => super::protobuf::decode(kinds, body),
        _ => Err(unsupported()),
    }
}

/// 415.
pub(crate) fn unsupported() -> ApiError {
    let message = "the body of the request was in an unknown format - accepted media types include: \
                   application/json, application/yaml";
    ApiError::new(415, "UnsupportedMediaType", message)
}

/// The paths of fields that a type does not know, as messages name them.
pub(crate) fn unknown_fields(typed: Typed<'_>, value: &Value) -> Vec<String> {
    let mut found = Vec::new();
    search(typed, value, "", 0, &mut found);
    found
}

fn from_json(body: &[u8]) -> Result<Value, ApiError> {
    serde_json::from_slice(body)
        .map_err(|error| errors::bad_request(format!("error decoding patch or object: {error}")))
}

fn from_yaml(body: &[u8]) -> Result<Value, ApiError> {
    let text = std::str::from_utf8(body).map_err(|error| errors::bad_request(error.to_string()))?;
    // JSON is YAML, and much quicker to read as what it is.
    if let Ok(value) = serde_json::from_str(text) {
        return Ok(value);
    }
    yaml::parse(text).map_err(|error| errors::bad_request(format!("error decoding YAML: {error}")))
}

fn search(typed: Typed<'_>, value: &Value, path: &str, depth: usize, found: &mut Vec<String>) {
    if depth > DEPTH_MAX {
        return;
    }
    match value {
        Value::Object(fields) => {
            for (key, member) in fields {
                let (inner, known) = typed.member(key);
                let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                let closed = matches!(typed.get(), Type::Struct(fields) if !fields.open);
                if closed && !known {
                    found.push(path);
                } else {
                    search(inner, member, &path, depth + 1, found);
                }
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                search(typed.item(), item, &format!("{path}[{index}]"), depth + 1, found);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn decode(content_type: &str, body: &[u8]) -> Result<Value, ApiError> {
        super::decode(&Kinds::builtin("v1.36.1"), content_type, body)
    }

    #[test]
    fn bodies_are_json_or_yaml() {
        assert_eq!(decode("application/json; charset=utf-8", b"{\"a\":1}"), Ok(json!({"a": 1})));
        assert_eq!(decode("application/apply-patch+yaml", b"a: 1\n"), Ok(json!({"a": 1})));
        assert_eq!(decode("application/cbor", b"").unwrap_err().code, 415);
        assert_eq!(decode("application/json", b"{").unwrap_err().code, 400);
        assert_eq!(decode("application/yaml", b"a: [").unwrap_err().code, 400);
    }

    #[test]
    fn unknown_fields_are_named() {
        let kinds = Kinds::builtin("v1.36.1");
        let kind = kinds.find("v1", "Pod").expect("a kind");
        let pod = json!({"metadata": {"labels": {"free": "yes"}}, "spec": {"containers": [{"name": "c", "imagee": "x"}], "x": 1}});
        assert_eq!(unknown_fields(kind.typed(), &pod), ["spec.containers[0].imagee", "spec.x"]);
    }
}
