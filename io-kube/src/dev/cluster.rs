//! The simulated cluster with the operator and source-controller in it.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use pilothouse_io_sim::controllers::ControllerOptions;
use pilothouse_io_sim::server::Server;
use pilothouse_io_sim::source_controller::{SourceController, source_definitions};
use pilothouse_io_sim::world::{Progress, Record, World, WorldOptions};
use pilothouse_operator::{Config, Gates, Operator, Random};
use pilothouse_protocol::{
    FieldValidation, Monotonic, Now, Object, ObjectRef, Patch, Preconditions, Propagation, Reply, Request,
};
use serde_json::{Value, json};

use super::manifest::Manifest;
use super::project::{Project, is_release};
use super::{DevError, InputError};
use crate::events::event_object;
use crate::flags::RecordFlags;
use crate::record::{RecordOptions, Recorded, Tap};

/// Field manager under which the manifests are applied.
const MANAGER: &str = "pilothouse-dev";
/// How much virtual time passes between two looks at what has changed, in nanoseconds.
const SLICE: u64 = 20_000_000;
/// How long a Pod takes to become ready, in virtual nanoseconds.
const READY: u64 = 3_000_000_000;
/// How long the Pod of a test or a Job runs, in virtual nanoseconds.
const RUN: u64 = 2_000_000_000;
/// How long definitions of custom resources are given to be established, in nanoseconds.
const ESTABLISH: u64 = 500_000_000;

/// The cluster.
pub(super) struct Cluster {
    world: World<Recorded<Operator>>,
    sources: SourceController,
    project: Project,
    origin: Monotonic,
    /// How often each event of the record is among the objects; `None` when they are not shown.
    shown: Option<Vec<u64>>,
}

/// The operator asks for timers without end: a fault of the operator.
#[derive(Debug, thiserror::Error)]
#[error("the operator asks for timers without end; please report this with your manifests")]
pub struct Livelock;

impl Cluster {
    /// A cluster with a project in it, and notes about objects that are left out. `wall` in nanoseconds since the Unix
    /// epoch.
    ///
    /// # Errors
    /// When the API server refuses an object.
    pub(super) fn start(
        project: Project,
        wall: i64,
        record: &RecordFlags,
    ) -> Result<(Self, Vec<String>), DevError> {
        let gates = Gates { external_artifact: true, ..Gates::default() };
        let config = Config { gates, ..Config::default() };
        let recorded = Arc::new(Mutex::new(None));
        let (slot, plain) = (Arc::clone(&recorded), config.clone());
        let mut world = World::new(options(wall), move |start| {
            let recorded: Option<(Tap, Operator)> =
                slot.lock().unwrap_or_else(PoisonError::into_inner).take();
            match recorded {
                Some((tap, operator)) => Recorded::new(operator, Some(tap)),
                None => Recorded::new(Operator::new(plain.clone(), start.seed), None),
            }
        });
        let own = std::iter::once(pilothouse_api::custom_resource_definition()).chain(source_definitions());
        for definition in own {
            // These are our own: they are as the model wants them.
            let _ = apply(&mut world, definition);
        }
        world.run_for(ESTABLISH);
        let sources = SourceController::new(project.library.clone());
        let mut cluster = Self { world, sources, project, origin: Monotonic(0), shown: None };
        let notes = cluster.apply_all()?;
        cluster.origin = cluster.world.now().monotonic;
        if let Some(folder) = &record.record {
            let tap = tap(folder, record.record_max_size, config, cluster.world.now())?;
            *recorded.lock().unwrap_or_else(PoisonError::into_inner) = Some(tap);
        }
        cluster.world.start();
        Ok((cluster, notes))
    }

    /// Brings the cluster in line with a changed project: objects that are gone are deleted. Returns notes.
    ///
    /// # Errors
    /// When the API server refuses an object.
    pub(super) fn replace(&mut self, project: Project) -> Result<Vec<String>, InputError> {
        let kept: BTreeSet<ObjectRef> = project.manifests.iter().map(Manifest::reference).collect();
        let old = std::mem::replace(&mut self.project, project);
        self.sources.set_library(self.project.library.clone());
        for manifest in old.manifests.iter().rev().filter(|manifest| !kept.contains(&manifest.reference())) {
            let (propagation, preconditions) = (Propagation::Background, Preconditions::default());
            let delete = Request::Delete { object: manifest.reference(), propagation, preconditions };
            // What is gone already need not be deleted.
            let _ = self.world.act(MANAGER, &delete);
        }
        self.apply_all()
    }

    /// Lets time pass until something changes, a slice is over, or `until` has come.
    ///
    /// # Errors
    /// When time stands still.
    pub(super) fn step(&mut self, until: Monotonic) -> Result<(), Livelock> {
        let due = self.sources.tend(&mut self.world);
        let now = self.world.now().monotonic;
        let end = until.min(now.after_nanos(SLICE)).min(due.unwrap_or(until)).max(now);
        let revision = self.world.server().revision();
        let limit = end.nanos_since(now);
        let outcome = self.world.run_until(|world| world.server().revision() != revision, limit);
        match outcome {
            Progress::Livelock => return Err(Livelock),
            Progress::Idle => {
                self.world.run_for(limit);
            }
            Progress::Stepped | Progress::TimeIsUp | Progress::Reached => {}
        }
        self.write_events();
        Ok(())
    }

    /// Lets a client use the API server.
    pub(super) fn with_server<R>(&mut self, act: impl FnOnce(&mut Server, Now) -> R) -> R {
        self.world.with_server(act)
    }

    /// From now on the operator's events are objects in the cluster, as they are in a real one.
    pub(super) fn show_events(&mut self) {
        self.shown.get_or_insert_default();
    }

    /// Writes events that are new or have happened again.
    fn write_events(&mut self) {
        let Some(shown) = &mut self.shown else { return };
        let now = self.world.now();
        let wall = |at: Monotonic| {
            now.wall.saturating_sub(i64::try_from(now.monotonic.nanos_since(at)).unwrap_or(i64::MAX))
        };
        let mut objects = Vec::new();
        for (index, recorded) in self.world.record().events.iter().enumerate() {
            if shown.get(index) == Some(&recorded.count) {
                continue;
            }
            let event = &recorded.event;
            let name = format!("{}.{index:x}", event.regarding.name);
            let count = u32::try_from(recorded.count).unwrap_or(u32::MAX);
            let times = (wall(recorded.first), wall(recorded.last), count);
            objects.push(event_object(event, &name, &event.message, times, "pilothouse-dev"));
            shown.resize(shown.len().max(index + 1), 0);
            shown[index] = recorded.count;
        }
        for object in objects {
            // The namespace may be on its way out: then there are no events any more.
            let _ = apply(&mut self.world, object);
        }
    }

    /// The present moment.
    pub(super) fn now(&self) -> Monotonic {
        self.world.now().monotonic
    }

    /// Virtual nanoseconds since the objects were applied.
    pub(super) fn elapsed(&self) -> u64 {
        self.now().nanos_since(self.origin)
    }

    /// The moment so many virtual nanoseconds after the objects were applied.
    pub(super) fn after(&self, elapsed: u64) -> Monotonic {
        self.origin.after_nanos(elapsed)
    }

    /// What has happened.
    pub(super) fn record(&self) -> &Record {
        self.world.record()
    }

    /// All HelmReleases, also such that are being deleted.
    pub(super) fn releases(&self) -> Vec<Object> {
        let stored = self.world.server().store().list("helmreleases.helm.toolkit.fluxcd.io", None);
        stored.map(|stored| Arc::clone(&stored.object)).collect()
    }

    /// What the operator does.
    pub(super) fn progress(&self) -> Vec<pilothouse_operator::Progress> {
        self.world.machine().map(|machine| machine.core().progress()).unwrap_or_default()
    }

    /// Applies all objects: definitions and namespaces first, releases last.
    fn apply_all(&mut self) -> Result<Vec<String>, InputError> {
        let mut manifests = self.project.manifests.clone();
        manifests.sort_by_key(|manifest| match manifest.kind() {
            "CustomResourceDefinition" => 0,
            "Namespace" => 1,
            _ if is_release(manifest) => 3,
            _ => 2,
        });
        let mut notes = Vec::new();
        let mut settled = false;
        for manifest in &manifests {
            if !settled && manifest.kind() != "CustomResourceDefinition" {
                settled = true;
                if manifests.first().is_some_and(|first| first.kind() == "CustomResourceDefinition") {
                    self.world.run_for(ESTABLISH);
                }
            }
            let discovery = self.world.server().discovery();
            let Some(resource) = discovery.resource(manifest.api_version(), manifest.kind()) else {
                notes.push(left_out(manifest));
                continue;
            };
            if resource.namespaced {
                self.make_namespace(manifest);
            }
            if let Reply::Failed(failure) = apply(&mut self.world, body(manifest, resource.namespaced)) {
                return Err(manifest.wrong(failure.to_string()));
            }
        }
        Ok(notes)
    }

    fn make_namespace(&mut self, manifest: &Manifest) {
        let Some(name) = manifest.reference().namespace else { return };
        let namespace = ObjectRef::cluster("v1", "Namespace", &name);
        if self.world.get(&namespace).is_none() {
            let body = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}});
            // A name that is refused here is refused again with the object itself.
            let _ = apply(&mut self.world, body);
        }
    }
}

/// A tap and the operator to it. Its chance comes from a seed that is always the same, so that the same input takes the same
/// virtual time.
fn tap(folder: &Path, size_max: u64, config: Config, now: Now) -> Result<(Tap, Operator), DevError> {
    let complain = Arc::new(|error: &std::io::Error| {
        // When stderr is gone, too, nobody can be told.
        let _ = writeln!(std::io::stderr(), "Warning: nothing more is recorded: {error}");
    });
    let options = RecordOptions {
        folder: folder.to_owned(),
        size_max,
        waiting: 1,
        command: "dev",
        config,
        flags: BTreeMap::new(),
        complain,
    };
    let failed = |error| DevError::Record { folder: folder.display().to_string(), error };
    Tap::start(options, &Random::new(0), now).map_err(failed)
}

fn options(wall: i64) -> WorldOptions {
    let controllers =
        ControllerOptions { ready: READY, run: RUN, end_pods: true, ..ControllerOptions::default() };
    let mut options = WorldOptions { wall, controllers, journal: false, ..WorldOptions::default() };
    // A change of any ConfigMap or Secret counts at once, without the label that asks for it.
    options.follow.iter_mut().for_each(|target| target.labels.clear());
    options
}

fn left_out(manifest: &Manifest) -> String {
    let (file, line, object) = (&manifest.file, manifest.line, manifest.reference());
    let version = manifest.api_version();
    format!("{file}:{line}: {object} is left out: {version} is not served by the simulated cluster")
}

/// What is applied: no status, and a namespace only where there is one.
fn body(manifest: &Manifest, namespaced: bool) -> Value {
    let mut body = manifest.object.clone();
    if let Some(fields) = body.as_object_mut() {
        fields.remove("status");
    }
    if let Some(metadata) = body.pointer_mut("/metadata").and_then(Value::as_object_mut)
        && !namespaced
    {
        metadata.remove("namespace");
    }
    body
}

fn apply(world: &mut World<Recorded<Operator>>, body: Value) -> Reply {
    let patch = Patch::Apply { force: true, validation: FieldValidation::Strict };
    let (object, body) = (ObjectRef::of(&body), Arc::new(body));
    world.act(MANAGER, &Request::Patch { object, patch, body, status: false, dry_run: false })
}
