//! Every difference that was found once: Pilothouse makes of the case what Helm makes of it.

#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

use std::collections::BTreeSet;
use std::path::Path;

use pilothouse_differential::case::Recorded;
use pilothouse_differential::compare::difference;
use pilothouse_differential::ours;

fn recorded() -> Vec<Recorded> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("cases");
    let mut paths: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let lines = paths.iter().flat_map(|path| {
        let text = std::fs::read_to_string(path).unwrap();
        text.lines().map(str::to_owned).collect::<Vec<String>>()
    });
    lines.map(|line| serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"))).collect()
}

#[test]
fn cases_come_out_as_from_helm() {
    let all = recorded();
    assert!(!all.is_empty());
    let mut failures = Vec::new();
    for Recorded { case, expect } in &all {
        let ours = ours::run(case);
        if let Some(difference) = difference(case, &ours, expect) {
            failures.push(format!("{}: {:?}\n  helm {expect:?}\n  ours {ours:?}", case.id, difference.kind));
        }
    }
    assert!(failures.is_empty(), "{} of {} differ\n{}", failures.len(), all.len(), failures.join("\n"));
}

#[test]
fn no_name_is_given_twice() {
    let all = recorded();
    let names: BTreeSet<&str> = all.iter().map(|recorded| recorded.case.id.as_str()).collect();
    assert_eq!(names.len(), all.len());
}
