//! The namespace that an install creates (`createNamespace`, spec 05 §2).

use pilothouse_apply::{ApplyError, ApplyPlan, ManifestObject, Method};
use pilothouse_protocol::{ApiError, Failure, ObjectRef};
use serde_json::json;

/// Creates a namespace, as Helm labels it.
pub(crate) fn namespace_plan(name: &str, server_side: bool) -> ApplyPlan {
    let body = json!({
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {"name": name, "labels": {"name": name}},
    });
    let object = ManifestObject { reference: ObjectRef::cluster("v1", "Namespace", name), body };
    let method = match server_side {
        true => Method::ServerSide { force_conflicts: false },
        false => Method::ClientSide { replace: false },
    };
    ApplyPlan::create(vec![object], method)
}

/// Whether the only thing wrong is that the object exists.
pub(crate) fn already_exists(error: &ApplyError) -> bool {
    let exists = |failure: &Failure| failure.api().is_some_and(ApiError::is_already_exists);
    error.causes.iter().all(|cause| cause.failure.as_ref().is_some_and(exists))
}
