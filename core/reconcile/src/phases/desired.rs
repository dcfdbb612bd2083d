//! What is wanted: chart, values and their digests.

use std::sync::Arc;

use pilothouse_chart::Chart;
use pilothouse_release::{common_metadata_digest, post_renderers_digest};
use serde_json::{Map, Value};

use super::chart::LoadedChart;
use crate::Subject;

/// The inputs of a release, loaded and verified. Its `Debug` output shows no values: they may hold secrets.
#[derive(Clone)]
pub struct Desired {
    /// The chart.
    pub chart: Arc<Chart>,
    /// Its name.
    pub chart_name: String,
    /// Its version, with the digest of an OCI artifact as build metadata.
    pub chart_version: String,
    /// Its `appVersion`.
    pub app_version: String,
    /// Digest of the OCI artifact; empty for other sources.
    pub oci_digest: String,
    /// The composed values.
    pub values: Map<String, Value>,
    /// Digest of the values (spec 04 §5).
    pub config_digest: String,
    /// Digest of `spec.postRenderers` (spec 04 §6).
    pub post_renderers_digest: String,
    /// Digest of `spec.commonMetadata` (spec 04 §6).
    pub common_metadata_digest: String,
}

impl std::fmt::Debug for Desired {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}@{} with values {}", self.chart_name, self.chart_version, self.config_digest)
    }
}

impl Desired {
    /// From what was loaded.
    ///
    /// # Errors
    /// When a digest cannot be computed, which names the input.
    pub fn new(loaded: LoadedChart, values: Value, subject: &Subject) -> Result<Self, String> {
        let algorithm = subject.config.snapshot_digest_algorithm;
        let values = match values {
            Value::Object(values) => values,
            Value::Null => Map::new(),
            _ => return Err("spec.values: not a map".to_owned()),
        };
        let spec = &subject.release.spec;
        let digest = subject.config.digests().config(&values).map_err(|error| format!("values: {error}"))?;
        let post_renderers = post_renderers_digest(spec.post_renderers.as_deref(), algorithm)
            .map_err(|error| format!("spec.postRenderers: {error}"))?;
        let common_metadata = common_metadata_digest(spec.common_metadata.as_ref(), algorithm)
            .map_err(|error| format!("spec.commonMetadata: {error}"))?;
        Ok(Self {
            chart_name: loaded.chart.metadata.name.clone(),
            chart_version: loaded.chart.metadata.version.clone(),
            app_version: loaded.chart.metadata.app_version.clone(),
            chart: loaded.chart,
            oci_digest: loaded.oci_digest,
            values,
            config_digest: digest,
            post_renderers_digest: post_renderers,
            common_metadata_digest: common_metadata,
        })
    }
}
