//! Deployments: a ReplicaSet for each template, status and conditions as the real controller writes them.

use std::sync::Arc;

use pilothouse_protocol::{Identity, ObjectRef, Request, metadata};
use serde_json::{Value, json};

use super::status::{condition, is_unschedulable, next_condition, number, remaining, text};
use super::{Again, MANAGER, Visit};
use crate::clock::SECOND;

pub(super) fn visit(visit: &mut Visit<'_>) -> Again {
    let object = Arc::clone(&visit.object);
    let name = replica_set_name(&object);
    let created = ensure_replica_set(visit, &name);
    let replicas = number(&object, "/spec/replicas");
    let never = replicas > 0 && is_unschedulable(&object["spec"]["template"]["spec"]);
    let since = created_at(visit, &name);
    let wait = remaining(&since, visit.options.ready, visit.now.wall);
    let current_is_ready = condition(&object, "Progressing").is_some_and(|c| {
        c["reason"] == "NewReplicaSetAvailable" && text(c, "/message").contains(&format!("{name:?}"))
    });
    let ready = replicas == 0 || (!never && (wait == 0 || current_is_ready));
    let deadline = u64::try_from(number(&object, "/spec/progressDeadlineSeconds")).unwrap_or(600);
    let patience = remaining(&since, deadline.saturating_mul(SECOND), visit.now.wall);
    let stage = if ready {
        Stage::Available
    } else if patience == 0 {
        Stage::Stuck
    } else if created {
        Stage::Created
    } else {
        Stage::Progressing
    };
    visit.write_status(status(&object, visit.now.wall, stage, &name, replicas));
    match stage {
        Stage::Available | Stage::Stuck => None,
        Stage::Created | Stage::Progressing if never => Some(patience),
        Stage::Created | Stage::Progressing => Some(wait.min(patience)),
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Created,
    Progressing,
    Available,
    Stuck,
}

fn status(object: &Value, wall: i64, stage: Stage, replica_set: &str, replicas: i64) -> Value {
    let done = stage == Stage::Available;
    let (available, why, words) = if done {
        ("True", "MinimumReplicasAvailable", "Deployment has minimum availability.")
    } else {
        ("False", "MinimumReplicasUnavailable", "Deployment does not have minimum availability.")
    };
    let quoted = format!("ReplicaSet {replica_set:?}");
    let (progressing, reason, message) = match stage {
        Stage::Created => {
            ("True", "NewReplicaSetCreated", format!("Created new replica set {replica_set:?}"))
        }
        Stage::Progressing => ("True", "ReplicaSetUpdated", format!("{quoted} is progressing.")),
        Stage::Available => {
            ("True", "NewReplicaSetAvailable", format!("{quoted} has successfully progressed."))
        }
        Stage::Stuck => ("False", "ProgressDeadlineExceeded", format!("{quoted} has timed out progressing.")),
    };
    let stamp = Some("lastUpdateTime");
    let mut status = json!({
        "observedGeneration": metadata::generation(object),
        "conditions": [
            next_condition(object, stamp, wall, ["Available", available, why, words]),
            next_condition(object, stamp, wall, ["Progressing", progressing, reason, &message]),
        ],
        "terminatingReplicas": 0,
    });
    if replicas > 0 {
        status["replicas"] = json!(replicas);
        status["updatedReplicas"] = json!(replicas);
        if done {
            status["readyReplicas"] = json!(replicas);
            status["availableReplicas"] = json!(replicas);
        } else {
            status["unavailableReplicas"] = json!(replicas);
        }
    }
    status
}

/// Creates the ReplicaSet of the present template and scales it and its predecessors. Says whether it was created now.
fn ensure_replica_set(visit: &mut Visit<'_>, name: &str) -> bool {
    let namespace = metadata::text(&visit.object, "namespace").to_owned();
    let reference = ObjectRef::namespaced("apps/v1", "ReplicaSet", namespace.clone(), name);
    let replicas = visit.object["spec"]["replicas"].clone();
    let uid = metadata::text(&visit.object, "uid").to_owned();
    let existing: Vec<_> = visit
        .server
        .store()
        .list("replicasets.apps", Some(&namespace))
        .filter(|stored| crate::server::store::owners(&stored.object).any(|owner| owner == uid))
        .map(|stored| Arc::clone(&stored.object))
        .collect();
    for other in &existing {
        let wanted = if metadata::text(other, "name") == name { replicas.clone() } else { json!(0) };
        if other["spec"]["replicas"] != wanted {
            let body = Arc::new(json!({"spec": {"replicas": wanted}}));
            let object = ObjectRef::of(other);
            let patch = pilothouse_protocol::Patch::Merge;
            let request = Request::Patch { object, patch, body, status: false, dry_run: false };
            visit.server.request_as(visit.now.wall, &Identity::Controller, MANAGER, &request);
        }
    }
    if visit.server.peek(&reference).is_some() {
        return false;
    }
    let body = replica_set(&visit.object, name, existing.len() + 1);
    let request = Request::Create { body: Arc::new(body) };
    visit.server.request_as(visit.now.wall, &Identity::Controller, MANAGER, &request);
    true
}

fn replica_set(object: &Value, name: &str, revision: usize) -> Value {
    let hash = name.rsplit('-').next().unwrap_or_default();
    let mut template = object["spec"]["template"].clone();
    template["metadata"]["labels"]["pod-template-hash"] = json!(hash);
    let mut selector = object["spec"]["selector"].clone();
    selector["matchLabels"]["pod-template-hash"] = json!(hash);
    json!({
        "apiVersion": "apps/v1", "kind": "ReplicaSet",
        "metadata": {
            "name": name, "namespace": metadata::text(object, "namespace"),
            "labels": template["metadata"]["labels"],
            "annotations": {"deployment.kubernetes.io/revision": revision.to_string()},
            "ownerReferences": [{"apiVersion": "apps/v1", "kind": "Deployment", "name": metadata::text(object, "name"),
                "uid": metadata::text(object, "uid"), "controller": true, "blockOwnerDeletion": true}],
        },
        "spec": {"replicas": object["spec"]["replicas"], "selector": selector, "template": template},
    })
}

fn created_at(visit: &Visit<'_>, name: &str) -> String {
    let namespace = metadata::text(&visit.object, "namespace");
    let stored = visit.server.store().get("replicasets.apps", namespace, name);
    stored.map(|stored| metadata::text(&stored.object, "creationTimestamp").to_owned()).unwrap_or_default()
}

/// The name of the ReplicaSet of the present template: a hash of it, not the one that Kubernetes computes.
fn replica_set_name(object: &Value) -> String {
    let template = object["spec"]["template"].to_string();
    let hash = template.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    format!("{}-{:010x}", metadata::text(object, "name"), hash & 0xff_ffff_ffff)
}
