//! `spec.healthCheckExprs`: expressions that say whether objects of some kinds are ready (spec 05 §7, Flux
//! `pkg/runtime/cel`).

use std::collections::BTreeMap;

use pilothouse_api::CustomHealthCheck;
use pilothouse_apply::{Assessment, Status, StatusReader};
use pilothouse_cel::{EvaluationError, Expression, SyntaxError};
use pilothouse_protocol::{GroupVersionKind, ObjectRef};
use serde_json::Value;

/// A group, and a kind in it or all of them.
type GroupKind = (String, Option<String>);

/// The expressions, by what they are about.
#[derive(Debug)]
pub struct HealthChecks(BTreeMap<GroupKind, HealthCheck>);

/// The expressions of one entry, in the order in which they are asked.
#[derive(Debug)]
struct HealthCheck(Vec<(Expression, Status)>);

/// Why the expressions cannot be used. Displays as Flux' error text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidHealthCheck {
    /// Two entries are about the same objects.
    #[error("duplicate custom health check for GroupKind {group_kind} at healthchecks[{at}]")]
    Duplicate {
        /// What they are about.
        group_kind: String,
        /// Position of the second one.
        at: usize,
    },
    /// There is nothing to tell readiness by.
    #[error(
        "failed to create custom status evaluator for healthchecks[{0}]: expression Current not specified"
    )]
    NoCurrent(usize),
    /// An expression cannot be read.
    #[error(
        "failed to create custom status evaluator for healthchecks[{at}]: failed to parse the expression {field}: {error}"
    )]
    Syntax {
        /// Position of the entry.
        at: usize,
        /// Which of its expressions.
        field: &'static str,
        /// Why.
        error: SyntaxError,
    },
}

impl HealthChecks {
    /// Reads the expressions.
    ///
    /// # Errors
    /// The first entry that cannot be used.
    pub fn read(entries: &[CustomHealthCheck]) -> Result<Self, InvalidHealthCheck> {
        let mut checks = BTreeMap::new();
        for (at, entry) in entries.iter().enumerate() {
            let group = GroupVersionKind::new(&entry.api_version, "").group().to_owned();
            let key = (group, Some(entry.kind.clone()).filter(|kind| !kind.is_empty()));
            if checks.contains_key(&key) {
                return Err(InvalidHealthCheck::Duplicate { group_kind: text(&key), at });
            }
            checks.insert(key, HealthCheck::read(at, entry)?);
        }
        Ok(Self(checks))
    }
}

impl StatusReader for HealthChecks {
    fn read(&self, reference: &ObjectRef, object: &Value) -> Option<Assessment> {
        let group = reference.gvk().group().to_owned();
        let check = self.0.get(&(group.clone(), Some(reference.kind.clone())));
        let check = check.or_else(|| self.0.get(&(group, None)))?;
        Some(check.assess(object))
    }
}

impl HealthCheck {
    fn read(at: usize, entry: &CustomHealthCheck) -> Result<Self, InvalidHealthCheck> {
        if entry.current.is_empty() {
            return Err(InvalidHealthCheck::NoCurrent(at));
        }
        let parse = |field: &'static str, text: &str| {
            Expression::parse(text).map_err(|error| InvalidHealthCheck::Syntax { at, field, error })
        };
        let current = parse("Current", &entry.current)?;
        let mut checks = Vec::new();
        for (field, text, status) in [
            ("Failed", &entry.failed, Status::Failed),
            ("InProgress", &entry.in_progress, Status::InProgress),
        ] {
            if !text.is_empty() {
                checks.insert(0, (parse(field, text)?, status));
            }
        }
        checks.push((current, Status::Current));
        Ok(Self(checks))
    }

    fn assess(&self, object: &Value) -> Assessment {
        let int = |pointer: &str| object.pointer(pointer).and_then(Value::as_i64);
        if let (Some(observed), Some(generation)) =
            (int("/status/observedGeneration"), int("/metadata/generation"))
            && observed != generation
        {
            return Assessment::new(Status::InProgress, "the newest generation is not yet observed");
        }
        match self.first_true(object) {
            Ok(Some(status)) => Assessment::new(status, ""),
            Ok(None) => Assessment::new(Status::InProgress, "no health check expression is true"),
            Err(error) => Assessment::unknown(error.to_string()),
        }
    }

    fn first_true(&self, object: &Value) -> Result<Option<Status>, EvaluationError> {
        let fields = || object.as_object().into_iter().flatten().map(|(name, value)| (name.as_str(), value));
        for (expression, status) in &self.0 {
            if expression.evaluate(fields())? {
                return Ok(Some(*status));
            }
        }
        Ok(None)
    }
}

/// `Kind.group`, as Go prints it.
fn text((group, kind): &GroupKind) -> String {
    match (group.as_str(), kind.as_deref().unwrap_or_default()) {
        ("", kind) => kind.to_owned(),
        (group, kind) => format!("{kind}.{group}"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn entry(api_version: &str, kind: &str, current: &str) -> CustomHealthCheck {
        CustomHealthCheck {
            api_version: api_version.to_owned(),
            kind: kind.to_owned(),
            current: current.to_owned(),
            ..CustomHealthCheck::default()
        }
    }

    fn status(checks: &HealthChecks, api_version: &str, kind: &str, object: &Value) -> Option<Assessment> {
        checks.read(&ObjectRef::namespaced(api_version, kind, "ns", "n"), object)
    }

    #[test]
    fn the_first_true_expression_counts() {
        let checks = HealthChecks::read(&[CustomHealthCheck {
            in_progress: "status.phase == 'Pending'".to_owned(),
            failed: "status.phase.startsWith('P') || status.phase == 'Failed'".to_owned(),
            ..entry("example.org/v1", "Thing", "status.phase == 'Ready'")
        }])
        .unwrap();
        for (phase, expected) in [
            ("Pending", Status::InProgress),
            ("Paused", Status::Failed),
            ("Failed", Status::Failed),
            ("Ready", Status::Current),
            ("Other", Status::InProgress),
        ] {
            let object = json!({"metadata": {"generation": 2}, "status": {"phase": phase}});
            let found = status(&checks, "example.org/v2", "Thing", &object).unwrap();
            assert_eq!(found.status, expected, "{phase}");
            let stale =
                json!({"metadata": {"generation": 2}, "status": {"phase": phase, "observedGeneration": 1}});
            assert_eq!(
                status(&checks, "example.org/v1", "Thing", &stale).unwrap().status,
                Status::InProgress
            );
        }
        let unknown = status(&checks, "example.org/v1", "Thing", &json!({})).unwrap();
        assert_eq!(unknown.status, Status::Unknown);
        assert_eq!(
            unknown.error.as_deref(),
            Some(
                "failed to evaluate the CEL expression 'status.phase == 'Pending'': no such attribute(s): status"
            )
        );
    }

    #[test]
    fn a_kind_is_preferred_to_its_group() {
        let checks = HealthChecks::read(&[
            entry("example.org/v1", "", "kind == 'Other'"),
            entry("example.org/v1", "Thing", "true"),
        ])
        .unwrap();
        let found = |group: &str, kind: &str| {
            status(&checks, group, kind, &json!({"kind": kind})).map(|found| found.status)
        };
        assert_eq!(found("example.org/v1", "Thing"), Some(Status::Current));
        assert_eq!(found("example.org/v1", "Other"), Some(Status::Current));
        assert_eq!(found("example.org/v1", "Third"), Some(Status::InProgress));
        assert_eq!(found("example.com/v1", "Thing"), None);
        assert_eq!(found("v1", "Thing"), None);
    }

    #[test]
    fn entries_that_cannot_be_used_are_named() {
        let twice = [entry("v1", "ConfigMap", "true"), entry("v1", "ConfigMap", "true")];
        let group = [entry("a.b/v1", "K", "true"), entry("a.b/v2", "K", "true")];
        for (entries, expected) in [
            (twice.to_vec(), "duplicate custom health check for GroupKind ConfigMap at healthchecks[1]"),
            (group.to_vec(), "duplicate custom health check for GroupKind K.a.b at healthchecks[1]"),
            (
                vec![entry("v1", "ConfigMap", "")],
                "failed to create custom status evaluator for healthchecks[0]: expression Current not specified",
            ),
            (
                vec![CustomHealthCheck { failed: "(".to_owned(), ..entry("v1", "ConfigMap", "true") }],
                "failed to create custom status evaluator for healthchecks[0]: failed to parse the expression Failed: \
                 failed to parse the CEL expression '('",
            ),
        ] {
            let error = HealthChecks::read(&entries).unwrap_err().to_string();
            assert!(error.starts_with(expected), "{error}");
        }
    }
}
