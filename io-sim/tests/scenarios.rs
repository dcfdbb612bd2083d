//! Scenarios that once found something, or show a bug that helm-controller had: none of them finds anything.

#![allow(clippy::unwrap_used, reason = "a test fails")]

use std::path::{Path, PathBuf};

use pilothouse_io_sim::scenario::Scenario;
use pilothouse_io_sim::simulation::run_scenario;

#[test]
fn written_scenarios_go_as_they_say() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios");
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(!files.is_empty());
    let wrong: Vec<String> = files.iter().map(PathBuf::as_path).filter_map(wrong).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What is wrong with a file: it does not read, is not printed as it stands there, or finds something.
fn wrong(path: &Path) -> Option<String> {
    let name = path.file_name()?.to_string_lossy().into_owned();
    let text = std::fs::read_to_string(path).unwrap();
    let scenario = match Scenario::parse(&text) {
        Ok(scenario) => scenario,
        Err(error) => return Some(format!("{name}: {error}")),
    };
    if scenario.to_string() != text {
        return Some(format!("{name}: is printed otherwise"));
    }
    let finding = run_scenario(&scenario).finding?;
    Some(format!("{name}, after {} s: {}", finding.at.0 / 1_000_000_000, finding.what))
}
