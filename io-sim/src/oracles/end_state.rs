//! Where a run has led to, without everything that depends on the way.

use std::collections::BTreeMap;

use pilothouse_api::{ORIGIN_NAME_LABEL, ORIGIN_NAMESPACE_LABEL};
use pilothouse_protocol::{Object, metadata};
use serde_json::{Value, json};

use super::look::{is_leftover, list, values_of};
use super::releases::Releases;
use crate::world::{Machine, World};

/// Kinds whose objects are compared.
const KINDS: [&str; 6] = ["ConfigMap", "Secret", "Service", "Deployment", "Job", "HelmChart"];
/// Conditions whose status says where a release stands.
const CONDITIONS: [&str; 3] = ["Ready", "Stalled", "TestSuccess"];

/// Where a run has led to.
#[derive(Debug, Clone, PartialEq)]
pub struct EndState {
    /// Conditions of the HelmReleases, by namespace and name.
    pub releases: BTreeMap<String, Value>,
    /// Status and manifest of the newest stored revision of each release.
    pub storage: BTreeMap<String, Value>,
    /// Contents of the objects.
    pub objects: BTreeMap<String, Value>,
}

/// Looks at a world. What belongs to a HelmRelease that is not ready is left out: how far it had got when it could not go on
/// any more depends on the way. So is what nobody alive has written.
#[must_use]
pub fn end_state<M: Machine>(world: &World<M>) -> EndState {
    let mut releases = Releases::default();
    releases.update(world);
    let declared = list(world, "HelmRelease", None);
    let unready: Vec<&Object> = declared.iter().filter(|release| !is_ready(release)).collect();
    let is_unready = |labelled: &dyn Fn(&str) -> Option<String>| {
        unready.iter().any(|release| {
            labelled(ORIGIN_NAME_LABEL).as_deref() == Some(metadata::text(release, "name"))
                && labelled(ORIGIN_NAMESPACE_LABEL).as_deref() == Some(metadata::text(release, "namespace"))
        })
    };
    let exchanges = &world.record().exchanges;
    let newest = releases.all.iter().filter_map(|((namespace, name), revisions)| {
        let (_, revision) = revisions.last_key_value()?;
        let manifest = revision.record.as_ref().map(|record| record.manifest.clone()).unwrap_or_default();
        // What a deleted release was last, if it was installed at all, depends on how much was seen before the deletion.
        if revision.status() == "uninstalled"
            || is_leftover(exchanges, &revision.secret)
            || is_unready(&|label| values_of(&manifest, label).next().map(str::to_owned))
        {
            return None;
        }
        Some((format!("{namespace}/{name}"), json!({"status": revision.status(), "manifest": manifest})))
    });
    let objects =
        KINDS.iter().flat_map(|kind| list(world, kind, None).into_iter().map(move |object| (*kind, object)));
    let objects = objects.filter(|(_, object)| {
        let label = |label: &str| metadata::label(object, label).map(str::to_owned);
        object["type"] != "helm.sh/release.v1" && !is_unready(&label) && !is_leftover(exchanges, object)
    });
    EndState {
        releases: declared.iter().map(|release| (key(release), conditions(release))).collect(),
        storage: newest.collect(),
        objects: objects
            .map(|(kind, object)| (format!("{kind} {}", key(&object)), content(&object)))
            .collect(),
    }
}

impl EndState {
    /// Where two ends differ: one line for each place.
    #[must_use]
    pub fn differences(&self, other: &Self) -> Vec<String> {
        let mut found = Vec::new();
        for (part, ours, theirs) in [
            ("HelmRelease", &self.releases, &other.releases),
            ("storage", &self.storage, &other.storage),
            ("object", &self.objects, &other.objects),
        ] {
            let mut keys: Vec<&String> = ours.keys().chain(theirs.keys()).collect();
            keys.sort();
            keys.dedup();
            for key in keys.into_iter().filter(|key| ours.get(*key) != theirs.get(*key)) {
                let show =
                    |value: Option<&Value>| value.map_or_else(|| "absent".to_owned(), Value::to_string);
                found.push(format!(
                    "{part} {key}: {} instead of {}",
                    show(theirs.get(key)),
                    show(ours.get(key))
                ));
            }
        }
        found
    }
}

fn is_ready(release: &Value) -> bool {
    let all = release.pointer("/status/conditions").and_then(Value::as_array);
    all.into_iter().flatten().any(|condition| condition["type"] == "Ready" && condition["status"] == "True")
}

fn key(object: &Value) -> String {
    format!("{}/{}", metadata::text(object, "namespace"), metadata::text(object, "name"))
}

fn conditions(release: &Object) -> Value {
    let all = release.pointer("/status/conditions").and_then(Value::as_array);
    let of_interest = |condition: &&Value| CONDITIONS.iter().any(|kind| condition["type"] == *kind);
    let shown = all.into_iter().flatten().filter(of_interest);
    shown.map(|condition| json!([condition["type"], condition["status"]])).collect()
}

/// Hooks are traces of actions, and name revisions: only their existence counts.
fn content(object: &Object) -> Value {
    let metadata = &object["metadata"];
    if pilothouse_protocol::metadata::annotation(object, "helm.sh/hook").is_some() {
        return json!("hook");
    }
    json!({"labels": metadata["labels"], "data": object["data"], "spec": object["spec"]})
}
