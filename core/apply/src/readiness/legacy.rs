//! Helm 3's rules of readiness (Helm `pkg/kube/ready.go`), for the wait strategy `legacy`.

use pilothouse_protocol::ObjectRef;
use serde_json::Value;

use super::Assessment;
use super::rules::job_end;
use super::view::{conditions, flag, int, int_at, is_true, text};

/// The verdict of Helm 3 on a live object; Jobs count only when they are asked for.
///
/// Helm looks at the newest ReplicaSet of a Deployment; here its ready replicas are estimated from the Deployment's
/// own status, never too high.
#[must_use]
pub fn assess_legacy(object: &Value, jobs: bool) -> Assessment {
    let reference = ObjectRef::of(object);
    let gvk = reference.gvk();
    let ready = match (gvk.group(), reference.kind.as_str()) {
        ("", "Pod") => is_true(object, "Ready"),
        ("batch", "Job") if jobs => return job(object, &reference),
        ("apps", "Deployment") => flag(object, "/spec/paused") || deployment(object),
        ("apps", "StatefulSet") => is_observed(object) && stateful_set(object),
        ("apps", "DaemonSet") => is_observed(object) && daemon_set(object),
        ("apps", "ReplicaSet") | ("", "ReplicationController") => {
            is_observed(object) && int(object, "/status/readyReplicas", 0) >= int(object, "/spec/replicas", 1)
        }
        ("", "PersistentVolumeClaim") => text(object, "/status/phase") == "Bound",
        ("", "Service") => service(object),
        ("apiextensions.k8s.io", "CustomResourceDefinition") => {
            is_true(object, "Established")
                || conditions(object)
                    .any(|condition| condition.kind == "NamesAccepted" && condition.status == "False")
        }
        _ => true,
    };
    if ready { Assessment::current("ready") } else { Assessment::in_progress("not ready") }
}

/// The verdict of Helm 3 on the object of a hook.
#[must_use]
pub fn assess_legacy_hook(object: &Value) -> Assessment {
    let reference = ObjectRef::of(object);
    let name = &reference.name;
    match (reference.gvk().group(), reference.kind.as_str()) {
        ("batch", "Job") => {
            let failure =
                conditions(object).find(|condition| condition.kind == "Failed" && condition.status == "True");
            match (failure, job_end(object)) {
                (Some(failure), _) => Assessment::failed(format!("job {name} failed: {}", failure.reason)),
                (None, Some(end)) => end,
                (None, None) => Assessment::in_progress("not complete"),
            }
        }
        ("", "Pod") => match text(object, "/status/phase") {
            "Succeeded" => Assessment::current("succeeded"),
            "Failed" => Assessment::failed(format!("pod {name} failed")),
            _ => Assessment::in_progress("not complete"),
        },
        _ => Assessment::current("ready"),
    }
}

fn job(job: &Value, reference: &ObjectRef) -> Assessment {
    if int(job, "/status/failed", 0) > int(job, "/spec/backoffLimit", 6) {
        let namespace = reference.namespace.as_deref().unwrap_or_default();
        return Assessment::failed(format!("job is failed: {namespace}/{}", reference.name));
    }
    match int_at(job, "/spec/completions") {
        Some(completions) if int(job, "/status/succeeded", 0) < completions => {
            Assessment::in_progress("Job is not completed")
        }
        _ => Assessment::current("Job is completed"),
    }
}

fn deployment(deployment: &Value) -> bool {
    let wanted = int(deployment, "/spec/replicas", 1);
    let status = |field: &str| int(deployment, &format!("/status/{field}"), 0);
    let outdated = status("replicas").saturating_sub(status("updatedReplicas"));
    let ready = status("readyReplicas").saturating_sub(outdated);
    is_observed(deployment) && ready >= wanted.saturating_sub(max_unavailable(deployment, wanted))
}

/// `maxUnavailable` of a rolling update in Pods; one when neither it nor `maxSurge` allows any.
fn max_unavailable(deployment: &Value, replicas: i64) -> i64 {
    if text(deployment, "/spec/strategy/type") == "Recreate" || replicas == 0 {
        return 0;
    }
    let field = |name: &str| deployment.pointer(&format!("/spec/strategy/rollingUpdate/{name}"));
    let unavailable = scaled(field("maxUnavailable"), replicas, false);
    let surge = scaled(field("maxSurge"), replicas, true);
    if unavailable == 0 && surge == 0 { 1 } else { unavailable.min(replicas) }
}

/// A number or a percentage of a total.
fn scaled(value: Option<&Value>, total: i64, round_up: bool) -> i64 {
    let percent = match value {
        Some(Value::Number(number)) => return number.as_i64().unwrap_or_default(),
        Some(Value::String(text)) => text.trim_end_matches('%').parse::<i64>().unwrap_or_default(),
        _ => 25,
    };
    let share = percent.saturating_mul(total);
    if round_up { share.saturating_add(99) / 100 } else { share / 100 }
}

fn stateful_set(set: &Value) -> bool {
    if text(set, "/spec/updateStrategy/type") != "RollingUpdate" {
        return true;
    }
    let replicas = int(set, "/spec/replicas", 1);
    let partition = int(set, "/spec/updateStrategy/rollingUpdate/partition", 0);
    int(set, "/status/updatedReplicas", 0) >= replicas.saturating_sub(partition)
        && int(set, "/status/readyReplicas", 0) == replicas
        && (partition != 0 || text(set, "/status/currentRevision") == text(set, "/status/updateRevision"))
}

fn daemon_set(set: &Value) -> bool {
    if text(set, "/spec/updateStrategy/type") != "RollingUpdate" {
        return true;
    }
    let wanted = int(set, "/status/desiredNumberScheduled", 0);
    let unavailable = match set.pointer("/spec/updateStrategy/rollingUpdate/maxUnavailable") {
        None => wanted,
        value => scaled(value, wanted, true),
    };
    int(set, "/status/updatedNumberScheduled", 0) == wanted
        && int(set, "/status/numberReady", 0) >= wanted.saturating_sub(unavailable)
}

fn service(service: &Value) -> bool {
    let has = |pointer: &str| {
        service.pointer(pointer).and_then(Value::as_array).is_some_and(|list| !list.is_empty())
    };
    match text(service, "/spec/type") {
        "ExternalName" => true,
        _ if text(service, "/spec/clusterIP").is_empty() => false,
        "LoadBalancer" => has("/spec/externalIPs") || has("/status/loadBalancer/ingress"),
        _ => true,
    }
}

/// Whether the controller has seen the newest spec.
fn is_observed(object: &Value) -> bool {
    int(object, "/metadata/generation", 0) == int(object, "/status/observedGeneration", 0)
}
