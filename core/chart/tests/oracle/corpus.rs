//! Charts of many projects, rendered with values of theirs.

use std::io::Read;
use std::path::Path;
use std::sync::{Arc, OnceLock};

use flate2::read::GzDecoder;
use pilothouse_chart::{
    Capabilities, Chart, HookEvent, KubeVersion, Limits, Lookups, Outcome, RenderOptions, Rendered, SetMode,
    load_values, render, set_all,
};
use serde_json::{Map, Value};

use crate::{Check, compare};

/// All cases by name.
pub(crate) fn cases(root: &Path) -> Vec<(String, Check)> {
    let mut cases = Vec::new();
    for chart in index(root)["charts"].as_array().unwrap() {
        let id = chart["id"].as_str().unwrap();
        let folder = root.join("charts").join(id);
        let loaded = Arc::new(OnceLock::new());
        for case in chart["cases"].as_array().unwrap() {
            let name = format!("corpus/{id}/{}", case["case"].as_str().unwrap());
            let (folder, loaded, case) = (folder.clone(), Arc::clone(&loaded), case.clone());
            let check = move || {
                let chart = loaded.get_or_init(|| load(&folder));
                check(&folder, chart.as_ref().map_err(Clone::clone)?, &case)
            };
            cases.push((name, Box::new(check) as Check));
        }
    }
    cases
}

/// What there is.
pub(crate) fn index(root: &Path) -> Value {
    serde_json::from_str(&std::fs::read_to_string(root.join("index.json")).unwrap()).unwrap()
}

fn load(folder: &Path) -> Result<Chart, String> {
    let archive = std::fs::read(folder.join("chart.tgz")).unwrap();
    Chart::load_archive(&archive, &Limits::default()).map_err(|error| format!("load: {error}"))
}

fn check(folder: &Path, chart: &Chart, case: &Value) -> Result<(), String> {
    let outcome = render_case(folder, chart, case);
    if case["exitCode"] != 0 {
        let Err(error) = outcome else { return Err("renders where Helm fails".to_owned()) };
        let stderr = std::fs::read_to_string(folder.join(case["golden"].as_str().unwrap())).unwrap();
        return compare::errors(&stderr, &error, case["errorLinesUnordered"] == true);
    }
    let rendered = outcome.map_err(|error| format!("fails where Helm renders: {error}"))?;
    let golden = golden(folder, case);
    if case["kind"] == "install-json" {
        return check_json(case, &serde_json::from_str(&golden).unwrap(), &rendered);
    }
    let unstable = case["unstableLines"].as_array().into_iter().flatten();
    let unstable: Vec<u64> = unstable.filter_map(Value::as_u64).collect();
    compare::texts(&golden, &printed(case, &rendered), &unstable)
}

fn check_json(case: &Value, golden: &Value, rendered: &Rendered) -> Result<(), String> {
    let (manifest, notes) = (golden["manifest"].as_str(), golden["info"]["notes"].as_str());
    let ours = rendered.manifest();
    let pairs = [(manifest.unwrap_or_default(), &ours), (notes.unwrap_or_default(), &rendered.notes)];
    let hooks = serde_json::to_value(&rendered.hooks).unwrap();
    for (golden, ours) in pairs {
        if case["nondeterministic"] == true {
            compare::shapes(golden, ours)?;
        } else if golden != ours {
            compare::texts(golden, ours, &[])?;
            return Err("ends differ".to_owned());
        }
    }
    if case["nondeterministic"] == true { Ok(()) } else { compare::hooks(&golden["hooks"], &hooks) }
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
    match render(chart, &values, &options, &Lookups::Detached, &mut Vec::new())
        .map_err(|error| error.to_string())?
    {
        Outcome::Rendered(rendered) => Ok(*rendered),
        Outcome::NeedsLookup(_) => Err("asks for objects".to_owned()),
    }
}

/// What `helm template` prints.
fn printed(case: &Value, rendered: &Rendered) -> String {
    let arguments = texts(&case["extraArgs"]);
    let mut text = format!("{}\n", rendered.manifest().trim());
    for hook in &rendered.hooks {
        let is_test = hook.events.contains(&HookEvent::Test);
        if arguments.contains(&"--no-hooks") || (is_test && arguments.contains(&"--skip-tests")) {
            continue;
        }
        text.push_str(&format!("---\n# Source: {}\n{}\n", hook.path, hook.manifest));
    }
    text
}
