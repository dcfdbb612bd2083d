//! Reports for people and programs.

use std::fmt::Write as _;

use pilothouse_chart::{Problem, Severity};
use serde_json::{Value, json};

/// A chart and its problems.
pub(super) struct Linted {
    /// As given.
    pub(super) path: String,
    pub(super) problems: Vec<Problem>,
}

/// Numbers of problems.
pub(super) struct Summary {
    pub(super) errors: usize,
    pub(super) warnings: usize,
    pub(super) infos: usize,
}

impl Summary {
    pub(super) fn of(linted: &[Linted]) -> Self {
        let problems = || linted.iter().flat_map(|chart| &chart.problems);
        let count = |severity| problems().filter(|problem| problem.severity == severity).count();
        Self {
            errors: count(Severity::Error),
            warnings: count(Severity::Warning),
            infos: count(Severity::Info),
        }
    }
}

/// A line for each problem and one for all.
pub(super) fn text(linted: &[Linted], summary: &Summary) -> String {
    let mut text = String::new();
    for chart in linted {
        for problem in &chart.problems {
            let _ = writeln!(text, "{}{problem}", prefix(chart, problem));
        }
    }
    let charts = counted(linted.len(), "chart");
    let (errors, warnings) = (counted(summary.errors, "error"), counted(summary.warnings, "warning"));
    let _ = writeln!(text, "{charts} linted: {errors}, {warnings}, {} for information", summary.infos);
    text
}

/// One object: the charts with their problems, and the numbers.
pub(super) fn json(linted: &[Linted], summary: &Summary) -> String {
    let chart = |chart: &Linted| json!({"path": chart.path, "problems": chart.problems});
    let report: Value = json!({
        "charts": linted.iter().map(chart).collect::<Vec<_>>(),
        "errors": summary.errors,
        "warnings": summary.warnings,
        "infos": summary.infos,
    });
    format!("{report:#}\n")
}

/// What makes the path of a file in the chart one that can be opened.
fn prefix(chart: &Linted, problem: &Problem) -> String {
    let path = chart.path.trim_end_matches('/');
    if problem.is_outside || path == "." { String::new() } else { format!("{path}/") }
}

fn counted(count: usize, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}
