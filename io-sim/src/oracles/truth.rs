//! A status never claims what is false, at the moment when it is written.

use std::collections::BTreeMap;

use pilothouse_api::{HelmRelease, Snapshot};
use pilothouse_protocol::{Monotonic, ReleaseKey, metadata};
use pilothouse_release::verify_object;
use serde_json::Value;

use super::Meddled;
use super::look::{is_of_the_past, list, was_sent_by};
use super::releases::Releases;
use crate::world::{Machine, World};

/// The most entries of a history: five, the one that is kept for a rollback, and one that has just begun.
const HISTORY_MAX: usize = 7;

/// The statuses that were looked at.
#[derive(Debug, Default)]
pub(super) struct Truth {
    seen: BTreeMap<ReleaseKey, Claim>,
    /// When somebody has taken a field away: a status that was sent before is no claim without it.
    forgotten: BTreeMap<ReleaseKey, Monotonic>,
}

/// What a status says about the release: its condition Ready and the newest entry of its history.
#[derive(Debug, Clone, PartialEq)]
struct Claim {
    ready: Value,
    latest: Value,
    reconciling: bool,
}

impl Truth {
    /// Somebody has taken a field from the status of a HelmRelease with this key.
    pub(super) fn forget(&mut self, key: ReleaseKey, moment: Monotonic) {
        self.forgotten.insert(key, moment);
    }

    /// What a status that has changed claims wrongly.
    pub(super) fn check<M: Machine>(
        &mut self,
        world: &World<M>,
        releases: &Releases,
        meddled: &Meddled,
    ) -> Option<String> {
        for object in list(world, "HelmRelease", None) {
            let key = ReleaseKey::of(&object);
            let claim = Claim::of(&object);
            let before = self.seen.insert(key.clone(), claim.clone());
            if before.as_ref() == Some(&claim) {
                continue;
            }
            if meddled.has(&key.namespace, &key.name) {
                continue;
            }
            // While a reconcile is marked, an untouched Ready tells how the last one ended.
            let untouched = claim.reconciling && before.is_some_and(|before| before.ready == claim.ready);
            let wrong = wrong(&object, releases, untouched).or_else(|| incomplete(&object));
            let exchanges = &world.record().exchanges;
            let was_whole = |moment: &Monotonic| was_sent_by(*moment, exchanges, &object);
            let excused =
                || is_of_the_past(exchanges, &object) || self.forgotten.get(&key).is_some_and(was_whole);
            if let Some(wrong) = wrong.filter(|_| !excused()) {
                return Some(format!("status of {key}: {wrong}"));
            }
        }
        None
    }
}

impl Claim {
    fn of(object: &Value) -> Self {
        let conditions = object.pointer("/status/conditions").and_then(Value::as_array);
        let find =
            |kind: &str| conditions.and_then(|all| all.iter().find(|condition| condition["type"] == kind));
        Self {
            ready: find("Ready").cloned().unwrap_or_default(),
            latest: object.pointer("/status/history/0").cloned().unwrap_or_default(),
            reconciling: find("Reconciling").is_some_and(|condition| condition["status"] == "True"),
        }
    }
}

fn wrong(object: &Value, releases: &Releases, untouched: bool) -> Option<String> {
    let release = match HelmRelease::from_object(object) {
        Ok(release) => release,
        Err(error) => return Some(format!("cannot be read: {error}")),
    };
    let generation = metadata::generation(object);
    let observed = object.pointer("/status/observedGeneration").and_then(Value::as_i64).unwrap_or_default();
    if observed > generation {
        return Some(format!("observedGeneration {observed} is ahead of generation {generation}"));
    }
    let conditions = object.pointer("/status/conditions").and_then(Value::as_array);
    for condition in conditions.into_iter().flatten() {
        if condition["observedGeneration"].as_i64().unwrap_or_default() > generation {
            return Some(format!("{condition} is ahead of generation {generation}"));
        }
        if condition["type"] == "Ready" && condition["status"] == "True" && !untouched {
            return unfounded(&release, releases);
        }
    }
    None
}

/// What a status leaves open, or says of tests that have not run.
fn incomplete(object: &Value) -> Option<String> {
    let status = |kind: &str| {
        let all = object.pointer("/status/conditions").and_then(Value::as_array);
        let found = all.and_then(|all| all.iter().find(|condition| condition["type"] == kind));
        found.and_then(|found| found["status"].as_str()).unwrap_or("absent")
    };
    let open = status("Ready") == "False" && status("Reconciling") != "True" && status("Stalled") != "True";
    let hooks = object.pointer("/status/history/0/testHooks").and_then(Value::as_object);
    let failed = hooks.into_iter().flatten().any(|(_, hook)| hook["phase"] == "Failed");
    // A test that failed and is not remediated is the end.
    let tested = failed && status("TestSuccess") == "False" && status("Released") == "True";
    if open && !tested && !metadata::is_deleting(object) {
        return Some("not Ready, and neither Reconciling nor Stalled".to_owned());
    }
    let history = object.pointer("/status/history").and_then(Value::as_array);
    if history.is_some_and(|history| history.len() > HISTORY_MAX) {
        return Some(format!("the history has more than {HISTORY_MAX} entries"));
    }
    let not_run = hooks.into_iter().flatten().find(|(_, hook)| hook["phase"] != "Succeeded");
    not_run
        .filter(|_| status("TestSuccess") == "True")
        .map(|(name, hook)| format!("TestSuccess, and the test {name} is {:?}", hook["phase"]))
}

/// Why Ready=True is not founded in the storage.
fn unfounded(release: &HelmRelease, releases: &Releases) -> Option<String> {
    let Some(latest) = release.status.history.0.first() else {
        return Some("Ready without history".to_owned());
    };
    let Snapshot { name, version, status, .. } = latest;
    if status != "deployed" {
        return Some(format!("Ready, and {name}.v{version} is {status} in its history"));
    }
    let storage = &release.status.storage_namespace;
    let Some(stored) = releases.of(storage, name).and_then(|revisions| revisions.get(version)) else {
        return Some(format!("Ready, and {name}.v{version} is not stored in {storage}"));
    };
    if stored.status() != "deployed" {
        return Some(format!("Ready, and {name}.v{version} is stored as {}", stored.status()));
    }
    let record = stored.record.as_ref().ok()?;
    verify_object(latest, record).err().map(|error| format!("Ready, and {name}.v{version}: {error}"))
}
