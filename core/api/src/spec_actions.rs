//! Options of the actions (spec 01 §2.4 to §2.6) and the defaults that the code of the original gives them.

use pilothouse_encoding::duration::GoDuration;
use serde::{Deserialize, Serialize};

use crate::HelmReleaseSpec;

/// What to do after a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum StrategyName {
    /// Roll back or uninstall, then retry as the remediation says.
    #[default]
    RemediateOnFailure,
    /// Leave the failed release and upgrade it after the retry interval.
    RetryOnFailure,
}

/// `strategy` of an install or upgrade.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ActionStrategy {
    /// Which.
    pub name: StrategyName,
    /// Between retries; five minutes when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_interval: Option<GoDuration>,
}

/// `spec.install`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Install {
    /// Timeout of each wait.
    pub timeout: Option<GoDuration>,
    /// What to do after a failure.
    pub strategy: Option<ActionStrategy>,
    /// How to remediate.
    pub remediation: Option<InstallRemediation>,
    /// Refuse objects of other owners.
    pub disable_take_ownership: bool,
    /// Do not wait for resources.
    pub disable_wait: bool,
    /// Do not wait for jobs.
    pub disable_wait_for_jobs: bool,
    /// Do not run hooks.
    pub disable_hooks: bool,
    /// Do not validate against OpenAPI.
    #[serde(rename = "disableOpenAPIValidation")]
    pub disable_open_api_validation: bool,
    /// Do not validate values.
    pub disable_schema_validation: bool,
    /// Reuse the name of a failed or uninstalled release.
    pub replace: bool,
    /// `Skip`, `Create` or `CreateReplace`.
    pub crds: Option<String>,
    /// Create the target namespace.
    pub create_namespace: bool,
    /// Server-side apply.
    pub server_side_apply: Option<bool>,
}

/// `spec.install.remediation`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct InstallRemediation {
    /// Negative: without bound.
    pub retries: i64,
    /// Failed tests are no failure.
    pub ignore_test_failures: Option<bool>,
    /// Remediate when the retries are exhausted, too.
    pub remediate_last_failure: Option<bool>,
}

/// `spec.upgrade`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Upgrade {
    /// Timeout of each wait.
    pub timeout: Option<GoDuration>,
    /// What to do after a failure.
    pub strategy: Option<ActionStrategy>,
    /// How to remediate.
    pub remediation: Option<UpgradeRemediation>,
    /// Refuse objects of other owners.
    pub disable_take_ownership: bool,
    /// Do not wait for resources.
    pub disable_wait: bool,
    /// Do not wait for jobs.
    pub disable_wait_for_jobs: bool,
    /// Do not run hooks.
    pub disable_hooks: bool,
    /// Do not validate against OpenAPI.
    #[serde(rename = "disableOpenAPIValidation")]
    pub disable_open_api_validation: bool,
    /// Do not validate values.
    pub disable_schema_validation: bool,
    /// Replace objects instead of patching them.
    pub force: bool,
    /// Keep the values of the last release underneath.
    pub preserve_values: bool,
    /// Delete objects that a failed upgrade created.
    pub cleanup_on_fail: bool,
    /// `Skip`, `Create` or `CreateReplace`.
    pub crds: Option<String>,
    /// `enabled`, `disabled` or `auto`.
    pub server_side_apply: Option<String>,
    /// `InPlaceUpdate` or `Reinstall`.
    pub chart_name_change_strategy: Option<String>,
}

/// `spec.upgrade.remediation`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct UpgradeRemediation {
    /// Negative: without bound.
    pub retries: i64,
    /// Failed tests are no failure.
    pub ignore_test_failures: Option<bool>,
    /// Remediate when the retries are exhausted, too.
    pub remediate_last_failure: Option<bool>,
    /// `rollback` or `uninstall`.
    pub strategy: Option<String>,
}

/// `spec.test`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Test {
    /// Run the test hooks.
    pub enable: bool,
    /// Timeout of each hook.
    pub timeout: Option<GoDuration>,
    /// Failed tests are no failure.
    pub ignore_failures: bool,
    /// Which hooks run.
    pub filters: Vec<Filter>,
}

/// Selects a test hook.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Filter {
    /// Name of the hook.
    pub name: String,
    /// Leave it out.
    pub exclude: bool,
}

/// `spec.rollback`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Rollback {
    /// Timeout of each wait.
    pub timeout: Option<GoDuration>,
    /// Do not wait for resources.
    pub disable_wait: bool,
    /// Do not wait for jobs.
    pub disable_wait_for_jobs: bool,
    /// Do not run hooks.
    pub disable_hooks: bool,
    /// Deprecated, without effect.
    pub recreate: bool,
    /// Replace objects instead of patching them.
    pub force: bool,
    /// Delete objects that a failed rollback created.
    pub cleanup_on_fail: bool,
    /// `enabled`, `disabled` or `auto`.
    pub server_side_apply: Option<String>,
}

/// `spec.uninstall`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Uninstall {
    /// Timeout of each wait.
    pub timeout: Option<GoDuration>,
    /// Do not run hooks.
    pub disable_hooks: bool,
    /// Keep the storage.
    pub keep_history: bool,
    /// Do not wait for the deletion.
    pub disable_wait: bool,
    /// `background`, `foreground` or `orphan`.
    pub deletion_propagation: Option<String>,
}

/// Five minutes.
const DEFAULT_TIMEOUT_NANOS: i64 = 300_000_000_000;

impl HelmReleaseSpec {
    /// `spec.timeout`, five minutes when absent.
    #[must_use]
    pub fn timeout(&self) -> GoDuration {
        self.timeout.unwrap_or(GoDuration::from_nanos(DEFAULT_TIMEOUT_NANOS))
    }

    /// The timeout of an action: its own, else `spec.timeout`.
    #[must_use]
    pub fn action_timeout(&self, own: Option<GoDuration>) -> GoDuration {
        own.unwrap_or_else(|| self.timeout())
    }

    /// `spec.maxHistory`, 5 when absent.
    #[must_use]
    pub fn max_history(&self) -> usize {
        usize::try_from(self.max_history.unwrap_or(5)).unwrap_or_default()
    }

    /// `spec.install` or its defaults.
    #[must_use]
    pub fn install(&self) -> Install {
        self.install.clone().unwrap_or_default()
    }

    /// `spec.upgrade` or its defaults.
    #[must_use]
    pub fn upgrade(&self) -> Upgrade {
        self.upgrade.clone().unwrap_or_default()
    }

    /// `spec.test` or its defaults.
    #[must_use]
    pub fn test(&self) -> Test {
        self.test.clone().unwrap_or_default()
    }

    /// `spec.rollback` or its defaults.
    #[must_use]
    pub fn rollback(&self) -> Rollback {
        self.rollback.clone().unwrap_or_default()
    }

    /// `spec.uninstall` or its defaults.
    #[must_use]
    pub fn uninstall(&self) -> Uninstall {
        self.uninstall.clone().unwrap_or_default()
    }
}
