//! Collecting what a scenario has left behind.

use std::collections::BTreeMap;

use pilothouse_io_sim::clock::MILLISECOND;
use pilothouse_protocol::{Object, metadata};
use serde_json::{Map, Value, json};

use super::compare::mask;
use super::events::events;
use super::managed_fields::managed;
use super::play::{Player, nanos};
use super::steps::text;
use super::stored_release::{TYPE, decode_release, secret_name};
use super::summary::summary;
use super::{StepError, release_summary};

/// Kinds whose objects are collected unless the scenario made them itself.
const WORKLOADS: [&str; 7] = ["ConfigMap", "Secret", "Service", "Deployment", "ReplicaSet", "Job", "Pod"];
/// Kinds whose objects are left out: their owners are collected.
const OWNERS: [&str; 3] = ["Deployment", "ReplicaSet", "Job"];
/// The time between two looks, and the number of looks, at releases that are still changing.
const QUIET: (u64, u32) = (400 * MILLISECOND, 16);

/// Storage Secrets with their decoded releases, by namespace and name.
type Releases = BTreeMap<(String, String), (Object, Result<Value, String>)>;

impl Player<'_> {
    /// `{strict}` of one checkpoint.
    pub(super) fn collect(&mut self, options: &Value) -> Result<Value, StepError> {
        self.pass(nanos(options.get("settle").and_then(Value::as_f64).unwrap_or(1.0)))?;
        let mine = self.quiet()?;
        let releases = self.releases();
        let mut objects = self.workloads();
        self.asked_for(options, &mut objects)?;
        let record = &self.cluster.world.record().events;
        let mut strict = json!({
            "helmReleases": self.helm_releases(&mine, &releases),
            "storage": self.storage(&releases),
            "helmCharts": self.helm_charts(),
            "objects": objects,
            "events": events(record, &self.scenario.namespaces(), &self.normaliser),
        });
        for path in self.scenario.texts("maskPaths") {
            mask(&mut strict, &path.split('.').collect::<Vec<_>>());
        }
        Ok(json!({"strict": strict}))
    }

    /// The HelmReleases of the scenario once no action runs and nothing changes.
    fn quiet(&mut self) -> Result<Vec<Object>, StepError> {
        let mut last = None;
        let namespaces = self.scenario.namespaces();
        for look in 1.. {
            let mut mine = self.cluster.list("HelmRelease", None);
            mine.retain(|release| namespaces.iter().any(|name| name == metadata::text(release, "namespace")));
            let versions: Vec<u64> = mine.iter().map(|release| metadata::resource_version(release)).collect();
            let is_unknown =
                |condition: &Value| condition["type"] == "Ready" && condition["status"] == "Unknown";
            let busy = mine.iter().any(|release| {
                release
                    .pointer("/status/conditions")
                    .and_then(Value::as_array)
                    .is_some_and(|all| all.iter().any(is_unknown))
            });
            if (last.as_ref() == Some(&versions) && !busy) || look > QUIET.1 {
                return Ok(mine);
            }
            last = Some(versions);
            self.pass(QUIET.0)?;
        }
        Ok(Vec::new())
    }

    fn releases(&self) -> Releases {
        let mut releases = Releases::new();
        for namespace in self.scenario.namespaces() {
            for secret in self.cluster.list("Secret", Some(&namespace)) {
                if text(&secret, "type") == Some(TYPE) {
                    let name = metadata::text(&secret, "name").to_owned();
                    let release = decode_release(&secret).map_err(|error| error.0);
                    releases.insert((namespace.clone(), name), (secret, release));
                }
            }
        }
        releases
    }

    fn helm_releases(&self, mine: &[Object], releases: &Releases) -> Value {
        let lookup = |namespace: &str, name: &str, version: i64| {
            let key = (namespace.to_owned(), secret_name(name, version));
            releases.get(&key).map(|(_, release)| release.clone().unwrap_or_default())
        };
        let storage = text(&self.scenario.document, "storageNamespace");
        let summary = |object: &Object| {
            (self.key(object), release_summary::helm_release(object, storage, &self.normaliser, &lookup))
        };
        Value::Object(mine.iter().map(summary).collect())
    }

    fn storage(&self, releases: &Releases) -> Value {
        let mut summaries = Map::new();
        for ((namespace, name), (secret, release)) in releases {
            let summary = release_summary::storage(secret, release.clone(), &self.normaliser);
            summaries.insert(self.short(namespace) + name, summary);
        }
        Value::Object(summaries)
    }

    fn helm_charts(&self) -> Value {
        let namespaces = self.scenario.namespaces();
        let mut charts = self.cluster.list("HelmChart", None);
        charts.retain(|chart| {
            let namespace = metadata::text(chart, "namespace").to_owned();
            let key =
                ("HelmChart".to_owned(), Some(namespace.clone()), metadata::text(chart, "name").to_owned());
            namespaces.contains(&namespace) && !self.applied.contains(&key)
        });
        let summary = |chart: &Object| {
            let metadata = &chart["metadata"];
            let summary = json!({
                "labels": metadata["labels"], "annotations": metadata["annotations"],
                "finalizers": metadata["finalizers"], "ownerReferences": metadata["ownerReferences"],
                "spec": chart["spec"], "generation": metadata["generation"], "managedFields": managed(chart, true),
            });
            (self.key(chart), summary)
        };
        Value::Object(charts.iter().map(summary).collect())
    }

    fn workloads(&self) -> Map<String, Value> {
        let mut found = Map::new();
        for namespace in self.scenario.namespaces() {
            for kind in WORKLOADS {
                for object in self.cluster.list(kind, Some(&namespace)) {
                    if self.is_collected(kind, &namespace, &object) {
                        let name = metadata::text(&object, "name");
                        let name = if kind == "ReplicaSet" { without_hash(name) } else { name.to_owned() };
                        found.insert(
                            format!("{kind}/{}{name}", self.short(&namespace)),
                            summary(kind, &object),
                        );
                    }
                }
            }
        }
        found
    }

    fn is_collected(&self, kind: &str, namespace: &str, object: &Value) -> bool {
        let name = metadata::text(object, "name").to_owned();
        let owners = object.pointer("/metadata/ownerReferences").and_then(Value::as_array);
        let is_owned =
            owners.into_iter().flatten().any(|owner| OWNERS.iter().any(|kind| owner["kind"] == *kind));
        let secret_type = text(object, "type").filter(|_| kind == "Secret");
        let is_left_out = matches!(secret_type, Some(TYPE | "kubernetes.io/service-account-token"));
        let is_applied = self.applied.contains(&(kind.to_owned(), Some(namespace.to_owned()), name.clone()));
        !(is_applied || is_owned || is_left_out || name == "kube-root-ca.crt")
    }

    fn asked_for(&self, options: &Value, found: &mut Map<String, Value>) -> Result<(), StepError> {
        for wanted in options.get("objects").and_then(Value::as_array).into_iter().flatten() {
            let object = wanted.as_str().or_else(|| text(wanted, "object")).unwrap_or_default();
            let reference = self.reference(object, text(wanted, "apiVersion"))?;
            let namespace = reference.namespace.as_deref().map(|name| self.short(name)).unwrap_or_default();
            let key = format!("{}/{namespace}{}", reference.kind, reference.name);
            let summary = self.cluster.get(&reference).map(|object| summary(&reference.kind, &object));
            found.insert(key, summary.unwrap_or_default());
        }
        Ok(())
    }

    fn short(&self, namespace: &str) -> String {
        if namespace == self.scenario.namespace() { String::new() } else { format!("{namespace}/") }
    }

    fn key(&self, object: &Value) -> String {
        self.short(metadata::text(object, "namespace")) + metadata::text(object, "name")
    }
}

/// The name of a ReplicaSet without the hash of its template.
fn without_hash(name: &str) -> String {
    match name.rsplit_once('-') {
        Some((stem, hash)) if matches!(hash.len(), 8..=10) && hash.bytes().all(|b| b.is_ascii_hexdigit()) => {
            format!("{stem}-<hash>")
        }
        _ => name.to_owned(),
    }
}
