//! Rendering: dependencies, values, templates, post-rendering, sorting (Go package `helm.sh/helm/v4/pkg/action`).

mod cluster;
mod data;
mod engine;
mod files;
mod glob;
mod options;

use std::borrow::Cow;
use std::collections::BTreeMap;

use pilothouse_encoding::{utf8, yaml};
use serde_json::{Map, Value};

pub(crate) use data::{Renderable, renderables};
pub use engine::TemplateFailure;
pub(crate) use engine::{about, order as template_order, without_no_value};
pub use options::{LookupKey, Lookups, RenderOptions};

use crate::coalesce::coalesce_values;
use crate::dependencies::{is_compatible, process_dependencies};
use crate::manifest::{Sorted, sort_manifests};
use crate::post_render::PostRenderError;
use crate::schema;
use crate::split::Separation;
use crate::{Chart, CrdFile, Hook, Manifest};

/// Ending of the path of notes.
const NOTES: &str = "NOTES.txt";

/// How every object of a manifest begins, before the path of its template.
const SOURCE: &str = "---\n# Source: ";

/// What an install says in front of errors about dependencies.
const DEPENDENCIES: &str = "chart dependencies processing failed: ";

/// What came of a render.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// All of it.
    Rendered(Box<Rendered>),
    /// Templates asked for objects. The caller gets them and renders again.
    NeedsLookup(Vec<LookupKey>),
}

/// A rendered chart.
#[derive(Debug, Clone, PartialEq)]
pub struct Rendered {
    /// The chart as the release stores it: dependencies settled, imported values in place.
    pub chart: Chart,
    /// Definitions in front of the objects, when they were asked for.
    pub crds: Vec<CrdFile>,
    /// All objects that are not hooks.
    pub manifests: Vec<Manifest>,
    /// Hooks.
    pub hooks: Vec<Hook>,
    /// Notes for the user.
    pub notes: String,
}

impl Rendered {
    /// Text of all objects that are not hooks, as the release stores it: each behind a line that names its template.
    #[must_use]
    pub fn manifest(&self) -> String {
        let mut text = String::with_capacity(self.parts().map(|part| part.len()).sum());
        text.extend(self.parts());
        text
    }

    /// The same piece by piece.
    pub fn parts(&self) -> impl Iterator<Item = Cow<'_, str>> {
        let crds = self.crds.iter().map(|crd| (&crd.name, utf8::lossy(&crd.data)));
        let objects = self.manifests.iter().map(|object| (&object.name, object.content.as_str().into()));
        crds.chain(objects).flat_map(|(name, content)| {
            [SOURCE.into(), name.as_str().into(), "\n".into(), content, "\n".into()]
        })
    }
}

/// Why nothing was rendered. The texts are Helm's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RenderError {
    /// The values for a subchart are no map.
    #[error("{0}")]
    Values(String),
    /// The values do not meet a schema.
    #[error("values don't meet the specifications of the schema(s) in the following chart(s):\n{0}")]
    Schema(String),
    /// The chart does not support the version of Kubernetes.
    #[error("chart requires kubeVersion: {constraint} which is incompatible with Kubernetes {version}")]
    KubeVersion {
        /// What the chart asks for.
        constraint: String,
        /// What the cluster is.
        version: String,
    },
    /// A template is malformed or failed.
    #[error(transparent)]
    Template(#[from] TemplateFailure),
    /// Post-rendering failed.
    #[error(transparent)]
    PostRender(#[from] PostRenderError),
    /// A template rendered something that is no object.
    #[error("{0}")]
    Manifest(String),
}

/// Renders a chart with the values of the user. What Helm warns about is added to the warnings, also when nothing is
/// rendered in the end.
///
/// # Errors
/// Those of [`RenderError`]; while a lookup lacks its answer, errors that its answer may avert are held back.
pub fn render(
    chart: &Chart,
    values: &Map<String, Value>,
    options: &RenderOptions,
    lookups: &Lookups,
    warnings: &mut Vec<String>,
) -> Result<Outcome, RenderError> {
    render_owned(chart.clone(), values, options, lookups, warnings)
}

/// The same for a chart that nobody needs any more: its files are not copied.
///
/// # Errors
/// Those of [`render`].
pub fn render_owned(
    mut chart: Chart,
    values: &Map<String, Value>,
    options: &RenderOptions,
    lookups: &Lookups,
    warnings: &mut Vec<String>,
) -> Result<Outcome, RenderError> {
    process_dependencies(&mut chart, values, warnings).map_err(|error| {
        // Only an install says what it was doing.
        let prefix = if options.is_install { DEPENDENCIES } else { "" };
        RenderError::Values(format!("{prefix}{error}"))
    })?;
    let values = coalesce_values(&chart, values, warnings).map_err(RenderError::Values)?;
    if !options.skip_schema_validation {
        schema::validate(&chart, &values).map_err(RenderError::Schema)?;
    }
    check_kube_version(&chart, options)?;
    let templates = data::renderables(&chart, &values, options);
    let run = engine::run(&templates, options, lookups);
    if options.is_last {
        std::mem::forget(values);
        // They borrow from the chart, which goes on; what they own stays.
        templates.into_values().for_each(std::mem::forget);
    }
    if !run.missing.is_empty() {
        return Ok(Outcome::NeedsLookup(run.missing.into_iter().collect()));
    }
    let mut files = run.result?;
    let notes = take_notes(&mut files, &chart, options.sub_notes);
    let malformed = run.malformed.iter().find(|(path, _)| !path.ends_with(NOTES));
    let malformed = malformed.and_then(|(path, bytes)| Some((path, yaml::parse_bytes(bytes).err()?)));
    if let Some((path, _)) = malformed {
        // What comes before is looked at first.
        files.split_off(path);
    }
    let mut separation = Separation::Exact;
    if let Some(post_render) = &options.post_render {
        files = post_render.run(files)?;
        separation = Separation::Recorded;
    }
    let Sorted { hooks, manifests, notices } =
        sort_manifests(files, separation).map_err(RenderError::Manifest)?;
    if let Some((path, error)) = malformed {
        return Err(RenderError::Manifest(format!(
            "YAML parse error on {path}: error converting YAML to JSON: {error}"
        )));
    }
    warnings.extend(notices);
    let crds = if options.include_crds { chart.crds() } else { Vec::new() };
    Ok(Outcome::Rendered(Box::new(Rendered { chart, crds, manifests, hooks, notes })))
}

/// Renders the templates alone: their texts by path, before they are split and sorted, without the notes. For those who
/// look for what is wrong with them.
///
/// # Errors
/// Those of [`RenderError`], but nothing is said of texts that are no objects.
pub fn render_templates(
    chart: &Chart,
    values: &Map<String, Value>,
    options: &RenderOptions,
) -> Result<BTreeMap<String, String>, RenderError> {
    let mut chart = chart.clone();
    let warnings = &mut Vec::new();
    process_dependencies(&mut chart, values, warnings).map_err(RenderError::Values)?;
    let values = coalesce_values(&chart, values, warnings).map_err(RenderError::Values)?;
    let templates = data::renderables(&chart, &values, options);
    let mut files = engine::run(&templates, options, &Lookups::Detached).result?;
    take_notes(&mut files, &chart, false);
    Ok(files)
}

fn check_kube_version(chart: &Chart, options: &RenderOptions) -> Result<(), RenderError> {
    let constraint = &chart.metadata.kube_version;
    let cluster = &options.capabilities.kube_version;
    if constraint.is_empty() || is_compatible(constraint, cluster.text()) {
        return Ok(());
    }
    Err(RenderError::KubeVersion { constraint: constraint.clone(), version: cluster.version.clone() })
}

/// Takes the notes out of the files.
fn take_notes(files: &mut BTreeMap<String, String>, chart: &Chart, sub_notes: bool) -> String {
    let root = format!("{}/templates/{NOTES}", chart.name());
    let mut notes = String::new();
    files.retain(|path, text| {
        if !path.ends_with(NOTES) {
            return true;
        }
        if sub_notes || *path == root {
            if !notes.is_empty() {
                notes.push('\n');
            }
            notes.push_str(text);
        }
        false
    });
    notes
}
