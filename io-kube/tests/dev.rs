//! `pilothouse dev --once` on the examples and on input that is wrong.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::fs;
use std::path::{Path, PathBuf};

use pilothouse_io_kube::dev::{DevError, DevOptions, Outcome, Screen, Style, run_once};
use pilothouse_io_kube::flags::RecordFlags;
use pilothouse_io_kube::replay::{ReplayError, ReplayOptions, Verdict, replay};

const RELEASE: &str = "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata:\n  name: web\nspec:\n  \
                       interval: 10m\n  chart:\n    spec:\n      chart: web\n      sourceRef: {kind: HelmRepository, name: r}\n";
const REPOSITORY: &str = "apiVersion: source.toolkit.fluxcd.io/v1\nkind: HelmRepository\nmetadata: {name: r}\n\
                          spec: {url: 'https://charts.example.com'}\n";
const CHART: &str = "apiVersion: v2\nname: web\nversion: 1.0.0\n";
const CONFIG_MAP: &str =
    "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: web}\ndata: {x: {{ .Values.x | quote }}}\n";

/// A folder that is removed at the end of a test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str, files: &[(&str, &str)]) -> Self {
        let path = std::env::temp_dir().join(format!("pilothouse-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        for (file, text) in files {
            let file = path.join(file);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, text).unwrap();
        }
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn run(path: &Path) -> (Result<Outcome, DevError>, String) {
    record(path, RecordFlags::default())
}

fn record(path: &Path, record: RecordFlags) -> (Result<Outcome, DevError>, String) {
    let mut out = Vec::new();
    let options = DevOptions {
        paths: vec![path.to_owned()],
        timeout: 600_000_000_000,
        speed: 1.0,
        listen: None,
        kubeconfig: None,
        events: true,
        verbose: false,
        record,
    };
    let outcome = run_once(&options, &mut Screen::new(&mut out, Style::default()));
    (outcome, String::from_utf8(out).unwrap())
}

fn error(files: &[(&str, &str)]) -> String {
    let folder = Folder::new("dev-input", files);
    let (outcome, _) = run(&folder.0);
    let text = outcome.unwrap_err().to_string();
    text.replace(&format!("{}/", folder.0.display()), "").replace(&folder.0.display().to_string(), "PATH")
}

#[test]
fn the_examples_become_ready_one_after_the_other() {
    let (outcome, text) = run(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples"));
    assert_eq!(outcome.unwrap(), Outcome::AllReady, "{text}");
    for part in
        ["default/backend   1         webapp@1.0.0  Ready", "default/frontend  1         webapp@1.0.0  Ready"]
    {
        assert!(text.contains(part), "{text}");
    }
    assert!(text.contains("  v1  deployed  install  webapp@1.0.0  tests: 1 passed\n"), "{text}");
    assert!(text.contains("dependency 'default/backend' is not ready"), "{text}");
    assert!(text.contains("2 of 2 releases ready after "), "{text}");
}

#[test]
fn a_recorded_run_is_played_again() {
    let folder = Folder::new("dev-record", &[]);
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples");
    let flags = RecordFlags { record: Some(folder.0.clone()), record_max_size: 1 << 30 };
    let (outcome, text) = record(&examples, flags);
    assert_eq!(outcome.unwrap(), Outcome::AllReady, "{text}");
    let page = folder.0.join("page.html");
    let played = |options: ReplayOptions| {
        let mut out = Vec::new();
        let verdict = replay(&options, &mut out);
        (verdict, String::from_utf8(out).unwrap())
    };
    let options =
        ReplayOptions { path: folder.0.clone(), html: Some(page.clone()), ..ReplayOptions::default() };
    let (verdict, trace) = played(options.clone());
    assert_eq!(verdict.unwrap(), Verdict::Equal, "{trace}");
    for part in [
        "Condition    Ready=True TestSucceeded",
        "Stored       backend.v1 created: pending-install",
        "equal: ",
    ] {
        assert!(trace.contains(part), "{part}: {trace}");
    }
    assert!(!trace.contains("note: "), "{trace}");
    assert!(fs::read_to_string(page).unwrap().contains("TestSucceeded"));
    let one = ReplayOptions {
        release: Some(pilothouse_protocol::ReleaseKey::new("default", "frontend")),
        ..options
    };
    let (_, trace) = played(one);
    assert!(trace.contains("default/frontend") && !trace.contains("  default/backend "), "{trace}");
    let missing = played(ReplayOptions { path: folder.0.join("nothing"), ..ReplayOptions::default() });
    assert!(matches!(missing.0, Err(ReplayError::Path { .. })));
}

#[test]
fn the_same_input_gives_the_same_output() {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples");
    assert_eq!(run(&examples).1, run(&examples).1);
}

#[test]
fn a_release_that_fails_says_why() {
    let template = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: web}\ndata: {x: {{ required \"x is needed\" .Values.x }}}\n";
    let folder = Folder::new(
        "dev-fails",
        &[
            ("a.yaml", RELEASE),
            ("r.yaml", REPOSITORY),
            ("web/Chart.yaml", CHART),
            ("web/templates/x.yaml", template),
        ],
    );
    let (outcome, text) = run(&folder.0);
    assert_eq!(outcome.unwrap(), Outcome::SomeFailed, "{text}");
    assert!(text.contains("default/web is not ready: "), "{text}");
    assert!(text.contains("x is needed"), "{text}");
    assert!(text.contains("0 of 1 releases ready after "), "{text}");
}

#[test]
fn input_that_is_wrong_is_named_with_its_place() {
    let chart = ("web/Chart.yaml", CHART);
    let repository = ("r.yaml", REPOSITORY);
    let unknown = format!("{RELEASE}  valuesForm: []\n");
    let both = format!("{RELEASE}  chartRef: {{kind: OCIRepository, name: x}}\n");
    let typed = RELEASE.replace("interval: 10m", "interval: [10]");
    let version = RELEASE.replace("chart: web\n", "chart: web\n      version: '2.x'\n");
    for (files, expected) in [
        (vec![chart], "no HelmRelease was found in PATH"),
        (vec![("a.yaml", "a: [\n")], "a.yaml:1: yaml: did not find expected node content"),
        (vec![("a.yaml", "\na: b\n")], "a.yaml:2: not a Kubernetes object: field kind is missing"),
        (
            vec![("a.yaml", RELEASE), chart],
            "a.yaml:1: HelmRelease/default/web: spec.chart.spec.sourceRef: HelmRepository/default/r is not among the \
             manifests",
        ),
        (
            vec![("a.yaml", RELEASE), repository],
            "a.yaml:1: HelmRelease/default/web: spec.chart.spec: no chart named \"web\"; charts there: none",
        ),
        (
            vec![("a.yaml", &version), repository, chart],
            "a.yaml:1: HelmRelease/default/web: spec.chart.spec: no version of chart \"web\" matches \"2.x\"; charts \
             there: web 1.0.0 (web)",
        ),
        (
            vec![("a.yaml", &unknown), repository, chart],
            "a.yaml:1: HelmRelease/default/web: unknown field \"spec.valuesForm\"",
        ),
        (
            vec![("a.yaml", &both), repository, chart],
            "a.yaml:1: HelmRelease/default/web: only one of spec.chart and spec.chartRef may be set",
        ),
        (vec![("a.yaml", RELEASE), repository, ("web.tgz", "hello")], "web.tgz: chart cannot be loaded: "),
        (vec![("a.yaml", &typed), repository, chart], "a.yaml:1: HelmRelease/default/web: field spec: "),
    ] {
        let text = error(&files);
        assert!(text.starts_with(expected), "{text}");
    }
    let (outcome, _) = run(Path::new("/nonexistent"));
    assert_eq!(outcome.unwrap_err().to_string(), "/nonexistent: No such file or directory (os error 2)");
}

#[test]
fn what_the_cluster_does_not_serve_is_left_out_with_a_note() {
    let other = "apiVersion: example.com/v1\nkind: Widget\nmetadata: {name: w}\n";
    let folder = Folder::new(
        "dev-notes",
        &[
            ("a.yaml", RELEASE),
            ("r.yaml", REPOSITORY),
            ("w.yaml", other),
            ("web/Chart.yaml", CHART),
            ("web/templates/x.yaml", CONFIG_MAP),
        ],
    );
    let (outcome, text) = run(&folder.0);
    assert_eq!(outcome.unwrap(), Outcome::AllReady, "{text}");
    assert!(text.contains("w.yaml:1: Widget/default/w is left out: example.com/v1 is not served"), "{text}");
}
