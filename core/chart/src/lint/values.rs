//! `values.yaml`, given values, and schemas.

use pilothouse_encoding::yaml::{self, Position, Positions};
use serde_json::{Map, Value};

use super::{GivenValues, Problem, Severity, documents, files};
use crate::schema::{self, Violation};
use crate::{Chart, File, load_values};

/// The file.
const FILE: &str = "values.yaml";

/// Looks at `values.yaml`; says whether a chart can be loaded with it.
pub(super) fn check_file(files: &[File], problems: &mut Vec<Problem>) -> bool {
    if !files.iter().any(|file| file.name == FILE) {
        problems.push(Problem::new(Severity::Info, "values-missing", FILE, "the file does not exist"));
        return true;
    }
    let text = files::text(files, FILE);
    for line in repeated(&text) {
        problems.push(line);
    }
    match yaml::parse(&text) {
        Err(error) => {
            let problem = Problem::new(Severity::Error, "values-yaml", FILE, documents::reason(&error));
            problems.push(problem.at_line(Some(documents::line_of(&error))));
            false
        }
        Ok(_) => match load_values(text.as_bytes()) {
            Ok(_) => true,
            Err(_) => {
                let message = "the values are no map";
                problems.push(Problem::new(Severity::Error, "values-yaml", FILE, message).at_line(Some(1)));
                false
            }
        },
    }
}

/// Of keys that stand twice in a map, the first is lost.
fn repeated(text: &str) -> Vec<Problem> {
    let Err(yaml::YamlError::DuplicateKeys(lines)) = yaml::parse_strict(text) else { return Vec::new() };
    let problem = |line: String| {
        let (place, message) = line.split_once(": ").unwrap_or(("", &line));
        let number = place.strip_prefix("line ").and_then(|number| number.parse().ok());
        let message = format!("{message}: the last one counts");
        Problem::new(Severity::Warning, "values-duplicate", FILE, message).at_line(number)
    };
    lines.into_iter().map(problem).collect()
}

/// Checks the values of a chart and its subcharts against their schemas.
pub(super) fn check_schemas(
    chart: &Chart,
    values: &Map<String, Value>,
    files: &[File],
    given: &GivenValues,
    problems: &mut Vec<Problem>,
) {
    let mut sources: Vec<Source> =
        given.texts.iter().rev().map(|text| Source::new(&text.name, &text.text, true)).collect();
    sources.push(Source::new(FILE, &files::text(files, FILE), false));
    check_chart(chart, values, &mut Vec::new(), &sources, problems);
}

/// A text with values.
struct Source {
    name: String,
    is_outside: bool,
    positions: Positions,
}

impl Source {
    fn new(name: &str, text: &str, is_outside: bool) -> Self {
        Self { name: name.to_owned(), is_outside, positions: Positions::of(text) }
    }
}

fn check_chart(
    chart: &Chart,
    values: &Map<String, Value>,
    path: &mut Vec<String>,
    sources: &[Source],
    problems: &mut Vec<Problem>,
) {
    let folder: String = path.iter().map(|name| format!("charts/{name}/")).collect();
    match chart.schema.as_deref().map(|schema| schema::violations(schema, values)) {
        None => {}
        Some(Err(reason)) => {
            let position = json_position(chart.schema.as_deref().unwrap_or_default());
            let file = format!("{folder}values.schema.json");
            problems.push(Problem::new(Severity::Error, "schema", file, reason).at(position));
        }
        Some(Ok(violations)) => {
            problems.extend(violations.into_iter().map(|violation| place(violation, path, sources)));
        }
    }
    for subchart in &chart.dependencies {
        if let Some(Value::Object(values)) = values.get(subchart.name()) {
            path.push(subchart.name().to_owned());
            check_chart(subchart, values, path, sources, problems);
            path.pop();
        }
    }
}

/// Where a value that violates a schema was given: the last text that has it, or the nearest part of `values.yaml`.
fn place(violation: Violation, chart: &[String], sources: &[Source]) -> Problem {
    let path: Vec<String> = chart.iter().cloned().chain(violation.path.iter().cloned()).collect();
    let found = sources.iter().find_map(|source| Some((source, source.positions.get(&path)?)));
    let (file, is_outside, position) = match found {
        Some((source, position)) => (source.name.clone(), source.is_outside, Some(position)),
        None => (FILE.to_owned(), false, sources.last().and_then(|source| source.positions.nearest(&path))),
    };
    let shown = if path.is_empty() { "the values".to_owned() } else { path.join(".") };
    let message = format!("{shown}: {}", violation.message);
    Problem { is_outside, ..Problem::new(Severity::Error, "schema", file, message).at(position) }
}

/// Where a schema is no JSON.
fn json_position(schema: &[u8]) -> Option<Position> {
    let error = serde_json::from_slice::<Value>(schema).err()?;
    Some(Position { line: error.line(), column: error.column().max(1) })
}
