//! What a shorter scenario must have in common with the whole one: what becomes of its releases and of what they need.
//!
//! A random scenario puts right in the end what it has disturbed. Without that it fails for another reason.

use std::collections::BTreeMap;

use super::parts::Subject;
use crate::scenario::{HelmCommand, Scenario, Settings, Statement};

/// Whether the last word about everything that the candidate has is that of the whole scenario.
pub(super) fn ends_alike(whole: &Scenario, candidate: &Scenario) -> bool {
    let whole = ends(whole);
    ends(candidate).iter().all(|(about, last)| whole.get(about) == Some(last))
}

/// Whether the last spec of a release differs from the one before.
pub(super) fn has_news(scenario: &Scenario, subject: &Subject) -> bool {
    let declared = scenario.steps().filter_map(|step| settings_of(&step.what, subject));
    let declared: Vec<&Settings> = declared.collect();
    declared.last_chunk::<2>().is_some_and(|[before, last]| before != last)
}

fn settings_of<'a>(statement: &'a Statement, subject: &Subject) -> Option<&'a Settings> {
    match statement {
        Statement::Release { settings, .. } if subject.is_of(statement) => Some(settings),
        _ => None,
    }
}

/// The last statement about each thing that statements change and put right.
fn ends(scenario: &Scenario) -> BTreeMap<(&str, &str), &Statement> {
    scenario.steps().filter_map(|step| Some((about(&step.what)?, &step.what))).collect()
}

fn about(statement: &Statement) -> Option<(&str, &str)> {
    Some(match statement {
        Statement::Release { name, .. } => ("release", name),
        Statement::Source { name, .. } => ("source", name),
        Statement::Values { kind, name, .. } => (kind.word(), name),
        Statement::Delete(target) => (&target.kind, &target.name),
        Statement::Hold(target) | Statement::Unhold(target) => ("finalizer", &target.name),
        Statement::Helm(HelmCommand::Corrupt | HelmCommand::Repair, name) => ("storage", name),
        _ => return None,
    })
}
