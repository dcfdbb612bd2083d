//! The release as Helm stores it (Go package `helm.sh/helm/v4/pkg/release/v1`, spec 04 §2).
//!
//! Field order and omission rules are those of Go's encoder, reading is tolerant: `null` and the empty text count as
//! absent and unknown fields are ignored, so that releases of Helm 3 are read as well.

mod chart;
pub(crate) mod json;
mod key;
mod status;

use std::collections::BTreeMap;
use std::fmt;

use pilothouse_chart::Hook;
use pilothouse_encoding::timestamp::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

pub use chart::StoredChart;
pub use key::StorageKey;
pub use status::{ApplyMethod, ReleaseStatus};

/// One revision of a release.
///
/// Its `Debug` output names the revision and never shows values or manifests: they may hold secrets.
#[derive(Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ReleaseRecord {
    /// Release name.
    #[serde(skip_serializing_if = "String::is_empty", deserialize_with = "json::null_as_default")]
    pub name: String,
    /// Status and times.
    #[serde(deserialize_with = "json::null_as_default")]
    pub info: Info,
    /// The chart without its subcharts.
    #[serde(deserialize_with = "json::null_as_default")]
    pub chart: StoredChart,
    /// Values of the user, before those of the chart. Empty ones are not stored.
    #[serde(skip_serializing_if = "json::no_members", serialize_with = "json::floats")]
    pub config: Option<Map<String, Value>>,
    /// Rendered objects without hooks, after post-rendering.
    #[serde(skip_serializing_if = "String::is_empty", deserialize_with = "json::null_as_default")]
    pub manifest: String,
    /// Hooks, in the order of execution.
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "json::null_as_default")]
    pub hooks: Vec<Hook>,
    /// The revision.
    #[serde(skip_serializing_if = "json::is_zero", deserialize_with = "json::null_as_default")]
    pub version: u32,
    /// Release namespace.
    #[serde(skip_serializing_if = "String::is_empty", deserialize_with = "json::null_as_default")]
    pub namespace: String,
    /// Labels of the storage object. Not part of the JSON.
    #[serde(skip)]
    pub labels: BTreeMap<String, String>,
    /// How the objects were applied; absent means client-side.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "json::empty_as_none")]
    pub apply_method: Option<ApplyMethod>,
}

impl ReleaseRecord {
    /// Where the record is stored.
    #[must_use]
    pub fn key(&self) -> StorageKey {
        StorageKey::new(&self.name, self.version)
    }

    /// `<namespace>/<name>.v<version>`.
    #[must_use]
    pub fn full_name(&self) -> String {
        pilothouse_api::full_release_name(&self.namespace, &self.name, self.version)
    }

    /// Sets status and description, as every transition does.
    pub fn set_status(&mut self, status: ReleaseStatus, description: impl Into<String>) {
        self.info.status = status;
        self.info.description = description.into();
    }
}

impl fmt::Debug for ReleaseRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {:?}", self.full_name(), self.info.status, self.info.description)
    }
}

/// Status and times of a release.
#[derive(Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Info {
    /// When the first revision was deployed; Go's zero time when never.
    #[serde(skip_serializing_if = "Timestamp::is_zero", deserialize_with = "json::null_as_default")]
    pub first_deployed: Timestamp,
    /// When this revision was deployed; Go's zero time when never.
    #[serde(skip_serializing_if = "Timestamp::is_zero", deserialize_with = "json::null_as_default")]
    pub last_deployed: Timestamp,
    /// When the release was deleted; Go's zero time when never.
    #[serde(skip_serializing_if = "Timestamp::is_zero", deserialize_with = "json::null_as_default")]
    pub deleted: Timestamp,
    /// What happened last, for people.
    #[serde(skip_serializing_if = "String::is_empty", deserialize_with = "json::null_as_default")]
    pub description: String,
    /// Helm status.
    #[serde(skip_serializing_if = "ReleaseStatus::is_empty", deserialize_with = "json::null_as_default")]
    pub status: ReleaseStatus,
    /// Rendered notes.
    #[serde(skip_serializing_if = "String::is_empty", deserialize_with = "json::null_as_default")]
    pub notes: String,
}

impl fmt::Debug for Info {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {:?}", self.status, self.description)
    }
}

#[cfg(test)]
mod tests;
