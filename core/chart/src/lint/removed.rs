//! API versions that Kubernetes has removed or is going to remove (the deprecated API migration guide of Kubernetes).

/// An API version of some kinds.
pub(super) struct Removed {
    api_version: &'static str,
    kinds: &'static [&'static str],
    /// The minor version of Kubernetes 1 that has it no more.
    pub(super) minor: u32,
    /// What takes its place.
    pub(super) replacement: &'static str,
}

/// The removal of this kind with this API version, if there is one.
pub(super) fn find(api_version: &str, kind: &str) -> Option<&'static Removed> {
    // Lists go with their items.
    let kind = kind.strip_suffix("List").unwrap_or(kind);
    REMOVED.iter().find(|removed| removed.api_version == api_version && removed.kinds.contains(&kind))
}

const fn removed(
    api_version: &'static str,
    kinds: &'static [&'static str],
    minor: u32,
    replacement: &'static str,
) -> Removed {
    Removed { api_version, kinds, minor, replacement }
}

const WEBHOOKS: &[&str] = &["MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"];
const ROLES: &[&str] = &["Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding"];
const STORAGE: &[&str] = &["CSIDriver", "CSINode", "StorageClass", "VolumeAttachment"];
const FLOW: &[&str] = &["FlowSchema", "PriorityLevelConfiguration"];

static REMOVED: &[Removed] = &[
    removed("extensions/v1beta1", &["Deployment", "DaemonSet", "ReplicaSet"], 16, "apps/v1"),
    removed("extensions/v1beta1", &["NetworkPolicy", "Ingress"], 22, "networking.k8s.io/v1"),
    removed("extensions/v1beta1", &["PodSecurityPolicy"], 16, "nothing: PodSecurityPolicy is gone"),
    removed("apps/v1beta1", &["Deployment", "StatefulSet", "ReplicaSet"], 16, "apps/v1"),
    removed("apps/v1beta2", &["Deployment", "StatefulSet", "ReplicaSet", "DaemonSet"], 16, "apps/v1"),
    removed("admissionregistration.k8s.io/v1beta1", WEBHOOKS, 22, "admissionregistration.k8s.io/v1"),
    removed("apiextensions.k8s.io/v1beta1", &["CustomResourceDefinition"], 22, "apiextensions.k8s.io/v1"),
    removed("apiregistration.k8s.io/v1beta1", &["APIService"], 22, "apiregistration.k8s.io/v1"),
    removed("authentication.k8s.io/v1beta1", &["TokenReview"], 22, "authentication.k8s.io/v1"),
    removed(
        "authorization.k8s.io/v1beta1",
        &[
            "LocalSubjectAccessReview",
            "SelfSubjectAccessReview",
            "SubjectAccessReview",
            "SelfSubjectRulesReview",
        ],
        22,
        "authorization.k8s.io/v1",
    ),
    removed("certificates.k8s.io/v1beta1", &["CertificateSigningRequest"], 22, "certificates.k8s.io/v1"),
    removed("coordination.k8s.io/v1beta1", &["Lease"], 22, "coordination.k8s.io/v1"),
    removed("networking.k8s.io/v1beta1", &["Ingress", "IngressClass"], 22, "networking.k8s.io/v1"),
    removed("rbac.authorization.k8s.io/v1beta1", ROLES, 22, "rbac.authorization.k8s.io/v1"),
    removed("rbac.authorization.k8s.io/v1alpha1", ROLES, 22, "rbac.authorization.k8s.io/v1"),
    removed("scheduling.k8s.io/v1beta1", &["PriorityClass"], 22, "scheduling.k8s.io/v1"),
    removed("storage.k8s.io/v1beta1", STORAGE, 22, "storage.k8s.io/v1"),
    removed("batch/v1beta1", &["CronJob"], 25, "batch/v1"),
    removed("batch/v2alpha1", &["CronJob"], 21, "batch/v1"),
    removed("discovery.k8s.io/v1beta1", &["EndpointSlice"], 25, "discovery.k8s.io/v1"),
    removed("events.k8s.io/v1beta1", &["Event"], 25, "events.k8s.io/v1"),
    removed("autoscaling/v2beta1", &["HorizontalPodAutoscaler"], 25, "autoscaling/v2"),
    removed("autoscaling/v2beta2", &["HorizontalPodAutoscaler"], 26, "autoscaling/v2"),
    removed("policy/v1beta1", &["PodDisruptionBudget"], 25, "policy/v1"),
    removed("policy/v1beta1", &["PodSecurityPolicy"], 25, "nothing: PodSecurityPolicy is gone"),
    removed("node.k8s.io/v1beta1", &["RuntimeClass"], 25, "node.k8s.io/v1"),
    removed("flowcontrol.apiserver.k8s.io/v1beta1", FLOW, 26, "flowcontrol.apiserver.k8s.io/v1"),
    removed("flowcontrol.apiserver.k8s.io/v1beta2", FLOW, 29, "flowcontrol.apiserver.k8s.io/v1"),
    removed("flowcontrol.apiserver.k8s.io/v1beta3", FLOW, 32, "flowcontrol.apiserver.k8s.io/v1"),
    removed("storage.k8s.io/v1beta1", &["CSIStorageCapacity"], 27, "storage.k8s.io/v1"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_and_their_lists_are_found() {
        assert_eq!(find("batch/v1beta1", "CronJob").map(|removed| removed.minor), Some(25));
        assert_eq!(find("extensions/v1beta1", "DeploymentList").map(|removed| removed.minor), Some(16));
        assert!(find("apps/v1", "Deployment").is_none());
        assert!(find("policy/v1beta1", "Eviction").is_none());
    }
}
