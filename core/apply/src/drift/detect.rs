//! Looking for drift: what would a server-side apply change?

use std::sync::Arc;

use pilothouse_machine::{Context, Task};
use pilothouse_protocol::{Failure, FieldValidation, Object, ObjectRef, Patch, Request, metadata};
use serde_json::Value;

use super::compare::differences;
use super::desired::DriftSubject;
use super::managers::takeover;
use super::set::{Drift, DriftKind, DriftSet};
use crate::batch::Batch;
use crate::call::{CONFLICT_ATTEMPTS, Call};
use crate::read::Read;

/// Label or annotation by which an object is left alone when its value is `disabled`.
const EXCLUSION: &str = "helm.toolkit.fluxcd.io/driftDetection";

/// Nothing can be said about the objects.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("failed to clean-up disallowed field managers: {0}")]
pub struct DriftError(pub Failure);

/// Looks for drift. Errors about single objects are part of the output.
#[derive(Debug)]
pub struct DetectDrift {
    inspections: Batch<Inspect>,
    errors: Vec<String>,
}

impl DetectDrift {
    /// Looks at these objects, after the fields of managers whose names begin so were taken over. `errors` are about
    /// objects that cannot be looked at.
    #[must_use]
    pub fn new(subjects: Vec<DriftSubject>, override_managers: &[String], errors: Vec<String>) -> Self {
        let managers: Arc<[String]> = override_managers.into();
        let tasks = subjects.into_iter().map(|subject| {
            // All kinds may overlap: nothing is changed.
            (
                String::new(),
                Inspect { subject, managers: Arc::clone(&managers), conflicts: 0, state: State::Start },
            )
        });
        Self { inspections: Batch::new(tasks), errors }
    }
}

impl Task for DetectDrift {
    type Output = Result<DriftSet, DriftError>;

    fn poll(&mut self, context: &mut Context) -> Option<Self::Output> {
        let mut set = DriftSet { drifts: Vec::new(), errors: std::mem::take(&mut self.errors) };
        let Some(outcomes) = self.inspections.poll(context) else {
            self.errors = set.errors;
            return None;
        };
        for outcome in outcomes {
            match outcome {
                Ok(drift) => set.drifts.push(drift),
                Err(InspectError::Object(text)) => set.errors.push(text),
                Err(InspectError::Managers(failure)) => return Some(Err(DriftError(failure))),
            }
        }
        Some(Ok(set))
    }

    fn describe(&self) -> String {
        self.inspections.describe()
    }
}

/// Looks at one object.
#[derive(Debug)]
struct Inspect {
    subject: DriftSubject,
    managers: Arc<[String]>,
    conflicts: u32,
    state: State,
}

#[derive(Debug)]
enum State {
    Start,
    Reading(Read),
    TakingOver(Call),
    Applying(Call, Option<Object>),
}

#[derive(Debug)]
enum InspectError {
    Object(String),
    Managers(Failure),
}

type Outcome = Result<Drift, InspectError>;

enum Step {
    Go(State),
    End(Outcome),
}

impl Inspect {
    fn step(&mut self, context: &mut Context) -> Option<Step> {
        let needs_no_look = self.is_left_alone() && self.managers.is_empty();
        Some(match &mut self.state {
            State::Start if needs_no_look => Step::End(self.found(DriftKind::Excluded)),
            State::Start => Step::Go(State::Reading(Read::new(self.subject.object.reference.clone()))),
            State::Reading(read) => match read.poll(context)? {
                Ok(live) => self.was_read(live, context),
                Err(failure) if self.managers.is_empty() => {
                    Step::End(Err(InspectError::Object(failure.to_string())))
                }
                Err(failure) => Step::End(Err(InspectError::Managers(failure))),
            },
            State::TakingOver(call) => match call.poll_object(context)? {
                Ok(_) => Step::Go(State::Reading(Read::new(self.subject.object.reference.clone()))),
                Err(failure) if self.may_repeat(&failure) => {
                    Step::Go(State::Reading(Read::new(self.subject.object.reference.clone())))
                }
                Err(failure) => Step::End(Err(InspectError::Managers(failure))),
            },
            State::Applying(call, live) => {
                let (reply, live) = (call.poll_object(context)?, live.take());
                Step::End(self.was_applied(reply, live))
            }
        })
    }

    fn was_read(&mut self, live: Option<Object>, context: &mut Context) -> Step {
        let reference = &self.subject.object.reference;
        if let Some(body) = live.as_deref().and_then(|live| takeover(live, &self.managers)) {
            return Step::Go(State::TakingOver(Call::send(
                context,
                patch(reference, Patch::Json, body, false),
            )));
        }
        if self.is_left_alone() || live.as_deref().is_some_and(is_excluded) {
            return Step::End(self.found(DriftKind::Excluded));
        }
        let how = Patch::Apply { force: true, validation: FieldValidation::Warn };
        let request = patch(reference, how, self.subject.object.body.clone(), true);
        Step::Go(State::Applying(Call::send(context, request), live))
    }

    fn was_applied(&self, reply: Result<Object, Failure>, live: Option<Object>) -> Outcome {
        let applied = reply.map_err(|failure| {
            InspectError::Object(dry_run_failed(&self.subject.object.reference, &failure))
        })?;
        let Some(live) = live.filter(|_| !metadata::text(&applied, "resourceVersion").is_empty()) else {
            return self.found(DriftKind::Missing);
        };
        let operations = differences(&live, &applied, &self.subject.ignored);
        self.found(if operations.is_empty() { DriftKind::None } else { DriftKind::Changed(operations) })
    }

    fn is_left_alone(&self) -> bool {
        is_excluded(&self.subject.object.body) || self.subject.ignored.iter().any(String::is_empty)
    }

    fn may_repeat(&mut self, failure: &Failure) -> bool {
        self.conflicts += 1;
        failure.api().is_some_and(|error| error.is_conflict()) && self.conflicts < CONFLICT_ATTEMPTS
    }

    fn found(&self, kind: DriftKind) -> Outcome {
        Ok(Drift { object: self.subject.object.clone(), kind })
    }
}

impl Task for Inspect {
    type Output = Outcome;

    fn poll(&mut self, context: &mut Context) -> Option<Self::Output> {
        loop {
            match self.step(context)? {
                Step::Go(state) => self.state = state,
                Step::End(outcome) => return Some(outcome),
            }
        }
    }

    fn describe(&self) -> String {
        format!("comparing {}", self.subject.object.reference)
    }
}

fn is_excluded(object: &Value) -> bool {
    let marks = [metadata::label(object, EXCLUSION), metadata::annotation(object, EXCLUSION)];
    marks.into_iter().flatten().any(|value| value.eq_ignore_ascii_case("disabled"))
}

fn patch(object: &ObjectRef, patch: Patch, body: Value, dry_run: bool) -> Request {
    Request::Patch { object: object.clone(), patch, body: Arc::new(body), status: false, dry_run }
}

/// Flux' words (`pkg/ssa/errors`).
fn dry_run_failed(object: &ObjectRef, failure: &Failure) -> String {
    if failure.is_not_found() {
        return match object.namespace {
            Some(_) => format!("{object} not found: {failure}"),
            None => format!("{object} namespace not specified: {failure}"),
        };
    }
    let reason = failure.api().map(|error| error.reason.as_str()).filter(|reason| !reason.is_empty());
    let reason = reason.map(|reason| format!(" ({reason})")).unwrap_or_default();
    format!("{object} dry-run failed{reason}: {failure}")
}
