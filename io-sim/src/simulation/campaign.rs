//! Many seeds: what a seed finds, and what many of them have covered.

use std::collections::{BTreeMap, BTreeSet};

use super::compare::{differences, is_comparable, twin};
use super::shrink::shrink_finding;
use super::{FaultClass, Finding, Run, RunOptions, Shrunk, feasible_pairs, generate, run_scenario_while};
use crate::scenario::{Scenario, State};

/// How much more may happen in a shorter scenario until it finds what the whole one has found.
const LONGER: u32 = 2;

/// How seeds are simulated.
#[derive(Debug, Clone, Default)]
pub struct Campaign {
    /// Classes that may be drawn.
    pub classes: BTreeSet<FaultClass>,
    /// How scenarios are played.
    pub options: RunOptions,
    /// Whether the fault-free twin is played too.
    pub twins: bool,
    /// Whether each scenario is played twice, the second time to compare.
    pub twice: bool,
}

/// What became of one seed.
#[derive(Debug)]
pub struct Simulated {
    /// The seed.
    pub seed: u64,
    /// What was drawn from it.
    pub scenario: Scenario,
    /// How it went.
    pub run: Run,
    /// How many runs it took.
    pub runs: u32,
}

/// What many seeds have covered.
#[derive(Debug, Default)]
pub struct Coverage {
    /// Seeds.
    pub seeds: u64,
    /// Scenarios that were played, twins and repetitions among them.
    pub runs: u64,
    /// Actions of the operator.
    pub actions: u64,
    /// Seconds of simulated time.
    pub seconds: u64,
    /// In how many runs each class took effect.
    pub fired: BTreeMap<FaultClass, u64>,
    /// States with the classes that have struck then, and the number of seeds.
    pub pairs: BTreeMap<(State, FaultClass), u64>,
    /// States in which requests were made, with the number of seeds.
    pub states: BTreeMap<State, u64>,
    /// Facts that occurred, with the number of seeds.
    pub marks: BTreeMap<String, u64>,
    /// Different ways that runs went.
    pub shapes: BTreeSet<u64>,
    /// Nanoseconds from the end of the disturbances until everything was as it should be.
    pub recoveries: Vec<u64>,
    /// The digests of all actions of all seeds. The same seeds have the same sum in whatever order, and in every build.
    pub digest: u64,
}

/// Draws the scenario of a seed, plays it, and looks at it in all ways that the campaign asks for.
#[must_use]
pub fn simulate(seed: u64, campaign: &Campaign) -> Simulated {
    let scenario = generate(seed, &campaign.classes);
    let (run, runs) = campaign.play(&scenario, &|| true);
    Simulated { seed, scenario, run, runs }
}

fn found(run: &Run, what: &str) -> Finding {
    Finding { at: pilothouse_protocol::Monotonic(run.time), what: what.to_owned() }
}

impl Campaign {
    /// Plays a scenario while there is time left; returns how it went and how many runs that took.
    fn play(&self, scenario: &Scenario, more: &dyn Fn() -> bool) -> (Run, u32) {
        let mut run = run_scenario_while(scenario, &self.options, more);
        let mut runs = 1;
        if self.twice && run.finding.is_none() {
            runs += 1;
            let again = run_scenario_while(scenario, &self.options, more);
            // One that was broken off says nothing.
            if again.hash != run.hash && more() {
                run.finding = Some(found(&run, "determinism: the same scenario went another way"));
            }
        }
        if self.twins && run.finding.is_none() && is_comparable(scenario) {
            runs += 1;
            let twin = twin(scenario);
            let calm = run_scenario_while(&twin, &self.options, more);
            let difference = match &calm.finding {
                Some(finding) => Some(format!("twin: without disturbances: {}", finding.what)),
                None => differences(&run, &calm, &twin),
            };
            run.finding = difference.map(|what| found(&run, &what));
        }
        (run, runs)
    }

    /// Makes the scenario of a finding as short as it can be while `more` says that there is time left, which is asked
    /// within each run, too.
    #[must_use]
    pub fn shrink(&self, simulated: &Simulated, more: impl Fn() -> bool) -> Option<Shrunk> {
        let finding = simulated.run.finding.as_ref()?;
        let oracle = finding.oracle();
        // What is not asked for need not be played.
        let again = Self {
            twice: oracle == "determinism",
            twins: oracle == "twin",
            options: self.patient(&simulated.run),
            classes: BTreeSet::new(),
        };
        let finds = |candidate: &Scenario| {
            let (run, _) = again.play(candidate, &more);
            run.finding.is_some_and(|found| found.kind() == finding.kind())
        };
        Some(shrink_finding(&simulated.scenario, finds, &more))
    }

    /// Options with which no run goes on for much longer than the one that has found something: a scenario with less in it
    /// finds the same at about the same moment, or not at all.
    fn patient(&self, found: &Run) -> RunOptions {
        let is_counted = found.finding.as_ref().is_some_and(|finding| {
            // A panic has not counted what happened, a twin was played beside, and what is endless goes on to the bound.
            !matches!(finding.oracle(), "panic" | "twin" | "endless")
        });
        let most = if is_counted { found.happenings.saturating_mul(LONGER) } else { u32::MAX };
        RunOptions { happenings: self.options.happenings.min(most), ..self.options.clone() }
    }
}

impl Coverage {
    /// Counts a seed.
    pub fn add(&mut self, simulated: &Simulated) {
        let Simulated { seed, run, runs, .. } = simulated;
        self.seeds += 1;
        self.runs += u64::from(*runs);
        self.actions += run.actions * u64::from(*runs);
        self.seconds += run.time / 1_000_000_000;
        run.fired.keys().for_each(|class| *self.fired.entry(*class).or_default() += 1);
        run.pairs.iter().for_each(|pair| *self.pairs.entry(*pair).or_default() += 1);
        run.states.iter().for_each(|state| *self.states.entry(*state).or_default() += 1);
        run.marks.iter().for_each(|mark| *self.marks.entry(mark.clone()).or_default() += 1);
        self.shapes.insert(run.shape);
        self.recoveries.extend(&run.recoveries);
        // Of which seed a digest is makes a difference, so that two that change places are found.
        self.digest = self.digest.wrapping_add(run.hash.wrapping_mul(seed.wrapping_mul(2).wrapping_add(1)));
    }

    /// Takes over what another has counted.
    pub fn merge(&mut self, other: Self) {
        self.seeds += other.seeds;
        self.runs += other.runs;
        self.actions += other.actions;
        self.seconds += other.seconds;
        other.fired.into_iter().for_each(|(class, count)| *self.fired.entry(class).or_default() += count);
        other.pairs.into_iter().for_each(|(pair, count)| *self.pairs.entry(pair).or_default() += count);
        other.states.into_iter().for_each(|(state, count)| *self.states.entry(state).or_default() += count);
        other.marks.into_iter().for_each(|(mark, count)| *self.marks.entry(mark).or_default() += count);
        self.shapes.extend(other.shapes);
        self.recoveries.extend(other.recoveries);
        self.digest = self.digest.wrapping_add(other.digest);
    }

    /// The pairs of a state and a class that can be, and were not.
    #[must_use]
    pub fn not_reached(&self) -> Vec<(State, FaultClass)> {
        feasible_pairs().filter(|pair| !self.pairs.contains_key(pair)).collect()
    }

    /// The time within which so many of a thousand recoveries were over, in nanoseconds.
    #[must_use]
    pub fn recovery(&self, per_mille: usize) -> u64 {
        let mut sorted = self.recoveries.clone();
        sorted.sort_unstable();
        let index = sorted.len().saturating_sub(1) * per_mille / 1000;
        sorted.get(index).copied().unwrap_or_default()
    }
}
