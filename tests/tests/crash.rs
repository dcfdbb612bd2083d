//! The operator crashes at every boundary of every action of the scenarios: before the effect, after it, and after it
//! without having seen the acknowledgement. It always converges to where the fault-free run has led, and no oracle is
//! violated on the way. Of pairs of crashes, the second one soon after the restart, a sample is tried.

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a test program fails, and talks to the person who runs it"
)]

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use libtest_mimic::{Arguments, Trial};
use pilothouse_io_sim::faults::{Boundary, Faults};
use pilothouse_io_sim::rng::Rng;
use pilothouse_io_sim::world::WorldOptions;
use pilothouse_tests::acceptance::{Fixtures, LIFE_CYCLES, Material, Player, Scenario, Setup, Tolerance};
use pilothouse_tests::oracles::{EndState, Oracles, end_state};

const BOUNDARIES: [Boundary; 3] = [Boundary::Before, Boundary::AfterEffect, Boundary::AfterReply];
/// Seconds without a change after which a run counts as settled, and seconds within which that has to be so.
const SETTLED: (f64, f64) = (30.0, 3600.0);
/// Nanoseconds for which the end has to last: three intervals.
const LASTING: u64 = 31 * 60 * 1_000_000_000;
/// Pairs of crashes that are tried in each scenario, and how many requests lie between the two at most.
const PAIRS: (u64, u64) = (24, 12);
/// Findings that are shown of one scenario.
const SHOWN_MAX: usize = 12;

/// The number of a request, and where the process ends seen from it.
type Crash = (u64, Boundary);

/// How one run went.
struct Run {
    requests: u64,
    end: EndState,
}

fn main() -> std::process::ExitCode {
    let arguments = Arguments::from_args();
    let Some(material) = Material::read() else { return std::process::ExitCode::SUCCESS };
    let total = Arc::new(AtomicU64::new(0));
    let trials = LIFE_CYCLES.map(|name| {
        let scenario = material.scenario(name).clone();
        let (fixtures, total) = (Arc::clone(&material.fixtures), Arc::clone(&total));
        Trial::test(name, move || {
            let (boundaries, findings) = enumerate(&scenario, &fixtures);
            total.fetch_add(boundaries, Ordering::Relaxed);
            if findings.is_empty() {
                return Ok(());
            }
            let shown: Vec<&str> = findings.iter().take(SHOWN_MAX).map(String::as_str).collect();
            Err(format!("{} of {boundaries} crashes\n{}", findings.len(), shown.join("\n")).into())
        })
    });
    let conclusion = libtest_mimic::run(&arguments, trials.into());
    println!("crashed at {} action boundaries", total.load(Ordering::Relaxed));
    conclusion.exit_code()
}

/// Crashes at every boundary, and at some pairs. Gives the number of runs and what was found.
fn enumerate(scenario: &Scenario, fixtures: &Arc<Fixtures>) -> (u64, Vec<String>) {
    let twin = match run(scenario, fixtures, &[]) {
        Ok(twin) => twin,
        Err(why) => return (0, vec![format!("without a crash: {why}")]),
    };
    let each = (0..twin.requests).flat_map(|number| BOUNDARIES.map(|boundary| vec![(number, boundary)]));
    let crashes: Vec<Vec<Crash>> = each.chain(pairs(twin.requests)).collect();
    let findings = crashes.iter().filter_map(|crashes| {
        let outcome = catch_unwind(AssertUnwindSafe(|| run(scenario, fixtures, crashes)));
        let why = match outcome.unwrap_or_else(|_| Err("panicked".to_owned())) {
            Ok(found) => twin.end.differences(&found.end).join("; "),
            Err(why) => why,
        };
        (!why.is_empty()).then(|| format!("crashes at requests {crashes:?}: {why}"))
    });
    (crashes.len() as u64, findings.collect())
}

/// A sample of pairs, the same each time.
fn pairs(requests: u64) -> impl Iterator<Item = Vec<Crash>> {
    let mut rng = Rng::new(requests);
    (0..PAIRS.0).map(move |_| {
        let mut boundary = || BOUNDARIES[usize::try_from(rng.below(3)).unwrap_or_default()];
        let (one, other) = (boundary(), boundary());
        let first = rng.below(requests);
        vec![(first, one), (first + 1 + rng.below(PAIRS.1), other)]
    })
}

fn run(scenario: &Scenario, fixtures: &Arc<Fixtures>, crashes: &[Crash]) -> Result<Run, String> {
    let faults = Faults { crashes: crashes.iter().copied().collect(), ..Faults::default() };
    let setup = Setup { world: WorldOptions { faults, ..WorldOptions::default() }, ..Setup::default() };
    let tolerance = if crashes.is_empty() { Tolerance::Strict } else { Tolerance::Lenient };
    let mut oracles = Oracles::default();
    let mut player =
        Player::new(scenario, fixtures, setup, tolerance, &mut oracles).map_err(|error| error.0)?;
    player.run().map_err(|error| error.0)?;
    if !player.settle(SETTLED.0, SETTLED.1).map_err(|error| error.0)? {
        return Err("is not settled after an hour".to_owned());
    }
    let requests = player.cluster.world.record().exchanges.len() as u64;
    let end = end_state(&player.cluster.world);
    player.pass(LASTING).map_err(|error| error.0)?;
    let later = end.differences(&end_state(&player.cluster.world));
    if !later.is_empty() {
        return Err(format!("does not stay settled: {}", later.join("; ")));
    }
    if !crashes.is_empty() && player.cluster.world.record().crashes == 0 {
        return Err("the crash did not happen".to_owned());
    }
    Ok(Run { requests, end })
}
