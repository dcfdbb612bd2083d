//! From observations to the history in the status (spec 04 §3).

use std::collections::BTreeMap;

use pilothouse_api::{Filter, History, Snapshot, TestHookStatus};
use pilothouse_chart::{Hook, HookEvent};
use pilothouse_encoding::timestamp::Timestamp;
use pilothouse_encoding::yaml::EmitError;
use serde_json::Map;

use crate::verify::SNAPSHOT_API_VERSION;
use crate::{Digests, Observation, ReleaseRecord};

/// Why an observation cannot be made into a snapshot.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    /// The release cannot be serialised.
    #[error("{0}")]
    Json(#[from] serde_json::Error),
    /// The values cannot be written as YAML.
    #[error("{0}")]
    Yaml(#[from] EmitError),
}

/// What an install or upgrade wrote: the last observation of each revision.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct CollectedObservations(BTreeMap<u32, Observation>);

impl CollectedObservations {
    /// Collects a record that was persisted; the last one of a revision wins.
    pub fn collect(&mut self, record: &ReleaseRecord) {
        self.0.insert(record.version, Observation::of(record));
    }
}

impl<'a, R: AsRef<ReleaseRecord> + 'a> FromIterator<&'a R> for CollectedObservations {
    fn from_iter<I: IntoIterator<Item = &'a R>>(records: I) -> Self {
        let mut collected = Self::default();
        records.into_iter().for_each(|record| collected.collect(record.as_ref()));
        collected
    }
}

/// The snapshot of an observation.
///
/// # Errors
/// When the observation cannot be serialised.
pub fn snapshot_of(
    observation: &Observation,
    digests: impl Into<Digests>,
) -> Result<Snapshot, SnapshotError> {
    let digests = digests.into();
    let metadata = &observation.chart_metadata;
    let config = observation.config.as_ref();
    let deleted = observation.info.deleted;
    Ok(Snapshot {
        api_version: SNAPSHOT_API_VERSION.to_owned(),
        digest: digests.release(observation)?,
        name: observation.name.clone(),
        namespace: observation.namespace.clone(),
        version: observation.version,
        status: observation.info.status.to_string(),
        action: observation.action.clone(),
        chart_name: metadata.name.clone(),
        chart_version: metadata.version.clone(),
        app_version: metadata.app_version.clone(),
        config_digest: digests.config(config.unwrap_or(&Map::new()))?,
        first_deployed: observation.info.first_deployed.to_seconds_string(),
        last_deployed: observation.info.last_deployed.to_seconds_string(),
        deleted: seconds(deleted),
        test_hooks: None,
        oci_digest: observation.oci_digest.clone(),
    })
}

/// Records what an install or upgrade wrote: a new snapshot of the highest revision, and refreshed ones of the lower
/// revisions that are in the history. One that is in the history already is refreshed: the new revision was not stored.
///
/// # Errors
/// When an observation cannot be serialised; the history is unchanged then.
pub fn record_collected(
    history: &mut History,
    collected: &CollectedObservations,
    action: &str,
    oci_digest: &str,
    digests: impl Into<Digests>,
) -> Result<(), SnapshotError> {
    let digests = digests.into();
    let mut newest_first = collected.0.values().rev();
    let Some(newest) = newest_first.next() else { return Ok(()) };
    if let Some(existing) = position(history, newest) {
        let snapshot = &mut history.0[existing];
        let action = snapshot.action.clone();
        return refresh(snapshot, newest.clone(), &action, &digests);
    }
    let newest = snapshot_of(&newest.clone().with(oci_digest, action), &digests)?;
    // The one that was pruned to make room comes before the one that was superseded.
    let mut refreshed = history.clone();
    for observation in newest_first {
        if let Some(existing) = position(history, observation) {
            refresh(&mut refreshed.0[existing], observation.clone(), "", &digests)?;
        }
    }
    refreshed.0.insert(0, newest);
    *history = refreshed;
    Ok(())
}

/// Observes a record that a rollback wrote. A new revision gets a snapshot without action and OCI digest; the update that
/// follows sets the action. An older one that is not in the history is none that this object goes back to: it was pruned,
/// or somebody else's was superseded.
///
/// # Errors
/// When the record cannot be serialised.
pub fn observe_rollback(
    history: &mut History,
    record: &ReleaseRecord,
    digests: impl Into<Digests>,
) -> Result<(), SnapshotError> {
    let (digests, observation) = (digests.into(), Observation::of(record));
    match position(history, &observation) {
        Some(existing) => refresh(&mut history.0[existing], observation, "rollback", &digests),
        None => {
            if history.0.iter().all(|known| known.version < observation.version) {
                history.0.insert(0, snapshot_of(&observation, &digests)?);
            }
            Ok(())
        }
    }
}

/// Observes a record that an uninstall wrote or deleted. `action` is `uninstall` or `uninstall-remediation`. Revisions
/// that are not in the history are ignored.
///
/// # Errors
/// When the record cannot be serialised.
pub fn observe_uninstall(
    history: &mut History,
    record: &ReleaseRecord,
    action: &str,
    digests: impl Into<Digests>,
) -> Result<(), SnapshotError> {
    let (digests, observation) = (digests.into(), Observation::of(record));
    match position(history, &observation) {
        Some(existing) => refresh(&mut history.0[existing], observation, action, &digests),
        None => Ok(()),
    }
}

/// Observes a record that an unlock wrote. The snapshot keeps its action and loses its test hooks.
///
/// # Errors
/// When the record cannot be serialised.
pub fn observe_unlock(
    history: &mut History,
    record: &ReleaseRecord,
    digests: impl Into<Digests>,
) -> Result<(), SnapshotError> {
    let (digests, observation) = (digests.into(), Observation::of(record));
    let Some(existing) = position(history, &observation) else { return Ok(()) };
    let snapshot = &mut history.0[existing];
    let action = snapshot.action.clone();
    refresh(snapshot, observation, &action, &digests)?;
    snapshot.test_hooks = None;
    Ok(())
}

/// Observes a record that a test run wrote. Only the newest snapshot is refreshed, and gets the selected test hooks.
///
/// # Errors
/// When the record cannot be serialised.
pub fn observe_test(
    history: &mut History,
    record: &ReleaseRecord,
    filters: &[Filter],
    digests: impl Into<Digests>,
) -> Result<(), SnapshotError> {
    let digests = digests.into();
    history.sort();
    let Some(latest) = history.0.first_mut() else { return Ok(()) };
    if !latest.targets(&record.name, &record.namespace, record.version) {
        return Ok(());
    }
    let action = latest.action.clone();
    refresh(latest, Observation::of(record), &action, &digests)?;
    latest.test_hooks = Some(test_hooks(record, filters));
    Ok(())
}

/// The test hooks of a release that filters select, by name. An excluded hook is left out; if any filter includes,
/// only included hooks are in.
#[must_use]
pub fn test_hooks(record: &ReleaseRecord, filters: &[Filter]) -> BTreeMap<String, Option<TestHookStatus>> {
    let any_include = filters.iter().any(|filter| !filter.exclude);
    let selected = |name: &str| {
        let named =
            |exclude: bool| filters.iter().any(|filter| filter.exclude == exclude && filter.name == name);
        !named(true) && (!any_include || named(false))
    };
    let is_test = |hook: &Hook| hook.events.contains(&HookEvent::Test);
    let hooks = record.hooks.iter().filter(|hook| is_test(hook) && selected(&hook.name));
    hooks
        .map(|hook| {
            let status = TestHookStatus {
                last_started: seconds(hook.last_run.started_at),
                last_completed: seconds(hook.last_run.completed_at),
                phase: hook.last_run.phase.name().to_owned(),
            };
            (hook.name.clone(), Some(status))
        })
        .collect()
}

/// Replaces a snapshot by one of an observation; OCI digest and test hooks are kept.
fn refresh(
    snapshot: &mut Snapshot,
    observation: Observation,
    action: &str,
    digests: &Digests,
) -> Result<(), SnapshotError> {
    let fresh = snapshot_of(&observation.with(&snapshot.oci_digest, action), digests)?;
    *snapshot = Snapshot { test_hooks: snapshot.test_hooks.take(), ..fresh };
    Ok(())
}

fn position(history: &History, observation: &Observation) -> Option<usize> {
    let (name, namespace) = (&observation.name, &observation.namespace);
    history.0.iter().position(|snapshot| snapshot.targets(name, namespace, observation.version))
}

/// RFC 3339 with whole seconds; `None` for Go's zero time.
fn seconds(time: Timestamp) -> Option<String> {
    (!time.is_zero()).then(|| time.to_seconds_string())
}

#[cfg(test)]
mod tests;
