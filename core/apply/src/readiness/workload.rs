//! Rules of Deployment, ReplicaSet, StatefulSet and DaemonSet.

use pilothouse_encoding::timestamp::Timestamp;
use serde_json::Value;

use super::Assessment;
use super::view::{conditions, int, int_at, is_true, text};

/// What the Deployment controller takes for "no deadline".
const NO_DEADLINE: i64 = i32::MAX as i64;

/// A Deployment is current when all replicas are updated and available; it fails when its deadline passes.
pub(super) fn deployment(deployment: &Value, _: Timestamp) -> Assessment {
    if conditions(deployment)
        .any(|condition| condition.kind == "Progressing" && condition.reason == "ProgressDeadlineExceeded")
    {
        return Assessment::failed("Progress deadline exceeded");
    }
    let status = |field: &str| int(deployment, &format!("/status/{field}"), 0);
    let wanted = int(deployment, "/spec/replicas", 1);
    let (total, updated) = (status("replicas"), status("updatedReplicas"));
    let (ready, available) = (status("readyReplicas"), status("availableReplicas"));
    let shortages = [
        (wanted > total, format!("Replicas: {total}/{wanted}")),
        (wanted > updated, format!("Updated: {updated}/{wanted}")),
        (total > wanted, format!("Pending termination: {}", total.saturating_sub(wanted))),
        (updated > available, format!("Available: {available}/{updated}")),
        (wanted > ready, format!("Ready: {ready}/{wanted}")),
        (!has_progressed(deployment), "ReplicaSet not Available".to_owned()),
        (!is_true(deployment, "Available"), "Deployment not Available".to_owned()),
    ];
    first(shortages)
        .unwrap_or_else(|| Assessment::current(format!("Deployment is available. Replicas: {total}")))
}

/// A ReplicaSet is current when all replicas are available.
pub(super) fn replica_set(set: &Value, _: Timestamp) -> Assessment {
    if is_true(set, "ReplicaFailure") {
        return Assessment::in_progress("Replica Failure condition. Check Pods");
    }
    let status = |field: &str| int(set, &format!("/status/{field}"), 0);
    let wanted = int(set, "/spec/replicas", 1);
    let (total, labelled) = (status("replicas"), status("fullyLabeledReplicas"));
    let (ready, available) = (status("readyReplicas"), status("availableReplicas"));
    let shortages = [
        (wanted > labelled, format!("Labelled: {labelled}/{wanted}")),
        (wanted > available, format!("Available: {available}/{wanted}")),
        (wanted > ready, format!("Ready: {ready}/{wanted}")),
        (total > wanted, format!("Pending termination: {}", total.saturating_sub(wanted))),
    ];
    first(shortages)
        .unwrap_or_else(|| Assessment::current(format!("ReplicaSet is available. Replicas: {total}")))
}

/// A StatefulSet is current when all replicas are ready and of the new revision; with a partition, those above it.
pub(super) fn stateful_set(set: &Value, _: Timestamp) -> Assessment {
    if text(set, "/spec/updateStrategy/type") == "OnDelete" {
        return Assessment::current("StatefulSet is using the ondelete update strategy");
    }
    let status = |field: &str| int(set, &format!("/status/{field}"), 0);
    let wanted = int(set, "/spec/replicas", 1);
    let (total, ready) = (status("replicas"), status("readyReplicas"));
    let (current, updated) = (status("currentReplicas"), status("updatedReplicas"));
    let shortages = [
        (wanted > total, format!("Replicas: {total}/{wanted}")),
        (wanted > ready, format!("Ready: {ready}/{wanted}")),
        (total > wanted, format!("Pending termination: {}", total.saturating_sub(wanted))),
    ];
    if let Some(shortage) = first(shortages) {
        return shortage;
    }
    if let Some(partition) =
        int_at(set, "/spec/updateStrategy/rollingUpdate/partition").filter(|at| *at != -1)
    {
        let beyond = wanted.saturating_sub(partition);
        return if updated < beyond {
            Assessment::in_progress(format!("updated: {updated}/{beyond}"))
        } else {
            Assessment::current(format!("Partition rollout complete. updated: {updated}"))
        };
    }
    let other_revision = text(set, "/status/currentRevision") != text(set, "/status/updateRevision");
    let shortages = [
        (wanted > current, format!("current: {current}/{wanted}")),
        (other_revision, "Waiting for updated revision to match current".to_owned()),
    ];
    first(shortages).unwrap_or_else(|| {
        Assessment::current(format!("All replicas scheduled as expected. Replicas: {total}"))
    })
}

/// A DaemonSet is current when every node has an updated, available Pod.
pub(super) fn daemon_set(set: &Value, _: Timestamp) -> Assessment {
    for (pointer, name) in [
        ("/metadata/generation", "metadata.generation"),
        ("/status/observedGeneration", "status.observedGeneration"),
    ] {
        if int_at(set, pointer).is_none() {
            let kind = text(set, "/kind");
            return Assessment::in_progress(format!("{kind} {name} not found"));
        }
    }
    let Some(wanted) = int_at(set, "/status/desiredNumberScheduled") else {
        return Assessment::in_progress("Missing .status.desiredNumberScheduled");
    };
    let status = |field: &str| int(set, &format!("/status/{field}"), 0);
    let (current, updated) = (status("currentNumberScheduled"), status("updatedNumberScheduled"));
    let (available, ready) = (status("numberAvailable"), status("numberReady"));
    let shortages = [
        (wanted > current, format!("Current: {current}/{wanted}")),
        (wanted > updated, format!("Updated: {updated}/{wanted}")),
        (wanted > available, format!("Available: {available}/{wanted}")),
        (wanted > ready, format!("Ready: {ready}/{wanted}")),
    ];
    first(shortages).unwrap_or_else(|| {
        Assessment::current(format!("All replicas scheduled as expected. Replicas: {wanted}"))
    })
}

/// Without a deadline the controller sets no condition, so the Deployment always counts as having progressed.
fn has_progressed(deployment: &Value) -> bool {
    int(deployment, "/spec/progressDeadlineSeconds", NO_DEADLINE) == NO_DEADLINE
        || conditions(deployment).any(|condition| {
            condition.kind == "Progressing"
                && condition.status == "True"
                && condition.reason == "NewReplicaSetAvailable"
        })
}

fn first<const N: usize>(shortages: [(bool, String); N]) -> Option<Assessment> {
    shortages.into_iter().find(|(short, _)| *short).map(|(_, message)| Assessment::in_progress(message))
}
