//! What became of the mutants, kept line by line so that a run can go on after an interruption.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::Failure;
use crate::list::Mutant;
use crate::stages::{Outcome, Stage};

/// What became of one mutant.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Line {
    pub(crate) mutant: String,
    /// `unit`, `scenarios`, `simulation`: where a test failed; `timed out`, `not built`, `survived`.
    pub(crate) outcome: String,
    /// The program whose test failed, or how many passed.
    by: String,
    seconds: u64,
}

impl Line {
    pub(crate) fn unbuilt(mutant: &str) -> Self {
        Self { mutant: mutant.to_owned(), outcome: "not built".to_owned(), by: String::new(), seconds: 0 }
    }

    pub(crate) fn of(mutant: &str, outcome: &Outcome, time: Duration) -> Self {
        let (outcome, by) = match outcome {
            Outcome::Caught(stage, program) => (name(*stage), program.clone()),
            Outcome::TimedOut(program) => ("timed out", program.clone()),
            Outcome::Survived(0) => ("survived", "nothing comes there".to_owned()),
            Outcome::Survived(programs) => ("survived", format!("{programs} programs pass")),
        };
        Self { mutant: mutant.to_owned(), outcome: outcome.to_owned(), by, seconds: time.as_secs() }
    }
}

/// All lines, and the file that they are in.
pub(crate) struct Results {
    file: File,
    lines: BTreeMap<String, Line>,
}

impl Results {
    /// Reads what is there; the last line about a mutant counts.
    ///
    /// # Errors
    ///
    /// When the file cannot be opened.
    pub(crate) fn open(path: &Path) -> Result<Self, Failure> {
        let text = std::fs::read_to_string(path).unwrap_or_default();
        let lines = text.lines().filter_map(|line| serde_json::from_str(line).ok());
        let lines = lines.map(|line: Line| (line.mutant.clone(), line)).collect();
        Ok(Self { file: File::options().create(true).append(true).open(path)?, lines })
    }

    /// Whether a mutant needs no further try: tests that are added since can change nothing.
    pub(crate) fn is_caught(&self, mutant: &str) -> bool {
        self.lines.get(mutant).is_some_and(|line| !["survived", "not built"].contains(&&*line.outcome))
    }

    /// Adds a line.
    ///
    /// # Errors
    ///
    /// When it cannot be written.
    pub(crate) fn add(&mut self, line: Line) -> Result<(), Failure> {
        writeln!(self.file, "{}", serde_json::to_string(&line)?)?;
        self.lines.insert(line.mutant.clone(), line);
        Ok(())
    }

    /// How many of the mutants came to which end, and which survived.
    pub(crate) fn summary(&self, mutants: &[Mutant]) -> String {
        let lines: Vec<&Line> = mutants.iter().filter_map(|mutant| self.lines.get(&mutant.name)).collect();
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for line in &lines {
            *counts.entry(&line.outcome).or_default() += 1;
        }
        let mut text = String::new();
        for line in lines.iter().filter(|line| line.outcome == "survived") {
            text.push_str(&format!("survived ({}): {}\n", line.by, line.mutant));
        }
        let count = |outcome: &str| counts.get(outcome).copied().unwrap_or_default();
        let built = lines.len() - count("not built");
        let killed = built - count("survived");
        let parts: Vec<String> = counts.iter().map(|(outcome, count)| format!("{count} {outcome}")).collect();
        let share = if built == 0 { 0.0 } else { 100.0 * killed as f64 / built as f64 };
        text + &format!("{killed} of {built} caught, {share:.1} %: {}", parts.join(", "))
    }
}

fn name(stage: Stage) -> &'static str {
    match stage {
        Stage::Unit => "unit",
        Stage::Scenarios => "scenarios",
        Stage::Simulation => "simulation",
    }
}
