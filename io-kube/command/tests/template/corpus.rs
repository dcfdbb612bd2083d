//! Real charts.

use std::fs::{self, File};
use std::io::Read;
use std::path::Path;

use flate2::read::GzDecoder;
use libtest_mimic::Trial;
use serde_json::Value;

use crate::compare::{same_lines, same_release, same_text};
use crate::process::template;
use crate::trial;

/// One of so many cases runs without `--include-ignored`: a build without optimisation takes a while for each.
const SAMPLE: usize = 16;

pub(crate) fn trials(root: &Path) -> Vec<Trial> {
    let index: Value = serde_json::from_str(&fs::read_to_string(root.join("index.json")).unwrap()).unwrap();
    let mut trials = Vec::new();
    for chart in index["charts"].as_array().unwrap() {
        let id = chart["id"].as_str().unwrap();
        let folder = root.join("charts").join(id);
        for case in chart["cases"].as_array().unwrap() {
            let name = format!("charts/{id}/{}", case["case"].as_str().unwrap());
            let is_sampled = trials.len().is_multiple_of(SAMPLE);
            let (folder, case) = (folder.clone(), case.clone());
            trials.push(trial(name, move || check(&folder, &case)).with_ignored_flag(!is_sampled));
        }
    }
    trials
}

fn check(folder: &Path, case: &Value) -> Result<(), String> {
    let is_json = case["kind"] == "install-json";
    let ran = template(folder, &arguments(case, is_json));
    if case["exitCode"] != 0 {
        if ran.code != Some(1) {
            return Err(format!("exit code {:?}, Helm's is 1", ran.code));
        }
        let expected = golden(folder, case);
        if case["errorLinesUnordered"] == true {
            return same_lines("stderr", &expected, &ran.stderr);
        }
        return same_text("stderr", &expected, &ran.stderr, &[]);
    }
    if ran.code != Some(0) {
        return Err(format!("exit code {:?}: {}", ran.code, ran.stderr));
    }
    let unstable: Vec<u64> =
        case["unstableLines"].as_array().into_iter().flatten().filter_map(Value::as_u64).collect();
    if case["nondeterministic"] == true && (is_json || unstable.is_empty()) {
        return Ok(());
    }
    let expected = golden(folder, case);
    if is_json {
        return same_release(&serde_json::from_str(&expected).unwrap(), &ran.stdout);
    }
    same_text("stdout", &expected, &ran.stdout, &unstable)?;
    same_lines("stderr", case["stderr"].as_str().unwrap_or_default(), &ran.stderr)
}

fn arguments(case: &Value, is_json: bool) -> Vec<String> {
    let text = |field: &str| case[field].as_str().map(str::to_owned);
    let mut arguments = vec![text("release").unwrap(), "chart.tgz".to_owned(), "-n".to_owned()];
    arguments.push(text("namespace").unwrap());
    let mut flag = |name: &str, value: String| arguments.extend([name.to_owned(), value]);
    if let Some(version) = text("kubeVersion").filter(|_| !is_json) {
        flag("--kube-version", version);
    }
    if let Some(file) = text("valuesFile") {
        flag("-f", format!("cases/{file}"));
    }
    for (field, name) in [
        ("set", "--set"),
        ("setString", "--set-string"),
        ("setJSON", "--set-json"),
        ("apiVersions", "--api-versions"),
    ] {
        texts(&case[field]).into_iter().for_each(|value| flag(name, value));
    }
    for (field, name) in [("isUpgrade", "--is-upgrade"), ("includeCRDs", "--include-crds")] {
        arguments.extend((case[field] == true).then(|| name.to_owned()));
    }
    arguments.extend(texts(&case["extraArgs"]));
    if is_json {
        arguments.extend(["-o".to_owned(), "json".to_owned()]);
    }
    arguments
}

fn texts(value: &Value) -> Vec<String> {
    value.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

fn golden(folder: &Path, case: &Value) -> String {
    let path = folder.join(case["golden"].as_str().unwrap());
    if path.extension().is_none_or(|extension| extension != "gz") {
        return fs::read_to_string(path).unwrap();
    }
    let mut text = String::new();
    GzDecoder::new(File::open(path).unwrap()).read_to_string(&mut text).unwrap();
    text
}
