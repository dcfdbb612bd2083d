//! `Chart.yaml` (Go package `helm.sh/helm/v4/pkg/chart/v2`). Field order and omissions are those of Go's encoder: release
//! records and release digests depend on them (spec 04 §4).

use std::collections::BTreeMap;

use bytes::Bytes;
use pilothouse_encoding::timestamp::Timestamp;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

/// Metadata of a chart.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ChartMetadata {
    /// Name.
    #[serde(skip_serializing_if = "String::is_empty", deserialize_with = "null_as_default")]
    pub name: String,
    /// Home page.
    #[serde(skip_serializing_if = "String::is_empty", deserialize_with = "null_as_default")]
    pub home: String,
    /// Source pages.
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "null_as_default")]
    pub sources: Vec<String>,
    /// Semantic version.
    #[serde(skip_serializing_if = "String::is_empty", deserialize_with = "null_as_default")]
    pub version: String,
    /// One sentence.
    #[serde(skip_serializing_if = "String::is_empty", deserialize_with = "null_as_default")]
    pub description: String,
    /// Keywords.
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "null_as_default")]
    pub keywords: Vec<String>,
    /// Maintainers.
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "null_as_default")]
    pub maintainers: Vec<Maintainer>,
    /// URL of an icon.
    #[serde(skip_serializing_if = "String::is_empty", deserialize_with = "null_as_default")]
    pub icon: String,
    /// `v1` or `v2`.
    #[serde(skip_serializing_if = "String::is_empty", deserialize_with = "null_as_default")]
    pub api_version: String,
    /// Condition under which the chart is enabled as a dependency.
    #[serde(skip_serializing_if = "String::is_empty", deserialize_with = "null_as_default")]
    pub condition: String,
    /// Tags under which the chart is enabled as a dependency.
    #[serde(skip_serializing_if = "String::is_empty", deserialize_with = "null_as_default")]
    pub tags: String,
    /// Version of the application.
    #[serde(skip_serializing_if = "String::is_empty", deserialize_with = "null_as_default")]
    pub app_version: String,
    /// Whether the chart should not be used any more.
    #[serde(skip_serializing_if = "is_false", deserialize_with = "null_as_default")]
    pub deprecated: bool,
    /// Annotations.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", deserialize_with = "null_as_default")]
    pub annotations: BTreeMap<String, String>,
    /// Constraint on the version of Kubernetes.
    #[serde(skip_serializing_if = "String::is_empty", deserialize_with = "null_as_default")]
    pub kube_version: String,
    /// Dependencies.
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "null_as_default")]
    pub dependencies: Vec<Dependency>,
    /// `application` or `library`.
    #[serde(rename = "type", skip_serializing_if = "String::is_empty", deserialize_with = "null_as_default")]
    pub kind: String,
}

/// A maintainer of a chart.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Maintainer {
    /// Name.
    #[serde(skip_serializing_if = "String::is_empty", deserialize_with = "null_as_default")]
    pub name: String,
    /// Mail address.
    #[serde(skip_serializing_if = "String::is_empty", deserialize_with = "null_as_default")]
    pub email: String,
    /// Page.
    #[serde(skip_serializing_if = "String::is_empty", deserialize_with = "null_as_default")]
    pub url: String,
}

/// A dependency of a chart.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub struct Dependency {
    /// Name; always written.
    #[serde(deserialize_with = "null_as_default")]
    pub name: String,
    /// Version range.
    #[serde(skip_serializing_if = "String::is_empty", deserialize_with = "null_as_default")]
    pub version: String,
    /// Repository; always written.
    #[serde(deserialize_with = "null_as_default")]
    pub repository: String,
    /// Paths of values, the first boolean of which enables the dependency.
    #[serde(skip_serializing_if = "String::is_empty", deserialize_with = "null_as_default")]
    pub condition: String,
    /// Tags that enable the dependency.
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "null_as_default")]
    pub tags: Vec<String>,
    /// Whether the dependency is enabled.
    #[serde(skip_serializing_if = "is_false", deserialize_with = "null_as_default")]
    pub enabled: bool,
    /// Values to take over from the dependency.
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "null_as_default")]
    pub import_values: Vec<Value>,
    /// Another name.
    #[serde(skip_serializing_if = "String::is_empty", deserialize_with = "null_as_default")]
    pub alias: String,
}

/// `Chart.lock`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Lock {
    /// When it was made.
    pub generated: Timestamp,
    /// Digest of the dependencies.
    #[serde(deserialize_with = "null_as_default")]
    pub digest: String,
    /// The dependencies, resolved.
    #[serde(deserialize_with = "null_as_default")]
    pub dependencies: Vec<Dependency>,
}

/// A file of a chart.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct File {
    /// Path in the chart, with slashes.
    pub name: String,
    /// Content. Copies of the chart and what is rendered from it share it, and files of one archive are parts of the same
    /// memory.
    pub data: Bytes,
    /// When it was changed, as the archive says.
    pub modtime: Option<Timestamp>,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn is_false(flag: &bool) -> bool {
    !flag
}

/// `null` counts as absent.
pub(crate) fn null_as_default<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(
    deserializer: D,
) -> Result<T, D::Error> {
    Ok(Option::<T>::deserialize(deserializer)?.unwrap_or_default())
}
