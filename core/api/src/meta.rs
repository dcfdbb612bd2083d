//! The HelmRelease object as a whole.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{FINALIZER, HelmReleaseSpec, HelmReleaseStatus};

/// The parts of `metadata` that are read.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ObjectMeta {
    /// Namespace.
    pub namespace: String,
    /// Name.
    pub name: String,
    /// Unique id of this incarnation.
    pub uid: String,
    /// Version for optimistic locking.
    pub resource_version: String,
    /// Counts changes of the spec.
    pub generation: i64,
    /// Set when deletion was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deletion_timestamp: Option<String>,
    /// Finalizers.
    pub finalizers: Vec<String>,
    /// Labels.
    pub labels: BTreeMap<String, String>,
    /// Annotations.
    pub annotations: BTreeMap<String, String>,
}

impl ObjectMeta {
    /// Whether our finalizer is present.
    #[must_use]
    pub fn has_finalizer(&self) -> bool {
        self.finalizers.iter().any(|finalizer| finalizer == FINALIZER)
    }
}

/// A HelmRelease (spec 01).
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct HelmRelease {
    /// Metadata.
    pub metadata: ObjectMeta,
    /// What is wanted.
    pub spec: HelmReleaseSpec,
    /// What was observed.
    pub status: HelmReleaseStatus,
}

/// The object is not a HelmRelease that can be understood. Retrying does not help; a change of the object does.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("HelmRelease '{namespace}/{name}' cannot be read: field {field}: {reason}")]
pub struct InvalidHelmRelease {
    /// Namespace of the object.
    pub namespace: String,
    /// Name of the object.
    pub name: String,
    /// Top-level field that does not fit.
    pub field: String,
    /// Why.
    pub reason: String,
}

impl HelmRelease {
    /// Reads a HelmRelease from its JSON.
    ///
    /// # Errors
    /// When a field has another type than the API says; the custom resource definition normally prevents that.
    pub fn from_object(object: &Value) -> Result<Self, InvalidHelmRelease> {
        let invalid = |field: &str, error: &serde_json::Error| InvalidHelmRelease {
            namespace: pilothouse_protocol::metadata::text(object, "namespace").to_owned(),
            name: pilothouse_protocol::metadata::text(object, "name").to_owned(),
            field: field.to_owned(),
            reason: error.to_string(),
        };
        let metadata = read(object, "metadata").map_err(|error| invalid("metadata", &error))?;
        let spec = read(object, "spec").map_err(|error| invalid("spec", &error))?;
        let status = read(object, "status").map_err(|error| invalid("status", &error))?;
        Ok(Self { metadata, spec, status })
    }

    /// Namespace of the Helm release: `targetNamespace`, or the object's.
    #[must_use]
    pub fn release_namespace(&self) -> &str {
        self.spec.target_namespace.as_deref().unwrap_or(&self.metadata.namespace)
    }

    /// Namespace of the Helm storage: `storageNamespace`, or the object's.
    #[must_use]
    pub fn storage_namespace(&self) -> &str {
        self.spec.storage_namespace.as_deref().unwrap_or(&self.metadata.namespace)
    }

    /// Release name before shortening (spec 01 §2.9).
    #[must_use]
    pub fn long_release_name(&self) -> String {
        crate::release_name(
            self.spec.release_name.as_deref(),
            self.spec.target_namespace.as_deref(),
            &self.metadata.name,
        )
    }

    /// Release name as Helm uses it, at most 53 bytes.
    #[must_use]
    pub fn short_release_name(&self) -> String {
        crate::shorten_release_name(&self.long_release_name())
    }
}

fn read<T: serde::de::DeserializeOwned + Default>(
    object: &Value,
    field: &str,
) -> Result<T, serde_json::Error> {
    match object.get(field) {
        None | Some(Value::Null) => Ok(T::default()),
        Some(value) => T::deserialize(value),
    }
}
