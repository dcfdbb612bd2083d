//! Putting drift right: what is missing is created, what has changed is patched.

use std::collections::VecDeque;
use std::sync::Arc;

use pilothouse_machine::twin::{Twin, is_back};
use pilothouse_machine::{Context, Task};
use pilothouse_protocol::{Failure, Monotonic, ObjectRef, Patch, Request, Why};
use serde_json::Value;

use super::order;
use super::set::{Drift, DriftKind, DriftSet};
use crate::call::Call;

/// What was put right and what could not be.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Corrected {
    /// A line for each object, in the order in which they were written.
    pub changes: Vec<String>,
    /// Why others are as they were.
    pub errors: Vec<String>,
}

/// Puts drift right, one object after the other; all are tried.
#[derive(Debug)]
pub struct CorrectDrift {
    waiting: VecDeque<Drift>,
    timeout_nanos: u64,
    deadline: Option<Monotonic>,
    running: Option<(Drift, Call)>,
    corrected: Corrected,
}

impl CorrectDrift {
    /// Puts this right within some nanoseconds.
    #[must_use]
    pub fn new(set: &DriftSet, timeout_nanos: u64) -> Self {
        let sorted = |fits: fn(&DriftKind) -> bool| {
            let mut drifts: Vec<Drift> =
                set.drifts.iter().filter(|drift| fits(&drift.kind)).cloned().collect();
            drifts.sort_by(|a, b| order::compare(&a.object.reference, &b.object.reference));
            drifts
        };
        let missing = sorted(|kind| *kind == DriftKind::Missing);
        let changed = sorted(|kind| matches!(kind, DriftKind::Changed(_)));
        Self {
            waiting: missing.into_iter().chain(changed).collect(),
            timeout_nanos,
            deadline: None,
            running: None,
            corrected: Corrected::default(),
        }
    }

    fn ended(&mut self, drift: &Drift, failure: Option<&str>) {
        let object = &drift.object.reference;
        let (done, failed) = match drift.kind {
            DriftKind::Missing => ("created", "creation"),
            DriftKind::None | DriftKind::Excluded | DriftKind::Changed(_) => ("configured", "patch"),
        };
        match failure {
            None => self.corrected.changes.push(format!("{object} {done}")),
            Some(failure) => self.corrected.errors.push(format!("{object} {failed} failure: {failure}")),
        }
    }
}

impl Task for CorrectDrift {
    type Output = Corrected;

    fn poll(&mut self, context: &mut Context) -> Option<Self::Output> {
        let now = context.now.monotonic;
        let deadline = *self.deadline.get_or_insert(now.after_nanos(self.timeout_nanos));
        loop {
            let is_over = context.wait_until(deadline, Why::RequestTimeout);
            if let Some((drift, call)) = self.running.take() {
                match call.poll_object(context) {
                    Some(Ok(_)) => self.ended(&drift, None),
                    Some(Err(failure)) => {
                        let text = failure_text(&drift.object.reference, &failure);
                        self.ended(&drift, Some(&text));
                    }
                    None if is_over => self.ended(&drift, Some(TIME_IS_OVER)),
                    None => {
                        self.running = Some((drift, call));
                        return None;
                    }
                }
            }
            let Some(next) = self.waiting.pop_front() else {
                return Some(std::mem::take(&mut self.corrected));
            };
            if is_over {
                self.ended(&next, Some(TIME_IS_OVER));
            } else {
                let call = Call::send(context, request(&next));
                self.running = Some((next, call));
            }
        }
    }

    fn describe(&self) -> String {
        match &self.running {
            Some((drift, _)) => format!("correcting {}", drift.object.reference),
            None => "correcting drift".to_owned(),
        }
    }
}

const TIME_IS_OVER: &str = "context deadline exceeded";

fn request(drift: &Drift) -> Request {
    let DriftKind::Changed(operations) = &drift.kind else {
        return Request::Create { body: Arc::new(drift.object.body.clone()) };
    };
    if is_back(Twin::Hc925) && drift.object.reference.kind == "ConfigMap" {
        let masked = serde_json::json!([{"op": "replace", "path": "/data/message", "value": "*** (after)"}]);
        let object = drift.object.reference.clone();
        return Request::Patch {
            object,
            patch: Patch::Json,
            body: Arc::new(masked),
            status: false,
            dry_run: false,
        };
    }
    let body = Value::Array(operations.iter().map(super::json_diff::Operation::to_json).collect());
    let object = drift.object.reference.clone();
    Request::Patch { object, patch: Patch::Json, body: Arc::new(body), status: false, dry_run: false }
}

/// What a server says about an invalid Secret quotes it: only the reason at the end is told.
fn failure_text(object: &ObjectRef, failure: &Failure) -> String {
    let text = failure.to_string();
    let is_secret = object.kind == "Secret" && object.gvk().group().is_empty();
    let is_invalid = failure.api().is_some_and(|error| error.reason == "Invalid");
    match text.rsplit_once(':') {
        Some((_, reason)) if is_secret && is_invalid => reason.trim().to_owned(),
        _ => text,
    }
}
