//! Making a scenario that finds something as short as it can be, by leaving out statements.

mod ends;
mod parts;

use crate::scenario::{Line, Scenario};

use ends::{ends_alike, has_news};
use parts::{knobs, releases, without_knob, without_release};

/// A short scenario and what it took to get it.
#[derive(Debug, Clone)]
pub struct Shrunk {
    /// The scenario.
    pub scenario: Scenario,
    /// How many runs it took.
    pub runs: u32,
}

impl Shrunk {
    /// How many statements are left.
    #[must_use]
    pub fn steps(&self) -> usize {
        self.scenario.steps().count()
    }
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

/// Shrinks a scenario that finds something, which `finds` says of what is left. Whole releases are left out first, then
/// statements, then settings, and what was needed for those only.
///
/// What was put right in the end stays so: without it a scenario finds something that is no bug.
pub(super) fn shrink_finding(
    scenario: &Scenario,
    finds: impl FnMut(&Scenario) -> bool,
    more: impl FnMut() -> bool,
) -> Shrunk {
    let mut shrinking = Shrinking { finds, more, runs: 0 };
    // The ends of what was there at first, with what was left out of them since.
    let (mut whole, mut left) = (scenario.clone(), scenario.clone());
    for name in releases(scenario) {
        let ends = without_release(&whole, &name);
        if shrinking.holds(&ends, &without_release(&left, &name)) {
            left = without_release(&left, &name);
            whole = ends;
        }
    }
    left = shrinking.statements(&whole, &left);
    for (subject, knob) in knobs(&left) {
        let shorter = without_knob(&left, &subject, knob);
        let ends = without_knob(&whole, &subject, knob);
        let keeps_news = has_news(&left, &subject) == has_news(&shorter, &subject);
        if keeps_news && shrinking.holds(&ends, &shorter) {
            (whole, left) = (ends, shorter);
        }
    }
    left = shrinking.statements(&whole, &left);
    Shrunk { scenario: left, runs: shrinking.runs }
}

/// What says whether a shorter scenario will do.
struct Shrinking<F, M> {
    finds: F,
    more: M,
    runs: u32,
}

impl<F: FnMut(&Scenario) -> bool, M: FnMut() -> bool> Shrinking<F, M> {
    /// Whether a scenario that ends as the whole one does still finds the same.
    fn holds(&mut self, whole: &Scenario, candidate: &Scenario) -> bool {
        if !ends_alike(whole, candidate) || !(self.more)() {
            return false;
        }
        self.runs += 1;
        (self.finds)(candidate)
    }

    fn statements(&mut self, whole: &Scenario, scenario: &Scenario) -> Scenario {
        let Self { finds, more, runs } = self;
        let fails = |candidate: &Scenario| {
            let sound = ends_alike(whole, candidate);
            *runs += u32::from(sound);
            sound && finds(candidate)
        };
        shrink(scenario, fails, more).scenario
    }
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

    #[test]
    fn what_was_put_right_stays_so() {
        let text = "shards 2\nchart app 1.0.0\nsource app chart=app@1.0.0\nsource db chart=db@1.0.0\n\
                    apply values Secret values-app replicas=2\n\
                    apply release app source=app timeout=5s values-from=Secret/values-app message=first\n\
                    apply release db source=db depends-on=app\n\
                    at 1s hold ConfigMap app-config\nat 2s helm corrupt app\nat 3s slow 9s\n\
                    at 4s apply release app source=app stuck=yes message=second\ncalm\n\
                    helm repair app\nunhold ConfigMap app-config\nsource app chart=app@1.0.0\n\
                    apply values Secret values-app replicas=3\n\
                    apply release app source=app timeout=5s values-from=Secret/values-app message=last\n\
                    apply release db source=db depends-on=app\nsettle\n";
        let scenario = Scenario::parse(text).unwrap();
        let finds = |left: &Scenario| {
            let left = left.to_string();
            ["s hold ", "corrupt", "apply release app", "stuck=yes", "settle"]
                .iter()
                .all(|word| left.contains(word))
        };
        let shrunk = shrink_finding(&scenario, finds, || true);
        assert_eq!(
            shrunk.scenario.to_string(),
            "at 1s hold ConfigMap app-config\nat 2s helm corrupt app\nat 4s apply release app stuck=yes\n\
             helm repair app\nunhold ConfigMap app-config\napply release app\nsettle\n"
        );
        assert_eq!(shrunk.steps(), 7);
    }
}
