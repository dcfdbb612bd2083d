//! Uninstalling because the object is deleted or its target has changed (spec 02 §9.2).

use std::sync::Arc;

use pilothouse_api::{ConditionStatus, ORIGIN_NAME_LABEL, ORIGIN_NAMESPACE_LABEL, Snapshot};
use pilothouse_helm::{ActionConfig, ActionResult, HelmError, JournalMark, ListReleases, Storage, Uninstall};
use pilothouse_machine::{Context, Task};
use pilothouse_protocol::{EventType, LogLevel};
use pilothouse_release::{Observation, ReleaseRecord, observe_uninstall, snapshot_of};

use super::facts::newest;
use super::observed::records_since;
use super::options;
use super::outcome::{Announcement, EventMetadata, failure_message, success_message};
use super::running::ActionKind;
use super::summarise::summarise;
use crate::Subject;

/// Uninstalls the release that the newest snapshot names.
///
/// It is looked at before anything is deleted: one that somebody else has made is left alone, and what it was to be
/// uninstalled for goes on (spec 08 row 14). Without a snapshot, a
/// release that this object has made is uninstalled all the same: the process may have ended before it was recorded.
#[derive(Debug)]
pub struct UninstallRelease {
    /// What is uninstalled, as far as it is known.
    snapshot: Snapshot,
    mark: JournalMark,
    config: ActionConfig,
    state: State,
}

#[derive(Debug)]
enum State {
    Reading(Box<(ListReleases, Storage)>),
    Uninstalling(Box<Uninstall>),
}

/// What there is to uninstall.
enum Found {
    /// A release of this HelmRelease.
    Own,
    /// None.
    Nothing,
    /// One that somebody else has made in the meantime, told in words.
    Foreign(String),
}

impl UninstallRelease {
    /// For the newest snapshot, or the release that is wanted when there is none.
    #[must_use]
    pub fn new(subject: &Subject) -> Self {
        let release = &subject.release;
        let snapshot = subject.status.history.latest().cloned().unwrap_or_else(|| Snapshot {
            name: release.short_release_name(),
            namespace: release.release_namespace().to_owned(),
            ..Snapshot::default()
        });
        let namespace = subject.status.storage_namespace.clone();
        let config = options::action_config(subject, &snapshot.name, &snapshot.namespace, &namespace);
        let state = State::Reading(Box::new((ListReleases::new(&snapshot.name), Storage::new(namespace))));
        Self { snapshot, mark: JournalMark::default(), config, state }
    }

    /// Goes as far as it can; when it has ended the status is up to date. Says whether there was anything to uninstall.
    pub fn poll(&mut self, subject: &mut Subject, context: &mut Context) -> Option<Result<bool, HelmError>> {
        if let State::Reading(reading) = &mut self.state {
            let (list, storage) = reading.as_mut();
            let records = list.poll(storage, context)?;
            match self.may_uninstall(records, subject) {
                Ok(Found::Own) => {}
                Ok(Found::Nothing) => return Some(Ok(false)),
                Ok(Found::Foreign(mismatch)) => {
                    let message = format!("skipping Helm release uninstallation: {mismatch}");
                    subject.event(context, EventType::Warning, "UninstallSkipped", &message);
                    context.log(LogLevel::Error, message);
                    return Some(Ok(false));
                }
                Err(error) => {
                    let outcome = Err(error);
                    self.announce(&outcome, subject, context);
                    summarise(subject, context);
                    return Some(outcome.map(|()| true));
                }
            }
            let storage = Storage::new(subject.status.storage_namespace.clone());
            let task = Uninstall::new(self.config.clone(), options::uninstall(subject), storage);
            self.state = State::Uninstalling(Box::new(task));
        }
        let State::Uninstalling(task) = &mut self.state else { return None };
        let result = task.poll(context)?;
        Some(self.finish(result, subject, context).map(|()| true))
    }

    /// What it is doing; a few words.
    #[must_use]
    pub fn describe(&self) -> String {
        match &self.state {
            State::Reading(_) => "uninstall: reading the history".to_owned(),
            State::Uninstalling(task) => format!("uninstall: {}", task.describe()),
        }
    }

    /// Whose the newest release in storage is.
    fn may_uninstall(
        &mut self,
        records: Result<Vec<Arc<ReleaseRecord>>, HelmError>,
        subject: &Subject,
    ) -> Result<Found, HelmError> {
        let recorded = !subject.status.history.0.is_empty();
        let records = match records {
            Ok(records) => records,
            // The uninstall meets the same error and has the words for it.
            Err(_) if recorded => return Ok(Found::Own),
            Err(error) if error.is_release_not_found() || error.is_forbidden() => return Ok(Found::Nothing),
            Err(error) => return Err(error),
        };
        let Some(newest) = newest(&records) else {
            return Ok(if recorded { Found::Own } else { Found::Nothing });
        };
        if self.snapshot.targets(&newest.name, &newest.namespace, newest.version) {
            return Ok(Found::Own);
        }
        match (is_made_by(subject, newest), recorded) {
            (true, true) => Ok(Found::Own),
            (true, false) => {
                let snapshot = snapshot_of(&Observation::of(newest), subject.config.digests());
                self.snapshot = snapshot.map_err(|error| HelmError::Storage(error.to_string()))?;
                Ok(Found::Own)
            }
            (false, true) => Ok(Found::Foreign(format!(
                "release mismatch: newest release {} != current release {}: somebody else has made it, and it stays",
                newest.full_name(),
                self.snapshot.full_release_name()
            ))),
            (false, false) => Ok(Found::Nothing),
        }
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
            Err(error) if error.is_interrupted() => {
                begun(subject, context);
                return Err(error);
            }
            Ok(_) if written.is_empty() => Err(HelmError::not_updated()),
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

/// Whether the objects of a release carry the origin labels of this HelmRelease.
pub(crate) fn is_made_by(subject: &Subject, record: &ReleaseRecord) -> bool {
    let own = &subject.release.metadata;
    let labelled = |label: &str, value: &str| {
        let values =
            record.manifest.lines().filter_map(|line| line.trim().strip_prefix(label)?.strip_prefix(':'));
        values.map(|found| found.trim().trim_matches(['"', '\''])).any(|found| found == value)
    };
    labelled(ORIGIN_NAME_LABEL, &own.name) && labelled(ORIGIN_NAMESPACE_LABEL, &own.namespace)
}

/// An uninstall that goes on later: what is half gone is not ready (spec 08 row 15).
fn begun(subject: &mut Subject, context: &mut Context) {
    let message = ActionKind::UninstallRemediation.running_text(subject);
    subject.reconciling(context, "Progressing", &message);
    subject.mark(context, "Ready", ConditionStatus::Unknown, "Progressing", &message);
}

fn observe(subject: &mut Subject, written: &[Arc<ReleaseRecord>]) -> Result<(), HelmError> {
    let digests = subject.config.digests();
    let history = &mut subject.status.history;
    let observed =
        written.iter().try_for_each(|record| observe_uninstall(history, record, "uninstall", &digests));
    observed.map_err(|error| HelmError::Storage(format!("failed to observe the release: {error}")))
}
