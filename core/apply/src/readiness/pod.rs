//! Rules of Pods.

use pilothouse_encoding::duration::GoDuration;
use pilothouse_encoding::timestamp::Timestamp;
use pilothouse_protocol::metadata;
use serde_json::Value;

use super::view::{conditions, is_true, text};
use super::{Assessment, Status};

/// How long a Pod may wait for a node before that counts as a failure, in seconds.
const SCHEDULE_WINDOW: i64 = 15;
const NOT_SCHEDULED: &str = "Pod has not been scheduled";

/// A Pod is current when it is ready or has ended; it fails when a container crashes in a loop or no node is found.
pub(super) fn assess(pod: &Value, wall: Timestamp) -> Assessment {
    match text(pod, "/status/phase") {
        "Succeeded" => Assessment::current("Pod has completed successfully"),
        "Failed" => Assessment::current("Pod has completed, but not successfully"),
        "Running" => running(pod),
        "Pending" if !is_unschedulable(pod) => Assessment::in_progress("Pod is in the Pending phase"),
        "Pending" if is_young(pod, wall) => Assessment::in_progress(NOT_SCHEDULED),
        "Pending" => Assessment::failed("Pod could not be scheduled"),
        "" => Assessment::in_progress("Pod phase not available"),
        phase => Assessment::unknown(format!("unknown phase {phase}")),
    }
}

/// Whether the verdict may change by time alone.
pub(crate) fn awaits_scheduling(assessment: &Assessment) -> bool {
    assessment.message == NOT_SCHEDULED
}

/// Whether a Pod makes the ReplicaSet or StatefulSet fail that it belongs to: it failed, is not just being replaced, and
/// does not wait for a node that an autoscaler may bring.
pub(crate) fn is_terminally_failed(pod: &Value, wall: Timestamp) -> bool {
    !metadata::is_deleting(pod) && !is_unschedulable(pod) && super::assess(pod, wall).status == Status::Failed
}

fn running(pod: &Value) -> Assessment {
    if is_true(pod, "Ready") {
        return Assessment::current("Pod is Ready");
    }
    let crashing: Vec<&str> = pod
        .pointer("/status/containerStatuses")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter(|container| text(container, "/state/waiting/reason") == "CrashLoopBackOff")
        .map(|container| text(container, "/name"))
        .collect();
    if crashing.is_empty() {
        Assessment::in_progress("Pod is running but is not Ready")
    } else {
        Assessment::failed(format!("Containers in CrashLoop state: {}", crashing.join(",")))
    }
}

fn is_unschedulable(pod: &Value) -> bool {
    conditions(pod).any(|condition| {
        condition.kind == "PodScheduled" && condition.status == "False" && condition.reason == "Unschedulable"
    })
}

fn is_young(pod: &Value, wall: Timestamp) -> bool {
    let created: Option<Timestamp> = metadata::text(pod, "creationTimestamp").parse().ok();
    created.is_some_and(|created| wall.since(created) < GoDuration::from_secs(SCHEDULE_WINDOW))
}
