//! Who is concerned by what: sources, dependencies, ConfigMaps and Secrets, by the releases that name them (spec 02 §1).

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use pilothouse_api::{HelmRelease, SOURCE_API_VERSION, helm_chart_name};
use pilothouse_protocol::{ObjectRef, ReleaseKey};

/// A relation between objects and the releases that name them. Most name one and are named by one, for which an ordered
/// vector takes a tenth of the memory of a set.
#[derive(Debug, Default)]
pub(crate) struct Relation<K: Ord + Clone> {
    releases: BTreeMap<K, Vec<ReleaseKey>>,
    objects: BTreeMap<ReleaseKey, Box<[K]>>,
}

impl<K: Ord + Clone> Relation<K> {
    /// Replaces what a release names.
    pub(crate) fn set(&mut self, key: &ReleaseKey, objects: BTreeSet<K>) {
        for old in self.objects.remove(key).unwrap_or_default() {
            if let Some(releases) = self.releases.get_mut(&old) {
                if let Ok(place) = releases.binary_search(key) {
                    releases.remove(place);
                }
                if releases.is_empty() {
                    self.releases.remove(&old);
                }
            }
        }
        for object in &objects {
            let releases = self.releases.entry(object.clone()).or_insert_with(|| Vec::with_capacity(1));
            if let Err(place) = releases.binary_search(key) {
                releases.insert(place, key.clone());
            }
        }
        if !objects.is_empty() {
            self.objects.insert(key.clone(), objects.into_iter().collect());
        }
    }

    /// What a release names.
    pub(crate) fn objects(&self, key: &ReleaseKey) -> impl Iterator<Item = &K> {
        self.objects.get(key).into_iter().flatten()
    }

    /// The releases that name an object.
    #[must_use]
    pub(crate) fn releases(&self, object: &K) -> Vec<ReleaseKey> {
        self.releases.get(object).cloned().unwrap_or_default()
    }
}

impl Relation<ReleaseKey> {
    /// The shortest way from a release over the releases that are named back to itself, with itself at both ends; empty
    /// when there is none.
    pub(crate) fn cycle(&self, key: &ReleaseKey) -> Vec<ReleaseKey> {
        let mut came_from: BTreeMap<&ReleaseKey, &ReleaseKey> = BTreeMap::new();
        let mut next: VecDeque<&ReleaseKey> = VecDeque::from([key]);
        while let Some(at) = next.pop_front() {
            for named in self.objects(at) {
                if named == key {
                    let back = std::iter::successors(Some(at), |at| came_from.get(at).copied());
                    let mut cycle: Vec<ReleaseKey> = std::iter::once(key).chain(back).cloned().collect();
                    cycle.reverse();
                    return cycle;
                }
                if !came_from.contains_key(named) {
                    came_from.insert(named, at);
                    next.push_back(named);
                }
            }
        }
        Vec::new()
    }
}

/// The source of a release; `None` when it names none or two.
#[must_use]
pub(crate) fn source_of(release: &HelmRelease) -> Option<ObjectRef> {
    let own = &release.metadata;
    match (&release.spec.chart, &release.spec.chart_ref) {
        (Some(template), None) => {
            let namespace = template.spec.source_ref.namespace.as_ref().unwrap_or(&own.namespace).clone();
            let name = helm_chart_name(&own.namespace, &own.name);
            Some(ObjectRef::namespaced(SOURCE_API_VERSION, "HelmChart", namespace, name))
        }
        (None, Some(reference)) => {
            let namespace = reference.namespace.as_ref().unwrap_or(&own.namespace).clone();
            let (kind, name) = (reference.kind.clone(), reference.name.clone());
            Some(ObjectRef::namespaced(SOURCE_API_VERSION, kind, namespace, name))
        }
        _ => None,
    }
}

/// The releases that a release depends on.
#[must_use]
pub(crate) fn dependencies_of(release: &HelmRelease) -> BTreeSet<ReleaseKey> {
    let own = &release.metadata.namespace;
    let key = |namespace: &Option<String>, name: &String| {
        ReleaseKey::new(namespace.as_ref().unwrap_or(own).clone(), name.clone())
    };
    release.spec.depends_on.iter().map(|dependency| key(&dependency.namespace, &dependency.name)).collect()
}

/// The releases that a release depends on by an expression, which may look at any field of theirs.
#[must_use]
pub(crate) fn expressions_of(release: &HelmRelease) -> BTreeSet<ReleaseKey> {
    let own = &release.metadata.namespace;
    let dependencies =
        release.spec.depends_on.iter().filter(|dependency| dependency.has_expression()).map(|dependency| {
            let namespace = dependency.namespace.as_ref().unwrap_or(own).clone();
            ReleaseKey::new(namespace, dependency.name.clone())
        });
    dependencies.collect()
}

/// The ConfigMaps and Secrets that a release reads.
#[must_use]
pub(crate) fn configs_of(release: &HelmRelease) -> BTreeSet<ObjectRef> {
    let own = &release.metadata.namespace;
    let object = |kind: &str, name: &str| ObjectRef::namespaced("v1", kind, own.clone(), name);
    let mut configs: BTreeSet<ObjectRef> =
        release.spec.values_from.iter().map(|reference| object(&reference.kind, &reference.name)).collect();
    if let Some(kube_config) = &release.spec.kube_config {
        configs.extend(kube_config.secret_ref.iter().map(|reference| object("Secret", &reference.name)));
        configs
            .extend(kube_config.config_map_ref.iter().map(|reference| object("ConfigMap", &reference.name)));
    }
    configs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_relation_follows_what_a_release_names() {
        let mut relation = Relation::default();
        let key = ReleaseKey::new("ns", "a");
        relation.set(&key, BTreeSet::from([1, 2]));
        assert_eq!(relation.releases(&1).as_slice(), std::slice::from_ref(&key));
        relation.set(&key, BTreeSet::from([2, 3]));
        assert!(relation.releases(&1).is_empty());
        assert_eq!(relation.releases(&3).as_slice(), std::slice::from_ref(&key));
        relation.set(&key, BTreeSet::new());
        assert!(relation.releases(&2).is_empty());
    }

    #[test]
    fn cycles_are_found() {
        let mut relation = Relation::default();
        let key = |name: &str| ReleaseKey::new("ns", name);
        for (from, to) in [("a", ["b", "d"]), ("b", ["c", "d"]), ("c", ["a", "e"]), ("s", ["s", "a"])] {
            relation.set(&key(from), to.iter().map(|name| key(name)).collect());
        }
        let cycle =
            |name: &str| relation.cycle(&key(name)).into_iter().map(|key| key.name).collect::<String>();
        assert_eq!(["a", "b", "c", "d", "s", "x"].map(cycle), ["abca", "bcab", "cabc", "", "ss", ""]);
    }
}
