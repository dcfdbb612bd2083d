//! Deletion in progress, claims, load balancers, custom kinds, service accounts of namespaces.

use std::sync::Arc;

use pilothouse_protocol::{Identity, ObjectRef, Request, metadata};
use serde_json::{Value, json};

use super::status::{number, remaining, text};
use super::{Again, MANAGER, Visit};
use crate::clock::rfc3339;
use crate::server::Server;
use crate::server::store::Place;

/// Goes on with the deletion of an object that is still there.
pub(super) fn advance_deletion(visit: &mut Visit<'_>, place: &Place) -> Again {
    let object = Arc::clone(&visit.object);
    let wall = visit.now.wall;
    let finalizers = object.pointer("/metadata/finalizers").and_then(Value::as_array);
    let has = |name: &str| finalizers.into_iter().flatten().any(|finalizer| finalizer == name);
    match &*place.resource {
        "namespaces" => {
            return (!visit.server.advance_namespace(wall, &place.name)).then_some(visit.options.poll);
        }
        "customresourcedefinitions.apiextensions.k8s.io" => {
            return (!visit.server.advance_definition(wall, &place.name)).then_some(visit.options.poll);
        }
        "pods" if number(&object, "/metadata/deletionGracePeriodSeconds") > 0 => {
            let since = metadata::text(&object, "deletionTimestamp");
            let wait = remaining(since, visit.options.terminate, wall);
            if wait > 0 {
                return Some(wait);
            }
            visit.server.finish_pod(wall, &place.namespace, &place.name);
        }
        "persistentvolumeclaims" => {
            visit.server.release_finalizer(&visit.reference(), "kubernetes.io/pvc-protection");
        }
        _ => {}
    }
    if has("foregroundDeletion") || has("orphan") {
        return (!visit.server.advance_dependents(wall, &object)).then_some(visit.options.poll);
    }
    None
}

pub(super) fn bind_claim(visit: &mut Visit<'_>) -> Again {
    let object = Arc::clone(&visit.object);
    if visit.options.bind_claims && text(&object, "/status/phase") == "Pending" {
        let capacity = object.pointer("/spec/resources/requests").cloned().unwrap_or_else(|| json!({}));
        visit.write_status(
            json!({"phase": "Bound", "accessModes": object["spec"]["accessModes"], "capacity": capacity}),
        );
    }
    None
}

pub(super) fn balance(visit: &mut Visit<'_>) -> Again {
    let wanted = visit.options.balance && text(&visit.object, "/spec/type") == "LoadBalancer";
    if wanted && visit.object.pointer("/status/loadBalancer/ingress").is_none() {
        visit.write_status(json!({"loadBalancer": {"ingress": [{"ip": "203.0.113.1", "ipMode": "VIP"}]}}));
    }
    None
}

pub(super) fn budget(visit: &mut Visit<'_>) -> Again {
    let object = Arc::clone(&visit.object);
    let generation = metadata::generation(&object);
    if number(&object, "/status/observedGeneration") != generation {
        visit.write_status(json!({"observedGeneration": generation, "currentHealthy": 0, "desiredHealthy": 0,
            "disruptionsAllowed": 0, "expectedPods": 0, "conditions": [{"type": "DisruptionAllowed", "status": "False",
                "reason": "InsufficientPods", "message": "", "observedGeneration": generation,
                "lastTransitionTime": rfc3339(visit.now.wall)}]}));
    }
    None
}

pub(super) fn establish(visit: &mut Visit<'_>) -> Again {
    if Server::is_established(&visit.object) {
        return None;
    }
    let wait = remaining(
        metadata::text(&visit.object, "creationTimestamp"),
        visit.options.establish,
        visit.now.wall,
    );
    if wait == 0 {
        let name = metadata::text(&visit.object, "name").to_owned();
        visit.server.establish(visit.now.wall, &name);
    }
    (wait > 0).then_some(wait)
}

pub(super) fn default_account(visit: &mut Visit<'_>) -> Again {
    let namespace = metadata::text(&visit.object, "name").to_owned();
    let account = ObjectRef::namespaced("v1", "ServiceAccount", namespace.clone(), "default");
    if visit.server.peek(&account).is_none() {
        let body = Arc::new(json!({"apiVersion": "v1", "kind": "ServiceAccount",
            "metadata": {"name": "default", "namespace": namespace}}));
        visit.server.request_as(visit.now.wall, &Identity::Controller, MANAGER, &Request::Create { body });
    }
    None
}
