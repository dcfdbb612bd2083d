//! `Status` objects: refusals and the outcome of deletions, as clients read them.

use pilothouse_protocol::ApiError;
use serde_json::{Value, json};

use crate::server::errors::UNPROCESSABLE;
use crate::server::kinds::Kind;

/// What an error is about.
#[derive(Debug, Clone, Default)]
pub(crate) struct Subject {
    name: String,
    group: String,
    plural: String,
    kind: String,
    is_builtin: bool,
}

impl Subject {
    /// An object of a kind; the name is empty for a collection.
    pub(crate) fn new(kind: &Kind, name: &str) -> Self {
        Self {
            name: name.to_owned(),
            group: kind.gvk.group().to_owned(),
            plural: kind.plural.clone(),
            kind: kind.gvk.kind.clone(),
            is_builtin: kind.is_builtin(),
        }
    }
}

/// A failure.
pub(crate) fn failure(error: &ApiError, subject: Option<&Subject>) -> Value {
    let mut status = json!({
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "message": error.message,
        "code": error.code,
    });
    if !error.reason.is_empty() {
        status["reason"] = json!(error.reason);
    }
    let mut details = details(error, subject);
    if let Some(seconds) = error.retry_after_seconds {
        details["retryAfterSeconds"] = json!(seconds);
    }
    let is_empty = details.as_object().is_none_or(serde_json::Map::is_empty);
    if !is_empty || error.message == UNPROCESSABLE {
        status["details"] = details;
    }
    status
}

/// A deletion that is done.
pub(crate) fn deleted(kind: &Kind, name: &str, uid: &str) -> Value {
    let mut details = json!({"name": name, "kind": kind.plural, "uid": uid});
    if !kind.gvk.group().is_empty() {
        details["group"] = json!(kind.gvk.group());
    }
    json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "details": details})
}

fn details(error: &ApiError, subject: Option<&Subject>) -> Value {
    let mut details = json!({});
    let about = matches!(error.code, 403 | 404 | 405 | 409 | 410 | 422 | 500 | 504);
    // Some refusals say nothing about whom they concern.
    let is_mute = error.reason == "Expired"
        || error.message.starts_with(" \"\" is invalid: patch: ")
        || (error.code == 500 && error.reason.is_empty())
        || error.message.starts_with("the server rejected our request");
    if let Some(subject) = subject.filter(|_| about && !is_mute) {
        let is_about_version = error.message.ends_with("must be specified for an update");
        let names_kind =
            (error.code == 422 && !is_about_version) || error.message.contains("the UID in the precondition");
        let kind = if names_kind { &subject.kind } else { &subject.plural };
        for (field, value) in [("name", &subject.name), ("group", &subject.group), ("kind", kind)] {
            if !value.is_empty() {
                details[field] = json!(value);
            }
        }
    }
    if error.code == 422 && error.reason == "Invalid" {
        let mut causes = causes(&error.message);
        // The server checks some fields twice, and says in the message once what it has found.
        let is_job = subject.is_some_and(|subject| subject.is_builtin && subject.plural == "jobs");
        let is_once =
            subject.is_some_and(|subject| subject.is_builtin && ONCE.contains(&subject.plural.as_str()));
        let again = causes.iter().filter(|cause| {
            (cause["field"] == "metadata.finalizers" && !is_once)
                || (is_job && cause["field"] == "spec.selector" && cause["message"] == "Required value")
                || (is_job && cause["field"] == "spec.template.metadata.labels")
        });
        let again = again.cloned();
        causes.extend(again.collect::<Vec<_>>());
        if !causes.is_empty() {
            details["causes"] = Value::Array(causes);
        }
    }
    if error.code == 409 && error.message.starts_with("Apply failed with ") {
        details = json!({"causes": conflicts(&error.message)});
    }
    if error.message.starts_with("Too large resource version: ") {
        let cause = json!({"reason": "ResourceVersionTooLarge", "message": "Too large resource version"});
        details["causes"] = json!([cause]);
    }
    details
}

/// Built-in kinds whose metadata is checked once.
const ONCE: [&str; 5] = [
    "poddisruptionbudgets",
    "mutatingwebhookconfigurations",
    "validatingwebhookconfigurations",
    "endpointslices",
    "persistentvolumes",
];

/// The words that follow a field in a validation error, with the reason of the cause.
const CAUSES: [(&str, &str); 9] = [
    ("Invalid value", "FieldValueInvalid"),
    ("Required value", "FieldValueRequired"),
    ("Unsupported value", "FieldValueNotSupported"),
    ("Duplicate value", "FieldValueDuplicate"),
    ("Forbidden", "FieldValueForbidden"),
    ("Not found", "FieldValueNotFound"),
    ("Too long", "FieldValueTooLong"),
    ("Too many", "FieldValueTooMany"),
    ("Internal error", "InternalError"),
];

/// The causes within the text of a validation error.
fn causes(message: &str) -> Vec<Value> {
    let Some((_, text)) = message.split_once(" is invalid: ") else { return Vec::new() };
    let text = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    let mut starts = vec![0];
    starts.extend(text.match_indices(", ").map(|(at, _)| at + 2).filter(|at| cause(&text[*at..]).is_some()));
    let ends = starts.iter().skip(1).map(|start| start - 2).chain([text.len()]);
    let parts = starts.iter().zip(ends).filter_map(|(start, end)| text.get(*start..end));
    parts.filter_map(cause).collect()
}

fn cause(text: &str) -> Option<Value> {
    let (field, message) = text.split_once(": ")?;
    if field.contains(' ') {
        return None;
    }
    let (_, reason) = CAUSES.iter().find(|(words, _)| message.starts_with(words))?;
    Some(json!({"reason": reason, "message": message, "field": field}))
}

/// The conflicts within the text of a refused apply.
fn conflicts(message: &str) -> Vec<Value> {
    let cause = |manager: &str, field: &str| json!({"reason": "FieldManagerConflict", "message": format!("conflict with {manager}"), "field": field});
    let Some((_, text)) = message.split_once(": ") else { return Vec::new() };
    if let Some((manager, field)) =
        text.strip_prefix("conflict with ").and_then(|rest| rest.rsplit_once(": "))
    {
        return vec![cause(manager, field)];
    }
    let (mut manager, mut found) = ("", Vec::new());
    for line in text.lines() {
        match (line.strip_prefix("conflicts with "), line.strip_prefix("- ")) {
            (Some(named), _) => manager = named.trim_end_matches(':'),
            (None, Some(field)) => found.push(cause(manager, field)),
            (None, None) => {}
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::kinds::Kinds;

    #[test]
    fn validation_errors_name_their_fields() {
        let kinds = Kinds::builtin("v1.36.1");
        let kind = kinds.find("apps/v1", "Deployment").expect("a kind");
        let text = "Deployment.apps \"x\" is invalid: [spec.a: Required value, spec.b: Invalid value: \"p, q\": why, and more]";
        let status = failure(&ApiError::new(422, "Invalid", text), Some(&Subject::new(kind, "x")));
        assert_eq!(
            status["details"],
            json!({"name": "x", "group": "apps", "kind": "Deployment", "causes": [
                {"reason": "FieldValueRequired", "message": "Required value", "field": "spec.a"},
                {"reason": "FieldValueInvalid", "message": "Invalid value: \"p, q\": why, and more", "field": "spec.b"}]})
        );
    }

    #[test]
    fn conflicts_name_manager_and_field() {
        let one = "Apply failed with 1 conflict: conflict with \"a\" using v1: .data.x";
        let many = "Apply failed with 2 conflicts: conflicts with \"a\":\n- .data.x\n- .data.y";
        assert_eq!(conflicts(one)[0]["field"], ".data.x");
        assert_eq!(conflicts(one)[0]["message"], "conflict with \"a\" using v1");
        assert_eq!(conflicts(many).len(), 2);
        assert_eq!(conflicts(many)[1]["message"], "conflict with \"a\"");
    }
}
