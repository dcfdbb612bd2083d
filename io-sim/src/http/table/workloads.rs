//! Columns of Pods and of what makes them.

use pilothouse_protocol::metadata;
use serde_json::{Value, json};

use super::Row;
use super::columns::{AGE, Known};
use super::times::{human, since};
use crate::clock::seconds_of;

pub(super) const PODS: &[Known] = &[
    ("Ready", "string", 0, pod_ready),
    ("Status", "string", 0, pod_status),
    ("Restarts", "string", 0, pod_restarts),
    AGE,
    ("IP", "string", 1, |row| or_none(row.text("/status/podIP"))),
    ("Node", "string", 1, |row| or_none(row.text("/spec/nodeName"))),
    ("Nominated Node", "string", 1, |row| or_none(row.text("/status/nominatedNodeName"))),
    ("Readiness Gates", "string", 1, |_| json!("<none>")),
];

pub(super) const DEPLOYMENTS: &[Known] = &[
    ("Ready", "string", 0, |row| ready_of(row, "/status/readyReplicas")),
    ("Up-to-date", "string", 0, |row| json!(row.number("/status/updatedReplicas"))),
    ("Available", "string", 0, |row| json!(row.number("/status/availableReplicas"))),
    AGE,
    ("Containers", "string", 1, containers),
    ("Images", "string", 1, images),
    ("Selector", "string", 1, selector),
];

pub(super) const REPLICA_SETS: &[Known] = &[
    ("Desired", "integer", 0, |row| json!(row.number("/spec/replicas"))),
    ("Current", "integer", 0, |row| json!(row.number("/status/replicas"))),
    ("Ready", "integer", 0, |row| json!(row.number("/status/readyReplicas"))),
    AGE,
    ("Containers", "string", 1, containers),
    ("Images", "string", 1, images),
    ("Selector", "string", 1, selector),
];

pub(super) const STATEFUL_SETS: &[Known] = &[
    ("Ready", "string", 0, |row| ready_of(row, "/status/readyReplicas")),
    AGE,
    ("Containers", "string", 1, containers),
    ("Images", "string", 1, images),
];

pub(super) const DAEMON_SETS: &[Known] = &[
    ("Desired", "integer", 0, |row| json!(row.number("/status/desiredNumberScheduled"))),
    ("Current", "integer", 0, |row| json!(row.number("/status/currentNumberScheduled"))),
    ("Ready", "integer", 0, |row| json!(row.number("/status/numberReady"))),
    ("Up-to-date", "integer", 0, |row| json!(row.number("/status/updatedNumberScheduled"))),
    ("Available", "integer", 0, |row| json!(row.number("/status/numberAvailable"))),
    ("Node Selector", "string", 0, |row| row.pairs("/spec/template/spec/nodeSelector")),
    AGE,
    ("Containers", "string", 1, containers),
    ("Images", "string", 1, images),
    ("Selector", "string", 1, selector),
];

pub(super) const JOBS: &[Known] = &[
    ("Status", "string", 0, job_status),
    ("Completions", "string", 0, |row| {
        let wanted = row.object.pointer("/spec/completions").and_then(Value::as_i64).unwrap_or(1);
        json!(format!("{}/{wanted}", row.number("/status/succeeded")))
    }),
    ("Duration", "string", 0, job_duration),
    AGE,
    ("Containers", "string", 1, containers),
    ("Images", "string", 1, images),
    ("Selector", "string", 1, selector),
];

pub(super) const CRON_JOBS: &[Known] = &[
    ("Schedule", "string", 0, |row| json!(row.text("/spec/schedule"))),
    ("Timezone", "string", 0, |row| or_none(row.text("/spec/timeZone"))),
    ("Suspend", "boolean", 0, |row| {
        let suspended = row.object.pointer("/spec/suspend").and_then(Value::as_bool).unwrap_or_default();
        json!(if suspended { "True" } else { "False" })
    }),
    ("Active", "integer", 0, |row| json!(row.count("/status/active"))),
    ("Last Schedule", "string", 0, |row| match row.text("/status/lastScheduleTime") {
        "" => json!("<none>"),
        time => json!(since(time, row.wall)),
    }),
    AGE,
    ("Containers", "string", 1, |row| row.containers("/spec/jobTemplate/spec/template/spec", "name")),
    ("Images", "string", 1, |row| row.containers("/spec/jobTemplate/spec/template/spec", "image")),
    ("Selector", "string", 1, |_| json!("<none>")),
];

/// A text, or `<none>`.
pub(super) fn or_none(text: &str) -> Value {
    json!(if text.is_empty() { "<none>" } else { text })
}

fn containers(row: &Row<'_>) -> Value {
    row.containers("/spec/template/spec", "name")
}

fn images(row: &Row<'_>) -> Value {
    row.containers("/spec/template/spec", "image")
}

fn selector(row: &Row<'_>) -> Value {
    row.pairs("/spec/selector/matchLabels")
}

fn ready_of(row: &Row<'_>, ready: &str) -> Value {
    let wanted = row.object.pointer("/spec/replicas").and_then(Value::as_i64).unwrap_or(1);
    json!(format!("{}/{wanted}", row.number(ready)))
}

fn pod_ready(row: &Row<'_>) -> Value {
    let is_running = row.text("/status/phase") == "Running";
    let ready = row.items("/status/containerStatuses").filter(|status| is_running && status["ready"] == true);
    json!(format!("{}/{}", ready.count(), row.count("/spec/containers")))
}

fn pod_status(row: &Row<'_>) -> Value {
    if metadata::is_deleting(row.object) {
        return json!("Terminating");
    }
    let reason = row.text("/status/reason");
    json!(match row.text("/status/phase") {
        _ if !reason.is_empty() => reason,
        "Succeeded" => "Completed",
        "Failed" => "Error",
        phase => phase,
    })
}

fn pod_restarts(row: &Row<'_>) -> Value {
    let restarts =
        row.items("/status/containerStatuses").filter_map(|status| status["restartCount"].as_i64());
    json!(restarts.sum::<i64>().to_string())
}

fn job_status(row: &Row<'_>) -> Value {
    let holds = |kind: &str| {
        row.items("/status/conditions")
            .any(|condition| condition["type"] == kind && condition["status"] == "True")
    };
    json!(match () {
        () if holds("Complete") => "Complete",
        () if holds("Failed") => "Failed",
        () if metadata::is_deleting(row.object) => "Terminating",
        () if holds("Suspended") => "Suspended",
        () => "Running",
    })
}

fn job_duration(row: &Row<'_>) -> Value {
    let Some(start) = seconds_of(row.text("/status/startTime")) else { return json!("") };
    let end = seconds_of(row.text("/status/completionTime"));
    json!(human(end.unwrap_or_else(|| row.wall.div_euclid(1_000_000_000)) - start))
}
