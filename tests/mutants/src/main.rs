//! `pilothouse-mutants [--seed N] [--sample N] [--work FOLDER] [--only TEXT]`: mutants of the operator's decisions, and the tests
//! that catch them.
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
use std::time::Instant;

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
    run(&tree, &mutants, flags.get("--only").map_or("", |text| text))
}

/// Tries the mutants whose names have a text in them.
fn run(tree: &Tree, mutants: &[list::Mutant], only: &str) -> Result<(), Failure> {
    let started = Instant::now();
    tree.copy(mutants)?;
    let build::Built { programs, unbuilt } = build::build(tree, mutants)?;
    println!(
        "{} mutants, {} do not build, {:.0} s",
        mutants.len(),
        unbuilt.len(),
        started.elapsed().as_secs_f64()
    );
    let steps = stages::steps(tree, programs)?;
    let mut results = Results::open(&tree.beside("results.jsonl"))?;
    for (id, mutant) in (0..).zip(mutants) {
        if results.is_caught(&mutant.name) || !mutant.name.contains(only) {
            continue;
        }
        let started = Instant::now();
        let line = if unbuilt.contains(&id) {
            Line::unbuilt(&mutant.name)
        } else {
            let outcome = stages::judge(&steps, id, &mutant.package)?;
            Line::of(&mutant.name, &outcome, started.elapsed())
        };
        println!("{} {}", line.outcome, line.mutant);
        results.add(line)?;
    }
    println!("{}", results.summary(mutants));
    Ok(())
}

fn flags() -> Result<BTreeMap<String, String>, Failure> {
    let mut words = std::env::args().skip(1);
    let mut flags = BTreeMap::new();
    while let Some(name) = words.next() {
        let known = ["--seed", "--sample", "--work", "--only"];
        if !known.contains(&&*name) {
            return Err(Failure::Flag(format!("{name} is no flag; there are {}", known.join(", "))));
        }
        let value = words.next().ok_or_else(|| Failure::Flag(format!("{name} has no value")))?;
        flags.insert(name, value);
    }
    Ok(flags)
}
