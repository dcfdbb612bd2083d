//! What `pilothouse dev` works on: the manifests and charts of its paths.

use std::path::PathBuf;
use std::time::SystemTime;

use pilothouse_io_sim::source_controller::{Library, Package};
use serde_json::{Value, json};

use super::InputError;
use super::charts::{read_archive, read_folder};
use super::check::check;
use super::find::{files_of, find};
use super::manifest::{Manifest, read_manifests};

/// Kinds of the core groups that live in no namespace; for other kinds a namespace does no harm.
const CLUSTER_KINDS: [&str; 9] = [
    "ClusterRole",
    "ClusterRoleBinding",
    "CustomResourceDefinition",
    "IngressClass",
    "Namespace",
    "Node",
    "PersistentVolume",
    "PriorityClass",
    "StorageClass",
];

/// Manifests and charts.
#[derive(Debug, Clone)]
pub(super) struct Project {
    /// In order of files and documents.
    pub(super) manifests: Vec<Manifest>,
    /// The charts.
    pub(super) library: Library,
}

impl Project {
    /// Reads and checks everything.
    pub(super) fn load(paths: &[PathBuf]) -> Result<Self, InputError> {
        let found = find(paths)?;
        let mut packages = Vec::new();
        for folder in &found.folders {
            packages.push(read_folder(folder)?);
        }
        for archive in &found.archives {
            packages.push(read_archive(archive)?);
        }
        let mut manifests = Vec::new();
        for path in &found.manifests {
            manifests.extend(read_manifests(path)?);
        }
        manifests.iter_mut().for_each(|manifest| set_namespace(&mut manifest.object));
        let project = Self { manifests, library: Library::new(packages) };
        check(&project.manifests, &project.library)?;
        if !project.manifests.iter().any(is_release) {
            let names: Vec<String> = paths.iter().map(|path| path.display().to_string()).collect();
            return Err(InputError::NoRelease(names.join(", ")));
        }
        Ok(project)
    }

    /// Gives charts whose content differs from that of an earlier project, under the same version, a version of their
    /// own: the operator takes a chart of the same version for the same chart.
    pub(super) fn with_builds_since(mut self, original: &Library) -> Self {
        let changed = |package: &Package| {
            let mut others = original.packages().iter();
            others.any(|other| {
                (&other.name, &other.version) == (&package.name, &package.version)
                    && other.digest != package.digest
            })
        };
        let packages = self.library.packages().iter().map(|package| {
            let build = if changed(package) { package.as_build().ok() } else { None };
            build.unwrap_or_else(|| package.clone())
        });
        self.library = Library::new(packages.collect());
        self
    }
}

/// Path, size and time of change of every file that matters, to notice changes. Files that cannot be read are left out.
pub(super) fn fingerprint(paths: &[PathBuf]) -> Vec<(PathBuf, u64, Option<SystemTime>)> {
    let Ok(found) = find(paths) else { return Vec::new() };
    let in_charts = found.folders.iter().flat_map(|folder| files_of(folder).unwrap_or_default());
    let files = found.manifests.iter().chain(&found.archives).cloned().chain(in_charts);
    let stamped = files.filter_map(|path| {
        let metadata = std::fs::metadata(&path).ok()?;
        Some((path, metadata.len(), metadata.modified().ok()))
    });
    stamped.collect()
}

/// Whether an object is a HelmRelease.
pub(super) fn is_release(manifest: &Manifest) -> bool {
    manifest.group() == "helm.toolkit.fluxcd.io" && manifest.kind() == "HelmRelease"
}

fn set_namespace(object: &mut Value) {
    let kind = object.get("kind").and_then(Value::as_str).unwrap_or_default();
    let has_namespace = object.pointer("/metadata/namespace").is_some();
    if !has_namespace && !CLUSTER_KINDS.contains(&kind) {
        object["metadata"]["namespace"] = json!("default");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dev::scratch::Scratch;

    const MANIFESTS: &str = "apiVersion: source.toolkit.fluxcd.io/v1\nkind: OCIRepository\nmetadata: {name: web}\n\
                             spec: {url: 'oci://example.com/web'}\n---\napiVersion: helm.toolkit.fluxcd.io/v2\n\
                             kind: HelmRelease\nmetadata: {name: web}\nspec:\n  interval: 10m\n  chartRef: {kind: \
                             OCIRepository, name: web}\n---\napiVersion: kustomize.config.k8s.io/v1beta1\nkind: \
                             Kustomization\nresources: []\n";

    #[test]
    fn a_changed_chart_of_the_same_version_becomes_a_build() {
        let scratch = Scratch::new("project");
        scratch.write("all.yaml", MANIFESTS);
        scratch.write("web/Chart.yaml", "apiVersion: v2\nname: web\nversion: 1.0.0\n");
        let paths = [scratch.path("")];
        let first = Project::load(&paths).unwrap();
        assert_eq!(first.manifests.len(), 2);
        assert_eq!(first.manifests[1].reference().to_string(), "HelmRelease/default/web");
        let before = fingerprint(&paths);
        let same = Project::load(&paths).unwrap().with_builds_since(&first.library);
        assert_eq!(same.library, first.library);

        scratch.write("web/values.yaml", "a: 1\n");
        assert_ne!(fingerprint(&paths), before);
        let changed = Project::load(&paths).unwrap().with_builds_since(&first.library);
        let version = &changed.library.packages()[0].version;
        assert!(version.starts_with("1.0.0+") && version.len() == "1.0.0+".len() + 12, "{version}");
    }
}
