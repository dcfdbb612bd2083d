//! The kinds that the server serves, built-in and custom.

use std::collections::BTreeMap;
use std::sync::Arc;

use pilothouse_protocol::{ApiResource, Discovery, GroupVersionKind};

use super::custom::CustomVersion;
use super::schema::{Typed, builtin_kinds, builtin_schema};

/// One served kind in one version.
#[derive(Debug)]
pub struct Kind {
    /// `apiVersion` and kind.
    pub gvk: GroupVersionKind,
    /// The plural in the path.
    pub plural: String,
    /// `plural.group`, or the plural alone for the core group: the name in errors, and the key of the store.
    pub resource: Arc<str>,
    /// `Kind.group`, or the kind alone for the core group: the name in validation errors.
    pub kind_group: String,
    /// Whether objects live in a namespace.
    pub namespaced: bool,
    /// Whether there is a `status` subresource.
    pub status: bool,
    /// Whether `metadata.generation` is kept.
    pub generation: bool,
    /// The fields.
    pub definition: Definition,
}

/// Where the fields of a kind are described.
#[derive(Debug)]
pub enum Definition {
    /// In the table of built-in kinds, at this type.
    Builtin(super::schema::TypeId),
    /// In a CustomResourceDefinition.
    Custom(Arc<CustomVersion>),
}

/// Built-in kinds whose objects carry no generation.
const WITHOUT_GENERATION: &[&str] = &[
    "Binding",
    "ClusterRole",
    "ClusterRoleBinding",
    "ComponentStatus",
    "ConfigMap",
    "ControllerRevision",
    "CSINode",
    "CSIStorageCapacity",
    "Endpoints",
    "Event",
    "HorizontalPodAutoscaler",
    "LimitRange",
    "Lease",
    "Namespace",
    "Node",
    "PersistentVolume",
    "PersistentVolumeClaim",
    "PodTemplate",
    "ResourceQuota",
    "Role",
    "RoleBinding",
    "RuntimeClass",
    "Secret",
    "Service",
    "ServiceAccount",
    "StorageClass",
    "VolumeAttachment",
];

/// The fields of a new [`Kind`] that cannot be computed.
#[derive(Debug)]
pub struct KindParts {
    /// `apiVersion` and kind.
    pub gvk: GroupVersionKind,
    /// The plural.
    pub plural: String,
    /// Whether objects live in a namespace.
    pub namespaced: bool,
    /// Whether there is a `status` subresource.
    pub status: bool,
    /// The fields.
    pub definition: Definition,
}

impl Kind {
    /// A kind from its parts.
    #[must_use]
    pub fn new(parts: KindParts) -> Self {
        let KindParts { gvk, plural, namespaced, status, definition } = parts;
        let (resource, kind_group) = match gvk.group() {
            "" => (plural.clone(), gvk.kind.clone()),
            group => (format!("{plural}.{group}"), format!("{}.{group}", gvk.kind)),
        };
        let builtin = matches!(definition, Definition::Builtin(_));
        let generation = !builtin || !WITHOUT_GENERATION.contains(&gvk.kind.as_str());
        Self {
            gvk,
            plural,
            resource: resource.into(),
            kind_group,
            namespaced,
            status,
            generation,
            definition,
        }
    }

    /// The type of the whole object.
    #[must_use]
    pub fn typed(&self) -> Typed<'_> {
        match &self.definition {
            Definition::Builtin(id) => Typed { schema: builtin_schema(), id: *id },
            Definition::Custom(version) => version.typed(),
        }
    }

    /// Whether the kind is built in.
    #[must_use]
    pub fn is_builtin(&self) -> bool {
        matches!(self.definition, Definition::Builtin(_))
    }

    /// `group/version, Kind=kind` as Go prints it; the core group is empty.
    #[must_use]
    pub fn go_name(&self) -> String {
        format!("{}/{}, Kind={}", self.gvk.group(), self.gvk.version(), self.gvk.kind)
    }
}

/// All served kinds.
#[derive(Debug, Clone)]
pub struct Kinds {
    by_version: BTreeMap<String, BTreeMap<String, Arc<Kind>>>,
    discovery: Arc<Discovery>,
    edition: u64,
}

impl Kinds {
    /// The built-in kinds, under a server version like `v1.36.1`.
    #[must_use]
    pub fn builtin(git_version: &str) -> Self {
        let mut parts = git_version.trim_start_matches('v').split('.');
        let mut discovery = Discovery { git_version: git_version.to_owned(), ..Discovery::default() };
        discovery.major = parts.next().unwrap_or_default().to_owned();
        discovery.minor = parts.next().unwrap_or_default().to_owned();
        let mut kinds = Self { by_version: BTreeMap::new(), discovery: Arc::new(discovery), edition: 0 };
        for entry in builtin_kinds() {
            kinds.insert(Kind::new(KindParts {
                gvk: GroupVersionKind::new(entry.api_version.clone(), entry.kind.clone()),
                plural: entry.plural.clone(),
                namespaced: entry.namespaced,
                status: entry.status,
                definition: Definition::Builtin(entry.root),
            }));
        }
        kinds
    }

    /// A served kind.
    #[must_use]
    pub fn find(&self, api_version: &str, kind: &str) -> Option<&Arc<Kind>> {
        self.by_version.get(api_version)?.get(kind)
    }

    /// A served kind by the plural in its path.
    #[must_use]
    pub fn by_plural(&self, api_version: &str, plural: &str) -> Option<Arc<Kind>> {
        self.of_version(api_version).find(|kind| kind.plural == plural).cloned()
    }

    /// The kinds of one group and version, by their names.
    pub fn of_version(&self, api_version: &str) -> impl Iterator<Item = &Arc<Kind>> {
        self.by_version.get(api_version).into_iter().flat_map(BTreeMap::values)
    }

    /// All groups and versions.
    pub fn versions(&self) -> impl Iterator<Item = &str> {
        self.by_version.keys().map(String::as_str)
    }

    /// Grows with every change of what is served.
    #[must_use]
    pub fn edition(&self) -> u64 {
        self.edition
    }

    /// Serves a kind.
    pub fn insert(&mut self, kind: Kind) {
        self.edition += 1;
        let discovery = Arc::make_mut(&mut self.discovery);
        let resource =
            ApiResource { plural: kind.plural.clone(), namespaced: kind.namespaced, status: kind.status };
        discovery.resources.insert(kind.gvk.clone(), resource);
        let kinds = self.by_version.entry(kind.gvk.api_version.clone()).or_default();
        kinds.insert(kind.gvk.kind.clone(), Arc::new(kind));
    }

    /// Stops serving all versions of a resource.
    pub fn remove_resource(&mut self, resource: &str) {
        self.edition += 1;
        let discovery = Arc::make_mut(&mut self.discovery);
        for kinds in self.by_version.values_mut() {
            kinds.retain(|_, kind| {
                let kept = &*kind.resource != resource;
                if !kept {
                    discovery.resources.remove(&kind.gvk);
                }
                kept
            });
        }
        self.by_version.retain(|_, kinds| !kinds.is_empty());
    }

    /// Any served version of a resource named `plural.group`.
    #[must_use]
    pub fn of_resource(&self, resource: &str) -> Option<&Arc<Kind>> {
        self.by_version.values().flat_map(BTreeMap::values).find(|kind| &*kind.resource == resource)
    }

    /// What discovery answers.
    #[must_use]
    pub fn discovery(&self) -> &Arc<Discovery> {
        &self.discovery
    }
}
