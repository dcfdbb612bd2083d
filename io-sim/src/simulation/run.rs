//! Playing a scenario.

use std::panic::{AssertUnwindSafe, catch_unwind};

use pilothouse_operator::Config;
use pilothouse_protocol::Monotonic;

use super::stage::Stage;
use super::{Finding, Run};
use crate::scenario::Scenario;

/// How a scenario is played.
#[derive(Debug, Clone)]
pub struct RunOptions {
    /// The seed by which the order of what exists at a start is shuffled; without it nothing is.
    pub shuffle: Option<u64>,
    /// What the operator is configured with. Its holder is set for each process.
    pub config: Config,
    /// The most things that happen: a run that goes on longer ends with a finding.
    pub happenings: u32,
}

impl Default for RunOptions {
    fn default() -> Self {
        Self { shuffle: None, config: Config::default(), happenings: 150_000 }
    }
}

/// Plays a scenario and looks with all oracles after everything that happens.
#[must_use]
pub fn run_scenario(scenario: &Scenario) -> Run {
    run_scenario_with(scenario, &RunOptions::default())
}

/// Plays a scenario in another way. A panic of the operator is a finding.
#[must_use]
pub fn run_scenario_with(scenario: &Scenario, options: &RunOptions) -> Run {
    run_scenario_while(scenario, options, &|| true)
}

/// Plays a scenario for as long as `more` says that there is time left: a run that is broken off ends with a finding by
/// `interrupted`.
#[must_use]
pub fn run_scenario_while(scenario: &Scenario, options: &RunOptions, more: &dyn Fn() -> bool) -> Run {
    let play = AssertUnwindSafe(|| {
        let mut stage = Stage::new(scenario, options, more);
        let outcome = scenario.steps().try_for_each(|step| stage.step(step));
        stage.finish(outcome.err())
    });
    catch_unwind(play).unwrap_or_else(|cause| {
        let text = cause.downcast_ref::<String>().map(String::as_str);
        let text = text.or_else(|| cause.downcast_ref::<&str>().copied()).unwrap_or("for no reason");
        let finding = Finding { at: Monotonic(0), what: format!("panic: {text}") };
        Run { finding: Some(finding), ..Run::default() }
    })
}
