//! Running the tests against a mutant: first those of its crate, then the others, the quickest first.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::{Duration, Instant, SystemTime};

use serde::{Deserialize, Serialize};

use crate::Failure;
use crate::build::Program;
use crate::tree::Tree;

/// Seeds of the simulation that each surviving mutant is tried with.
const SEEDS: &str = "60";

/// How much longer than without a mutant a program may take, as a factor and beyond it.
const PATIENCE: (u32, Duration) = (5, Duration::from_secs(20));

/// Programs whose tests are about something else, or take minutes.
const LEFT_OUT: [&str; 6] = ["corpus", "crash", "hostile", "recording", "template", "twins"];

/// What kind of tests a program has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Stage {
    /// Those of the crate with the mutant.
    Unit,
    /// Scenarios, recorded and our own.
    Scenarios,
    /// The simulation's own scenarios and random ones.
    Simulation,
}

/// A program with what is known of it.
pub(crate) struct Step {
    stage: Stage,
    program: Program,
    arguments: Vec<String>,
    time: Duration,
    reached: BTreeSet<u32>,
}

/// What became of a mutant.
pub(crate) enum Outcome {
    /// A test failed: of which stage and program.
    Caught(Stage, String),
    /// A program took too long: which.
    TimedOut(String),
    /// All passed; with how many programs had come to where the mutant is.
    Survived(usize),
}

/// What a program has shown without a mutant, kept for the next run as long as the program is the same.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Shown {
    built: SystemTime,
    time: Duration,
    reached: BTreeSet<u32>,
}

/// Runs all programs without a mutant, and sees how long they take and which mutants they come to.
///
/// # Errors
///
/// When one fails.
pub(crate) fn steps(tree: &Tree, programs: Vec<Program>) -> Result<Vec<Step>, Failure> {
    let record = tree.beside("steps.json");
    let mut known: BTreeMap<PathBuf, Shown> =
        std::fs::read(&record).ok().and_then(|text| serde_json::from_slice(&text).ok()).unwrap_or_default();
    let mut steps = Vec::new();
    for (program, arguments) in with_simulation(tree, programs) {
        let built = std::fs::metadata(&program.path)?.modified()?;
        let shown = match known.get(&program.path) {
            Some(shown) if shown.built == built => shown.clone(),
            _ => show(tree, &program, &arguments, built)?,
        };
        known.insert(program.path.clone(), shown.clone());
        std::fs::write(&record, serde_json::to_vec(&known)?)?;
        let Shown { time, reached, .. } = shown;
        println!(
            "{} {}: {:.1} s, comes to {} mutants",
            program.package,
            program.name,
            time.as_secs_f64(),
            reached.len()
        );
        steps.push(Step { stage: stage(&program), program, arguments, time, reached });
    }
    steps.sort_by_key(|step| (step.stage != Stage::Unit, step.time));
    Ok(steps)
}

fn show(tree: &Tree, program: &Program, arguments: &[String], built: SystemTime) -> Result<Shown, Failure> {
    let record = tree.beside("reached.txt");
    let _ = std::fs::remove_file(&record);
    let mut command = command(program, arguments);
    command.env("PILOTHOUSE_MUTANTS_REACHED", &record);
    let started = Instant::now();
    if !matches!(wait(command, Duration::from_secs(1800))?, Ended::Well) {
        let said = format!("{} fails without a mutant", program.path.display());
        return Err(Failure::Failed { what: program.name.clone(), said });
    }
    let reached = std::fs::read_to_string(&record).unwrap_or_default();
    let reached = reached.lines().filter_map(|line| line.parse().ok()).collect();
    Ok(Shown { built, time: started.elapsed(), reached })
}

/// Runs what comes to where a mutant is until something fails.
///
/// # Errors
///
/// When a program cannot be run.
pub(crate) fn judge(steps: &[Step], id: u32, package: &str) -> Result<Outcome, Failure> {
    let applies = |step: &&Step| {
        step.reached.contains(&id) && (step.stage != Stage::Unit || step.program.package == package)
    };
    let mut passed = 0;
    for step in steps.iter().filter(applies) {
        let mut command = command(&step.program, &step.arguments);
        command.env("PILOTHOUSE_MUTANT", id.to_string());
        let name = format!("{} {}", step.program.package, step.program.name);
        match wait(command, step.time * PATIENCE.0 + PATIENCE.1)? {
            Ended::Well => passed += 1,
            Ended::Badly => return Ok(Outcome::Caught(step.stage, name)),
            Ended::Late => return Ok(Outcome::TimedOut(name)),
        }
    }
    Ok(Outcome::Survived(passed))
}

fn stage(program: &Program) -> Stage {
    match &*program.package {
        "pilothouse-tests" => Stage::Scenarios,
        "pilothouse-io-sim" | "pilothouse" => Stage::Simulation,
        _ => Stage::Unit,
    }
}

/// The programs with their arguments, and the simulation with fixed seeds.
fn with_simulation(tree: &Tree, mut programs: Vec<Program>) -> Vec<(Program, Vec<String>)> {
    programs.retain(|program| !LEFT_OUT.contains(&&*program.name));
    let path = tree.beside("target").join("debug/pilothouse");
    let simulation =
        Program { package: "pilothouse".to_owned(), name: "sim".to_owned(), path, folder: tree.root() };
    let out: PathBuf = tree.beside("found");
    let arguments = ["sim", "--seeds", SEEDS, "--out"].map(str::to_owned).into_iter();
    let arguments = arguments.chain([out.display().to_string()]).collect();
    let mut all: Vec<_> = programs.into_iter().map(|program| (program, Vec::new())).collect();
    all.push((simulation, arguments));
    all
}

fn command(program: &Program, arguments: &[String]) -> Command {
    let mut command = Command::new(&program.path);
    command.current_dir(&program.folder).args(arguments).env("INSTA_UPDATE", "no");
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    command
}

enum Ended {
    Well,
    Badly,
    Late,
}

/// Waits for a program; the first failed test is enough.
fn wait(mut command: Command, patience: Duration) -> Result<Ended, Failure> {
    let mut child = command.spawn()?;
    let Some(output) = child.stdout.take() else { return Ok(Ended::Badly) };
    let (sender, lines) = mpsc::channel();
    let reader = std::thread::spawn(move || {
        for line in BufReader::new(output).lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                break;
            }
        }
    });
    let deadline = Instant::now() + patience;
    let ended = loop {
        match lines.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
            Ok(line) if line.starts_with("test ") && line.ends_with("FAILED") => break Ended::Badly,
            Ok(_) => {}
            Err(RecvTimeoutError::Timeout) => break Ended::Late,
            Err(RecvTimeoutError::Disconnected) => break end(&mut child, deadline)?,
        }
    };
    let _ = child.kill();
    let _ = child.wait();
    drop(lines);
    let _ = reader.join();
    Ok(ended)
}

fn end(child: &mut Child, deadline: Instant) -> Result<Ended, Failure> {
    while Instant::now() < deadline {
        if let Some(status) = child.try_wait()? {
            return Ok(if status.success() { Ended::Well } else { Ended::Badly });
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    Ok(Ended::Late)
}
