//! Which rule holds for which kind, and the rules of the small kinds.

use pilothouse_encoding::timestamp::Timestamp;
use pilothouse_protocol::ObjectRef;
use serde_json::Value;

use super::view::{conditions, int, text};
use super::{Assessment, pod, workload};

/// A rule of one kind.
pub(super) type Rule = fn(&Value, Timestamp) -> Assessment;

/// The rule of a kind; versions do not matter.
pub(super) fn of(object: &ObjectRef) -> Option<Rule> {
    let gvk = object.gvk();
    Some(match (gvk.group(), object.kind.as_str()) {
        ("", "Pod") => pod::assess,
        ("apps" | "extensions", "Deployment") => workload::deployment,
        ("apps" | "extensions", "ReplicaSet") => workload::replica_set,
        ("apps" | "extensions", "DaemonSet") => workload::daemon_set,
        ("apps", "StatefulSet") => workload::stateful_set,
        ("batch", "Job") => job,
        ("", "Service") => service,
        ("", "PersistentVolumeClaim") => claim,
        ("apiextensions.k8s.io", "CustomResourceDefinition") => definition,
        ("policy", "PodDisruptionBudget") => disruption_budget,
        ("", "ConfigMap" | "Secret") | ("batch", "CronJob") => always,
        _ => return None,
    })
}

fn always(_: &Value, _: Timestamp) -> Assessment {
    Assessment::current("Resource is always ready")
}

/// A Job that has started is current; whether it completes is asked by [`super::assess_job`].
fn job(job: &Value, _: Timestamp) -> Assessment {
    if let Some(end) = job_end(job) {
        return end;
    }
    if text(job, "/status/startTime").is_empty() {
        return Assessment::in_progress("Job not started");
    }
    Assessment::current(job_progress(job))
}

/// The verdict on a Job that has ended.
pub(super) fn job_end(job: &Value) -> Option<Assessment> {
    let completions = int(job, "/spec/completions", int(job, "/spec/parallelism", 1));
    conditions(job).filter(|condition| condition.status == "True").find_map(|condition| {
        match condition.kind {
            "Complete" => {
                let succeeded = int(job, "/status/succeeded", 0);
                Some(Assessment::current(format!("Job Completed. succeeded: {succeeded}/{completions}")))
            }
            "Failed" => {
                let failed = int(job, "/status/failed", 0);
                Some(Assessment::failed(format!("Job Failed. failed: {failed}/{completions}")))
            }
            _ => None,
        }
    })
}

/// The numbers of a running Job.
pub(super) fn job_progress(job: &Value) -> String {
    let count = |field: &str| int(job, &format!("/status/{field}"), 0);
    let (succeeded, active, failed) = (count("succeeded"), count("active"), count("failed"));
    format!("Job in progress. success:{succeeded}, active: {active}, failed: {failed}")
}

fn service(service: &Value, _: Timestamp) -> Assessment {
    if text(service, "/spec/type") == "LoadBalancer" && text(service, "/spec/clusterIP").is_empty() {
        return Assessment::in_progress("ClusterIP not set. Service type: LoadBalancer");
    }
    Assessment::current("Service is ready")
}

fn claim(claim: &Value, _: Timestamp) -> Assessment {
    match text(claim, "/status/phase") {
        "Bound" => Assessment::current("PVC is Bound"),
        "" => Assessment::in_progress("PVC is not Bound. phase: unknown"),
        phase => Assessment::in_progress(format!("PVC is not Bound. phase: {phase}")),
    }
}

fn definition(definition: &Value, _: Timestamp) -> Assessment {
    conditions(definition)
        .find_map(|condition| match (condition.kind, condition.status) {
            ("NamesAccepted", "False") => Some(Assessment::failed(condition.message)),
            ("Established", "False") if condition.reason != "Installing" => {
                Some(Assessment::failed(condition.message))
            }
            ("Established", "True") => Some(Assessment::current("CRD is established")),
            _ => None,
        })
        .unwrap_or_else(|| Assessment::in_progress("Install in progress"))
}

/// The observed generation was compared before, and says that the budget was computed.
fn disruption_budget(_: &Value, _: Timestamp) -> Assessment {
    Assessment::current("AllowedDisruptions has been computed.")
}
