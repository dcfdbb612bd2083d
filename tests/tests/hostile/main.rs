//! Hostile charts: each ends within its budget, in an error of its own type that names the place.
//!
//! Each case runs in a process of its own, which reports what came of it, how much processor time it took, and how far
//! its memory grew beyond what the inputs take.

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "a test program: it runs processes, measures, and talks to the person who runs it"
)]

mod archives;
mod case;
mod documents;
mod expressions;
mod file_access;
mod long_names;
mod process;
mod schemas;
mod subcharts;
mod templates;

use libtest_mimic::{Arguments, Failed, Trial};

use case::Case;

fn main() -> std::process::ExitCode {
    let cases = all();
    if let Ok(name) = std::env::var(process::VARIABLE) {
        let case = cases.iter().find(|case| case.name == name);
        process::report(case.unwrap_or_else(|| panic!("no case is called {name}")));
        return std::process::ExitCode::SUCCESS;
    }
    let mut arguments = Arguments::from_args();
    // Measuring one at a time; more would take the memory of several cases at once.
    arguments.test_threads.get_or_insert(2);
    let trials = cases.into_iter().map(|case| Trial::test(case.name.clone(), move || run(&case))).collect();
    libtest_mimic::run(&arguments, trials).exit_code()
}

fn all() -> Vec<Case> {
    let mut all = archives::cases();
    all.extend(documents::cases());
    all.extend(templates::cases());
    all.extend(expressions::cases());
    all.extend(file_access::cases());
    all.extend(long_names::cases());
    all.extend(schemas::cases());
    all.extend(subcharts::cases());
    all
}

fn run(case: &Case) -> Result<(), Failed> {
    let report = process::run(&case.name)?;
    println!("{:40} {:6.2} s {:5} MiB  {}", case.name, report.seconds, report.mebibytes, report.shown());
    report.check(case).map_err(Failed::from)
}
