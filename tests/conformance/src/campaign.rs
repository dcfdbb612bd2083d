//! Many sequences, one after another, against both sides.

use std::collections::BTreeSet;
use std::io;

use crate::compare::{Difference, differences};
use crate::generate::sequence;
use crate::model::Model;
use crate::real::Real;
use crate::step::{Memory, Side, Step};

/// What is to be done.
#[derive(Debug, Clone)]
pub struct Plan {
    /// `host:port` of the real server.
    pub server: String,
    /// The first seed.
    pub seed: u64,
    /// How many sequences.
    pub sequences: u64,
    /// Tells the namespaces of several campaigns on one server apart.
    pub label: String,
}

/// A request whose answers differ, the first about its resource.
#[derive(Debug, Clone)]
pub struct Finding {
    /// The seed.
    pub seed: u64,
    /// The requests up to that one.
    pub steps: Vec<Step>,
    /// What differs.
    pub differences: Vec<Difference>,
}

/// What came of a campaign.
#[derive(Debug, Default)]
pub struct Tally {
    /// Sequences.
    pub sequences: u64,
    /// Requests.
    pub requests: u64,
    /// Sequences that differ.
    pub different: u64,
    /// What differs in them.
    pub findings: Vec<Finding>,
}

/// Runs a plan.
///
/// # Errors
///
/// The real server does not answer.
pub fn run(plan: &Plan) -> Result<Tally, io::Error> {
    let mut real = Real::new(&plan.server);
    let mut tally = Tally::default();
    for seed in plan.seed..plan.seed.saturating_add(plan.sequences) {
        let steps = sequence(seed, &format!("c{}-{seed}", plan.label));
        tally.sequences += 1;
        let finding = play(seed, &steps, &mut real)?;
        tally.requests += steps.len() as u64;
        tally.different += u64::from(!finding.is_empty());
        tally.findings.extend(finding);
    }
    Ok(tally)
}

/// Sends a sequence to both sides; returns the requests whose answers differ. An object that has differed once is left
/// out afterwards: what follows from that is no finding.
fn play(seed: u64, steps: &[Step], real: &mut Real) -> Result<Vec<Finding>, io::Error> {
    let mut model = Model::new(seed)?;
    let (mut of_real, mut of_model) = (Memory::default(), Memory::default());
    let (mut findings, mut spoilt) = (Vec::new(), BTreeSet::new());
    for (index, step) in steps.iter().enumerate() {
        let expected = real.send(&of_real.fill(step))?;
        let found = model.send(&of_model.fill(step))?;
        of_real.note(step, &expected);
        of_model.note(step, &found);
        let differences = differences(step, &expected, &found);
        if differences.is_empty() || !spoilt.insert(step.resource().to_owned()) {
            continue;
        }
        let steps = steps.iter().take(index + 1).cloned().collect();
        findings.push(Finding { seed, steps, differences });
    }
    Ok(findings)
}
