//! Uninstalling because the object is deleted or its target has changed (spec 02 §9.2).

use std::sync::Arc;

use pilothouse_api::{ConditionStatus, Snapshot};
use pilothouse_helm::{ActionResult, HelmError, JournalMark, Storage, Uninstall};
use pilothouse_machine::{Context, Task};
use pilothouse_protocol::{EventType, LogLevel};
use pilothouse_release::{ReleaseRecord, observe_uninstall};

use super::observed::records_since;
use super::options;
use super::outcome::{Announcement, EventMetadata, failure_message, success_message};
use super::summarise::summarise;
use crate::Subject;

/// Uninstalls the release that the newest snapshot names.
#[derive(Debug)]
pub struct UninstallRelease {
    snapshot: Snapshot,
    mark: JournalMark,
    task: Box<Uninstall>,
}

impl UninstallRelease {
    /// For the newest snapshot; `None` when there is none.
    #[must_use]
    pub fn new(subject: &Subject) -> Option<Self> {
        let snapshot = subject.status.history.latest()?.clone();
        let namespace = subject.status.storage_namespace.clone();
        let config = options::action_config(subject, &snapshot.name, &snapshot.namespace, &namespace);
        let storage = Storage::new(namespace);
        let mark = storage.journal_mark();
        let task = Box::new(Uninstall::new(config, options::uninstall(subject), storage));
        Some(Self { snapshot, mark, task })
    }

    /// Goes as far as it can; when it has ended the status is up to date.
    pub fn poll(&mut self, subject: &mut Subject, context: &mut Context) -> Option<Result<(), HelmError>> {
        let result = self.task.poll(context)?;
        Some(self.finish(result, subject, context))
    }

    /// What it is doing; a few words.
    #[must_use]
    pub fn describe(&self) -> String {
        format!("uninstall: {}", self.task.describe())
    }

    fn finish(
        &self,
        result: ActionResult,
        subject: &mut Subject,
        context: &mut Context,
    ) -> Result<(), HelmError> {
        let written = records_since(&result.storage, self.mark);
        let observed = observe(subject, &written);
        let outcome = match result.outcome {
            Err(error) if error.is_interrupted() => return Err(error),
            Ok(_) => observed,
            Err(error) => Err(error),
        };
        let outcome = match outcome {
            Err(error) if error.is_release_not_found() => {
                return self.gone(subject, context, "was not found, assuming it is uninstalled");
            }
            Err(error) if error.is_already_deleted() && subject.release.spec.uninstall().keep_history => {
                return self.gone(subject, context, "was already uninstalled");
            }
            outcome => outcome,
        };
        self.announce(&outcome, subject, context);
        summarise(subject, context);
        outcome
    }

    fn gone(&self, subject: &mut Subject, context: &mut Context, how: &str) -> Result<(), HelmError> {
        let message = format!("Release {} {how}", self.snapshot.full_release_name());
        subject.mark(context, "Released", ConditionStatus::False, "UninstallSucceeded", &message);
        summarise(subject, context);
        Ok(())
    }

    fn announce(&self, outcome: &Result<(), HelmError>, subject: &mut Subject, context: &mut Context) {
        let snapshot = subject.status.history.latest().unwrap_or(&self.snapshot).clone();
        let metadata = EventMetadata::of_snapshot(&snapshot);
        match outcome {
            Ok(()) => {
                subject.status.inventory = None;
                let message = success_message("uninstall", &snapshot);
                let announcement = Announcement::failure("Released", "UninstallSucceeded", message, metadata);
                Announcement { event: EventType::Normal, quote_log: false, ..announcement }
                    .announce(subject, context);
            }
            Err(error) => {
                subject.status.failures += 1;
                context.log(LogLevel::Error, format!("uninstall failed: {error}"));
                let message = failure_message("uninstall", &snapshot, &error.to_string());
                Announcement::failure("Released", "UninstallFailed", message, metadata)
                    .announce(subject, context);
            }
        }
    }
}

fn observe(subject: &mut Subject, written: &[Arc<ReleaseRecord>]) -> Result<(), HelmError> {
    let algorithm = subject.config.snapshot_digest_algorithm;
    let history = &mut subject.status.history;
    let observed =
        written.iter().try_for_each(|record| observe_uninstall(history, record, "uninstall", algorithm));
    observed.map_err(|error| HelmError::Storage(format!("failed to observe the release: {error}")))
}
