//! The source kinds that are read (spec 01 §7).

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::Conditions;

/// Kinds of source object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum SourceKind {
    /// A chart made by source-controller from a repository.
    HelmChart,
    /// A chart in an OCI registry.
    OCIRepository,
    /// An artifact of somebody else.
    ExternalArtifact,
}

impl SourceKind {
    /// The kind with this name.
    #[must_use]
    pub fn parse(kind: &str) -> Option<Self> {
        match kind {
            "HelmChart" => Some(Self::HelmChart),
            "OCIRepository" => Some(Self::OCIRepository),
            "ExternalArtifact" => Some(Self::ExternalArtifact),
            _ => None,
        }
    }

    /// The name of the kind.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::HelmChart => "HelmChart",
            Self::OCIRepository => "OCIRepository",
            Self::ExternalArtifact => "ExternalArtifact",
        }
    }
}

/// `status.artifact`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Artifact {
    /// Where the archive lies.
    pub url: String,
    /// `<algo>:<hex>` of the archive.
    pub digest: String,
    /// Chart version, `<tag>@<algo>:<hex>` or `<algo>:<hex>`.
    pub revision: String,
}

/// The parts of a source object that matter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceObject {
    /// `metadata.generation`.
    pub generation: i64,
    /// `status.observedGeneration`.
    pub observed_generation: i64,
    /// `status.conditions`.
    pub conditions: Conditions,
    /// `status.artifact`.
    pub artifact: Option<Artifact>,
}

impl SourceObject {
    /// Reads a source object; parts that do not fit count as absent.
    #[must_use]
    pub fn from_object(object: &Value) -> Self {
        let status = object.get("status");
        let part = |field: &str| status.and_then(|status| status.get(field)).filter(|part| !part.is_null());
        Self {
            generation: pilothouse_protocol::metadata::generation(object),
            observed_generation: part("observedGeneration").and_then(Value::as_i64).unwrap_or_default(),
            conditions: part("conditions")
                .and_then(|part| Conditions::deserialize(part).ok())
                .unwrap_or_default(),
            artifact: part("artifact").and_then(|part| Artifact::deserialize(part).ok()),
        }
    }
}
