//! From a chart and values to what is stored and applied.

use std::collections::BTreeMap;
use std::sync::Arc;

use pilothouse_chart::{
    Capabilities, Chart, CrdFile, Hook, KubeVersion, LookupKey, Lookups, Outcome, PostRender, RenderError,
    process_dependencies, render,
};
use pilothouse_machine::Context;
use pilothouse_protocol::{Discovery, LogLevel};
use pilothouse_release::{ReleaseRecord, StoredChart};
use pilothouse_template::Moment;
use serde_json::{Map, Value};

use crate::lookup::{Found, Lookup};
use crate::stored_chart::reuse_values;
use crate::{ActionConfig, HelmError, Storage};

/// Renders of one chart: each may ask for more of the cluster.
const ROUNDS: u32 = 16;

/// Nanoseconds of one second.
const SECOND: i64 = 1_000_000_000;

/// How a chart is rendered (spec 05 §1, §8).
#[derive(Debug, Clone, Default)]
pub struct RenderOptions {
    /// Do not validate the values against the schemas of the chart.
    pub disable_schema_validation: bool,
    /// What is done with the rendered objects.
    pub post_render: Option<PostRender>,
    /// Ask for addresses of hosts (`getHostByName`).
    pub resolve_hosts: bool,
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
    rounds: u32,
    state: State,
}

#[derive(Debug)]
enum State {
    Start,
    LookingUp { prepared: Box<Prepared>, lookup: Lookup },
}

/// All inputs of a render.
#[derive(Debug)]
struct Prepared {
    chart: Chart,
    values: Map<String, Value>,
    options: pilothouse_chart::RenderOptions,
    answers: Lookups,
}

impl RenderChart {
    /// Renders with what [`Context::discovery`] says about the cluster.
    pub(crate) fn new(input: RenderInput, options: RenderOptions) -> Self {
        Self { input, options, rounds: 0, state: State::Start }
    }

    /// Goes as far as it can.
    pub(crate) fn poll(
        &mut self,
        config: &ActionConfig,
        context: &mut Context,
    ) -> Option<Result<Rendered, HelmError>> {
        loop {
            let prepared = match &mut self.state {
                State::Start => match self.prepare(config, context) {
                    Ok(prepared) => Box::new(prepared),
                    Err(error) => return Some(Err(error)),
                },
                State::LookingUp { lookup, .. } => {
                    let found = lookup.poll(context)?;
                    let State::LookingUp { mut prepared, .. } =
                        std::mem::replace(&mut self.state, State::Start)
                    else {
                        continue;
                    };
                    prepared.learn(found);
                    prepared
                }
            };
            if self.rounds == ROUNDS {
                let text =
                    format!("the templates look up more than {ROUNDS} times what depends on other lookups");
                return Some(Err(HelmError::Limit(text)));
            }
            self.rounds += 1;
            let mut warnings = Vec::new();
            let Prepared { chart, values, options, answers } = &*prepared;
            let outcome = render(chart, values, options, answers, &mut warnings);
            if !matches!(outcome, Ok(Outcome::NeedsLookup(_))) {
                warnings.into_iter().for_each(|warning| context.log(LogLevel::Info, warning));
            }
            match outcome {
                Err(error) => return Some(Err(self.error(error, &prepared))),
                Ok(Outcome::NeedsLookup(keys)) => {
                    self.state = State::LookingUp { prepared, lookup: Lookup::new(keys) };
                }
                Ok(Outcome::Rendered(rendered)) => {
                    return Some(Ok(prepared.finish(*rendered)));
                }
            }
        }
    }

    /// What it is doing, for progress displays.
    pub(crate) fn describe(&self) -> String {
        match self.state {
            State::Start => "rendering the chart".to_owned(),
            State::LookingUp { .. } => "looking up objects for templates".to_owned(),
        }
    }
}

impl RenderChart {
    fn prepare(&mut self, config: &ActionConfig, context: &mut Context) -> Result<Prepared, HelmError> {
        let mut chart = Chart::clone(&self.input.chart);
        let mut values = self.input.values.clone();
        if let Some(old) = &self.input.reuse {
            values = reuse_values(&mut chart, values, &old.chart, old.config.as_ref())
                .map_err(HelmError::Chart)?;
        }
        let options = self.render_options(config, context);
        Ok(Prepared { chart, values, options, answers: Lookups::Answers(BTreeMap::new()) })
    }

    fn error(&self, error: RenderError, prepared: &Prepared) -> HelmError {
        match error {
            RenderError::Template(failure) if failure.limit.is_some() => HelmError::Limit(failure.message),
            RenderError::Values(text) if !self.input.is_upgrade => {
                // Only an install says where the values did not fit.
                let fits =
                    process_dependencies(&mut prepared.chart.clone(), &prepared.values, &mut Vec::new())
                        .is_ok();
                let error = HelmError::Chart(text);
                if fits { error } else { error.context("chart dependencies processing failed") }
            }
            other => HelmError::Chart(other.to_string()),
        }
    }

    fn render_options(
        &self,
        config: &ActionConfig,
        context: &mut Context,
    ) -> pilothouse_chart::RenderOptions {
        let wall = context.now.wall;
        pilothouse_chart::RenderOptions {
            release_name: config.release_name.clone(),
            namespace: config.release_namespace.clone(),
            revision: i64::from(self.input.revision),
            is_install: !self.input.is_upgrade,
            is_upgrade: self.input.is_upgrade,
            capabilities: capabilities(&context.discovery.clone().unwrap_or_default()),
            skip_schema_validation: self.options.disable_schema_validation,
            entropy: context.chart_entropy(),
            now: Moment {
                seconds: wall.div_euclid(SECOND),
                nanoseconds: u32::try_from(wall.rem_euclid(SECOND)).unwrap_or_default(),
            },
            post_render: self.options.post_render.clone(),
            resolve_hosts: self.options.resolve_hosts,
            ..pilothouse_chart::RenderOptions::default()
        }
    }
}

impl Prepared {
    fn learn(&mut self, found: BTreeMap<LookupKey, Found>) {
        if let Lookups::Answers(answers) = &mut self.answers {
            answers.extend(found);
        }
    }

    fn finish(self, rendered: pilothouse_chart::Rendered) -> Rendered {
        let manifest = rendered.manifest();
        let pilothouse_chart::Rendered { chart, hooks, notes, .. } = rendered;
        let config = (!self.values.is_empty()).then_some(self.values);
        Rendered { chart: StoredChart::from(chart), config, manifest, hooks, notes }
    }
}

/// `.Capabilities` of a cluster.
fn capabilities(discovery: &Discovery) -> Capabilities {
    Capabilities {
        kube_version: KubeVersion::from_server(&discovery.git_version, &discovery.major, &discovery.minor),
        api_versions: discovery.api_versions(),
        ..Capabilities::default()
    }
}

/// The CRDs of a chart and its enabled subcharts.
///
/// # Errors
/// When the dependencies cannot be settled.
pub(crate) fn crd_files(
    chart: &Chart,
    values: &Map<String, Value>,
    storage: &Storage,
) -> Result<Vec<CrdFile>, HelmError> {
    if chart.crds().is_empty() {
        return Ok(Vec::new());
    }
    let mut chart = chart.clone();
    match process_dependencies(&mut chart, values, &mut Vec::new()) {
        // CRDs are applied before anything is rendered: what is too large by its chart alone has to be known here.
        Ok(()) => storage.check_fits(&unrendered(&chart, values)).map(|()| chart.crds()),
        Err(error) => Err(HelmError::Chart(error).context("failed to process chart dependencies")),
    }
}

/// A release with all of it that is known before its chart is rendered.
fn unrendered(chart: &Chart, values: &Map<String, Value>) -> ReleaseRecord {
    let (chart, config) = (StoredChart::from(chart.clone()), Some(values.clone()));
    ReleaseRecord { name: chart.name_and_version().0.to_owned(), chart, config, ..ReleaseRecord::default() }
}

#[cfg(test)]
mod tests;
