//! The stored objects, the global revision, and the log from which watches are served.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use pilothouse_protocol::{Object, metadata};
use serde_json::Value;

use super::managed::ManagedFields;

/// One stored object.
#[derive(Debug, Clone)]
pub struct Stored {
    /// As clients see it.
    pub object: Object,
    /// `metadata.managedFields`, parsed.
    pub managed: Arc<ManagedFields>,
}

/// Where an object lies.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// `plural.group`.
    pub resource: Arc<str>,
    /// The namespace; empty for cluster-scoped objects.
    pub namespace: String,
    /// The name.
    pub name: String,
}

/// One change.
#[derive(Debug, Clone)]
pub struct Change {
    /// The revision that the change made.
    pub revision: u64,
    /// The object before; `None` for a creation.
    pub before: Option<Object>,
    /// The object after; `None` for a removal.
    pub after: Option<Object>,
}

/// How many changes of one resource are remembered for watches.
const REMEMBERED_CHANGES: usize = 10_000;

type Namespaced = BTreeMap<String, BTreeMap<String, Stored>>;

/// All objects.
#[derive(Debug, Clone, Default)]
pub struct Store {
    revision: u64,
    tables: BTreeMap<Arc<str>, Namespaced>,
    log: BTreeMap<Arc<str>, VecDeque<Change>>,
    by_uid: BTreeMap<String, Place>,
    dependents: BTreeMap<String, BTreeSet<Place>>,
    fresh: Vec<Place>,
    compacted: u64,
}

impl Store {
    /// The revision of the last change.
    #[must_use]
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// Takes the next revision.
    pub fn next_revision(&mut self) -> u64 {
        self.revision += 1;
        self.revision
    }

    /// One object.
    #[must_use]
    pub fn get(&self, resource: &str, namespace: &str, name: &str) -> Option<&Stored> {
        self.tables.get(resource)?.get(namespace)?.get(name)
    }

    /// Objects of a resource in order of namespace and name, as the server lists them.
    pub fn list<'a>(
        &'a self,
        resource: &str,
        namespace: Option<&'a str>,
    ) -> Box<dyn Iterator<Item = &'a Stored> + 'a> {
        let Some(table) = self.tables.get(resource) else { return Box::new(std::iter::empty()) };
        match namespace {
            Some(namespace) => Box::new(table.get(namespace).into_iter().flat_map(BTreeMap::values)),
            None => Box::new(table.values().flat_map(BTreeMap::values)),
        }
    }

    /// The places of everything in a namespace.
    #[must_use]
    pub fn in_namespace(&self, namespace: &str) -> Vec<Place> {
        let mut places = Vec::new();
        for (resource, table) in &self.tables {
            for name in table.get(namespace).into_iter().flat_map(BTreeMap::keys) {
                places.push(Place {
                    resource: Arc::clone(resource),
                    namespace: namespace.to_owned(),
                    name: name.clone(),
                });
            }
        }
        places
    }

    /// Stores an object at the revision written in it.
    pub fn put(&mut self, place: &Place, stored: Stored, revision: u64) {
        let before = self.take(place);
        let after = Some(Arc::clone(&stored.object));
        self.by_uid.insert(metadata::text(&stored.object, "uid").to_owned(), place.clone());
        for owner in owners(&stored.object) {
            self.dependents.entry(owner.to_owned()).or_default().insert(place.clone());
        }
        let table = self.tables.entry(Arc::clone(&place.resource)).or_default();
        table.entry(place.namespace.clone()).or_default().insert(place.name.clone(), stored);
        self.record(place, Change { revision, before: before.map(|stored| stored.object), after });
    }

    /// Removes an object at a new revision.
    pub fn remove(&mut self, place: &Place) -> Option<Object> {
        let gone = self.take(place)?;
        let revision = self.next_revision();
        let before = Some(Arc::clone(&gone.object));
        self.record(place, Change { revision, before, after: None });
        Some(gone.object)
    }

    /// The place of the object with a uid.
    #[must_use]
    pub fn by_uid(&self, uid: &str) -> Option<&Place> {
        self.by_uid.get(uid)
    }

    /// The places of the objects that name a uid as an owner.
    #[must_use]
    pub fn dependents(&self, uid: &str) -> Vec<Place> {
        self.dependents.get(uid).into_iter().flatten().cloned().collect()
    }

    /// Forgets all changes up to a revision.
    pub fn compact(&mut self, revision: u64) {
        self.compacted = self.compacted.max(revision.min(self.revision));
        for log in self.log.values_mut() {
            let kept = log.partition_point(|change| change.revision <= self.compacted);
            log.drain(..kept);
        }
    }

    /// The objects of a resource as they were at a revision, in order of namespace and name; `None` when that is
    /// forgotten.
    #[must_use]
    pub fn list_at(&self, resource: &str, revision: u64) -> Option<BTreeMap<(&str, &str), &Object>> {
        let now =
            self.tables.get(resource).into_iter().flat_map(|table| table.values().flat_map(BTreeMap::values));
        let mut objects: BTreeMap<(&str, &str), &Object> =
            now.map(|stored| (key(&stored.object), &stored.object)).collect();
        let changes: Vec<&Change> = self.changes_after(resource, revision)?.collect();
        for change in changes.into_iter().rev() {
            if let Some(after) = &change.after {
                objects.remove(&key(after));
            }
            if let Some(before) = &change.before {
                objects.insert(key(before), before);
            }
        }
        Some(objects)
    }

    /// Changes of a resource after a revision; `None` when some of them are forgotten (410 Gone).
    #[must_use]
    pub fn changes_after(&self, resource: &str, revision: u64) -> Option<impl Iterator<Item = &Change>> {
        let log = self.log.get(resource);
        let forgotten = log.is_some_and(|log| {
            log.len() >= REMEMBERED_CHANGES && log.front().is_some_and(|first| first.revision > revision + 1)
        });
        if forgotten || revision < self.compacted {
            return None;
        }
        let start = log.map_or(0, |log| log.partition_point(|change| change.revision <= revision));
        Some(log.into_iter().flat_map(move |log| log.range(start..)))
    }

    /// Takes the places that have changed since the last call, in order.
    pub fn take_fresh(&mut self) -> Vec<Place> {
        std::mem::take(&mut self.fresh)
    }

    fn take(&mut self, place: &Place) -> Option<Stored> {
        let table = self.tables.get_mut(&place.resource)?;
        let names = table.get_mut(&place.namespace)?;
        let stored = names.remove(&place.name)?;
        if names.is_empty() {
            table.remove(&place.namespace);
        }
        self.by_uid.remove(metadata::text(&stored.object, "uid"));
        for owner in owners(&stored.object) {
            if let Some(places) = self.dependents.get_mut(owner) {
                places.remove(place);
                if places.is_empty() {
                    self.dependents.remove(owner);
                }
            }
        }
        Some(stored)
    }

    fn record(&mut self, place: &Place, change: Change) {
        let log = self.log.entry(Arc::clone(&place.resource)).or_default();
        if log.len() >= REMEMBERED_CHANGES {
            log.pop_front();
        }
        log.push_back(change);
        self.fresh.push(place.clone());
    }
}

fn key(object: &Object) -> (&str, &str) {
    (metadata::text(object, "namespace"), metadata::text(object, "name"))
}

/// The uids of the owners of an object.
pub fn owners(object: &Value) -> impl Iterator<Item = &str> {
    let references = object.pointer("/metadata/ownerReferences").and_then(Value::as_array);
    references.into_iter().flatten().filter_map(|reference| reference.get("uid")?.as_str())
}
