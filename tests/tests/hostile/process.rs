//! Running a case in a process of its own, and measuring it from within.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use libtest_mimic::Failed;
use serde::{Deserialize, Serialize};

use crate::case::{Case, Expected};

/// The variable that names the case to run.
pub(crate) const VARIABLE: &str = "PILOTHOUSE_HOSTILE_CASE";

/// Processor time a case may take, in seconds. Without all optimisation everything takes longer.
const MOST_SECONDS: f64 = if cfg!(debug_assertions) { 25.0 } else { 10.0 };
/// Memory a case may take beyond its inputs, in MiB.
const MOST_MEBIBYTES: u64 = 256;
/// Memory at which a case is ended, in MiB, and after which time.
const RUNAWAY_MEBIBYTES: u64 = 1536;
const RUNAWAY_TIME: Duration = Duration::from_secs(300);
/// The beginning of the line with the report.
const MARK: &str = "hostile-report ";

/// What a process reports.
#[derive(Serialize, Deserialize)]
pub(crate) struct Report {
    pub(crate) seconds: f64,
    pub(crate) mebibytes: u64,
    is_limit: bool,
    error: Option<String>,
}

impl Report {
    /// The beginning of the error.
    pub(crate) fn shown(&self) -> String {
        let error = self.error.as_deref().unwrap_or("no error");
        error.chars().take(300).collect::<String>().replace('\n', " ")
    }

    /// Whether it is as expected.
    pub(crate) fn check(&self, case: &Case) -> Result<(), String> {
        let shown = self.shown();
        if self.seconds > MOST_SECONDS {
            return Err(format!("took {:.1} s: {shown}", self.seconds));
        }
        if self.mebibytes > MOST_MEBIBYTES {
            return Err(format!("took {} MiB: {shown}", self.mebibytes));
        }
        let error = self.error.as_deref().unwrap_or_default();
        match case.expected {
            Expected::Limit(_) if !self.is_limit => Err(format!("no bound was passed: {shown}")),
            Expected::Limit(place) | Expected::Refused(place) if !error.contains(place) => {
                Err(format!("{place:?} is not told: {shown}"))
            }
            Expected::Refused(_) if self.error.is_none() => Err("is accepted".to_owned()),
            Expected::Done if self.error.is_some() => Err(shown),
            _ => Ok(()),
        }
    }
}

/// Runs a case here, on a thread with the stack that is usual, and prints the report.
pub(crate) fn report(case: &Case) {
    let work = (case.prepare)();
    // Shows the peak of what follows alone.
    let _ = std::fs::write("/proc/self/clear_refs", "5");
    let (memory, started) = (resident("VmRSS:"), processor_seconds());
    let ending = work();
    let report = Report {
        seconds: processor_seconds() - started,
        mebibytes: resident("VmHWM:").saturating_sub(memory) >> 10,
        is_limit: ending.is_limit,
        error: ending.error.map(|error| error.chars().take(2000).collect()),
    };
    println!("{MARK}{}", serde_json::to_string(&report).unwrap());
}

/// Runs a case in a new process; ends it when it runs away.
pub(crate) fn run(name: &str) -> Result<Report, Failed> {
    let program = std::env::current_exe().map_err(|error| error.to_string())?;
    let mut command = Command::new(program);
    command.env(VARIABLE, name).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::inherit());
    let mut child = command.spawn().map_err(|error| error.to_string())?;
    let started = Instant::now();
    let why = loop {
        if child.try_wait().map_err(|error| error.to_string())?.is_some() {
            break None;
        }
        let memory = status(&format!("/proc/{}/status", child.id()), "VmRSS:") >> 10;
        if memory > RUNAWAY_MEBIBYTES {
            break Some(format!("took {memory} MiB and was ended"));
        }
        if started.elapsed() > RUNAWAY_TIME {
            break Some(format!("took {} s and was ended", RUNAWAY_TIME.as_secs()));
        }
        std::thread::sleep(Duration::from_millis(20));
    };
    if let Some(why) = why {
        let _ = child.kill();
        let _ = child.wait();
        return Err(Failed::from(why));
    }
    let output = child.wait_with_output().map_err(|error| error.to_string())?;
    let text = String::from_utf8_lossy(&output.stdout);
    let line = text.lines().find_map(|line| line.strip_prefix(MARK));
    let line =
        line.ok_or_else(|| format!("the process reported nothing and ended with {}", output.status))?;
    serde_json::from_str(line).map_err(|error| Failed::from(error.to_string()))
}

fn resident(what: &str) -> u64 {
    status("/proc/self/status", what)
}

/// A number of KiB from a status file.
fn status(file: &str, what: &str) -> u64 {
    let text = std::fs::read_to_string(file).unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix(what)).unwrap_or_default();
    line.split_whitespace().next().and_then(|number| number.parse().ok()).unwrap_or(0)
}

/// Processor time of the process: the times in user and in kernel mode, in hundredths of a second.
fn processor_seconds() -> f64 {
    let text = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = text.rsplit_once(')').map_or("", |(_, fields)| fields);
    let ticks: u32 =
        fields.split_whitespace().skip(11).take(2).filter_map(|ticks| ticks.parse::<u32>().ok()).sum();
    f64::from(ticks) / 100.0
}
