//! Threads that simulate seeds, and what they report.

use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

use pilothouse_io_sim::scenario::Scenario;
use pilothouse_io_sim::simulation::{Campaign, Coverage, Finding, Simulated, simulate};

/// The stack of a thread, in bytes: templates of charts recurse on it.
const STACK_BYTES: usize = 64 * 1024 * 1024;
/// Between two lines of progress.
const PROGRESS: Duration = Duration::from_secs(5);
/// How long a scenario is shortened at most.
const SHRINKING: Duration = Duration::from_secs(30);

/// What is to be simulated.
pub(super) struct Plan {
    pub(super) campaign: Campaign,
    pub(super) first: u64,
    pub(super) seeds: u64,
    pub(super) jobs: usize,
    pub(super) limit: Option<Duration>,
    pub(super) only_one: bool,
}

/// What happens meanwhile.
pub(super) enum News {
    Progress(Progress),
    Found(Box<Found>),
}

/// How far it has got.
pub(super) struct Progress {
    pub(super) seeds: u64,
    pub(super) elapsed: Duration,
    pub(super) classes: usize,
    pub(super) pairs: usize,
    pub(super) ways: usize,
    pub(super) findings: u64,
}

/// A finding, with its scenario made short.
pub(super) struct Found {
    pub(super) seed: u64,
    pub(super) finding: Finding,
    pub(super) scenario: Scenario,
    /// Steps before and after it was made short, runs that took and how long.
    pub(super) shrunk: (usize, usize, u32, Duration),
}

/// What came of all.
pub(super) struct Total {
    pub(super) coverage: Coverage,
    pub(super) elapsed: Duration,
    pub(super) findings: u64,
}

/// Simulates the seeds of a plan on its threads.
///
/// # Errors
/// What `tell` cannot print, and when no thread can be started.
pub(super) fn work(plan: &Plan, mut tell: impl FnMut(News) -> io::Result<()>) -> io::Result<Total> {
    let start = now();
    let (next, stop) = (AtomicU64::new(0), AtomicBool::new(false));
    let (sender, receiver) = channel();
    let (mut total, mut findings) = (Coverage::default(), 0);
    let outcome = std::thread::scope(|scope| -> io::Result<()> {
        for number in 0..plan.jobs {
            let (sender, next, stop) = (sender.clone(), &next, &stop);
            let thread = std::thread::Builder::new().name(format!("sim-{number}")).stack_size(STACK_BYTES);
            thread.spawn_scoped(scope, move || simulate_seeds(plan, next, stop, &sender))?;
        }
        drop(sender);
        let mut reported = start;
        loop {
            let message = receiver.recv_timeout(PROGRESS);
            match message {
                Ok(Message::Covered(coverage)) => total.merge(*coverage),
                Ok(Message::Found(found)) => {
                    findings += 1;
                    tell(News::Found(found)).inspect_err(|_| stop.store(true, Ordering::Relaxed))?;
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return Ok(()),
            }
            let is_over = plan.limit.is_some_and(|limit| start.elapsed() >= limit);
            if is_over || (plan.only_one && findings > 0) {
                stop.store(true, Ordering::Relaxed);
            }
            if reported.elapsed() >= PROGRESS {
                reported = now();
                let progress = progress(&total, start.elapsed(), findings);
                tell(News::Progress(progress)).inspect_err(|_| stop.store(true, Ordering::Relaxed))?;
            }
        }
    });
    outcome.map(|()| Total { coverage: total, elapsed: start.elapsed(), findings })
}

enum Message {
    Covered(Box<Coverage>),
    Found(Box<Found>),
}

/// How many seeds a thread simulates before it reports.
const BATCH: u64 = 16;

fn simulate_seeds(plan: &Plan, next: &AtomicU64, stop: &AtomicBool, sender: &Sender<Message>) {
    while !stop.load(Ordering::Relaxed) {
        let mut coverage = Coverage::default();
        let begin = next.fetch_add(BATCH, Ordering::Relaxed);
        for number in begin..(begin + BATCH).min(plan.seeds) {
            let simulated = simulate(plan.first.wrapping_add(number), &plan.campaign);
            coverage.add(&simulated);
            if simulated.run.finding.is_some() {
                let found = shorten(plan, simulated);
                if let Some(found) = found {
                    let _ = sender.send(Message::Found(Box::new(found)));
                }
            }
            if stop.load(Ordering::Relaxed) {
                break;
            }
        }
        let over = begin.saturating_add(BATCH) >= plan.seeds;
        // Nobody listens any more when printing has failed.
        if sender.send(Message::Covered(Box::new(coverage))).is_err() || over {
            return;
        }
    }
}

fn shorten(plan: &Plan, simulated: Simulated) -> Option<Found> {
    let start = now();
    let before = simulated.scenario.steps().count();
    let shrunk = plan.campaign.shrink(&simulated, || start.elapsed() < SHRINKING);
    let finding = simulated.run.finding?;
    let (scenario, runs) = match shrunk {
        Some(shrunk) => (shrunk.scenario, shrunk.runs),
        None => (simulated.scenario, 0),
    };
    let after = scenario.steps().count();
    Some(Found { seed: simulated.seed, finding, scenario, shrunk: (before, after, runs, start.elapsed()) })
}

fn progress(total: &Coverage, elapsed: Duration, findings: u64) -> Progress {
    Progress {
        seeds: total.seeds,
        elapsed,
        classes: total.fired.len(),
        pairs: total.pairs.len(),
        ways: total.shapes.len(),
        findings,
    }
}

impl Progress {
    /// One line for people.
    pub(super) fn line(&self) -> String {
        let rate = self.seeds as f64 / self.elapsed.as_secs_f64().max(0.001);
        format!(
            "{:>6.0} s  {} seeds, {rate:.1}/s  {} classes fired, {} state x class pairs, {} different ways, {} findings\n",
            self.elapsed.as_secs_f64(),
            self.seeds,
            self.classes,
            self.pairs,
            self.ways,
            self.findings,
        )
    }
}

impl Found {
    /// The scenario as a file that says what it shows.
    pub(super) fn file(&self) -> String {
        format!("# seed {}: {}\n{}", self.seed, self.finding.what.replace('\n', " "), self.scenario)
    }

    /// A few lines for people.
    pub(super) fn summary(&self, path: &Path) -> String {
        let (before, after, runs, took) = self.shrunk;
        format!(
            "seed {}: {}\n  {before} steps, {after} after {runs} runs in {:.1} s: {}\n",
            self.seed,
            self.finding.what,
            took.as_secs_f64(),
            path.display(),
        )
    }
}

#[allow(
    clippy::disallowed_methods,
    reason = "simulations are timed by the clock of the person who waits for them"
)]
fn now() -> Instant {
    Instant::now()
}
