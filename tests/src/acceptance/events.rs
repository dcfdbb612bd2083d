//! Events as far as they are compared.

use std::collections::BTreeMap;

use pilothouse_io_sim::world::RecordedEvent;
use pilothouse_protocol::EventType;
use serde_json::{Value, json};

use super::normalise::{Normaliser, python_json};

/// What separates the message of an event from the log of the action.
const LOG_TAIL: &str = "\n\nLast Helm logs:";

/// Events about HelmReleases in namespaces, each once, in the order of their text. The own namespace comes first.
pub(super) fn events(events: &[RecordedEvent], namespaces: &[String], normaliser: &Normaliser) -> Value {
    let mut found = BTreeMap::new();
    for RecordedEvent { event, .. } in events {
        let namespace = event.regarding.namespace.clone().unwrap_or_default();
        if event.regarding.kind != "HelmRelease" || !namespaces.contains(&namespace) {
            continue;
        }
        let is_own = namespaces.first() == Some(&namespace);
        let name = &event.regarding.name;
        let message = event.message.split(LOG_TAIL).next().unwrap_or_default();
        let summary = json!({
            "object": if is_own { name.clone() } else { format!("{namespace}/{name}") },
            "type": match event.kind { EventType::Normal => "Normal", EventType::Warning => "Warning" },
            "reason": event.reason,
            "message": normaliser.strict(message),
            "annotations": event.annotations,
            "component": "helm-controller",
        });
        found.insert(python_json(&summary), summary);
    }
    found.into_values().collect()
}
