//! Bad input of every field: refused by the schema, which names the field, or reported in a condition that names what is
//! wrong. Nothing is half done.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test program fails")]

use libtest_mimic::{Arguments, Failed, Trial};
use pilothouse_encoding::yaml;
use pilothouse_tests::acceptance::{Stage, changes_a_managed_object, shared};
use pilothouse_tests::fields::{Case, cases, fields};
use regex::Regex;
use serde_json::{Value, json};

/// Input that the schema takes and that makes no sense all the same.
const SENSELESS: &str = include_str!("bad_input.yaml");

fn main() -> std::process::ExitCode {
    let arguments = Arguments::from_args();
    if shared().is_none() {
        return std::process::ExitCode::SUCCESS;
    }
    let schemas = fields();
    let mut trials = Vec::new();
    for (number, case) in cases().into_iter().enumerate() {
        let schema = schemas[&case.field()].clone();
        trials.push(Trial::test(case.field(), move || refused(number, &case, &schema).map_err(Failed::from)));
    }
    let senseless = yaml::parse(SENSELESS).unwrap();
    for (number, case) in senseless.as_array().unwrap().iter().cloned().enumerate() {
        let name = format!("senseless: {}", case["name"].as_str().unwrap());
        trials.push(Trial::test(name, move || reported(number, &case).map_err(Failed::from)));
    }
    libtest_mimic::run(&arguments, trials).exit_code()
}

/// Every value that the schema excludes is refused with the name of the field, and nothing comes of it.
fn refused(number: usize, case: &Case, schema: &Value) -> Result<(), String> {
    let values = bad_values(schema);
    if values.is_empty() {
        // Anything goes here, and is looked at when it is used: see the senseless ones.
        return if case.field() == "spec.values" {
            Ok(())
        } else {
            Err("the schema excludes nothing".to_owned())
        };
    }
    let Some(mut stage) = Stage::new(&format!("bad-{number}")) else { return Ok(()) };
    let case = case.in_namespace(stage.namespace());
    for value in values {
        let Err(why) = stage.try_apply(&case.with(&value)) else {
            return Err(format!("{value} is accepted"));
        };
        let named = case.field().replace("[]", "");
        if !without_indexes(&why).contains(&named) {
            return Err(format!("{value}: the field is not named: {why}"));
        }
        if !stage.object().is_null() {
            return Err(format!("{value}: the object exists"));
        }
    }
    stage.pass(5);
    if stage.sent().is_empty() { Ok(()) } else { Err(format!("something was done: {:?}", stage.sent())) }
}

/// `valuesFrom[0].name` and `valuesFrom[kind="..."].name` as `valuesFrom.name`.
fn without_indexes(text: &str) -> String {
    Regex::new(r"\[([0-9]+|[a-z]+=[^\]]*)\]").unwrap().replace_all(text, "").into_owned()
}

/// Values that a schema excludes: another type, and beyond each of its bounds.
fn bad_values(schema: &Value) -> Vec<Value> {
    let mut values = match schema["type"].as_str() {
        Some("string") => vec![json!({"a": 1})],
        Some("boolean") => vec![json!("yes")],
        Some("integer") => vec![json!("three"), json!(1.5)],
        Some("object") => vec![json!("text")],
        _ => Vec::new(),
    };
    if schema.get("enum").is_some() {
        values.push(json!("Nonsense"));
    }
    if schema.get("pattern").is_some() {
        values.push(json!("!! nonsense !!"));
    }
    if schema["minLength"].as_u64().unwrap_or_default() > 0 {
        values.push(json!(""));
    }
    if let Some(most) = schema["maxLength"].as_u64() {
        values.push(json!("x".repeat(usize::try_from(most).unwrap() + 1)));
    }
    if schema["additionalProperties"]["type"] == "string" {
        values.push(json!({"key": {"a": 1}}));
    }
    values
}

/// What makes no sense ends in a condition that says so, and neither storage nor a managed object is touched.
fn reported(number: usize, case: &Value) -> Result<(), String> {
    let Some(mut stage) = Stage::new(&format!("senseless-{number}")) else { return Ok(()) };
    stage.chart(case["chart"].as_str().unwrap_or("app-0.1.0.tgz"));
    for step in case["before"].as_array().into_iter().flatten() {
        stage.try_step(step)?;
    }
    stage.try_apply(&case["spec"])?;
    stage.pass(20);
    let (ready, message) = (stage.condition("Ready"), stage.message("Ready"));
    let says = case["says"].as_str().unwrap().replace("${NS}", stage.namespace());
    if ready != case["ready"] || !message.contains(&says) {
        return Err(format!("Ready is {ready}: {message}"));
    }
    let touched = |exchange: &pilothouse_io_sim::world::Exchange| changes_a_managed_object(&exchange.request);
    if case["stored"] != true && (!stage.stored().is_empty() || stage.requests().iter().any(touched)) {
        return Err(format!("half done: {:?}, {:?}", stage.stored(), stage.sent()));
    }
    // It is not tried without a pause.
    let before = stage.requests().len();
    stage.pass(60);
    let asked = stage.requests().len() - before;
    if asked > 200 { Err(format!("{asked} requests in a minute")) } else { Ok(()) }
}
