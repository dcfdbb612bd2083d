//! All problems of a chart at once: its files, values, schemas, templates, and the objects that they render.
//!
//! A problem hides no other if it can be helped: what cannot be read is left out and the rest is looked at. Go package
//! `helm.sh/helm/v4/pkg/chart/v2/lint` has the rules that this one has more of.

mod chart_yaml;
mod dependencies;
mod documents;
mod files;
mod names;
mod objects;
mod problem;
mod removed;
mod runs;
mod selectors;
mod templates;
mod values;

use pilothouse_encoding::yaml::Positions;
use serde_json::{Map, Value};

pub use problem::{Problem, Severity};

use crate::dependencies::process_dependencies;
use crate::{Chart, File, Limits, RenderOptions, coalesce_values};

/// A text that values were read from, to say where in it a problem is.
#[derive(Debug, Clone)]
pub struct ValuesText {
    /// Name of the file.
    pub name: String,
    /// Its content.
    pub text: String,
}

/// Values of the user.
#[derive(Debug, Clone, Default)]
pub struct GivenValues {
    /// All values together.
    pub values: Map<String, Value>,
    /// The files among where they come from; later ones win.
    pub texts: Vec<ValuesText>,
}

/// Looks for problems in the files of a chart, in the order of files and lines.
#[must_use]
pub fn lint(files: &[File], given: &GivenValues, options: &RenderOptions) -> Vec<Problem> {
    let mut problems = Vec::new();
    files::check(files, &mut problems);
    let main = chart_yaml::check(files, options, &mut problems);
    let readable = values::check_file(files, &mut problems);
    let usable = files::usable(files, main, readable);
    match Chart::from_files(usable, &Limits::default()) {
        Ok(chart) => check_chart(&chart, files, given, options, &mut problems),
        Err(error) => {
            let is_known = problems.iter().any(|problem| problem.severity == Severity::Error);
            if !is_known || matches!(error, crate::ChartError::Subchart { .. }) {
                problems.push(Problem::new(Severity::Error, "chart-load", "Chart.yaml", error.to_string()));
            }
        }
    }
    problems.sort();
    problems.dedup();
    problems
}

/// What can be said of a chart that could be loaded.
fn check_chart(
    chart: &Chart,
    files: &[File],
    given: &GivenValues,
    options: &RenderOptions,
    problems: &mut Vec<Problem>,
) {
    let positions = Positions::of(&files::text(files, "Chart.yaml"));
    dependencies::check(chart, &positions, problems);
    let mut enabled = chart.clone();
    let mut warnings = Vec::new();
    let settled = process_dependencies(&mut enabled, &given.values, &mut warnings)
        .and_then(|()| coalesce_values(&enabled, &given.values, &mut warnings));
    for warning in warnings {
        let text = warning.trim_start_matches("warning: ").to_owned();
        problems.push(Problem::new(Severity::Warning, "values", "values.yaml", text));
    }
    let values = match settled {
        Ok(values) => values,
        Err(error) => {
            problems.push(Problem::new(Severity::Error, "values", "values.yaml", error));
            return;
        }
    };
    if !options.skip_schema_validation {
        values::check_schemas(&enabled, &values, files, given, problems);
    }
    templates::check(&enabled, &values, options, problems);
}

/// A text in Go's quotes.
fn quoted(text: &str) -> String {
    pilothouse_template::go_quoted(text.as_bytes())
}
