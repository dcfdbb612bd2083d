//! Findings, grouped by what they are about.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use crate::campaign::Finding;
use crate::case::Case;
use crate::compare::Kind;

/// Findings that seem to have one cause, the smallest first.
#[derive(Debug)]
pub struct Group {
    /// What they have in common.
    pub label: String,
    /// The findings.
    pub findings: Vec<Finding>,
}

/// Groups findings; the largest group first.
#[must_use]
pub fn groups(findings: Vec<Finding>) -> Vec<Group> {
    let mut by_label: BTreeMap<String, Vec<Finding>> = BTreeMap::new();
    for finding in findings {
        by_label.entry(label(&finding)).or_default().push(finding);
    }
    let mut groups: Vec<Group> =
        by_label.into_iter().map(|(label, findings)| Group { label, findings }).collect();
    for group in &mut groups {
        group.findings.sort_by_key(|finding| size(&finding.case));
    }
    groups.sort_by_key(|group| std::cmp::Reverse(group.findings.len()));
    groups
}

/// What a group of findings is about.
#[must_use]
pub fn label(finding: &Finding) -> String {
    let signature = &finding.difference.signature;
    match finding.difference.kind {
        Kind::Output => format!("Output {:?} {}", finding.topic, called(&finding.case).join(" ")),
        kind => format!("{kind:?} {signature}"),
    }
}

/// A group as a text.
#[must_use]
pub fn text(group: &Group) -> String {
    let mut text = format!("== {} ({} times)\n", group.label, group.findings.len());
    if let Some(finding) = group.findings.first() {
        let _ = writeln!(text, "-- seed {} topic {:?}", finding.seed, finding.topic);
        for (name, content) in finding.case.files.iter().chain(&finding.case.cwd_files) {
            if name != "Chart.yaml" || content.lines().count() != 4 {
                let _ = writeln!(text, "   {name}: {content:?}");
            }
        }
        for (name, content) in &finding.case.binary {
            let _ = writeln!(text, "   {name}: {content} in base64");
        }
        if !finding.case.args.is_empty() {
            let _ = writeln!(text, "   {:?}", finding.case.args);
        }
        let shown = |outcome: &crate::case::Outcome| match outcome.rc {
            0 => format!("notes {:?} stdout {:?}", outcome.notes, outcome.stdout),
            rc => format!("rc {rc} {:?}", outcome.error),
        };
        let _ = writeln!(text, "   ours {}\n   helm {}", shown(&finding.ours), shown(&finding.helm));
    }
    text
}

fn size(case: &Case) -> usize {
    case.files.iter().chain(&case.cwd_files).map(|(name, text)| name.len() + text.len()).sum()
}

/// The functions called in the templates.
fn called(case: &Case) -> Vec<&str> {
    let texts = case.files.iter().filter(|(name, _)| name.starts_with("templates/"));
    let words =
        texts.flat_map(|(_, text)| text.split(|c: char| !c.is_alphanumeric() && c != '.' && c != '"'));
    let names: BTreeSet<&str> = words.filter(|word| crate::generate::is_function(word)).collect();
    names.into_iter().collect()
}
