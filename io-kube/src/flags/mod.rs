//! The flags of `pilothouse run` (spec 06 §1), with the names, defaults and value forms of helm-controller.

mod gates;
mod selector;
mod values;

pub use gates::{FeatureGates, GateError, GateFlag};
pub use selector::{SelectorError, check as check_selector};
pub use values::listen_address;
pub(crate) use values::parse_bool;

use std::path::PathBuf;

use clap::{ArgAction, Args};
use pilothouse_encoding::duration::GoDuration;
use pilothouse_protocol::LogLevel;

use crate::logs::Encoding;
use values::{bytes, duration};

/// All flags. A later occurrence of a flag overrides an earlier one.
#[derive(Debug, Clone, PartialEq, Args)]
#[command(args_override_self = true)]
pub struct RunFlags {
    /// The address the metric endpoint binds to; 0 disables it.
    #[arg(long, default_value = ":8080")]
    pub metrics_addr: String,
    /// The address the health endpoint binds to; empty or 0 disables it.
    #[arg(long, default_value = ":9440")]
    pub health_addr: String,
    /// The address of the events receiver.
    #[arg(long, default_value = "")]
    pub events_addr: String,
    /// The number of concurrent HelmRelease reconciles.
    #[arg(long, default_value_t = 4)]
    pub concurrent: usize,
    /// The interval at which failing dependencies are looked at again.
    #[arg(long, default_value = "30s", value_parser = duration)]
    pub requeue_dependency: GoDuration,
    /// The time given to the operator to finish its work before it is stopped.
    #[arg(long, default_value = "600s", value_parser = duration)]
    pub graceful_shutdown_timeout: GoDuration,
    /// The maximum number of retries of an artifact download.
    #[arg(long, default_value_t = 9)]
    pub http_retry: u32,
    /// The time one try of an artifact download may take.
    #[arg(long, default_value = "30s", value_parser = duration)]
    pub http_timeout: GoDuration,
    /// The service account that is impersonated when a HelmRelease names none.
    #[arg(long, default_value = "")]
    pub default_service_account: String,
    /// The service account of remote clusters' workload identity when a HelmRelease names none.
    #[arg(long, default_value = "")]
    pub default_kubeconfig_service_account: String,
    /// The memory usage in percent at which the OOM watch shuts the operator down.
    #[arg(long, default_value_t = 95)]
    pub oom_watch_memory_threshold: u8,
    /// The interval at which the OOM watch looks at memory usage.
    #[arg(long, default_value = "500ms", value_parser = duration)]
    pub oom_watch_interval: GoDuration,
    /// The cgroup file with the memory limit; found automatically when empty.
    #[arg(long, default_value = "")]
    pub oom_watch_max_memory_path: String,
    /// The cgroup file with the memory usage; found automatically when empty.
    #[arg(long, default_value = "")]
    pub oom_watch_current_memory_path: String,
    /// The algorithm of the digests of release snapshots: sha256, sha384, sha512 or blake3.
    #[arg(long, default_value = "sha256")]
    pub snapshot_digest_algo: String,
    /// A field manager whose changes are overridden; can be given several times.
    #[arg(long)]
    pub override_manager: Vec<String>,
    /// The queries per second to an API server and identity.
    #[arg(long, default_value_t = 50.0, allow_negative_numbers = true)]
    pub kube_api_qps: f32,
    /// The queries to an API server and identity that may come at once.
    #[arg(long, default_value_t = 300, allow_negative_numbers = true)]
    pub kube_api_burst: i32,
    /// The form of log lines: json or console.
    #[arg(long, default_value = "json")]
    pub log_encoding: String,
    /// The lowest level of log lines: trace, debug, info or error.
    #[arg(long, default_value = "info")]
    pub log_level: String,
    /// Deny references to objects in other namespaces.
    #[arg(long, default_value = "false", default_missing_value = "true", num_args = 0..=1, require_equals = true,
          action = ArgAction::Set, value_parser = parse_bool)]
    pub no_cross_namespace_refs: bool,
    /// Elect one of several replicas.
    #[arg(long, default_value = "false", default_missing_value = "true", num_args = 0..=1, require_equals = true,
          action = ArgAction::Set, value_parser = parse_bool)]
    pub enable_leader_election: bool,
    /// Give the leadership back when the operator ends.
    #[arg(long, default_value = "true", default_missing_value = "true", num_args = 0..=1, require_equals = true,
          action = ArgAction::Set, value_parser = parse_bool)]
    pub leader_election_release_on_cancel: bool,
    /// How long others wait before they take leadership over.
    #[arg(long, default_value = "35s", value_parser = duration)]
    pub leader_election_lease_duration: GoDuration,
    /// How long the leader tries to renew before it gives up.
    #[arg(long, default_value = "30s", value_parser = duration)]
    pub leader_election_renew_deadline: GoDuration,
    /// How long to wait between tries.
    #[arg(long, default_value = "5s", value_parser = duration)]
    pub leader_election_retry_period: GoDuration,
    /// The first delay of the exponential back-off of failing reconciles.
    #[arg(long, default_value = "750ms", value_parser = duration)]
    pub min_retry_delay: GoDuration,
    /// The longest delay of the exponential back-off of failing reconciles.
    #[arg(long, default_value = "15m", value_parser = duration)]
    pub max_retry_delay: GoDuration,
    /// Allow exec plugins in the kubeconfigs of HelmReleases.
    #[arg(long, default_value = "false", default_missing_value = "true", num_args = 0..=1, require_equals = true,
          action = ArgAction::Set, value_parser = parse_bool)]
    pub insecure_kubeconfig_exec: bool,
    /// Allow disabling TLS verification in the kubeconfigs of HelmReleases.
    #[arg(long, default_value = "false", default_missing_value = "true", num_args = 0..=1, require_equals = true,
          action = ArgAction::Set, value_parser = parse_bool)]
    pub insecure_kubeconfig_tls: bool,
    /// Feature gates, `Name=true,Other=false`; can be given several times.
    #[arg(long, value_delimiter = ',', value_parser = GateFlag::parse)]
    pub feature_gates: Vec<GateFlag>,
    /// Watch all namespaces; otherwise only the one in the environment variable RUNTIME_NAMESPACE.
    #[arg(long, default_value = "true", default_missing_value = "true", num_args = 0..=1, require_equals = true,
          action = ArgAction::Set, value_parser = parse_bool)]
    pub watch_all_namespaces: bool,
    /// A label selector of the HelmReleases that this operator is responsible for.
    #[arg(long, default_value = "")]
    pub watch_label_selector: String,
    /// A label selector of the ConfigMaps and Secrets whose changes wake releases; empty for all.
    #[arg(long, default_value = "reconcile.fluxcd.io/watch=Enabled")]
    pub watch_configs_label_selector: String,
    /// By how many percent intervals are spread.
    #[arg(long, default_value_t = 5)]
    pub interval_jitter_percentage: u8,
    /// The number of entries of the token cache; 0 disables it.
    #[arg(long, default_value_t = 100)]
    pub token_cache_max_size: u32,
    /// The longest time a token is cached.
    #[arg(long, default_value = "1h", value_parser = duration)]
    pub token_cache_max_duration: GoDuration,
    /// What is recorded.
    #[command(flatten)]
    pub record: RecordFlags,
}

/// Flags that are not those of helm-controller: what is recorded for `pilothouse replay`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Args)]
pub struct RecordFlags {
    /// A folder to record in what the operator is told and does, for `pilothouse replay`. Secrets are replaced by tokens.
    #[arg(long, value_name = "DIR")]
    pub record: Option<PathBuf>,
    /// How large the folder of recordings may get; the oldest are removed. Ki, Mi and Gi are understood.
    #[arg(long, default_value = "256Mi", value_parser = bytes, value_name = "BYTES")]
    pub record_max_size: u64,
}

impl RunFlags {
    /// The form of log lines. As in the original, an unknown name is the default.
    #[must_use]
    pub fn encoding(&self) -> Encoding {
        if self.log_encoding == "console" { Encoding::Console } else { Encoding::Json }
    }

    /// The lowest level that is logged. As in the original, an unknown name is `info`.
    #[must_use]
    pub fn level(&self) -> LogLevel {
        match self.log_level.as_str() {
            "trace" => LogLevel::Trace,
            "debug" => LogLevel::Debug,
            "error" => LogLevel::Error,
            _ => LogLevel::Info,
        }
    }
}

#[cfg(test)]
mod tests;
