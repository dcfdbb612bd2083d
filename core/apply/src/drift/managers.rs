//! Fields of managers that are not to have any (`--override-manager`): they become ours before drift is looked for (Flux
//! `pkg/ssa/patch.go`, `PatchReplaceFieldsManagers`).

use pilothouse_protocol::{FIELD_MANAGER, metadata};
use serde_json::{Map, Value, json};

use crate::managed_fields::union;

/// The JSON patch that hands the fields of managers, given by the beginning of their names, to our apply manager; `None`
/// when they have none.
pub(super) fn takeover(live: &Value, overridden: &[String]) -> Option<Value> {
    let entries = live.pointer("/metadata/managedFields")?.as_array()?;
    let is_overridden = |entry: &Value| {
        let manager = text(entry, "manager");
        let operation = matches!(text(entry, "operation"), "Apply" | "Update");
        operation
            && text(entry, "subresource").is_empty()
            && overridden.iter().any(|name| manager.starts_with(name.as_str()))
    };
    let is_ours =
        |entry: &Value| text(entry, "manager") == FIELD_MANAGER && text(entry, "operation") == "Apply";
    let mut ours = entries.iter().find(|entry| is_ours(entry)).cloned();
    let mut taken = false;
    let mut left = Vec::new();
    for entry in entries {
        if is_ours(entry) {
            continue;
        }
        if !is_overridden(entry) {
            left.push(entry.clone());
            continue;
        }
        taken = true;
        match &mut ours {
            None => ours = Some(renamed(entry.clone())),
            Some(ours) => merge(ours, entry),
        }
    }
    if !taken {
        return None;
    }
    left.extend(ours);
    Some(json!([
        {"op": "replace", "path": "/metadata/managedFields", "value": left},
        {"op": "replace", "path": "/metadata/resourceVersion", "value": metadata::text(live, "resourceVersion")},
    ]))
}

fn renamed(mut entry: Value) -> Value {
    if let Some(fields) = entry.as_object_mut() {
        fields.insert("manager".to_owned(), Value::from(FIELD_MANAGER));
        fields.insert("operation".to_owned(), Value::from("Apply"));
    }
    entry
}

fn merge(ours: &mut Value, entry: &Value) {
    if let (Some(fields), Some(added)) = (ours.as_object_mut(), entry.get("fieldsV1")) {
        union(fields.entry("fieldsV1").or_insert_with(|| Value::Object(Map::new())), added);
    }
}

fn text<'a>(entry: &'a Value, field: &str) -> &'a str {
    entry.get(field).and_then(Value::as_str).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(manager: &str, operation: &str, fields: Value) -> Value {
        json!({"manager": manager, "operation": operation, "apiVersion": "v1", "fieldsV1": fields})
    }

    fn patched(entries: Value, overridden: &[&str]) -> Option<Value> {
        let live = json!({"metadata": {"resourceVersion": "7", "managedFields": entries}});
        let overridden: Vec<String> = overridden.iter().map(|&name| name.to_owned()).collect();
        takeover(&live, &overridden).map(|patch| patch[0]["value"].clone())
    }

    #[test]
    fn fields_are_handed_over() {
        let ours = entry("helm-controller", "Apply", json!({"f:a": {}}));
        let edited = entry("kubectl-edit", "Update", json!({"f:b": {}}));
        let other = entry("other", "Update", json!({"f:c": {}}));
        let both = entry("helm-controller", "Apply", json!({"f:a": {}, "f:b": {}}));
        assert_eq!(patched(json!([ours, edited, other]), &["kubectl"]), Some(json!([other, both])));
        let renamed = entry("helm-controller", "Apply", json!({"f:b": {}}));
        assert_eq!(patched(json!([edited, other]), &["kubectl-edit"]), Some(json!([other, renamed])));
        assert_eq!(patched(json!([ours, other]), &["kubectl"]), None);
    }
}
