//! `pilothouse sim`: random simulation that finds bugs, and makes what it finds short.

mod report;
mod workers;

use std::collections::BTreeSet;
use std::io::Write;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use pilothouse_io_sim::scenario::{Scenario, ScenarioError};
use pilothouse_io_sim::simulation::{ALL_CLASSES, Campaign, FaultClass, run_scenario};

use workers::{News, Plan, work};

/// The flags of `pilothouse sim`.
#[derive(Debug, Clone, Args)]
pub struct SimFlags {
    /// Scenarios to play instead of random ones.
    #[arg(value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// How many seeds are simulated.
    #[arg(long, default_value_t = 1000, value_name = "N")]
    pub seeds: u64,
    /// The first seed.
    #[arg(long, default_value_t = 0, value_name = "SEED")]
    pub first_seed: u64,
    /// Classes of disturbances that may be drawn, by word or number with commas between them; `all`, `none`, or `list`
    /// to see them.
    #[arg(long, default_value = "all", value_name = "CLASSES")]
    pub faults: String,
    /// How many threads simulate; as many as there are processors by default.
    #[arg(long, value_name = "N")]
    pub jobs: Option<usize>,
    /// Stop after so many minutes, whatever is left.
    #[arg(long, value_name = "M")]
    pub minutes: Option<f64>,
    /// Play every scenario twice and compare.
    #[arg(long)]
    pub twice: bool,
    /// Do not play the fault-free twin of every scenario.
    #[arg(long)]
    pub no_twins: bool,
    /// End with the first finding.
    #[arg(long)]
    pub first: bool,
    /// Folder for the scenarios of findings.
    #[arg(long, default_value = ".", value_name = "DIR")]
    pub out: PathBuf,
    /// Print in which states which classes have struck, and what occurred.
    #[arg(long)]
    pub coverage: bool,
}

/// Why nothing can be simulated.
#[derive(Debug, thiserror::Error)]
pub enum SimError {
    /// A class that does not exist.
    #[error("--faults: {0:?} is no class; --faults list shows them")]
    UnknownClass(String),
    /// A file that cannot be read.
    #[error("{}: {error}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// A file that is no scenario.
    #[error("{}: {error}", path.display())]
    Scenario {
        /// The file.
        path: PathBuf,
        /// Where and why.
        error: ScenarioError,
    },
    /// A scenario cannot be written, or nothing can be printed.
    #[error("write: {0}")]
    Output(#[from] std::io::Error),
}

/// Simulates and prints what happens. Returns whether nothing was found.
///
/// # Errors
/// When a flag is wrong, or the output is gone.
pub fn execute(flags: &SimFlags, out: &mut dyn Write) -> Result<bool, SimError> {
    if flags.faults == "list" {
        out.write_all(report::classes().as_bytes())?;
        return Ok(true);
    }
    if !flags.files.is_empty() {
        return play(&flags.files, out);
    }
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    let plan = Plan {
        campaign: Campaign {
            classes: classes(&flags.faults)?,
            twins: !flags.no_twins,
            twice: flags.twice,
            ..Campaign::default()
        },
        first: flags.first_seed,
        seeds: flags.seeds,
        jobs: flags.jobs.unwrap_or(processors).max(1),
        limit: flags.minutes.map(|minutes| Duration::from_secs_f64((minutes * 60.0).clamp(0.0, 1e9))),
        only_one: flags.first,
    };
    let mut clean = true;
    let coverage = work(&plan, |news| match news {
        News::Progress(progress) => out.write_all(progress.line().as_bytes()),
        News::Found(found) => {
            clean = false;
            std::fs::create_dir_all(&flags.out)?;
            let path = flags.out.join(format!("seed-{}.scenario", found.seed));
            std::fs::write(&path, found.file())?;
            out.write_all(found.summary(&path).as_bytes())
        }
    })?;
    out.write_all(report::total(&coverage, &plan.campaign.classes).as_bytes())?;
    if flags.coverage {
        out.write_all(report::tables(&coverage.coverage).as_bytes())?;
    }
    Ok(clean)
}

/// Plays files one after the other.
fn play(files: &[PathBuf], out: &mut dyn Write) -> Result<bool, SimError> {
    let mut clean = true;
    for path in files {
        let text =
            std::fs::read_to_string(path).map_err(|error| SimError::Read { path: path.clone(), error })?;
        let scenario =
            Scenario::parse(&text).map_err(|error| SimError::Scenario { path: path.clone(), error })?;
        let run = run_scenario(&scenario);
        clean &= run.finding.is_none();
        out.write_all(report::played(path, &run).as_bytes())?;
    }
    Ok(clean)
}

fn classes(text: &str) -> Result<BTreeSet<FaultClass>, SimError> {
    match text {
        "all" => Ok(ALL_CLASSES.into_iter().collect()),
        "none" | "" => Ok(BTreeSet::new()),
        list => {
            let find = |word: &str| {
                FaultClass::find(word.trim()).ok_or_else(|| SimError::UnknownClass(word.to_owned()))
            };
            list.split(',').map(find).collect()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flags() -> SimFlags {
        SimFlags {
            files: Vec::new(),
            seeds: 3,
            first_seed: 7,
            faults: "none".to_owned(),
            jobs: Some(2),
            minutes: None,
            twice: true,
            no_twins: true,
            first: false,
            out: PathBuf::from("."),
            coverage: true,
        }
    }

    #[test]
    fn seeds_are_simulated_and_counted() {
        let mut out = Vec::new();
        assert!(execute(&flags(), &mut out).unwrap());
        let text = String::from_utf8(out).unwrap();
        assert!(text.contains("3 seeds"), "{text}");
        assert!(text.contains("no finding"), "{text}");
        assert!(text.contains("| write-status |"), "{text}");
    }

    #[test]
    fn the_digest_is_that_of_the_seeds() {
        let digest = |flags: SimFlags| {
            let mut out = Vec::new();
            assert!(execute(&flags, &mut out).unwrap());
            let text = String::from_utf8(out).unwrap();
            text.lines().find(|line| line.starts_with("digest of all actions: ")).unwrap().to_owned()
        };
        let one_by_one = digest(SimFlags { jobs: Some(1), twice: false, ..flags() });
        assert_eq!(digest(flags()), one_by_one);
        assert_ne!(digest(SimFlags { first_seed: 8, ..flags() }), one_by_one);
    }

    #[test]
    fn classes_are_listed_and_unknown_ones_refused() {
        let mut out = Vec::new();
        assert!(execute(&SimFlags { faults: "list".to_owned(), ..flags() }, &mut out).unwrap());
        assert_eq!(String::from_utf8(out).unwrap().lines().count(), 40);
        assert_eq!(classes("conflict, 21").unwrap().len(), 2);
        assert!(matches!(classes("conflict,what"), Err(SimError::UnknownClass(word)) if word == "what"));
    }
}
