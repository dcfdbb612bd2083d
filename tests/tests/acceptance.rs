//! The recorded scenarios in the simulated cluster: what the operator leaves behind is what the original left.
//!
//! Every scenario is played. Those named in `acceptance-simulated.txt` must pass; the others are listed with the
//! difference that comes first.

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a test program fails, and talks to the person who runs it"
)]

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex};

use libtest_mimic::{Arguments, Failed, Trial};
use pilothouse_tests::acceptance::{
    Fixtures, Material, Scenario, Setup, Tolerance, differences, play, report,
};
use serde_json::Value;

/// Scenarios that must pass.
const REQUIRED: &str = include_str!("acceptance-simulated.txt");

/// What became of scenarios that need not pass.
type Table = Arc<Mutex<BTreeMap<String, String>>>;

fn main() -> std::process::ExitCode {
    let arguments = Arguments::from_args();
    let Some(Material { fixtures, scenarios }) = Material::read() else {
        return std::process::ExitCode::SUCCESS;
    };
    let table = Table::default();
    let trials = scenarios.into_iter().map(|scenario| trial(scenario, &fixtures, &table)).collect();
    let conclusion = libtest_mimic::run(&arguments, trials);
    for (name, outcome) in table.lock().unwrap().iter() {
        println!("not required: {name}: {outcome}");
    }
    conclusion.exit_code()
}

fn trial(scenario: Scenario, fixtures: &Arc<Fixtures>, table: &Table) -> Trial {
    let (fixtures, table) = (Arc::clone(fixtures), Arc::clone(table));
    let required = REQUIRED.lines().any(|line| line == scenario.name);
    Trial::test(scenario.name.clone(), move || {
        let outcome = std::panic::catch_unwind(|| compared(&scenario, &fixtures));
        let outcome = outcome.unwrap_or_else(|_| Err("panicked".to_owned()));
        match outcome {
            Err(why) if required => Err(Failed::from(why)),
            Err(why) => {
                let first = why.lines().next().unwrap_or_default().to_owned();
                keep(&scenario.name, &why);
                table.lock().unwrap().insert(scenario.name.clone(), first);
                Ok(())
            }
            Ok(()) if required => Ok(()),
            Ok(()) => {
                table.lock().unwrap().insert(scenario.name.clone(), "passes: add it to the list".to_owned());
                Ok(())
            }
        }
    })
}

fn compared(scenario: &Scenario, fixtures: &Arc<Fixtures>) -> Result<(), String> {
    let played = play(scenario, fixtures, Setup::default(), Tolerance::Strict, &mut ());
    let played = played.map_err(|error| error.to_string())?;
    let golden = expectation(scenario);
    let found = differences(&golden, &played.result);
    if found.is_empty() && played.error.is_none() {
        return Ok(());
    }
    let error = played.error.map(|error| format!("{error}; ")).unwrap_or_default();
    Err(format!("{error}{} differences\n{}", found.len(), report(&found)))
}

/// Keeps a report beside the build for whoever wants to know more than the table says.
fn keep(name: &str, report: &str) {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("acceptance");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join(format!("{name}.txt")), report).unwrap();
}

/// The recorded result, changed where a row of `docs/differences.md` changes it: `expectations/<name>.json` names the row.
fn expectation(scenario: &Scenario) -> Value {
    let mut golden = scenario.golden().unwrap();
    let own =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("expectations").join(format!("{}.json", scenario.name));
    let Ok(text) = std::fs::read_to_string(own) else { return golden };
    let own: Value = serde_json::from_str(&text).unwrap();
    assert!(own["row"].is_u64(), "an expectation of our own names its row");
    for (pointer, value) in own["replace"].as_object().unwrap() {
        *golden.pointer_mut(pointer).unwrap() = value.clone();
    }
    for pointer in own["remove"].as_array().unwrap() {
        let (parent, name) = pointer.as_str().unwrap().rsplit_once('/').unwrap();
        golden.pointer_mut(parent).unwrap().as_object_mut().unwrap().remove(name).unwrap();
    }
    golden
}
