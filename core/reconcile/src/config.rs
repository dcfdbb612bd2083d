//! What the operator's flags say (spec 06 §1, §2).

use pilothouse_encoding::digest::Algorithm;
use pilothouse_helm::Holder;
use pilothouse_machine::SECOND;
use pilothouse_release::{DigestTape, Digests};
use serde::{Deserialize, Serialize};

/// Configuration of the reconcile machines.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Config {
    /// `--requeue-dependency`, nanoseconds.
    pub requeue_dependency: u64,
    /// `--min-retry-delay`, nanoseconds.
    pub min_retry_delay: u64,
    /// `--max-retry-delay`, nanoseconds.
    pub max_retry_delay: u64,
    /// `--interval-jitter-percentage`, 0 to 99.
    pub interval_jitter_percentage: u8,
    /// `--default-service-account`; empty for none.
    pub default_service_account: String,
    /// `--default-kubeconfig-service-account`; empty for none.
    pub default_kube_config_service_account: String,
    /// `--insecure-kubeconfig-exec`.
    pub insecure_kube_config_exec: bool,
    /// `--insecure-kubeconfig-tls`.
    pub insecure_kube_config_tls: bool,
    /// `--no-cross-namespace-refs`.
    pub no_cross_namespace_refs: bool,
    /// `--snapshot-digest-algo`.
    pub snapshot_digest_algorithm: Algorithm,
    /// `--concurrent`: releases that may work at once.
    pub concurrent: usize,
    /// Who acts, for the marks of pending revisions.
    pub holder: Holder,
    /// `--override-manager`: beginnings of names of field managers that are not to have any fields.
    pub override_managers: Vec<String>,
    /// Feature gates.
    pub gates: Gates,
    /// Where digests are written to or read from; blank but for recordings and their replay.
    #[serde(skip)]
    pub tape: DigestTape,
}

impl Config {
    /// How digests of releases and values are computed.
    #[must_use]
    pub fn digests(&self) -> Digests {
        Digests::new(self.snapshot_digest_algorithm, self.tape.clone())
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            requeue_dependency: 30 * SECOND,
            min_retry_delay: 750_000_000,
            max_retry_delay: 900 * SECOND,
            interval_jitter_percentage: 5,
            default_service_account: String::new(),
            default_kube_config_service_account: String::new(),
            insecure_kube_config_exec: false,
            insecure_kube_config_tls: false,
            no_cross_namespace_refs: false,
            snapshot_digest_algorithm: Algorithm::Sha256,
            concurrent: 4,
            holder: Holder::default(),
            override_managers: Vec::new(),
            gates: Gates::default(),
            tape: DigestTape::default(),
        }
    }
}

/// Feature gates that change decisions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Gates {
    /// `AdditiveCELDependencyCheck`.
    pub additive_cel_dependency_check: bool,
    /// `ExternalArtifact`.
    pub external_artifact: bool,
    /// `DisableChartDigestTracking`.
    pub disable_chart_digest_tracking: bool,
    /// `UseHelm3Defaults`.
    pub use_helm3_defaults: bool,
    /// `DefaultToRetryOnFailure`.
    pub default_to_retry_on_failure: bool,
    /// `ObjectLevelWorkloadIdentity`.
    pub object_level_workload_identity: bool,
    /// `AllowDNSLookups`
    pub allow_dns_lookups: bool,
    /// `CancelHealthCheckOnNewRevision`: a wait that ends because an input changed is told in a condition and an event.
    pub cancel_health_check_on_new_revision: bool,
}
