//! Inputs and values in few words.

use pilothouse_operator::OperatorInput;
use pilothouse_protocol::{Failure, ObjectRef, Observation, Reply, metadata};
use serde_json::Value;

/// How much of a text stands in the details, in characters.
const TEXT_MAX: usize = 400;
/// How many objects of a list are named in a line.
const NAMES_MAX: usize = 4;
/// How many items of a list stand in the details.
const ITEMS_MAX: usize = 40;

/// An input in a line. Objects are named, not shown.
pub(super) fn input_text(input: &OperatorInput) -> String {
    match input {
        OperatorInput::Release { object, .. } => match object {
            Some(object) => format!(
                "HelmRelease generation {} version {}",
                metadata::generation(object),
                metadata::resource_version(object)
            ),
            None => "HelmRelease is gone".to_owned(),
        },
        OperatorInput::Source { object, value } => match value {
            Some(value) => {
                let revision = value.pointer("/status/artifact/revision").and_then(Value::as_str);
                format!("{object} {}", revision.unwrap_or("without artifact"))
            }
            None => format!("{object} is gone"),
        },
        OperatorInput::Synced => "everything watched was seen once".to_owned(),
        OperatorInput::Config { object } => format!("{object} has changed"),
        OperatorInput::Storage { object, version } => match version {
            Some(version) => format!("{object} version {version}"),
            None => format!("{object} is gone"),
        },
        OperatorInput::StorageWatched(watched) => format!("storage is watched: {watched}"),
        OperatorInput::Reply { id, reply, .. } => format!("#{} {}", id.0, reply_text(reply)),
        OperatorInput::Observed { watch, observation, .. } => {
            format!("#{} {}", watch.0, observed_text(observation))
        }
        OperatorInput::Timer => "a deadline has come".to_owned(),
        OperatorInput::Shutdown => "the process is to end".to_owned(),
    }
}

fn reply_text(reply: &Reply) -> String {
    match reply {
        Reply::Object(object) => named(object),
        Reply::List(objects) => listed(objects.iter().map(|object| named(object))),
        Reply::Deleted => "deleted".to_owned(),
        Reply::Discovery(found) => {
            format!("Kubernetes {} with {} kinds", found.git_version, found.resources.len())
        }
        Reply::Artifact(bytes) => format!("artifact of {} bytes", bytes.len()),
        Reply::Failed(failure) => failure_text(failure),
    }
}

fn observed_text(observation: &Observation) -> String {
    match observation {
        Observation::Snapshot(objects) => {
            format!("all: {}", listed(objects.iter().map(|object| named(object))))
        }
        Observation::Changed(object) => named(object),
        Observation::Gone(object) => format!("{object} is gone"),
        Observation::Failed(failure) => failure_text(failure),
    }
}

fn failure_text(failure: &Failure) -> String {
    match failure {
        Failure::Api(error) => format!("{} {}: {}", error.code, error.reason, error.message),
        Failure::Unreachable(text) => format!("unreachable: {text}"),
        Failure::Unknown(text) => format!("no answer: {text}"),
        Failure::Http { line, .. } => line.clone(),
    }
}

fn named(object: &Value) -> String {
    format!("{} version {}", ObjectRef::of(object), metadata::text(object, "resourceVersion"))
}

fn listed(names: impl ExactSizeIterator<Item = String>) -> String {
    let count = names.len();
    let first: Vec<String> = names.take(NAMES_MAX).collect();
    match count {
        0 => "none".to_owned(),
        count if count > NAMES_MAX => format!("{count}: {}, …", first.join(", ")),
        count => format!("{count}: {}", first.join(", ")),
    }
}

/// A value with long texts and lists cut, and without what nobody reads.
pub(super) fn shortened(value: Value) -> Value {
    match value {
        Value::String(text) => match text.char_indices().nth(TEXT_MAX) {
            Some((end, _)) => format!("{}… ({} bytes)", &text[..end], text.len()).into(),
            None => Value::String(text),
        },
        Value::Array(items) => {
            let more = items.len().saturating_sub(ITEMS_MAX);
            let mut kept: Vec<Value> = items.into_iter().take(ITEMS_MAX).map(shortened).collect();
            if more > 0 {
                kept.push(format!("… and {more} more").into());
            }
            Value::Array(kept)
        }
        Value::Object(fields) => {
            let kept = fields.into_iter().filter(|(name, _)| name != "managedFields");
            Value::Object(kept.map(|(name, field)| (name, shortened(field))).collect())
        }
        other => other,
    }
}
