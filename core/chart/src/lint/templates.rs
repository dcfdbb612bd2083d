//! All templates: parse errors, failures, and what they render. Each template is looked at by itself.

use std::collections::{BTreeMap, BTreeSet};

use pilothouse_template::{MissingKey, TemplateSet};
use serde_json::{Map, Value};

use super::runs::{Cause, Run, Stop};
use super::{Problem, Severity, objects};
use crate::render::{Renderable, renderables, template_order};
use crate::{Chart, RenderOptions};

/// Looks at the templates of a chart and its subcharts.
pub(super) fn check(
    chart: &Chart,
    values: &Map<String, Value>,
    options: &RenderOptions,
    problems: &mut Vec<Problem>,
) {
    let templates = renderables(chart, values, options);
    let root = format!("{}/", chart.name());
    let (set, broken) = parse(&templates, &root, problems);
    let mut failures = Failures::default();
    let mut objects = objects::Objects::new(options);
    // Helm's order: templates may change the values for those after them.
    for name in template_order(&templates) {
        let base = name.rsplit('/').next().unwrap_or(name);
        let Some(template) = templates.get(name).filter(|_| !base.starts_with('_') && !broken.contains(name))
        else {
            continue;
        };
        let run = Run { set: &set, name, template, options };
        let (text, stops) = run.execute();
        for stop in stops {
            failures.add(stop, &root, &broken);
        }
        let file = name.strip_prefix(&root).unwrap_or(name);
        if let Some(text) = text.filter(|_| !file.ends_with("NOTES.txt")) {
            objects.check(file, &text, problems);
        }
    }
    problems.extend(failures.into_problems());
}

/// Parses all templates. A template that cannot be parsed is left out, and named.
fn parse<'t>(
    templates: &'t BTreeMap<String, Renderable<'_>>,
    root: &str,
    problems: &mut Vec<Problem>,
) -> (TemplateSet, BTreeSet<&'t str>) {
    let mut set = TemplateSet::new(MissingKey::Zero);
    let mut broken = BTreeSet::new();
    for name in template_order(templates) {
        let Some(template) = templates.get(name) else { continue };
        if let Err(error) = set.parse(name, &template.text) {
            let file = name.strip_prefix(root).unwrap_or(name);
            let problem = Problem::new(Severity::Error, "template-parse", file, &error.message);
            problems.push(Problem { line: Some(error.line), column: error.column, ..problem });
            broken.insert(name);
        }
    }
    (set, broken)
}

/// Failures by where they are: many templates may fail in one helper.
#[derive(Default)]
struct Failures(BTreeMap<Failure, (Cause, BTreeSet<String>)>);

/// File, line, column and message.
type Failure = (String, Option<usize>, Option<usize>, String);

impl Failures {
    fn add(&mut self, stop: Stop, root: &str, broken: &BTreeSet<&str>) {
        // What a file defines that could not be parsed is missing, which is no problem of its own.
        if stop.is_missing_template && !broken.is_empty() {
            return;
        }
        let within = |name: &str| name.strip_prefix(root).unwrap_or(name).to_owned();
        let key = (within(&stop.file), stop.line, stop.column, stop.message);
        let (_, callers) = self.0.entry(key).or_insert_with(|| (stop.cause, BTreeSet::new()));
        callers.extend(stop.called_from.iter().map(|caller| within(caller)));
    }

    fn into_problems(self) -> impl Iterator<Item = Problem> {
        self.0.into_iter().map(|((file, line, column, message), (cause, callers))| {
            let (severity, rule, message) = match cause {
                Cause::Error => (Severity::Error, "template-error", message),
                Cause::Limit => (Severity::Error, "template-limit", message),
                Cause::Required => {
                    (Severity::Info, "value-required", format!("a value has to be given: {}", message.trim()))
                }
            };
            let message = match callers.len() {
                0 => message,
                1 | 2 => {
                    format!("{message} (called from {})", callers.into_iter().collect::<Vec<_>>().join(", "))
                }
                more => {
                    let first = callers.into_iter().next().unwrap_or_default();
                    format!("{message} (called from {first} and {} other places)", more - 1)
                }
            };
            Problem { line, column, ..Problem::new(severity, rule, file, message) }
        })
    }
}
