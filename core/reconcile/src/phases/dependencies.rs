//! Releases that must be ready first (spec 02 §2.3).

use pilothouse_api::{API_VERSION, Conditions, DependencyReference, KIND};
use pilothouse_cel::Expression;
use pilothouse_encoding::duration::GoDuration;
use pilothouse_machine::Context;
use pilothouse_protocol::{
    EventType, LogLevel, ObjectRef, ReleaseKey, Reply, Request, RequestId, Why, metadata,
};
use serde::Deserialize;
use serde_json::Value;

use super::chart_template::cross_namespace_denied;
use super::source::deny;
use crate::{Ending, Subject};

/// Reads the dependencies one after the other; the first that is not ready decides.
#[derive(Debug, Default)]
pub struct DependencyCheck {
    next: usize,
    reading: Option<RequestId>,
}

impl DependencyCheck {
    /// Goes as far as it can. The error says how the pass ends.
    pub fn poll(&mut self, subject: &mut Subject, context: &mut Context) -> Option<Result<(), Ending>> {
        loop {
            let Some(dependency) = subject.release.spec.depends_on.get(self.next).cloned() else {
                subject.gate_passed(context, &["DependencyNotReady"]);
                return Some(Ok(()));
            };
            let object = reference(subject, &dependency);
            let Some(id) = self.reading else {
                let namespace = object.namespace.as_deref().unwrap_or_default();
                if let Some(denied) = cross_namespace_denied(subject, KIND, namespace, &object.name) {
                    return Some(Err(deny(subject, context, &denied)));
                }
                if self.next == 0 {
                    let count = subject.release.spec.depends_on.len();
                    context.log(LogLevel::Info, format!("checking {count} dependencies"));
                }
                self.reading = Some(context.request_as_controller(Request::Get { object }));
                return None;
            };
            let reply = context.take(id)?;
            self.reading = None;
            self.next += 1;
            match judge(reply, &object, &dependency, subject) {
                Ok(()) => {}
                Err(NotReady::Wait(message)) => {
                    return Some(Err(wait_for_dependency(subject, context, &message)));
                }
                Err(NotReady::Never(error)) => {
                    return Some(Err(invalid_expression(
                        subject,
                        context,
                        &format!("terminal error: {error}"),
                    )));
                }
            }
        }
    }
}

/// The HelmRelease that a dependency names.
#[must_use]
pub fn reference(subject: &Subject, dependency: &DependencyReference) -> ObjectRef {
    let own = &subject.release.metadata.namespace;
    let namespace = dependency.namespace.as_ref().unwrap_or(own).clone();
    ObjectRef::namespaced(API_VERSION, KIND, namespace, dependency.name.clone())
}

/// Why a dependency does not let the release go on.
enum NotReady {
    /// It may become ready.
    Wait(String),
    /// Its expression is none.
    Never(String),
}

fn judge(
    reply: Reply,
    object: &ObjectRef,
    dependency: &DependencyReference,
    subject: &Subject,
) -> Result<(), NotReady> {
    let namespace = object.namespace.as_deref().unwrap_or_default();
    let name = format!("{namespace}/{}", object.name);
    let found = match reply {
        Reply::Object(found) => found,
        Reply::Failed(failure) => {
            return Err(NotReady::Wait(format!("unable to get '{name}' dependency: {failure}")));
        }
        Reply::List(_) | Reply::Deleted | Reply::Discovery(_) | Reply::Artifact(_) => {
            return Err(NotReady::Wait(format!("unable to get '{name}' dependency: unexpected reply")));
        }
    };
    let mut built_in = true;
    if let Some(expression) = dependency.ready_expr.as_deref().filter(|text| !text.is_empty()) {
        if !evaluate(expression, &object.name, &found, subject)? {
            let text = format!("dependency '{name}' is not ready according to readyExpr eval");
            return Err(NotReady::Wait(text));
        }
        built_in = subject.config.gates.additive_cel_dependency_check;
    }
    if !built_in || is_ready(&found) {
        return Ok(());
    }
    let cycle = named_cycle(subject, &ReleaseKey::new(namespace, object.name.clone()));
    Err(NotReady::Wait(format!("dependency '{name}' is not ready{cycle}")))
}

fn evaluate(text: &str, name: &str, found: &Value, subject: &Subject) -> Result<bool, NotReady> {
    let expression = Expression::compile(text, &["self", "dep"])
        .map_err(|error| NotReady::Never(format!("failed to evaluate dependency {name}: {error}")))?;
    let own = subject.as_object();
    expression.evaluate([("self", &own), ("dep", found)]).map_err(|error| NotReady::Wait(error.to_string()))
}

/// Names the cycle when it goes through a dependency: it will never be ready then (spec 08 row 13).
fn named_cycle(subject: &Subject, dependency: &ReleaseKey) -> String {
    if !subject.dependency_cycle.contains(dependency) {
        return String::new();
    }
    let keys = subject.dependency_cycle.iter().map(ToString::to_string).collect::<Vec<_>>();
    format!(": it depends on this one, dependency cycle {}", keys.join(" -> "))
}

/// Whether the latest generation was reconciled and the object is Ready.
fn is_ready(object: &Value) -> bool {
    let Some(status) = object.get("status") else { return false };
    let observed = status.get("observedGeneration").and_then(Value::as_i64);
    let conditions = status.get("conditions").and_then(|conditions| Conditions::deserialize(conditions).ok());
    observed == Some(metadata::generation(object))
        && conditions.is_some_and(|conditions| conditions.is_true("Ready"))
}

/// An expression of the spec cannot be read: nothing but a change of the object helps.
pub(crate) fn invalid_expression(subject: &mut Subject, context: &mut Context, error: &str) -> Ending {
    let message = format!("Reconciliation failed terminally due to configuration error: {error}");
    subject.not_ready(context, "InvalidCELExpression", &message);
    subject.stalled(context, "InvalidCELExpression", &message);
    subject.event(context, EventType::Warning, "InvalidCELExpression", error);
    Ending::Terminal(message)
}

fn wait_for_dependency(subject: &mut Subject, context: &mut Context, message: &str) -> Ending {
    let before = subject.status.conditions.get("Ready").map(|ready| ready.message.clone());
    subject.not_ready(context, "DependencyNotReady", message);
    // One event per change, not one per look (spec 08 row 13).
    if before.as_deref() != Some(message) {
        subject.event(context, EventType::Normal, "DependencyNotReady", message);
    }
    let nanos = subject.config.requeue_dependency;
    let delay = GoDuration::from_nanos(i64::try_from(nanos).unwrap_or(i64::MAX));
    context.log(
        LogLevel::Info,
        format!("dependencies do not meet ready condition ({message}): retrying in {delay}"),
    );
    Ending::After { nanos, why: Why::Dependency, observed: false }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::Config;

    fn check(no_cross_namespace_refs: bool) -> (Option<Result<(), Ending>>, Subject) {
        let config = Config { no_cross_namespace_refs, ..Config::default() };
        let object = serde_json::json!({
            "metadata": {"name": "n", "namespace": "ns", "generation": 1},
            "spec": {"interval": "1m", "dependsOn": [{"name": "base", "namespace": "other"}]},
        });
        let mut subject = Subject::new(Arc::new(config), &object).unwrap();
        let outcome = DependencyCheck::default().poll(&mut subject, &mut Context::new(1));
        (outcome, subject)
    }

    #[test]
    fn dependencies_in_other_namespaces_need_permission() {
        assert_eq!(check(false).0, None);
        let (outcome, subject) = check(true);
        assert!(matches!(outcome, Some(Err(Ending::Terminal(_)))));
        let stalled = subject.status.conditions.get("Stalled").unwrap();
        assert_eq!(stalled.reason, "AccessDenied");
        assert_eq!(
            stalled.message,
            "cross-namespace references are not allowed: cannot access HelmRelease other/base"
        );
    }
}
