//! ReplicaSets, StatefulSets and DaemonSets: status from the spec and the time since the last change of it.

use std::sync::Arc;

use pilothouse_protocol::metadata;
use serde_json::{Value, json};

use super::status::{is_unschedulable, number};
use super::{Again, Visit};

pub(super) fn replica_set(visit: &mut Visit<'_>) -> Again {
    let object = Arc::clone(&visit.object);
    let replicas = number(&object, "/spec/replicas");
    let (ready, again) = readiness(visit, "fullyLabeledReplicas", replicas);
    let mut status = json!({"observedGeneration": metadata::generation(&object), "replicas": replicas});
    if replicas > 0 {
        status["fullyLabeledReplicas"] = json!(replicas);
        if ready {
            status["readyReplicas"] = json!(replicas);
            status["availableReplicas"] = json!(replicas);
        }
    }
    visit.write_status(status);
    again
}

pub(super) fn stateful_set(visit: &mut Visit<'_>) -> Again {
    let object = Arc::clone(&visit.object);
    let replicas = number(&object, "/spec/replicas");
    let (ready, again) = readiness(visit, "updatedReplicas", replicas);
    let revision = revision(&object);
    let done = if ready { replicas } else { 0 };
    let mut status = json!({
        "observedGeneration": metadata::generation(&object), "replicas": replicas, "collisionCount": 0,
        "availableReplicas": done, "updateRevision": revision, "updatedReplicas": replicas,
    });
    status["currentRevision"] = match object.pointer("/status/currentRevision") {
        Some(old) if !ready => old.clone(),
        _ => json!(revision),
    };
    if ready && replicas > 0 {
        status["readyReplicas"] = json!(replicas);
        status["currentReplicas"] = json!(replicas);
    }
    visit.write_status(status);
    again
}

pub(super) fn daemon_set(visit: &mut Visit<'_>) -> Again {
    let object = Arc::clone(&visit.object);
    // One node. A selector that it does not fulfil means that no Pod is wanted.
    let wanted = i64::from(!is_unschedulable(&object["spec"]["template"]["spec"]));
    let (ready, again) = readiness(visit, "updatedNumberScheduled", wanted);
    let mut status = json!({
        "observedGeneration": metadata::generation(&object), "currentNumberScheduled": wanted,
        "desiredNumberScheduled": wanted, "numberMisscheduled": 0, "numberReady": if ready { wanted } else { 0 },
    });
    if wanted > 0 {
        status["updatedNumberScheduled"] = json!(wanted);
        status[if ready { "numberAvailable" } else { "numberUnavailable" }] = json!(wanted);
    }
    visit.write_status(status);
    again
}

/// Whether the Pods are ready, and when to look again. The first visit of a generation only observes it.
fn readiness(visit: &Visit<'_>, counter: &str, wanted: i64) -> (bool, Again) {
    let object = &visit.object;
    if wanted == 0 {
        return (true, None);
    }
    if is_unschedulable(&object["spec"]["template"]["spec"]) {
        return (false, None);
    }
    let observed = number(object, "/status/observedGeneration") == metadata::generation(object)
        && number(object, &format!("/status/{counter}")) == wanted;
    if observed { (true, None) } else { (false, Some(visit.options.ready)) }
}

fn revision(object: &Value) -> String {
    let template = object["spec"]["template"].to_string();
    let hash = template
        .bytes()
        .fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    format!("{}-{hash:08x}", metadata::text(object, "name"))
}
