//! Drift of a release that is in sync otherwise: looking for it, saying so, putting it right (spec 02 §8).

use std::sync::Arc;

use pilothouse_api::ConditionStatus;
use pilothouse_apply::{
    CorrectDrift, Corrected, DetectDrift, DriftKind, DriftSet, DriftSubject, Operation, drift_subjects,
    origin,
};
use pilothouse_chart::CompiledSelector;
use pilothouse_helm::{Discover, Storage};
use pilothouse_machine::{Context, Task};
use pilothouse_protocol::{EventType, LogLevel, ObjectRef};
use pilothouse_release::ReleaseRecord;
use serde_json::Value;

use super::desired::Desired;
use super::outcome::EventMetadata;
use super::rendering::selector;
use super::running::{ActionKind, Finished, Running};
use crate::Subject;

/// Whether drift is looked for.
#[must_use]
pub fn detects_drift(subject: &Subject) -> bool {
    matches!(mode(subject), "enabled" | "warn")
}

/// Whether drift is put right.
#[must_use]
pub fn corrects_drift(subject: &Subject) -> bool {
    mode(subject) == "enabled"
}

fn mode(subject: &Subject) -> &str {
    subject.release.spec.drift_detection.as_ref().map_or("", |drift| drift.mode.as_str())
}

/// Looks for drift of a release.
#[derive(Debug)]
pub struct Detection {
    record: Arc<ReleaseRecord>,
    state: State,
}

#[derive(Debug)]
enum State {
    Discovering(Discover),
    Comparing(DetectDrift),
}

impl Detection {
    /// Looks for drift of the objects in the stored manifest.
    #[must_use]
    pub fn new(record: &Arc<ReleaseRecord>) -> Self {
        Self { record: Arc::clone(record), state: State::Discovering(Discover::new()) }
    }

    /// Goes as far as it can. The error is one of the state.
    pub fn poll(&mut self, subject: &Subject, context: &mut Context) -> Option<Result<DriftSet, String>> {
        let failed = |error: String| format!("unable to determine cluster state: {error}");
        if let State::Discovering(discover) = &mut self.state {
            // What an action of this pass has learnt is fresh enough.
            if context.discovery.is_none()
                && let Err(error) = discover.poll(context)?
            {
                return Some(Err(failed(error.to_string())));
            }
            match self.compare(subject, context) {
                Ok(detect) => self.state = State::Comparing(detect),
                Err(error) => return Some(Err(failed(error))),
            }
        }
        let State::Comparing(detect) = &mut self.state else { return None };
        Some(detect.poll(context)?.map_err(|error| failed(error.to_string())))
    }

    /// What it is doing; a few words.
    #[must_use]
    pub fn describe(&self) -> String {
        match &self.state {
            State::Discovering(discover) => discover.describe(),
            State::Comparing(detect) => format!("drift: {}", detect.describe()),
        }
    }

    fn compare(&self, subject: &Subject, context: &Context) -> Result<DetectDrift, String> {
        let record = &self.record;
        let discovery = context.discovery.clone().unwrap_or_default();
        let (mut subjects, errors) =
            drift_subjects(&record.manifest, &record.name, &record.namespace, &discovery);
        ignore(&mut subjects, subject)?;
        Ok(DetectDrift::new(subjects, &subject.config.override_managers, errors))
    }
}

/// Enters the paths that the rules of the spec ignore. All rules that fit apply (spec 08 row 4).
fn ignore(subjects: &mut [DriftSubject], subject: &Subject) -> Result<(), String> {
    let rules = subject.release.spec.drift_detection.iter().flat_map(|drift| &drift.ignore);
    for rule in rules {
        let target: Option<CompiledSelector> = match &rule.target {
            None => None,
            Some(target) => Some(
                selector(target)
                    .compile()
                    .map_err(|error| format!("failed to create ignore rule selector: {error}"))?,
            ),
        };
        for subject in subjects.iter_mut() {
            let body = subject.object.body.as_object();
            let fits = body.is_some_and(|body| target.as_ref().is_none_or(|target| target.matches(body)));
            if fits {
                subject.ignored.extend(rule.paths.iter().cloned());
            }
        }
    }
    Ok(())
}

/// The objects that were looked at and carry the labels of the HelmRelease, by which they can be watched.
#[must_use]
pub fn watchable(set: &DriftSet, subject: &Subject) -> Vec<ObjectRef> {
    let key = subject.key();
    let looked_at = set.drifts.iter().filter(|drift| drift.kind != DriftKind::Excluded);
    let objects = looked_at.map(|drift| &drift.object).filter(|object| origin::marks(&key, &object.body));
    objects.map(|object| object.reference.clone()).collect()
}

/// Says that there is drift.
pub fn announce(set: &DriftSet, subject: &mut Subject, context: &mut Context) {
    for (object, operations) in set.changes() {
        log_change(object, operations, context);
    }
    let message = format!(
        "Cluster state of release {} has drifted from the desired state:\n{}",
        full_name(subject),
        set.summary()
    );
    subject.event(context, EventType::Warning, "DriftDetected", &message);
    subject.mark(context, "Drifted", ConditionStatus::True, "DriftDetected", &message);
}

fn log_change(object: &ObjectRef, operations: Option<&[Operation]>, context: &mut Context) {
    let mut fields = std::collections::BTreeMap::from([("resource".to_owned(), object.to_string())]);
    let message = match operations {
        None => "resource deleted",
        Some(operations) => {
            let is_secret = object.kind == "Secret" && object.gvk().group().is_empty();
            let patch = operations.iter().map(|operation| shown(operation, is_secret));
            fields.insert("patch".to_owned(), Value::Array(patch.collect()).to_string());
            "resource modified"
        }
    };
    context.log_with(LogLevel::Debug, message, fields);
}

/// An operation for people: what a Secret holds is not shown.
fn shown(operation: &Operation, is_secret: bool) -> Value {
    let holds_data = ["/data", "/stringData"].iter().any(|field| operation.path.starts_with(field))
        || operation.path.is_empty();
    let mut shown = operation.to_json();
    if let (true, true, Some(value)) = (is_secret, holds_data, shown.get_mut("value")) {
        *value = Value::from("***");
    }
    shown
}

fn full_name(subject: &Subject) -> String {
    subject.status.history.latest().map(pilothouse_api::Snapshot::full_release_name).unwrap_or_default()
}

/// What is under way in the loop.
#[derive(Debug)]
pub enum Acting {
    /// One of Helm's actions.
    Helm(Box<Running>),
    /// Drift is put right.
    Drift(Box<CorrectDrift>, Option<Storage>),
}

impl Acting {
    /// Puts drift right.
    #[must_use]
    pub fn correcting(set: &DriftSet, storage: Storage, subject: &Subject) -> Self {
        let timeout = ActionKind::CorrectDrift.timeout(subject).as_nanos();
        let correct = CorrectDrift::new(set, u64::try_from(timeout).unwrap_or_default());
        Self::Drift(Box::new(correct), Some(storage))
    }

    /// Which action.
    #[must_use]
    pub fn kind(&self) -> ActionKind {
        match self {
            Self::Helm(running) => running.kind(),
            Self::Drift(..) => ActionKind::CorrectDrift,
        }
    }

    /// What it is doing; a few words.
    #[must_use]
    pub fn describe(&self) -> String {
        match self {
            Self::Helm(running) => running.describe(),
            Self::Drift(correct, _) => correct.describe(),
        }
    }

    /// Goes as far as it can. When the action has ended the status is up to date.
    pub fn poll(
        &mut self,
        subject: &mut Subject,
        desired: &Desired,
        context: &mut Context,
    ) -> Option<Finished> {
        match self {
            Self::Helm(running) => running.poll(subject, desired, context),
            Self::Drift(correct, storage) => {
                subject.mark(
                    context,
                    "Ready",
                    ConditionStatus::Unknown,
                    "Progressing",
                    "correcting cluster drift",
                );
                let corrected = correct.poll(context)?;
                report(&corrected, subject, context);
                let storage =
                    storage.take().unwrap_or_else(|| Storage::new(subject.release.storage_namespace()));
                Some(Finished::without_error(storage, false))
            }
        }
    }
}

/// Says what was put right. That some of it could not be is no error of the pass.
fn report(corrected: &Corrected, subject: &Subject, context: &mut Context) {
    let Some(snapshot) = subject.status.history.latest() else { return };
    let release = snapshot.full_release_name();
    let changes = corrected.changes.join("\n");
    let (kind, reason, message) = if corrected.errors.is_empty() {
        if corrected.changes.is_empty() {
            return;
        }
        let message = format!("Cluster state of release {release} has been corrected:\n{changes}");
        (EventType::Normal, "DriftCorrected", message)
    } else {
        let errors = corrected.errors.join("\n");
        let message = match corrected.changes.is_empty() {
            true => format!("Failed to correct cluster state of release {release}:\n{errors}"),
            false => format!(
                "Failed to partially correct cluster state of release {release}:\n{errors}\n\nSuccessful corrections:\n\
                 {changes}"
            ),
        };
        (EventType::Warning, "DriftCorrectionFailed", message)
    };
    let annotations = EventMetadata::of_snapshot(snapshot).annotations();
    subject.event_with(context, kind, reason, &message, annotations);
}

#[cfg(test)]
mod tests;
