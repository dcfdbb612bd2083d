//! Which policy rules after a failure: remediation or retry, of installs or of upgrades (spec 01 §2.4, 02 §6).

use pilothouse_api::{ActionStrategy, HelmReleaseSpec, HelmReleaseStatus, StrategyName};
use pilothouse_encoding::duration::GoDuration;

use crate::Config;

/// Five minutes.
const DEFAULT_RETRY_INTERVAL_NANOS: i64 = 300_000_000_000;

/// The release action that was attempted last, `status.lastAttemptedReleaseAction`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReleaseAction {
    /// An install.
    Install,
    /// An upgrade.
    Upgrade,
}

impl ReleaseAction {
    /// From the status; `None` when nothing was attempted.
    #[must_use]
    pub fn last_attempted(status: &HelmReleaseStatus) -> Option<Self> {
        match status.last_attempted_release_action.as_str() {
            "install" => Some(Self::Install),
            "upgrade" => Some(Self::Upgrade),
            _ => None,
        }
    }

    /// `install` or `upgrade`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Install => "install",
            Self::Upgrade => "upgrade",
        }
    }

    /// The failure counter of the action.
    #[must_use]
    pub fn failures(self, status: &HelmReleaseStatus) -> i64 {
        match self {
            Self::Install => status.install_failures,
            Self::Upgrade => status.upgrade_failures,
        }
    }

    /// Counts a failure of the action.
    pub fn count_failure(self, status: &mut HelmReleaseStatus) {
        match self {
            Self::Install => status.install_failures += 1,
            Self::Upgrade => status.upgrade_failures += 1,
        }
    }
}

/// How a failed release is brought back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RemediationStrategy {
    /// Roll back to the previous release.
    Rollback,
    /// Uninstall.
    Uninstall,
    /// Not a strategy that exists.
    Unknown(String),
}

/// The remediation of one release action, with defaults filled in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remediation {
    /// Whose.
    pub action: ReleaseAction,
    /// Retries; negative without bound.
    pub retries: i64,
    /// Failed tests are no failure.
    pub ignore_test_failures: bool,
    /// Remediate when the retries are exhausted, too.
    pub remediate_last_failure: bool,
    /// How.
    pub strategy: RemediationStrategy,
}

impl Remediation {
    /// The remediation of an action.
    #[must_use]
    pub fn of(action: ReleaseAction, spec: &HelmReleaseSpec) -> Self {
        let ignore = spec.test().ignore_failures;
        match action {
            ReleaseAction::Install => {
                let own = spec.install().remediation.unwrap_or_default();
                Self {
                    action,
                    retries: own.retries,
                    ignore_test_failures: own.ignore_test_failures.unwrap_or(ignore),
                    remediate_last_failure: own.remediate_last_failure.unwrap_or(false),
                    strategy: RemediationStrategy::Uninstall,
                }
            }
            ReleaseAction::Upgrade => {
                let own = spec.upgrade().remediation.unwrap_or_default();
                Self {
                    action,
                    retries: own.retries,
                    ignore_test_failures: own.ignore_test_failures.unwrap_or(ignore),
                    remediate_last_failure: own.remediate_last_failure.unwrap_or(own.retries > 0),
                    strategy: match own.strategy.as_deref() {
                        None | Some("" | "rollback") => RemediationStrategy::Rollback,
                        Some("uninstall") => RemediationStrategy::Uninstall,
                        Some(other) => RemediationStrategy::Unknown(other.to_owned()),
                    },
                }
            }
        }
    }

    /// Whether no retry is left.
    #[must_use]
    pub fn retries_exhausted(&self, status: &HelmReleaseStatus) -> bool {
        self.retries >= 0 && self.action.failures(status) > self.retries
    }
}

/// The policies that are active: those of the release action attempted last.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ActivePolicy {
    /// The remediation; `None` when nothing was attempted. With strategy `RetryOnFailure` it still says whether failed
    /// tests are a failure.
    pub remediation: Option<Remediation>,
    /// The retry interval; only with strategy `RetryOnFailure`.
    pub retry: Option<GoDuration>,
}

impl ActivePolicy {
    /// From spec and status.
    #[must_use]
    pub fn of(spec: &HelmReleaseSpec, status: &HelmReleaseStatus, config: &Config) -> Self {
        let Some(action) = ReleaseAction::last_attempted(status) else { return Self::default() };
        Self { remediation: Some(Remediation::of(action, spec)), retry: retry_interval(action, spec, config) }
    }
}

/// The retry interval of an action with strategy `RetryOnFailure`.
#[must_use]
pub fn retry_interval(action: ReleaseAction, spec: &HelmReleaseSpec, config: &Config) -> Option<GoDuration> {
    let own = match action {
        ReleaseAction::Install => spec.install().strategy,
        ReleaseAction::Upgrade => spec.upgrade().strategy,
    };
    let name = match config.gates.default_to_retry_on_failure {
        true => StrategyName::RetryOnFailure,
        false => StrategyName::RemediateOnFailure,
    };
    let strategy = own.unwrap_or(ActionStrategy { name, retry_interval: None });
    let interval = strategy.retry_interval.unwrap_or(GoDuration::from_nanos(DEFAULT_RETRY_INTERVAL_NANOS));
    (strategy.name == StrategyName::RetryOnFailure).then_some(interval)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(action: &str, installs: i64, upgrades: i64) -> HelmReleaseStatus {
        HelmReleaseStatus {
            last_attempted_release_action: action.to_owned(),
            install_failures: installs,
            upgrade_failures: upgrades,
            ..HelmReleaseStatus::default()
        }
    }

    #[test]
    fn an_upgrade_remediates_its_last_failure_only_with_retries() {
        let mut spec = HelmReleaseSpec::default();
        assert!(!Remediation::of(ReleaseAction::Upgrade, &spec).remediate_last_failure);
        let remediation = pilothouse_api::UpgradeRemediation { retries: 1, ..Default::default() };
        spec.upgrade = Some(pilothouse_api::Upgrade { remediation: Some(remediation), ..Default::default() });
        assert!(Remediation::of(ReleaseAction::Upgrade, &spec).remediate_last_failure);
    }

    #[test]
    fn retries_are_exhausted_when_failures_exceed_them() {
        let spec = HelmReleaseSpec::default();
        let remediation = Remediation::of(ReleaseAction::Install, &spec);
        assert!(!remediation.retries_exhausted(&status("install", 0, 0)));
        assert!(remediation.retries_exhausted(&status("install", 1, 0)));
        let unlimited = Remediation { retries: -1, ..remediation };
        assert!(!unlimited.retries_exhausted(&status("install", 100, 0)));
    }

    #[test]
    fn nothing_attempted_means_no_active_policy() {
        let active = ActivePolicy::of(&HelmReleaseSpec::default(), &status("", 0, 0), &Config::default());
        assert_eq!(active, ActivePolicy::default());
    }
}
