//! Errors that the same inputs give again (spec 08 row 18).
//!
//! They are tried a few times through the back-off, as everything that fails: what a template looks up, or a permission,
//! may change meanwhile. Then the release is stalled, and says what frees it.

use pilothouse_machine::Context;
use pilothouse_protocol::{ErrorClass, Why};

use crate::{Ending, Subject};

/// Passes in a row that end so before the release is stalled; a minute and a half with the default back-off.
pub const TRIES: u32 = 8;

/// What is known of such an error during a pass.
#[derive(Debug, Clone, Default)]
pub struct TerminalError {
    /// Passes in a row before this one that ended with one.
    pub before: u32,
    /// The error of this pass.
    pub error: Option<String>,
}

impl TerminalError {
    /// Takes note of the class of the last error.
    pub fn note(&mut self, class: ErrorClass, error: impl ToString) {
        self.error = (class == ErrorClass::Terminal).then(|| error.to_string());
    }

    /// Takes note of a success.
    pub fn forget(&mut self) {
        self.error = None;
    }
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
    let TerminalError { before, error } = &subject.terminal_error;
    let Some(error) = error.clone().filter(|_| before.saturating_add(1) >= TRIES) else { return ending };
    if context.interrupt().is_some() {
        return ending;
    }
    let reason = match touched {
        true => "RetriesExceeded".to_owned(),
        false => subject.status.conditions.reason("Ready").to_owned(),
    };
    let message = format!(
        "{error}: stopped after {} attempts, because another one would end the same way. It goes on when the \
         HelmRelease, its chart or its values change, or with the annotation reconcile.fluxcd.io/requestedAt",
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

    #[test]
    fn an_end_that_is_none_of_it_stays() {
        let success = Ending::After { nanos: 1, why: Why::Interval, observed: true };
        assert_eq!(after(TRIES, ErrorClass::Terminal, success.clone()), (success, None));
    }
}
