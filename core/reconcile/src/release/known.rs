//! The HelmRelease as a watch has shown it.

use std::sync::Arc;

use pilothouse_api::{InvalidHelmRelease, REQUESTED_AT};
use pilothouse_protocol::metadata;
use serde_json::Value;

use crate::compact::Compact;
use crate::{Config, Subject};

/// What is asked about it with each event; the rest is read when a pass begins.
#[derive(Debug)]
pub(super) struct KnownObject {
    pub(super) uid: String,
    pub(super) generation: i64,
    pub(super) resource_version: u64,
    pub(super) is_deleting: bool,
    /// The annotation that asks for a pass.
    pub(super) requested: Option<String>,
    /// All but the status, which is remembered apart.
    rest: Compact,
}

impl KnownObject {
    /// Of an object.
    pub(super) fn of(object: &Value) -> Self {
        Self {
            uid: metadata::text(object, "uid").to_owned(),
            generation: metadata::generation(object),
            resource_version: metadata::resource_version(object),
            is_deleting: metadata::is_deleting(object),
            requested: metadata::annotation(object, REQUESTED_AT).map(str::to_owned),
            rest: Compact::without(object, "status"),
        }
    }

    /// The subject of a pass over the object, which has no status yet.
    ///
    /// # Errors
    /// When the object does not fit the API.
    pub(super) fn subject(&self, config: Arc<Config>) -> Result<Subject, InvalidHelmRelease> {
        Subject::kept(config, &self.rest)
    }
}
