//! Defaults of Pods and Pod templates (`k8s.io/kubernetes/pkg/apis/core/v1/defaults.go`).

use serde_json::{Value, json};

use super::defaults::{inner, items, set};

/// Fills in the `template` of a workload's spec.
pub(crate) fn pod_template(spec: &mut Value) {
    if spec.get("template").is_some_and(Value::is_object) {
        pod_spec(inner(inner(spec, "template"), "spec"));
    }
}

/// Fills in the spec of a Pod.
pub(crate) fn pod_spec(spec: &mut Value) {
    set(spec, "restartPolicy", json!("Always"));
    set(spec, "terminationGracePeriodSeconds", json!(30));
    set(spec, "dnsPolicy", json!("ClusterFirst"));
    set(spec, "securityContext", json!({}));
    set(spec, "schedulerName", json!("default-scheduler"));
    if let Some(account) = spec.get("serviceAccountName").cloned() {
        set(spec, "serviceAccount", account);
    } else if let Some(account) = spec.get("serviceAccount").cloned() {
        set(spec, "serviceAccountName", account);
    }
    let host_network = spec.get("hostNetwork") == Some(&json!(true));
    for list in ["containers", "initContainers", "ephemeralContainers"] {
        items(spec, list).for_each(|item| container(item, host_network));
    }
    items(spec, "volumes").for_each(volume);
}

fn container(container: &mut Value, host_network: bool) {
    let image = container.get("image").and_then(Value::as_str).unwrap_or_default();
    let policy = if is_latest(image) { "Always" } else { "IfNotPresent" };
    set(container, "imagePullPolicy", json!(policy));
    set(container, "terminationMessagePath", json!("/dev/termination-log"));
    set(container, "terminationMessagePolicy", json!("File"));
    set(container, "resources", json!({}));
    for port in items(container, "ports") {
        set(port, "protocol", json!("TCP"));
        if host_network {
            let number = port.get("containerPort").cloned().unwrap_or(Value::Null);
            set(port, "hostPort", number);
        }
    }
    for name in ["livenessProbe", "readinessProbe", "startupProbe"] {
        if let Some(found) = container.get_mut(name) {
            probe(found);
        }
    }
    for hook in ["/lifecycle/postStart/httpGet", "/lifecycle/preStop/httpGet"] {
        if let Some(request) = container.pointer_mut(hook) {
            http_get(request);
        }
    }
    for variable in items(container, "env") {
        if let Some(field) = variable.pointer_mut("/valueFrom/fieldRef") {
            set(field, "apiVersion", json!("v1"));
        }
    }
}

/// A limit without a request is the request. In templates of workloads nothing is filled in.
pub(crate) fn limits_are_requests(container: &mut Value) {
    let Some(limits) = container.pointer("/resources/limits").and_then(Value::as_object).cloned() else {
        return;
    };
    let requests = inner(inner(container, "resources"), "requests");
    for (name, limit) in limits {
        set(requests, &name, limit);
    }
}

fn probe(probe: &mut Value) {
    if !probe.is_object() {
        return;
    }
    set(probe, "timeoutSeconds", json!(1));
    set(probe, "periodSeconds", json!(10));
    set(probe, "successThreshold", json!(1));
    set(probe, "failureThreshold", json!(3));
    if let Some(request) = probe.get_mut("httpGet") {
        http_get(request);
    }
    if let Some(request) = probe.get_mut("grpc") {
        set(request, "service", json!(""));
    }
}

fn http_get(request: &mut Value) {
    set(request, "path", json!("/"));
    set(request, "scheme", json!("HTTP"));
}

fn volume(volume: &mut Value) {
    let has_source = volume.as_object().is_some_and(|fields| fields.len() > 1);
    if !has_source {
        set(volume, "emptyDir", json!({}));
    }
    for source in ["secret", "configMap", "downwardAPI", "projected"] {
        if let Some(found) = volume.get_mut(source) {
            set(found, "defaultMode", json!(420));
        }
    }
    if let Some(path) = volume.get_mut("hostPath") {
        set(path, "type", json!(""));
    }
    downward_items(volume.get_mut("downwardAPI"));
    if let Some(projected) = volume.get_mut("projected") {
        for source in items(projected, "sources") {
            if let Some(token) = source.get_mut("serviceAccountToken") {
                set(token, "expirationSeconds", json!(3600));
            }
            downward_items(source.get_mut("downwardAPI"));
        }
    }
}

fn downward_items(source: Option<&mut Value>) {
    let Some(source) = source else { return };
    for item in items(source, "items") {
        if let Some(field) = item.get_mut("fieldRef") {
            set(field, "apiVersion", json!("v1"));
        }
    }
}

/// Whether an image has the tag `latest` or none, and no digest.
fn is_latest(image: &str) -> bool {
    if image.contains('@') {
        return false;
    }
    let last = image.rsplit('/').next().unwrap_or_default();
    last.split_once(':').is_none_or(|(_, tag)| tag == "latest")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pull_policy_follows_the_tag() {
        for (image, latest) in [
            ("nginx", true),
            ("r.io:5000/nginx", true),
            ("nginx:latest", true),
            ("nginx:1", false),
            ("a@sha256:0", false),
        ] {
            assert_eq!(is_latest(image), latest, "{image}");
        }
    }

    #[test]
    fn containers_and_volumes_are_completed() {
        let mut spec = json!({"containers": [{"name": "c", "image": "x:1", "livenessProbe": {"httpGet": {"port": 80}},
            "resources": {"limits": {"cpu": "1"}}}], "volumes": [{"name": "v"}, {"name": "s", "secret": {"secretName": "x"}}]});
        pod_spec(&mut spec);
        limits_are_requests(&mut spec["containers"][0]);
        assert_eq!(spec["containers"][0]["livenessProbe"]["failureThreshold"], 3);
        assert_eq!(spec["containers"][0]["resources"]["requests"]["cpu"], "1");
        assert_eq!(
            spec["volumes"],
            json!([{"name": "v", "emptyDir": {}}, {"name": "s", "secret": {"secretName": "x", "defaultMode": 420}}])
        );
    }
}
