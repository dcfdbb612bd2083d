//! Get and list.

use std::collections::BTreeMap;
use std::sync::Arc;

use pilothouse_protocol::{ApiError, Object, ObjectRef, metadata};
use serde_json::Value;

use super::kinds::Kind;
use super::rbac::{Attempt, authorise};
use super::{Caller, Server, errors};

impl Server {
    pub(crate) fn get(&self, caller: &Caller<'_>, object: &ObjectRef) -> Result<Object, ApiError> {
        let (kind, place) = self.locate(object)?;
        let attempt = Attempt {
            verb: "get",
            kind: &kind,
            status: false,
            namespace: &place.namespace,
            name: &place.name,
        };
        authorise(&self.store, caller.identity, &attempt)?;
        let stored = self.store.get(&place.resource, &place.namespace, &place.name);
        let stored = stored.ok_or_else(|| errors::not_found(&kind, &place.name))?;
        Ok(in_version(&kind, &stored.object))
    }

    pub(super) fn list(
        &self,
        caller: &Caller<'_>,
        api_version: &str,
        kind: &str,
        namespace: Option<&str>,
        labels: &BTreeMap<String, String>,
    ) -> Result<Vec<Object>, ApiError> {
        let kind = self.kind(api_version, kind)?;
        let scope = namespace.filter(|_| kind.namespaced);
        let attempt =
            Attempt { verb: "list", kind: &kind, status: false, namespace: scope.unwrap_or(""), name: "" };
        authorise(&self.store, caller.identity, &attempt)?;
        let all = self.store.list(&kind.resource, scope);
        let wanted = all.filter(|stored| has_labels(&stored.object, labels));
        Ok(wanted.map(|stored| in_version(&kind, &stored.object)).collect())
    }
}

/// Whether an object has all these labels.
pub(super) fn has_labels(object: &Value, labels: &BTreeMap<String, String>) -> bool {
    labels.iter().all(|(key, value)| metadata::label(object, key) == Some(value))
}

/// The names and the metadata of an object.
pub(crate) fn metadata_of(object: &Object) -> Object {
    let parts = ["apiVersion", "kind", "metadata"];
    let kept = parts.into_iter().filter_map(|part| Some((part.to_owned(), object.get(part)?.clone())));
    Arc::new(Value::Object(kept.collect()))
}

/// An object in the version that was asked for. Only `apiVersion` differs between versions.
pub(crate) fn in_version(kind: &Kind, object: &Object) -> Object {
    if object.get("apiVersion").and_then(Value::as_str) == Some(&kind.gvk.api_version) {
        return Arc::clone(object);
    }
    let mut converted = Value::clone(object);
    converted["apiVersion"] = Value::String(kind.gvk.api_version.clone());
    Arc::new(converted)
}
