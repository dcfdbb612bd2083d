//! What can happen to an operator, decoded from bytes.

use arbitrary::Arbitrary;

/// The most steps of a script; the bytes behind them are not read.
pub(super) const MAX_STEPS: usize = 16;

/// A script.
#[derive(Debug, Clone, Arbitrary)]
pub(super) struct Script {
    /// Of the world and of the operator.
    pub(super) seed: u8,
    /// The HelmRelease at the beginning.
    pub(super) release: Shape,
    /// What happens then.
    pub(super) steps: Vec<Step>,
}

/// One thing that happens.
#[derive(Debug, Clone, Arbitrary)]
pub(super) enum Step {
    /// The HelmRelease is changed.
    Apply(Shape),
    /// The HelmRelease is deleted.
    Delete,
    /// A pass is asked for, with a forced release or a reset of failures.
    Ask { force: bool, reset: bool },
    /// The source has another artifact.
    Artifact(Artifact),
    /// Seconds pass.
    Wait(u8),
    /// So many things happen in the world.
    Go(u8),
    /// The process ends without a warning and starts again.
    Crash,
    /// The process is asked to end, does, and starts again.
    ShutDown,
    /// Classes of faults, one a bit, that hit so many of a thousand requests.
    Faults { classes: u16, per_mille: u8 },
    /// The wall clock is set by minutes.
    Clock(i8),
    /// Somebody touches what belongs to the release.
    Meddle(Meddling),
}

/// What somebody else does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Arbitrary)]
pub(super) enum Meddling {
    /// Deletes the Deployment.
    DeleteWorkload,
    /// Deletes the newest revision in storage.
    DeleteRevision,
    /// Makes the newest revision in storage unreadable.
    SpoilRevision,
}

/// The artifact of the source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Arbitrary)]
pub(super) enum Artifact {
    /// A chart.
    First,
    /// A newer version of it.
    Second,
    /// A chart that fails to render.
    Broken,
    /// No archive.
    Corrupt,
    /// Nothing at the address.
    Missing,
    /// Another archive than its digest says.
    WrongDigest,
}

/// A HelmRelease.
#[derive(Debug, Clone, Arbitrary)]
pub(super) struct Shape {
    /// `spec.values.replicas`.
    pub(super) replicas: u8,
    /// Whether the workload can never become ready.
    pub(super) stuck: bool,
    /// Whether the test hook fails.
    pub(super) failing_test: bool,
    /// Whether tests run.
    pub(super) test: bool,
    /// `spec.install.remediation.retries`, below three.
    pub(super) install_retries: u8,
    /// `spec.upgrade.remediation.retries`, below three.
    pub(super) upgrade_retries: u8,
    /// Uninstall instead of rollback after failed upgrades.
    pub(super) uninstall: bool,
    /// `RetryOnFailure` instead of remediation.
    pub(super) retry: bool,
    /// `spec.uninstall.keepHistory`.
    pub(super) keep_history: bool,
    /// `spec.suspend`.
    pub(super) suspend: bool,
    /// Server-side apply instead of three-way merges.
    pub(super) server_side: bool,
    /// Another `spec.releaseName`.
    pub(super) renamed: bool,
}
