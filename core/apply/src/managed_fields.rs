//! Handing fields written by client-side apply to the apply manager, so that server-side apply can remove them
//! (`client-go/util/csaupgrade`).

use pilothouse_protocol::{FIELD_MANAGER, metadata};
use serde_json::{Map, Value, json};

/// The JSON patch that makes of the `Update` entries of our manager one `Apply` entry; `None` when there are none.
///
/// The patch carries the resource version, so that a change in between is a conflict.
pub(crate) fn migration(live: &Value) -> Option<Value> {
    let entries = live.pointer("/metadata/managedFields")?.as_array()?;
    let ours = entries.iter().position(|entry| is_ours(entry, "Apply"));
    let target = ours.or_else(|| entries.iter().position(|entry| is_ours(entry, "Update")))?;
    if !entries.iter().any(|entry| is_ours(entry, "Update")) {
        return None;
    }
    let mut merged = entries.get(target)?.clone();
    let update = entries
        .iter()
        .find(|entry| is_ours(entry, "Update") && entry.get("apiVersion") == merged.get("apiVersion"))
        .and_then(|entry| entry.get("fieldsV1"))
        .cloned();
    if let Some(fields) = merged.as_object_mut() {
        fields.insert("operation".to_owned(), Value::String("Apply".to_owned()));
        if let Some(update) = update {
            union(fields.entry("fieldsV1").or_insert_with(|| Value::Object(Map::new())), &update);
        }
    }
    let migrated: Vec<Value> = entries
        .iter()
        .enumerate()
        .filter(|(index, entry)| *index == target || !is_ours(entry, "Update"))
        .map(|(index, entry)| if index == target { merged.clone() } else { entry.clone() })
        .collect();
    Some(json!([
        {"op": "replace", "path": "/metadata/managedFields", "value": migrated},
        {"op": "replace", "path": "/metadata/resourceVersion", "value": metadata::text(live, "resourceVersion")},
    ]))
}

/// Whether our manager has applied the object.
pub(crate) fn has_applied(live: &Value) -> bool {
    let entries = live.pointer("/metadata/managedFields").and_then(Value::as_array);
    entries.is_some_and(|entries| entries.iter().any(|entry| is_ours(entry, "Apply")))
}

/// Whether our manager has written the object in any way.
pub(crate) fn has_written(live: &Value) -> bool {
    let entries = live.pointer("/metadata/managedFields").and_then(Value::as_array);
    entries.is_some_and(|entries| {
        entries.iter().any(|entry| is_ours(entry, "Update") || is_ours(entry, "Apply"))
    })
}

fn is_ours(entry: &Value, operation: &str) -> bool {
    let text = |field: &str| entry.get(field).and_then(Value::as_str).unwrap_or_default();
    text("manager") == FIELD_MANAGER && text("operation") == operation && text("subresource").is_empty()
}

/// Field sets are tries of keys; their union has the keys of both.
pub(crate) fn union(into: &mut Value, from: &Value) {
    let (Some(into), Some(from)) = (into.as_object_mut(), from.as_object()) else { return };
    for (key, value) in from {
        union(into.entry(key.clone()).or_insert_with(|| Value::Object(Map::new())), value);
    }
}

/// What tells an element of a list from the others in a set of fields: a key like `k:{"name":"web"}`.
pub(crate) struct ItemKeys(pub(crate) Map<String, Value>);

impl ItemKeys {
    /// Reads a key; `None` for one of another form.
    pub(crate) fn parse(key: &str) -> Option<Self> {
        serde_json::from_str(key.strip_prefix("k:")?).ok().map(Self)
    }

    /// The element of a list, with its place.
    pub(crate) fn find<'a>(&self, list: &'a Value) -> Option<(usize, &'a Value)> {
        let is_it = |item: &Value| self.0.iter().all(|(key, value)| item.get(key) == Some(value));
        list.as_array()?.iter().enumerate().find(|(_, item)| is_it(item))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn live(entries: Value) -> Value {
        json!({"metadata": {"resourceVersion": "7", "managedFields": entries}})
    }

    fn entry(manager: &str, operation: &str, fields: Value) -> Value {
        json!({"manager": manager, "operation": operation, "apiVersion": "v1", "fieldsV1": fields})
    }

    #[test]
    fn update_entries_become_one_apply_entry() {
        let ours = entry("helm-controller", "Update", json!({"f:data": {".": {}, "f:a": {}}}));
        let foreign = entry("kubectl-edit", "Update", json!({"f:data": {"f:b": {}}}));
        let status = json!({"manager": "helm-controller", "operation": "Update", "subresource": "status"});
        let patch = migration(&live(json!([foreign, ours, status]))).unwrap();
        assert_eq!(
            patch[0]["value"],
            json!([
                foreign,
                entry("helm-controller", "Apply", json!({"f:data": {".": {}, "f:a": {}}})),
                status
            ])
        );
        assert_eq!(patch[1]["value"], "7");
    }

    #[test]
    fn an_apply_entry_takes_in_the_fields() {
        let apply = entry("helm-controller", "Apply", json!({"f:data": {"f:a": {}}}));
        let update = entry("helm-controller", "Update", json!({"f:data": {"f:b": {}}}));
        let patch = migration(&live(json!([apply, update]))).unwrap();
        let both = json!({"f:data": {"f:a": {}, "f:b": {}}});
        assert_eq!(patch[0]["value"], json!([entry("helm-controller", "Apply", both)]));
    }

    #[test]
    fn nothing_to_migrate() {
        assert_eq!(migration(&live(json!([entry("helm-controller", "Apply", json!({}))]))), None);
        assert_eq!(migration(&live(json!([entry("other", "Update", json!({}))]))), None);
        assert_eq!(migration(&json!({"metadata": {}})), None);
    }
}
