//! Replays the committed fuzz corpora.

#![allow(clippy::unwrap_used, clippy::print_stdout, clippy::print_stderr, reason = "helpers of tests")]

use std::fs;
use std::path::{Path, PathBuf};

use pilothouse_tests::fuzz_entry::TARGETS;

/// Longest file of a corpus, in bytes.
const MAX_BYTES: u64 = 4096;
/// Most files of a corpus.
const MAX_FILES: usize = 200;

#[test]
fn chart_archive() {
    replay("chart_archive");
}

#[test]
fn machine() {
    replay("machine");
}

#[test]
fn scenario() {
    replay("scenario");
}

#[test]
fn schema() {
    replay("schema");
}

#[test]
fn storage_codec() {
    replay("storage_codec");
}

#[test]
fn template_parser() {
    replay("template_parser");
}

#[test]
fn values() {
    replay("values");
}

#[test]
fn yaml() {
    replay("yaml");
}

#[test]
fn every_target_is_replayed() {
    // One test above for each.
    assert_eq!(
        TARGETS.map(|(name, _)| name),
        [
            "chart_archive",
            "machine",
            "scenario",
            "schema",
            "storage_codec",
            "template_parser",
            "values",
            "yaml"
        ]
    );
}

#[test]
fn corpora_are_small_and_belong_to_a_target() {
    for (name, _) in TARGETS {
        let inputs = inputs(name);
        assert!(!inputs.is_empty(), "no inputs for {name}");
        assert!(inputs.len() <= MAX_FILES, "{name} has {} inputs: minimise it", inputs.len());
        for path in inputs {
            assert!(fs::metadata(&path).unwrap().len() < MAX_BYTES, "{} is too long", path.display());
        }
    }
    for folder in files(&corpora()) {
        let name = folder.file_name().unwrap().to_str().unwrap();
        assert!(TARGETS.iter().any(|(target, _)| *target == name), "no target is called {name}");
    }
}

fn replay(name: &str) {
    let (_, target) = TARGETS.into_iter().find(|(target, _)| *target == name).unwrap();
    for path in inputs(name) {
        // Printed only when the test fails: it names the input.
        println!("{}", path.display());
        target(&fs::read(&path).unwrap());
    }
}

fn corpora() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus")
}

fn inputs(target: &str) -> Vec<PathBuf> {
    files(&corpora().join(target))
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}
