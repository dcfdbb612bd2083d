//! Each field of the spec: with it something happens that does not happen without it.
//!
//! A case in `fields/*.yaml` is played twice. With the field its check must hold, without the field it must not. The table
//! of fields and cases is `docs/compatibility.md`; it is written from the cases (`PILOTHOUSE_WRITE=1`), and this test fails
//! when it is not as they are, or when a field of the custom resource definition has no case.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test program fails")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use libtest_mimic::{Arguments, Failed, Trial};
use pilothouse_tests::acceptance::{Stage, shared};
use pilothouse_tests::fields::{Case, cases, fields, get, set};
use serde_json::Value;

/// Where the table stands.
const TABLE: &str = "../docs/compatibility.md";
/// How many fields the definition has at the least: a walk that finds fewer has lost its way.
const FIELDS_MIN: usize = 120;

fn main() -> std::process::ExitCode {
    let arguments = Arguments::from_args();
    let cases = cases();
    let all = cases.clone();
    let mut trials = vec![
        Trial::test("every field of the definition has a case", move || every_field_has_a_case(&all)),
        Trial::test("the table is as the cases are", {
            let cases = cases.clone();
            move || the_table_is_written(&cases)
        }),
    ];
    if shared().is_some() {
        let numbered = cases.into_iter().enumerate();
        trials.extend(numbered.map(|(number, case)| {
            Trial::test(case.field(), move || play(number, &case).map_err(Failed::from))
        }));
    }
    libtest_mimic::run(&arguments, trials).exit_code()
}

fn here(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn every_field_has_a_case(cases: &[Case]) -> Result<(), Failed> {
    let fields: BTreeSet<String> = fields().into_keys().collect();
    assert!(fields.len() >= FIELDS_MIN, "the walk finds only {} fields", fields.len());
    let mut tested: BTreeMap<String, usize> = BTreeMap::new();
    for case in cases {
        *tested.entry(case.field()).or_default() += 1;
        if let Some((file, name)) = case.text("tested").and_then(|tested| tested.split_once(' ')) {
            let text = std::fs::read_to_string(here("..").join(file)).unwrap_or_default();
            if !text.contains(&format!("fn {name}(")) {
                return Err(format!("{}: there is no test {name} in {file}", case.field()).into());
            }
        }
    }
    let known: BTreeSet<String> = tested.keys().cloned().collect();
    let twice: Vec<_> = tested.iter().filter(|(_, count)| **count > 1).collect();
    let missing: Vec<_> = fields.difference(&known).collect();
    let unknown: Vec<_> = known.difference(&fields).collect();
    if missing.is_empty() && unknown.is_empty() && twice.is_empty() {
        return Ok(());
    }
    Err(format!("without a case: {missing:#?}\nno fields: {unknown:?}\ntwice: {twice:?}").into())
}

fn the_table_is_written(cases: &[Case]) -> Result<(), Failed> {
    let mut text = "# Compatibility: every field of the spec and its test\n\nWritten from the cases by \
                    `PILOTHOUSE_WRITE=1 cargo test -p pilothouse-tests --test fields`. A case is played with the field and \
                    without it: what it checks must hold only with it. `cargo test -p pilothouse-tests --test fields FIELD` \
                    plays one.\n\n| Field | Test | |\n|---|---|---|\n"
        .to_owned();
    let mut rows: Vec<(String, String)> = cases
        .iter()
        .map(|case| {
            let test = case.text("tested").map_or(case.file.clone(), |tested| tested.replace(' ', " · "));
            let note = case.text("accepted").unwrap_or_default();
            (case.field(), format!("| `{}` | {test} | {note} |\n", case.field()))
        })
        .collect();
    rows.sort();
    text.extend(rows.into_iter().map(|(_, row)| row));
    let path = here(TABLE);
    if std::env::var_os("PILOTHOUSE_WRITE").is_some() {
        std::fs::write(&path, &text).unwrap();
    }
    if std::fs::read_to_string(&path).unwrap_or_default() == text {
        return Ok(());
    }
    Err("docs/compatibility.md is not as the cases are: run this test with PILOTHOUSE_WRITE=1".into())
}

/// Plays a case with its field and without.
fn play(number: usize, case: &Case) -> Result<(), String> {
    if case.text("tested").is_some() {
        return Ok(());
    }
    run(&format!("field-{number}-with"), case, true).map_err(|why| format!("with the field: {why}"))?;
    match run(&format!("field-{number}-without"), case, false) {
        Ok(()) => Err("the check holds without the field, too".to_owned()),
        Err(_) => Ok(()),
    }
}

fn run(name: &str, case: &Case, with: bool) -> Result<(), String> {
    let flags = case.document["flags"].as_array().cloned().unwrap_or_default();
    let flags: Vec<&str> = flags.iter().filter_map(Value::as_str).collect();
    let Some(mut stage) = Stage::with_flags(name, &flags) else { return Err("no recordings".to_owned()) };
    let case = case.in_namespace(stage.namespace());
    let document = &case.document;
    let path = case.path();
    let mut spec = if with { case.with(&document["value"]) } else { case.without() };
    stage.chart(case.text("chart").unwrap_or("app-0.1.0.tgz"));
    steps(&mut stage, &document["before"], &mut spec)?;
    stage.try_apply(&spec)?;
    steps(&mut stage, &document["steps"], &mut spec)?;
    if case.text("accepted").is_some() {
        let stored = get(&stage.object()["spec"], path);
        return if stored == document["value"] { Ok(()) } else { Err(format!("{path} is {stored}")) };
    }
    steps(&mut stage, &document["check"], &mut spec)
}

fn steps(stage: &mut Stage, steps: &Value, spec: &mut Value) -> Result<(), String> {
    for step in steps.as_array().into_iter().flatten() {
        if let Some(members) = step["set"].as_object() {
            for (path, value) in members {
                set(spec, path, value);
            }
            stage.try_apply(spec)?;
        } else if let Some(wanted) = step["request"].as_str() {
            let sent = stage.sent();
            if !sent.iter().any(|sent| sent == wanted) {
                return Err(format!("no request {wanted:?} in {sent:?}"));
            }
        } else if step.get("stored").is_some() {
            let stored = stage.revision(step["stored"]["version"].as_i64().unwrap());
            let found = &stored[step["stored"]["at"].as_str().unwrap()];
            if *found != step["stored"]["is"] {
                return Err(format!("stored is {found}"));
            }
        } else {
            stage.try_step(step)?;
        }
    }
    Ok(())
}
