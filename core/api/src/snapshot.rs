//! `status.history` (spec 01 §4).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Snapshots kept by a plain truncation, and by a truncation that finds no previous release.
const KEPT: usize = 5;

/// Outcome of one test hook.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct TestHookStatus {
    /// RFC 3339, whole seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_started: Option<String>,
    /// RFC 3339, whole seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_completed: Option<String>,
    /// `Unknown`, `Running`, `Succeeded`, `Failed` or empty.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub phase: String,
}

/// What was observed of one release revision.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Snapshot {
    /// `v2`; anything else is a legacy snapshot whose digest is not verified.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub api_version: String,
    /// Release digest (spec 04 §4).
    pub digest: String,
    /// Release name.
    pub name: String,
    /// Release namespace.
    pub namespace: String,
    /// Revision.
    pub version: u32,
    /// Helm status.
    pub status: String,
    /// `install`, `upgrade`, `rollback`, `uninstall`, `uninstall-remediation`, or empty.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub action: String,
    /// Chart name.
    pub chart_name: String,
    /// Chart version.
    pub chart_version: String,
    /// Chart `appVersion`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub app_version: String,
    /// Digest of the values of the release.
    pub config_digest: String,
    /// RFC 3339, whole seconds.
    pub first_deployed: String,
    /// RFC 3339, whole seconds.
    pub last_deployed: String,
    /// RFC 3339, whole seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deleted: Option<String>,
    /// Absent: untested; empty: tested without selected hooks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub test_hooks: Option<BTreeMap<String, Option<TestHookStatus>>>,
    /// Digest of the OCI artifact at release time.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub oci_digest: String,
}

impl Snapshot {
    /// `<namespace>/<name>.v<version>`.
    #[must_use]
    pub fn full_release_name(&self) -> String {
        crate::full_release_name(&self.namespace, &self.name, self.version)
    }

    /// `<chart name>@<chart version>`.
    #[must_use]
    pub fn versioned_chart(&self) -> String {
        crate::versioned_chart(&self.chart_name, &self.chart_version)
    }

    /// Whether the test hooks have run: none selected, one failed, or all succeeded.
    #[must_use]
    pub fn has_been_tested(&self) -> bool {
        let Some(hooks) = &self.test_hooks else { return false };
        let phase =
            |hook: &Option<TestHookStatus>| hook.as_ref().map_or("", |hook| hook.phase.as_str()).to_owned();
        hooks.is_empty()
            || hooks.values().any(|hook| phase(hook) == "Failed")
            || hooks.values().all(|hook| phase(hook) == "Succeeded")
    }

    /// Whether a test hook is in phase `Failed`.
    #[must_use]
    pub fn has_test_in_phase_failed(&self) -> bool {
        self.test_hooks
            .iter()
            .flatten()
            .any(|(_, hook)| hook.as_ref().is_some_and(|hook| hook.phase == "Failed"))
    }

    /// Whether name, namespace and revision are the given ones.
    #[must_use]
    pub fn targets(&self, name: &str, namespace: &str, version: u32) -> bool {
        self.name == name && self.namespace == namespace && self.version == version
    }
}

/// Snapshots, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct History(pub Vec<Snapshot>);

impl History {
    /// Whether nothing is known.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The snapshot with the highest revision.
    #[must_use]
    pub fn latest(&self) -> Option<&Snapshot> {
        self.0.iter().max_by_key(|snapshot| snapshot.version)
    }

    /// The snapshot to roll back to: the highest revision below the latest that was deployed and, unless
    /// `ignore_tests`, has no failed test.
    #[must_use]
    pub fn previous(&self, ignore_tests: bool) -> Option<&Snapshot> {
        let latest = self.latest()?.version;
        self.0
            .iter()
            .filter(|snapshot| snapshot.version < latest)
            .filter(|snapshot| matches!(snapshot.status.as_str(), "deployed" | "superseded"))
            .filter(|snapshot| ignore_tests || !snapshot.has_test_in_phase_failed())
            .max_by_key(|snapshot| snapshot.version)
    }

    /// Keeps latest down to and including previous, but not more than the newest five and previous: rollbacks that fail
    /// may follow each other for as long as nothing changes. Without a previous one the newest five.
    pub fn truncate(&mut self, ignore_tests: bool) {
        self.sort();
        let previous = self.previous(ignore_tests).map(|snapshot| snapshot.version);
        let oldest = previous.unwrap_or_default();
        let mut kept = 0;
        self.0.retain(|snapshot| {
            kept += 1;
            previous == Some(snapshot.version) || (kept <= KEPT && snapshot.version >= oldest)
        });
    }

    /// Keeps the newest five.
    pub fn truncate_plain(&mut self) {
        self.sort();
        self.0.truncate(KEPT);
    }

    /// Newest first.
    pub fn sort(&mut self) {
        self.0.sort_by_key(|snapshot| std::cmp::Reverse(snapshot.version));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn snapshot(version: u32, status: &str) -> Snapshot {
        Snapshot { version, status: status.to_owned(), ..Snapshot::default() }
    }

    fn tested(version: u32, status: &str, phase: &str) -> Snapshot {
        let hook = TestHookStatus { phase: phase.to_owned(), ..TestHookStatus::default() };
        Snapshot {
            test_hooks: Some(BTreeMap::from([("t".to_owned(), Some(hook))])),
            ..snapshot(version, status)
        }
    }

    #[test]
    fn previous_skips_failed_releases_and_failed_tests() {
        let history = History(vec![
            snapshot(4, "failed"),
            tested(3, "superseded", "Failed"),
            snapshot(2, "superseded"),
        ]);
        assert_eq!(history.previous(false).map(|s| s.version), Some(2));
        assert_eq!(history.previous(true).map(|s| s.version), Some(3));
    }

    #[test]
    fn truncation_keeps_down_to_previous() {
        let mut history =
            History(vec![snapshot(1, "superseded"), snapshot(3, "deployed"), snapshot(2, "superseded")]);
        history.truncate(true);
        assert_eq!(history.0.iter().map(|s| s.version).collect::<Vec<_>>(), [3, 2]);
    }

    #[test]
    fn truncation_keeps_previous_and_no_more_than_five_others() {
        let failed = (2..=9).rev().map(|version| snapshot(version, "failed"));
        let mut history = History(failed.chain([snapshot(1, "superseded")]).collect());
        history.truncate(true);
        assert_eq!(history.0.iter().map(|s| s.version).collect::<Vec<_>>(), [9, 8, 7, 6, 5, 1]);
    }

    #[test]
    fn tested_means_all_succeeded_or_one_failed_or_none_selected() {
        assert!(!snapshot(1, "deployed").has_been_tested());
        assert!(Snapshot { test_hooks: Some(BTreeMap::new()), ..snapshot(1, "deployed") }.has_been_tested());
        assert!(tested(1, "deployed", "Failed").has_been_tested());
        assert!(tested(1, "deployed", "Succeeded").has_been_tested());
        assert!(!tested(1, "deployed", "").has_been_tested());
        assert!(!tested(1, "deployed", "Running").has_been_tested());
    }
}
