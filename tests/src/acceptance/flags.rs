//! The flags of a scenario as configuration of the operator.

use pilothouse_operator::{Config, Holder};

/// Nanoseconds that `--requeue-dependency=5s` means.
const REQUEUE_DEPENDENCY: u64 = 5_000_000_000;

/// What flags say.
#[derive(Debug, Clone, Default)]
pub struct Flags {
    /// For the state machines.
    pub config: Config,
    /// `--watch-label-selector`.
    pub release_selector: Option<String>,
}

/// A flag that means nothing in the simulation.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("flag {0} is not known to the simulation")]
pub struct UnknownFlag(pub String);

/// The configuration that all recordings assume, with the flags of one scenario.
///
/// # Errors
/// For a flag or value that the simulation does not know.
pub fn config(flags: &[String]) -> Result<Flags, UnknownFlag> {
    let config = Config {
        requeue_dependency: REQUEUE_DEPENDENCY,
        concurrent: 10,
        holder: Holder::new("simulated-host", ""),
        ..Config::default()
    };
    let mut found = Flags { config, release_selector: None };
    for flag in flags {
        let unknown = || UnknownFlag(flag.clone());
        let (name, value) = flag.split_once('=').ok_or_else(unknown)?;
        match name {
            "--watch-label-selector" => found.release_selector = Some(value.to_owned()),
            "--snapshot-digest-algo" => {
                found.config.snapshot_digest_algorithm = value.parse().map_err(|_| unknown())?;
            }
            "--no-cross-namespace-refs" => found.config.no_cross_namespace_refs = value == "true",
            "--feature-gates" => gates(&mut found.config, value).ok_or_else(unknown)?,
            "--insecure-kubeconfig-tls" => found.config.insecure_kube_config_tls = value == "true",
            "--override-manager" => found.config.override_managers.push(value.to_owned()),
            "--requeue-dependency" => {
                let seconds: u64 =
                    value.strip_suffix('s').and_then(|text| text.parse().ok()).ok_or_else(unknown)?;
                found.config.requeue_dependency = seconds * 1_000_000_000;
            }
            _ => return Err(unknown()),
        }
    }
    Ok(found)
}

fn gates(config: &mut Config, text: &str) -> Option<()> {
    for gate in text.split(',') {
        let (name, value) = gate.split_once('=')?;
        let target = match name {
            "ExternalArtifact" => &mut config.gates.external_artifact,
            "UseHelm3Defaults" => &mut config.gates.use_helm3_defaults,
            "DefaultToRetryOnFailure" => &mut config.gates.default_to_retry_on_failure,
            "AdditiveCELDependencyCheck" => &mut config.gates.additive_cel_dependency_check,
            "AllowDNSLookups" => &mut config.gates.allow_dns_lookups,
            "CancelHealthCheckOnNewRevision" => &mut config.gates.cancel_health_check_on_new_revision,
            "DisableChartDigestTracking" => &mut config.gates.disable_chart_digest_tracking,
            _ => return None,
        };
        *target = value == "true";
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_are_understood_or_refused() {
        let flags =
            ["--feature-gates=ExternalArtifact=true", "--watch-label-selector=shard=a"].map(str::to_owned);
        let found = config(&flags).unwrap();
        assert!(found.config.gates.external_artifact);
        assert_eq!(found.release_selector.as_deref(), Some("shard=a"));
        for wrong in ["--nope=1", "--feature-gates=Nope=true", "--snapshot-digest-algo=md5", "nope"] {
            assert_eq!(config(&[wrong.to_owned()]).unwrap_err(), UnknownFlag(wrong.to_owned()));
        }
    }
}
