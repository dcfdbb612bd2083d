//! `spec.valuesFrom`, `spec.commonMetadata` and `spec.postRenderers` (spec 01 §2): what is rendered, and what is changed
//! in it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::Selector;
use crate::spec::is_false;

/// An entry of `spec.valuesFrom`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ValuesReference {
    /// `Secret` or `ConfigMap`.
    pub kind: String,
    /// Name.
    pub name: String,
    /// Key; `values.yaml` when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub values_key: Option<String>,
    /// Path to set; merge at the root when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target_path: Option<String>,
    /// Skip what is missing.
    #[serde(skip_serializing_if = "is_false")]
    pub optional: bool,
    /// Set the text verbatim.
    #[serde(skip_serializing_if = "is_false")]
    pub literal: bool,
}

/// `spec.commonMetadata`. Field order is that of the digest (spec 04 §6).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct CommonMetadata {
    /// Annotations.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, String>,
    /// Labels.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
}

/// An entry of `spec.postRenderers`. Field order is that of the digest (spec 04 §6).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct PostRenderer {
    /// Kustomize.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kustomize: Option<Kustomize>,
}

/// A Kustomize post-renderer.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Kustomize {
    /// Strategic merge and JSON 6902 patches.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub patches: Vec<Patch>,
    /// Image replacements.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub images: Vec<Image>,
}

/// A patch with its target.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Patch {
    /// The patch.
    pub patch: String,
    /// Which objects.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<Selector>,
}

/// An image replacement.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Image {
    /// Name to find.
    pub name: String,
    /// New name.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub new_name: String,
    /// New tag.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub new_tag: String,
    /// Digest instead of a tag.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub digest: String,
}
