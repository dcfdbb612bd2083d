//! Steps that wait.

use serde_json::{Map, Value, json};

use super::play::Player;
use super::steps::text;
use super::{StepError, path};

impl Player<'_> {
    pub(super) fn step_wait(&mut self, argument: &Value) -> Result<(), StepError> {
        let reference = self.object_of(argument)?;
        let timeout = argument.get("timeout").and_then(Value::as_f64).unwrap_or(40.0);
        self.poll(timeout, &reference.to_string(), |cluster| match cluster.get(&reference) {
            None if argument["absent"] == true => Ok(()),
            None => Err("missing".to_owned()),
            Some(object) if argument["absent"] == true => Err(format!("still exists: {}", brief(&object))),
            Some(object) => check(&object, argument),
        })
    }

    pub(super) fn step_wait_event(&mut self, argument: &Value) -> Result<(), StepError> {
        let reference = self.object_of(argument)?;
        let (reason, count) = (text(argument, "reason"), argument["count"].as_u64().unwrap_or(1));
        let timeout = argument.get("timeout").and_then(Value::as_f64).unwrap_or(30.0);
        let what = format!("event {} on {reference}", reason.unwrap_or_default());
        self.poll(timeout, &what, |cluster| {
            let seen = cluster.world.record().events.iter().any(|recorded| {
                let regarding = &recorded.event.regarding;
                regarding.kind == reference.kind
                    && regarding.name == reference.name
                    && regarding.namespace == reference.namespace
                    && Some(recorded.event.reason.as_str()) == reason
                    && recorded.count >= count
            });
            if seen { Ok(()) } else { Err("not seen".to_owned()) }
        })
    }
}

fn check(object: &Value, argument: &Value) -> Result<(), String> {
    let empty = Map::new();
    let members = |field: &str| argument.get(field).and_then(Value::as_object).unwrap_or(&empty);
    for (kind, wanted) in members("conditions") {
        if !condition_is(condition(object, kind), wanted.as_str().unwrap_or_default()) {
            return Err(brief(object));
        }
    }
    for (at, wanted) in members("fields") {
        let got = path::get(object, at);
        if !field_is(object, got, wanted) {
            return Err(format!("{at}={}; {}", got.unwrap_or(&Value::Null), brief(object)));
        }
    }
    for (kind, part) in members("messageContains") {
        let message = condition(object, kind).and_then(|found| text(found, "message")).unwrap_or_default();
        if !message.contains(part.as_str().unwrap_or_default()) {
            return Err(brief(object));
        }
    }
    let observed = object.pointer("/status/observedGeneration");
    if argument["settled"] == true && observed != object.pointer("/metadata/generation") {
        return Err(brief(object));
    }
    Ok(())
}

fn condition<'a>(object: &'a Value, kind: &str) -> Option<&'a Value> {
    let conditions = object.pointer("/status/conditions").and_then(Value::as_array)?;
    conditions.iter().rev().find(|condition| condition["type"] == kind)
}

/// `wanted` is `Status`, `Status/Reason` or `absent`.
fn condition_is(condition: Option<&Value>, wanted: &str) -> bool {
    let Some(condition) = condition else { return wanted == "absent" };
    match wanted.split_once('/') {
        Some((status, reason)) => condition["status"] == status && condition["reason"] == reason,
        None => condition["status"] == wanted,
    }
}

/// `wanted` is a value, `@generation` or `>=N`.
fn field_is(object: &Value, got: Option<&Value>, wanted: &Value) -> bool {
    match wanted.as_str() {
        Some("@generation") => got == object.pointer("/metadata/generation"),
        Some(bound) if bound.starts_with(">=") => {
            let least: f64 = bound[2..].trim().parse().unwrap_or(f64::INFINITY);
            got.and_then(Value::as_f64).is_some_and(|got| got >= least)
        }
        _ => got.unwrap_or(&Value::Null) == wanted,
    }
}

fn brief(object: &Value) -> String {
    let conditions = object.pointer("/status/conditions").and_then(Value::as_array);
    let shown = conditions.into_iter().flatten().map(|condition| {
        let member = |field: &str| text(condition, field).unwrap_or_default().to_owned();
        let message: String = member("message").chars().take(300).collect();
        format!("{}={}/{}: {message}", member("type"), member("status"), member("reason"))
    });
    let observed = object.pointer("/status/observedGeneration").cloned().unwrap_or(json!(null));
    let generation = &object["metadata"]["generation"];
    format!(
        "{} (observedGeneration {observed}, generation {generation})",
        shown.collect::<Vec<_>>().join("; ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_look_at_conditions_and_fields() {
        let object = json!({"metadata": {"generation": 2}, "status": {"observedGeneration": 2, "failures": 3,
            "conditions": [{"type": "Ready", "status": "False", "reason": "X", "message": "it failed"}]}});
        for (argument, met) in [
            (json!({"conditions": {"Ready": "False"}, "settled": true}), true),
            (json!({"conditions": {"Ready": "False/X", "Stalled": "absent"}}), true),
            (json!({"conditions": {"Ready": "False/Y"}}), false),
            (json!({"conditions": {"Ready": "absent"}}), false),
            (json!({"fields": {"status.failures": ">=3", "status.observedGeneration": "@generation"}}), true),
            (json!({"fields": {"status.failures": ">=4"}}), false),
            (json!({"fields": {"status.failures": 3, "status.nothing": null}}), true),
            (json!({"messageContains": {"Ready": "failed"}}), true),
            (json!({"messageContains": {"Ready": "worked"}}), false),
        ] {
            assert_eq!(check(&object, &argument).is_ok(), met, "{argument}");
        }
    }
}
