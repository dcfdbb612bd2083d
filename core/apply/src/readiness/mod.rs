//! Whether an object has become what was asked for: the rules of kstatus (`fluxcd/cli-utils` v1.2, spec 05 §6).

mod hook;
mod legacy;
mod pod;
mod rules;
mod view;
mod workload;

use std::fmt;

pub use hook::{assess_hook, assess_job};
pub use legacy::{assess_legacy, assess_legacy_hook};
use pilothouse_encoding::timestamp::Timestamp;
use pilothouse_protocol::{ObjectRef, metadata};
pub(crate) use pod::{awaits_scheduling, is_terminally_failed};
use serde_json::Value;
use view::{conditions, int_at};

/// kstatus' verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Status {
    /// A controller works on it.
    InProgress,
    /// It will not become ready by itself.
    Failed,
    /// It is what was asked for.
    Current,
    /// It is being deleted.
    Terminating,
    /// It does not exist.
    NotFound,
    /// It could not be read or understood.
    Unknown,
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::InProgress => "InProgress",
            Self::Failed => "Failed",
            Self::Current => "Current",
            Self::Terminating => "Terminating",
            Self::NotFound => "NotFound",
            Self::Unknown => "Unknown",
        })
    }
}

/// A verdict with its reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assessment {
    /// The verdict.
    pub status: Status,
    /// For people.
    pub message: String,
    /// Why the status is [`Status::Unknown`]; shown in error texts.
    pub error: Option<String>,
}

impl Assessment {
    /// A verdict with a message.
    pub fn new(status: Status, message: impl Into<String>) -> Self {
        Self { status, message: message.into(), error: None }
    }

    /// The status cannot be told.
    pub fn unknown(error: impl Into<String>) -> Self {
        Self { status: Status::Unknown, message: String::new(), error: Some(error.into()) }
    }

    fn current(message: impl Into<String>) -> Self {
        Self::new(Status::Current, message)
    }

    fn in_progress(message: impl Into<String>) -> Self {
        Self::new(Status::InProgress, message)
    }

    fn failed(message: impl Into<String>) -> Self {
        Self::new(Status::Failed, message)
    }
}

/// Own rules for some objects, before the built-in ones (`healthCheckExprs`, spec 05 §7).
pub trait StatusReader: fmt::Debug + Send + Sync {
    /// The verdict on a live object; `None` when there is no own rule for it.
    fn read(&self, reference: &ObjectRef, object: &Value) -> Option<Assessment>;
}

/// The verdict of kstatus on a live object. The wall clock is needed for Pods that wait for a node.
#[must_use]
pub fn assess(object: &Value, wall: Timestamp) -> Assessment {
    generic(object).unwrap_or_else(|| match rules::of(&ObjectRef::of(object)) {
        Some(rule) => rule(object, wall),
        None => ready_condition(object),
    })
}

/// What is the same for all kinds: deletion, observed generation, the standard conditions.
fn generic(object: &Value) -> Option<Assessment> {
    if metadata::is_deleting(object) {
        return Some(Assessment::new(Status::Terminating, "Resource scheduled for deletion"));
    }
    if let (Some(generation), Some(observed)) =
        (int_at(object, "/metadata/generation"), int_at(object, "/status/observedGeneration"))
        && generation != observed
    {
        let kind = object.get("kind").and_then(Value::as_str).unwrap_or_default();
        return Some(Assessment::in_progress(format!(
            "{kind} generation is {generation}, but latest observed generation is {observed}"
        )));
    }
    conditions(object).find_map(|condition| match (condition.kind, condition.status) {
        ("Reconciling", "True") => Some(Assessment::in_progress(condition.message)),
        ("Stalled", "True") => Some(Assessment::failed(condition.message)),
        _ => None,
    })
}

/// Kinds without own rules are ready unless they say otherwise.
fn ready_condition(object: &Value) -> Assessment {
    conditions(object)
        .filter(|condition| condition.kind == "Ready")
        .find_map(|condition| match condition.status {
            "True" => Some(Assessment::current("Resource is Ready")),
            "False" | "Unknown" => Some(Assessment::in_progress(condition.message)),
            _ => None,
        })
        .unwrap_or_else(|| Assessment::current("Resource is current"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One case of `testdata/readiness/*.json`: an object and what is said about it.
    fn check(file: &str, text: &str, assess: impl Fn(&Value) -> Assessment) {
        let cases: Value = serde_json::from_str(text).unwrap();
        for case in cases.as_array().unwrap() {
            let assessment = assess(&case["object"]);
            let expected = case["status"].as_str().unwrap();
            assert_eq!(assessment.status.to_string(), expected, "{file}: {}", case["name"]);
            if let Some(message) = case["message"].as_str() {
                assert_eq!(assessment.message, message, "{file}: {}", case["name"]);
            }
        }
    }

    fn now() -> Timestamp {
        "2026-01-01T00:01:00Z".parse().unwrap()
    }

    #[test]
    fn kstatus_rules() {
        for (file, text) in [
            ("generic", include_str!("../../testdata/readiness/generic.json")),
            ("workloads", include_str!("../../testdata/readiness/workloads.json")),
            ("pods", include_str!("../../testdata/readiness/pods.json")),
            ("others", include_str!("../../testdata/readiness/others.json")),
        ] {
            check(file, text, |object| super::assess(object, now()));
        }
    }

    #[test]
    fn hook_rules() {
        check("hooks", include_str!("../../testdata/readiness/hooks.json"), assess_hook);
    }

    #[test]
    fn job_rules() {
        check("jobs", include_str!("../../testdata/readiness/jobs.json"), assess_job);
    }

    #[test]
    fn legacy_rules() {
        check("legacy", include_str!("../../testdata/readiness/legacy.json"), |object| {
            assess_legacy(object, true)
        });
    }
}
