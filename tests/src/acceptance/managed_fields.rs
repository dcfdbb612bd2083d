//! `metadata.managedFields` as far as they are compared.

use serde_json::{Map, Value, json};

/// Writers whose entries depend on the moment of the look.
const LEFT_OUT: [&str; 3] = ["kube-controller-manager", "kube-scheduler", "kwok"];

/// The entries of an object by manager and operation, with the owned fields when asked for. Entries of the status
/// subresource are left out.
pub(super) fn managed(object: &Value, fields: bool) -> Value {
    let entries = object.pointer("/metadata/managedFields").and_then(Value::as_array);
    let mut found: Vec<(String, String, Value)> =
        entries.into_iter().flatten().filter_map(|entry| summary(entry, fields)).collect();
    found.sort_by(|a, b| (&a.0, &a.1).cmp(&(&b.0, &b.1)));
    found.into_iter().map(|(_, _, entry)| entry).collect()
}

fn summary(entry: &Value, fields: bool) -> Option<(String, String, Value)> {
    let text = |name: &str| entry.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let (manager, operation, subresource) = (text("manager"), text("operation"), text("subresource"));
    if subresource == "status" || LEFT_OUT.contains(&manager.as_str()) {
        return None;
    }
    let mut out = json!({"manager": manager, "operation": operation});
    if !subresource.is_empty() {
        out["subresource"] = json!(subresource);
    }
    if fields {
        let mut paths = Vec::new();
        if let Some(Value::Object(owned)) = entry.get("fieldsV1") {
            flatten(owned, "", &mut paths);
        }
        paths.sort();
        out["fields"] = json!(paths);
    }
    Some((manager, operation, out))
}

fn flatten(fields: &Map<String, Value>, prefix: &str, out: &mut Vec<String>) {
    for (key, value) in fields {
        match value {
            _ if key == "." => out.push(if prefix.is_empty() { ".".to_owned() } else { prefix.to_owned() }),
            Value::Object(inner) if !inner.is_empty() => flatten(inner, &format!("{prefix}/{key}"), out),
            _ => out.push(format!("{prefix}/{key}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_flat_sorted_and_without_those_of_the_cluster() {
        let entry = |manager: &str, subresource: &str| {
            json!({"manager": manager, "operation": "Apply", "subresource": subresource,
                "fieldsV1": {"f:data": {".": {}, "f:b": {}, "f:a": {"f:c": {}}}}})
        };
        let object = json!({"metadata": {"managedFields":
            [entry("z", ""), entry("a", "scale"), entry("kwok", ""), entry("y", "status")]}});
        let fields = json!(["/f:data", "/f:data/f:a/f:c", "/f:data/f:b"]);
        let expected = json!([
            {"manager": "a", "operation": "Apply", "subresource": "scale", "fields": fields},
            {"manager": "z", "operation": "Apply", "fields": fields}
        ]);
        assert_eq!(managed(&object, true), expected);
    }
}
