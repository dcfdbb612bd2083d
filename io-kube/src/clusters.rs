//! The clusters that are worked in: the operator's own, and those of `spec.kubeConfig`, each with a client and a catalog
//! of its own.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use pilothouse_protocol::{ClusterAccess, Failure, Identity, TargetCluster};
use tokio::sync::OnceCell;
use tokio::time::Instant;

use crate::client::{ApiClient, chain};
use crate::discovery::Catalog;
use crate::limiter::Rate;
use crate::metrics::Metrics;
use crate::tokens::{TokenOptions, TokenSource};

/// Connections to other clusters that are kept though nobody has used them for a while.
const KEPT_MAX: usize = 64;

/// After this long without use a connection may be dropped.
const IDLE: Duration = Duration::from_secs(600);

/// How long an exec plugin of a kubeconfig may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(60);

/// One cluster. Cheap to clone.
#[derive(Clone)]
pub struct Cluster {
    /// The connection.
    pub client: Arc<ApiClient>,
    /// What it serves.
    pub catalog: Arc<Catalog>,
}

impl Cluster {
    /// The cluster behind a client.
    #[must_use]
    pub fn new(client: Arc<ApiClient>) -> Self {
        Self { catalog: Arc::new(Catalog::new(Arc::clone(&client))), client }
    }
}

/// All clusters. A remote one is known by its address and credentials: when the Secret of a kubeconfig changes, so does
/// the key, and the former connection is dropped once it is idle.
pub struct Clusters {
    own: Cluster,
    rate: Rate,
    metrics: Arc<Metrics>,
    remote: Mutex<BTreeMap<TargetCluster, Remote>>,
    tokens: TokenOptions,
}

struct Remote {
    cluster: Arc<OnceCell<Cluster>>,
    used: Instant,
}

impl Clusters {
    /// No other cluster than the operator's own.
    #[must_use]
    pub fn new(own: Arc<ApiClient>, rate: Rate, metrics: Arc<Metrics>) -> Self {
        Self {
            own: Cluster::new(own),
            rate,
            metrics,
            remote: Mutex::default(),
            tokens: TokenOptions::default(),
        }
    }

    /// How tokens of service accounts are kept.
    #[must_use]
    pub fn with_tokens(mut self, tokens: TokenOptions) -> Self {
        self.tokens = tokens;
        self
    }

    /// The cluster in which somebody acts; connects to it when nobody has.
    ///
    /// # Errors
    ///
    /// The credentials cannot be used.
    pub async fn of(&self, identity: &Identity) -> Result<Cluster, Failure> {
        let Some(target) = identity.cluster() else { return Ok(self.own.clone()) };
        let cell = self.cell(target);
        cell.get_or_try_init(|| self.connect(target)).await.cloned()
    }

    /// Forgets the connection to the cluster of an identity whose credentials were refused: what an exec plugin has
    /// given may have expired.
    pub fn refused(&self, identity: &Identity) {
        if let Some(target) = identity.cluster() {
            self.remote.lock().unwrap_or_else(PoisonError::into_inner).remove(target);
        }
    }

    fn cell(&self, target: &TargetCluster) -> Arc<OnceCell<Cluster>> {
        let mut remote = self.remote.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        if !remote.contains_key(target) {
            remote.retain(|_, former| now.duration_since(former.used) < IDLE);
            while remote.len() >= KEPT_MAX {
                let oldest = remote.iter().min_by_key(|(_, former)| former.used).map(|(key, _)| key.clone());
                oldest.and_then(|key| remote.remove(&key));
            }
        }
        let entry =
            remote.entry(target.clone()).or_insert_with(|| Remote { cluster: Arc::default(), used: now });
        entry.used = now;
        Arc::clone(&entry.cluster)
    }

    async fn connect(&self, target: &TargetCluster) -> Result<Cluster, Failure> {
        let connecting = async {
            match &target.access {
                ClusterAccess::KubeConfig(text) => self.with_kube_config(text).await,
                ClusterAccess::ServiceAccountToken { certificate_authority, namespace, name, audiences } => {
                    let source = TokenSource::new(
                        Arc::clone(&self.own.client),
                        namespace.clone(),
                        name.clone(),
                        audiences.clone(),
                    )
                    .with_options(self.tokens);
                    self.with_token(&target.server, certificate_authority, source)
                }
            }
        };
        let timed_out = || "not ready within 60 seconds".to_owned();
        let connected = tokio::time::timeout(CONNECT_TIMEOUT, connecting).await;
        let client: ApiClient = connected.unwrap_or_else(|_| Err(timed_out())).map_err(|error| {
            Failure::Unreachable(format!("could not set up a client of {}: {error}", target.server))
        })?;
        Ok(Cluster::new(Arc::new(client.with_fence(self.own.client.fence().clone()))))
    }

    async fn with_kube_config(&self, text: &str) -> Result<ApiClient, String> {
        let config = kube::config::Kubeconfig::from_yaml(text).map_err(|error| chain(&error))?;
        let options = kube::config::KubeConfigOptions::default();
        let config =
            kube::Config::from_custom_kubeconfig(config, &options).await.map_err(|error| chain(&error))?;
        self.client(config).await
    }

    fn with_token(&self, server: &str, authority: &str, source: TokenSource) -> Result<ApiClient, String> {
        let url = server.parse().map_err(|error| format!("{server}: {error}"))?;
        let mut config = kube::Config::new(url);
        if !authority.is_empty() {
            config.root_cert = Some(crate::tokens::certificates(authority)?);
        }
        let (rate, metrics) = (self.rate, Arc::clone(&self.metrics));
        let client = ApiClient::new(config, rate, metrics).map_err(|error| error.to_string())?;
        Ok(client.with_token(source))
    }

    /// An exec plugin is run when the client is made, and blocks its thread.
    async fn client(&self, config: kube::Config) -> Result<ApiClient, String> {
        let (rate, metrics) = (self.rate, Arc::clone(&self.metrics));
        let runtime = tokio::runtime::Handle::current();
        let made = tokio::task::spawn_blocking(move || {
            let _context = runtime.enter();
            ApiClient::new(config, rate, metrics).map_err(|error| error.to_string())
        });
        made.await.map_err(|error| error.to_string())?
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clusters() -> Clusters {
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let (rate, metrics) = (Rate::new(50.0, 300), Arc::new(Metrics::new(0)));
        let config = kube::Config::new("http://own".parse().unwrap());
        let own = ApiClient::new(config, rate, Arc::clone(&metrics)).unwrap();
        Clusters::new(Arc::new(own), rate, metrics)
    }

    fn remote(server: &str, token: &str) -> Identity {
        let config = format!(
            r#"{{"current-context": "x", "contexts": [{{"name": "x", "context": {{"cluster": "x", "user": "x"}}}}],
            "clusters": [{{"name": "x", "cluster": {{"server": "{server}"}}}}],
            "users": [{{"name": "x", "user": {{"token": "{token}"}}}}]}}"#
        );
        Identity::Controller.in_cluster(TargetCluster {
            server: server.to_owned(),
            access: ClusterAccess::KubeConfig(config),
        })
    }

    #[tokio::test(start_paused = true)]
    async fn a_connection_lasts_as_long_as_its_credentials() {
        let clusters = clusters();
        let first = clusters.of(&remote("http://a", "1")).await.unwrap();
        let again = clusters.of(&remote("http://a", "1")).await.unwrap();
        assert!(Arc::ptr_eq(&first.client, &again.client));
        let rotated = clusters.of(&remote("http://a", "2")).await.unwrap();
        assert!(!Arc::ptr_eq(&first.client, &rotated.client));
        let own = clusters.of(&Identity::Controller).await.unwrap();
        assert!(!Arc::ptr_eq(&own.client, &first.client));

        clusters.refused(&remote("http://a", "1"));
        let new = clusters.of(&remote("http://a", "1")).await.unwrap();
        assert!(!Arc::ptr_eq(&first.client, &new.client));
    }

    #[tokio::test(start_paused = true)]
    async fn connections_are_bounded() {
        let clusters = clusters();
        for number in 0..KEPT_MAX + 5 {
            clusters.of(&remote("http://a", &number.to_string())).await.unwrap();
        }
        assert_eq!(clusters.remote.lock().unwrap().len(), KEPT_MAX);
        tokio::time::advance(IDLE).await;
        clusters.of(&remote("http://b", "1")).await.unwrap();
        assert_eq!(clusters.remote.lock().unwrap().len(), 1);
    }

    #[tokio::test]
    async fn credentials_that_cannot_be_used_are_named() {
        let failure = clusters().of(&remote("not a url", "1")).await.err().unwrap();
        let Failure::Unreachable(text) = failure else { panic!("{failure:?}") };
        assert!(text.starts_with("could not set up a client of not a url: "), "{text}");
    }
}
