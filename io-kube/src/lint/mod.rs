//! `pilothouse lint`: all problems of charts at once.

mod report;

use std::io::{Read, Write};

use clap::{ArgAction, Args, ValueEnum};
use pilothouse_chart::{
    Capabilities, GivenValues, KubeVersion, KubeVersionError, RenderOptions, Severity, lint,
};

use crate::charts::{Located, SourceError, ValueFlags, ValuesError};
use crate::flags::parse_bool;
use report::{Linted, Summary};

/// The form of the report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum LintOutput {
    /// A line for each problem, `FILE:LINE:COLUMN: SEVERITY: MESSAGE [RULE]`.
    #[default]
    Text,
    /// One JSON object.
    Json,
}

/// The flags of `pilothouse lint`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Args)]
#[command(args_override_self = true)]
pub struct LintFlags {
    /// Folders and .tgz files with charts.
    #[arg(value_name = "CHART", required = true)]
    pub charts: Vec<String>,
    /// Values to render with, on top of those of the chart.
    #[command(flatten)]
    pub values: ValueFlags,
    /// Namespace to render with.
    #[arg(short, long, default_value = "default")]
    pub namespace: String,
    /// Version of Kubernetes that the chart is for; what it does not serve any more is an error.
    #[arg(long, default_value = "1.36")]
    pub kube_version: String,
    /// Fail on warnings too.
    #[arg(long, default_value = "false", default_missing_value = "true", num_args = 0..=1, require_equals = true,
          action = ArgAction::Set, value_parser = parse_bool, hide_default_value = true, value_name = "BOOL")]
    pub strict: bool,
    /// Print errors and warnings only.
    #[arg(long, default_value = "false", default_missing_value = "true", num_args = 0..=1, require_equals = true,
          action = ArgAction::Set, value_parser = parse_bool, hide_default_value = true, value_name = "BOOL")]
    pub quiet: bool,
    /// Do not check the values against the schemas of the charts.
    #[arg(long, default_value = "false", default_missing_value = "true", num_args = 0..=1, require_equals = true,
          action = ArgAction::Set, value_parser = parse_bool, hide_default_value = true, value_name = "BOOL")]
    pub skip_schema_validation: bool,
    /// Form of the report.
    #[arg(short, long, value_enum, default_value = "text", value_name = "FORMAT")]
    pub output: LintOutput,
}

/// Why charts could not be looked at.
#[derive(Debug, thiserror::Error)]
pub enum LintError {
    /// There is no chart.
    #[error("{0}: {1}")]
    Source(String, SourceError),
    /// There are no values.
    #[error(transparent)]
    Values(#[from] ValuesError),
    /// The value of `--kube-version` is no version.
    #[error("invalid kube version '{0}': {1}")]
    KubeVersion(String, KubeVersionError),
    /// Standard output is gone.
    #[error("write: {0}")]
    Output(#[from] std::io::Error),
}

/// Looks at all charts and prints a report. Returns whether all is well: no errors and, when strict, no warnings.
///
/// # Errors
/// When a chart or values cannot be read.
pub fn execute(flags: &LintFlags, stdin: &mut dyn Read, out: &mut dyn Write) -> Result<bool, LintError> {
    let options = options(flags)?;
    let given = GivenValues { values: flags.values.compose(stdin)?, texts: flags.values.texts() };
    let mut linted = Vec::new();
    for path in &flags.charts {
        let files = Located::find(path).and_then(|located| located.files(&mut Vec::new()));
        let files = files.map_err(|error| LintError::Source(path.clone(), error))?;
        let mut problems = lint(&files, &given, &options);
        problems.retain(|problem| !flags.quiet || problem.severity != Severity::Info);
        linted.push(Linted { path: path.clone(), problems });
    }
    let summary = Summary::of(&linted);
    let text = match flags.output {
        LintOutput::Text => report::text(&linted, &summary),
        LintOutput::Json => report::json(&linted, &summary),
    };
    out.write_all(text.as_bytes())?;
    Ok(summary.errors == 0 && (summary.warnings == 0 || !flags.strict))
}

fn options(flags: &LintFlags) -> Result<RenderOptions, LintError> {
    let version = KubeVersion::parse(&flags.kube_version)
        .map_err(|error| LintError::KubeVersion(flags.kube_version.clone(), error))?;
    Ok(RenderOptions {
        release_name: "test-release".to_owned(),
        namespace: flags.namespace.clone(),
        capabilities: Capabilities { kube_version: version, ..Capabilities::default() },
        skip_schema_validation: flags.skip_schema_validation,
        ..RenderOptions::default()
    })
}
