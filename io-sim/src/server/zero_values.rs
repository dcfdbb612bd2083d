//! Numbers of a status that are nothing: the server writes some of them always, and others never, as the tags of its Go types
//! say (`k8s.io/api`).

use serde_json::{Value, json};

use super::defaults;

/// Brings the status of a built-in object into the form in which the server writes it.
pub(super) fn complete_status(kind: &str, object: &mut Value) {
    let (always, omitted) = (written_always(kind), omitted_when_zero(kind));
    if always.is_empty() && (omitted.is_empty() || object.get("status").is_none()) {
        return;
    }
    let status = defaults::inner(object, "status");
    for field in always {
        defaults::set(status, field, json!(0));
    }
    if kind == "HorizontalPodAutoscaler" && status.get("currentMetrics").is_none() {
        status["currentMetrics"] = Value::Null;
    }
    if let Value::Object(fields) = status {
        fields.retain(|field, value| *value != 0 || !omitted.contains(&field.as_str()));
    }
}

fn written_always(kind: &str) -> &'static [&'static str] {
    match kind {
        "DaemonSet" => {
            &["currentNumberScheduled", "desiredNumberScheduled", "numberMisscheduled", "numberReady"]
        }
        "HorizontalPodAutoscaler" => &["desiredReplicas"],
        "PodDisruptionBudget" => &["currentHealthy", "desiredHealthy", "disruptionsAllowed", "expectedPods"],
        "ReplicaSet" | "ReplicationController" => &["replicas"],
        "StatefulSet" => &["availableReplicas", "replicas"],
        _ => &[],
    }
}

fn omitted_when_zero(kind: &str) -> &'static [&'static str] {
    match kind {
        "DaemonSet" => {
            &["numberAvailable", "numberUnavailable", "observedGeneration", "updatedNumberScheduled"]
        }
        "Deployment" => &[
            "availableReplicas",
            "observedGeneration",
            "readyReplicas",
            "replicas",
            "unavailableReplicas",
            "updatedReplicas",
        ],
        "HorizontalPodAutoscaler" => &["currentReplicas"],
        "Job" => &["active", "failed", "succeeded"],
        "PodDisruptionBudget" => &["observedGeneration"],
        "ReplicaSet" | "ReplicationController" => {
            &["availableReplicas", "fullyLabeledReplicas", "observedGeneration", "readyReplicas"]
        }
        "StatefulSet" => &["currentReplicas", "observedGeneration", "readyReplicas", "updatedReplicas"],
        _ => &[],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zeros_are_written_as_the_kind_does() {
        for (kind, status, expected) in [
            ("Deployment", json!({"replicas": 0, "readyReplicas": 1}), json!({"readyReplicas": 1})),
            ("ReplicaSet", json!({"readyReplicas": 0}), json!({"replicas": 0})),
            ("StatefulSet", Value::Null, json!({"availableReplicas": 0, "replicas": 0})),
            ("HorizontalPodAutoscaler", json!({}), json!({"currentMetrics": null, "desiredReplicas": 0})),
        ] {
            let mut object = json!({});
            if !status.is_null() {
                object["status"] = status;
            }
            complete_status(kind, &mut object);
            assert_eq!(object["status"], expected, "{kind}");
        }
        let mut without = json!({});
        complete_status("Deployment", &mut without);
        assert_eq!(without, json!({}));
    }
}
