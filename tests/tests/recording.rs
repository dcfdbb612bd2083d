//! Recordings: every recorded scenario and every one of our own is played with a recorder beside the operator. The recording
//! replays to the same actions, the operator's twin never parts from it, and nothing that was secret is in the files.

#![allow(clippy::panic, clippy::unwrap_used, reason = "a test program fails")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use libtest_mimic::{Arguments, Failed, Trial};
use pilothouse_io_kube::record::{RecordOptions, Tap, recordings};
use pilothouse_io_kube::replay::{ReplayOptions, Verdict, replay};
use pilothouse_io_sim::world::Start;
use pilothouse_operator::{Config, Operator, OperatorAction, OperatorInput, Random};
use pilothouse_protocol::Now;
use pilothouse_tests::acceptance::{
    Fixtures, Material, Operators, Scenario, Setup, Tolerance, Witness, play, scenarios,
};
use serde_json::{Value, json};

fn main() -> std::process::ExitCode {
    let arguments = Arguments::from_args();
    let Some(Material { mut fixtures, scenarios: mut all }) = Material::read() else {
        return std::process::ExitCode::SUCCESS;
    };
    Arc::make_mut(&mut fixtures).add_own_charts();
    all.push(canaries("canaries", false));
    all.push(canaries("canaries-restarted", true));
    all.extend(own());
    let trial = |scenario: Scenario| {
        let fixtures = Arc::clone(&fixtures);
        Trial::test(scenario.name.clone(), move || recorded(&scenario, &fixtures).map_err(Failed::from))
    };
    libtest_mimic::run(&arguments, all.into_iter().map(trial).collect()).exit_code()
}

/// The scenarios of `tests/scenarios`.
fn own() -> Vec<Scenario> {
    scenarios(Path::new(env!("CARGO_MANIFEST_DIR"))).unwrap()
}

struct Tapped(Tap);

impl Witness for Tapped {
    fn input(&mut self, now: Now, input: &OperatorInput) {
        self.0.input(now, input);
    }

    fn handled(&mut self) {
        self.0.handled();
    }

    fn action(&mut self, action: &OperatorAction) {
        self.0.action(action);
    }

    fn drained(&mut self) {
        self.0.drained();
    }
}

fn recorded(scenario: &Scenario, fixtures: &Arc<Fixtures>) -> Result<(), String> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("recording").join(&scenario.name);
    let _ = fs::remove_dir_all(&folder);
    let into = folder.clone();
    let make = move |config: &Config, start: Start| -> (Operator, Option<Box<dyn Witness>>) {
        let options = RecordOptions {
            folder: into.clone(),
            size_max: 1 << 32,
            waiting: 16,
            command: "test",
            config: config.clone(),
            flags: BTreeMap::new(),
            complain: Arc::new(|error: &std::io::Error| panic!("{error}")),
        };
        let (tap, operator) = Tap::start(options, &Random::new(start.seed), start.now).unwrap();
        (operator, Some(Box::new(Tapped(tap))))
    };
    let operators: Operators = Rc::new(make);
    let setup = Setup { operators: Some(operators), ..Setup::default() };
    // How the scenario ends is the subject of other tests.
    let played =
        play(scenario, fixtures, setup, Tolerance::Strict, &mut ()).map_err(|error| error.to_string())?;
    drop(played);
    let mut out = Vec::new();
    let options = ReplayOptions { path: folder.clone(), ..ReplayOptions::default() };
    let verdict = replay(&options, &mut out).map_err(|error| error.to_string())?;
    let out = String::from_utf8_lossy(&out).into_owned();
    if verdict != Verdict::Equal {
        let from = out.find("diverged at").unwrap_or_default();
        return Err(out[from..].to_owned());
    }
    if let Some(note) = out.lines().find(|line| line.starts_with("note: ")) {
        return Err(note.to_owned());
    }
    if scenario.name.starts_with("canaries") {
        search(&folder)?;
        if !out.contains("rollback") {
            return Err("nothing was rolled back".to_owned());
        }
    }
    let _ = fs::remove_dir_all(&folder);
    Ok(())
}

const CANARIES: [&str; 5] = [
    "Canary-values-7f3a9c",
    "canary/inline+41xy",
    "Canary-kubeconfig-55e1",
    "Canary-binary-902b",
    "Canary-copied-3c7d",
];

/// Secrets in values, in a kubeconfig, in an object that stands by itself; a failing upgrade and its rollback. When it is
/// restarted in between, a recording begins with releases that are there already.
fn canaries(name: &str, restarted: bool) -> Scenario {
    let encoded = |text: &str| STANDARD.encode(text);
    let values = format!(
        "password: {}\nnested:\n  url: postgres://app:{}@db:5432/app\n  list: [{}]\n",
        CANARIES[0], CANARIES[0], CANARIES[4]
    );
    let secret = |name: &str, data: Value| json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "data": data});
    let kube_config = json!({
        "apiVersion": "v1", "kind": "Config", "current-context": "c",
        "contexts": [{"name": "c", "context": {"cluster": "a", "user": "u"}}],
        "clusters": [{"name": "a", "cluster": {"server": pilothouse_io_sim::world::SERVER_URL}}],
        "users": [{"name": "u", "user": {"token": CANARIES[2]}}],
    });
    let release = |name: &str, more: Value| {
        let mut spec = json!({
            "interval": "10m", "timeout": "8s", "chartRef": {"kind": "HelmChart", "name": "app"},
            "upgrade": {"remediation": {"retries": 0, "strategy": "rollback", "remediateLastFailure": true}},
            "valuesFrom": [{"kind": "Secret", "name": "values"}],
        });
        for (field, value) in more.as_object().unwrap() {
            spec[field] = value.clone();
        }
        json!({"apiVersion": "helm.toolkit.fluxcd.io/v2", "kind": "HelmRelease", "metadata": {"name": name}, "spec": spec})
    };
    let inline = json!({"values": {"adminPassword": CANARIES[1]}});
    let failing = json!({"values": {"adminPassword": CANARIES[1], "fault": "render"}});
    let unready = json!({"values": {"adminPassword": CANARIES[1], "fault": "unready"}});
    let restart = match restarted {
        true => json!({"restartController": {}}),
        false => json!({"sleep": 1}),
    };
    let asked = json!({"annotate": {"object": "HelmRelease/app", "annotations": {"reconcile.fluxcd.io/requestedAt": "now"}}});
    let other = json!({"values": {"adminPassword": CANARIES[1], "message": "other"}});
    let document = json!({"steps": [
        {"apply": [
            secret("values", json!({"values.yaml": encoded(&values), "double": encoded(&encoded(CANARIES[3]))})),
            secret("kubeconfig", json!({"value": encoded(&kube_config.to_string())})),
        ]},
        {"source": {"name": "app", "chart": "secrets-0.1.0.tgz"}},
        {"apply": [
            release("app", inline),
            release("remote", json!({"kubeConfig": {"secretRef": {"name": "kubeconfig"}}, "releaseName": "other"})),
        ]},
        {"sleep": 30},
        restart,
        {"sleep": 30},
        asked,
        {"sleep": 10},
        {"apply": [release("app", failing)]},
        {"sleep": 30},
        restart,
        {"apply": [release("app", unready)]},
        {"sleep": 60},
        restart,
        {"apply": [release("app", other)]},
        {"sleep": 30},
    ]});
    Scenario { name: name.to_owned(), folder: PathBuf::new(), document }
}

/// Looks for canaries in all files: as they are, in base64 twice, in gzip, in URLs.
fn search(folder: &Path) -> Result<(), String> {
    let mut patterns = BTreeSet::new();
    for canary in CANARIES {
        for text in [canary.to_owned(), canary.replace('/', "%2F").replace('+', "%2B")] {
            patterns.insert(text.clone());
            for once in encodings(&text) {
                patterns.extend(encodings(&once));
                patterns.insert(once);
            }
        }
    }
    let mut looked_into = 0;
    for file in recordings(folder).unwrap() {
        let text = fs::read_to_string(&file).unwrap();
        look(&text, &patterns, &file.display().to_string(), &mut looked_into)?;
    }
    if looked_into == 0 { Err("no release was looked into".to_owned()) } else { Ok(()) }
}

/// Texts in base64 are decoded, gzip is unpacked, and what comes out is looked into.
fn look(text: &str, patterns: &BTreeSet<String>, place: &str, looked_into: &mut u64) -> Result<(), String> {
    if let Some(found) = patterns.iter().find(|pattern| text.contains(pattern.as_str())) {
        let at = text.find(found.as_str()).unwrap_or_default();
        let from =
            (0..=at.saturating_sub(200)).rev().find(|from| text.is_char_boundary(*from)).unwrap_or_default();
        return Err(format!("{place}: {found}: {}", &text[from..at]));
    }
    let is_base64 = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '+' | '/' | '=');
    for word in text.split(|letter| !is_base64(letter)).filter(|word| word.len() > 16) {
        let Ok(bytes) = STANDARD.decode(word) else { continue };
        let mut inner = bytes.clone();
        if bytes.starts_with(&[0x1f, 0x8b]) {
            inner.clear();
            flate2::read::GzDecoder::new(&*bytes)
                .read_to_end(&mut inner)
                .map_err(|error| error.to_string())?;
            *looked_into += 1;
        }
        if let Ok(inner) = std::str::from_utf8(&inner) {
            look(inner, patterns, &format!("{place} > base64"), looked_into)?;
        }
    }
    Ok(())
}

fn encodings(text: &str) -> Vec<String> {
    let at = |(offset, first): (usize, usize)| {
        let mut bytes = vec![0; offset];
        bytes.extend_from_slice(text.as_bytes());
        STANDARD.encode(&bytes)[first..bytes.len() * 8 / 6].to_owned()
    };
    [(0, 0), (1, 2), (2, 3)].into_iter().map(at).collect()
}
