//! The stored releases of a cluster, decoded once per change.

use std::collections::{BTreeMap, BTreeSet};

use pilothouse_chart::{Hook, HookEvent};
use pilothouse_encoding::yaml;
use pilothouse_protocol::{Object, ObjectRef, metadata};
use pilothouse_release::{Limits, ReleaseRecord, decode};
use serde_json::Value;

use super::look::list;
use crate::world::{Machine, World};

/// Namespace and name of a release.
pub(crate) type ReleaseName = (String, String);

/// One stored revision.
#[derive(Debug, Clone)]
pub(crate) struct Revision {
    resource_version: u64,
    /// The Secret.
    pub(crate) secret: Object,
    /// What it holds; the text says why it cannot be read.
    pub(crate) record: Result<ReleaseRecord, String>,
    /// Kind and name of what stands in its manifest.
    pub(crate) manifest: BTreeSet<(String, String)>,
}

/// All stored releases: their revisions by number.
#[derive(Debug, Default)]
pub(crate) struct Releases {
    /// By the namespace of the storage and the name of the release.
    pub(crate) all: BTreeMap<ReleaseName, BTreeMap<u32, Revision>>,
}

impl Releases {
    /// Takes over what the server holds.
    pub(crate) fn update<M: Machine>(&mut self, world: &World<M>) {
        let mut before = std::mem::take(&mut self.all);
        for secret in list(world, "Secret", None) {
            let Some((name, version)) = split_name(metadata::text(&secret, "name")) else { continue };
            let key = (metadata::text(&secret, "namespace").to_owned(), name);
            let resource_version = metadata::resource_version(&secret);
            let known = before.get_mut(&key).and_then(|revisions| revisions.remove(&version));
            let known = known.filter(|known| known.resource_version == resource_version);
            let revision = known.unwrap_or_else(|| Revision::read(secret));
            self.all.entry(key).or_default().insert(version, revision);
        }
    }

    /// One stored revision.
    #[cfg(test)]
    pub(crate) fn holding(namespace: &str, name: &str, version: u32, status: &str) -> Self {
        let mut record = ReleaseRecord { name: name.to_owned(), version, ..ReleaseRecord::default() };
        record.set_status(pilothouse_release::ReleaseStatus::parse(status), "");
        let revision = Revision {
            resource_version: 1,
            secret: Object::default(),
            record: Ok(record),
            manifest: BTreeSet::new(),
        };
        let revisions = BTreeMap::from([(version, revision)]);
        Self { all: BTreeMap::from([((namespace.to_owned(), name.to_owned()), revisions)]) }
    }

    /// The revisions of one release.
    pub(crate) fn of(&self, namespace: &str, name: &str) -> Option<&BTreeMap<u32, Revision>> {
        self.all.get(&(namespace.to_owned(), name.to_owned()))
    }
}

impl Revision {
    fn read(secret: Object) -> Self {
        let record = decoded(&secret);
        let text = record.as_ref().map(|record| record.manifest.as_str()).unwrap_or_default();
        let manifest = text.split("\n---").filter_map(identity).collect();
        Self { resource_version: metadata::resource_version(&secret), secret, record, manifest }
    }

    /// The status in the record; empty when it cannot be read.
    pub(crate) fn status(&self) -> &str {
        self.record.as_ref().map(|record| record.info.status.as_str()).unwrap_or_default()
    }

    /// Whether a test of it has run and failed.
    pub(crate) fn has_failed_test(&self) -> bool {
        let has_failed =
            |hook: &Hook| hook.events.contains(&HookEvent::Test) && hook.last_run.phase.name() == "Failed";
        self.record.as_ref().is_ok_and(|record| record.hooks.iter().any(has_failed))
    }
}

/// Release name and revision in the name of a storage Secret.
pub(crate) fn split_name(secret: &str) -> Option<(String, u32)> {
    let (name, version) = secret.strip_prefix("sh.helm.release.v1.")?.rsplit_once(".v")?;
    Some((name.to_owned(), version.parse().ok()?))
}

fn decoded(secret: &Value) -> Result<ReleaseRecord, String> {
    let text = secret.pointer("/data/release").and_then(Value::as_str).unwrap_or_default();
    let bytes = base64::Engine::decode(&base64::engine::general_purpose::STANDARD, text);
    let bytes = bytes.map_err(|error| error.to_string())?;
    let inner = String::from_utf8(bytes).map_err(|error| error.to_string())?;
    decode(&inner, &Limits::default()).map_err(|error| error.to_string())
}

fn identity(document: &str) -> Option<(String, String)> {
    let object = yaml::parse(document.trim_start_matches("---")).ok()?;
    let reference = ObjectRef::of(&object);
    (!reference.name.is_empty()).then_some((reference.kind, reference.name))
}
