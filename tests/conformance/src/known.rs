//! Sequences that are known to differ: a line each, with the seed and what differs.

use std::collections::{BTreeMap, BTreeSet};

use crate::campaign::{Finding, Plan};
use crate::report::title;

/// What is known, by seed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Known(BTreeMap<u64, String>);

/// How what was found compares with what is known.
#[derive(Debug, Default)]
pub struct Comparison {
    /// Findings in sequences that are not known to differ.
    pub new: Vec<Finding>,
    /// Sequences that differ and are known to.
    pub known: usize,
    /// Seeds of the plan that are known to differ and do not.
    pub settled: Vec<u64>,
}

impl Known {
    /// Reads lines of a seed and what differs. Empty ones and those that begin with `#` say nothing.
    ///
    /// # Errors
    ///
    /// The first line without a seed, by its number.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut known = BTreeMap::new();
        for (number, line) in text.lines().enumerate() {
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let (seed, what) = line.split_once(' ').unwrap_or((line, ""));
            let seed = seed.parse().map_err(|_| format!("line {}: {seed:?} is no seed", number + 1))?;
            known.insert(seed, what.to_owned());
        }
        Ok(Self(known))
    }

    /// What findings would make known, as lines.
    #[must_use]
    pub fn lines(findings: &[Finding]) -> String {
        let mut by_seed: BTreeMap<u64, Vec<String>> = BTreeMap::new();
        for finding in findings {
            by_seed.entry(finding.seed).or_default().push(title(finding));
        }
        by_seed.iter().map(|(seed, titles)| format!("{seed} {}\n", titles.join("; "))).collect()
    }

    /// Tells new findings from known ones.
    #[must_use]
    pub fn compare(&self, plan: &Plan, findings: Vec<Finding>) -> Comparison {
        let differing: BTreeSet<u64> = findings.iter().map(|finding| finding.seed).collect();
        let played = plan.seed..plan.seed.saturating_add(plan.sequences);
        let settled = self.0.keys().filter(|seed| played.contains(seed) && !differing.contains(seed));
        Comparison {
            known: differing.iter().filter(|seed| self.0.contains_key(seed)).count(),
            settled: settled.copied().collect(),
            new: findings.into_iter().filter(|finding| !self.0.contains_key(&finding.seed)).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::compare::Difference;
    use crate::step::Step;

    fn finding(seed: u64) -> Finding {
        let difference = Difference { path: "/data/a".to_owned(), real: json!(1), model: json!(2) };
        let step = Step::new("GET", "/api/v1/namespaces/x/configmaps/o0");
        Finding { seed, steps: vec![step], differences: vec![difference] }
    }

    #[test]
    fn new_known_and_settled_ones_are_told_apart() {
        let known = Known::parse(&format!("# seeds\n\n{}9 x\n4 y\n", Known::lines(&[finding(2)]))).unwrap();
        let plan = Plan { server: String::new(), seed: 1, sequences: 5, label: String::new() };
        let compared = known.compare(&plan, vec![finding(2), finding(2), finding(3)]);
        assert_eq!(compared.new.iter().map(|finding| finding.seed).collect::<Vec<_>>(), [3]);
        assert_eq!((compared.known, compared.settled), (1, vec![4]));
    }

    #[test]
    fn a_line_without_a_seed_is_named() {
        assert_eq!(Known::parse("1 a\nb c"), Err("line 2: \"b\" is no seed".to_owned()));
    }
}
