//! Objects without `metadata.managedFields`, which nobody reads from a watch and which is often the larger part of an
//! object: left out while the answer is parsed, not afterwards.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::{Map, Value};

/// One event of a watch.
#[derive(Debug, Deserialize)]
pub(crate) struct WatchEvent<T> {
    /// `ADDED`, `MODIFIED`, `DELETED`, `BOOKMARK` or `ERROR`.
    #[serde(rename = "type")]
    pub(crate) kind: String,
    /// The object, or a `Status`.
    pub(crate) object: T,
}

/// An object without its managed fields.
#[derive(Debug, Default)]
pub(crate) struct Trimmed(pub(crate) Value);

/// A list of such objects.
#[derive(Debug, Deserialize)]
struct TrimmedList {
    #[serde(default)]
    metadata: Value,
    #[serde(default)]
    items: Option<Vec<Trimmed>>,
}

/// Reads an object without its managed fields.
///
/// # Errors
///
/// The text is no object.
pub(crate) fn object(text: &[u8]) -> serde_json::Result<Value> {
    serde_json::from_slice(text).map(|Trimmed(object)| object)
}

/// Reads a list whose objects have no managed fields.
///
/// # Errors
///
/// The text is no list of objects.
pub(crate) fn list(text: &[u8]) -> serde_json::Result<Value> {
    let TrimmedList { metadata, items } = serde_json::from_slice(text)?;
    let items = items.unwrap_or_default().into_iter().map(|Trimmed(item)| item).collect();
    Ok(Value::Object(Map::from_iter([
        ("metadata".to_owned(), metadata),
        ("items".to_owned(), Value::Array(items)),
    ])))
}

impl<'de> Deserialize<'de> for Trimmed {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ObjectVisitor)
    }
}

struct ObjectVisitor;

impl<'de> Visitor<'de> for ObjectVisitor {
    type Value = Trimmed;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Trimmed, A::Error> {
        let mut object = Map::new();
        while let Some(name) = fields.next_key::<String>()? {
            let value =
                if name == "metadata" { fields.next_value::<Metadata>()?.0 } else { fields.next_value()? };
            object.insert(name, value);
        }
        Ok(Trimmed(Value::Object(object)))
    }
}

/// `metadata` without the managed fields.
struct Metadata(Value);

impl<'de> Deserialize<'de> for Metadata {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(MetadataVisitor)
    }
}

struct MetadataVisitor;

impl<'de> Visitor<'de> for MetadataVisitor {
    type Value = Metadata;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("metadata")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Metadata, A::Error> {
        let mut metadata = Map::new();
        while let Some(name) = fields.next_key::<String>()? {
            if name == "managedFields" {
                fields.next_value::<IgnoredAny>()?;
            } else {
                metadata.insert(name, fields.next_value()?);
            }
        }
        Ok(Metadata(Value::Object(metadata)))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_managed_fields_are_left_out() {
        let object = json!({"kind": "X", "metadata": {"name": "x", "managedFields": [{"a": 1}], "labels": {"managedFields": "y"}},
            "spec": {"metadata": {"managedFields": 1}}});
        let mut expected = object.clone();
        expected["metadata"].as_object_mut().unwrap().remove("managedFields");
        let text = json!({"type": "ADDED", "object": object.clone()}).to_string();
        let event: WatchEvent<Trimmed> = serde_json::from_str(&text).unwrap();
        assert_eq!((event.kind.as_str(), &event.object.0), ("ADDED", &expected));
        assert_eq!(super::object(object.to_string().as_bytes()).unwrap(), expected);
        let text = json!({"metadata": {"resourceVersion": "7"}, "items": [object]}).to_string();
        assert_eq!(
            list(text.as_bytes()).unwrap(),
            json!({"metadata": {"resourceVersion": "7"}, "items": [expected]})
        );
        assert_eq!(list(br#"{"items": null}"#).unwrap(), json!({"metadata": null, "items": []}));
        assert!(list(b"1").is_err() && list(br#"{"items": [1]}"#).is_err());
    }
}
