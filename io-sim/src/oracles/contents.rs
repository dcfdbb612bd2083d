//! What is written into an object stands in a manifest.

use pilothouse_protocol::{Patch, Request};
use pilothouse_release::ReleaseRecord;
use serde_json::Value;

use super::Meddled;
use super::releases::Releases;
use crate::world::Exchange;

/// A text that is written into the data of a ConfigMap, and that no stored revision has, hooks included.
pub(super) fn check(releases: &Releases, meddled: &Meddled, exchange: &Exchange) -> Option<String> {
    let key = &exchange.key;
    let (name, texts) = written(&exchange.request)?;
    if meddled.has(&key.namespace, &key.name) {
        return None;
    }
    let stored = || releases.all.values().flat_map(|revisions| revisions.values());
    let has = |record: &ReleaseRecord, text: &str| {
        record.manifest.contains(text) || record.hooks.iter().any(|hook| hook.manifest.contains(text))
    };
    let is_known =
        |text: &&str| stored().any(|revision| revision.record.as_ref().is_ok_and(|record| has(record, text)));
    let unknown = texts.into_iter().find(|text| !is_known(text))?;
    Some(format!("model: {key} writes {unknown:?} into ConfigMap {name}, which no revision has"))
}

/// The name of a ConfigMap, and the texts that are written into its data.
fn written(request: &Request) -> Option<(&str, Vec<&str>)> {
    match request {
        Request::Create { body } | Request::Update { body } if body["kind"] == "ConfigMap" => {
            Some((body.pointer("/metadata/name")?.as_str()?, texts(body.get("data"))))
        }
        Request::Patch { object, patch: Patch::Json, body, .. } if object.kind == "ConfigMap" => {
            let operations = body.as_array()?.iter();
            let of_data = operations.filter(|operation| {
                operation["path"].as_str().is_some_and(|path| path.starts_with("/data/"))
            });
            Some((&object.name, of_data.filter_map(|operation| operation["value"].as_str()).collect()))
        }
        Request::Patch { object, body, .. } if object.kind == "ConfigMap" => {
            Some((&object.name, texts(body.get("data"))))
        }
        _ => None,
    }
}

fn texts(data: Option<&Value>) -> Vec<&str> {
    let data = data.and_then(Value::as_object).into_iter().flatten();
    data.filter_map(|(_, text)| text.as_str()).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use pilothouse_protocol::ObjectRef;
    use serde_json::json;

    use super::*;

    #[test]
    fn texts_are_found_in_every_kind_of_write() {
        let object = ObjectRef::namespaced("v1", "ConfigMap", "ns", "c");
        let patch = |patch: Patch, body: Value| Request::Patch {
            object: object.clone(),
            patch,
            body: Arc::new(body),
            status: false,
            dry_run: false,
        };
        let json_patch = patch(
            Patch::Json,
            json!([{"op": "replace", "path": "/data/a", "value": "x"},
                {"op": "add", "path": "/metadata/labels/b", "value": "y"}]),
        );
        assert_eq!(written(&json_patch), Some(("c", vec!["x"])));
        let merge = patch(Patch::Merge, json!({"data": {"a": "x", "b": null}}));
        assert_eq!(written(&merge), Some(("c", vec!["x"])));
        let body = json!({"kind": "ConfigMap", "metadata": {"name": "c"}, "data": {"a": "x"}});
        assert_eq!(written(&Request::Create { body: Arc::new(body) }), Some(("c", vec!["x"])));
        let secret = json!({"kind": "Secret", "metadata": {"name": "c"}, "data": {"a": "x"}});
        assert_eq!(written(&Request::Create { body: Arc::new(secret) }), None);
    }
}
