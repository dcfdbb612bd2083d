use std::sync::Arc;

use pilothouse_chart::File;
use pilothouse_operator::{OperatorAction, OperatorInput};
use pilothouse_protocol::{Deadline, FieldValidation, Now, Object, ObjectRef, Patch, Reply, Request};
use serde_json::{Value, json};

use super::{API_VERSION, Library, Package, SourceController, source_definitions};
use crate::clock::SECOND;
use crate::world::{Machine, World, WorldOptions};

/// No operator: only the sources matter here.
struct Nobody;

impl Machine for Nobody {
    fn handle(&mut self, _: Now, _: OperatorInput) {}
    fn poll_action(&mut self) -> Option<OperatorAction> {
        None
    }
    fn poll_timeout(&self) -> Option<Deadline> {
        None
    }
}

fn package(version: &str) -> Package {
    let text = format!("apiVersion: v2\nname: web\nversion: {version}\n");
    let file = File { name: "Chart.yaml".to_owned(), data: text.into_bytes().into(), modtime: None };
    Package::from_files("charts/web", vec![file]).unwrap()
}

fn apply(world: &mut World<Nobody>, body: Value) -> Reply {
    let patch = Patch::Apply { force: true, validation: FieldValidation::Strict };
    let (object, body): (ObjectRef, Object) = (ObjectRef::of(&body), Arc::new(body));
    world.act("somebody", &Request::Patch { object, patch, body, status: false, dry_run: false })
}

fn world() -> World<Nobody> {
    let mut world = World::new(WorldOptions::default(), |_| Nobody);
    for definition in source_definitions() {
        assert!(matches!(apply(&mut world, definition), Reply::Object(_)));
    }
    world.run_for(SECOND);
    world
}

fn source(kind: &str, spec: Value) -> Value {
    json!({"apiVersion": API_VERSION, "kind": kind, "metadata": {"namespace": "default", "name": "web"}, "spec": spec})
}

fn tend(controller: &mut SourceController, world: &mut World<Nobody>, seconds: u64) {
    for _ in 0..seconds * 10 {
        controller.tend(world);
        world.run_for(SECOND / 10);
    }
}

fn status(world: &World<Nobody>, kind: &str) -> Value {
    let object = world.get(&ObjectRef::namespaced(API_VERSION, kind, "default", "web")).unwrap();
    object["status"].clone()
}

#[test]
fn a_chart_gets_its_artifact_when_its_source_is_there() {
    let mut world = world();
    let mut controller = SourceController::new(Library::new(vec![package("1.0.0")]));
    let spec =
        json!({"chart": "web", "version": "1.x", "sourceRef": {"kind": "HelmRepository", "name": "web"}});
    assert!(matches!(apply(&mut world, source("HelmChart", spec)), Reply::Object(_)));
    tend(&mut controller, &mut world, 1);
    let waiting = status(&world, "HelmChart");
    assert_eq!(waiting["conditions"][0]["status"], "False");
    assert_eq!(
        waiting["conditions"][0]["message"],
        "failed to get source: helmrepositories.source.toolkit.fluxcd.io \"web\" not found"
    );

    apply(&mut world, source("HelmRepository", json!({"url": "https://charts.example.com"})));
    tend(&mut controller, &mut world, 12);
    let ready = status(&world, "HelmChart");
    assert_eq!(ready["conditions"][0]["message"], "pulled 'web' chart with version '1.0.0'");
    assert_eq!(ready["observedGeneration"], json!(1));
    assert_eq!(ready["artifact"]["revision"], "1.0.0");
    let url = ready["artifact"]["url"].as_str().unwrap().to_owned();
    assert_eq!(world.artifacts().fetch(&url), Reply::Artifact(package("1.0.0").archive));
}

#[test]
fn a_new_library_gives_a_new_revision_and_nothing_is_written_without_need() {
    let mut world = world();
    let mut controller = SourceController::new(Library::new(vec![package("1.0.0")]));
    apply(&mut world, source("OCIRepository", json!({"url": "oci://example.com/charts/web"})));
    tend(&mut controller, &mut world, 1);
    let first = status(&world, "OCIRepository")["artifact"]["revision"].clone();
    assert_eq!(first, json!(format!("1.0.0@{}", package("1.0.0").digest)));
    let revision = world.server().revision();
    controller.set_library(Library::new(vec![package("1.0.0")]));
    tend(&mut controller, &mut world, 1);
    assert_eq!(world.server().revision(), revision);

    controller.set_library(Library::new(vec![package("1.0.0"), package("1.1.0")]));
    tend(&mut controller, &mut world, 1);
    let second = status(&world, "OCIRepository")["artifact"]["revision"].clone();
    assert_eq!(second, json!(format!("1.1.0@{}", package("1.1.0").digest)));
}

#[test]
fn a_chart_that_is_not_there_is_not_ready() {
    let mut world = world();
    let mut controller = SourceController::new(Library::default());
    apply(&mut world, source("ExternalArtifact", json!({})));
    tend(&mut controller, &mut world, 1);
    let status = status(&world, "ExternalArtifact");
    assert_eq!(status["conditions"][0]["reason"], "ChartPullError");
    assert_eq!(status["conditions"][0]["message"], "no chart named \"web\"; charts there: none");
}
