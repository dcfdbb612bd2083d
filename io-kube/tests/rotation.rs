//! Recordings that are full: another one begins with an operator that takes the place of the one before, the oldest is
//! removed, and whatever is left replays.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use pilothouse_chart::File;
use pilothouse_encoding::digest::Algorithm;
use pilothouse_io_kube::record::{RecordOptions, Recorded, Tap, recordings};
use pilothouse_io_kube::replay::{Recording, ReplayOptions, Verdict, replay};
use pilothouse_io_sim::source_controller::{Package, source_definitions};
use pilothouse_io_sim::world::{World, WorldOptions};
use pilothouse_operator::{Config, Operator, Random};
use pilothouse_protocol::{FieldValidation, ObjectRef, Patch, Reply, Request};
use serde_json::{Value, json};

const SECOND: u64 = 1_000_000_000;
const SIZE_MAX: u64 = 600_000;
const CHART_URL: &str = "http://charts/web.tgz";
const RELEASE: &str = "helm.toolkit.fluxcd.io/v2";
const SOURCE: &str = "source.toolkit.fluxcd.io/v1";

fn chart() -> Arc<[u8]> {
    let file = |name: &str, text: &str| File {
        name: name.to_owned(),
        data: text.as_bytes().to_vec().into(),
        modtime: None,
    };
    let template = "apiVersion: v1\nkind: Secret\nmetadata: {name: {{ .Release.Name }}}\nstringData:\n  \
                    password: {{ .Values.password | quote }}\n  number: {{ .Values.number | quote }}\n  drawn: {{ randAlphaNum 20 }}\n";
    let files = vec![
        file("Chart.yaml", "apiVersion: v2\nname: web\nversion: 1.0.0\n"),
        file("templates/secret.yaml", template),
    ];
    Package::from_files("web", files).unwrap().archive
}

fn apply(world: &mut World<Recorded<Operator>>, body: Value, status: bool) {
    let object = ObjectRef::of(&body);
    let patch = Patch::Apply { force: true, validation: FieldValidation::Strict };
    let request = Request::Patch { object, patch, body: Arc::new(body), status, dry_run: false };
    let reply = world.act("test", &request);
    assert!(matches!(reply, Reply::Object(_)), "{reply:?}");
}

/// A cluster with a release; the operator is recorded in the folder.
fn world(folder: &Path) -> World<Recorded<Operator>> {
    let slot: Arc<Mutex<Option<Recorded<Operator>>>> = Arc::default();
    let given = Arc::clone(&slot);
    let options = WorldOptions { journal: false, ..WorldOptions::default() };
    let mut world = World::new(options, move |_| given.lock().unwrap().take().unwrap());
    for definition in
        std::iter::once(pilothouse_api::custom_resource_definition()).chain(source_definitions())
    {
        world.act("test", &Request::Create { body: Arc::new(definition) });
    }
    world.run_for(SECOND);
    let archive = chart();
    let digest = Algorithm::Sha256.compute(&archive).to_string();
    world.artifacts().put(CHART_URL.to_owned(), archive);
    let source = |more: Value| {
        let mut body = json!({"apiVersion": SOURCE, "kind": "HelmChart", "metadata": {"namespace": "default", "name": "web"}});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    };
    let named = json!({"kind": "HelmRepository", "name": "r"});
    apply(&mut world, source(json!({"spec": {"chart": "web", "interval": "1h", "sourceRef": named}})), false);
    let status = json!({"status": {
        "observedGeneration": 1,
        "conditions": [{"type": "Ready", "status": "True", "reason": "Succeeded", "message": "m", "observedGeneration": 1,
                        "lastTransitionTime": "2026-01-01T00:00:00Z"}],
        "artifact": {"url": CHART_URL, "path": "web.tgz", "digest": digest, "revision": "1.0.0", "size": 1,
                     "lastUpdateTime": "2026-01-01T00:00:00Z"},
    }});
    apply(&mut world, source(status), true);
    let options = RecordOptions {
        folder: folder.to_owned(),
        size_max: SIZE_MAX,
        waiting: 1,
        command: "test",
        config: Config::default(),
        flags: BTreeMap::new(),
        complain: Arc::new(|_| {}),
    };
    let (tap, operator) = Tap::start(options, &Random::new(1), world.now()).unwrap();
    *slot.lock().unwrap() = Some(Recorded::new(operator, Some(tap)));
    world.start();
    world
}

fn size(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    entries
        .map(
            |entry| if entry.path().is_dir() { size(&entry.path()) } else { entry.metadata().unwrap().len() },
        )
        .sum()
}

#[test]
fn full_recordings_follow_one_another() {
    let folder: PathBuf = std::env::temp_dir().join(format!("pilothouse-rotation-{}", std::process::id()));
    let _ = fs::remove_dir_all(&folder);
    let mut world = world(&folder);
    for number in 0..14 {
        let values = json!({"password": "Canary-Rotation-1", "number": number.to_string()});
        apply(
            &mut world,
            json!({
                "apiVersion": RELEASE, "kind": "HelmRelease", "metadata": {"namespace": "default", "name": "web"},
                "spec": {"interval": "1m", "chartRef": {"kind": "HelmChart", "name": "web"}, "values": values},
            }),
            false,
        );
        world.run_for(65 * SECOND);
        let release = world.get(&ObjectRef::namespaced(RELEASE, "HelmRelease", "default", "web")).unwrap();
        let ready = release["status"]["conditions"]
            .as_array()
            .unwrap()
            .iter()
            .find(|one| one["type"] == "Ready")
            .unwrap();
        assert_eq!(
            (&ready["status"], &ready["observedGeneration"]),
            (&json!("True"), &json!(number + 1)),
            "{ready}"
        );
    }
    drop(world);
    let files = recordings(&folder).unwrap();
    assert!((2..=5).contains(&files.len()), "{files:?}");
    assert!(size(&folder) <= SIZE_MAX, "{}", size(&folder));
    let first = Recording::open(&files[0]).unwrap().header.first_id;
    assert!(first > 0, "the oldest were removed");
    let mut out = Vec::new();
    let options = ReplayOptions { path: folder.clone(), quiet: true, ..ReplayOptions::default() };
    let verdict = replay(&options, &mut out).unwrap();
    let out = String::from_utf8(out).unwrap();
    assert_eq!(verdict, Verdict::Equal, "{out}");
    assert_eq!(out.matches("equal: ").count(), files.len(), "{out}");
    assert!(!out.contains("note: "), "{out}");
    for file in files {
        assert!(!fs::read_to_string(file).unwrap().contains("Canary-Rotation-1"));
    }
    fs::remove_dir_all(&folder).unwrap();
}
