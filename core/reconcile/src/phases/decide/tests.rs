//! The decision table, row by row: the cases stand in `cases.txt`.

use std::sync::Arc;

use pilothouse_release::{Info, StoredChart};
use serde_json::json;

use super::*;
use crate::Config;

/// What the words of a case mean.
fn subject(words: &str) -> Subject {
    let number = |name: &str| -> i64 {
        words.split_whitespace().find_map(|word| word.strip_prefix(name)?.parse().ok()).unwrap_or_default()
    };
    let has = |word: &str| words.split_whitespace().any(|other| other == word);
    let mut history = Vec::new();
    for (at, word) in words.split_whitespace().filter_map(|word| word.strip_prefix("snapshot:")).enumerate() {
        let (status, hooks) = word.split_once('/').unwrap_or((word, ""));
        let mut snapshot = json!({"apiVersion": "v2", "version": 9 - at, "status": status});
        match hooks {
            "" => {}
            "none" => snapshot["testHooks"] = json!({}),
            phase => snapshot["testHooks"] = json!({"t": {"phase": phase}}),
        }
        history.push(snapshot);
    }
    let remediation = json!({
        "retries": number("retries="),
        "remediateLastFailure": has("last").then_some(true),
        "strategy": has("by-uninstall").then_some("uninstall"),
    });
    let strategy = has("retry-on-failure").then(|| json!({"name": "RetryOnFailure"}));
    let attempted = ["install", "upgrade"].into_iter().find(|action| has(action));
    let mut object = json!({
        "metadata": {"name": "n", "namespace": "ns", "generation": 2},
        "spec": {
            "interval": "1m",
            "test": {"enable": has("tests"), "ignoreFailures": has("ignored")},
            "install": {"remediation": remediation, "strategy": strategy},
            "upgrade": {"remediation": remediation, "strategy": strategy},
        },
        "status": {
            "observedGeneration": if has("observed") { 2 } else { 1 },
            "lastAttemptedGeneration": if has("tried") { 2 } else { 1 },
            "conditions": has("refused").then(|| json!([{"type": "Released", "status": "False", "reason": "UpgradeFailed",
                "message": "x", "lastTransitionTime": "2026-01-01T00:00:00Z"}])),
            "history": history,
            "lastAttemptedReleaseAction": attempted,
            "installFailures": number("install-failures="),
            "upgradeFailures": number("upgrade-failures="),
            "failures": number("install-failures=") + number("upgrade-failures="),
        },
    });
    prune(&mut object);
    Subject::new(Arc::new(Config::default()), &object).unwrap()
}

fn prune(value: &mut serde_json::Value) {
    if let serde_json::Value::Object(map) = value {
        map.retain(|_, value| !value.is_null());
        map.values_mut().for_each(prune);
    }
}

fn stored(status: &str) -> ReleaseRecord {
    let metadata = json!({"name": "app", "version": "1.0.0"});
    ReleaseRecord {
        info: Info { status: ReleaseStatus::parse(status), ..Info::default() },
        chart: StoredChart { metadata: serde_json::from_value(metadata).ok(), ..StoredChart::default() },
        ..ReleaseRecord::default()
    }
}

fn decided(words: &str) -> String {
    let subject = subject(words);
    let has = |word: &str| words.split_whitespace().any(|other| other == word);
    let mut record = words.split_whitespace().find_map(|word| word.strip_prefix("stored:")).map(stored);
    if let (Some(record), true) = (&mut record, has("interrupted")) {
        record.info.description = "Upgrade \"\" interrupted: x".to_owned();
    }
    let facts = Facts {
        latest: record.as_ref(),
        not_observed: has("edited").then(|| "release not observed to be made for object".to_owned()),
        chart_name: "app",
        chart_version: if has("other-chart") { "2.0.0" } else { "1.0.0" },
        values_match: !has("other-values"),
        post_renderers_digest: if has("other-post-renderers") { "sha256:1" } else { "" },
        common_metadata_digest: if has("other-common-metadata") { "sha256:1" } else { "" },
    };
    let active = ActivePolicy::of(&subject.release.spec, &subject.status, &subject.config);
    let state = match state(&subject, &facts, &active) {
        Ok(state) => state,
        Err(error) => return format!("error {error}"),
    };
    let target = || if has("target-lost") { RollbackTarget::Unusable } else { RollbackTarget::Verified };
    let (truncation, next) = next(&subject, &state, &active, has("forced"), target);
    let name = format!("{state:?}");
    let state = name.split('(').next().unwrap_or_default();
    let (truncation, ignore_tests) = match truncation {
        Truncation::Keep => ("", false),
        Truncation::Bounded { ignore_tests } => (" bounded", ignore_tests),
        Truncation::Clear => (" clear", false),
        Truncation::Plain => (" plain", false),
        Truncation::ToPrevious { ignore_tests } => (" truncate", ignore_tests),
    };
    let tests = if ignore_tests { " ignoring tests" } else { "" };
    format!("{state} -> {next:?}{truncation}{tests}")
}

#[test]
fn the_table_decides_as_the_spec_says() {
    let mut failures = Vec::new();
    let cases = include_str!("cases.txt").lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    for line in cases {
        let (words, expected) = line.split_once(" => ").unwrap();
        let found = decided(words);
        if found != expected {
            failures.push(format!("{words}\n  expected {expected}\n  found    {found}"));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}
