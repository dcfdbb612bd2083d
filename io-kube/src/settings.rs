//! From flags to what the parts of the operator are told.

use pilothouse_encoding::duration::GoDuration;
use pilothouse_operator::{Config, Gates, Holder};
use serde_json::json;

use crate::election::lease_name;
use crate::environment;
use crate::flags::{FeatureGates, GateError, RunFlags, SelectorError, check_selector};
use crate::logs::Log;
use crate::watches::WatchScope;

/// A configuration that cannot be run.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// A gate that does not exist.
    #[error(transparent)]
    Gates(#[from] GateError),
    /// `--snapshot-digest-algo` names no known algorithm.
    #[error("unsupported digest algorithm '{0}'")]
    DigestAlgorithm(String),
    /// `--default-kubeconfig-service-account` without the gate ObjectLevelWorkloadIdentity.
    #[error("--default-kubeconfig-service-account requires the feature gate ObjectLevelWorkloadIdentity")]
    WorkloadIdentity,
    /// `--interval-jitter-percentage` is out of range.
    #[error("the interval jitter percentage must be a non-negative value and less than 100, got {0}")]
    Jitter(u8),
    /// `--watch-label-selector` cannot be parsed.
    #[error("--watch-label-selector: {0}")]
    WatchSelector(SelectorError),
    /// `--watch-configs-label-selector` cannot be parsed.
    #[error("--watch-configs-label-selector: {0}")]
    ConfigSelector(SelectorError),
    /// `--watch-all-namespaces=false` without the environment variable RUNTIME_NAMESPACE.
    #[error("--watch-all-namespaces=false requires the environment variable RUNTIME_NAMESPACE")]
    RuntimeNamespace,
}

impl SettingsError {
    /// The message of the log line that carries the error.
    #[must_use]
    pub fn message(&self) -> &'static str {
        match self {
            Self::Gates(_) => "unable to load feature gates",
            Self::DigestAlgorithm(_) => "unable to configure canonical digest algorithm",
            Self::Jitter(_) => "unable to set global jitter",
            Self::WatchSelector(_) => "unable to configure watch label selector for manager",
            Self::ConfigSelector(_) => "unable to configure watch configs label selector for controller",
            Self::WorkloadIdentity | Self::RuntimeNamespace => "invalid configuration",
        }
    }
}

/// What the parts of the operator are told.
#[derive(Debug)]
pub struct Settings {
    /// For the state machines.
    pub config: Config,
    /// For the watches.
    pub scope: WatchScope,
    gates: FeatureGates,
    warnings: Vec<String>,
}

impl Settings {
    /// Settings from flags and the namespace in which the operator runs.
    ///
    /// # Errors
    ///
    /// Flags that name what does not exist, or that do not go together.
    pub fn new(flags: &RunFlags, runtime_namespace: Option<String>) -> Result<Self, SettingsError> {
        let gates = FeatureGates::from_flags(&flags.feature_gates)?;
        let needs_identity = !flags.default_kubeconfig_service_account.is_empty();
        if needs_identity && !gates.is_enabled("ObjectLevelWorkloadIdentity") {
            return Err(SettingsError::WorkloadIdentity);
        }
        if flags.interval_jitter_percentage >= 100 {
            return Err(SettingsError::Jitter(flags.interval_jitter_percentage));
        }
        check_selector(&flags.watch_label_selector).map_err(SettingsError::WatchSelector)?;
        check_selector(&flags.watch_configs_label_selector).map_err(SettingsError::ConfigSelector)?;
        let namespace = match flags.watch_all_namespaces {
            true => None,
            false => Some(runtime_namespace.ok_or(SettingsError::RuntimeNamespace)?),
        };
        let scope = WatchScope {
            namespace,
            releases: flags.watch_label_selector.clone(),
            configs: (!gates.is_enabled("DisableConfigWatchers"))
                .then(|| flags.watch_configs_label_selector.clone()),
            external_artifacts: gates.is_enabled("ExternalArtifact"),
        };
        Ok(Self { config: config(flags, &gates)?, scope, warnings: warnings(flags, &gates), gates })
    }

    /// Whether memory is watched (gate `OOMWatch`).
    #[must_use]
    pub fn watches_memory(&self) -> bool {
        self.gates.is_enabled("OOMWatch")
    }

    /// Logs the gates that were named and everything that was asked for and has no effect.
    pub fn announce(&self, log: &Log) {
        for (name, enabled) in self.gates.named() {
            log.info("setup", "loading feature gate", &[(name, json!(enabled))]);
        }
        for warning in &self.warnings {
            log.info("setup", &format!("warning: {warning}"), &[]);
        }
    }
}

fn config(flags: &RunFlags, gates: &FeatureGates) -> Result<Config, SettingsError> {
    let unknown = |_| SettingsError::DigestAlgorithm(flags.snapshot_digest_algo.clone());
    Ok(Config {
        requeue_dependency: nanos(flags.requeue_dependency),
        min_retry_delay: nanos(flags.min_retry_delay),
        max_retry_delay: nanos(flags.max_retry_delay),
        interval_jitter_percentage: flags.interval_jitter_percentage,
        default_service_account: flags.default_service_account.clone(),
        default_kube_config_service_account: flags.default_kubeconfig_service_account.clone(),
        insecure_kube_config_exec: flags.insecure_kubeconfig_exec,
        insecure_kube_config_tls: flags.insecure_kubeconfig_tls,
        no_cross_namespace_refs: flags.no_cross_namespace_refs,
        snapshot_digest_algorithm: flags.snapshot_digest_algo.parse().map_err(unknown)?,
        concurrent: flags.concurrent,
        holder: holder(flags),
        override_managers: flags.override_manager.clone(),
        gates: Gates {
            additive_cel_dependency_check: gates.is_enabled("AdditiveCELDependencyCheck"),
            external_artifact: gates.is_enabled("ExternalArtifact"),
            disable_chart_digest_tracking: gates.is_enabled("DisableChartDigestTracking"),
            use_helm3_defaults: gates.is_enabled("UseHelm3Defaults"),
            default_to_retry_on_failure: gates.is_enabled("DefaultToRetryOnFailure"),
            object_level_workload_identity: gates.is_enabled("ObjectLevelWorkloadIdentity"),
            allow_dns_lookups: gates.is_enabled("AllowDNSLookups"),
            cancel_health_check_on_new_revision: gates.is_enabled("CancelHealthCheckOnNewRevision"),
        },
        ..Config::default()
    })
}

/// Who marks pending releases as its own. Whoever has the lease now has succeeded those who had it before.
fn holder(flags: &RunFlags) -> Holder {
    let namespace = environment::variable(environment::RUNTIME_NAMESPACE).unwrap_or_default();
    let lease = match flags.enable_leader_election {
        true => format!("{namespace}.{}", lease_name(&flags.watch_label_selector)),
        false => String::new(),
    };
    Holder::new(&environment::hostname(), &lease)
}

fn nanos(duration: GoDuration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or_default()
}

/// Gates that are accepted and have no effect, with the reason. DetectDrift and CorrectDrift have none in the original
/// either and are not named.
const INERT_GATES: [(&str, &str); 3] = [
    ("AdoptLegacyReleases", "legacy API versions are not adopted"),
    ("CacheSecretsAndConfigMaps", "they are always read from the API server"),
    ("DirectSourceFetch", "sources are always watched"),
];

/// One line for each flag or gate whose effect does not exist, so that nobody relies on it.
fn warnings(flags: &RunFlags, gates: &FeatureGates) -> Vec<String> {
    let mut warnings = Vec::new();
    let mut warn = |is_set: bool, text: &str| {
        if is_set {
            warnings.push(text.to_owned());
        }
    };
    let has_size = !matches!(flags.token_cache_max_size, 0 | 100);
    warn(
        has_size,
        "--token-cache-max-size has no effect other than 0 for none: one token is kept for each connection",
    );
    for (gate, why) in INERT_GATES {
        warn(gates.is_enabled(gate), &format!("the feature gate {gate} has no effect: {why}"));
    }
    warnings
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        flags: RunFlags,
    }

    fn settings(line: &[&str]) -> Result<Settings, SettingsError> {
        let flags = Line::parse_from(std::iter::once(&"run").chain(line)).flags;
        Settings::new(&flags, Some("flux-system".to_owned()))
    }

    #[test]
    fn flags_reach_the_state_machines_and_the_watches() {
        let settings = settings(&[
            "--requeue-dependency=5s",
            "--concurrent=10",
            "--snapshot-digest-algo=blake3",
            "--feature-gates=ExternalArtifact=true,DisableConfigWatchers=true",
            "--watch-all-namespaces=false",
            "--watch-label-selector=a=b",
        ])
        .unwrap();
        assert_eq!((settings.config.requeue_dependency, settings.config.concurrent), (5_000_000_000, 10));
        assert_eq!(settings.config.snapshot_digest_algorithm.name(), "blake3");
        assert!(settings.config.gates.external_artifact);
        let scope = WatchScope {
            namespace: Some("flux-system".into()),
            releases: "a=b".into(),
            configs: None,
            external_artifacts: true,
        };
        assert_eq!(settings.scope, scope);
        assert!(settings.warnings.is_empty());
    }

    #[test]
    fn what_has_no_effect_is_named() {
        let settings =
            settings(&["--token-cache-max-size=5", "--feature-gates=DirectSourceFetch=true,OOMWatch=true"])
                .unwrap();
        assert_eq!(settings.warnings.len(), 2);
        assert!(
            settings.warnings[0].contains("--token-cache-max-size")
                && settings.warnings[1].contains("DirectSourceFetch has no effect: ")
        );
    }

    #[test]
    fn invalid_configurations_are_refused() {
        let gates = settings(&["--feature-gates=Nope=true"]).unwrap_err();
        assert_eq!(gates.message(), "unable to load feature gates");
        assert!(matches!(settings(&["--snapshot-digest-algo=md5"]), Err(SettingsError::DigestAlgorithm(_))));
        let account = settings(&["--default-kubeconfig-service-account=x"]);
        assert!(matches!(account, Err(SettingsError::WorkloadIdentity)));
        let jitter = settings(&["--interval-jitter-percentage=100"]).unwrap_err();
        assert_eq!(jitter.message(), "unable to set global jitter");
        let selector = settings(&["--watch-label-selector=a in"]).unwrap_err();
        assert!(matches!(selector, SettingsError::WatchSelector(_)), "{selector}");
        assert!(matches!(
            settings(&["--watch-configs-label-selector=a=b=c"]),
            Err(SettingsError::ConfigSelector(_))
        ));
    }
}
