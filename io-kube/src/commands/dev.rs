//! `pilothouse dev`.

use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use pilothouse_encoding::duration::GoDuration;

use super::stack::on_large_stack;
use crate::dev::{DevError, DevOptions, Outcome, Screen, Style, run_live, run_once};
use crate::environment;
use crate::flags::RecordFlags;

/// Exit code for input that is wrong.
const BAD_INPUT: u8 = 2;

/// Flags of `pilothouse dev`.
#[derive(Debug, Args)]
pub(super) struct DevFlags {
    /// Files and folders with HelmRelease manifests, charts (folders or .tgz) and what they need.
    #[arg(value_name = "PATH", default_value = ".")]
    paths: Vec<PathBuf>,
    /// End when all releases are ready or have failed; virtual time passes as fast as it goes.
    #[arg(long)]
    once: bool,
    /// How long releases may take to become ready with --once, in virtual time.
    #[arg(long, default_value = "10m", value_parser = GoDuration::parse, requires = "once")]
    timeout: GoDuration,
    /// Virtual seconds in a real second, without --once.
    #[arg(long, default_value_t = 1.0, value_parser = speed, conflicts_with = "once")]
    speed: f64,
    /// Where the API server of the simulated cluster listens for kubectl and helm, without --once: a loopback address
    /// with a port, 0 for any, or "off".
    #[arg(long, default_value = "127.0.0.1:0", conflicts_with = "once")]
    listen: String,
    /// Where the kubeconfig for that is written. The file must not exist; it is removed at the end.
    #[arg(long, value_name = "FILE", conflicts_with = "once")]
    kubeconfig: Option<PathBuf>,
    /// Print Kubernetes events.
    #[arg(long)]
    events: bool,
    /// Print log lines.
    #[arg(short, long)]
    verbose: bool,
    #[command(flatten)]
    record: RecordFlags,
}

/// Runs the operator on a simulated cluster. Exits with 0 when all releases are ready, 1 when some are not, 2 when the
/// input is wrong.
pub(super) fn run(flags: DevFlags) -> ExitCode {
    let result = on_large_stack("dev", move || execute(&flags));
    match result {
        Ok(Ok(Outcome::AllReady)) => ExitCode::SUCCESS,
        Ok(Ok(Outcome::SomeFailed)) => ExitCode::FAILURE,
        Ok(Err(error)) => {
            let code = if matches!(error, DevError::Input(_)) { BAD_INPUT.into() } else { ExitCode::FAILURE };
            complain(&error);
            code
        }
        Err(error) => {
            complain(&error);
            ExitCode::FAILURE
        }
    }
}

fn execute(flags: &DevFlags) -> Result<Outcome, DevError> {
    let mut out = io::stdout().lock();
    let is_terminal = out.is_terminal();
    let colour = is_terminal && environment::variable("NO_COLOR").is_none();
    let mut screen = Screen::new(&mut out, Style { colour, in_place: is_terminal && !flags.once });
    let options = DevOptions {
        paths: flags.paths.clone(),
        timeout: u64::try_from(Duration::from(flags.timeout).as_nanos()).unwrap_or(u64::MAX),
        speed: flags.speed,
        listen: (flags.listen != "off").then(|| flags.listen.clone()),
        kubeconfig: flags.kubeconfig.clone(),
        events: flags.events,
        verbose: flags.verbose,
        record: flags.record.clone(),
    };
    if flags.once { run_once(&options, &mut screen) } else { run_live(&options, &mut screen) }
}

fn speed(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(speed) if speed > 0.0 && speed <= 10_000.0 => Ok(speed),
        _ => Err("must be a number above 0 and up to 10000".to_owned()),
    }
}

fn complain(error: &dyn std::fmt::Display) {
    // When stderr is gone too, the exit code still says it.
    let _ = writeln!(io::stderr(), "Error: {error}");
}
