//! The world in which a script is played.

use std::rc::Rc;
use std::sync::Arc;

use pilothouse_io_sim::clock::SECOND;
use pilothouse_io_sim::faults::{ALL_FAULTS, Faults};
use pilothouse_io_sim::source_controller::source_definitions;
use pilothouse_io_sim::world::{Artifact as Answer, Progress, World, WorldOptions};
use pilothouse_operator::{Config, Operator};
use pilothouse_protocol::{
    FieldValidation, Object, ObjectRef, Patch, Preconditions, Propagation, Request, metadata,
};
use serde_json::{Value, json};

use super::charts;
use super::script::{Artifact, MAX_STEPS, Meddling, Script, Shape, Step};
use crate::acceptance::{Driven, Trace};

/// The name of everything, and the namespace it is in.
const NAME: &str = "web";
const NAMESPACE: &str = "default";
const SOURCE_VERSION: &str = "source.toolkit.fluxcd.io/v1";
const RELEASE_VERSION: &str = "helm.toolkit.fluxcd.io/v2";
const URL: &str = "http://charts/web.tgz";

/// The most things that happen in a script: it then ends as it is.
const MAX_HAPPENINGS: u32 = 30_000;
/// The time after which an undisturbed operator must have come to rest, in seconds.
const QUIET: u64 = 20 * 60;

/// The world in which a script is played.
pub(super) struct Stage {
    world: World<Driven>,
    trace: Trace,
    happenings: u32,
    meddled: bool,
}

impl Stage {
    /// Plays a script and gives its trace.
    pub(super) fn play(script: &Script) -> Vec<String> {
        let mut stage = Self::set(script.seed);
        stage.offer(Artifact::First);
        stage.apply(&script.release);
        stage.start();
        for step in script.steps.iter().take(MAX_STEPS) {
            stage.step(step);
        }
        stage.come_to_rest();
        drop(stage.world);
        stage.trace.take()
    }

    /// A world with the definitions in it and the operator at work.
    fn set(seed: u8) -> Self {
        let trace = Trace::default();
        let receiver = Rc::clone(&trace);
        let options = WorldOptions { seed: u64::from(seed), journal: false, ..WorldOptions::default() };
        let world = World::new(options, move |start| {
            let operator = Operator::new(Config::default(), start.seed);
            Driven::new(operator, Some(Rc::clone(&receiver)), None)
        });
        let mut stage = Self { world, trace, happenings: 0, meddled: false };
        for definition in source_definitions() {
            stage.write(definition, false);
        }
        stage.write(pilothouse_api::custom_resource_definition(), false);
        stage.pass(SECOND);
        stage
    }

    fn start(&mut self) {
        self.world.start();
        self.pass(SECOND);
    }

    fn step(&mut self, step: &Step) {
        match step {
            Step::Apply(shape) => self.apply(shape),
            Step::Delete => self.delete(&release()),
            Step::Ask { force, reset } => self.ask(*force, *reset),
            Step::Artifact(artifact) => self.offer(*artifact),
            Step::Wait(seconds) => self.pass(u64::from(*seconds) * SECOND),
            Step::Go(count) => {
                for _ in 0..*count {
                    self.happen(u64::MAX);
                }
            }
            Step::Crash => self.world.crash(),
            Step::ShutDown => {
                self.world.shut_down();
                self.pass(5 * SECOND);
                self.world.stop();
                self.start();
            }
            Step::Faults { classes, per_mille } => *self.world.faults() = faults(*classes, *per_mille),
            Step::Clock(minutes) => self.world.step_wall(i64::from(*minutes) * 60_000_000_000),
            Step::Meddle(meddling) => self.meddle(*meddling),
        }
    }

    /// Nothing goes wrong any more: the operator must find its peace.
    fn come_to_rest(&mut self) {
        *self.world.faults() = Faults::default();
        self.offer(Artifact::Second);
        self.pass(QUIET * SECOND);
        if self.happenings >= MAX_HAPPENINGS || self.meddled {
            return;
        }
        let revisions = self.revisions();
        let deployed =
            revisions.iter().filter(|stored| metadata::label(stored, "status") == Some("deployed"));
        let mut names: Vec<&str> = deployed.filter_map(|stored| metadata::label(stored, "name")).collect();
        let count = names.len();
        names.dedup();
        assert_eq!(names.len(), count, "two revisions of a release are deployed");
    }

    /// Lets time pass.
    fn pass(&mut self, nanos: u64) {
        let end = self.world.now().monotonic.after_nanos(nanos);
        while self.happenings < MAX_HAPPENINGS && self.world.now().monotonic < end {
            let left = end.nanos_since(self.world.now().monotonic);
            if !self.happen(left) {
                return;
            }
        }
    }

    /// Lets one thing happen, within a time.
    fn happen(&mut self, nanos: u64) -> bool {
        self.happenings += 1;
        let mut first = true;
        let progress = self.world.run_until(|_| !std::mem::take(&mut first), nanos);
        assert_ne!(progress, Progress::Livelock, "the operator asks for timers without end");
        matches!(progress, Progress::Stepped | Progress::Reached)
    }

    fn apply(&mut self, shape: &Shape) {
        self.write(
            json!({
                "apiVersion": RELEASE_VERSION, "kind": "HelmRelease",
                "metadata": {"namespace": NAMESPACE, "name": NAME}, "spec": spec(shape),
            }),
            false,
        );
    }

    fn ask(&mut self, force: bool, reset: bool) {
        let token = format!("{}", self.world.now().monotonic.0);
        let mut annotations = json!({"reconcile.fluxcd.io/requestedAt": token});
        if force {
            annotations["reconcile.fluxcd.io/forceAt"] = json!(token);
        }
        if reset {
            annotations["reconcile.fluxcd.io/resetAt"] = json!(token);
        }
        let body = json!({"metadata": {"annotations": annotations}});
        self.merge(release(), body, false);
    }

    /// The source and what lies under the address of its artifact.
    fn offer(&mut self, artifact: Artifact) {
        let served = charts::serve(artifact);
        assert!(served.is_ok(), "the charts of this target are charts");
        let Ok(served) = served else { return };
        match served.bytes {
            Some(bytes) => self.world.artifacts().set(URL, Answer::Bytes(bytes)),
            None => self.world.artifacts().remove(URL),
        }
        let source = ObjectRef::namespaced(SOURCE_VERSION, "OCIRepository", NAMESPACE, NAME);
        if self.world.get(&source).is_none() {
            self.write(
                json!({
                    "apiVersion": SOURCE_VERSION, "kind": "OCIRepository",
                    "metadata": {"namespace": NAMESPACE, "name": NAME},
                    "spec": {"interval": "1m", "url": "oci://charts/web"},
                }),
                false,
            );
        }
        let time = "2026-01-01T00:00:00Z";
        let status = json!({
            "observedGeneration": 1,
            "artifact": {"url": URL, "path": "web.tgz", "digest": served.digest, "lastUpdateTime": time, "size": 1,
                "revision": format!("{}@{}", served.version, served.digest)},
            "conditions": [{"type": "Ready", "status": "True", "reason": "Succeeded", "message": "stored artifact",
                "lastTransitionTime": time, "observedGeneration": 1}],
        });
        self.merge(source, json!({"status": status}), true);
    }

    fn meddle(&mut self, meddling: Meddling) {
        if meddling == Meddling::DeleteWorkload {
            return self.delete(&ObjectRef::namespaced("apps/v1", "Deployment", NAMESPACE, NAME));
        }
        self.meddled = true;
        let Some(newest) = self.revisions().last().map(|stored| ObjectRef::of(stored)) else { return };
        if meddling == Meddling::DeleteRevision {
            self.delete(&newest);
        } else {
            self.merge(newest, json!({"data": {"release": "bm90IGEgcmVsZWFzZQ=="}}), false);
        }
    }

    /// The Secrets of release storage, in the order of their names.
    fn revisions(&self) -> Vec<Object> {
        let secrets = self.world.server().store().list("secrets", Some(NAMESPACE));
        let objects = secrets.map(|stored| Arc::clone(&stored.object));
        objects.filter(|object| metadata::label(object, "owner") == Some("helm")).collect()
    }

    fn write(&mut self, body: Value, status: bool) {
        let patch = Patch::Apply { force: true, validation: FieldValidation::Ignore };
        let object = ObjectRef::of(&body);
        self.world
            .act("somebody", &Request::Patch { object, patch, body: Arc::new(body), status, dry_run: false });
    }

    fn merge(&mut self, object: ObjectRef, body: Value, status: bool) {
        let (patch, body) = (Patch::Merge, Arc::new(body));
        self.world.act("somebody", &Request::Patch { object, patch, body, status, dry_run: false });
    }

    fn delete(&mut self, object: &ObjectRef) {
        let (object, preconditions) = (object.clone(), Preconditions::default());
        let propagation = Propagation::Background;
        self.world.act("somebody", &Request::Delete { object, propagation, preconditions });
    }
}

fn release() -> ObjectRef {
    ObjectRef::namespaced(RELEASE_VERSION, "HelmRelease", NAMESPACE, NAME)
}

fn faults(classes: u16, per_mille: u8) -> Faults {
    let enabled = ALL_FAULTS.into_iter().enumerate().filter(|(bit, _)| classes >> bit & 1 == 1);
    Faults {
        enabled: enabled.map(|(_, class)| class).collect(),
        per_mille: per_mille.into(),
        ..Faults::default()
    }
}

fn spec(shape: &Shape) -> Value {
    let strategy = shape.retry.then(|| json!({"name": "RetryOnFailure", "retryInterval": "20s"}));
    let remediation = |retries: u8| json!({"retries": retries % 3});
    let mut install =
        json!({"remediation": remediation(shape.install_retries), "serverSideApply": shape.server_side});
    let mut upgrade = json!({"remediation": remediation(shape.upgrade_retries)});
    upgrade["serverSideApply"] = json!(if shape.server_side { "enabled" } else { "disabled" });
    upgrade["remediation"]["strategy"] = json!(if shape.uninstall { "uninstall" } else { "rollback" });
    if let Some(strategy) = strategy {
        install["strategy"] = strategy.clone();
        upgrade["strategy"] = strategy;
    }
    json!({
        "interval": "10m", "timeout": "30s", "suspend": shape.suspend,
        "releaseName": if shape.renamed { "other" } else { NAME },
        "chartRef": {"kind": "OCIRepository", "name": NAME},
        "install": install, "upgrade": upgrade,
        "test": {"enable": shape.test}, "uninstall": {"keepHistory": shape.keep_history},
        "values": {"replicas": shape.replicas % 4, "stuck": shape.stuck, "failingTest": shape.failing_test},
    })
}
