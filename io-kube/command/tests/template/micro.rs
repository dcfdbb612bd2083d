//! Small charts, each for one point of the template language or of Helm.

use std::fs;
use std::path::Path;

use libtest_mimic::Trial;
use serde_json::Value;

use crate::compare::{same_lines, same_release, same_text};
use crate::process::template;
use crate::{Scratch, trial};

pub(crate) fn trials(root: &Path) -> Vec<Trial> {
    let mut paths: Vec<_> =
        fs::read_dir(root.join("micro")).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "jsonl"));
    paths.sort();
    let mut trials = Vec::new();
    for path in paths {
        for line in fs::read_to_string(&path).unwrap().lines() {
            let snippet: Value = serde_json::from_str(line).unwrap();
            let name = format!("micro/{}", snippet["id"].as_str().unwrap());
            trials.push(trial(name.clone(), move || check(&name, &snippet)));
        }
    }
    trials
}

fn check(name: &str, snippet: &Value) -> Result<(), String> {
    let scratch = Scratch::new(name);
    for (file, text) in snippet["files"].as_object().into_iter().flatten() {
        scratch.write(&format!("chart/{file}"), text.as_str().unwrap());
    }
    for (file, text) in snippet["cwdFiles"].as_object().into_iter().flatten() {
        scratch.write(file, text.as_str().unwrap());
    }
    let mode = snippet["mode"].as_str().unwrap();
    let ran = template(&scratch.0, &arguments(snippet, mode));
    let expected = &snippet["expect"];
    if ran.code.map(i64::from) != expected["rc"].as_i64() {
        return Err(format!("exit code {:?}: {}", ran.code, ran.stderr));
    }
    if snippet["deterministic"] == false {
        return Ok(());
    }
    if expected["rc"] != 0 {
        let stderr = expected["stderr"].as_str().unwrap_or_default();
        if snippet["stderrUnordered"] == true {
            return same_lines("stderr", stderr, &ran.stderr);
        }
        return same_text("stderr", stderr, &ran.stderr, &[]);
    }
    match mode {
        "notes" => {
            let release: Value = serde_json::from_str(&ran.stdout).map_err(|error| error.to_string())?;
            let (expected, got) = (&expected["notes"], &release["info"]["notes"]);
            let (expected, got) = (expected.as_str().unwrap_or_default(), got.as_str().unwrap_or_default());
            if expected == got {
                Ok(())
            } else {
                Err(format!("notes:\n  expected {expected:?}\n  got      {got:?}"))
            }
        }
        "install-json" => same_release(&expected["json"], &ran.stdout),
        _ => same_text("stdout", expected["stdout"].as_str().unwrap_or_default(), &ran.stdout, &[]),
    }
}

fn arguments(snippet: &Value, mode: &str) -> Vec<String> {
    let text = |field: &str| snippet[field].as_str().unwrap().to_owned();
    let mut arguments = vec![text("release"), "./chart".to_owned(), "-n".to_owned(), text("namespace")];
    if mode == "template" {
        arguments.extend(["--kube-version".to_owned(), "v1.36.0".to_owned()]);
    }
    let texts = |field: &str| -> Vec<String> {
        let texts = snippet[field].as_array().into_iter().flatten().filter_map(Value::as_str);
        texts.map(str::to_owned).collect()
    };
    for file in texts("valuesFiles") {
        arguments.extend(["-f".to_owned(), file]);
    }
    arguments.extend(texts("args"));
    if mode != "template" {
        arguments.extend(["-o".to_owned(), "json".to_owned()]);
    }
    arguments
}
