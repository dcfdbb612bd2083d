//! The decision table (spec 02 §7.1 and §7.2): what state the release is in, and what is done about it.
//!
//! Everything here is a function of what was read. The rows stand in the order of the spec; the first that fits decides.

use pilothouse_api::{Condition, HelmReleaseStatus};
use pilothouse_helm::was_interrupted;
use pilothouse_machine::twin::{Twin, is_back};
use pilothouse_release::{ReleaseRecord, ReleaseStatus};

use super::drift::corrects_drift;
use super::policy::{ActivePolicy, ReleaseAction, Remediation, RemediationStrategy};
use crate::Subject;

/// Reason of a release that failed because its install or upgrade was given up in the middle.
const INTERRUPTED: &str = "its last action was interrupted";
/// Reason of a release that failed because a test of it did.
pub(super) const TEST_FAILED: &str = "release has test in failed phase";

/// The state of the release in storage against what is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReleaseState {
    /// There is none.
    Absent(&'static str),
    /// There is one that this object did not make as it is.
    Unmanaged(String),
    /// An operation is under way, or was when its process ended.
    Locked(String),
    /// It is made from other inputs than are wanted now.
    OutOfSync(&'static str),
    /// Its tests have not run.
    Untested,
    /// It failed, or its tests did.
    Failed(&'static str),
    /// It is as wanted but for objects on the cluster; with their numbers.
    Drifted(String),
    /// It is as wanted.
    InSync,
}

impl ReleaseState {
    /// The log line of the original for this state (spec 03 §9).
    #[must_use]
    pub fn describe(&self) -> String {
        match self {
            Self::Absent(reason) => format!("release not installed: {reason}"),
            Self::Unmanaged(reason) => format!("release not managed by controller: {reason}"),
            Self::Locked(reason) => format!("release locked: {reason}"),
            Self::OutOfSync(reason) => format!("release out-of-sync with desired state: {reason}"),
            Self::Untested => "release has not been tested".to_owned(),
            Self::Failed("") => "release is in a failed state".to_owned(),
            Self::Failed(reason) => format!("release is in a failed state: {reason}"),
            Self::Drifted(brief) => format!("detected changes in cluster state: {brief}"),
            Self::InSync => "release in-sync with desired state".to_owned(),
        }
    }
}

/// What is wanted and what was observed, as far as the state depends on it.
#[derive(Debug, Clone)]
pub struct Facts<'a> {
    /// The newest release in storage.
    pub latest: Option<&'a ReleaseRecord>,
    /// Why the newest release is not the one of the newest snapshot, if it is not (spec 04 §3.3).
    pub not_observed: Option<String>,
    /// Name of the chart that is wanted.
    pub chart_name: &'a str,
    /// Version of the chart that is wanted.
    pub chart_version: &'a str,
    /// Whether the values of the newest snapshot are those that are wanted.
    pub values_match: bool,
    /// Digest of the post-renderers that are wanted.
    pub post_renderers_digest: &'a str,
    /// Digest of the common metadata that is wanted.
    pub common_metadata_digest: &'a str,
}

/// The state of the release (spec 02 §7.1).
///
/// # Errors
/// When the stored status fits no row.
pub fn state(subject: &Subject, facts: &Facts<'_>, active: &ActivePolicy) -> Result<ReleaseState, String> {
    let status = &subject.status;
    let test = subject.release.spec.test();
    let Some(latest) = facts.latest else {
        return Ok(ReleaseState::Absent("no release in storage for object"));
    };
    let stored = &latest.info.status;
    // An uninstall that did not get to its end is unlocked like the others: its release is failed then, and what was to
    // be done about it is done again (spec 08 row 6).
    if stored.is_pending() || *stored == ReleaseStatus::Uninstalling {
        return Ok(ReleaseState::Locked(format!("release with status '{stored}'")));
    }
    let Some(snapshot) = status.history.latest() else {
        return Ok(match stored {
            ReleaseStatus::Uninstalled => ReleaseState::Absent("found uninstalled release in storage"),
            _ => ReleaseState::Unmanaged("found existing release in storage".to_owned()),
        });
    };
    if let Some(reason) = &facts.not_observed {
        return Ok(ReleaseState::Unmanaged(reason.clone()));
    }
    match stored {
        ReleaseStatus::Failed if was_interrupted(latest) => return Ok(ReleaseState::Failed(INTERRUPTED)),
        ReleaseStatus::Failed => return Ok(ReleaseState::Failed("")),
        ReleaseStatus::Uninstalled => {
            return Ok(ReleaseState::Absent("found uninstalled release in storage"));
        }
        // A rollback that did not get to its end: an upgrade repairs what it left (spec 08 row 6).
        ReleaseStatus::Superseded => {
            return Ok(ReleaseState::Unmanaged(format!("found release with status '{stored}' in storage")));
        }
        ReleaseStatus::Deployed => {}
        _ => return Err(format!("unable to determine state for release with status '{stored}'")),
    }
    if latest.chart.name_and_version() != (facts.chart_name, facts.chart_version) {
        return Ok(ReleaseState::OutOfSync("release chart changed"));
    }
    if !facts.values_match {
        return Ok(ReleaseState::OutOfSync("release config values changed"));
    }
    if let Some(reason) = digests_changed(subject, facts) {
        return Ok(ReleaseState::OutOfSync(reason));
    }
    if test.enable && !snapshot.has_been_tested() {
        return Ok(ReleaseState::Untested);
    }
    let tests_count =
        active.remediation.as_ref().is_some_and(|remediation| !remediation.ignore_test_failures);
    if test.enable && tests_count && snapshot.has_test_in_phase_failed() {
        return Ok(ReleaseState::Failed(TEST_FAILED));
    }
    Ok(ReleaseState::InSync)
}

/// Rows 12 and 13. The observed digests are those of the deployed release (spec 08 row 2), so they are compared whatever
/// generation was observed; only a status that never held one is believed, as long as this generation was attempted before
/// and nothing has failed.
fn digests_changed(subject: &Subject, facts: &Facts<'_>) -> Option<&'static str> {
    let status = &subject.status;
    let attempted = [status.observed_generation, subject.attempted_generation] == [subject.generation(); 2];
    let believed = attempted && status.failures == 0 && !status.conditions.is_false("Released");
    let changed = |observed: &str, wanted: &str| observed != wanted && !(observed.is_empty() && believed);
    let is_claimed = |ready: &Condition| ready.observed_generation == subject.generation();
    let unseen = is_back(Twin::Hc965)
        || (is_back(Twin::Hc1412) && status.conditions.get("Ready").is_some_and(is_claimed));
    if !unseen && changed(&status.observed_post_renderers_digest, facts.post_renderers_digest) {
        return Some("postrenderers digest has changed");
    }
    changed(&status.observed_common_metadata_digest, facts.common_metadata_digest)
        .then_some("common metadata digest has changed")
}

/// What is done next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// Nothing: it is as wanted.
    Nothing,
    /// Unlock a pending release.
    Unlock,
    /// Install.
    Install,
    /// Upgrade.
    Upgrade,
    /// Run the tests.
    Test,
    /// Roll back to the previous release.
    RollbackRemediation,
    /// Uninstall the failed release.
    UninstallRemediation,
    /// Bring the objects on the cluster back.
    CorrectDrift,
    /// Nothing: the retries are used up.
    ExceededMaxRetries,
    /// Nothing: there is no release to roll back to.
    MissingRollbackTarget,
    /// It cannot be decided.
    Error(String),
}

/// How the history is shortened before the next action.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Truncation {
    /// Not at all.
    Keep,
    /// Forgotten, as far as it does not fit the storage any more.
    Clear,
    /// The newest five.
    Plain,
    /// The newest five, and the previous release.
    Bounded {
        /// Releases with failed tests count as previous.
        ignore_tests: bool,
    },
    /// Down to the previous release.
    ToPrevious {
        /// Releases with failed tests count as previous.
        ignore_tests: bool,
    },
}

/// Whether the previous snapshot can be rolled back to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RollbackTarget {
    /// It is in storage as it was observed.
    Verified,
    /// It is not in storage, or not as it was observed.
    Unusable,
    /// That could not be found out.
    Error(String),
}

/// What is done next (spec 02 §7.2). `forced` says whether a force request is handled in this decision.
#[must_use]
pub fn next(
    subject: &Subject,
    state: &ReleaseState,
    active: &ActivePolicy,
    forced: bool,
    target: impl FnOnce() -> RollbackTarget,
) -> (Truncation, Next) {
    let (spec, status) = (&subject.release.spec, &subject.status);
    let exhausted = |action| Remediation::of(action, spec).retries_exhausted(status) && !forced;
    // What begins a new revision may do so for ever: the history must not grow with it (hc#1359).
    let bounded = Truncation::Bounded { ignore_tests: ignores_tests(subject, active) };
    match state {
        ReleaseState::InSync => {
            (in_sync_truncation(subject, active), if forced { Next::Upgrade } else { Next::Nothing })
        }
        ReleaseState::Locked(reason) if is_back(Twin::Hc149) => {
            (Truncation::Keep, Next::Error(reason.clone()))
        }
        ReleaseState::Locked(_) => (Truncation::Keep, Next::Unlock),
        ReleaseState::Absent(_) if exhausted(ReleaseAction::Install) => {
            (Truncation::Keep, Next::ExceededMaxRetries)
        }
        ReleaseState::Absent(_) => (Truncation::Keep, Next::Install),
        ReleaseState::Unmanaged(_) => (Truncation::Clear, Next::Upgrade),
        ReleaseState::OutOfSync(_) if exhausted(ReleaseAction::Upgrade) => {
            (Truncation::Keep, Next::ExceededMaxRetries)
        }
        ReleaseState::OutOfSync(_) => (bounded, Next::Upgrade),
        ReleaseState::Drifted(_) if corrects_drift(subject) => (Truncation::Keep, Next::CorrectDrift),
        ReleaseState::Drifted(_) => (Truncation::Keep, Next::Nothing),
        ReleaseState::Untested => (Truncation::Keep, Next::Test),
        // An interruption is no failure: nothing to remediate (spec 08 row 10).
        ReleaseState::Failed(INTERRUPTED) if active.retry.is_none() => (bounded, Next::Upgrade),
        ReleaseState::Failed(_) => failed(status, active, forced, bounded, target),
    }
}

/// The rows of state Failed.
fn failed(
    status: &HelmReleaseStatus,
    active: &ActivePolicy,
    forced: bool,
    bounded: Truncation,
    target: impl FnOnce() -> RollbackTarget,
) -> (Truncation, Next) {
    if active.retry.is_some() {
        return (Truncation::Plain, Next::Upgrade);
    }
    let Some(remediation) = &active.remediation else { return (bounded, Next::Upgrade) };
    if remediation.action.failures(status) <= 0 || forced {
        return (bounded, Next::Upgrade);
    }
    if remediation.retries_exhausted(status) && !remediation.remediate_last_failure {
        return (Truncation::Keep, Next::ExceededMaxRetries);
    }
    let truncation = Truncation::ToPrevious { ignore_tests: remediation.ignore_test_failures };
    let next = match &remediation.strategy {
        RemediationStrategy::Rollback
            if status.history.previous(remediation.ignore_test_failures).is_none() =>
        {
            Next::MissingRollbackTarget
        }
        RemediationStrategy::Rollback => match target() {
            RollbackTarget::Verified => Next::RollbackRemediation,
            RollbackTarget::Unusable => Next::Upgrade,
            RollbackTarget::Error(error) => {
                Next::Error(format!("cannot verify previous release to roll back to: {error}"))
            }
        },
        RemediationStrategy::Uninstall => Next::UninstallRemediation,
        RemediationStrategy::Unknown(name) => Next::Error(format!("unknown remediation strategy: {name}")),
    };
    (truncation, next)
}

fn in_sync_truncation(subject: &Subject, active: &ActivePolicy) -> Truncation {
    if active.retry.is_some() {
        return Truncation::Plain;
    }
    Truncation::ToPrevious { ignore_tests: ignores_tests(subject, active) }
}

fn ignores_tests(subject: &Subject, active: &ActivePolicy) -> bool {
    let default = subject.release.spec.test().ignore_failures;
    active.remediation.as_ref().map_or(default, |remediation| remediation.ignore_test_failures)
}

#[cfg(test)]
mod tests;
