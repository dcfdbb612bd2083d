//! What a step is on a timeline: the input, what followed from it, and what that means for conditions and storage.

use std::collections::BTreeMap;

use pilothouse_operator::{OperatorAction, OperatorInput};
use pilothouse_protocol::{
    Action, Failure, Identity, ObjectRef, Observation, Patch, ReleaseKey, Reply, Request, metadata,
};
use serde_json::{Value, json};

use super::summary::{input_text, shortened};
use crate::record::Step;

/// Lines of a timeline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lane {
    /// What the operator was told.
    Input,
    /// What it wanted.
    Action,
    /// What went wrong: errors of the API server, lost connections.
    Fault,
    /// How conditions of HelmReleases have changed.
    Condition,
    /// What was written to Helm's storage.
    Storage,
}

impl Lane {
    /// The name, in small letters.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Input => "input",
            Self::Action => "action",
            Self::Fault => "fault",
            Self::Condition => "condition",
            Self::Storage => "storage",
        }
    }
}

/// Something on a timeline.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// Nanoseconds since the start of the recording.
    pub at: u64,
    /// Where it stands.
    pub lane: Lane,
    /// The kind of input or action, `Reply`, `Patch`, `Emit`.
    pub kind: String,
    /// The release; `None` for what concerns all.
    pub release: Option<ReleaseKey>,
    /// In a line.
    pub text: String,
    /// What the release was doing afterwards.
    pub phase: String,
    /// All of it, with long texts cut.
    pub detail: Value,
}

/// Makes entries of steps.
#[derive(Default)]
pub(super) struct Entries {
    conditions: BTreeMap<(ReleaseKey, String), Value>,
}

impl Entries {
    /// The entries of a step. `at` in nanoseconds since the start, `describe` says what a release is doing.
    pub(super) fn of(
        &mut self,
        step: &Step,
        actions: &[OperatorAction],
        at: u64,
        describe: &dyn Fn(&ReleaseKey) -> String,
    ) -> Vec<Entry> {
        let phase = |release: &Option<ReleaseKey>| release.as_ref().map(describe).unwrap_or_default();
        let release = release_of(&step.input);
        let mut entries = vec![Entry {
            at,
            lane: if is_fault(&step.input) { Lane::Fault } else { Lane::Input },
            kind: input_kind(&step.input).to_owned(),
            text: input_text(&step.input),
            phase: phase(&release),
            detail: input_detail(&step.input),
            release,
        }];
        for OperatorAction { key, action } in actions {
            let (kind, text) = action_text(action);
            let entry = Entry {
                at,
                lane: Lane::Action,
                kind: kind.to_owned(),
                release: Some(key.clone()),
                text,
                phase: describe(key),
                detail: shortened(serde_json::to_value(action).unwrap_or_default()),
            };
            let told = |lane, text, detail| Entry { lane, text, detail, ..entry.clone() };
            let conditions = self.conditions(key, action);
            let mut meanings: Vec<Entry> =
                conditions.into_iter().map(|(text, detail)| told(Lane::Condition, text, detail)).collect();
            meanings.extend(storage(action).map(|text| told(Lane::Storage, text, entry.detail.clone())));
            entries.push(entry);
            entries.append(&mut meanings);
        }
        entries
    }

    /// Conditions that a status changes.
    fn conditions(&mut self, key: &ReleaseKey, action: &Action) -> Vec<(String, Value)> {
        let Action::Request { request: Request::Patch { body, status: true, .. }, .. } = action else {
            return Vec::new();
        };
        let mut changed = Vec::new();
        for condition in body.pointer("/status/conditions").and_then(Value::as_array).into_iter().flatten() {
            let text = |field: &str| condition[field].as_str().unwrap_or_default().to_owned();
            let (kind, told) = (text("type"), [text("status"), text("reason"), text("message")]);
            let known = self.conditions.insert((key.clone(), kind.clone()), json!(told));
            if known != Some(json!(told)) {
                let [status, reason, message] = told;
                changed.push((format!("{kind}={status} {reason}: {message}"), condition.clone()));
            }
        }
        changed
    }
}

/// What a write to Helm's storage means.
fn storage(action: &Action) -> Option<String> {
    let Action::Request { request, .. } = action else { return None };
    let (verb, body) = match request {
        Request::Create { body } => ("created", body),
        Request::Update { body } | Request::Patch { body, dry_run: false, .. } => ("updated", body),
        Request::Delete { object, .. } if object.name.starts_with("sh.helm.release.v1.") => {
            return Some(format!("{} deleted", object.name.trim_start_matches("sh.helm.release.v1.")));
        }
        _ => return None,
    };
    let label = |name: &str| metadata::label(body, name);
    if label("owner") != Some("helm") {
        return None;
    }
    let (name, version) = (label("name").unwrap_or_default(), label("version").unwrap_or_default());
    Some(format!("{name}.v{version} {verb}: {}", label("status").unwrap_or_default()))
}

fn release_of(input: &OperatorInput) -> Option<ReleaseKey> {
    match input {
        OperatorInput::Release { key, .. }
        | OperatorInput::Reply { key, .. }
        | OperatorInput::Observed { key, .. } => Some(key.clone()),
        _ => None,
    }
}

fn is_fault(input: &OperatorInput) -> bool {
    let is_fault = |failure: &Failure| !failure.is_not_found();
    match input {
        OperatorInput::Reply { reply: Reply::Failed(failure), .. }
        | OperatorInput::Observed { observation: Observation::Failed(failure), .. } => is_fault(failure),
        _ => false,
    }
}

fn input_kind(input: &OperatorInput) -> &'static str {
    match input {
        OperatorInput::Release { .. } => "Release",
        OperatorInput::Source { .. } => "Source",
        OperatorInput::Synced => "Synced",
        OperatorInput::Config { .. } => "Config",
        OperatorInput::Storage { .. } => "Storage",
        OperatorInput::StorageWatched(_) => "StorageWatched",
        OperatorInput::Reply { .. } => "Reply",
        OperatorInput::Observed { .. } => "Observed",
        OperatorInput::Timer => "Timer",
        OperatorInput::Shutdown => "Shutdown",
    }
}

fn input_detail(input: &OperatorInput) -> Value {
    match input {
        OperatorInput::Reply { id, reply: Reply::Artifact(bytes), .. } => {
            json!({"id": id, "bytes": bytes.len()})
        }
        OperatorInput::Reply { id, reply: Reply::Discovery(found), .. } => {
            json!({"id": id, "gitVersion": found.git_version, "kinds": found.resources.len()})
        }
        other => shortened(serde_json::to_value(other).unwrap_or_default()),
    }
}

/// The kind of an action and a line about it.
pub(super) fn action_text(action: &Action) -> (&'static str, String) {
    match action {
        Action::Request { id, identity, request } => {
            let (kind, text) = request_text(request);
            (kind, format!("#{} {text}{}", id.0, user_text(identity)))
        }
        Action::Watch { id, identity, target } => {
            let place =
                target.namespace.as_ref().map(|namespace| format!(" in {namespace}")).unwrap_or_default();
            ("Watch", format!("#{} {}{place}{}", id.0, target.kind, user_text(identity)))
        }
        Action::Unwatch { id } => ("Unwatch", format!("#{}", id.0)),
        Action::Emit(event) => ("Emit", format!("{:?} {}: {}", event.kind, event.reason, event.message)),
        Action::Log(entry) => {
            let error = entry.fields.get("error").map(|error| format!(": {error}")).unwrap_or_default();
            ("Log", format!("{:?} {}{error}", entry.level, entry.message))
        }
    }
}

fn request_text(request: &Request) -> (&'static str, String) {
    let listed = |kind: &str, namespace: &Option<String>, labels: &BTreeMap<String, String>| {
        let place = namespace.as_ref().map(|namespace| format!(" in {namespace}")).unwrap_or_default();
        let labels: Vec<String> = labels.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let labels = if labels.is_empty() { String::new() } else { format!(" with {}", labels.join(",")) };
        format!("{kind}{place}{labels}")
    };
    match request {
        Request::Get { object } => ("Get", object.to_string()),
        Request::List { kind, namespace, labels, .. } => ("List", listed(kind, namespace, labels)),
        Request::ListMetadata { kind, namespace, labels, .. } => {
            ("ListMetadata", listed(kind, namespace, labels))
        }
        Request::Create { body } => ("Create", ObjectRef::of(body).to_string()),
        Request::Update { body } => ("Update", ObjectRef::of(body).to_string()),
        Request::Patch { object, patch, status, dry_run, .. } => {
            let way = match patch {
                Patch::Apply { .. } => "apply",
                Patch::Merge => "merge",
                Patch::Json => "JSON patch",
                Patch::StrategicMerge => "strategic merge",
            };
            let part = if *status { " status" } else { "" };
            let dry_run = if *dry_run { ", dry run" } else { "" };
            ("Patch", format!("{object}{part} ({way}{dry_run})"))
        }
        Request::Delete { object, propagation, .. } => ("Delete", format!("{object} ({propagation:?})")),
        Request::Discover { fresh } => ("Discover", if *fresh { "asked anew" } else { "" }.to_owned()),
        Request::Fetch { url } => ("Fetch", url.clone()),
    }
}

/// Who asks, when it is not the operator itself.
fn user_text(identity: &Identity) -> String {
    let cluster = identity.cluster().map(|cluster| format!(" at {}", cluster.server)).unwrap_or_default();
    match identity.impersonated() {
        Some((namespace, name)) => format!(" as {namespace}/{name}{cluster}"),
        None => cluster,
    }
}
