use pilothouse_chart::HookDeletePolicy;
use pilothouse_machine::SECOND;
use pilothouse_release::ReleaseStatus;

use super::*;
use crate::fake::{Fake, config, fail_jobs, job_hook, revision, storage};

fn run(fake: &mut Fake, filters: TestFilters) -> (Vec<String>, Result<u32, String>) {
    let options = TestOptions { wait: WaitOptions::new(60 * SECOND), filters };
    let (writes, result) = fake.act(TestRelease::new(config(), options, storage()));
    (writes, result.outcome.map(|record| record.version).map_err(|error| error.to_string()))
}

fn tested() -> Fake {
    let mut fake = Fake::new();
    let hooks = [
        job_hook("b", HookEvent::Test, &[HookDeletePolicy::HookSucceeded]),
        job_hook("a", HookEvent::Test, &[]),
        job_hook("other", HookEvent::PreInstall, &[]),
    ];
    fake.store(vec![revision(1, ReleaseStatus::Deployed, "Install complete", &hooks)]);
    fake
}

#[test]
fn each_start_and_the_end_are_stored() {
    let mut fake = tested();
    let (writes, outcome) = run(&mut fake, TestFilters::default());
    assert_eq!(outcome, Ok(1));
    assert_eq!(
        writes,
        [
            "Update 1 deployed: Install complete [\"Running\"]",
            "Update 1 deployed: Install complete [\"Running\", \"Succeeded\"]",
            "Update 1 deployed: Install complete [\"Succeeded\", \"Succeeded\"]",
        ]
    );
    assert_eq!(fake.writes, ["patch Job/a", "patch Job/b", "delete Job/b"]);
}

#[test]
fn the_first_failure_ends_the_test() {
    let mut fake = tested();
    fake.controller = fail_jobs;
    let (writes, outcome) = run(&mut fake, TestFilters::default());
    let error = "failed early due to stalled resources: [Job/ns/a status: 'Failed']";
    assert_eq!(outcome, Err(error.to_owned()));
    assert_eq!(writes[1..], ["Update 1 deployed: Install complete [\"Failed\"]"]);
}

#[test]
fn filters_select_by_name() {
    let include = TestFilters { include: vec!["a".to_owned()], exclude: Vec::new() };
    let exclude = TestFilters { include: Vec::new(), exclude: vec!["a".to_owned()] };
    for (filters, name) in [(include, "a"), (exclude, "b")] {
        let mut fake = tested();
        let options = TestOptions { wait: WaitOptions::new(60 * SECOND), filters };
        let (_, result) = fake.act(TestRelease::new(config(), options, storage()));
        let record = result.outcome.unwrap();
        assert_eq!(fake.writes[0], format!("patch Job/{name}"));
        assert_eq!(record.hooks.len(), 3);
        let run: Vec<&str> = record
            .hooks
            .iter()
            .filter(|hook| !hook.last_run.phase.name().is_empty())
            .map(|h| &*h.name)
            .collect();
        assert_eq!(run, [name]);
    }
}

#[test]
fn a_release_is_needed() {
    assert_eq!(run(&mut Fake::new(), TestFilters::default()).1, Err("release: not found".to_owned()));
}
