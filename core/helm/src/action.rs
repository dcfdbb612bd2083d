//! What every action is made with and ends with.

use std::sync::Arc;

use pilothouse_apply::WaitError;
use pilothouse_encoding::timestamp::Timestamp;
use pilothouse_machine::{Context, HelmLogLevel};
use pilothouse_release::ReleaseRecord;

use crate::{ActionConfig, HelmError, JournalMark, Storage};

/// How an action ended.
#[derive(Debug)]
pub struct ActionResult {
    /// The storage, with the journal of what was persisted.
    pub storage: Storage,
    /// Where the journal of this action begins.
    pub mark: JournalMark,
    /// The release as the action meant to leave it. What was persisted stands in the journal.
    pub outcome: Result<Arc<ReleaseRecord>, HelmError>,
}

impl ActionResult {
    /// Whether the action has written to storage (acknowledged by the API server).
    #[must_use]
    pub fn persisted(&self) -> bool {
        !self.storage.journal_since(self.mark).is_empty()
    }
}

/// What the parts of a running action share.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) config: Arc<ActionConfig>,
    pub(crate) storage: Storage,
    mark: JournalMark,
}

impl Session {
    /// At the start of an action.
    pub(crate) fn new(config: Arc<ActionConfig>, storage: Storage) -> Self {
        let mark = storage.journal_mark();
        Self { config, storage, mark }
    }

    /// At the end of an action: the storage goes back to the caller.
    pub(crate) fn end(&mut self, outcome: Result<Arc<ReleaseRecord>, HelmError>) -> ActionResult {
        let empty = Storage::new(self.config.storage_namespace.clone());
        ActionResult { storage: std::mem::replace(&mut self.storage, empty), mark: self.mark, outcome }
    }

    /// The words about an ended wait: an interruption is told by its reason.
    pub(crate) fn wait_error(context: &Context, error: &WaitError) -> HelmError {
        match (error, context.interrupt()) {
            (WaitError::Interrupted, Some(interrupt)) => HelmError::interrupted(interrupt),
            _ => HelmError::Wait(error.to_string()),
        }
    }
}

/// What follows a state of an action: another one, or its end.
pub(crate) enum Step<S> {
    Go(S),
    End(Result<(), HelmError>),
}

/// The moment to write into a release.
pub(crate) fn now(context: &Context) -> Timestamp {
    context.wall()
}

/// Adds a line to Helm's log about an error that the action goes on after.
pub(crate) fn warn(context: &mut Context, message: &str, attributes: &[(&str, &str)]) {
    let at = context.wall();
    context.helm_log.add(at, HelmLogLevel::Warning, message, attributes);
}

/// Adds a line to Helm's log.
pub(crate) fn info(context: &mut Context, message: &str, attributes: &[(&str, &str)]) {
    let at = context.wall();
    context.helm_log.add(at, HelmLogLevel::Info, message, attributes);
}

/// `<what> "<name>" failed: <error>`, or `interrupted`, for `info.description`.
pub(crate) fn failure_description(what: &str, name: &str, error: &HelmError) -> String {
    if error.is_interrupted() {
        return format!("{what} {name:?} interrupted: {}", error.root());
    }
    format!("{what} {name:?} failed: {error}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Install, Rollback, TestRelease, Uninstall, Unlock, Upgrade};

    fn sendable<T: Send>() {}

    #[test]
    fn actions_may_change_threads() {
        sendable::<(Install, Upgrade, Rollback, Uninstall, TestRelease, Unlock, ActionResult)>();
    }

    #[test]
    fn an_interruption_is_told_as_one() {
        let failed = HelmError::Wait("x".to_owned()).context("failed pre-install");
        assert_eq!(
            failure_description("Release", "app", &failed),
            "Release \"app\" failed: failed pre-install: x"
        );
        let interrupted = HelmError::Interrupted("y".to_owned()).context("failed pre-install");
        assert_eq!(failure_description("Release", "app", &interrupted), "Release \"app\" interrupted: y");
    }
}
