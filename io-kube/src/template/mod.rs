//! `pilothouse template`: renders a chart without a cluster, as `helm template` does (Go packages
//! `helm.sh/helm/v4/pkg/cmd` and `helm.sh/helm/v4/pkg/action`).

mod error;
mod files;
mod flags;
mod manifests;
mod name;
mod record;
mod show_only;
mod usage;

use std::io::{Read, Write};

use pilothouse_chart::{
    Chart, KubeVersion, Lookups, Outcome, RenderError, RenderOptions, Rendered, check_dependencies,
    process_dependencies, render_owned, validate_release_name,
};
use pilothouse_template::Moment;
use serde_json::{Map, Value};

pub use error::TemplateError;
pub use flags::{OutputFormat, TemplateFlags};
pub use usage::usage_error;

use crate::charts::{Level, Located, log_line, warning_line};
use crate::environment;

/// The namespace of releases when none is given.
const DEFAULT_NAMESPACE: &str = "default";

/// The environment variable with the namespace.
const HELM_NAMESPACE: &str = "HELM_NAMESPACE";

/// What a run takes from outside.
pub struct Surroundings<'a> {
    /// Nanoseconds since the Unix epoch: what `now` returns in templates.
    pub wall: i64,
    /// Seed of random functions.
    pub entropy: [u8; 32],
    /// Standard input, for `-f -`.
    pub stdin: &'a mut dyn Read,
    /// Standard output.
    pub out: &'a mut dyn Write,
    /// Standard error, for warnings.
    pub err: &'a mut dyn Write,
}

/// Renders and prints.
///
/// # Errors
/// Why there is nothing to print; with `--debug` the objects are printed although one of them is no YAML.
pub fn execute(flags: &TemplateFlags, surroundings: &mut Surroundings<'_>) -> Result<(), TemplateError> {
    let result = run(flags, surroundings);
    if flags.output.is_some() { result.map_err(TemplateError::of_install) } else { result }
}

fn run(flags: &TemplateFlags, surroundings: &mut Surroundings<'_>) -> Result<(), TemplateError> {
    flags.refuse_unsupported()?;
    for notice in flags.notices() {
        writeln!(surroundings.err, "{notice}")?;
    }
    let mut options = RenderOptions::default();
    let capabilities = &mut options.capabilities;
    if !flags.kube_version.is_empty() {
        let version = KubeVersion::parse(&flags.kube_version);
        capabilities.kube_version =
            version.map_err(|error| TemplateError::KubeVersion(flags.kube_version.clone(), error))?;
    }
    capabilities.api_versions.extend(flags.api_versions.iter().flatten().cloned());
    let (name, chart) = name::name_and_chart(flags, surroundings)?;
    let located = Located::find(chart)?;
    let values = flags.values.compose(surroundings.stdin)?;
    let mut notices = Vec::new();
    let loaded = located.load(&mut notices);
    for notice in notices {
        writeln!(surroundings.err, "{notice}")?;
    }
    let chart = loaded?;
    check(&chart, &name, surroundings)?;
    let options = render_options(flags, name, options, surroundings);
    let mut warnings = Vec::new();
    let outcome = rendered(chart, &values, &options, &mut warnings);
    for warning in &warnings {
        writeln!(surroundings.err, "{}", warning_line(warning))?;
    }
    let failed = match outcome {
        Ok(rendered) => return print(flags, options, values, *rendered, surroundings),
        Err(error) => named(error, &located, &values),
    };
    if let TemplateError::Dependencies(reason) = &failed {
        let line = log_line(Level::Error, "chart dependencies processing failed", &[("error", reason)]);
        writeln!(surroundings.err, "{line}")?;
    }
    if flags.debug && failed.is_of_rendering() {
        manifests::print_unsorted(&located.load(&mut Vec::new())?, &values, &options, surroundings.out)?;
        return Err(failed.without_hint());
    }
    Err(failed)
}

/// What Helm checks before it renders.
fn check(chart: &Chart, name: &str, surroundings: &mut Surroundings<'_>) -> Result<(), TemplateError> {
    if !matches!(chart.metadata.kind.as_str(), "" | "application") {
        return Err(TemplateError::NotInstallable(chart.metadata.kind.clone()));
    }
    if chart.metadata.deprecated {
        writeln!(surroundings.err, "{}", log_line(Level::Warn, "this chart is deprecated", &[]))?;
    }
    check_dependencies(chart).map_err(TemplateError::Missing)?;
    validate_release_name(name).map_err(|error| {
        let reason = format!("release name {}: {error}", pilothouse_template::go_quoted(name.as_bytes()));
        let line = log_line(Level::Error, "release name check failed", &[("error", &reason)]);
        // When stderr is gone, the error below still ends the run.
        let _ = writeln!(surroundings.err, "{line}");
        TemplateError::Name(reason)
    })
}

fn render_options(
    flags: &TemplateFlags,
    release_name: String,
    options: RenderOptions,
    surroundings: &Surroundings<'_>,
) -> RenderOptions {
    let namespace = flags.namespace.clone().filter(|namespace| !namespace.is_empty());
    let namespace = namespace.or_else(|| environment::variable(HELM_NAMESPACE));
    let wall = surroundings.wall;
    RenderOptions {
        release_name,
        namespace: namespace.unwrap_or_else(|| DEFAULT_NAMESPACE.to_owned()),
        is_install: !flags.is_upgrade,
        is_upgrade: flags.is_upgrade,
        skip_schema_validation: flags.skip_schema_validation,
        // With an output folder, definitions go to files of their own.
        include_crds: flags.include_crds && flags.output_dir.is_empty(),
        sub_notes: flags.render_subchart_notes,
        entropy: surroundings.entropy,
        now: Moment {
            seconds: wall.div_euclid(1_000_000_000),
            nanoseconds: u32::try_from(wall.rem_euclid(1_000_000_000)).unwrap_or_default(),
        },
        is_last: true,
        ..options
    }
}

fn rendered(
    chart: Chart,
    values: &Map<String, Value>,
    options: &RenderOptions,
    warnings: &mut Vec<String>,
) -> Result<Box<Rendered>, TemplateError> {
    match render_owned(chart, values, options, &Lookups::Detached, warnings)? {
        Outcome::Rendered(rendered) => Ok(rendered),
        // Without a cluster every question has an answer.
        Outcome::NeedsLookup(_) => Err(TemplateError::Lookup),
    }
}

/// The same text comes from two places, one of which Helm names; `render` does so only for what it takes for an install.
fn named(error: TemplateError, located: &Located, values: &Map<String, Value>) -> TemplateError {
    let TemplateError::Render(RenderError::Values(text)) = error else { return error };
    if let Some(reason) = text.strip_prefix("chart dependencies processing failed: ") {
        return TemplateError::Dependencies(reason.to_owned());
    }
    // The chart is gone: it may be large, and this is rare.
    let fits = located
        .load(&mut Vec::new())
        .is_ok_and(|mut chart| process_dependencies(&mut chart, values, &mut Vec::new()).is_ok());
    if fits { TemplateError::Render(RenderError::Values(text)) } else { TemplateError::Dependencies(text) }
}

fn print(
    flags: &TemplateFlags,
    options: RenderOptions,
    values: Map<String, Value>,
    rendered: Rendered,
    surroundings: &mut Surroundings<'_>,
) -> Result<(), TemplateError> {
    if let Some(format) = flags.output {
        let text = record::text(format, options, values, rendered, surroundings.wall)?;
        return Ok(surroundings.out.write_all(text.as_bytes())?);
    }
    manifests::print(flags, &options.release_name, &rendered, surroundings.out)?;
    // The process ends: nobody needs the memory, and giving it back piece by piece takes time.
    std::mem::forget(rendered);
    Ok(())
}
