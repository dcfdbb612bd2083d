//! The release as `helm install --dry-run=client` prints it with `-o json` and `-o yaml`.

use pilothouse_chart::{RenderOptions, Rendered};
use pilothouse_encoding::timestamp::Timestamp;
use pilothouse_encoding::yaml;
use pilothouse_release::{ApplyMethod, Info, ReleaseRecord, ReleaseStatus, StoredChart, release_json};
use serde_json::{Map, Value};

use super::{OutputFormat, TemplateError};

/// The text of the release; `wall` is the time at which it would have been made, in nanoseconds since the Unix epoch.
pub(super) fn text(
    format: OutputFormat,
    options: RenderOptions,
    values: Map<String, Value>,
    rendered: Rendered,
    wall: i64,
) -> Result<String, TemplateError> {
    let json = release_json(&record(options, values, rendered, wall)).map_err(failed)?;
    match format {
        OutputFormat::Json => Ok(json + "\n"),
        OutputFormat::Yaml => yaml::emit(&serde_json::from_str(&json).map_err(failed)?).map_err(failed),
    }
}

fn record(
    options: RenderOptions,
    values: Map<String, Value>,
    rendered: Rendered,
    wall: i64,
) -> ReleaseRecord {
    let now = Timestamp::from_unix_nanos(wall);
    let manifest = rendered.manifest();
    ReleaseRecord {
        name: options.release_name,
        info: Info {
            first_deployed: now,
            last_deployed: now,
            description: "Dry run complete".to_owned(),
            status: ReleaseStatus::PendingInstall,
            notes: rendered.notes,
            ..Info::default()
        },
        chart: StoredChart::from(rendered.chart),
        config: (!values.is_empty()).then_some(values),
        manifest,
        hooks: rendered.hooks,
        version: 1,
        namespace: options.namespace,
        apply_method: ApplyMethod::parse("ssa"),
        ..ReleaseRecord::default()
    }
}

fn failed(error: impl std::fmt::Display) -> TemplateError {
    TemplateError::Print(error.to_string())
}
