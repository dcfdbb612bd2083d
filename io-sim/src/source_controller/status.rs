//! The status that source-controller gives its objects.

use pilothouse_protocol::metadata;
use serde_json::{Value, json};

use crate::clock::rfc3339;

/// What is known about the artifact of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ArtifactStatus {
    pub(super) url: String,
    pub(super) path: String,
    pub(super) digest: String,
    pub(super) revision: String,
    pub(super) size: usize,
}

/// The outcome of one look at an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Verdict {
    pub(super) ready: bool,
    pub(super) reason: &'static str,
    pub(super) message: String,
    pub(super) artifact: Option<ArtifactStatus>,
}

/// The merge patch that brings the status of an object in line; `None` when it is in line.
pub(super) fn status_patch(object: &Value, verdict: &Verdict, wall: i64) -> Option<Value> {
    let generation = metadata::generation(object);
    let status = object.get("status").unwrap_or(&Value::Null);
    let ready = json!({
        "type": "Ready", "status": if verdict.ready { "True" } else { "False" }, "reason": verdict.reason,
        "message": verdict.message, "observedGeneration": generation,
    });
    let artifact = verdict.artifact.as_ref().map(|artifact| {
        json!({
            "url": artifact.url, "path": artifact.path, "digest": artifact.digest, "revision": artifact.revision,
            "size": artifact.size,
        })
    });
    let same_ready = without(status.pointer("/conditions/0"), "lastTransitionTime") == Some(ready.clone());
    let same_artifact = artifact.is_none() || without(status.get("artifact"), "lastUpdateTime") == artifact;
    if same_ready && same_artifact && status.get("observedGeneration") == Some(&json!(generation)) {
        return None;
    }
    let time = rfc3339(wall);
    let mut condition = ready;
    condition["lastTransitionTime"] = json!(time);
    let mut patch = json!({"status": {"observedGeneration": generation, "conditions": [condition]}});
    // An artifact that was there stays when the next one cannot be made.
    if let Some(mut artifact) = artifact {
        artifact["lastUpdateTime"] = json!(time);
        patch["status"]["artifact"] = artifact;
    }
    Some(patch)
}

fn without(value: Option<&Value>, field: &str) -> Option<Value> {
    let mut value = value?.clone();
    value.as_object_mut()?.remove(field);
    Some(value)
}
