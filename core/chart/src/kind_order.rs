//! The order in which kinds are installed and uninstalled (Go package `helm.sh/helm/v4/pkg/release/v1/util`).

use std::cmp::Ordering;

/// One of the two orders.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KindOrder {
    /// What others need comes first.
    Install,
    /// What others need comes last; webhooks go first.
    Uninstall,
}

const INSTALL: [&str; 38] = [
    "PriorityClass",
    "Namespace",
    "NetworkPolicy",
    "ResourceQuota",
    "LimitRange",
    "PodSecurityPolicy",
    "PodDisruptionBudget",
    "ServiceAccount",
    "Secret",
    "SecretList",
    "ConfigMap",
    "StorageClass",
    "PersistentVolume",
    "PersistentVolumeClaim",
    "CustomResourceDefinition",
    "ClusterRole",
    "ClusterRoleList",
    "ClusterRoleBinding",
    "ClusterRoleBindingList",
    "Role",
    "RoleList",
    "RoleBinding",
    "RoleBindingList",
    "Service",
    "DaemonSet",
    "Pod",
    "ReplicationController",
    "ReplicaSet",
    "Deployment",
    "HorizontalPodAutoscaler",
    "StatefulSet",
    "Job",
    "CronJob",
    "IngressClass",
    "Ingress",
    "APIService",
    "MutatingWebhookConfiguration",
    "ValidatingWebhookConfiguration",
];

/// Services go early when uninstalling; all else is the install order reversed.
const UNINSTALL_FIRST: [&str; 6] = [
    "ValidatingWebhookConfiguration",
    "MutatingWebhookConfiguration",
    "APIService",
    "Ingress",
    "IngressClass",
    "Service",
];

impl KindOrder {
    /// Compares two kinds. Unknown kinds come last, among themselves by name.
    #[must_use]
    pub fn compare(self, a: &str, b: &str) -> Ordering {
        match (self.position(a), self.position(b)) {
            (Some(a), Some(b)) => a.cmp(&b),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (None, None) => a.cmp(b),
        }
    }

    fn position(self, kind: &str) -> Option<usize> {
        let installed = INSTALL.iter().position(|known| *known == kind)?;
        match self {
            Self::Install => Some(installed),
            Self::Uninstall => {
                let first = UNINSTALL_FIRST.iter().position(|known| *known == kind);
                Some(first.unwrap_or(UNINSTALL_FIRST.len() + INSTALL.len() - installed))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_have_their_place() {
        let mut kinds = ["Widget", "Deployment", "ConfigMap", "Apple", "Service", "Namespace", "Job"];
        kinds.sort_by(|a, b| KindOrder::Install.compare(a, b));
        assert_eq!(kinds, ["Namespace", "ConfigMap", "Service", "Deployment", "Job", "Apple", "Widget"]);
        kinds.sort_by(|a, b| KindOrder::Uninstall.compare(a, b));
        assert_eq!(kinds, ["Service", "Job", "Deployment", "ConfigMap", "Namespace", "Apple", "Widget"]);
    }
}
