//! The resources that charts make.

use serde_json::Value;

/// One resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Resource {
    /// `apiVersion`.
    pub api_version: &'static str,
    /// The kind.
    pub kind: &'static str,
    /// The plural.
    pub plural: &'static str,
    /// Whether objects live in a namespace.
    pub namespaced: bool,
    /// Whether there is a `status` subresource.
    pub status: bool,
    /// Whether there is a `scale` subresource.
    pub scale: bool,
    /// How often it is chosen.
    pub weight: u64,
}

const HOOKS: &str = "admissionregistration.k8s.io/v1";

const fn resource(
    api_version: &'static str,
    kind: &'static str,
    plural: &'static str,
    weight: u64,
) -> Resource {
    Resource { api_version, kind, plural, namespaced: true, status: false, scale: false, weight }
}

impl Resource {
    const fn cluster(self) -> Self {
        Self { namespaced: false, ..self }
    }

    const fn status(self) -> Self {
        Self { status: true, ..self }
    }

    const fn scale(self) -> Self {
        Self { scale: true, ..self.status() }
    }

    /// Whether the kind is custom.
    #[must_use]
    pub fn is_custom(&self) -> bool {
        self.kind == "Widget"
    }

    /// The path of the collection.
    #[must_use]
    pub fn collection(&self, namespace: &str) -> String {
        let root = if self.api_version.contains('/') { "/apis" } else { "/api" };
        let scope = if self.namespaced { format!("/namespaces/{namespace}") } else { String::new() };
        format!("{root}/{}{scope}/{}", self.api_version, self.plural)
    }
}

/// All of them.
pub const RESOURCES: &[Resource] = &[
    resource("v1", "ConfigMap", "configmaps", 12),
    resource("v1", "Secret", "secrets", 10),
    resource("v1", "Service", "services", 10).status(),
    resource("v1", "ServiceAccount", "serviceaccounts", 5),
    resource("v1", "Pod", "pods", 6).status(),
    resource("v1", "PersistentVolumeClaim", "persistentvolumeclaims", 4).status(),
    resource("apps/v1", "Deployment", "deployments", 12).scale(),
    resource("apps/v1", "StatefulSet", "statefulsets", 7).scale(),
    resource("apps/v1", "DaemonSet", "daemonsets", 5).status(),
    resource("apps/v1", "ReplicaSet", "replicasets", 2).scale(),
    resource("batch/v1", "Job", "jobs", 6).status(),
    resource("batch/v1", "CronJob", "cronjobs", 4).status(),
    resource("networking.k8s.io/v1", "Ingress", "ingresses", 6).status(),
    resource("networking.k8s.io/v1", "NetworkPolicy", "networkpolicies", 4),
    resource("policy/v1", "PodDisruptionBudget", "poddisruptionbudgets", 4).status(),
    resource("autoscaling/v2", "HorizontalPodAutoscaler", "horizontalpodautoscalers", 4).status(),
    resource("rbac.authorization.k8s.io/v1", "Role", "roles", 4),
    resource("rbac.authorization.k8s.io/v1", "RoleBinding", "rolebindings", 4),
    resource("rbac.authorization.k8s.io/v1", "ClusterRole", "clusterroles", 3).cluster(),
    resource("rbac.authorization.k8s.io/v1", "ClusterRoleBinding", "clusterrolebindings", 3).cluster(),
    resource("coordination.k8s.io/v1", "Lease", "leases", 2),
    resource("storage.k8s.io/v1", "StorageClass", "storageclasses", 2).cluster(),
    resource("scheduling.k8s.io/v1", "PriorityClass", "priorityclasses", 1).cluster(),
    resource("networking.k8s.io/v1", "IngressClass", "ingressclasses", 2).cluster(),
    resource("v1", "PersistentVolume", "persistentvolumes", 2).cluster().status(),
    resource("v1", "ResourceQuota", "resourcequotas", 2).status(),
    resource("v1", "Endpoints", "endpoints", 2),
    resource("discovery.k8s.io/v1", "EndpointSlice", "endpointslices", 2),
    resource(HOOKS, "ValidatingWebhookConfiguration", "validatingwebhookconfigurations", 3).cluster(),
    resource(HOOKS, "MutatingWebhookConfiguration", "mutatingwebhookconfigurations", 3).cluster(),
    resource("node.k8s.io/v1", "RuntimeClass", "runtimeclasses", 1).cluster(),
    resource("storage.k8s.io/v1", "CSIDriver", "csidrivers", 1).cluster(),
    resource("conformance.example.com/v1", "Widget", "widgets", 8).status(),
];

/// The definition of `Widget`.
///
/// # Errors
///
/// The text in this crate is no JSON.
pub fn definition() -> Result<Value, serde_json::Error> {
    serde_json::from_str(include_str!("widgets.json"))
}
