//! How fast random simulation finds bugs that helm-controller had: each is brought back, and seeds are simulated until one
//! finds something. Prints the table of docs/simulation.md.
//!
//! `cargo run --release -p pilothouse-io-sim --features twins --example twins -- [TRIALS [TWIN...]]`

#![allow(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a command line tool that measures time and prints"
)]

use std::collections::BTreeMap;
use std::time::Duration;

use pilothouse_io_sim::simulation::{ALL_CLASSES, Campaign, simulate};
use pilothouse_machine::twin::{Twin, bring_back};

/// Seeds between the first seeds of two trials.
const APART: u64 = 1_000_000;
/// How much processor time a trial takes at most.
const PATIENCE: Duration = Duration::from_secs(600);

fn main() -> std::process::ExitCode {
    let mut arguments = std::env::args().skip(1);
    let trials = arguments.next().and_then(|text| text.parse().ok()).unwrap_or(20);
    let wanted: Vec<String> = arguments.collect();
    println!("| twin | found in | median seeds | median s | worst s | oracles |\n|---|---|---|---|---|---|");
    let mut complete = true;
    for twin in Twin::ALL {
        let name = format!("{twin:?}").to_lowercase();
        if !wanted.is_empty() && !wanted.contains(&name) {
            continue;
        }
        complete &= measure(twin, &name, trials);
    }
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

/// Prints a line of the table; says whether every trial has found the bug.
fn measure(twin: Twin, name: &str, trials: u64) -> bool {
    let campaign =
        Campaign { classes: ALL_CLASSES.into_iter().collect(), twins: true, ..Campaign::default() };
    bring_back(Some(twin));
    let mut times = Vec::new();
    let mut seeds = Vec::new();
    let mut oracles: BTreeMap<String, u32> = BTreeMap::new();
    for trial in 0..trials {
        let start = processor_time();
        let mut seed = trial * APART;
        while processor_time() - start < PATIENCE {
            let simulated = simulate(seed, &campaign);
            let took = processor_time() - start;
            seed += 1;
            if let Some(finding) = simulated.run.finding.filter(|_| is_of_the_twin(seed - 1, twin, &campaign))
            {
                let oracle = finding.oracle().split_whitespace().next().unwrap_or_default();
                *oracles.entry(oracle.to_owned()).or_default() += 1;
                times.push(took);
                seeds.push(seed - trial * APART);
                break;
            }
        }
    }
    bring_back(None);
    times.sort_unstable();
    seeds.sort_unstable();
    let found = times.len();
    let median = |values: &[Duration]| values.get(values.len() / 2).map_or(0.0, Duration::as_secs_f64);
    let oracles: Vec<String> = oracles.iter().map(|(oracle, count)| format!("{oracle} {count}")).collect();
    println!(
        "| {name} | {found} of {trials} | {} | {:.1} | {:.1} | {} |",
        seeds.get(seeds.len() / 2).copied().unwrap_or_default(),
        median(&times),
        times.last().map_or(0.0, Duration::as_secs_f64),
        oracles.join(", "),
    );
    found as u64 == trials
}
