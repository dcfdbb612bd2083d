//! Jobs: complete after their run time, fail by deadline or by the outcome that their Pods are labelled with.

use std::sync::Arc;

use pilothouse_protocol::{Identity, Preconditions, Propagation, Request};
use serde_json::{Value, json};

use super::status::{OUTCOME, condition, is_unschedulable, number, remaining, text};
use super::{Again, MANAGER, Visit};
use crate::clock::{SECOND, rfc3339};

pub(super) fn visit(visit: &mut Visit<'_>) -> Again {
    let object = Arc::clone(&visit.object);
    if condition(&object, "Complete").or_else(|| condition(&object, "Failed")).is_some() {
        return expire(visit);
    }
    if object["spec"]["suspend"] == true {
        return None;
    }
    let start = text(&object, "/status/startTime");
    if start.is_empty() {
        visit.write_status(json!({"active": parallelism(&object), "ready": 0, "terminating": 0,
            "startTime": rfc3339(visit.now.wall), "uncountedTerminatedPods": {}}));
        return None;
    }
    let pod = &object["spec"]["template"];
    let never = is_unschedulable(&pod["spec"]);
    let deadline = object.pointer("/spec/activeDeadlineSeconds").and_then(Value::as_u64);
    let patience = deadline.map(|seconds| remaining(start, seconds.saturating_mul(SECOND), visit.now.wall));
    let run = remaining(start, visit.options.run, visit.now.wall);
    if patience == Some(0) && (never || run > 0) {
        fail(visit, "DeadlineExceeded", "Job was active longer than specified deadline");
        return None;
    }
    if never {
        return patience;
    }
    if run > 0 {
        return Some(patience.map_or(run, |patience| run.min(patience)));
    }
    if pod.pointer(&format!("/metadata/labels/{OUTCOME}")) == Some(&json!("fail")) {
        fail(visit, "BackoffLimitExceeded", "Job has reached the specified backoff limit");
    } else {
        complete(visit);
    }
    None
}

fn complete(visit: &mut Visit<'_>) {
    let time = rfc3339(visit.now.wall);
    let object = Arc::clone(&visit.object);
    let words = "Reached expected number of succeeded pods";
    let succeeded = number(&object, "/spec/completions").max(1);
    visit.write_status(json!({
        "completionTime": time, "startTime": text(&object, "/status/startTime"), "ready": 0, "succeeded": succeeded,
        "terminating": 0, "uncountedTerminatedPods": {},
        "conditions": [
            ended("SuccessCriteriaMet", "CompletionsReached", words, &time),
            ended("Complete", "CompletionsReached", words, &time),
        ],
    }));
}

fn fail(visit: &mut Visit<'_>, reason: &str, message: &str) {
    let time = rfc3339(visit.now.wall);
    let start = text(&visit.object, "/status/startTime").to_owned();
    let failed =
        if reason == "BackoffLimitExceeded" { number(&visit.object, "/spec/backoffLimit") + 1 } else { 1 };
    visit.write_status(json!({
        "startTime": start, "ready": 0, "failed": failed, "terminating": 0, "uncountedTerminatedPods": {},
        "conditions": [ended("FailureTarget", reason, message, &time), ended("Failed", reason, message, &time)],
    }));
}

fn ended(kind: &str, reason: &str, message: &str, time: &str) -> Value {
    json!({"type": kind, "status": "True", "reason": reason, "message": message, "lastProbeTime": time,
        "lastTransitionTime": time})
}

/// `ttlSecondsAfterFinished`.
fn expire(visit: &mut Visit<'_>) -> Again {
    let object = Arc::clone(&visit.object);
    let keep = object.pointer("/spec/ttlSecondsAfterFinished").and_then(Value::as_u64)?;
    let end = condition(&object, "Complete").or_else(|| condition(&object, "Failed"))?;
    let left = remaining(text(end, "/lastTransitionTime"), keep.saturating_mul(SECOND), visit.now.wall);
    if left > 0 {
        return Some(left);
    }
    let request = Request::Delete {
        object: visit.reference(),
        propagation: Propagation::Foreground,
        preconditions: Preconditions::default(),
    };
    visit.server.request_as(visit.now.wall, &Identity::Controller, MANAGER, &request);
    None
}

fn parallelism(object: &Value) -> i64 {
    number(object, "/spec/parallelism").max(1)
}
