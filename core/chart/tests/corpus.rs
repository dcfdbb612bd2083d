//! Renders real charts and compares with what real Helm printed, byte for byte.
//!
//! The charts lie beside the repository, in `shared/charts`; without them the tests say so and pass. All of them take
//! minutes: `cargo test --release -p pilothouse-chart --test corpus -- --ignored --nocapture` prints the score.

#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "helpers of tests")]

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};

use flate2::read::GzDecoder;
use pilothouse_chart::{
    Capabilities, Chart, HookEvent, KubeVersion, Limits, Lookups, Outcome, RenderOptions, Rendered, SetMode,
    load_values, render, set_all,
};
use serde_json::{Map, Value};

/// Cases that rendered as Helm does when this was last changed.
const LEAST: usize = 870;

fn shared() -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/charts");
    root.exists().then_some(root)
}

#[test]
fn podinfo_is_equal() {
    let score = run(|chart| chart == "stefanprodan__podinfo__podinfo");
    assert!(score.failures.is_empty(), "{:#?}", score.failures);
}

#[test]
#[ignore = "takes minutes without optimisation"]
fn the_corpus_is_equal() {
    let score = run(|_| true);
    let mut reasons: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (case, reason) in &score.failures {
        reasons.entry(reason.clone()).or_default().push(case.clone());
    }
    let mut reasons: Vec<_> = reasons.into_iter().collect();
    reasons.sort_by_key(|(_, cases)| std::cmp::Reverse(cases.len()));
    for (reason, cases) in &reasons {
        println!("{:4}  {reason}\n      {}", cases.len(), cases[..cases.len().min(4)].join(" "));
    }
    println!("{} of {} cases equal", score.same, score.same + score.failures.len());
    assert!(score.same >= LEAST || score.same == 0);
}

#[derive(Default)]
struct Score {
    same: usize,
    failures: Vec<(String, String)>,
}

fn run(wanted: impl Fn(&str) -> bool) -> Score {
    let mut score = Score::default();
    let Some(root) = shared() else {
        println!("SKIPPED: no charts beside the repository");
        return score;
    };
    let index: Value =
        serde_json::from_str(&std::fs::read_to_string(root.join("index.json")).unwrap()).unwrap();
    for chart in index["charts"].as_array().unwrap() {
        let id = chart["id"].as_str().unwrap();
        if !wanted(id) {
            continue;
        }
        let folder = root.join("charts").join(id);
        let archive = std::fs::read(folder.join("chart.tgz")).unwrap();
        let chart_loaded = Chart::load_archive(&archive, &Limits::default());
        for case in chart["cases"].as_array().unwrap() {
            let result = match &chart_loaded {
                Ok(loaded) => check(&folder, loaded, case),
                Err(error) => Err(format!("load: {error}")),
            };
            match result {
                Ok(()) => score.same += 1,
                Err(reason) => {
                    score.failures.push((format!("{id}/{}", case["case"].as_str().unwrap()), reason))
                }
            }
        }
    }
    score
}

fn check(folder: &Path, chart: &Chart, case: &Value) -> Result<(), String> {
    let outcome = render_case(folder, chart, case);
    if case["exitCode"] != 0 {
        return match outcome {
            Err(_) => Ok(()),
            Ok(_) => Err("renders where Helm fails".to_owned()),
        };
    }
    let rendered = outcome.map_err(|error| format!("error: {}", generic(&error)))?;
    let golden = golden(folder, case);
    if case["kind"] == "install-json" {
        return check_json(case, &serde_json::from_str(&golden).unwrap(), &rendered);
    }
    compare_text(case, &golden, &printed(case, &rendered))
}

/// The first line of an error, without names and numbers, to group by.
fn generic(error: &str) -> String {
    let line = error.lines().last().unwrap_or_default().trim();
    line.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).take(110).collect()
}

fn golden(folder: &Path, case: &Value) -> String {
    let file = std::fs::File::open(folder.join(case["golden"].as_str().unwrap())).unwrap();
    let mut text = String::new();
    GzDecoder::new(file).read_to_string(&mut text).unwrap();
    text
}

fn texts(value: &Value) -> Vec<&str> {
    value.as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

fn render_case(folder: &Path, chart: &Chart, case: &Value) -> Result<Rendered, String> {
    let mut values = Map::new();
    if let Some(file) = case["valuesFile"].as_str() {
        let data = std::fs::read(folder.join("cases").join(file)).unwrap();
        if let Value::Object(map) = load_values(&data)? {
            values = map;
        }
    }
    for (field, mode) in [("set", SetMode::Typed), ("setString", SetMode::Text), ("setJSON", SetMode::Json)] {
        for text in texts(&case[field]) {
            set_all(&mut values, text, mode).map_err(|error| error.to_string())?;
        }
    }
    let mut capabilities = Capabilities::default();
    if let Some(version) = case["kubeVersion"].as_str() {
        capabilities.kube_version = KubeVersion::parse(version).map_err(|error| error.to_string())?;
    }
    capabilities.api_versions.extend(texts(&case["apiVersions"]).into_iter().map(str::to_owned));
    let is_upgrade = case["isUpgrade"] == true;
    let options = RenderOptions {
        release_name: case["release"].as_str().unwrap().to_owned(),
        namespace: case["namespace"].as_str().unwrap().to_owned(),
        is_install: !is_upgrade,
        is_upgrade,
        capabilities,
        include_crds: case["includeCRDs"] == true,
        skip_schema_validation: texts(&case["extraArgs"]).contains(&"--skip-schema-validation"),
        ..RenderOptions::default()
    };
    match render(chart, &values, &options, &Lookups::Detached).map_err(|error| error.to_string())? {
        Outcome::Rendered(rendered) => Ok(*rendered),
        Outcome::NeedsLookup(_) => Err("asks for objects".to_owned()),
    }
}

/// What `helm template` prints.
fn printed(case: &Value, rendered: &Rendered) -> String {
    let arguments = texts(&case["extraArgs"]);
    let mut text = format!("{}\n", rendered.manifest.trim());
    for hook in &rendered.hooks {
        let is_test = hook.events.contains(&HookEvent::Test);
        if arguments.contains(&"--no-hooks") || (is_test && arguments.contains(&"--skip-tests")) {
            continue;
        }
        text.push_str(&format!("---\n# Source: {}\n{}\n", hook.path, hook.manifest));
    }
    text
}

fn compare_text(case: &Value, golden: &str, text: &str) -> Result<(), String> {
    let (golden, text) = (golden.trim_end_matches('\n'), text.trim_end_matches('\n'));
    if golden == text {
        return Ok(());
    }
    if case["nondeterministic"] == true && case["unstableLines"].is_null() {
        return Ok(());
    }
    let unstable: Vec<u64> =
        case["unstableLines"].as_array().into_iter().flatten().filter_map(Value::as_u64).collect();
    let (mut left, mut right) = (golden.split('\n'), text.split('\n'));
    let mut number = 0;
    loop {
        number += 1;
        match (left.next(), right.next()) {
            (None, None) => return Ok(()),
            (Some(left), Some(right)) if left == right || unstable.contains(&number) => {}
            (left, right) => {
                let shown =
                    |line: Option<&str>| line.unwrap_or("<end>").chars().take(120).collect::<String>();
                return Err(format!("differs: {number}: {:?} != {:?}", shown(left), shown(right)));
            }
        }
    }
}

fn check_json(case: &Value, golden: &Value, rendered: &Rendered) -> Result<(), String> {
    if case["nondeterministic"] == true {
        return Ok(());
    }
    compare_text(case, golden["manifest"].as_str().unwrap_or_default(), &rendered.manifest)?;
    let notes = golden["info"]["notes"].as_str().unwrap_or_default();
    if notes != rendered.notes {
        return Err("notes differ".to_owned());
    }
    let hooks = serde_json::to_value(&rendered.hooks).unwrap();
    let strip = |hooks: &Value| -> Vec<Value> {
        let mut hooks = hooks.as_array().cloned().unwrap_or_default();
        hooks.iter_mut().for_each(|hook| drop(hook.as_object_mut().unwrap().remove("last_run")));
        hooks
    };
    if strip(&golden["hooks"]) == strip(&hooks) { Ok(()) } else { Err("hooks differ".to_owned()) }
}
