//! Which rule of readiness holds in a wait.

use std::sync::Arc;

use pilothouse_encoding::timestamp::Timestamp;
use pilothouse_protocol::ObjectRef;
use serde_json::Value;

use super::WaitFor;
use crate::ManifestObject;
use crate::readiness::{
    Assessment, StatusReader, assess, assess_hook, assess_job, assess_legacy, assess_legacy_hook,
};

/// Kinds that are ready as soon as they are written.
const STATIC_KINDS: [(&str, &str); 15] = [
    ("", "ConfigMap"),
    ("", "Secret"),
    ("", "ServiceAccount"),
    ("", "LimitRange"),
    ("rbac.authorization.k8s.io", "Role"),
    ("rbac.authorization.k8s.io", "RoleBinding"),
    ("rbac.authorization.k8s.io", "ClusterRole"),
    ("rbac.authorization.k8s.io", "ClusterRoleBinding"),
    ("scheduling.k8s.io", "PriorityClass"),
    ("storage.k8s.io", "StorageClass"),
    ("networking.k8s.io", "Ingress"),
    ("networking.k8s.io", "IngressClass"),
    ("networking.k8s.io", "NetworkPolicy"),
    ("admissionregistration.k8s.io", "MutatingWebhookConfiguration"),
    ("admissionregistration.k8s.io", "ValidatingWebhookConfiguration"),
];

/// The rules of one wait.
#[derive(Debug)]
pub(super) struct Rules {
    pub(super) wait_for: WaitFor,
    pub(super) reader: Option<Arc<dyn StatusReader>>,
    pub(super) legacy: bool,
}

impl Rules {
    /// The verdict on a live object.
    pub(super) fn assess(&self, reference: &ObjectRef, object: &Value, wall: Timestamp) -> Assessment {
        if !self.legacy
            && let Some(assessment) = self.reader.as_ref().and_then(|reader| reader.read(reference, object))
        {
            return assessment;
        }
        match self.wait_for {
            WaitFor::Ready { jobs } if self.legacy => assess_legacy(object, jobs),
            WaitFor::Ready { jobs: true } if is_kind(reference, "batch", "Job") => assess_job(object),
            WaitFor::HookReady if self.legacy => assess_legacy_hook(object),
            WaitFor::HookReady => assess_hook(object),
            WaitFor::Ready { .. } | WaitFor::Gone => assess(object, wall),
        }
    }

    /// Whether an object need not be looked at. `was_written`: the server has acknowledged the write.
    pub(super) fn skips(&self, object: &ManifestObject, was_written: bool) -> bool {
        let reference = &object.reference;
        if self.reader.is_some() && !self.legacy {
            return is_paused(object);
        }
        match self.wait_for {
            WaitFor::HookReady => !is_kind(reference, "batch", "Job") && !is_kind(reference, "", "Pod"),
            WaitFor::Ready { .. } | WaitFor::Gone => is_paused(object) || (was_written && is_static(object)),
        }
    }

    /// Whether failed Pods make the object fail.
    pub(super) fn looks_at_pods(&self, reference: &ObjectRef) -> bool {
        let owns_pods = is_kind(reference, "apps", "StatefulSet") || is_kind(reference, "apps", "ReplicaSet");
        owns_pods && !self.legacy && matches!(self.wait_for, WaitFor::Ready { .. })
    }

    /// Whether one failed object ends the wait.
    pub(super) fn fails_fast(&self) -> bool {
        self.legacy || matches!(self.wait_for, WaitFor::Ready { .. })
    }
}

/// Whether a Job may vanish by itself after it has ended.
pub(super) fn may_vanish(object: &ManifestObject) -> bool {
    let ttl = object.body.pointer("/spec/ttlSecondsAfterFinished");
    is_kind(&object.reference, "batch", "Job") && ttl.is_some_and(|ttl| !ttl.is_null())
}

/// Whether nothing that happens later changes the verdict on an object.
fn is_static(object: &ManifestObject) -> bool {
    let reference = &object.reference;
    let balanced = object.body.pointer("/spec/type").and_then(Value::as_str) == Some("LoadBalancer");
    STATIC_KINDS.iter().any(|(group, kind)| is_kind(reference, group, kind))
        || (is_kind(reference, "", "Service") && !balanced)
}

fn is_paused(object: &ManifestObject) -> bool {
    object.reference.api_version == "apps/v1"
        && object.reference.kind == "Deployment"
        && object.body.pointer("/spec/paused").and_then(Value::as_bool).unwrap_or_default()
}

fn is_kind(reference: &ObjectRef, group: &str, kind: &str) -> bool {
    let api_group = reference.api_version.split_once('/').map_or("", |(group, _)| group);
    reference.kind == kind && api_group == group
}
