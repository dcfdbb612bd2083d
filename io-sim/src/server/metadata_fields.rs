//! Writers for `metadata` of an object under construction.

use pilothouse_protocol::metadata;
use serde_json::{Map, Value, json};

use super::managed::ManagedFields;

/// `metadata` as a map, made when absent.
pub(super) fn metadata_of(object: &mut Value) -> &mut Map<String, Value> {
    as_map(as_map(object).entry("metadata").or_insert(Value::Null))
}

/// Sets `metadata.<field>`, or takes it away.
pub(super) fn put(object: &mut Value, field: &str, value: Option<Value>) {
    let fields = metadata_of(object);
    match value {
        Some(value) => {
            fields.insert(field.to_owned(), value);
        }
        None => {
            fields.remove(field);
        }
    }
}

/// Writes the owners of fields; the field is absent when nobody owns any.
pub(super) fn put_managed(object: &mut Value, managed: &ManagedFields) {
    put(object, "managedFields", (!managed.entries.is_empty()).then(|| managed.encode()));
}

/// Copies `metadata.<field>` of another object, absence included.
pub(super) fn copy(object: &mut Value, from: &Value, field: &str) {
    let value = from.get("metadata").and_then(|metadata| metadata.get(field)).cloned();
    put(object, field, value);
}

/// The names in `metadata.finalizers`.
pub(super) fn finalizers(object: &Value) -> Vec<&str> {
    let list = object.pointer("/metadata/finalizers").and_then(Value::as_array);
    list.into_iter().flatten().filter_map(Value::as_str).collect()
}

/// Sets `metadata.finalizers`; an empty list takes the field away.
pub(super) fn set_finalizers(object: &mut Value, names: &[&str]) {
    let list = names.iter().map(|name| Value::from(*name)).collect();
    put(object, "finalizers", (!names.is_empty()).then_some(list));
}

fn as_map(value: &mut Value) -> &mut Map<String, Value> {
    if !value.is_object() {
        *value = Value::Object(Map::new());
    }
    value.as_object_mut().unwrap_or_else(|| unreachable!("just made a map"))
}

/// Says in an object, once, that it is deleted.
pub(super) fn mark_deleted(object: &mut Value, time: &str, grace: i64) {
    if metadata::is_deleting(object) {
        return;
    }
    put(object, "deletionTimestamp", Some(json!(time)));
    put(object, "deletionGracePeriodSeconds", Some(json!(grace)));
    let generation = metadata::generation(object);
    if generation > 0 {
        put(object, "generation", Some(json!(generation + 1)));
    }
}
