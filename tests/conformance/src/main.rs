//! `conformance --server HOST:PORT [--seed N] [--sequences N] [--show N] [--known FILE] [--record FILE]`: sends generated
//! sequences to the model and to the API server behind a `kubectl proxy`, and reports what differs. What `--known` lists is
//! left out; what it lists and does not differ any more is a failure, too. `--record` writes such a list.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command")]

use std::collections::BTreeMap;
use std::error::Error;
use std::process::ExitCode;

use pilothouse_conformance::campaign::{Plan, run};
use pilothouse_conformance::known::Known;
use pilothouse_conformance::real::Real;
use pilothouse_conformance::report;
use pilothouse_conformance::resources::definition;
use pilothouse_conformance::step::{Side, Step};

fn main() -> ExitCode {
    match command() {
        Ok(code) => code,
        Err(error) => {
            eprintln!("conformance: {error}");
            ExitCode::FAILURE
        }
    }
}

fn command() -> Result<ExitCode, Box<dyn Error>> {
    let flags = flags()?;
    let number = |name: &str, default: u64| flags.get(name).map_or(Ok(default), |text| text.parse());
    let server = flags.get("--server").ok_or("--server HOST:PORT is missing")?.clone();
    let plan = Plan {
        seed: number("--seed", 1)?,
        sequences: number("--sequences", 100)?,
        label: flags.get("--label").cloned().unwrap_or_default(),
        server,
    };
    prepare(&plan.server)?;
    let tally = run(&plan)?;
    if let Some(file) = flags.get("--record") {
        std::fs::write(file, Known::lines(&tally.findings)).map_err(|error| format!("{file}: {error}"))?;
    }
    let known = flags.get("--known").map_or_else(|| Ok(Known::default()), |file| read(file))?;
    let compared = known.compare(&plan, tally.findings);
    for seed in &compared.settled {
        println!("seed {seed} is known to differ, and does not: take it out");
    }
    let shown = usize::try_from(number("--show", 20)?)?;
    let groups = report::groups(compared.new);
    for group in groups.iter().take(shown) {
        println!("{}", report::text(group));
    }
    println!(
        "{} sequences with {} requests compared, {} differ as known, {} otherwise, in {} ways; {} are settled",
        tally.sequences,
        tally.requests,
        compared.known,
        tally.different.saturating_sub(compared.known as u64),
        groups.len(),
        compared.settled.len()
    );
    Ok(if groups.is_empty() && compared.settled.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn read(file: &str) -> Result<Known, String> {
    let text = std::fs::read_to_string(file).map_err(|error| format!("{file}: {error}"))?;
    Known::parse(&text).map_err(|error| format!("{file}: {error}"))
}

/// Makes the real server serve the custom kind.
fn prepare(server: &str) -> Result<(), Box<dyn Error>> {
    let mut real = Real::new(server);
    let definitions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
    let made = real.send(&Step::new("POST", definitions).body("application/json", definition()?))?;
    if !matches!(made.code, 201 | 409) {
        return Err(format!("the custom kind cannot be made: {} {}", made.code, made.body).into());
    }
    let path = format!("{definitions}/widgets.conformance.example.com");
    for _ in 0..2000 {
        let listed = real.send(&Step::new("GET", "/apis/conformance.example.com/v1/widgets"))?;
        let found = real.send(&Step::new("GET", &path))?;
        if listed.code == 200 && found.body["status"]["conditions"].to_string().contains("Established") {
            return Ok(());
        }
    }
    Err("the custom kind is not served".into())
}

fn flags() -> Result<BTreeMap<String, String>, String> {
    let mut words = std::env::args().skip(1);
    let mut flags = BTreeMap::new();
    while let Some(name) = words.next() {
        let value = words.next().ok_or_else(|| format!("{name} has no value"))?;
        flags.insert(name, value);
    }
    Ok(flags)
}
