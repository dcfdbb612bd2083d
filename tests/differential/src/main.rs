//! `differential --oracle PROGRAM [--seed N] [--cases N] [--topic NAME] [--threads N] [--alike N] [--record FILE]
//! [--replay FILE]`: generates charts, compares, reports what differs. `--yaml N` compares so many YAML texts instead.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command")]

use std::collections::BTreeMap;
use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;

use pilothouse_differential::campaign::{Plan, run};
use pilothouse_differential::case::{Case, Recorded};
use pilothouse_differential::generate::TOPICS;
use pilothouse_differential::oracle::Oracle;
use pilothouse_differential::{compare, ours, report, yaml};

fn main() -> ExitCode {
    match command() {
        Ok(code) => code,
        Err(error) => {
            eprintln!("differential: {error}");
            ExitCode::FAILURE
        }
    }
}

fn command() -> Result<ExitCode, Box<dyn Error>> {
    let flags = flags()?;
    let number = |name: &str, default: u64| flags.get(name).map_or(Ok(default), |text| text.parse());
    let oracle = PathBuf::from(flags.get("--oracle").ok_or("--oracle PROGRAM is missing")?);
    if let Some(file) = flags.get("--replay") {
        return replay(&oracle, &std::fs::read_to_string(file)?);
    }
    if flags.contains_key("--yaml") {
        return read_yaml(&oracle, number("--seed", 0)?, number("--yaml", 0)?);
    }
    let topic = match flags.get("--topic") {
        None => None,
        Some(name) => {
            let found = TOPICS.iter().find(|(_, known, _)| known == name);
            Some(found.ok_or_else(|| format!("no topic is called {name}"))?.0)
        }
    };
    let plan = Plan {
        seed: number("--seed", 0)?,
        cases: number("--cases", 1000)?,
        topic,
        threads: number("--threads", 2)?.max(1),
        alike: usize::try_from(number("--alike", 2)?)?,
    };
    let tally = run(&plan, &oracle)?;
    println!(
        "{} cases compared, {} rendered by both, {} unsupported, {} differ",
        tally.compared, tally.rendered, tally.unsupported, tally.different
    );
    let groups = report::groups(tally.findings);
    let mut recorded = String::new();
    for group in &groups {
        println!("{}", report::text(group));
        if let Some(finding) = group.findings.first() {
            let mut case = finding.case.clone();
            case.id = format!("{:?}/{}", finding.topic, finding.seed).to_lowercase();
            let line = serde_json::to_string(&Recorded { case, expect: finding.helm.clone() })?;
            recorded.push_str(&format!("{line}\n"));
        }
    }
    if let Some(file) = flags.get("--record") {
        std::fs::write(file, recorded)?;
    }
    Ok(if groups.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Renders recorded or given cases again and prints what differs from Helm now.
fn replay(oracle: &std::path::Path, lines: &str) -> Result<ExitCode, Box<dyn Error>> {
    let mut oracle = Oracle::start(oracle)?;
    let mut different = 0;
    for line in lines.lines() {
        let case: Case = serde_json::from_str(line)?;
        let (ours, helm) = (ours::run(&case), oracle.ask(&case)?);
        if let Some(difference) = compare::difference(&case, &ours, &helm) {
            different += 1;
            println!(
                "{} {difference:?}\n  files {:?}\n  ours {ours:?}\n  helm {helm:?}",
                case.id, case.files
            );
        }
    }
    println!("{different} differ");
    Ok(if different == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// How many differences of YAML texts are printed.
const SHOWN: usize = 20;

/// Reads YAML texts and prints what differs from what Helm reads.
fn read_yaml(oracle: &std::path::Path, seed: u64, cases: u64) -> Result<ExitCode, Box<dyn Error>> {
    let found = yaml::differences(oracle, seed, cases)?;
    for difference in found.iter().take(SHOWN) {
        println!("{difference}");
    }
    println!("{cases} texts compared, {} differ", found.len());
    Ok(if found.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
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
