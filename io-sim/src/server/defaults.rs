//! Defaults of built-in kinds (`k8s.io/kubernetes/pkg/apis/*/defaults.go`), as far as charts and their readers see them.

use serde_json::{Map, Value, json};

use super::pod_defaults::{limits_are_requests, pod_spec, pod_template};
use super::storage_defaults::{storage_class, storage_driver, volume};

/// Fills in what a built-in object does not say.
pub(crate) fn fill_defaults(kind: &str, object: &mut Value) {
    match kind {
        "Secret" => set(object, "type", json!("Opaque")),
        "Service" => {
            with_spec(object, service);
            load_balancers(object);
        }
        "Deployment" => with_spec(object, deployment),
        "ReplicaSet" | "ReplicationController" => with_spec(object, |spec| {
            set(spec, "replicas", json!(1));
            pod_template(spec);
        }),
        "StatefulSet" => with_spec(object, stateful_set),
        "DaemonSet" => with_spec(object, daemon_set),
        "Job" => {
            with_spec(object, job);
            if let Some(labels) = object.pointer("/spec/template/metadata/labels").cloned() {
                set(inner(object, "metadata"), "labels", labels);
            }
        }
        "CronJob" => with_spec(object, cron_job),
        "Pod" => with_spec(object, |spec| {
            pod_spec(spec);
            items(spec, "containers").for_each(limits_are_requests);
            items(spec, "initContainers").for_each(limits_are_requests);
            set(spec, "enableServiceLinks", json!(true));
        }),
        "PersistentVolumeClaim" => with_spec(object, |spec| set(spec, "volumeMode", json!("Filesystem"))),
        "HorizontalPodAutoscaler" => with_spec(object, autoscaler),
        "PriorityClass" => set(object, "preemptionPolicy", json!("PreemptLowerPriority")),
        "Ingress" => with_spec(object, |_| {}),
        "NetworkPolicy" => with_spec(object, network_policy),
        "StorageClass" => storage_class(object),
        "PersistentVolume" => with_spec(object, volume),
        "CSIDriver" => with_spec(object, storage_driver),
        "EndpointSlice" => items(object, "ports").for_each(|port| {
            set(port, "name", json!(""));
            set(port, "protocol", json!("TCP"));
        }),
        "Endpoints" => items(object, "subsets").for_each(|subset| {
            items(subset, "ports").for_each(|port| set(port, "protocol", json!("TCP")));
        }),
        "RoleBinding" | "ClusterRoleBinding" => binding(object),
        "CustomResourceDefinition" => with_spec(object, definition),
        "ValidatingWebhookConfiguration" | "MutatingWebhookConfiguration" => webhooks(kind, object),
        _ => {}
    }
}

/// Sets a field that is absent.
pub(crate) fn set(object: &mut Value, field: &str, default: Value) {
    if let Value::Object(fields) = object
        && fields.get(field).is_none_or(Value::is_null)
    {
        fields.insert(field.to_owned(), default);
    }
}

/// A field as an object, made when absent.
pub(crate) fn inner<'a>(object: &'a mut Value, field: &str) -> &'a mut Value {
    set(object, field, Value::Object(Map::new()));
    &mut object[field]
}

/// The items of a list field.
pub(crate) fn items<'a>(object: &'a mut Value, field: &str) -> impl Iterator<Item = &'a mut Value> {
    object.get_mut(field).and_then(Value::as_array_mut).into_iter().flatten()
}

fn with_spec(object: &mut Value, fill: impl FnOnce(&mut Value)) {
    if object.is_object() {
        fill(inner(object, "spec"));
    }
}

fn service(spec: &mut Value) {
    set(spec, "type", json!("ClusterIP"));
    set(spec, "sessionAffinity", json!("None"));
    if spec["sessionAffinity"] == "ClientIP" {
        let config = inner(spec, "sessionAffinityConfig");
        set(inner(config, "clientIP"), "timeoutSeconds", json!(10800));
    }
    let external = spec["type"] == "ExternalName";
    let outside = spec["type"] == "LoadBalancer" || spec["type"] == "NodePort";
    for port in items(spec, "ports") {
        set(port, "protocol", json!("TCP"));
        let number = port.get("port").cloned().unwrap_or(Value::Null);
        set(port, "targetPort", number);
    }
    if outside {
        set(spec, "externalTrafficPolicy", json!("Cluster"));
    }
    if spec["type"] == "LoadBalancer" {
        set(spec, "allocateLoadBalancerNodePorts", json!(true));
    }
    if !external {
        set(spec, "internalTrafficPolicy", json!("Cluster"));
    }
}

/// How traffic reaches the addresses that a load balancer has.
fn load_balancers(object: &mut Value) {
    if object["spec"]["type"] != "LoadBalancer" {
        return;
    }
    if let Some(status) = object.pointer_mut("/status/loadBalancer") {
        for address in items(status, "ingress").filter(|address| address.get("ip").is_some()) {
            set(address, "ipMode", json!("VIP"));
        }
    }
}

fn autoscaler(spec: &mut Value) {
    set(spec, "minReplicas", json!(1));
    let none = spec.get("metrics").and_then(Value::as_array).is_none_or(Vec::is_empty);
    if none {
        let target = json!({"type": "Utilization", "averageUtilization": 80});
        spec["metrics"] = json!([{"type": "Resource", "resource": {"name": "cpu", "target": target}}]);
    }
}

fn deployment(spec: &mut Value) {
    set(spec, "replicas", json!(1));
    set(spec, "revisionHistoryLimit", json!(10));
    set(spec, "progressDeadlineSeconds", json!(600));
    let strategy = inner(spec, "strategy");
    set(strategy, "type", json!("RollingUpdate"));
    if strategy["type"] == "RollingUpdate" {
        let rolling = inner(strategy, "rollingUpdate");
        set(rolling, "maxUnavailable", json!("25%"));
        set(rolling, "maxSurge", json!("25%"));
    }
    pod_template(spec);
}

fn stateful_set(spec: &mut Value) {
    set(spec, "replicas", json!(1));
    set(spec, "revisionHistoryLimit", json!(10));
    set(spec, "podManagementPolicy", json!("OrderedReady"));
    let strategy = inner(spec, "updateStrategy");
    set(strategy, "type", json!("RollingUpdate"));
    if strategy["type"] == "RollingUpdate" {
        set(inner(strategy, "rollingUpdate"), "partition", json!(0));
    }
    let retention = inner(spec, "persistentVolumeClaimRetentionPolicy");
    set(retention, "whenDeleted", json!("Retain"));
    set(retention, "whenScaled", json!("Retain"));
    for claim in items(spec, "volumeClaimTemplates") {
        set(claim, "apiVersion", json!("v1"));
        set(claim, "kind", json!("PersistentVolumeClaim"));
        set(inner(claim, "spec"), "volumeMode", json!("Filesystem"));
        set(inner(claim, "status"), "phase", json!("Pending"));
    }
    pod_template(spec);
}

fn daemon_set(spec: &mut Value) {
    set(spec, "revisionHistoryLimit", json!(10));
    let strategy = inner(spec, "updateStrategy");
    set(strategy, "type", json!("RollingUpdate"));
    if strategy["type"] == "RollingUpdate" {
        let rolling = inner(strategy, "rollingUpdate");
        set(rolling, "maxUnavailable", json!(1));
        set(rolling, "maxSurge", json!(0));
    }
    pod_template(spec);
}

fn job(spec: &mut Value) {
    if spec.get("completions").is_none() && spec.get("parallelism").is_none() {
        set(spec, "completions", json!(1));
    }
    set(spec, "parallelism", json!(1));
    set(spec, "backoffLimit", json!(6));
    set(spec, "completionMode", json!("NonIndexed"));
    set(spec, "suspend", json!(false));
    set(spec, "manualSelector", json!(false));
    set(spec, "podReplacementPolicy", json!("TerminatingOrFailed"));
    pod_template(spec);
}

fn cron_job(spec: &mut Value) {
    set(spec, "concurrencyPolicy", json!("Allow"));
    set(spec, "suspend", json!(false));
    set(spec, "successfulJobsHistoryLimit", json!(3));
    set(spec, "failedJobsHistoryLimit", json!(1));
    pod_template(inner(inner(spec, "jobTemplate"), "spec"));
}

fn network_policy(spec: &mut Value) {
    let egress = spec.get("egress").is_some_and(|rules| !rules.is_null());
    set(spec, "policyTypes", if egress { json!(["Ingress", "Egress"]) } else { json!(["Ingress"]) });
    for direction in ["ingress", "egress"] {
        for rule in items(spec, direction) {
            items(rule, "ports").for_each(|port| set(port, "protocol", json!("TCP")));
        }
    }
}

fn binding(object: &mut Value) {
    set(inner(object, "roleRef"), "apiGroup", json!("rbac.authorization.k8s.io"));
    for subject in items(object, "subjects") {
        if subject["kind"] == "User" || subject["kind"] == "Group" {
            set(subject, "apiGroup", json!("rbac.authorization.k8s.io"));
        }
    }
}

fn definition(spec: &mut Value) {
    set(spec, "conversion", json!({"strategy": "None"}));
    let names = inner(spec, "names");
    let kind = names.get("kind").and_then(Value::as_str).unwrap_or_default().to_owned();
    set(names, "singular", json!(kind.to_lowercase()));
    set(names, "listKind", json!(format!("{kind}List")));
}

fn webhooks(kind: &str, object: &mut Value) {
    for webhook in items(object, "webhooks") {
        set(webhook, "failurePolicy", json!("Fail"));
        set(webhook, "matchPolicy", json!("Equivalent"));
        set(webhook, "timeoutSeconds", json!(10));
        set(webhook, "namespaceSelector", json!({}));
        set(webhook, "objectSelector", json!({}));
        if kind == "MutatingWebhookConfiguration" {
            set(webhook, "reinvocationPolicy", json!("Never"));
        }
        if let Some(service) = webhook.pointer_mut("/clientConfig/service") {
            set(service, "port", json!(443));
        }
        items(webhook, "rules").for_each(|rule| set(rule, "scope", json!("*")));
    }
}
