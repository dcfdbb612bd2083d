//! How fast random simulation finds bugs that helm-controller had: each is brought back, and seeds are simulated until one
//! finds something, whose scenario is made short then. Prints the table of docs/simulation.md, and how short the scenarios
//! of all findings became.
//!
//! `cargo run --release -p pilothouse-io-sim --features twins --example twins -- [TRIALS [TWIN...]]`

#![allow(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a command line tool that measures time and prints"
)]

use std::collections::BTreeMap;
use std::time::Duration;

use pilothouse_io_sim::simulation::{ALL_CLASSES, Campaign, Simulated, simulate};
use pilothouse_machine::twin::{Twin, bring_back};

/// Seeds between the first seeds of two trials.
const APART: u64 = 1_000_000;
/// How much processor time a trial takes at most.
const PATIENCE: Duration = Duration::from_secs(600);

/// How much processor time a scenario is made shorter for at most.
const SHRINKING: Duration = Duration::from_secs(30);

/// What came of the trials with one bug, or with all.
#[derive(Debug, Default)]
struct Tally {
    /// Processor time until something was found.
    times: Vec<Duration>,
    /// Seeds until something was found.
    seeds: Vec<u64>,
    /// What has found it.
    oracles: BTreeMap<String, u32>,
    /// Statements that were left of the scenario.
    steps: Vec<usize>,
    /// Processor time that this took.
    shrinking: Vec<Duration>,
}

fn main() -> std::process::ExitCode {
    let mut arguments = std::env::args().skip(1);
    let trials = arguments.next().and_then(|text| text.parse().ok()).unwrap_or(20);
    let wanted: Vec<String> = arguments.collect();
    println!(
        "| Twin | Found in trials | Median seeds | Median CPU s | Worst CPU s | By | Median steps | Median s to shrink |"
    );
    println!("|---|---|---|---|---|---|---|---|");
    let (mut complete, mut all) = (true, Tally::default());
    for twin in Twin::ALL {
        let name = format!("{twin:?}").to_lowercase();
        if !wanted.is_empty() && !wanted.contains(&name) {
            continue;
        }
        let mut tally = measure(twin, trials);
        println!("| {name} | {} of {trials} | {} |", tally.times.len(), tally.line());
        complete &= tally.times.len() as u64 == trials;
        all.steps.append(&mut tally.steps);
        all.shrinking.append(&mut tally.shrinking);
    }
    all.steps.sort_unstable();
    all.shrinking.sort_unstable();
    println!(
        "\n{} scenarios were made short: {} steps in the median, {} at most, after {:.1} s in the median, {:.1} s at most",
        all.steps.len(),
        median(&all.steps),
        all.steps.last().copied().unwrap_or_default(),
        median(&all.shrinking).as_secs_f64(),
        all.shrinking.last().copied().unwrap_or_default().as_secs_f64(),
    );
    if complete { std::process::ExitCode::SUCCESS } else { std::process::ExitCode::FAILURE }
}

/// Whether a seed has no finding without the bug.
fn is_of_the_twin(seed: u64, twin: Twin, campaign: &Campaign) -> bool {
    bring_back(None);
    let without = simulate(seed, campaign);
    bring_back(Some(twin));
    without.run.finding.is_none()
}

/// What this thread has taken of a processor: the first number that the kernel tells of its schedule, in nanoseconds.
fn processor_time() -> Duration {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanos = text.split_whitespace().next().and_then(|number| number.parse().ok());
    Duration::from_nanos(nanos.expect("the kernel tells how long threads have run"))
}

fn median<T: Copy + Default>(sorted: &[T]) -> T {
    sorted.get(sorted.len() / 2).copied().unwrap_or_default()
}

/// Simulates seeds until something is found, so many times.
fn measure(twin: Twin, trials: u64) -> Tally {
    let campaign =
        Campaign { classes: ALL_CLASSES.into_iter().collect(), twins: true, ..Campaign::default() };
    bring_back(Some(twin));
    let mut tally = Tally::default();
    for trial in 0..trials {
        let start = processor_time();
        let mut seed = trial * APART;
        while processor_time() - start < PATIENCE {
            let simulated = simulate(seed, &campaign);
            let took = processor_time() - start;
            seed += 1;
            if simulated.run.finding.is_some() && is_of_the_twin(seed - 1, twin, &campaign) {
                tally.times.push(took);
                tally.seeds.push(seed - trial * APART);
                tally.shorten(&campaign, &simulated);
                break;
            }
        }
    }
    bring_back(None);
    tally
}

impl Tally {
    /// Makes the scenario of a finding short.
    fn shorten(&mut self, campaign: &Campaign, simulated: &Simulated) {
        let Some(finding) = &simulated.run.finding else { return };
        let oracle = finding.oracle().split_whitespace().next().unwrap_or_default();
        *self.oracles.entry(oracle.to_owned()).or_default() += 1;
        let start = processor_time();
        let shrunk = campaign.shrink(simulated, || processor_time() - start < SHRINKING);
        self.steps.extend(shrunk.map(|shrunk| shrunk.steps()));
        self.shrinking.push(processor_time() - start);
    }

    /// The cells of the table.
    fn line(&mut self) -> String {
        self.times.sort_unstable();
        self.seeds.sort_unstable();
        self.steps.sort_unstable();
        self.shrinking.sort_unstable();
        let oracles: Vec<String> =
            self.oracles.iter().map(|(oracle, count)| format!("{oracle} {count}")).collect();
        format!(
            "{} | {:.1} | {:.1} | {} | {} | {:.1}",
            median(&self.seeds),
            median(&self.times).as_secs_f64(),
            self.times.last().copied().unwrap_or_default().as_secs_f64(),
            oracles.join(", "),
            median(&self.steps),
            median(&self.shrinking).as_secs_f64(),
        )
    }
}
