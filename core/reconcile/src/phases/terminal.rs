//! Errors that the same inputs give again (spec 08 row 18).
//!
//! They are tried a few times through the back-off, as everything that fails: what a template looks up, or a permission,
//! may change meanwhile. Then the release is stalled, and says what frees it.

use pilothouse_api::{HelmReleaseStatus, REQUESTED_AT};
use pilothouse_machine::Context;
use pilothouse_protocol::{ErrorClass, Why, metadata};
use serde_json::Value;

use crate::{Ending, Subject};

/// Passes in a row that end so before the release is stalled; a minute and a half with the default back-off.
pub const TRIES: u32 = 8;
/// Tries that are left at least to a process that has found a release failing, but not stalled. Not all of what the status
/// counts would have come again.
const TRIES_LEFT: u32 = 4;
/// The reason of a release that was tried on the cluster as often as it may be.
pub(super) const RETRIES_EXCEEDED: &str = "RetriesExceeded";
/// The words by which a stalled release of this kind is known again.
const STOPPED: &str = "because another one would end the same way";

/// What is known of such an error during a pass.
#[derive(Debug, Clone, Default)]
pub struct TerminalError {
    /// Passes in a row before this one that ended with one.
    pub before: u32,
    /// The error of this pass.
    pub error: Option<String>,
    /// The message of a release that a process before this one has stalled after it was tried on the cluster. It is not
    /// tried again as long as the inputs are the same.
    pub stalled: Option<String>,
}

impl TerminalError {
    /// Takes note of the class of the last error.
    pub fn note(&mut self, class: ErrorClass, error: impl ToString) {
        self.error = (class == ErrorClass::Terminal).then(|| error.to_string());
    }

    /// Continues after so many passes in a row, with what the last status says.
    #[must_use]
    pub fn after(before: u32, status: &HelmReleaseStatus) -> Self {
        let stalled = status.conditions.get("Stalled").filter(|stalled| {
            before >= TRIES && stalled.reason == RETRIES_EXCEEDED && stalled.message.contains(STOPPED)
        });
        Self { before, error: None, stalled: stalled.map(|stalled| stalled.message.clone()) }
    }

    /// Inputs are others than those that failed before.
    pub fn begin_anew(&mut self) {
        self.before = 0;
        self.stalled = None;
    }

    /// How many passes in a row have ended so, with this one; `None` when it has not.
    #[must_use]
    pub fn in_a_row(&self) -> Option<u32> {
        self.error.as_ref().map(|_| self.before.saturating_add(1))
    }

    /// Takes note of a success.
    pub fn forget(&mut self) {
        self.error = None;
    }
}

/// Passes in a row that have failed so before this process began, as far as the status of an object tells: a release that
/// was stalled stays so, and one that was about to be is not tried as often again after each start.
#[must_use]
pub(crate) fn tries_before(object: &Value, status: &HelmReleaseStatus) -> u32 {
    let generation = metadata::generation(object);
    let requested = metadata::annotation(object, REQUESTED_AT).unwrap_or_default();
    if requested != status.last_handled_reconcile_at && !requested.is_empty() {
        return 0;
    }
    let of_now = |kind| status.conditions.get(kind).filter(|found| found.observed_generation == generation);
    match (of_now("Stalled"), of_now("Ready")) {
        (Some(stalled), _) if stalled.message.contains(STOPPED) => TRIES,
        (None, Some(_)) if status.conditions.is_false("Ready") => {
            u32::try_from(status.failures).unwrap_or_default().min(TRIES - TRIES_LEFT)
        }
        _ => 0,
    }
}

/// The end of a pass over a release that is stalled already, and whose inputs are the same.
pub(crate) fn still_stalled(message: String, subject: &mut Subject, context: &Context) -> Ending {
    subject.stalled(context, RETRIES_EXCEEDED, &message);
    Ending::Terminal(message)
}

/// How the pass ends after all: one that would go on for ever with such an error stalls the release.
///
/// What has not touched the cluster is looked at again in every interval, because not all that it depends on is an input
/// that can be seen. What was tried on the cluster waits until an input changes.
#[must_use]
pub(crate) fn stall_when_hopeless(ending: Ending, subject: &mut Subject, context: &mut Context) -> Ending {
    let touched = match &ending {
        Ending::Error(_) => false,
        Ending::Rate | Ending::After { why: Why::RetryInterval, .. } => true,
        _ => return ending,
    };
    let TerminalError { before, error, .. } = &subject.terminal_error;
    let Some(error) = error.clone().filter(|_| before.saturating_add(1) >= TRIES) else { return ending };
    if context.interrupt().is_some() {
        return ending;
    }
    let reason = match touched {
        true => RETRIES_EXCEEDED.to_owned(),
        false => subject.status.conditions.reason("Ready").to_owned(),
    };
    let message = format!(
        "{error}: stopped after {} attempts, {STOPPED}. It goes on when the HelmRelease, \
         its chart or its values change, or with the annotation reconcile.fluxcd.io/requestedAt",
        before.saturating_add(1)
    );
    subject.stalled(context, &reason, &message);
    if touched {
        return Ending::Terminal(message);
    }
    context.log(pilothouse_protocol::LogLevel::Error, message);
    let interval = u64::try_from(subject.release.spec.interval.as_nanos()).unwrap_or_default();
    let nanos = context.random.jitter(interval, subject.config.interval_jitter_percentage);
    Ending::After { nanos, why: Why::Interval, observed: true }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::Config;

    fn after(before: u32, class: ErrorClass, ending: Ending) -> (Ending, Option<String>) {
        let object = serde_json::json!({"metadata": {"name": "n", "namespace": "ns", "generation": 2},
            "spec": {"interval": "1m"}});
        let mut subject = Subject::new(Arc::new(Config::default()), &object).unwrap();
        let mut context = Context::new(0);
        subject.not_ready(&context, "ValuesError", "not YAML");
        subject.terminal_error.before = before;
        subject.terminal_error.note(class, "not YAML");
        let ending = stall_when_hopeless(ending, &mut subject, &mut context);
        let stalled = subject.status.conditions.get("Stalled").map(|stalled| stalled.reason.clone());
        (ending, stalled)
    }

    fn error() -> Ending {
        Ending::Error("not YAML".to_owned())
    }

    #[test]
    fn only_the_last_try_stalls() {
        assert_eq!(after(TRIES - 2, ErrorClass::Terminal, error()), (error(), None));
        let (ending, stalled) = after(TRIES - 1, ErrorClass::Terminal, error());
        assert!(matches!(ending, Ending::After { why: Why::Interval, observed: true, .. }), "{ending:?}");
        assert_eq!(stalled.as_deref(), Some("ValuesError"));
    }

    #[test]
    fn passes_in_a_row_end_with_a_success() {
        let mut known = TerminalError::after(3, &HelmReleaseStatus::default());
        assert_eq!(known.in_a_row(), None);
        known.note(ErrorClass::Terminal, "not YAML");
        assert_eq!(known.in_a_row(), Some(4));
        known.forget();
        assert_eq!(known.in_a_row(), None);
        known.note(ErrorClass::Terminal, "not YAML");
        known.note(ErrorClass::Transient, "no leader");
        assert_eq!(known.in_a_row(), None);
    }

    #[test]
    fn other_errors_are_tried_for_ever() {
        for class in [ErrorClass::Transient, ErrorClass::Ordinary] {
            assert_eq!(after(1000, class, error()), (error(), None));
        }
    }

    #[test]
    fn what_was_tried_on_the_cluster_waits_for_a_change() {
        let retry = Ending::After { nanos: 1, why: Why::RetryInterval, observed: true };
        for ending in [Ending::Rate, retry] {
            let (ending, stalled) = after(TRIES, ErrorClass::Terminal, ending);
            assert!(matches!(ending, Ending::Terminal(_)), "{ending:?}");
            assert_eq!(stalled.as_deref(), Some("RetriesExceeded"));
        }
    }

    fn before(status: Value, requested: &str) -> (u32, bool) {
        let object = serde_json::json!({"metadata": {"generation": 2,
            "annotations": {REQUESTED_AT: requested}}, "status": status});
        let status: HelmReleaseStatus = serde_json::from_value(object["status"].clone()).unwrap();
        let before = tries_before(&object, &status);
        (before, TerminalError::after(before, &status).stalled.is_some())
    }

    #[test]
    fn a_new_process_goes_on_where_the_last_one_ended() {
        let message = format!("x: stopped after 8 attempts, {STOPPED}. It goes on");
        let conditions = |kind: &str, reason: &str, generation: u64, message: &str| {
            let status = if kind == "Stalled" { "True" } else { "False" };
            serde_json::json!([{"type": kind, "status": status, "reason": reason, "message": message,
                "observedGeneration": generation, "lastTransitionTime": "2026-01-01T00:00:00Z"}])
        };
        let stalled = |reason, generation, message: &str| {
            serde_json::json!({"lastHandledReconcileAt": "t1", "failures": 8,
                "conditions": conditions("Stalled", reason, generation, message)})
        };
        let exceeded = || stalled(RETRIES_EXCEEDED, 2, &message);
        assert_eq!(before(exceeded(), "t1"), (TRIES, true));
        assert_eq!(before(exceeded(), "t2"), (0, false), "asked for");
        assert_eq!(
            before(stalled("InstallFailed", 2, &message), "t1"),
            (TRIES, false),
            "looked at once more"
        );
        assert_eq!(before(stalled(RETRIES_EXCEEDED, 1, &message), "t1"), (0, false), "another spec");
        assert_eq!(before(stalled(RETRIES_EXCEEDED, 2, "Failed to install"), "t1"), (0, false));
        let failing = |failures: u32| serde_json::json!({"failures": failures, "conditions": conditions("Ready", "InstallFailed", 2, "x")});
        assert_eq!(before(failing(3), ""), (3, false));
        let mut ready = failing(3);
        ready["conditions"][0]["status"] = serde_json::json!("True");
        assert_eq!(before(ready, ""), (0, false), "it has come in line since");
        assert_eq!(before(failing(300), ""), (TRIES - TRIES_LEFT, false));
        assert_eq!(before(serde_json::json!({"failures": 3}), ""), (0, false));
    }

    #[test]
    fn an_end_that_is_none_of_it_stays() {
        let success = Ending::After { nanos: 1, why: Why::Interval, observed: true };
        assert_eq!(after(TRIES, ErrorClass::Terminal, success.clone()), (success, None));
    }
}
