//! Real charts and small ones, each case a test of its own, compared with what real Helm printed, failures included.
//!
//! The cases lie beside the repository, in `shared/charts`; without them this says so and passes. Names can be
//! filtered: `cargo test -p pilothouse-chart --test oracle -- corpus/stefanprodan`. `WRITE_DOCS=1` renews
//! docs/helm-compatibility.md.

#![allow(
    clippy::panic,
    clippy::print_stderr,
    clippy::unwrap_used,
    reason = "a test program fails, and talks to the person who runs it"
)]

mod compare;
mod corpus;
mod known;
mod micro;
mod table;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use libtest_mimic::{Arguments, Failed, Trial};

use known::Known;

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let root = repository.join("../shared/charts");
    if !root.is_dir() {
        eprintln!(
            "SKIPPED: no charts beside this checkout (../shared/charts), nothing was compared with Helm"
        );
        return ExitCode::SUCCESS;
    }
    let known = Known::read();
    let cases: Vec<(String, Check)> = corpus::cases(&root).into_iter().chain(micro::cases(&root)).collect();
    let names: Vec<String> = cases.iter().map(|(name, _)| name.clone()).collect();
    let mut trials: Vec<Trial> = cases.into_iter().map(|(name, check)| trial(name, check, &known)).collect();
    trials.push(documentation(repository, root, names, known));
    libtest_mimic::run(&arguments, trials).exit_code()
}

/// A comparison; gives the first difference.
type Check = Box<dyn FnOnce() -> Result<(), String> + Send>;

/// A case that is known to differ fails once it no longer does.
fn trial(name: String, check: Check, known: &Known) -> Trial {
    let reason = known.reason(&name).map(str::to_owned);
    Trial::test(name, move || match (check(), reason) {
        (Err(difference), None) => Err(Failed::from(difference)),
        (Ok(()), Some(reason)) => {
            Err(Failed::from(format!("is equal now: remove it from known-differences.txt ({reason})")))
        }
        _ => Ok(()),
    })
}

fn documentation(repository: PathBuf, root: PathBuf, names: Vec<String>, known: Known) -> Trial {
    Trial::test("docs/helm-compatibility.md", move || {
        if let Some(name) = known.names().find(|name| !names.iter().any(|existing| existing == name)) {
            return Err(Failed::from(format!("known-differences.txt names {name}, which is no case")));
        }
        let path = repository.join("docs/helm-compatibility.md");
        let table = table::text(&root, &known);
        if std::env::var_os("WRITE_DOCS").is_some() {
            std::fs::write(&path, &table).unwrap();
        }
        if std::fs::read_to_string(&path).unwrap_or_default() == table {
            Ok(())
        } else {
            Err(Failed::from("is out of date: run this test with WRITE_DOCS=1"))
        }
    })
}
