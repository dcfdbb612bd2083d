//! What the admission plug-ins of an API server add to a new Pod, after its owner is recorded (`plugin/pkg/admission`), and the
//! first status.

use serde_json::{Value, json};

use super::defaults::{inner, items, set};

/// How long a Pod stays on a node that is not ready, in seconds.
const TOLERATION: i64 = 300;

/// Service account, priority and tolerations.
pub(super) fn admit_pod(object: &mut Value) {
    let spec = inner(object, "spec");
    set(spec, "serviceAccountName", json!("default"));
    let account = spec["serviceAccountName"].clone();
    set(spec, "serviceAccount", account);
    set(spec, "priority", json!(0));
    set(spec, "preemptionPolicy", json!("PreemptLowerPriority"));
    tolerate(spec);
    let class = quality_class(spec);
    set(inner(object, "status"), "qosClass", json!(class));
}

/// What the plug-ins do with a changed Pod: its priority stays when nothing is said, and tolerations are added again.
pub(super) fn admit_change(live: &Value, object: &mut Value) {
    let spec = inner(object, "spec");
    if let Some(account) = spec.get("serviceAccountName").cloned() {
        set(spec, "serviceAccount", account);
    }
    for field in ["priority", "preemptionPolicy"] {
        if let Some(kept) = live["spec"].get(field) {
            set(spec, field, kept.clone());
        }
    }
    tolerate(spec);
}

fn tolerate(spec: &mut Value) {
    set(spec, "tolerations", json!([]));
    for key in ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"] {
        let tolerated = items(spec, "tolerations").any(|toleration| tolerates(toleration, key));
        if let (false, Some(Value::Array(list))) = (tolerated, spec.get_mut("tolerations")) {
            list.push(json!({"key": key, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": TOLERATION}));
        }
    }
}

fn tolerates(toleration: &Value, key: &str) -> bool {
    let text = |field: &str| toleration.get(field).and_then(Value::as_str).unwrap_or_default();
    matches!(text("effect"), "" | "NoExecute") && (text("key").is_empty() || text("key") == key)
}

/// `status.qosClass` (`pkg/apis/core/v1/helper/qos`).
fn quality_class(spec: &mut Value) -> &'static str {
    let (mut some, mut all, mut equal) = (false, true, true);
    for list in ["containers", "initContainers"] {
        for container in items(spec, list) {
            let resources = |name: &str, field: &str| {
                container
                    .pointer(&format!("/resources/{name}/{field}"))
                    .filter(|value| !value.is_null())
                    .cloned()
            };
            for field in ["cpu", "memory"] {
                let (limit, request) = (resources("limits", field), resources("requests", field));
                some |= limit.is_some() || request.is_some();
                all &= limit.is_some();
                equal &= request.is_none() || request == limit;
            }
        }
    }
    match (some, all && equal) {
        (false, _) => "BestEffort",
        (true, true) => "Guaranteed",
        (true, false) => "Burstable",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pod_gets_what_it_does_not_say() {
        let mut pod = json!({"spec": {"containers": [{"resources": {"requests": {"cpu": "1"}}}],
            "tolerations": [{"key": "node.kubernetes.io/unreachable", "operator": "Exists"}]}});
        admit_pod(&mut pod);
        let keys: Vec<&Value> =
            pod["spec"]["tolerations"].as_array().unwrap().iter().map(|one| &one["key"]).collect();
        assert_eq!(keys, ["node.kubernetes.io/unreachable", "node.kubernetes.io/not-ready"]);
        assert_eq!(
            (&pod["spec"]["serviceAccount"], &pod["status"]["qosClass"]),
            (&json!("default"), &json!("Burstable"))
        );
    }

    #[test]
    fn limits_for_everything_are_a_guarantee() {
        let both = json!({"cpu": "1", "memory": "1Gi"});
        let mut spec = json!({"containers": [{"resources": {"limits": both.clone(), "requests": both}}]});
        assert_eq!(quality_class(&mut spec), "Guaranteed");
        assert_eq!(quality_class(&mut json!({"containers": [{}]})), "BestEffort");
    }
}
