//! `status` (spec 01 §3).

use serde::{Deserialize, Serialize};

use crate::{Conditions, History};

/// The status of a HelmRelease. Always computed and written as a whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct HelmReleaseStatus {
    /// Generation whose reconcile has ended; -1 at first.
    pub observed_generation: i64,
    /// Last handled `reconcile.fluxcd.io/requestedAt`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub last_handled_reconcile_at: String,
    /// Last seen `reconcile.fluxcd.io/forceAt`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub last_handled_force_at: String,
    /// Last seen `reconcile.fluxcd.io/resetAt`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub last_handled_reset_at: String,
    /// Conditions.
    #[serde(skip_serializing_if = "no_conditions")]
    pub conditions: Conditions,
    /// `<namespace>/<name>` of the managed HelmChart.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub helm_chart: String,
    /// Storage namespace of the current release.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub storage_namespace: String,
    /// Snapshots, newest first.
    #[serde(skip_serializing_if = "History::is_empty")]
    pub history: History,
    /// Objects of the release.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inventory: Option<Inventory>,
    /// Generation of the last release attempt.
    #[serde(skip_serializing_if = "is_zero")]
    pub last_attempted_generation: i64,
    /// Chart version of the last release attempt.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub last_attempted_revision: String,
    /// OCI digest of the last release attempt.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub last_attempted_revision_digest: String,
    /// Digest of the values of the last release attempt.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub last_attempted_config_digest: String,
    /// `install` or `upgrade`; selects the active policy.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub last_attempted_release_action: String,
    /// Go duration.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub last_attempted_release_action_duration: String,
    /// Deprecated; honoured once by the reset check.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub last_attempted_values_checksum: String,
    /// Deprecated.
    #[serde(skip_serializing_if = "is_zero")]
    pub last_release_revision: i64,
    /// Failures of any action.
    #[serde(skip_serializing_if = "is_zero")]
    pub failures: i64,
    /// Failed installs.
    #[serde(skip_serializing_if = "is_zero")]
    pub install_failures: i64,
    /// Failed upgrades.
    #[serde(skip_serializing_if = "is_zero")]
    pub upgrade_failures: i64,
    /// Digest of the post-renderers.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub observed_post_renderers_digest: String,
    /// Digest of the common metadata.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub observed_common_metadata_digest: String,
}

impl Default for HelmReleaseStatus {
    fn default() -> Self {
        Self {
            observed_generation: -1,
            last_handled_reconcile_at: String::new(),
            last_handled_force_at: String::new(),
            last_handled_reset_at: String::new(),
            conditions: Conditions::default(),
            helm_chart: String::new(),
            storage_namespace: String::new(),
            history: History::default(),
            inventory: None,
            last_attempted_generation: 0,
            last_attempted_revision: String::new(),
            last_attempted_revision_digest: String::new(),
            last_attempted_config_digest: String::new(),
            last_attempted_release_action: String::new(),
            last_attempted_release_action_duration: String::new(),
            last_attempted_values_checksum: String::new(),
            last_release_revision: 0,
            failures: 0,
            install_failures: 0,
            upgrade_failures: 0,
            observed_post_renderers_digest: String::new(),
            observed_common_metadata_digest: String::new(),
        }
    }
}

impl HelmReleaseStatus {
    /// Zeroes the failure counters.
    pub fn clear_failures(&mut self) {
        self.failures = 0;
        self.install_failures = 0;
        self.upgrade_failures = 0;
    }
}

/// Objects of the release.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Inventory {
    /// In manifest order.
    pub entries: Vec<InventoryEntry>,
}

/// One object.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct InventoryEntry {
    /// `<namespace>_<name>_<group>_<kind>`; `:` in names is written `__`.
    pub id: String,
    /// API version without the group.
    pub v: String,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn is_zero(number: &i64) -> bool {
    *number == 0
}

fn no_conditions(conditions: &Conditions) -> bool {
    conditions.0.is_empty()
}
