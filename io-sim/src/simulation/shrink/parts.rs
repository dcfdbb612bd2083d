//! What of a scenario can be left out at once: all statements about a release, a setting wherever it is given.

use std::collections::BTreeSet;

use crate::scenario::{Knob, Line, Scenario, Settings, Statement, Target, Value};

/// What has settings.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Subject {
    /// A release by name.
    Release(String),
    /// A chart by name, in all versions.
    Chart(String),
    /// A source of values by name.
    Values(String),
}

impl Subject {
    /// Whether a statement gives settings of this.
    pub(super) fn is_of(&self, statement: &Statement) -> bool {
        subject_of(statement).is_some_and(|(subject, _)| subject == *self)
    }
}

/// The names of all releases.
pub(super) fn releases(scenario: &Scenario) -> BTreeSet<String> {
    let name = |statement: &Statement| match statement {
        Statement::Release { name, .. } => Some(name.clone()),
        _ => None,
    };
    scenario.steps().filter_map(|step| name(&step.what)).collect()
}

/// The scenario without a release, and without what others say of it.
pub(super) fn without_release(scenario: &Scenario, name: &str) -> Scenario {
    let mut shorter = scenario.clone();
    shorter.lines.retain(|line| !matches!(line, Line::Step(step) if is_about(&step.what, name)));
    for line in &mut shorter.lines {
        if let Line::Step(step) = line
            && let Statement::Release { settings, .. } = &mut step.what
        {
            settings.retain(|(knob, value)| {
                let needs = matches!(value, Value::Words(names) if names.iter().any(|other| other == name));
                !(*knob == Knob::DependsOn && needs)
            });
        }
    }
    shorter
}

/// The settings that are given, each with what it is of.
pub(super) fn knobs(scenario: &Scenario) -> BTreeSet<(Subject, Knob)> {
    let given = scenario.steps().filter_map(|step| subject_of(&step.what));
    given
        .flat_map(|(subject, settings)| settings.iter().map(move |(knob, _)| (subject.clone(), *knob)))
        .collect()
}

/// The scenario without a setting of something.
pub(super) fn without_knob(scenario: &Scenario, subject: &Subject, knob: Knob) -> Scenario {
    let mut shorter = scenario.clone();
    for line in &mut shorter.lines {
        if let Line::Step(step) = line
            && subject.is_of(&step.what)
            && let Statement::Chart { settings, .. }
            | Statement::Release { settings, .. }
            | Statement::Values { settings, .. } = &mut step.what
        {
            settings.retain(|(found, _)| *found != knob);
        }
    }
    shorter
}

fn subject_of(statement: &Statement) -> Option<(Subject, &Settings)> {
    match statement {
        Statement::Release { name, settings } => Some((Subject::Release(name.clone()), settings)),
        Statement::Chart { chart, settings } => Some((Subject::Chart(chart.name.clone()), settings)),
        Statement::Values { name, settings, .. } => Some((Subject::Values(name.clone()), settings)),
        _ => None,
    }
}

/// Whether a statement is about a release, its chart, its source, its values or its objects, which are named after it.
fn is_about(statement: &Statement, release: &str) -> bool {
    let is_its = |Target { name, .. }: &Target| {
        let name = name.rsplit('/').next().unwrap_or_default();
        name.split('-').any(|part| part == release)
    };
    match statement {
        Statement::Release { name, .. }
        | Statement::Source { name, .. }
        | Statement::Request { name, .. }
        | Statement::ForgetStatus { name, .. }
        | Statement::Helm(_, name) => name == release,
        Statement::Chart { chart, .. } => chart.name == release,
        Statement::Values { name, .. } => name.strip_prefix("values-") == Some(release),
        Statement::Delete(target)
        | Statement::Edit(target, _)
        | Statement::Hold(target)
        | Statement::Unhold(target) => is_its(target),
        _ => false,
    }
}
