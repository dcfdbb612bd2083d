//! Dependencies of `Chart.yaml` against the charts in `charts/`.

use pilothouse_encoding::yaml::Positions;
use serde_json::{Map, Value};

use super::{Problem, Severity, quoted};
use crate::{Chart, Dependency, is_compatible};

/// The file.
const FILE: &str = "Chart.yaml";

/// Looks at all dependencies of a chart.
pub(super) fn check(chart: &Chart, positions: &Positions, problems: &mut Vec<Problem>) {
    for (index, dependency) in chart.metadata.dependencies.iter().enumerate() {
        let index = index.to_string();
        let mut push = |severity: Severity, field: &str, message: String| {
            let position = positions.nearest(&["dependencies", &index, field]);
            problems.push(Problem::new(severity, "dependency", FILE, message).at(position));
        };
        check_presence(chart, dependency, &mut push);
        check_conditions(chart, dependency, &mut push);
        check_imports(chart, dependency, &mut push);
    }
    for subchart in &chart.dependencies {
        let is_named =
            chart.metadata.dependencies.iter().any(|dependency| dependency.name == subchart.name());
        if !is_named {
            let text =
                format!("charts/ has {}, which is no dependency of Chart.yaml", quoted(subchart.name()));
            let position = positions.nearest(&["dependencies"]);
            problems.push(Problem::new(Severity::Warning, "dependency", FILE, text).at(position));
        }
    }
}

type Push<'a> = dyn FnMut(Severity, &str, String) + 'a;

fn check_presence(chart: &Chart, dependency: &Dependency, push: &mut Push<'_>) {
    let name = quoted(&dependency.name);
    let mut found =
        chart.dependencies.iter().filter(|subchart| subchart.name() == dependency.name).peekable();
    if found.peek().is_none() {
        let text = format!("dependency {name} is missing in charts/: run helm dependency build");
        return push(Severity::Error, "name", text);
    }
    let versions: Vec<&str> = found.map(|subchart| subchart.metadata.version.as_str()).collect();
    if !versions.iter().any(|version| is_compatible(&dependency.version, version)) {
        let (wanted, has) = (quoted(&dependency.version), versions.join(", "));
        let text = format!(
            "dependency {name} wants version {wanted}, charts/ has {has}: the dependency is left out"
        );
        push(Severity::Error, "version", text);
    }
}

/// A condition is a path of the parent's values, where the values of the subchart stand under its name.
fn check_conditions(chart: &Chart, dependency: &Dependency, push: &mut Push<'_>) {
    let conditions = dependency.condition.split(',').map(str::trim).filter(|condition| !condition.is_empty());
    for condition in conditions {
        match find(chart, dependency, condition) {
            Some(Value::Bool(_)) => {}
            Some(_) => {
                let text =
                    format!("condition {condition} is neither true nor false in values.yaml: it is ignored");
                push(Severity::Warning, "condition", text);
            }
            None => {
                let text = format!(
                    "condition {condition} has no value in values.yaml: it is ignored until one is given"
                );
                push(Severity::Warning, "condition", text);
            }
        }
    }
}

fn find<'a>(chart: &'a Chart, dependency: &Dependency, path: &str) -> Option<&'a Value> {
    if let Some(value) = at(&chart.values, path) {
        return Some(value);
    }
    let key = if dependency.alias.is_empty() { &dependency.name } else { &dependency.alias };
    let within = path.strip_prefix(key.as_str())?.strip_prefix('.')?;
    let subchart = chart.dependencies.iter().find(|subchart| subchart.name() == dependency.name)?;
    at(&subchart.values, within)
}

fn check_imports(chart: &Chart, dependency: &Dependency, push: &mut Push<'_>) {
    let Some(subchart) = chart.dependencies.iter().find(|subchart| subchart.name() == dependency.name) else {
        return;
    };
    for import in &dependency.import_values {
        let path = match import {
            Value::String(name) => format!("exports.{name}"),
            Value::Object(paths) => text(paths, "child"),
            _ => {
                let text = "an import must be a text, or have child and parent".to_owned();
                push(Severity::Error, "import-values", text);
                continue;
            }
        };
        if !at(&subchart.values, &path).is_some_and(Value::is_object) {
            let name = quoted(&dependency.name);
            let text = format!("the values of {name} have no map at {path}: nothing is imported");
            push(Severity::Warning, "import-values", text);
        }
    }
}

fn text(map: &Map<String, Value>, field: &str) -> String {
    map.get(field).and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn at<'a>(values: &'a Value, path: &str) -> Option<&'a Value> {
    path.split('.').try_fold(values, |values, key| values.get(key))
}
