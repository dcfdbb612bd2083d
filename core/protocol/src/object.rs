//! Names of objects and kinds.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Namespace and name of a HelmRelease.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub struct ReleaseKey {
    /// `metadata.namespace`.
    pub namespace: String,
    /// `metadata.name`.
    pub name: String,
}

impl ReleaseKey {
    /// A key from its two parts.
    pub fn new(namespace: impl Into<String>, name: impl Into<String>) -> Self {
        Self { namespace: namespace.into(), name: name.into() }
    }

    /// That of a HelmRelease, given as JSON.
    #[must_use]
    pub fn of(release: &Value) -> Self {
        Self::new(metadata::text(release, "namespace"), metadata::text(release, "name"))
    }
}

impl fmt::Display for ReleaseKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.namespace, self.name)
    }
}

/// API group and version as in `apiVersion`, and kind.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub struct GroupVersionKind {
    /// `group/version`, or `version` alone for the core group.
    pub api_version: String,
    /// The kind.
    pub kind: String,
}

impl GroupVersionKind {
    /// From the two parts.
    pub fn new(api_version: impl Into<String>, kind: impl Into<String>) -> Self {
        Self { api_version: api_version.into(), kind: kind.into() }
    }

    /// The API group; empty for the core group.
    #[must_use]
    pub fn group(&self) -> &str {
        self.api_version.split_once('/').map_or("", |(group, _)| group)
    }

    /// The version without the group.
    #[must_use]
    pub fn version(&self) -> &str {
        self.api_version.split_once('/').map_or(self.api_version.as_str(), |(_, version)| version)
    }
}

/// One object on an API server.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub struct ObjectRef {
    /// `group/version`, or `version` alone for the core group.
    pub api_version: String,
    /// The kind.
    pub kind: String,
    /// The namespace; `None` for cluster-scoped objects.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// The name.
    pub name: String,
}

impl ObjectRef {
    /// A namespaced object.
    pub fn namespaced(
        api_version: impl Into<String>,
        kind: impl Into<String>,
        namespace: impl Into<String>,
        name: impl Into<String>,
    ) -> Self {
        Self {
            api_version: api_version.into(),
            kind: kind.into(),
            namespace: Some(namespace.into()),
            name: name.into(),
        }
    }

    /// A cluster-scoped object.
    pub fn cluster(api_version: impl Into<String>, kind: impl Into<String>, name: impl Into<String>) -> Self {
        Self { api_version: api_version.into(), kind: kind.into(), namespace: None, name: name.into() }
    }

    /// The reference of an object given as JSON; absent parts are empty.
    #[must_use]
    pub fn of(object: &Value) -> Self {
        let text = |field: &str| object.get(field).and_then(Value::as_str).unwrap_or_default().to_owned();
        let namespace = metadata::text(object, "namespace");
        Self {
            api_version: text("apiVersion"),
            kind: text("kind"),
            namespace: (!namespace.is_empty()).then(|| namespace.to_owned()),
            name: metadata::text(object, "name").to_owned(),
        }
    }

    /// Group, version and kind of the object.
    #[must_use]
    pub fn gvk(&self) -> GroupVersionKind {
        GroupVersionKind::new(self.api_version.clone(), self.kind.clone())
    }
}

/// `Kind/namespace/name`, or `Kind/name` for a cluster-scoped object: Flux's way of naming an object in messages.
impl fmt::Display for ObjectRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.namespace {
            Some(namespace) => write!(f, "{}/{}/{}", self.kind, namespace, self.name),
            None => write!(f, "{}/{}", self.kind, self.name),
        }
    }
}

/// Readers for `metadata` of an object given as JSON.
pub mod metadata {
    use serde_json::Value;

    /// `metadata.<field>` as text; empty when absent.
    #[must_use]
    pub fn text<'a>(object: &'a Value, field: &str) -> &'a str {
        object.get("metadata").and_then(|m| m.get(field)).and_then(Value::as_str).unwrap_or_default()
    }

    /// `metadata.generation`; zero when absent.
    #[must_use]
    pub fn generation(object: &Value) -> i64 {
        object.get("metadata").and_then(|m| m.get("generation")).and_then(Value::as_i64).unwrap_or_default()
    }

    /// `metadata.annotations[key]`.
    #[must_use]
    pub fn annotation<'a>(object: &'a Value, key: &str) -> Option<&'a str> {
        object.get("metadata")?.get("annotations")?.get(key)?.as_str()
    }

    /// `metadata.labels[key]`.
    #[must_use]
    pub fn label<'a>(object: &'a Value, key: &str) -> Option<&'a str> {
        object.get("metadata")?.get("labels")?.get(key)?.as_str()
    }

    /// Whether `metadata.deletionTimestamp` is set.
    #[must_use]
    pub fn is_deleting(object: &Value) -> bool {
        !text(object, "deletionTimestamp").is_empty()
    }

    /// `metadata.resourceVersion` as a number; zero when absent or not a number.
    #[must_use]
    pub fn resource_version(object: &Value) -> u64 {
        text(object, "resourceVersion").parse().unwrap_or_default()
    }
}
