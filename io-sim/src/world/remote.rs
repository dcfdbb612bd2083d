//! The clusters that kubeconfigs lead to: the simulated one under its URL, and none else.

use pilothouse_protocol::{Failure, Identity};

/// URL of the simulated API server in kubeconfigs.
pub const SERVER_URL: &str = "https://127.0.0.1:6443";

/// Who acts on the simulated API server; an error when the kubeconfig leads elsewhere.
pub(super) fn local(identity: &Identity) -> Result<Identity, Failure> {
    match identity {
        Identity::Remote(remote) if remote.cluster.server == SERVER_URL => Ok(remote.user.clone()),
        Identity::Remote(remote) => {
            Err(Failure::Unreachable(format!("dial {}: connection refused", remote.cluster.server)))
        }
        Identity::Controller | Identity::ServiceAccount { .. } => Ok(identity.clone()),
    }
}

#[cfg(test)]
mod tests {
    use pilothouse_protocol::{ClusterAccess, TargetCluster};

    use super::*;

    #[test]
    fn only_the_own_cluster_answers() {
        let user = Identity::ServiceAccount { namespace: "ns".to_owned(), name: "sa".to_owned() };
        let at = |server: &str| {
            let access = ClusterAccess::KubeConfig(String::new());
            local(&user.clone().in_cluster(TargetCluster { server: server.to_owned(), access }))
        };
        assert_eq!(at(SERVER_URL), Ok(user.clone()));
        assert_eq!(at("https://other").unwrap_err().to_string(), "dial https://other: connection refused");
        assert_eq!(local(&user), Ok(user));
    }
}
