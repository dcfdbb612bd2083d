//! What the decision table is fed with: the stored releases against the status and what is wanted.

use std::sync::Arc;

use pilothouse_api::{History, Snapshot};
use pilothouse_encoding::digest::{Algorithm, Digest};
use pilothouse_helm::preserved_values;
use pilothouse_machine::twin::{Twin, is_back};
use pilothouse_release::{
    Digests, Observation, ReleaseRecord, ReleaseStatus, VerifyError, common_metadata_digest,
    post_renderers_digest, snapshot_of,
};
use serde_json::{Map, Value};

use super::decide::{Facts, ReleaseState, RollbackTarget, state};
use super::desired::Desired;
use super::policy::ActivePolicy;
use crate::Subject;

/// The revisions of a release in storage.
pub type Records = [Arc<ReleaseRecord>];

/// The state of the release, with the release it is about.
#[derive(Debug, Clone)]
pub struct Determined {
    /// The state.
    pub state: ReleaseState,
    /// The newest release in storage.
    pub latest: Option<Arc<ReleaseRecord>>,
}

/// Determines the state of the release.
///
/// # Errors
/// When it cannot be determined.
pub fn determine(
    subject: &Subject,
    records: &Records,
    desired: &Desired,
    active: &ActivePolicy,
) -> Result<Determined, String> {
    let latest = newest(records);
    let snapshot = subject.status.history.latest();
    let not_observed = match (snapshot, latest) {
        (Some(snapshot), Some(latest)) => {
            subject.config.digests().verify_object(snapshot, latest).err().map(|error| error.to_string())
        }
        _ => None,
    };
    let (spec, status) = (&subject.release.spec, &subject.status);
    let post_renderers =
        as_observed(&status.observed_post_renderers_digest, &desired.post_renderers_digest, |algorithm| {
            post_renderers_digest(spec.post_renderers.as_deref(), algorithm)
        });
    let common_metadata =
        as_observed(&status.observed_common_metadata_digest, &desired.common_metadata_digest, |algorithm| {
            common_metadata_digest(spec.common_metadata.as_ref(), algorithm)
        });
    let facts = Facts {
        latest: latest.map(AsRef::as_ref),
        not_observed,
        chart_name: &desired.chart_name,
        chart_version: &desired.chart_version,
        values_match: snapshot.is_some_and(|snapshot| values_match(subject, snapshot, latest, desired)),
        post_renderers_digest: &post_renderers,
        common_metadata_digest: &common_metadata,
    };
    Ok(Determined { state: state(subject, &facts, active)?, latest: latest.cloned() })
}

/// The wanted digest with the algorithm of the observed one: another `--snapshot-digest-algo` is no change.
fn as_observed(
    observed: &str,
    wanted: &str,
    compute: impl FnOnce(Algorithm) -> Result<String, serde_json::Error>,
) -> String {
    let algorithm = |digest: &str| digest.parse::<Digest>().ok().map(|digest| digest.algorithm());
    let other = algorithm(observed).filter(|other| algorithm(wanted).is_some_and(|wanted| wanted != *other));
    other.and_then(|other| compute(other).ok()).unwrap_or_else(|| wanted.to_owned())
}

/// Whether an upgrade would store the values that are stored (spec 08 row 3 for values that are preserved).
fn values_match(
    subject: &Subject,
    snapshot: &Snapshot,
    latest: Option<&Arc<ReleaseRecord>>,
    desired: &Desired,
) -> bool {
    let preserved = latest.filter(|_| subject.release.spec.upgrade().preserve_values);
    let preserved = preserved.and_then(|latest| preserved_values(latest, &desired.values).ok());
    if has_other_digest(subject, &desired.values) {
        return false;
    }
    let digests = subject.config.digests();
    digests.verify_config(&snapshot.config_digest, &desired.values)
        || preserved.is_some_and(|values| digests.verify_config(&snapshot.config_digest, &values))
}

/// Whether the values have another digest than before although they are the same: never, but for a bug that was brought
/// back, which depends on nothing that a user sees.
pub(crate) fn has_other_digest(subject: &Subject, values: &Map<String, Value>) -> bool {
    let has_maps = |value: &Value| value.as_array().is_some_and(|items| items.iter().any(Value::is_object));
    let is_odd = || subject.release.metadata.resource_version.ends_with(['1', '3', '5', '7', '9']);
    is_back(Twin::Hc1265) && is_odd() && values.values().any(has_maps)
}

/// Whether the release to roll back to is stored as it was observed.
#[must_use]
pub fn rollback_target(subject: &Subject, records: &Records, active: &ActivePolicy) -> RollbackTarget {
    let ignore_tests =
        active.remediation.as_ref().is_some_and(|remediation| remediation.ignore_test_failures);
    let snapshot = subject.status.history.previous(ignore_tests);
    let stored =
        snapshot.and_then(|snapshot| records.iter().find(|record| record.version == snapshot.version));
    match subject.config.digests().verify_snapshot(snapshot, stored.map(AsRef::as_ref)) {
        Ok(()) => RollbackTarget::Verified,
        Err(VerifyError::Json(error)) => RollbackTarget::Error(error.to_string()),
        Err(_) => RollbackTarget::Unusable,
    }
}

/// Forgets what was observed, but for older revisions that are stored as they were observed, or superseded since: when
/// a process ended before its last action was recorded, what there is to roll back to must not be lost with it.
pub fn forget(history: &mut History, records: &Records, digests: &Digests) {
    let newest = newest(records).map_or(0, |record| record.version);
    let older = std::mem::take(&mut history.0).into_iter().filter(|snapshot| snapshot.version < newest);
    history.0 = older.filter_map(|snapshot| still_stored(snapshot, records, digests)).collect();
}

/// The snapshot as its revision is stored now; `None` when somebody else has changed that.
pub(super) fn still_stored(snapshot: Snapshot, records: &Records, digests: &Digests) -> Option<Snapshot> {
    let stored = records.iter().find(|record| record.version == snapshot.version)?;
    if digests.verify_object(&snapshot, stored).is_ok() {
        return Some(snapshot);
    }
    let mut before = ReleaseRecord::clone(stored);
    before.info.status = ReleaseStatus::parse(&snapshot.status);
    if stored.info.status != ReleaseStatus::Superseded || digests.verify_object(&snapshot, &before).is_err() {
        return None;
    }
    let observation = Observation::of(stored).with(&snapshot.oci_digest, "");
    let fresh = snapshot_of(&observation, digests).ok()?;
    Some(Snapshot { test_hooks: snapshot.test_hooks, ..fresh })
}

/// The revision with the highest number.
#[must_use]
pub fn newest(records: &Records) -> Option<&Arc<ReleaseRecord>> {
    records.iter().max_by_key(|record| record.version)
}

#[cfg(test)]
mod tests;
