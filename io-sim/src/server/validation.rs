//! Validation of built-in kinds: the rules that charts meet in practice, in the server's words.

use serde_json::Value;

use super::frozen::check_frozen;
use super::kinds::Kind;

const SUBDOMAIN: &str = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const LABEL: &str = "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
const LIMIT: usize = 1024 * 1024;

/// Errors of a new object.
#[must_use]
pub(crate) fn check_new(kind: &Kind, object: &Value) -> Vec<String> {
    let mut errors = check_name(kind, text(object, "/metadata/name"));
    errors.extend(check_content(kind, object));
    errors
}

/// Errors of a changed object.
#[must_use]
pub(crate) fn check_change(kind: &Kind, old: &Value, new: &Value) -> Vec<String> {
    let mut errors = check_finalizers(old, new);
    errors.extend(check_content(kind, new));
    if kind.is_builtin() {
        errors.extend(check_frozen(kind, old, new));
    }
    errors
}

fn check_name(kind: &Kind, name: &str) -> Vec<String> {
    if name.is_empty() {
        return vec!["metadata.name: Required value: name or generateName is required".to_owned()];
    }
    let group = kind.gvk.group();
    if group == "rbac.authorization.k8s.io" {
        return Vec::new();
    }
    let label = matches!(kind.gvk.kind.as_str(), "Namespace" | "Service") && group.is_empty();
    let (fits, most, words) =
        if label { (is_label(name), 63, LABEL) } else { (name.split('.').all(is_label), 253, SUBDOMAIN) };
    let mut errors = Vec::new();
    if !fits {
        errors.push(format!("metadata.name: Invalid value: {name:?}: {words}"));
    }
    if name.len() > most {
        errors
            .push(format!("metadata.name: Invalid value: {name:?}: must be no more than {most} characters"));
    }
    errors
}

fn is_label(name: &str) -> bool {
    let edge = |c: Option<char>| c.is_some_and(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
    edge(name.chars().next())
        && edge(name.chars().next_back())
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
}

fn check_finalizers(old: &Value, new: &Value) -> Vec<String> {
    if text(old, "/metadata/deletionTimestamp").is_empty() {
        return Vec::new();
    }
    let list = |object: &Value| -> Vec<String> {
        let list = object.pointer("/metadata/finalizers").and_then(Value::as_array);
        list.into_iter().flatten().filter_map(|name| name.as_str().map(str::to_owned)).collect()
    };
    let before = list(old);
    let added: Vec<String> = list(new).into_iter().filter(|name| !before.contains(name)).collect();
    if added.is_empty() {
        return Vec::new();
    }
    let names: Vec<String> = added.iter().map(|name| format!("{name:?}")).collect();
    vec![format!(
        "metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers []string{{{}}}",
        names.join(", ")
    )]
}

fn check_content(kind: &Kind, object: &Value) -> Vec<String> {
    match kind.gvk.kind.as_str() {
        _ if !kind.is_builtin() => Vec::new(),
        "Secret" if secret_size(object) > LIMIT => {
            vec![format!("data: Too long: may not be more than {LIMIT} bytes")]
        }
        "ConfigMap" if config_size(object) > LIMIT => {
            vec![format!("[]: Too long: may not be more than {LIMIT} bytes")]
        }
        "Deployment" | "StatefulSet" | "DaemonSet" | "ReplicaSet" => workload(object),
        "Job" => job(object),
        "Pod" => containers(object, "spec"),
        "Service" => service(object),
        "HorizontalPodAutoscaler" => autoscaler(object),
        "PodDisruptionBudget" => disruption_budget(object),
        "ValidatingWebhookConfiguration" | "MutatingWebhookConfiguration" => webhooks(object),
        _ => Vec::new(),
    }
}

fn workload(object: &Value) -> Vec<String> {
    let mut errors = Vec::new();
    let replicas = object.pointer("/spec/replicas").and_then(Value::as_i64);
    if let Some(replicas) = replicas.filter(|replicas| *replicas < 0) {
        let why = "must be greater than or equal to 0";
        errors.push(format!("spec.replicas: Invalid value: {replicas}: {why}"));
    }
    let selector = object.pointer("/spec/selector").filter(|selector| !selector.is_null());
    if selector.is_none() {
        errors.push("spec.selector: Required value".to_owned());
    }
    let labels = object.pointer("/spec/template/metadata/labels").unwrap_or(&Value::Null);
    if selector.is_none_or(|selector| !selects(selector, labels)) {
        let why = "`selector` does not match template `labels`";
        errors.push(format!("spec.template.metadata.labels: Invalid value: {labels}: {why}"));
    }
    errors.extend(containers(object, "spec.template.spec"));
    errors
}

fn selects(selector: &Value, labels: &Value) -> bool {
    let wanted = selector.get("matchLabels").and_then(Value::as_object);
    wanted.into_iter().flatten().all(|(key, value)| labels.get(key) == Some(value))
}

fn job(object: &Value) -> Vec<String> {
    let mut errors = containers(object, "spec.template.spec");
    let policy = text(object, "/spec/template/spec/restartPolicy");
    let field = "spec.template.spec.restartPolicy";
    if policy == "Always" {
        errors.push(format!("{field}: Required value: valid values: \"OnFailure\", \"Never\""));
    }
    let selector = object.pointer("/spec/selector").filter(|selector| !selector.is_null());
    let labels = object.pointer("/spec/template/metadata/labels").unwrap_or(&Value::Null);
    if selector.is_none() {
        errors.push("spec.selector: Required value".to_owned());
    }
    if selector.is_none_or(|selector| !selects(selector, labels)) {
        let why = "`selector` does not match template `labels`";
        errors.push(format!("spec.template.metadata.labels: Invalid value: {labels}: {why}"));
    }
    errors
}

fn containers(object: &Value, path: &str) -> Vec<String> {
    let pointer = format!("/{}/containers", path.replace('.', "/"));
    let list = object.pointer(&pointer).and_then(Value::as_array);
    let mut errors = Vec::new();
    if list.is_none_or(Vec::is_empty) {
        errors.push(format!("{path}.containers: Required value"));
    }
    for (index, container) in list.into_iter().flatten().enumerate() {
        for field in ["name", "image"] {
            if text(container, &format!("/{field}")).is_empty() {
                errors.push(format!("{path}.containers[{index}].{field}: Required value"));
            }
        }
    }
    let volumes = object.pointer(&pointer.replace("/containers", "/volumes")).and_then(Value::as_array);
    for (index, volume) in volumes.into_iter().flatten().enumerate() {
        let sources =
            volume.as_object().into_iter().flatten().map(|(key, _)| key).filter(|key| *key != "name");
        let mut sources: Vec<_> = sources.collect();
        sources.sort_by_key(|source| **source != "emptyDir");
        for extra in sources.iter().skip(1) {
            let why = "Forbidden: may not specify more than 1 volume type";
            errors.push(format!("{path}.volumes[{index}].{extra}: {why}"));
        }
    }
    errors
}

fn service(object: &Value) -> Vec<String> {
    let ports = object.pointer("/spec/ports").and_then(Value::as_array);
    let headless = text(object, "/spec/clusterIP") == "None";
    let kind = text(object, "/spec/type");
    let external = kind == "ExternalName";
    if ports.is_none_or(Vec::is_empty) && !headless && !external {
        return vec!["spec.ports: Required value".to_owned()];
    }
    let addresses = object.pointer("/spec/clusterIPs").and_then(Value::as_array);
    if !text(object, "/spec/clusterIP").is_empty() && addresses.is_none_or(Vec::is_empty) {
        return vec!["spec.clusterIPs: Required value".to_owned()];
    }
    if headless && matches!(kind, "NodePort" | "LoadBalancer") {
        let why = format!("may not be set to 'None' for {kind} services");
        return vec![format!("spec.clusterIPs[0]: Invalid value: \"None\": {why}")];
    }
    let several = ports.is_some_and(|ports| ports.len() > 1);
    let unnamed =
        ports.into_iter().flatten().enumerate().filter(|(_, port)| several && port.get("name").is_none());
    unnamed.map(|(index, _)| format!("spec.ports[{index}].name: Required value")).collect()
}

fn autoscaler(object: &Value) -> Vec<String> {
    let number = |field: &str| object["spec"].get(field).and_then(Value::as_i64);
    match (number("minReplicas"), number("maxReplicas")) {
        (Some(least), Some(most)) if most < least => {
            vec![format!(
                "spec.maxReplicas: Invalid value: {most}: must be greater than or equal to `minReplicas`"
            )]
        }
        _ => Vec::new(),
    }
}

fn disruption_budget(object: &Value) -> Vec<String> {
    let field = |name: &str| object["spec"].get(name).cloned().unwrap_or(Value::Null);
    let (least, most) = (field("minAvailable"), field("maxUnavailable"));
    if least.is_null() || most.is_null() {
        return Vec::new();
    }
    // The server prints its own Go type.
    let value = format!(
        r#"{{"MinAvailable":{least},"Selector":{},"MaxUnavailable":{most},"UnhealthyPodEvictionPolicy":{}}}"#,
        field("selector"),
        field("unhealthyPodEvictionPolicy")
    );
    vec![format!("spec: Invalid value: {value}: minAvailable and maxUnavailable cannot be both set")]
}

fn webhooks(object: &Value) -> Vec<String> {
    let list = object.get("webhooks").and_then(Value::as_array);
    let mut errors = Vec::new();
    for (index, webhook) in list.into_iter().flatten().enumerate() {
        if text(webhook, "/sideEffects").is_empty() {
            let why = "must specify one of None, NoneOnDryRun";
            errors.push(format!("webhooks[{index}].sideEffects: Required value: {why}"));
        }
        let config = webhook.get("clientConfig").unwrap_or(&Value::Null);
        if config.get("url").is_some() == config.get("service").is_some() {
            let why = "exactly one of url or service is required";
            errors.push(format!("webhooks[{index}].clientConfig: Required value: {why}"));
        }
        let versions = webhook.get("admissionReviewVersions").and_then(Value::as_array);
        if versions.is_none_or(Vec::is_empty) {
            let why = "must specify one of v1, v1beta1";
            errors.push(format!("webhooks[{index}].admissionReviewVersions: Required value: {why}"));
        }
    }
    errors
}

fn secret_size(object: &Value) -> usize {
    let data = object.get("data").and_then(Value::as_object);
    data.into_iter().flatten().map(|(_, value)| decoded_length(value.as_str().unwrap_or_default())).sum()
}

fn decoded_length(base64: &str) -> usize {
    let padding = base64.bytes().rev().take_while(|byte| *byte == b'=').count();
    (base64.len() / 4 * 3).saturating_sub(padding)
}

fn config_size(object: &Value) -> usize {
    let length = |field: &str| -> usize {
        let data = object.get(field).and_then(Value::as_object);
        data.into_iter().flatten().map(|(_, value)| value.as_str().unwrap_or_default().len()).sum()
    };
    length("data") + length("binaryData")
}

pub(super) fn text<'a>(object: &'a Value, pointer: &str) -> &'a str {
    object.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}
