//! What a watch shows of Helm's storage: which storage objects each release has, and in which version.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use pilothouse_api::HelmRelease;
use pilothouse_protocol::{ObjectRef, ReleaseKey, StoredVersions};
use pilothouse_release::StorageKey;

use crate::index::Relation;

/// Where a release is stored.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct StoragePlace {
    namespace: String,
    release: String,
}

impl StoragePlace {
    /// Of a HelmRelease.
    pub(crate) fn of(release: &HelmRelease) -> Self {
        Self { namespace: release.storage_namespace().to_owned(), release: release.short_release_name() }
    }

    /// Of a storage object; `None` for anything else.
    fn of_object(object: &ObjectRef) -> Option<Self> {
        let release = StorageKey::parse(&object.name)?.name;
        Some(Self { namespace: object.namespace.clone()?, release })
    }
}

/// The storage objects of all releases in the watched namespaces.
#[derive(Debug, Default)]
pub(crate) struct StorageIndex {
    watched: bool,
    stored: BTreeMap<StoragePlace, Arc<StoredVersions>>,
    places: BTreeMap<ReleaseKey, StoragePlace>,
    by_place: Relation<StoragePlace>,
}

impl StorageIndex {
    /// Enters where a release is stored; whether that is news.
    pub(crate) fn set(&mut self, key: &ReleaseKey, place: StoragePlace) -> bool {
        if self.places.get(key) == Some(&place) {
            return false;
        }
        self.by_place.set(key, BTreeSet::from([place.clone()]));
        self.places.insert(key.clone(), place);
        true
    }

    /// Forgets a release. Its storage objects may stay.
    pub(crate) fn forget(&mut self, key: &ReleaseKey) {
        self.places.remove(key);
        self.by_place.set(key, BTreeSet::new());
    }

    /// What is stored of a release, as far as the watch shows; `None` while there is no watch.
    pub(crate) fn of(&self, key: &ReleaseKey) -> Option<Arc<StoredVersions>> {
        let place = self.places.get(key).filter(|_| self.watched)?;
        Some(self.stored.get(place).cloned().unwrap_or_default())
    }

    /// Takes in a storage object; the releases that are stored there.
    pub(crate) fn see(&mut self, object: &ObjectRef, version: Option<u64>) -> Vec<ReleaseKey> {
        let Some(place) = StoragePlace::of_object(object) else { return Vec::new() };
        let stored = self.stored.entry(place.clone()).or_default();
        let versions = Arc::make_mut(stored);
        match version {
            Some(version) => versions.insert(object.name.clone(), version),
            None => versions.remove(&object.name),
        };
        if versions.is_empty() {
            self.stored.remove(&place);
        }
        if self.watched { self.by_place.releases(&place) } else { Vec::new() }
    }

    /// Whether the storage is watched from now on; whether that is news.
    pub(crate) fn watch(&mut self, watched: bool) -> bool {
        std::mem::replace(&mut self.watched, watched) != watched
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(name: &str) -> ObjectRef {
        ObjectRef::namespaced("v1", "Secret", "ns", name)
    }

    #[test]
    fn the_storage_of_a_release_is_known_once_it_is_watched() {
        let mut index = StorageIndex::default();
        let key = ReleaseKey::new("ns", "app");
        let place = StoragePlace { namespace: "ns".to_owned(), release: "app".to_owned() };
        assert!(index.set(&key, place.clone()) && !index.set(&key, place));
        assert!(index.see(&object("sh.helm.release.v1.app.v1"), Some(3)).is_empty());
        assert_eq!(index.of(&key), None);
        assert!(index.watch(true) && !index.watch(true));
        let versions = |index: &StorageIndex| index.of(&key).map(|known| known.values().copied().collect());
        assert_eq!(versions(&index), Some(vec![3]));
        assert_eq!(
            index.see(&object("sh.helm.release.v1.app.v2"), Some(5)).as_slice(),
            std::slice::from_ref(&key)
        );
        assert!(index.see(&object("sh.helm.release.v1.other.v1"), Some(6)).is_empty());
        assert!(index.see(&object("something"), Some(7)).is_empty());
        index.see(&object("sh.helm.release.v1.app.v1"), None);
        assert_eq!(versions(&index), Some(vec![5]));
        index.forget(&key);
        assert_eq!(index.of(&key), None);
    }
}
