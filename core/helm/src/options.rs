//! Options that several actions share (spec 05 §1 to §6).

use std::sync::Arc;

use pilothouse_apply::StatusReader;
use pilothouse_release::ApplyMethod;

use crate::HelmError;

/// How an action waits for what it has written (spec 05 §6).
#[derive(Debug, Clone)]
pub struct WaitOptions {
    /// The longest time of each single wait, nanoseconds: for the resources, each hook, each deletion.
    pub timeout: u64,
    /// For what.
    pub strategy: WaitStrategy,
    /// Jobs must be complete, not only started.
    pub jobs: bool,
    /// `healthCheckExprs`, if there are any.
    pub reader: Option<Arc<dyn StatusReader>>,
}

impl WaitOptions {
    /// Waits for everything, jobs included, at most `timeout` nanoseconds each.
    #[must_use]
    pub fn new(timeout: u64) -> Self {
        Self { timeout, strategy: WaitStrategy::Watcher, jobs: true, reader: None }
    }

    /// Whether resources and deletions are waited for, not only hooks.
    #[must_use]
    pub(crate) fn for_resources(&self) -> bool {
        self.strategy != WaitStrategy::HookOnly
    }
}

/// `waitStrategy.name`, or what `disableWait` makes of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum WaitStrategy {
    /// Statuses as kstatus computes them. Named `poller` in the HelmRelease.
    #[default]
    Watcher,
    /// The rules of Helm 3, without custom health checks. Named `legacy` in the HelmRelease.
    Legacy,
    /// Only hooks are waited for.
    HookOnly,
}

/// `serverSideApply` of an upgrade or rollback.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ServerSideApply {
    /// As the release that decides was applied: the last one (upgrade) or the target (rollback).
    #[default]
    Auto,
    /// Server-side apply.
    Enabled,
    /// Client-side apply.
    Disabled,
}

impl ServerSideApply {
    /// What holds when the release that decides was applied by `method`; none stands for client-side.
    #[must_use]
    pub fn resolve(self, method: Option<ApplyMethod>) -> bool {
        match self {
            Self::Auto => method == Some(ApplyMethod::ServerSide),
            Self::Enabled => true,
            Self::Disabled => false,
        }
    }
}

/// The method to store.
#[must_use]
pub(crate) fn apply_method(server_side: bool) -> ApplyMethod {
    if server_side { ApplyMethod::ServerSide } else { ApplyMethod::ClientSide }
}

/// `install.crds` and `upgrade.crds` (spec 05 §5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CrdsPolicy {
    /// Leave the CRDs of the chart out.
    Skip,
    /// Create those that do not exist, leave the others alone (spec 08 row 17).
    #[default]
    Create,
    /// Create those that do not exist, replace the others.
    CreateReplace,
}

impl CrdsPolicy {
    /// From the text in the HelmRelease; empty is the default.
    ///
    /// # Errors
    /// [`HelmError::InvalidCrdsPolicy`].
    pub fn parse(text: &str) -> Result<Self, HelmError> {
        match text {
            "" | "Create" => Ok(Self::Create),
            "Skip" => Ok(Self::Skip),
            "CreateReplace" => Ok(Self::CreateReplace),
            other => Err(HelmError::InvalidCrdsPolicy(other.to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn auto_follows_the_release() {
        let (server, client) = (Some(ApplyMethod::ServerSide), Some(ApplyMethod::ClientSide));
        let cases = [
            (ServerSideApply::Auto, server, true),
            (ServerSideApply::Auto, None, false),
            (ServerSideApply::Auto, client, false),
            (ServerSideApply::Enabled, client, true),
            (ServerSideApply::Disabled, server, false),
        ];
        for (option, method, expected) in cases {
            assert_eq!(option.resolve(method), expected, "{option:?} {method:?}");
        }
    }

    #[test]
    fn a_wrong_policy_is_named() {
        assert_eq!(CrdsPolicy::parse("").unwrap(), CrdsPolicy::Create);
        assert_eq!(
            CrdsPolicy::parse("All").unwrap_err().to_string(),
            "invalid CRD upgrade policy 'All', valid values are 'Skip', 'Create' or 'CreateReplace'"
        );
    }
}
