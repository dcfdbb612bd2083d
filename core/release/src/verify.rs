//! Whether a stored release is the one that was observed, and the one that is wanted (spec 04 §3.3).

use pilothouse_api::Snapshot;
use pilothouse_encoding::digest::DigestError;
use serde_json::{Map, Value};

use crate::observation::verify_config;
use crate::{Digests, ReleaseRecord};

/// `apiVersion` of snapshots whose digest is verified; others are legacy and accepted.
pub(crate) const SNAPSHOT_API_VERSION: &str = "v2";

/// Why a release does not fit.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// There is no snapshot, or no release.
    #[error("no release found")]
    NotFound,
    /// The revision of the snapshot is not in the storage.
    #[error("release disappeared from storage")]
    Disappeared,
    /// The digest of the snapshot cannot be read.
    #[error("release digest verification error")]
    Digest(#[source] DigestError),
    /// The stored release has another digest: somebody else wrote it.
    #[error("release not observed to be made for object")]
    NotObserved,
    /// The stored chart has another name or version than the wanted one.
    #[error("release chart changed")]
    ChartChanged,
    /// The values have another digest than those of the snapshot.
    #[error("release config values changed")]
    ConfigChanged,
    /// The release cannot be serialised.
    #[error("{0}")]
    Json(#[from] serde_json::Error),
}

/// Whether a stored release is the one of a snapshot. The algorithm is the one that the digest names.
///
/// # Errors
/// [`VerifyError::Digest`] and [`VerifyError::NotObserved`].
pub fn verify_object(snapshot: &Snapshot, record: &ReleaseRecord) -> Result<(), VerifyError> {
    Digests::default().verify_object(snapshot, record)
}

/// Whether the target of a rollback is stored as it was observed. `stored` is what the storage holds under the key of
/// the snapshot, after a read that did not fail.
///
/// # Errors
/// [`VerifyError::NotFound`] without a snapshot, [`VerifyError::Disappeared`] without a record, and those of
/// [`verify_object`].
pub fn verify_snapshot(
    snapshot: Option<&Snapshot>,
    stored: Option<&ReleaseRecord>,
) -> Result<(), VerifyError> {
    Digests::default().verify_snapshot(snapshot, stored)
}

/// Whether a stored release is made of the wanted chart and values.
///
/// # Errors
/// [`VerifyError::ChartChanged`] and [`VerifyError::ConfigChanged`].
pub fn verify_desired(
    record: &ReleaseRecord,
    snapshot: &Snapshot,
    chart_name: &str,
    chart_version: &str,
    values: &Map<String, Value>,
) -> Result<(), VerifyError> {
    let (name, version) = record.chart.name_and_version();
    if name != chart_name || version != chart_version {
        return Err(VerifyError::ChartChanged);
    }
    if verify_config(&snapshot.config_digest, values) { Ok(()) } else { Err(VerifyError::ConfigChanged) }
}

#[cfg(test)]
mod tests;
