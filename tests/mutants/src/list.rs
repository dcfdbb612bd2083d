//! The mutants that cargo-mutants knows of, and a sample of them.

use std::path::Path;
use std::process::Command;

use serde::Deserialize;

use crate::Failure;

/// What is mutated: what decides about a release, what puts it right, what tells of it, and what knows its storage.
pub(crate) const FILES: [&str; 26] = [
    "core/reconcile/src/backoff.rs",
    "core/reconcile/src/ending.rs",
    "core/reconcile/src/settled.rs",
    "core/reconcile/src/write_status.rs",
    "core/reconcile/src/phases/atomic.rs",
    "core/reconcile/src/phases/attempt.rs",
    "core/reconcile/src/phases/cluster_change.rs",
    "core/reconcile/src/phases/decide.rs",
    "core/reconcile/src/phases/deletion.rs",
    "core/reconcile/src/phases/drift.rs",
    "core/reconcile/src/phases/facts.rs",
    "core/reconcile/src/phases/observed.rs",
    "core/reconcile/src/phases/observed_digests.rs",
    "core/reconcile/src/phases/outcome.rs",
    "core/reconcile/src/phases/policy.rs",
    "core/reconcile/src/phases/running.rs",
    "core/reconcile/src/phases/stop.rs",
    "core/reconcile/src/phases/summarise.rs",
    "core/reconcile/src/phases/terminal.rs",
    "core/reconcile/src/phases/transitions.rs",
    "core/reconcile/src/phases/uninstall.rs",
    "core/release/src/observation.rs",
    "core/release/src/observer.rs",
    "core/release/src/observer/*.rs",
    "core/release/src/snapshots.rs",
    "core/release/src/verify.rs",
];

/// The packages that [`FILES`] are in.
pub(crate) const PACKAGES: [&str; 2] = ["pilothouse-reconcile", "pilothouse-release"];

/// A mutant, as `cargo mutants --list --json` tells of it.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Mutant {
    pub(crate) file: String,
    pub(crate) function: Option<Function>,
    pub(crate) genre: Genre,
    /// File, place and what is changed: what cargo-mutants calls it.
    pub(crate) name: String,
    pub(crate) package: String,
    pub(crate) replacement: String,
    pub(crate) span: Span,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Function {
    pub(crate) function_name: String,
}

/// What is replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
pub(crate) enum Genre {
    FnValue,
    BinaryOperator,
    UnaryOperator,
    MatchArm,
    MatchArmGuard,
    StructField,
}

#[derive(Debug, Clone, Copy, Deserialize)]
pub(crate) struct Span {
    pub(crate) start: Position,
}

/// Line and column, in characters; both begin with 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
pub(crate) struct Position {
    pub(crate) line: usize,
    pub(crate) column: usize,
}

/// All mutants of [`FILES`] in the workspace at `root`.
///
/// # Errors
///
/// When cargo-mutants is missing or fails.
pub(crate) fn all(root: &Path) -> Result<Vec<Mutant>, Failure> {
    let mut command = Command::new("cargo");
    command.current_dir(root).args(["mutants", "--list", "--json", "--no-config"]);
    for package in PACKAGES {
        command.args(["-p", package]);
    }
    for file in FILES {
        command.args(["-f", file]);
    }
    let output = command.output()?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        return Err(Failure::Failed { what: "cargo mutants --list".to_owned(), said });
    }
    Ok(serde_json::from_slice(&output.stdout)?)
}

/// So many of them, the same for the same seed. A longer sample begins with a shorter one, and what is written elsewhere in a
/// file changes neither: a mutant is drawn by what it changes, not by its line.
pub(crate) fn sample(mut mutants: Vec<Mutant>, seed: u64, size: usize) -> Vec<Mutant> {
    mutants.sort_by_cached_key(|mutant| (rank(mutant, seed), mutant.span.start));
    mutants.truncate(size);
    mutants
}

fn rank(mutant: &Mutant, seed: u64) -> u64 {
    let function = mutant.function.as_ref().map_or("", |function| &function.function_name);
    let change = mutant.name.split_once(": ").map_or(&*mutant.name, |(_, change)| change);
    let texts = [&*mutant.file, function, change];
    // FNV-1a, then the mixer of splitmix64, whose bits all depend on all bits.
    let mut hash =
        texts.iter().flat_map(|text| text.bytes()).fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
    hash ^= seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    hash = (hash ^ (hash >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    hash = (hash ^ (hash >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    hash ^ (hash >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mutants(lines_before: usize) -> Vec<Mutant> {
        let mutant = |number: usize| Mutant {
            file: "a.rs".to_owned(),
            function: Some(Function { function_name: format!("f{number}") }),
            genre: Genre::FnValue,
            name: format!("a.rs:{}:1: replace f{number} with ()", number + lines_before),
            package: "a".to_owned(),
            replacement: "()".to_owned(),
            span: Span { start: Position { line: number + lines_before, column: 1 } },
        };
        (0..100).map(mutant).collect()
    }

    fn drawn(lines_before: usize, seed: u64, size: usize) -> Vec<String> {
        let sample = sample(mutants(lines_before), seed, size).into_iter();
        sample.filter_map(|mutant| mutant.function.map(|function| function.function_name)).collect()
    }

    #[test]
    fn a_sample_depends_on_nothing_but_the_seed() {
        assert_eq!(drawn(0, 1, 20), drawn(7, 1, 20));
        assert_eq!(drawn(0, 1, 20), drawn(0, 1, 50)[..20]);
        assert_ne!(drawn(0, 1, 20), drawn(0, 2, 20));
        assert_eq!(drawn(0, 1, 1000).len(), 100);
    }
}
