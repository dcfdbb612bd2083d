//! What of a built-in object cannot change, in the server's words.

use serde_json::Value;

use super::kinds::Kind;
use super::validation::text;

const FROZEN_POD: &str = "spec: Forbidden: pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)";
const FROZEN_STATEFUL_SET: &str = "spec: Forbidden: updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden";

/// Errors of a change.
#[must_use]
pub(super) fn check_frozen(kind: &Kind, old: &Value, new: &Value) -> Vec<String> {
    let frozen = |pointer: &str| old.pointer(pointer) != new.pointer(pointer);
    let now = |pointer: &str| new.pointer(pointer).cloned().unwrap_or(Value::Null);
    match kind.gvk.kind.as_str() {
        "Deployment" | "DaemonSet" | "ReplicaSet" if frozen("/spec/selector") => {
            vec![format!("spec.selector: Invalid value: {}: field is immutable", now("/spec/selector"))]
        }
        "Job" => ["/spec/selector", "/spec/completions", "/spec/template"]
            .into_iter()
            .filter(|pointer| frozen(pointer))
            .map(|pointer| {
                let field = pointer.trim_start_matches('/').replace('/', ".");
                format!("{field}: Invalid value: {}: field is immutable", now(pointer))
            })
            .collect(),
        "StatefulSet" if stateful_set_core(old) != stateful_set_core(new) => {
            vec![FROZEN_STATEFUL_SET.to_owned()]
        }
        "Service" => service_frozen(old, new),
        "Pod" => pod_frozen(old, new),
        "Secret" if frozen("/type") => {
            vec![format!("type: Invalid value: {}: field is immutable", now("/type"))]
        }
        "Secret" | "ConfigMap" => immutable_data(old, new),
        "RoleBinding" | "ClusterRoleBinding" if frozen("/roleRef") => {
            vec![format!("roleRef: Invalid value: {}: cannot change roleRef", go_role(&now("/roleRef")))]
        }
        "PersistentVolumeClaim" if claim_core(old, old) != claim_core(old, new) => {
            vec!["spec: Forbidden: spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims".to_owned()]
        }
        _ => Vec::new(),
    }
}

fn pod_frozen(old: &Value, new: &Value) -> Vec<String> {
    let deadline = |pod: &Value| pod.pointer("/spec/activeDeadlineSeconds").and_then(Value::as_i64);
    let mut errors = Vec::new();
    match (deadline(old), deadline(new)) {
        (Some(_), None) => errors.push(
            "spec.activeDeadlineSeconds: Invalid value: null: must not update from a positive integer to nil value"
                .to_owned(),
        ),
        (Some(before), Some(after)) if before < after => {
            let why = "must be less than or equal to previous value";
            return vec![format!("spec.activeDeadlineSeconds: Invalid value: {after}: {why}")];
        }
        _ => {}
    }
    if pod_core(old, new) != old["spec"] {
        errors.push(FROZEN_POD.to_owned());
    }
    errors
}

/// The spec of a changed Pod, with what may change as it was.
fn pod_core(old: &Value, new: &Value) -> Value {
    let mut spec = new.get("spec").cloned().unwrap_or(Value::Null);
    for list in ["containers", "initContainers"] {
        let images = old["spec"].get(list).and_then(Value::as_array).cloned().unwrap_or_default();
        let containers = spec.get_mut(list).and_then(Value::as_array_mut).into_iter().flatten();
        for (container, before) in containers.zip(&images) {
            container["image"] = before["image"].clone();
        }
    }
    if let Value::Object(fields) = &mut spec {
        for free in ["activeDeadlineSeconds", "nodeName"] {
            match old["spec"].get(free) {
                Some(before) => fields.insert(free.to_owned(), before.clone()),
                None => fields.remove(free),
            };
        }
        let known = old["spec"].get("tolerations").and_then(Value::as_array).cloned().unwrap_or_default();
        if let Some(Value::Array(tolerations)) = fields.get_mut("tolerations")
            && known.iter().all(|toleration| tolerations.contains(toleration))
        {
            *tolerations = known;
        }
    }
    spec
}

fn stateful_set_core(object: &Value) -> Value {
    let mut spec = object.get("spec").cloned().unwrap_or(Value::Null);
    if let Value::Object(fields) = &mut spec {
        for free in [
            "replicas",
            "ordinals",
            "template",
            "updateStrategy",
            "revisionHistoryLimit",
            "persistentVolumeClaimRetentionPolicy",
            "minReadySeconds",
        ] {
            fields.remove(free);
        }
    }
    spec
}

/// What of a claim cannot change: a bound one may grow, and one without a volume gets one.
fn claim_core(old: &Value, object: &Value) -> Value {
    let mut spec = object.get("spec").cloned().unwrap_or(Value::Null);
    if let Value::Object(fields) = &mut spec {
        if text(old, "/status/phase") == "Bound" {
            fields.remove("volumeAttributesClassName");
            if let Some(Value::Object(resources)) = fields.get_mut("resources") {
                resources.remove("requests");
            }
        }
        if text(old, "/spec/volumeName").is_empty() {
            fields.remove("volumeName");
        }
    }
    spec
}

fn service_frozen(old: &Value, new: &Value) -> Vec<String> {
    let addresses = new.pointer("/status/loadBalancer/ingress").and_then(Value::as_array);
    let is_written = old.get("status") != new.get("status") && addresses.is_some_and(|list| !list.is_empty());
    if is_written && text(new, "/spec/type") != "LoadBalancer" {
        let why = "Forbidden: may only be used when `spec.type` is 'LoadBalancer'";
        return vec![format!("status.loadBalancer.ingress: {why}")];
    }
    let (before, after) = (text(old, "/spec/clusterIP"), text(new, "/spec/clusterIP"));
    if before.is_empty() || before == after || text(new, "/spec/type") == "ExternalName" {
        return Vec::new();
    }
    let list = new.pointer("/spec/clusterIPs").cloned().unwrap_or(Value::Null);
    vec![format!("spec.clusterIPs[0]: Invalid value: {list}: may not change once set")]
}

fn immutable_data(old: &Value, new: &Value) -> Vec<String> {
    let frozen = old.get("immutable") == Some(&Value::Bool(true));
    if frozen && (old.get("data") != new.get("data") || new.get("immutable") != old.get("immutable")) {
        return vec!["data: Forbidden: field is immutable when `immutable` is set".to_owned()];
    }
    Vec::new()
}

fn go_role(role: &Value) -> Value {
    serde_json::json!({"APIGroup": role["apiGroup"], "Kind": role["kind"], "Name": role["name"]})
}
