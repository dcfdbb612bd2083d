//! Objects as charts make them, and changes of them.

mod workloads;

use pilothouse_io_sim::rng::Rng;
use serde_json::{Map, Value, json};

use crate::resources::Resource;
use workloads::{claim, cron_job, daemon_set, deployment, job, pod, stateful_set, workload};

/// What a quota counts: nothing that a sequence makes.
const QUOTA: &str = "count/nothings.none.example.com";

/// One of several.
pub fn pick<T: Copy>(rng: &mut Rng, items: &[T]) -> T {
    let index = usize::try_from(rng.below(items.len() as u64)).unwrap_or_default();
    items[index]
}

/// A new object of a resource.
#[must_use]
pub fn object(rng: &mut Rng, resource: &Resource, namespace: &str, name: &str) -> Value {
    let mut body =
        json!({"apiVersion": resource.api_version, "kind": resource.kind, "metadata": {"name": name}});
    if resource.namespaced {
        body["metadata"]["namespace"] = json!(namespace);
    }
    if rng.chance(600) {
        body["metadata"]["labels"] = labels(rng);
    }
    if rng.chance(250) {
        body["metadata"]["annotations"] = json!({"note": pick(rng, &["one", "two"])});
    }
    if rng.chance(60) {
        body["metadata"]["finalizers"] = json!(["example.com/hold"]);
    }
    if let Value::Object(content) = content(rng, resource.kind, namespace)
        && let Value::Object(fields) = &mut body
    {
        fields.extend(content);
    }
    body
}

/// A change of some fields of an object of a resource: the content of a merge patch.
#[must_use]
pub fn change(rng: &mut Rng, resource: &Resource) -> Value {
    match rng.below(6) {
        0 => json!({"metadata": {"labels": labels(rng)}}),
        1 => json!({"metadata": {"labels": {"app": null, "extra": pick(rng, &["x", "y"])}}}),
        2 => json!({"metadata": {"annotations": {"note": pick(rng, &["three", "four"]), "gone": null}}}),
        3 => {
            json!({"metadata": {"finalizers": if rng.chance(500) { json!(["example.com/hold"]) } else { Value::Null }}})
        }
        _ => content_change(rng, resource.kind),
    }
}

/// A status of a resource.
#[must_use]
pub fn status(rng: &mut Rng, resource: &Resource) -> Value {
    match resource.kind {
        "Deployment" | "StatefulSet" | "ReplicaSet" => {
            json!({"replicas": rng.below(3), "observedGeneration": 1})
        }
        "DaemonSet" => {
            json!({"currentNumberScheduled": 1, "desiredNumberScheduled": 1, "numberMisscheduled": 0, "numberReady": rng.below(2)})
        }
        "Pod" | "PersistentVolumeClaim" => json!({"phase": pick(rng, &["Pending", "Running"])}),
        "Widget" => {
            json!({"phase": pick(rng, &["A", "B"]), "conditions": [{"type": "Ready", "status": "True"}]})
        }
        "Service" | "Ingress" => json!({"loadBalancer": {"ingress": [{"ip": "192.0.2.1"}]}}),
        "HorizontalPodAutoscaler" => json!({"currentReplicas": 1, "desiredReplicas": rng.below(3)}),
        "PodDisruptionBudget" => {
            json!({"currentHealthy": 0, "desiredHealthy": 1, "disruptionsAllowed": 0, "expectedPods": 1})
        }
        "CronJob" => json!({"lastScheduleTime": "2026-01-01T00:00:00Z"}),
        "PersistentVolume" => json!({"phase": pick(rng, &["Available", "Released"])}),
        "ResourceQuota" => json!({"hard": {QUOTA: "3"}, "used": {QUOTA: "0"}}),
        _ => json!({"active": 1}),
    }
}

fn labels(rng: &mut Rng) -> Value {
    let mut labels = json!({"app": pick(rng, &["web", "db"])});
    if rng.chance(300) {
        labels["tier"] = json!(pick(rng, &["a", "b"]));
    }
    labels
}

fn content(rng: &mut Rng, kind: &str, namespace: &str) -> Value {
    match kind {
        "ConfigMap" => json!({"data": texts(rng)}),
        "Secret" => secret(rng),
        "Service" => json!({"spec": service(rng)}),
        "ServiceAccount" if rng.chance(500) => json!({"automountServiceAccountToken": rng.chance(500)}),
        "ServiceAccount" => json!({}),
        "Pod" => json!({"spec": pod(rng)}),
        "PersistentVolumeClaim" => json!({"spec": claim(rng)}),
        "Deployment" => json!({"spec": deployment(rng)}),
        "ReplicaSet" => json!({"spec": workload(rng)}),
        "StatefulSet" => json!({"spec": stateful_set(rng)}),
        "DaemonSet" => json!({"spec": daemon_set(rng)}),
        "Job" => json!({"spec": job(rng)}),
        "CronJob" => json!({"spec": cron_job(rng)}),
        "Ingress" => json!({"spec": ingress(rng)}),
        "NetworkPolicy" => json!({"spec": policy(rng)}),
        "PodDisruptionBudget" => {
            let bound = pick(rng, &["minAvailable", "maxUnavailable"]);
            json!({"spec": {bound: if rng.chance(500) { json!(1) } else { json!("50%") }, "selector": {"matchLabels": {"app": "web"}}}})
        }
        "HorizontalPodAutoscaler" => json!({"spec": autoscaler(rng)}),
        "Role" | "ClusterRole" => json!({"rules": [rule(rng)]}),
        "RoleBinding" | "ClusterRoleBinding" => {
            let role =
                if kind == "RoleBinding" { pick(rng, &["Role", "ClusterRole"]) } else { "ClusterRole" };
            json!({"roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": role, "name": "r"},
                "subjects": [{"kind": "ServiceAccount", "name": "default", "namespace": namespace}]})
        }
        "Lease" => json!({"spec": {"holderIdentity": pick(rng, &["a", "b"]), "leaseDurationSeconds": 15}}),
        "StorageClass" => json!({"provisioner": "example.com/disk", "parameters": {"type": "ssd"}}),
        "PriorityClass" => json!({"value": 1000, "description": "tests"}),
        "IngressClass" => json!({"spec": {"controller": "example.com/ingress"}}),
        "PersistentVolume" => json!({"spec": volume(rng)}),
        "ResourceQuota" => json!({"spec": {"hard": {QUOTA: pick(rng, &["3", "4"])}}}),
        "Endpoints" => {
            json!({"subsets": [{"addresses": [{"ip": "192.0.2.1"}], "ports": [{"name": "http", "port": 80}]}]})
        }
        "EndpointSlice" => {
            json!({"addressType": "IPv4", "endpoints": [{"addresses": ["192.0.2.1"]}], "ports": [{"name": "http", "port": 80}]})
        }
        "ValidatingWebhookConfiguration" | "MutatingWebhookConfiguration" => {
            json!({"webhooks": [webhook(rng, namespace)]})
        }
        "RuntimeClass" => json!({"handler": "runc"}),
        "CSIDriver" => json!({"spec": {"attachRequired": rng.chance(500)}}),
        _ => json!({"spec": widget(rng)}),
    }
}

fn content_change(rng: &mut Rng, kind: &str) -> Value {
    match kind {
        "ConfigMap" => {
            json!({"data": {pick(rng, &["a", "b", "c"]): if rng.chance(300) { Value::Null } else { json!("changed") }}})
        }
        "Secret" => json!({"stringData": {"password": pick(rng, &["x", "y"])}}),
        "Service" => {
            json!({"spec": if rng.chance(500) { json!({"selector": {"app": "other"}}) } else { json!({"type": pick(rng, &["ClusterIP", "NodePort"])}) }})
        }
        "ServiceAccount" => json!({"automountServiceAccountToken": rng.chance(500)}),
        "Pod" => json!({"spec": {"activeDeadlineSeconds": 100}}),
        "PersistentVolumeClaim" => json!({"spec": {"resources": {"requests": {"storage": "2Gi"}}}}),
        "Deployment" | "StatefulSet" | "ReplicaSet" if rng.chance(500) => {
            json!({"spec": {"replicas": rng.below(4)}})
        }
        "Deployment" | "StatefulSet" | "ReplicaSet" | "DaemonSet" => {
            json!({"spec": {"template": {"metadata": {"annotations": {"restarted": pick(rng, &["1", "2"])}}}}})
        }
        "Job" => {
            json!({"spec": if rng.chance(600) { json!({"suspend": rng.chance(500)}) } else { json!({"backoffLimit": 3}) }})
        }
        "CronJob" => json!({"spec": {"suspend": rng.chance(500), "schedule": "*/5 * * * *"}}),
        "Ingress" => json!({"spec": {"ingressClassName": pick(rng, &["nginx", "other"])}}),
        "NetworkPolicy" => json!({"spec": {"policyTypes": ["Ingress", "Egress"]}}),
        "PodDisruptionBudget" => json!({"spec": {"minAvailable": rng.below(3), "maxUnavailable": null}}),
        "HorizontalPodAutoscaler" => json!({"spec": {"maxReplicas": rng.between(1, 9)}}),
        "Role" | "ClusterRole" => json!({"rules": [rule(rng)]}),
        "RoleBinding" | "ClusterRoleBinding" => {
            json!({"subjects": [{"kind": "Group", "apiGroup": "rbac.authorization.k8s.io", "name": "g"}]})
        }
        "Lease" => json!({"spec": {"leaseTransitions": rng.below(3)}}),
        "StorageClass" => json!({"allowVolumeExpansion": rng.chance(500)}),
        "PriorityClass" => json!({"description": pick(rng, &["other", "texts"])}),
        "IngressClass" => {
            json!({"metadata": {"annotations": {"ingressclass.kubernetes.io/is-default-class": "false"}}})
        }
        "PersistentVolume" => {
            json!({"spec": if rng.chance(500) { json!({"persistentVolumeReclaimPolicy": "Delete"}) } else { json!({"capacity": {"storage": "2Gi"}}) }})
        }
        "ResourceQuota" => json!({"spec": {"hard": {QUOTA: pick(rng, &["5", "6"])}}}),
        "Endpoints" => {
            json!({"subsets": [{"notReadyAddresses": [{"ip": "192.0.2.2"}], "ports": [{"port": 81}]}]})
        }
        "EndpointSlice" => {
            json!({"endpoints": [{"addresses": ["192.0.2.2"], "conditions": {"ready": rng.chance(500)}}]})
        }
        "ValidatingWebhookConfiguration" | "MutatingWebhookConfiguration" => {
            json!({"webhooks": [{"name": "a.example.com", "timeoutSeconds": rng.between(1, 9)}]})
        }
        "RuntimeClass" => json!({"scheduling": {"nodeSelector": {"disk": pick(rng, &["ssd", "hdd"])}}}),
        "CSIDriver" => json!({"spec": {"podInfoOnMount": rng.chance(500)}}),
        _ => json!({"spec": match rng.below(6) {
            0 => json!({"count": rng.below(12)}),
            1 => json!({"size": pick(rng, &["S", "L", "XL"])}),
            2 => json!({"tags": ["x", "z"]}),
            3 => json!({"parts": [{"name": "p", "size": rng.below(5)}]}),
            4 => json!({"odd": 1, "free": {"deep": {"er": null, "x": rng.below(3)}}}),
            _ => json!({"interval": pick(rng, &["5s", "soon"]), "port": if rng.chance(500) { json!("http") } else { json!(80) }}),
        }}),
    }
}

fn texts(rng: &mut Rng) -> Value {
    let mut data = Map::new();
    for key in ["a", "b", "c"] {
        if rng.chance(600) {
            data.insert(key.to_owned(), json!(pick(rng, &["1", "two", "three\nlines\n", ""])));
        }
    }
    Value::Object(data)
}

fn secret(rng: &mut Rng) -> Value {
    let mut secret = json!({"data": {"user": "YWRtaW4="}});
    if rng.chance(400) {
        secret["stringData"] = json!({"password": "hidden"});
    }
    if rng.chance(300) {
        secret["type"] = json!(pick(rng, &["Opaque", "example.com/odd", "helm.sh/release.v1"]));
    }
    secret
}

fn service(rng: &mut Rng) -> Value {
    let mut ports = vec![json!({"name": "http", "port": 80})];
    if rng.chance(400) {
        ports.push(json!({"name": "metrics", "port": 9090, "targetPort": "metrics", "protocol": pick(rng, &["TCP", "UDP"])}));
    }
    let mut spec = json!({"ports": ports, "selector": {"app": "web"}});
    match rng.below(6) {
        0 => spec["type"] = json!("NodePort"),
        1 => spec["type"] = json!("LoadBalancer"),
        2 => spec["clusterIP"] = json!("None"),
        3 => spec = json!({"type": "ExternalName", "externalName": "example.com"}),
        _ => {}
    }
    spec
}

fn ingress(rng: &mut Rng) -> Value {
    let backend = json!({"service": {"name": "web", "port": {"number": 80}}});
    let path = json!({"path": "/", "pathType": pick(rng, &["Prefix", "Exact"]), "backend": backend});
    let mut spec = json!({"rules": [{"host": "example.com", "http": {"paths": [path]}}]});
    if rng.chance(300) {
        spec["tls"] = json!([{"hosts": ["example.com"], "secretName": "tls"}]);
    }
    if rng.chance(300) {
        spec["ingressClassName"] = json!("nginx");
    }
    spec
}

fn policy(rng: &mut Rng) -> Value {
    let mut spec = json!({"podSelector": {"matchLabels": {"app": "web"}}});
    if rng.chance(500) {
        spec["ingress"] = json!([{"from": [{"podSelector": {}}], "ports": [{"port": 80}]}]);
    }
    if rng.chance(300) {
        spec["egress"] = json!([{}]);
    }
    spec
}

fn autoscaler(rng: &mut Rng) -> Value {
    let mut spec = json!({"scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}, "maxReplicas": 5});
    if rng.chance(600) {
        spec["metrics"] = json!([{"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 80}}}]);
    }
    if rng.chance(400) {
        spec["minReplicas"] = json!(2);
    }
    spec
}

fn volume(rng: &mut Rng) -> Value {
    let mut volume = json!({"capacity": {"storage": "1Gi"}, "accessModes": ["ReadWriteOnce"], "hostPath": {"path": "/data"}});
    if rng.chance(400) {
        volume["storageClassName"] = json!("fast");
    }
    volume
}

/// A webhook for what nobody makes: a server that calls one has to wait for it.
fn webhook(rng: &mut Rng, namespace: &str) -> Value {
    let rules = json!([{"apiGroups": ["none.example.com"], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["nothings"]}]);
    let service = json!({"name": "hook", "namespace": namespace, "path": "/"});
    let mut webhook = json!({"name": "a.example.com", "clientConfig": {"service": service}, "rules": rules,
        "admissionReviewVersions": ["v1"], "sideEffects": "None"});
    if rng.chance(400) {
        webhook["failurePolicy"] = json!("Ignore");
    }
    webhook
}

fn rule(rng: &mut Rng) -> Value {
    json!({"apiGroups": [""], "resources": ["configmaps", "secrets"], "verbs": pick(rng, &[["get", "list"], ["get", "watch"]])})
}

fn widget(rng: &mut Rng) -> Value {
    let mut spec = json!({"size": pick(rng, &["S", "M", "L", "L"])});
    for (field, value) in [
        ("count", json!(rng.below(9))),
        ("ratio", json!(0.5)),
        ("tags", json!(["x", "y"])),
        ("parts", json!([{"name": "p"}, {"name": "q", "size": 2}])),
        ("free", json!({"any": {"thing": [1, "a", null]}})),
        ("labels", json!({"k": "v"})),
        ("port", json!("http")),
        ("unknown", json!(true)),
    ] {
        if rng.chance(300) {
            spec[field] = value;
        }
    }
    spec
}
