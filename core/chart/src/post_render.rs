//! Post-rendering of objects before they are stored and applied (spec 05 §8): kustomizations, common metadata, and labels
//! that name the origin.

mod images;
mod json_patch;
mod kustomize;
mod labels;
mod merge_keys;
mod selector;
mod strategic;
mod stream;

use std::collections::BTreeMap;

use serde_json::{Map, Value};

pub use images::Image;
pub use kustomize::{Kustomization, Patch};
pub use selector::{CompiledSelector, Selector};

use crate::manifest::sort_manifests;
use crate::split::Separation;
use stream::Object;

/// Group of the labels that name the origin.
const GROUP: &str = "helm.toolkit.fluxcd.io";

/// What is done to rendered objects.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PostRender {
    /// What hooks have to do with it.
    pub strategy: PostRenderStrategy,
    /// Patches and images, in the order of `spec.postRenderers`.
    pub kustomizations: Vec<Kustomization>,
    /// Metadata for all objects.
    pub common_metadata: Option<CommonMetadata>,
    /// The object that manages the release.
    pub origin: Origin,
}

/// How hooks reach post-rendering.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PostRenderStrategy {
    /// Together with all other objects.
    #[default]
    Combined,
    /// In a run of their own.
    Separate,
    /// Not at all.
    NoHooks,
}

/// Metadata for all objects; it wins over what objects say themselves.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CommonMetadata {
    /// Labels.
    pub labels: BTreeMap<String, String>,
    /// Annotations.
    pub annotations: BTreeMap<String, String>,
}

/// Name of the object that manages a release.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Origin {
    /// Name.
    pub name: String,
    /// Namespace.
    pub namespace: String,
}

/// Why post-rendering failed, in Helm's words.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PostRenderError {
    /// A rendered file is no YAML.
    #[error("error merging {what}: parsing {file}: {reason}")]
    Parse {
        /// Which files.
        what: &'static str,
        /// Path of the file.
        file: String,
        /// What the reader said.
        reason: String,
    },
    /// A rendered file holds something that is no object.
    #[error("error merging {what}: annotating {file}: wrong node kind: expected MappingNode but got {kind}")]
    NoObject {
        /// Which files.
        what: &'static str,
        /// Path of the file.
        file: String,
        /// What it is.
        kind: &'static str,
    },
    /// A transformation failed.
    #[error("error while running post render on {what}: {reason}")]
    Transform {
        /// Which files.
        what: &'static str,
        /// What it said.
        reason: String,
    },
    /// A file cannot be sorted before post-rendering.
    #[error("{0}")]
    Sort(String),
}

impl PostRender {
    /// Transforms rendered files, given by path.
    pub(crate) fn run(
        &self,
        files: BTreeMap<String, String>,
    ) -> Result<BTreeMap<String, String>, PostRenderError> {
        if self.strategy == PostRenderStrategy::Combined {
            return self.transform(&files, "manifests", "files");
        }
        let sorted = sort_manifests(files, Separation::Recorded).map_err(PostRenderError::Sort)?;
        let hooks = grouped(sorted.hooks.into_iter().map(|hook| (hook.path, hook.manifest)));
        let manifests =
            grouped(sorted.manifests.into_iter().map(|manifest| (manifest.name, manifest.content)));
        let hooks = match self.strategy {
            PostRenderStrategy::Separate => self.transform(&hooks, "hooks", "hooks")?,
            PostRenderStrategy::NoHooks | PostRenderStrategy::Combined => hooks,
        };
        let manifests = self.transform(&manifests, "manifests", "manifests")?;
        Ok(grouped(hooks.into_iter().chain(manifests)))
    }

    /// `what` and `step` name the files in errors.
    fn transform(
        &self,
        files: &BTreeMap<String, String>,
        what: &'static str,
        step: &'static str,
    ) -> Result<BTreeMap<String, String>, PostRenderError> {
        let mut objects = stream::read(files, what)?;
        for kustomization in &self.kustomizations {
            kustomize::apply(kustomization, &mut objects)
                .map_err(|reason| PostRenderError::Transform { what: step, reason })?;
        }
        for object in &mut objects {
            self.label(object);
        }
        stream::write(objects).map_err(|reason| PostRenderError::Transform { what: step, reason })
    }

    fn label(&self, object: &mut Object) {
        if let Some(metadata) = &self.common_metadata {
            put(&mut object.value, "labels", &metadata.labels);
            put(&mut object.value, "annotations", &metadata.annotations);
        }
        let labels = [("name", &self.origin.name), ("namespace", &self.origin.namespace)];
        let labels = labels.map(|(key, value)| (format!("{GROUP}/{key}"), value.clone()));
        put(&mut object.value, "labels", &labels.into_iter().collect());
    }
}

/// Puts entries into a map of `metadata`, which is made if it is missing.
fn put(object: &mut Map<String, Value>, field: &str, entries: &BTreeMap<String, String>) {
    if entries.is_empty() {
        return;
    }
    let mut metadata = take(object, "metadata");
    let mut map = take(&mut metadata, field);
    for (key, value) in entries {
        map.insert(key.clone(), Value::String(value.clone()));
    }
    metadata.insert(field.to_owned(), Value::Object(map));
    object.insert("metadata".to_owned(), Value::Object(metadata));
}

/// The map at `key`; an empty one for anything else.
fn take(object: &mut Map<String, Value>, key: &str) -> Map<String, Value> {
    match object.remove(key) {
        Some(Value::Object(map)) => map,
        _ => Map::new(),
    }
}

/// Documents of the same file one after another.
fn grouped(documents: impl Iterator<Item = (String, String)>) -> BTreeMap<String, String> {
    let mut files: BTreeMap<String, String> = BTreeMap::new();
    for (path, document) in documents {
        let text = files.entry(path).or_default();
        if !text.is_empty() {
            text.push_str("\n---\n");
        }
        text.push_str(&document);
    }
    files
}
