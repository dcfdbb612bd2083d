//! Making a scenario that finds something as short as it can be, by leaving out statements.

use super::{RunOptions, run_scenario_with};
use crate::scenario::{Line, Scenario, Statement};

/// A short scenario and what it took to get it.
#[derive(Debug, Clone)]
pub struct Shrunk {
    /// The scenario.
    pub scenario: Scenario,
    /// How many runs it took.
    pub runs: u32,
}

/// Leaves out statements for as long as `fails` says that what is left still finds the same. `more` says whether there is
/// time left.
///
/// Halves are tried first, then smaller parts, down to single statements (delta debugging).
pub fn shrink(
    scenario: &Scenario,
    mut fails: impl FnMut(&Scenario) -> bool,
    mut more: impl FnMut() -> bool,
) -> Shrunk {
    let mut lines: Vec<Line> =
        scenario.lines.iter().filter(|line| matches!(line, Line::Step(_))).cloned().collect();
    let mut runs = 0;
    let mut part = lines.len().div_ceil(2);
    while part > 0 {
        let mut start = 0;
        let mut shorter = false;
        while start < lines.len() && more() {
            let end = (start + part).min(lines.len());
            let mut left = lines.clone();
            left.drain(start..end);
            runs += 1;
            let candidate = Scenario { lines: left };
            if fails(&candidate) {
                lines = candidate.lines;
                shorter = true;
            } else {
                start = end;
            }
        }
        // Single statements are tried until none can go.
        if part > 1 || !shorter {
            part /= 2;
        }
        if !more() {
            break;
        }
    }
    Shrunk { scenario: Scenario { lines }, runs }
}

/// Shrinks a scenario whose run has a finding of this oracle. The settings of its releases and charts are left out as
/// well where they do not matter.
pub(super) fn shrink_finding(
    scenario: &Scenario,
    options: &RunOptions,
    oracle: &str,
    mut more: impl FnMut() -> bool,
) -> Shrunk {
    let mut fails = |candidate: &Scenario| {
        let run = run_scenario_with(candidate, options);
        run.finding.is_some_and(|finding| finding.oracle() == oracle)
    };
    let mut shrunk = shrink(scenario, &mut fails, &mut more);
    let mut index = 0;
    while index < shrunk.scenario.lines.len() {
        let mut setting = 0;
        while more() {
            let Some(candidate) = without_setting(&shrunk.scenario, index, setting) else { break };
            shrunk.runs += 1;
            if fails(&candidate) {
                shrunk.scenario = candidate;
            } else {
                setting += 1;
            }
        }
        index += 1;
    }
    shrunk
}

/// The scenario with one setting of one statement left out.
fn without_setting(scenario: &Scenario, line: usize, setting: usize) -> Option<Scenario> {
    let mut shorter = scenario.clone();
    let Some(Line::Step(step)) = shorter.lines.get_mut(line) else { return None };
    let settings = match &mut step.what {
        Statement::Chart { settings, .. }
        | Statement::Release { settings, .. }
        | Statement::Values { settings, .. } => settings,
        _ => return None,
    };
    if setting >= settings.len() {
        return None;
    }
    settings.remove(setting);
    Some(shorter)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_matters_is_left() {
        let text: String = (0..40).map(|number| format!("request r{number}\n")).collect();
        let scenario = Scenario::parse(&text).unwrap();
        let has =
            |scenario: &Scenario, name: &str| scenario.to_string().contains(&format!("request {name}\n"));
        let shrunk = shrink(&scenario, |left| has(left, "r7") && has(left, "r31"), || true);
        assert_eq!(shrunk.scenario.to_string(), "request r7\nrequest r31\n");
        assert!(shrunk.runs < 80, "{}", shrunk.runs);
    }
}
