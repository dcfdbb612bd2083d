//! Plays source-controller: gives HelmCharts, OCIRepositories and ExternalArtifacts of a simulated world their artifact
//! from a library of charts, and makes the repositories that they name ready.

mod definitions;
mod library;
mod package;
mod status;
#[cfg(test)]
mod tests;

pub use definitions::source_definitions;
pub use library::{Library, ResolveError, Resolved};
pub use package::{Package, PackageError};

use std::collections::BTreeMap;
use std::sync::Arc;

use pilothouse_protocol::{Monotonic, Object, ObjectRef, Patch, Reply, Request, metadata};
use serde_json::Value;

use crate::clock::{MILLISECOND, SECOND};
use crate::world::{Machine, World};
use status::{ArtifactStatus, Verdict, status_patch};

/// Group and version of the source kinds.
const API_VERSION: &str = "source.toolkit.fluxcd.io/v1";
/// Field manager of these writes.
const MANAGER: &str = "source-controller";
/// Where the artifacts lie.
const HOST: &str = "http://source-controller.flux-system.svc.cluster.local.";
/// The kinds that are looked after: repositories first, so that charts find them ready.
const KINDS: [&str; 6] =
    ["HelmRepository", "GitRepository", "Bucket", "HelmChart", "OCIRepository", "ExternalArtifact"];
/// From a change of an object to its status: fetching takes time.
const LATENCY: u64 = 200 * MILLISECOND;
/// From a failure to the next try.
const RETRY: u64 = 10 * SECOND;

/// The state of the controller.
#[derive(Debug, Default)]
pub struct SourceController {
    library: Library,
    revision: Option<u64>,
    handled: BTreeMap<ObjectRef, Handled>,
    due: BTreeMap<ObjectRef, Monotonic>,
}

/// What was seen of an object when it was handled.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Handled {
    uid: String,
    generation: i64,
}

impl SourceController {
    /// A controller that has seen nothing yet.
    #[must_use]
    pub fn new(library: Library) -> Self {
        Self { library, ..Self::default() }
    }

    /// The charts.
    #[must_use]
    pub fn library(&self) -> &Library {
        &self.library
    }

    /// Replaces the charts. Every object is looked at again.
    pub fn set_library(&mut self, library: Library) {
        self.library = library;
        self.handled.clear();
        self.revision = None;
    }

    /// Does what is due and returns when something will be due next. To be called whenever the world has changed or that
    /// moment has come.
    pub fn tend<M: Machine>(&mut self, world: &mut World<M>) -> Option<Monotonic> {
        self.notice(world);
        let now = world.now().monotonic;
        let due: Vec<ObjectRef> =
            self.due.iter().filter(|(_, at)| **at <= now).map(|(object, _)| object.clone()).collect();
        for object in due {
            self.due.remove(&object);
            self.reconcile(world, &object);
        }
        self.due.values().min().copied()
    }

    /// Enters what is new or has changed.
    fn notice<M: Machine>(&mut self, world: &World<M>) {
        let revision = world.server().revision();
        if self.revision == Some(revision) {
            return;
        }
        self.revision = Some(revision);
        let at = world.now().monotonic.after_nanos(LATENCY);
        for kind in KINDS {
            let resource = format!("{}.{}", definitions::plural(kind), "source.toolkit.fluxcd.io");
            for stored in world.server().store().list(&resource, None) {
                let reference = ObjectRef::of(&stored.object);
                let seen = Handled::of(&stored.object);
                let is_new = self.handled.get(&reference) != Some(&seen);
                if is_new && !metadata::is_deleting(&stored.object) {
                    self.handled.insert(reference.clone(), seen);
                    self.due.insert(reference, at);
                }
            }
        }
    }

    fn reconcile<M: Machine>(&mut self, world: &mut World<M>, reference: &ObjectRef) {
        let Some(object) = world.get(reference) else {
            self.handled.remove(reference);
            return;
        };
        if object.pointer("/spec/suspend") == Some(&Value::Bool(true)) {
            return;
        }
        let verdict = self.judge(world, &object);
        if !verdict.ready {
            self.due.insert(reference.clone(), world.now().monotonic.after_nanos(RETRY));
        }
        let Some(patch) = status_patch(&object, &verdict, world.now().wall) else { return };
        let request = Request::Patch {
            object: reference.clone(),
            patch: Patch::Merge,
            body: Arc::new(patch),
            status: true,
            dry_run: false,
        };
        if let Reply::Failed(_) = world.act(MANAGER, &request) {
            self.due.insert(reference.clone(), world.now().monotonic.after_nanos(RETRY));
        }
    }

    fn judge<M: Machine>(&self, world: &mut World<M>, object: &Object) -> Verdict {
        let spec = object.get("spec").unwrap_or(&Value::Null);
        let resolved = match metadata_kind(object) {
            "HelmChart" => match missing_source(world, object, spec) {
                Some(message) => return failed("SourceUnavailable", message),
                None => self.library.for_helm_chart(spec),
            },
            "OCIRepository" => self.library.for_oci_repository(spec),
            "ExternalArtifact" => self.library.for_external_artifact(object),
            _ => return ready("Succeeded", "stored artifact".to_owned(), None),
        };
        match resolved {
            Ok(resolved) => {
                let artifact = store(world, object, &resolved);
                let package = &resolved.package;
                let message = format!("pulled '{}' chart with version '{}'", package.name, package.version);
                ready("ChartPullSucceeded", message, Some(artifact))
            }
            Err(error) => failed("ChartPullError", error.to_string()),
        }
    }
}

impl Handled {
    fn of(object: &Value) -> Self {
        Self { uid: metadata::text(object, "uid").to_owned(), generation: metadata::generation(object) }
    }
}

/// Puts the archive where the artifact server finds it.
fn store<M: Machine>(world: &mut World<M>, object: &Value, resolved: &Resolved) -> ArtifactStatus {
    let package = &resolved.package;
    let (namespace, name) = (metadata::text(object, "namespace"), metadata::text(object, "name"));
    let short: String = package.digest.chars().skip("sha256:".len()).take(8).collect();
    let path = format!(
        "{}/{namespace}/{name}/{}-{}-{short}.tgz",
        metadata_kind(object).to_lowercase(),
        package.name,
        package.version
    );
    let url = format!("{HOST}/{path}");
    world.artifacts().put(url.clone(), Arc::clone(&package.archive));
    let (digest, revision) = (package.digest.clone(), resolved.revision.clone());
    ArtifactStatus { url, path, digest, revision, size: package.archive.len() }
}

/// Why the source of a HelmChart cannot be used.
fn missing_source<M: Machine>(world: &World<M>, object: &Value, spec: &Value) -> Option<String> {
    let text = |pointer: &str| spec.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
    let (kind, name) = (text("/sourceRef/kind"), text("/sourceRef/name"));
    let source = ObjectRef::namespaced(API_VERSION, kind, metadata::text(object, "namespace"), name);
    let plural = definitions::plural(kind);
    world
        .get(&source)
        .is_none()
        .then(|| format!("failed to get source: {plural}.source.toolkit.fluxcd.io \"{name}\" not found"))
}

fn metadata_kind(object: &Value) -> &str {
    object.get("kind").and_then(Value::as_str).unwrap_or_default()
}

fn ready(reason: &'static str, message: String, artifact: Option<ArtifactStatus>) -> Verdict {
    Verdict { ready: true, reason, message, artifact }
}

fn failed(reason: &'static str, message: String) -> Verdict {
    Verdict { ready: false, reason, message, artifact: None }
}
