//! What shall be applied and what came of it.

use std::collections::BTreeMap;

use pilothouse_protocol::{ErrorClass, Failure, ObjectRef, metadata};
use serde_json::Value;

use crate::ManifestObject;

/// What shall be on the server, and how it gets there.
#[derive(Debug, Clone)]
pub struct ApplyPlan {
    /// The objects of the release so far; those without a target are deleted. Empty for an installation.
    pub originals: Vec<ManifestObject>,
    /// Objects of revisions that failed after that. What they have brought into an object is removed, too, when it is not
    /// wanted; objects that are no targets stay.
    pub brought: Vec<ManifestObject>,
    /// Revisions that nobody knows any more may have brought something, too: what only we have set, as the API server says,
    /// and what is not wanted is removed from objects of the release.
    pub forgotten: bool,
    /// The objects as they shall be.
    pub targets: Vec<ManifestObject>,
    /// How objects are written.
    pub method: Method,
    /// Do not look at what exists: create all targets (Helm's `Create`).
    pub create_only: bool,
    /// Before server-side apply, hand fields that were written by client-side apply to the apply manager.
    pub migrate_managers: bool,
    /// Objects that exist are taken over as they are: fields of other managers are taken, whatever the release knows of them.
    pub takes_over: bool,
    /// Objects without a strategic merge (custom kinds) are merged against the live object too, not only against the
    /// original. Helm does this when an installation adopts objects client-side.
    pub three_way_custom: bool,
}

impl ApplyPlan {
    /// Create all targets (Helm's `Create`): installations without adopted objects, hooks, CRDs.
    #[must_use]
    pub fn create(targets: Vec<ManifestObject>, method: Method) -> Self {
        Self {
            originals: Vec::new(),
            brought: Vec::new(),
            forgotten: false,
            targets,
            method,
            create_only: true,
            migrate_managers: false,
            takes_over: false,
            three_way_custom: false,
        }
    }

    /// Create what is missing, update what exists, delete originals that are no targets (Helm's `Update`).
    #[must_use]
    pub fn update(originals: Vec<ManifestObject>, targets: Vec<ManifestObject>, method: Method) -> Self {
        Self {
            originals,
            brought: Vec::new(),
            forgotten: false,
            targets,
            method,
            create_only: false,
            migrate_managers: matches!(method, Method::ServerSide { .. }),
            takes_over: false,
            three_way_custom: false,
        }
    }
}

/// How objects are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// Apply patches.
    ServerSide {
        /// Take fields of other managers as far as they are ours: see [`ApplyPlan::takes_over`].
        force_conflicts: bool,
    },
    /// POST for new objects, merge patches or PUT for existing ones.
    ClientSide {
        /// PUT instead of patches.
        replace: bool,
    },
}

/// What was done.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Applied {
    /// Objects that did not exist before, with the names that the server gave; also those whose creation was tried.
    pub created: Vec<ObjectRef>,
    /// Objects that existed; also those whose update failed.
    pub updated: Vec<ObjectRef>,
    /// Objects that were deleted because they are no longer in the manifest.
    pub deleted: Vec<ObjectRef>,
    /// `metadata.resourceVersion` that each acknowledged write returned.
    pub resource_versions: BTreeMap<ObjectRef, u64>,
}

impl Applied {
    /// Notes a created object under the name that the server gave it.
    pub(super) fn note_created(&mut self, reference: ObjectRef, object: &Value) {
        let reference = named(reference, object);
        self.note_version(&reference, object);
        self.created.push(reference);
    }

    /// Notes an updated object.
    pub(super) fn note_updated(&mut self, reference: ObjectRef, object: &Value) {
        self.note_version(&reference, object);
        self.updated.push(reference);
    }

    fn note_version(&mut self, reference: &ObjectRef, object: &Value) {
        self.resource_versions.insert(reference.clone(), metadata::resource_version(object));
    }
}

fn named(mut reference: ObjectRef, object: &Value) -> ObjectRef {
    if reference.name.is_empty() {
        metadata::text(object, "name").clone_into(&mut reference.name);
    }
    reference
}

/// Applying failed. Displays as Helm's error text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", texts(.causes, .separator))]
pub struct ApplyError {
    /// What was done before and besides.
    pub applied: Applied,
    /// What went wrong, in the order of the manifest; never empty.
    pub causes: Vec<ApplyCause>,
    /// What stands between the texts.
    pub separator: &'static str,
}

impl ApplyError {
    /// What was applied, unless there are causes.
    pub(super) fn unless_empty(
        applied: Applied,
        causes: Vec<ApplyCause>,
        separator: &'static str,
    ) -> Result<Applied, Box<Self>> {
        if causes.is_empty() { Ok(applied) } else { Err(Box::new(Self { applied, causes, separator })) }
    }

    /// What trying again can do about it: as much as about the worst of the causes.
    #[must_use]
    pub fn class(&self) -> ErrorClass {
        // What cannot be sent at all stays so.
        let of = |cause: &ApplyCause| cause.failure.as_ref().map_or(ErrorClass::Terminal, Failure::class);
        self.causes.iter().map(of).max().unwrap_or(ErrorClass::Ordinary)
    }
}

/// What went wrong with one object.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text}")]
pub struct ApplyCause {
    /// Which object.
    pub object: ObjectRef,
    /// The reply that ended the try; `None` when the object cannot be sent at all.
    pub failure: Option<Failure>,
    /// Helm's words.
    pub text: String,
}

fn texts(causes: &[ApplyCause], separator: &str) -> String {
    causes.iter().map(ToString::to_string).collect::<Vec<_>>().join(separator)
}
