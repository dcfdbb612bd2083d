//! Bare Pods: scheduled, run, ended as their label says.

use std::sync::Arc;

use pilothouse_protocol::{Identity, Patch, Request, metadata};
use serde_json::{Value, json};

use super::status::{OUTCOME, is_unschedulable, remaining, text};
use super::{Again, MANAGER, Visit};
use crate::clock::rfc3339;

pub(super) fn visit(visit: &mut Visit<'_>) -> Again {
    let object = Arc::clone(&visit.object);
    let phase = text(&object, "/status/phase");
    if matches!(phase, "Succeeded" | "Failed") {
        return None;
    }
    let born = metadata::text(&object, "creationTimestamp");
    let outcome = metadata::label(&object, OUTCOME);
    if let Some(outcome) = outcome {
        let wait = remaining(born, visit.options.run, visit.now.wall);
        if wait > 0 {
            return Some(wait);
        }
        let phase = if outcome == "fail" { "Failed" } else { "Succeeded" };
        end(visit, phase);
        return None;
    }
    if is_unschedulable(&object["spec"]) {
        return None;
    }
    if object.pointer("/spec/nodeName").is_none() {
        let body = Arc::new(json!({"spec": {"nodeName": "node"}}));
        let request = Request::Patch {
            object: visit.reference(),
            patch: Patch::Merge,
            body,
            status: false,
            dry_run: false,
        };
        visit.server.request_as(visit.now.wall, &Identity::Controller, MANAGER, &request);
        return None;
    }
    if phase == "Pending" {
        let wait = remaining(born, visit.options.ready, visit.now.wall);
        if wait > 0 {
            return Some(wait);
        }
        run(visit);
        return None;
    }
    let policy = text(&object, "/spec/restartPolicy");
    let finite = (policy == "Never" && is_owned_by_job(&object))
        || (visit.options.end_pods && matches!(policy, "Never" | "OnFailure"));
    if !finite {
        return None;
    }
    let wait = remaining(text(&object, "/status/startTime"), visit.options.run, visit.now.wall);
    if wait == 0 {
        end(visit, "Succeeded");
    }
    (wait > 0).then_some(wait)
}

fn run(visit: &mut Visit<'_>) {
    let time = rfc3339(visit.now.wall);
    let types = ["Initialized", "Ready", "ContainersReady", "PodScheduled"];
    let conditions = types.map(|kind| json!({"type": kind, "status": "True", "lastTransitionTime": time}));
    let containers = visit.object.pointer("/spec/containers").and_then(Value::as_array).cloned();
    let statuses: Vec<Value> = containers
        .unwrap_or_default()
        .iter()
        .map(|container| {
            json!({"name": container["name"], "image": container["image"], "imageID": "", "ready": true,
                "restartCount": 0, "lastState": {}, "state": {"running": {"startedAt": time}}})
        })
        .collect();
    visit.write_status(json!({"phase": "Running", "startTime": time, "podIP": "10.0.0.1",
        "podIPs": [{"ip": "10.0.0.1"}], "conditions": conditions, "containerStatuses": statuses, "qosClass": "BestEffort"}));
}

fn end(visit: &mut Visit<'_>, phase: &str) {
    let mut status = visit.object.get("status").cloned().unwrap_or_else(|| json!({}));
    status["phase"] = json!(phase);
    visit.write_status(status);
}

fn is_owned_by_job(object: &Value) -> bool {
    let owners = object.pointer("/metadata/ownerReferences").and_then(Value::as_array);
    owners.into_iter().flatten().any(|owner| owner["kind"] == "Job")
}
