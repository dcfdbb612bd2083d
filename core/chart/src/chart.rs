//! A chart in memory.

use bytes::Bytes;
use serde_json::Value;

use crate::{ChartMetadata, File, Lock};
use pilothouse_encoding::timestamp::Timestamp;

/// A chart with its subcharts.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Chart {
    /// `Chart.yaml`.
    pub metadata: ChartMetadata,
    /// `Chart.lock`.
    pub lock: Option<Lock>,
    /// Files in `templates/`.
    pub templates: Vec<File>,
    /// `values.yaml`; every number is a float. A map.
    pub values: Value,
    /// `values.schema.json`.
    pub schema: Option<Bytes>,
    /// When the schema was changed.
    pub schema_modtime: Option<Timestamp>,
    /// All other files.
    pub files: Vec<File>,
    /// When `Chart.yaml` was changed.
    pub modtime: Option<Timestamp>,
    /// Subcharts, in the order of their names in `charts/`.
    pub dependencies: Vec<Chart>,
}

/// A custom resource definition in `crds/` of a chart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CrdFile {
    /// Path with the names of the parent charts, `parent/charts/child/crds/x.yaml`.
    pub name: String,
    /// Content.
    pub data: Bytes,
}

impl Chart {
    /// The name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.metadata.name
    }

    /// Whether the chart is a library: it is not rendered itself.
    #[must_use]
    pub fn is_library(&self) -> bool {
        self.metadata.kind.eq_ignore_ascii_case("library")
    }

    /// Custom resource definitions of the chart and its subcharts, those of the chart first.
    #[must_use]
    pub fn crds(&self) -> Vec<CrdFile> {
        let mut crds = Vec::new();
        self.collect_crds(self.name(), &mut crds);
        crds
    }

    fn collect_crds(&self, path: &str, crds: &mut Vec<CrdFile>) {
        let is_crd = |file: &&File| {
            let extension = file.name.rsplit_once('.').map_or("", |(_, extension)| extension);
            let is_manifest =
                ["yaml", "yml", "json"].iter().any(|known| extension.eq_ignore_ascii_case(known));
            file.name.starts_with("crds/") && is_manifest
        };
        for file in self.files.iter().filter(is_crd) {
            crds.push(CrdFile { name: format!("{path}/{}", file.name), data: file.data.clone() });
        }
        for dependency in &self.dependencies {
            dependency.collect_crds(&format!("{path}/charts/{}", dependency.name()), crds);
        }
    }
}
