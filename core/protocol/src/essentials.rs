//! What is left of an object for those who only want to know whether and by whom it was written.

use serde_json::{Map, Value};

/// The fields of `metadata` that tell one state of an object from another one, and whose object it is.
const METADATA: [&str; 7] =
    ["name", "namespace", "uid", "resourceVersion", "generation", "deletionTimestamp", "labels"];
/// The fields of an entry of `metadata.managedFields` that say who has written when.
const ENTRY: [&str; 4] = ["manager", "operation", "subresource", "time"];

/// An object with nothing but its names, its versions, its labels, and who has written to it when. What it holds, its
/// annotations, which may quote that, and the fields that were written are left out.
#[must_use]
pub fn essentials(object: &Value) -> Value {
    let mut kept = picked(object, &["apiVersion", "kind"]);
    if let Some(metadata) = object.get("metadata") {
        let mut left = picked(metadata, &METADATA);
        if let Some(entries) = metadata.get("managedFields").and_then(Value::as_array) {
            let entries = entries.iter().map(|entry| Value::Object(picked(entry, &ENTRY)));
            left.insert("managedFields".to_owned(), Value::Array(entries.collect()));
        }
        kept.insert("metadata".to_owned(), Value::Object(left));
    }
    Value::Object(kept)
}

fn picked(from: &Value, fields: &[&str]) -> Map<String, Value> {
    let field = |name: &&str| Some(((*name).to_owned(), from.get(*name)?.clone()));
    fields.iter().filter_map(field).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_an_object_holds_is_left_out() {
        let object = json!({"apiVersion": "v1", "kind": "Secret", "data": {"a": "c2VjcmV0"}, "metadata": {
            "name": "x", "namespace": "ns", "resourceVersion": "7", "generation": 2, "labels": {"a": "b"},
            "annotations": {"kubectl.kubernetes.io/last-applied-configuration": "secret"},
            "managedFields": [{"manager": "kubectl", "operation": "Apply", "time": "2026-01-01T00:00:00Z",
                "apiVersion": "v1", "fieldsType": "FieldsV1", "fieldsV1": {"f:data": {}}}]}});
        let left = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {
            "name": "x", "namespace": "ns", "resourceVersion": "7", "generation": 2, "labels": {"a": "b"},
            "managedFields": [{"manager": "kubectl", "operation": "Apply", "time": "2026-01-01T00:00:00Z"}]}});
        assert_eq!(essentials(&object), left);
        assert_eq!(essentials(&left), left);
        assert_eq!(essentials(&json!({"kind": "Status"})), json!({"kind": "Status"}));
    }
}
