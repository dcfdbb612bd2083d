//! What happens in some scenarios, told line by line: what the operator asks for and what the status says. A change of
//! either is seen in review, as a change of `snapshots/story@<scenario>.snap`.

#![allow(clippy::unwrap_used, reason = "a test fails")]

use pilothouse_io_sim::world::Exchange;
use pilothouse_protocol::{ObjectRef, Patch, Request};
use pilothouse_tests::acceptance::{Material, Setup, Tolerance, play};
use serde_json::Value;

/// Scenarios that are told.
const TOLD: [&str; 5] =
    ["install-ok", "install-retries-1", "test-pass", "upgrade-fail-rollback", "delete-ok"];

#[test]
fn stories_are_told_as_before() {
    let Some(material) = Material::read() else { return };
    for name in TOLD {
        let scenario = material.scenario(name);
        let played =
            play(scenario, &material.fixtures, Setup::default(), Tolerance::Strict, &mut ()).unwrap();
        let story: Vec<String> = played.cluster.world.record().exchanges.iter().flat_map(told).collect();
        insta::with_settings!({
            snapshot_path => "../../snapshots",
            prepend_module_to_snapshot => false,
            omit_expression => true,
            snapshot_suffix => name,
            description => "What the operator asks for, and what it writes into the status",
        }, {
            insta::assert_snapshot!("story", story.join("\n"));
        });
    }
}

/// A request, and below it the conditions and the history that it writes.
fn told(exchange: &Exchange) -> Vec<String> {
    let line = match &exchange.request {
        Request::Get { object } => format!("get {}", named(object)),
        Request::List { kind, .. } => format!("list {kind}"),
        Request::ListMetadata { kind, .. } => format!("list metadata of {kind}"),
        Request::Create { body } => format!("create {}", named(&ObjectRef::of(body))),
        Request::Update { body } => format!("update {}", named(&ObjectRef::of(body))),
        Request::Patch { object, patch, status, dry_run, .. } => {
            let how = match patch {
                Patch::Apply { .. } => "apply",
                _ => "patch",
            };
            let part = if *status { " status" } else { "" };
            let dry = if *dry_run { " (dry run)" } else { "" };
            format!("{how} {}{part}{dry}", named(object))
        }
        Request::Delete { object, .. } => format!("delete {}", named(object)),
        Request::Discover { .. } => "discover".to_owned(),
        Request::Fetch { .. } => "fetch".to_owned(),
    };
    let mut lines = vec![line];
    if let Request::Patch { status: true, body, .. } = &exchange.request {
        lines.extend(conditions(&body["status"]));
        lines.extend(history(&body["status"]));
    }
    lines
}

fn named(object: &ObjectRef) -> String {
    format!("{} {}", object.kind, object.name)
}

fn conditions(status: &Value) -> Vec<String> {
    let all = status["conditions"].as_array().into_iter().flatten();
    let text = |condition: &Value, field: &str| condition[field].as_str().unwrap_or_default().to_owned();
    all.map(|condition| {
        let (kind, status) = (text(condition, "type"), text(condition, "status"));
        format!("    {kind}={status} {}: {}", text(condition, "reason"), text(condition, "message"))
    })
    .collect()
}

fn history(status: &Value) -> Option<String> {
    let all = status["history"].as_array()?;
    let revision =
        |entry: &Value| format!("{} {}", entry["version"], entry["status"].as_str().unwrap_or_default());
    Some(format!("    history: {}", all.iter().map(revision).collect::<Vec<_>>().join(", ")))
}
