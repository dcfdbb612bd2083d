//! From a chart and values to what is stored and applied.

use std::sync::Arc;

use pilothouse_chart::{Chart, CrdFile, Hook};
use pilothouse_machine::Context;
use pilothouse_release::{ReleaseRecord, StoredChart};
use serde_json::{Map, Value};

use crate::{ActionConfig, HelmError};

/// How a chart is rendered (spec 05 §1, §8).
#[derive(Debug, Clone, Default)]
pub struct RenderOptions {
    /// Do not validate the values against the schemas of the chart.
    pub disable_schema_validation: bool,
}

/// What is rendered.
#[derive(Debug, Clone)]
pub(crate) struct RenderInput {
    pub(crate) chart: Arc<Chart>,
    pub(crate) values: Map<String, Value>,
    /// What templates are told.
    pub(crate) revision: u32,
    pub(crate) is_upgrade: bool,
    /// The release whose values stay underneath.
    pub(crate) reuse: Option<Arc<ReleaseRecord>>,
}

/// What came of it.
#[derive(Debug)]
pub(crate) struct Rendered {
    pub(crate) chart: StoredChart,
    pub(crate) config: Option<Map<String, Value>>,
    pub(crate) manifest: String,
    pub(crate) hooks: Vec<Hook>,
    pub(crate) notes: String,
}

/// Renders a chart, asking the cluster for what its templates look up.
#[derive(Debug)]
pub(crate) struct RenderChart {
    input: RenderInput,
    options: RenderOptions,
}

impl RenderChart {
    pub(crate) fn new(input: RenderInput, options: RenderOptions) -> Self {
        Self { input, options }
    }

    pub(crate) fn poll(
        &mut self,
        config: &ActionConfig,
        context: &mut Context,
    ) -> Option<Result<Rendered, HelmError>> {
        let _ = (&self.input, &self.options, config, context);
        Some(Err(HelmError::Chart("charts cannot be rendered yet".to_owned())))
    }

    pub(crate) fn describe(&self) -> String {
        "rendering the chart".to_owned()
    }
}

/// The CRDs of a chart and its enabled subcharts.
pub(crate) fn crd_files(chart: &Chart, _values: &Map<String, Value>) -> Result<Vec<CrdFile>, HelmError> {
    Ok(chart.crds())
}
