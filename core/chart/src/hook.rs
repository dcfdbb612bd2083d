//! Hooks as release records hold them (Go package `helm.sh/helm/v4/pkg/release/v1`, spec 04 §2).

use pilothouse_encoding::timestamp::Timestamp;
use serde::{Deserialize, Serialize};

use crate::metadata::null_as_default;

/// A hook.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Hook {
    /// Name of the object.
    #[serde(skip_serializing_if = "String::is_empty", deserialize_with = "null_as_default")]
    pub name: String,
    /// Kind of the object.
    #[serde(skip_serializing_if = "String::is_empty", deserialize_with = "null_as_default")]
    pub kind: String,
    /// Path of the template.
    #[serde(skip_serializing_if = "String::is_empty", deserialize_with = "null_as_default")]
    pub path: String,
    /// The object.
    #[serde(skip_serializing_if = "String::is_empty", deserialize_with = "null_as_default")]
    pub manifest: String,
    /// When it runs.
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "null_as_default")]
    pub events: Vec<HookEvent>,
    /// Its last run; always written.
    #[serde(deserialize_with = "null_as_default")]
    pub last_run: HookExecution,
    /// Order among the hooks of an event.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_as_default")]
    pub weight: i64,
    /// When the object is deleted.
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "null_as_default")]
    pub delete_policies: Vec<HookDeletePolicy>,
    /// When the logs are printed.
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "null_as_default")]
    pub output_log_policies: Vec<HookOutputLogPolicy>,
}

/// A run of a hook.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct HookExecution {
    /// When it started; Go's zero time when never.
    #[serde(skip_serializing_if = "Timestamp::is_zero", deserialize_with = "null_as_default")]
    pub started_at: Timestamp,
    /// When it ended; Go's zero time when it has not.
    #[serde(skip_serializing_if = "Timestamp::is_zero", deserialize_with = "null_as_default")]
    pub completed_at: Timestamp,
    /// How it went; always written.
    #[serde(deserialize_with = "null_as_default")]
    pub phase: HookPhase,
}

/// How a run of a hook went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
pub enum HookPhase {
    /// It never ran.
    #[default]
    #[serde(rename = "")]
    None,
    /// It was to run, nobody knows how it went.
    Unknown,
    /// It runs.
    Running,
    /// It went well.
    Succeeded,
    /// It did not.
    Failed,
}

impl HookPhase {
    /// Its name; empty when the hook never ran.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "",
            Self::Unknown => "Unknown",
            Self::Running => "Running",
            Self::Succeeded => "Succeeded",
            Self::Failed => "Failed",
        }
    }
}

/// When a hook runs. Values that no version of Helm knows do not get this far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HookEvent {
    /// Before the objects of an install.
    PreInstall,
    /// After an install.
    PostInstall,
    /// Before an uninstall.
    PreDelete,
    /// After an uninstall.
    PostDelete,
    /// Before the objects of an upgrade.
    PreUpgrade,
    /// After an upgrade.
    PostUpgrade,
    /// Before the objects of a rollback.
    PreRollback,
    /// After a rollback.
    PostRollback,
    /// When the release is tested.
    #[serde(alias = "test-success")]
    Test,
}

impl HookEvent {
    /// The event with this name in the annotation `helm.sh/hook`.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "pre-install" => Self::PreInstall,
            "post-install" => Self::PostInstall,
            "pre-delete" => Self::PreDelete,
            "post-delete" => Self::PostDelete,
            "pre-upgrade" => Self::PreUpgrade,
            "post-upgrade" => Self::PostUpgrade,
            "pre-rollback" => Self::PreRollback,
            "post-rollback" => Self::PostRollback,
            "test" | "test-success" => Self::Test,
            _ => return None,
        })
    }

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::PreInstall => "pre-install",
            Self::PostInstall => "post-install",
            Self::PreDelete => "pre-delete",
            Self::PostDelete => "post-delete",
            Self::PreUpgrade => "pre-upgrade",
            Self::PostUpgrade => "post-upgrade",
            Self::PreRollback => "pre-rollback",
            Self::PostRollback => "post-rollback",
            Self::Test => "test",
        }
    }
}

/// When the object of a hook is deleted.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HookDeletePolicy {
    /// After it succeeded.
    HookSucceeded,
    /// After it failed.
    HookFailed,
    /// Before it is made again.
    BeforeHookCreation,
    /// What no version of Helm knows; kept as it is.
    #[serde(untagged)]
    Other(String),
}

/// When the logs of a hook are printed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HookOutputLogPolicy {
    /// After it succeeded.
    HookSucceeded,
    /// After it failed.
    HookFailed,
    /// What no version of Helm knows; kept as it is.
    #[serde(untagged)]
    Other(String),
}

impl HookDeletePolicy {
    /// The policy with this name in the annotation `helm.sh/hook-delete-policy`.
    #[must_use]
    pub fn parse(name: &str) -> Self {
        match name {
            "hook-succeeded" => Self::HookSucceeded,
            "hook-failed" => Self::HookFailed,
            "before-hook-creation" => Self::BeforeHookCreation,
            other => Self::Other(other.to_owned()),
        }
    }
}

impl HookOutputLogPolicy {
    /// The policy with this name in the annotation `helm.sh/hook-output-log-policy`.
    #[must_use]
    pub fn parse(name: &str) -> Self {
        match name {
            "hook-succeeded" => Self::HookSucceeded,
            "hook-failed" => Self::HookFailed,
            other => Self::Other(other.to_owned()),
        }
    }
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn is_zero(number: &i64) -> bool {
    *number == 0
}
