//! Pods, and what makes them, as charts write them.

use pilothouse_io_sim::rng::Rng;
use serde_json::{Value, json};

use super::pick;

pub(super) fn pod(rng: &mut Rng) -> Value {
    let mut container =
        json!({"name": "main", "image": pick(rng, &["nginx", "nginx:1.27", "busybox:latest"])});
    if rng.chance(400) {
        container["ports"] = json!([{"name": "http", "containerPort": 80}]);
    }
    if rng.chance(400) {
        container["env"] = json!([{"name": "A", "value": "1"}, {"name": "B", "valueFrom": {"configMapKeyRef": {"name": "c", "key": "b"}}}]);
    }
    if rng.chance(300) {
        container["resources"] = json!({"requests": {"cpu": "100m"}, "limits": {"memory": "128Mi"}});
    }
    if rng.chance(300) {
        container["livenessProbe"] = json!({"httpGet": {"path": "/", "port": "http"}});
    }
    if rng.chance(200) {
        container["securityContext"] = json!({"runAsNonRoot": true, "capabilities": {"drop": ["ALL"]}});
    }
    let mut spec = json!({"containers": [container], "automountServiceAccountToken": false});
    if rng.chance(300) {
        spec["volumes"] =
            json!([{"name": "config", "configMap": {"name": "c"}}, {"name": "scratch", "emptyDir": {}}]);
        spec["containers"][0]["volumeMounts"] = json!([{"name": "config", "mountPath": "/etc/config"}]);
    }
    if rng.chance(200) {
        spec["initContainers"] = json!([{"name": "init", "image": "busybox"}]);
    }
    if rng.chance(200) {
        spec["nodeSelector"] = json!({"disk": "ssd"});
    }
    if rng.chance(200) {
        spec["securityContext"] = json!({"fsGroup": 1000});
    }
    if rng.chance(200) {
        spec["serviceAccountName"] = json!("default");
    }
    spec
}

fn template(rng: &mut Rng) -> Value {
    json!({"metadata": {"labels": {"app": "web"}}, "spec": pod(rng)})
}

pub(super) fn workload(rng: &mut Rng) -> Value {
    let mut spec = json!({"selector": {"matchLabels": {"app": "web"}}, "template": template(rng)});
    if rng.chance(600) {
        spec["replicas"] = json!(rng.below(4));
    }
    spec
}

pub(super) fn deployment(rng: &mut Rng) -> Value {
    let mut spec = workload(rng);
    match rng.below(4) {
        0 => spec["strategy"] = json!({"type": "Recreate"}),
        1 => spec["strategy"] = json!({"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1}}),
        _ => {}
    }
    spec
}

pub(super) fn stateful_set(rng: &mut Rng) -> Value {
    let mut spec = workload(rng);
    spec["serviceName"] = json!("web");
    if rng.chance(400) {
        let claim = claim(rng);
        spec["volumeClaimTemplates"] = json!([{"metadata": {"name": "data"}, "spec": claim}]);
    }
    spec
}

pub(super) fn daemon_set(rng: &mut Rng) -> Value {
    let mut spec = json!({"selector": {"matchLabels": {"app": "web"}}, "template": template(rng)});
    if rng.chance(300) {
        spec["updateStrategy"] = json!({"type": "OnDelete"});
    }
    spec
}

pub(super) fn job(rng: &mut Rng) -> Value {
    let mut spec = json!({"template": {"spec": pod(rng)}});
    spec["template"]["spec"]["restartPolicy"] = json!(pick(rng, &["Never", "OnFailure"]));
    if rng.chance(300) {
        spec["backoffLimit"] = json!(rng.below(3));
    }
    if rng.chance(200) {
        spec["ttlSecondsAfterFinished"] = json!(60);
    }
    spec
}

pub(super) fn cron_job(rng: &mut Rng) -> Value {
    let mut spec = json!({"schedule": "0 3 * * *", "jobTemplate": {"spec": job(rng)}});
    if rng.chance(400) {
        spec["concurrencyPolicy"] = json!("Forbid");
    }
    spec
}

pub(super) fn claim(rng: &mut Rng) -> Value {
    let mut claim = json!({"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}});
    if rng.chance(400) {
        claim["storageClassName"] = json!("fast");
    }
    claim
}
