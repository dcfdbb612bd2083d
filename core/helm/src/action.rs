//! What every action is made with and ends with.

use std::sync::Arc;

use pilothouse_apply::WaitError;
use pilothouse_encoding::timestamp::Timestamp;
use pilothouse_machine::{Context, HelmLogLevel, SECOND};
use pilothouse_release::{ReleaseRecord, ReleaseStatus};

use crate::{ActionConfig, HelmError, JournalMark, ListReleases, Storage};

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
    ended: bool,
}

impl Session {
    /// At the start of an action.
    pub(crate) fn new(config: Arc<ActionConfig>, storage: Storage) -> Self {
        let mark = storage.journal_mark();
        Self { config, storage, mark, ended: false }
    }

    /// At the end of an action: the storage goes back to the caller.
    pub(crate) fn end(&mut self, outcome: Result<Arc<ReleaseRecord>, HelmError>) -> ActionResult {
        self.ended = true;
        let empty = Storage::new(self.config.storage_namespace.clone());
        ActionResult { storage: std::mem::replace(&mut self.storage, empty), mark: self.mark, outcome }
    }

    /// Goes on by reading all revisions of the release.
    pub(crate) fn list_releases<S>(&self, state: impl FnOnce(ListReleases) -> S) -> Step<S> {
        Step::Go(state(ListReleases::new(&self.config.release_name)))
    }

    /// Marks a new pending revision with who works on it, for as long as its hooks, objects and waits may take with
    /// this timeout, in nanoseconds.
    pub(crate) fn hold(&self, record: &mut ReleaseRecord, timeout: u64, context: &Context) {
        let rounds = u64::try_from(record.hooks.len()).unwrap_or(u64::MAX).saturating_add(2);
        let seconds = i64::try_from(timeout.saturating_mul(rounds) / SECOND).unwrap_or(i64::MAX);
        self.config.holder.mark(record, context.wall().unix_seconds().saturating_add(seconds));
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

impl<S> Step<S> {
    /// What follows a result: an error ends the action.
    pub(crate) fn after<T>(result: Result<T, HelmError>, next: impl FnOnce(T) -> Self) -> Self {
        result.map_or_else(|error| Self::End(Err(error)), next)
    }
}

/// An action that goes from state to state, each of them a task of its own.
pub(crate) trait Steps {
    /// Its states.
    type State;

    /// Goes on with the task of the current state; `None` while that waits.
    fn step(&mut self, context: &mut Context) -> Option<Step<Self::State>>;

    /// The session, the release as it is meant to be, and the current state.
    fn parts(&mut self) -> (&mut Session, &mut ReleaseRecord, &mut Self::State);

    /// Goes as far as it can. An action that has ended stays so.
    fn run(&mut self, context: &mut Context) -> Option<ActionResult> {
        if self.parts().0.ended {
            return None;
        }
        loop {
            match self.step(context)? {
                Step::Go(state) => *self.parts().2 = state,
                Step::End(result) => {
                    let (session, record, _) = self.parts();
                    let record = Arc::new(std::mem::take(record));
                    return Some(session.end(result.map(|()| record)));
                }
            }
        }
    }
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
        return format!("{}{}", interrupted(what, name), error.root());
    }
    format!("{what} {name:?} failed: {error}")
}

/// Whether a failed revision is an install or upgrade that was interrupted, which is no failure (spec 08 row 10).
///
/// A rollback that was interrupted is none of these: what it was to repair is still broken.
#[must_use]
pub fn was_interrupted(record: &ReleaseRecord) -> bool {
    let begins = |what: &str| record.info.description.starts_with(&interrupted(what, &record.name));
    record.info.status == ReleaseStatus::Failed && (begins("Release") || begins("Upgrade"))
}

fn interrupted(what: &str, name: &str) -> String {
    format!("{what} {name:?} interrupted: ")
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
        let cases = [("Release", true), ("Upgrade", true), ("Rollback", false)];
        for (what, expected) in cases {
            let mut record = ReleaseRecord { name: "app".to_owned(), ..ReleaseRecord::default() };
            record.set_status(ReleaseStatus::Failed, failure_description(what, "app", &interrupted));
            assert_eq!(was_interrupted(&record), expected, "{what}");
            record.set_status(ReleaseStatus::Failed, failure_description(what, "app", &failed));
            assert!(!was_interrupted(&record));
        }
    }
}
