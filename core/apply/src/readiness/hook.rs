//! Rules where Jobs and Pods must complete: hooks, and Jobs of a release that waits for them.

use pilothouse_protocol::{ObjectRef, metadata};
use serde_json::Value;

use super::Assessment;
use super::rules::{job_end, job_progress};
use super::view::{flag, int, text};

/// The verdict on a hook's object: Jobs and Pods must complete, everything else is ready (Flux `internal/action/wait.go`).
#[must_use]
pub fn assess_hook(object: &Value) -> Assessment {
    let reference = ObjectRef::of(object);
    match (reference.gvk().group(), reference.kind.as_str()) {
        ("batch", "Job") => assess_job(object),
        ("", "Pod") => pod(object),
        _ => Assessment::current("Resource is current"),
    }
}

/// The verdict on a Job that must complete (Flux `pkg/runtime/statusreaders`).
#[must_use]
pub fn assess_job(job: &Value) -> Assessment {
    if flag(job, "/spec/suspend") {
        return Assessment::current("Job is suspended");
    }
    if let Some(end) = job_end(job) {
        return end;
    }
    if text(job, "/status/startTime").is_empty() {
        let parallelism = int(job, "/spec/parallelism", 1);
        return Assessment::in_progress(format!("Job not started. active: 0/{parallelism}"));
    }
    Assessment::in_progress(job_progress(job))
}

fn pod(pod: &Value) -> Assessment {
    let name = metadata::text(pod, "name");
    match text(pod, "/status/phase") {
        "Succeeded" => Assessment::current(format!("pod {name} succeeded")),
        "Failed" => Assessment::failed(format!("pod {name} failed")),
        _ => Assessment::in_progress("Pod in progress"),
    }
}
