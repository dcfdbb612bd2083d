//! Selectors of workloads: the API server refuses those that do not fit the pods.

use serde_json::Value;

use super::objects::Object;
use super::{Severity, quoted};

/// Looks at the selector of a workload.
pub(super) fn check(object: &mut Object<'_>, kind: &str) {
    if !matches!(kind, "Deployment" | "ReplicaSet" | "DaemonSet" | "StatefulSet") {
        return;
    }
    let selector = object.value.pointer("/spec/selector").cloned().unwrap_or_default();
    let is_set = |field: &str| match selector.get(field) {
        Some(Value::Object(labels)) => !labels.is_empty(),
        Some(Value::Array(expressions)) => !expressions.is_empty(),
        _ => false,
    };
    if !is_set("matchLabels") && !is_set("matchExpressions") {
        let text = format!("{kind} has neither spec.selector.matchLabels nor matchExpressions");
        return object.push(Severity::Error, "object-selector", &["spec", "selector"], text);
    }
    let labels = object.value.pointer("/spec/template/metadata/labels").cloned().unwrap_or_default();
    for (key, wanted) in selector.get("matchLabels").and_then(Value::as_object).into_iter().flatten() {
        if labels.get(key) != Some(wanted) {
            let text = format!(
                "spec.selector wants the label {} that the pods of spec.template do not have with this value",
                quoted(key)
            );
            object.push(Severity::Error, "object-selector", &["spec", "selector", "matchLabels", key], text);
        }
    }
}
