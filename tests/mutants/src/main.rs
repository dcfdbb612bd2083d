//! `pilothouse-mutants [--seed N] [--sample N] [--work FOLDER] [--only TEXT] [--jobs N]`: mutants of the operator's
//! decisions, and the tests that catch them.
//!
//! cargo-mutants lists them; a sample is written into a copy of the checkout, each behind a switch, and built once. Then the
//! tests run against one after another. What became of each is a line of `results.jsonl` in the work folder; a mutant that was
//! caught is not tried again.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command")]
#![allow(clippy::disallowed_methods, reason = "a command: it measures time and waits")]

mod build;
mod list;
mod results;
mod stages;
mod switch;
mod tree;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use crate::list::Mutant;
use crate::results::{Line, Results};
use crate::tree::Tree;

/// Why the command ends without an answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error("{what} failed:\n{said}")]
    Failed { what: String, said: String },
    #[error("{0}")]
    Flag(String),
    #[error(transparent)]
    File(#[from] std::io::Error),
    #[error(transparent)]
    Json(#[from] serde_json::Error),
}

fn main() -> ExitCode {
    match command() {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("mutants: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn command() -> Result<(), Failure> {
    let flags = flags()?;
    let number = |name: &str, default: u64| match flags.get(name) {
        None => Ok(default),
        Some(text) => text.parse().map_err(|_| Failure::Flag(format!("{name} {text} is no number"))),
    };
    let (seed, size) = (number("--seed", 1)?, number("--sample", 300)?);
    let work = flags.get("--work").map_or("target/mutants", |text| text);
    let tree = Tree::new(&PathBuf::from(work))?;
    let all = list::all(tree.checkout())?;
    let mutants = list::sample(all, seed, usize::try_from(size).unwrap_or(usize::MAX));
    let jobs = number("--jobs", 2)?.max(1);
    run(&tree, &mutants, flags.get("--only").map_or("", |text| text), jobs)
}

/// Tries the mutants whose names have a text in them, so many at a time.
fn run(tree: &Tree, mutants: &[Mutant], only: &str, jobs: u64) -> Result<(), Failure> {
    let started = Instant::now();
    tree.copy(mutants)?;
    let built = build::build(tree, mutants)?;
    let (seconds, unbuilt) = (started.elapsed().as_secs(), built.unbuilt.len());
    println!("{} mutants, {unbuilt} do not build, {seconds} s", mutants.len());
    let steps = stages::steps(tree, built.programs)?;
    let results = Mutex::new(Results::open(&tree.beside("results.jsonl"))?);
    let next = Mutex::new((0..).zip(mutants).filter(|(_, mutant)| mutant.name.contains(only)));
    let work = || {
        loop {
            // Released at once: the other workers take theirs meanwhile.
            let taken = locked(&next).next();
            let Some((id, mutant)) = taken else { break };
            if locked(&results).is_caught(&mutant.name) {
                continue;
            }
            let started = Instant::now();
            let line = if built.unbuilt.contains(&id) {
                Line::unbuilt(&mutant.name)
            } else {
                let outcome = stages::judge(&steps, id, &mutant.package)?;
                Line::of(&mutant.name, &outcome, started.elapsed())
            };
            println!("{} {}", line.outcome, line.mutant);
            locked(&results).add(line)?;
        }
        Ok::<(), Failure>(())
    };
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..jobs).map(|_| scope.spawn(work)).collect();
        workers.into_iter().try_for_each(|worker| worker.join().unwrap_or(Ok(())))
    })?;
    println!("{}", locked(&results).summary(mutants));
    Ok(())
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn flags() -> Result<BTreeMap<String, String>, Failure> {
    let mut words = std::env::args().skip(1);
    let mut flags = BTreeMap::new();
    while let Some(name) = words.next() {
        let known = ["--seed", "--sample", "--work", "--only", "--jobs"];
        if !known.contains(&&*name) {
            return Err(Failure::Flag(format!("{name} is no flag; there are {}", known.join(", "))));
        }
        let value = words.next().ok_or_else(|| Failure::Flag(format!("{name} has no value")))?;
        flags.insert(name, value);
    }
    Ok(flags)
}
