//! Who asks, and which API server.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// Who asks whom.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub enum Identity {
    /// The operator itself, in its own cluster.
    #[default]
    Controller,
    /// Impersonation of `system:serviceaccount:<namespace>:<name>` (spec 05 §9) in the operator's own cluster.
    ServiceAccount {
        /// Namespace of the HelmRelease.
        namespace: String,
        /// Name of the service account.
        name: String,
    },
    /// In the cluster of `spec.kubeConfig`.
    Remote(Arc<RemoteIdentity>),
}

/// Who asks in another cluster.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RemoteIdentity {
    /// The cluster, with the credentials for it.
    pub cluster: TargetCluster,
    /// Who is impersonated there: [`Identity::Controller`] for nobody.
    pub user: Identity,
}

/// A cluster and how to get in. Two with the same content are the same one: whoever keeps connections can tell by that
/// whether something has changed.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TargetCluster {
    /// URL of the API server.
    pub server: String,
    /// How to get in.
    pub access: ClusterAccess,
}

/// How to get into a cluster. Its `Debug` output shows no credentials.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum ClusterAccess {
    /// A kubeconfig with one cluster and one user, as JSON. It is sanitised already: everything in it may be used.
    KubeConfig(String),
    /// A token of a service account of the operator's own cluster, which the other cluster trusts.
    ServiceAccountToken {
        /// Certificates that the API server's is verified with, PEM; those of the system when empty.
        certificate_authority: String,
        /// Namespace of the HelmRelease.
        namespace: String,
        /// The service account in it; the operator's own when `None`.
        name: Option<String>,
        /// Audiences of the token.
        audiences: Vec<String>,
    },
}

impl Identity {
    /// Who is impersonated, as namespace and name.
    #[must_use]
    pub fn impersonated(&self) -> Option<(&str, &str)> {
        match self {
            Self::Controller => None,
            Self::ServiceAccount { namespace, name } => Some((namespace, name)),
            Self::Remote(remote) => remote.user.impersonated(),
        }
    }

    /// The cluster of `spec.kubeConfig`; `None` for the operator's own.
    #[must_use]
    pub fn cluster(&self) -> Option<&TargetCluster> {
        match self {
            Self::Remote(remote) => Some(&remote.cluster),
            Self::Controller | Self::ServiceAccount { .. } => None,
        }
    }

    /// The same user in another cluster.
    #[must_use]
    pub fn in_cluster(self, cluster: TargetCluster) -> Self {
        Self::Remote(Arc::new(RemoteIdentity { cluster, user: self }))
    }
}

impl fmt::Debug for TargetCluster {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TargetCluster({}, {:?})", self.server, self.access)
    }
}

impl fmt::Debug for ClusterAccess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::KubeConfig(_) => f.write_str("KubeConfig"),
            Self::ServiceAccountToken { namespace, name, audiences, .. } => {
                write!(
                    f,
                    "ServiceAccountToken({namespace}/{}, {audiences:?})",
                    name.as_deref().unwrap_or("*")
                )
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_not_shown() {
        let cluster = TargetCluster {
            server: "https://a".to_owned(),
            access: ClusterAccess::KubeConfig("secret".to_owned()),
        };
        let user = Identity::ServiceAccount { namespace: "ns".to_owned(), name: "sa".to_owned() };
        let identity = user.in_cluster(cluster.clone());
        assert_eq!(identity.impersonated(), Some(("ns", "sa")));
        assert_eq!(identity.cluster(), Some(&cluster));
        let shown = format!("{identity:?}");
        assert!(shown.contains("https://a") && !shown.contains("secret"), "{shown}");
    }
}
