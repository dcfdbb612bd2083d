//! Fields that only we have set: what is left of revisions of which nothing is known any more.
//!
//! A revision that failed may have been pruned, deleted or spoilt since. What it has brought into an object under client-side
//! apply stands in no manifest then, but the API server has noted whose it is.

use pilothouse_protocol::FIELD_MANAGER;
use serde_json::{Map, Value};

use crate::managed_fields::{ItemKeys, union};

/// Parts of the metadata that manifests bring. Others are the server's, or finalizers and owners that no manifest of ours
/// has set although we may have.
const METADATA: [&str; 2] = ["f:labels", "f:annotations"];

/// What `live` has of fields that we have set, that nobody else has a part in, and that `target` lacks. Null when there is
/// nothing.
///
/// Defaults count as ours when we have created the object: the server sets them again when they are removed.
pub(super) fn own_fields(live: &Value, target: &Value) -> Value {
    let entries = live.pointer("/metadata/managedFields").and_then(Value::as_array);
    let (mut ours, mut others) = (Value::Object(Map::new()), Vec::new());
    for entry in entries.into_iter().flatten() {
        let text = |field: &str| entry.get(field).and_then(Value::as_str).unwrap_or_default();
        let Some(fields) = entry.get("fieldsV1") else { continue };
        if text("manager") != FIELD_MANAGER || !text("subresource").is_empty() {
            others.push(fields);
        } else if entry.get("apiVersion") == live.get("apiVersion") {
            union(&mut ours, fields);
        }
    }
    if let Some(ours) = ours.as_object_mut() {
        ours.retain(|key, _| !matches!(key.as_str(), "f:apiVersion" | "f:kind" | "f:status"));
        if let Some(Value::Object(metadata)) = ours.get_mut("f:metadata") {
            metadata.retain(|key, _| METADATA.contains(&key.as_str()));
        }
    }
    missing(&ours, &others, live, target).unwrap_or_default()
}

/// What of the fields in `ours` the live value has and the target lacks.
fn missing(ours: &Value, others: &[&Value], live: &Value, target: &Value) -> Option<Value> {
    let (mut fields, mut items) = (Map::new(), Vec::new());
    for (key, ours) in ours.as_object()?.iter().filter(|(key, _)| *key != ".") {
        let others: Vec<&Value> = others.iter().filter_map(|other| other.get(key)).collect();
        let Some(live) = at(live, key) else { continue };
        let found = match at(target, key) {
            // With the whole, the parts of others would go.
            None => others.is_empty().then(|| live.clone()),
            Some(target) => missing(ours, &others, live, target).map(|part| with_keys(part, key)),
        };
        match (found, key.strip_prefix("f:")) {
            (Some(found), Some(name)) => {
                fields.insert(name.to_owned(), found);
            }
            (Some(found), None) => items.push(found),
            (None, _) => {}
        }
    }
    match (fields.is_empty(), items.is_empty()) {
        (false, _) => Some(Value::Object(fields)),
        (true, false) => Some(Value::Array(items)),
        (true, true) => None,
    }
}

/// What is under a key of a set of fields: a field, or the element of a list.
fn at<'a>(value: &'a Value, key: &str) -> Option<&'a Value> {
    if let Some(name) = key.strip_prefix("f:") {
        return value.get(name);
    }
    if let Some(scalar) = key.strip_prefix("v:") {
        let scalar: Value = serde_json::from_str(scalar).ok()?;
        return value.as_array()?.iter().find(|element| **element == scalar);
    }
    ItemKeys::parse(key)?.find(value).map(|(_, element)| element)
}

/// A part of an element with what tells it apart from others.
fn with_keys(part: Value, key: &str) -> Value {
    match (part, ItemKeys::parse(key)) {
        (Value::Object(part), Some(ItemKeys(mut keys))) => {
            keys.extend(part);
            Value::Object(keys)
        }
        (part, _) => part,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn live(entries: Value) -> Value {
        json!({
            "apiVersion": "apps/v1", "kind": "Deployment",
            "metadata": {
                "name": "web", "finalizers": ["ours/held"], "labels": {"new": "1"},
                "annotations": {"ours": "1", "theirs": "1"}, "managedFields": entries,
            },
            "spec": {"replicas": 3, "paused": true, "template": {"spec": {
                "nodeSelector": {"disk": "ssd"},
                "containers": [
                    {"name": "web", "image": "web:1", "tty": true, "args": ["a"]},
                    {"name": "sidecar", "image": "s:1"}, {"name": "shared", "image": "x:1"}]}}},
        })
    }

    fn entry(manager: &str, fields: Value) -> Value {
        json!({"manager": manager, "operation": "Update", "apiVersion": "apps/v1", "fieldsV1": fields})
    }

    fn ours() -> Value {
        entry(
            FIELD_MANAGER,
            json!({
                "f:metadata": {"f:finalizers": {"v:\"ours/held\"": {}}, "f:labels": {"f:new": {}},
                    "f:annotations": {"f:ours": {}}},
                "f:spec": {"f:replicas": {}, "f:paused": {}, "f:template": {"f:spec": {
                    "f:nodeSelector": {},
                    "f:containers": {
                        "k:{\"name\":\"web\"}": {".": {}, "f:name": {}, "f:image": {}, "f:tty": {}},
                        "k:{\"name\":\"sidecar\"}": {".": {}, "f:name": {}, "f:image": {}},
                        "k:{\"name\":\"shared\"}": {".": {}, "f:name": {}}}}}},
            }),
        )
    }

    fn theirs() -> Value {
        entry(
            "kubectl-edit",
            json!({
                "f:metadata": {"f:annotations": {"f:theirs": {}}},
                "f:spec": {"f:replicas": {}, "f:template": {"f:spec": {"f:containers": {
                    "k:{\"name\":\"shared\"}": {"f:image": {}}}}}},
            }),
        )
    }

    #[test]
    fn what_only_we_have_set_and_the_target_lacks_is_found() {
        let target = json!({"metadata": {"name": "web"}, "spec": {"template": {"spec": {
            "containers": [{"name": "web", "image": "web:2"}]}}}});
        assert_eq!(
            own_fields(&live(json!([ours(), theirs()])), &target),
            json!({
                "metadata": {"labels": {"new": "1"}},
                "spec": {"paused": true, "template": {"spec": {
                    "nodeSelector": {"disk": "ssd"},
                    "containers": [{"name": "sidecar", "image": "s:1"}, {"name": "web", "tty": true}]}}},
            }),
            "not the finalizer, nor where somebody else has a part: the annotations, the replicas, the shared container"
        );
    }

    #[test]
    fn the_parts_of_others_beside_ours_stay() {
        let target = json!({"metadata": {"annotations": {"more": "1"}}});
        let found = own_fields(&live(json!([ours(), theirs()])), &target);
        assert_eq!(found["metadata"]["annotations"], json!({"ours": "1"}));
    }

    #[test]
    fn nothing_is_found_where_we_have_set_nothing() {
        let target = json!({"metadata": {"name": "web"}});
        assert_eq!(own_fields(&live(json!([theirs()])), &target), Value::Null);
        assert_eq!(own_fields(&live(Value::Null), &target), Value::Null);
        let mut status = ours();
        status["subresource"] = json!("status");
        assert_eq!(own_fields(&live(json!([status])), &target), Value::Null);
        let mut other_version = ours();
        other_version["apiVersion"] = json!("apps/v1beta1");
        assert_eq!(own_fields(&live(json!([other_version])), &target), Value::Null);
    }
}
