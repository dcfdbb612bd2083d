//! The marks by which Helm knows its objects (Helm `pkg/action/validate.go`).

use pilothouse_protocol::{ObjectRef, metadata};
use serde_json::{Map, Value};

/// Annotation that can keep an object from being deleted.
pub const RESOURCE_POLICY: &str = "helm.sh/resource-policy";
/// Value of [`RESOURCE_POLICY`] that keeps the object.
pub const KEEP_POLICY: &str = "keep";

const MANAGED_BY: &str = "app.kubernetes.io/managed-by";
const HELM: &str = "Helm";
const RELEASE_NAME: &str = "meta.helm.sh/release-name";
const RELEASE_NAMESPACE: &str = "meta.helm.sh/release-namespace";

/// Marks an object as part of a release, whatever marks it had.
pub fn stamp_ownership(body: &mut Value, release_name: &str, release_namespace: &str) {
    set(body, "labels", MANAGED_BY, HELM);
    set(body, "annotations", RELEASE_NAME, release_name);
    set(body, "annotations", RELEASE_NAMESPACE, release_namespace);
}

/// Why a live object may not be taken into the release, without the prefix of the action
/// (`unable to continue with install: `); `None` when it carries the marks of the release.
#[must_use]
pub fn ownership_error(live: &Value, release_name: &str, release_namespace: &str) -> Option<String> {
    let errors: Vec<String> = [
        ("label", MANAGED_BY, metadata::label(live, MANAGED_BY), HELM),
        ("annotation", RELEASE_NAME, metadata::annotation(live, RELEASE_NAME), release_name),
        ("annotation", RELEASE_NAMESPACE, metadata::annotation(live, RELEASE_NAMESPACE), release_namespace),
    ]
    .into_iter()
    .filter_map(|(mark, key, actual, wanted)| {
        mismatch(key, actual, wanted).map(|text| format!("{mark} validation error: {text}"))
    })
    .collect();
    if errors.is_empty() {
        return None;
    }
    Some(format!(
        "{} exists and cannot be imported into the current release: invalid ownership metadata; {}",
        resource_text(&ObjectRef::of(live)),
        errors.join("; ")
    ))
}

/// `Kind "name" in namespace "namespace"`, Helm's way of naming an object.
pub(crate) fn resource_text(object: &ObjectRef) -> String {
    let namespace = object.namespace.as_deref().unwrap_or_default();
    format!("{} {:?} in namespace {namespace:?}", object.kind, object.name)
}

fn mismatch(key: &str, actual: Option<&str>, wanted: &str) -> Option<String> {
    match actual {
        None => Some(format!("missing key {key:?}: must be set to {wanted:?}")),
        Some(actual) if actual != wanted => {
            Some(format!("key {key:?} must equal {wanted:?}: current value is {actual:?}"))
        }
        Some(_) => None,
    }
}

fn set(body: &mut Value, field: &str, key: &str, value: &str) {
    let metadata = body.as_object_mut().and_then(|body| object_at(body, "metadata"));
    if let Some(map) = metadata.and_then(|metadata| object_at(metadata, field)) {
        map.insert(key.to_owned(), Value::String(value.to_owned()));
    }
}

/// The object under a key, put there when it is absent or something else.
fn object_at<'a>(parent: &'a mut Map<String, Value>, key: &str) -> Option<&'a mut Map<String, Value>> {
    let slot = parent.entry(key).or_insert(Value::Null);
    if !slot.is_object() {
        *slot = Value::Object(Map::new());
    }
    slot.as_object_mut()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn stamped_objects_are_owned() {
        let mut body = json!({"kind": "ConfigMap", "metadata": {"labels": null, "annotations": {"a": "b"}}});
        stamp_ownership(&mut body, "app", "ns");
        assert_eq!(
            body["metadata"],
            json!({
                "labels": {"app.kubernetes.io/managed-by": "Helm"},
                "annotations": {
                    "a": "b", "meta.helm.sh/release-name": "app", "meta.helm.sh/release-namespace": "ns"
                }
            })
        );
        assert_eq!(ownership_error(&body, "app", "ns"), None);
    }

    #[test]
    fn foreign_objects_are_named_with_all_that_is_wrong() {
        let live = json!({
            "kind": "ConfigMap",
            "metadata": {
                "name": "c", "namespace": "ns",
                "annotations": {"meta.helm.sh/release-name": "other"}
            }
        });
        assert_eq!(
            ownership_error(&live, "app", "ns").as_deref(),
            Some(
                "ConfigMap \"c\" in namespace \"ns\" exists and cannot be imported into the current release: \
                 invalid ownership metadata; label validation error: missing key \"app.kubernetes.io/managed-by\": \
                 must be set to \"Helm\"; annotation validation error: key \"meta.helm.sh/release-name\" must equal \
                 \"app\": current value is \"other\"; annotation validation error: missing key \
                 \"meta.helm.sh/release-namespace\": must be set to \"ns\""
            )
        );
    }
}
