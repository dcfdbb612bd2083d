//! Many cases, over several threads.

use std::collections::BTreeMap;
use std::panic::resume_unwind;
use std::path::Path;
use std::sync::Mutex;

use crate::case::{Case, Outcome};
use crate::choices::Choices;
use crate::compare::{Difference, Kind, difference};
use crate::generate::{self, Topic};
use crate::oracle::{Oracle, OracleError};
use crate::ours;
use crate::shrink::{replay, shrink};

/// What is run.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    /// Seed of the first case; the next one has the next seed.
    pub seed: u64,
    /// How many cases.
    pub cases: u64,
    /// The topic; otherwise each case draws its own.
    pub topic: Option<Topic>,
    /// Threads, each with an oracle.
    pub threads: u64,
    /// How many differences that look alike are made small.
    pub alike: usize,
}

/// A difference with the smallest case that shows it.
#[derive(Debug, Clone)]
pub struct Finding {
    /// Seed of the case that it was found with.
    pub seed: u64,
    /// Topic of the case.
    pub topic: Topic,
    /// The smallest case.
    pub case: Case,
    /// In what the outcomes differ.
    pub difference: Difference,
    /// What Pilothouse makes of it.
    pub ours: Outcome,
    /// What Helm makes of it.
    pub helm: Outcome,
}

/// What a campaign found.
#[derive(Debug, Default)]
pub struct Tally {
    /// Cases compared.
    pub compared: u64,
    /// Cases that both render.
    pub rendered: u64,
    /// Cases that call a function Pilothouse does not have.
    pub unsupported: u64,
    /// Differences.
    pub different: u64,
    /// Those made small.
    pub findings: Vec<Finding>,
    seen: BTreeMap<(Topic, Kind, String), usize>,
}

/// Runs the cases of the plan.
///
/// # Errors
/// When the oracle fails.
pub fn run(plan: &Plan, oracle: &Path) -> Result<Tally, OracleError> {
    let tally = Mutex::new(Tally::default());
    std::thread::scope(|scope| {
        let work = |first: u64| {
            let mut oracle = Oracle::start(oracle)?;
            let mut seeds = (plan.seed + first..plan.seed + plan.cases)
                .step_by(usize::try_from(plan.threads).unwrap_or(1));
            seeds.try_for_each(|seed| examine(plan, seed, &mut oracle, &tally))
        };
        let workers: Vec<_> = (0..plan.threads).map(|first| scope.spawn(move || work(first))).collect();
        workers.into_iter().try_for_each(|worker| worker.join().unwrap_or_else(|panic| resume_unwind(panic)))
    })?;
    Ok(tally.into_inner().unwrap_or_default())
}

fn examine(plan: &Plan, seed: u64, oracle: &mut Oracle, tally: &Mutex<Tally>) -> Result<(), OracleError> {
    let mut choices = Choices::random(seed);
    let drawn = generate::topic(&mut choices);
    let topic = plan.topic.unwrap_or(drawn);
    let mut choices = Choices::random(seed);
    let case = generate::case(topic, &mut choices);
    let (ours, helm) = (ours::run(&case), oracle.ask(&case)?);
    let found = difference(&case, &ours, &helm).filter(|_| !ours::depends_on_the_clock(&case));
    {
        let Ok(mut tally) = tally.lock() else { return Ok(()) };
        if unsupported(&ours) {
            tally.unsupported += 1;
            return Ok(());
        }
        tally.compared += 1;
        tally.rendered += u64::from(ours.rc == 0 && helm.rc == 0);
        let Some(found) = &found else { return Ok(()) };
        tally.different += 1;
        let alike = tally.seen.entry((topic, found.kind, found.signature.clone())).or_default();
        *alike += 1;
        // Other output tells nothing about its cause, so more of those are looked at.
        let most = if found.kind == Kind::Output { plan.alike * 8 } else { plan.alike };
        if *alike > most {
            return Ok(());
        }
    }
    if let Some(found) = found {
        let finding = smallest(seed, topic, choices.taken(), &found, oracle)?;
        if let Ok(mut tally) = tally.lock() {
            tally.findings.push(finding);
        }
    }
    Ok(())
}

/// The smallest case with the same difference.
fn smallest(
    seed: u64,
    topic: Topic,
    taken: &[u64],
    found: &Difference,
    oracle: &mut Oracle,
) -> Result<Finding, OracleError> {
    let mut failed = None;
    let best = shrink(taken.to_vec(), |candidate| {
        let case = replay(candidate, |choices| generate::case(topic, choices));
        match oracle.ask(&case) {
            Ok(helm) => {
                difference(&case, &ours::run(&case), &helm).as_ref() == Some(found)
                    && !ours::depends_on_the_clock(&case)
            }
            Err(error) => {
                failed = Some(error);
                false
            }
        }
    });
    if let Some(error) = failed {
        return Err(error);
    }
    let case = replay(&best, |choices| generate::case(topic, choices));
    let (ours, helm) = (ours::run(&case), oracle.ask(&case)?);
    let difference = difference(&case, &ours, &helm).unwrap_or_else(|| found.clone());
    Ok(Finding { seed, topic, case, difference, ours, helm })
}

/// Whether the case calls a function that is not there.
fn unsupported(ours: &Outcome) -> bool {
    let called = ours.error.split("function \"").nth(1).and_then(|rest| rest.split_once("\" not defined"));
    called.is_some_and(|(name, _)| generate::is_function(name))
}
