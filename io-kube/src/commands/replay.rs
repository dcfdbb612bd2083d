//! `pilothouse replay`.

use std::io::{self, BufWriter, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use pilothouse_encoding::duration::GoDuration;
use pilothouse_protocol::ReleaseKey;

use super::stack::on_large_stack;
use crate::replay::{ReplayError, ReplayOptions, Verdict, replay};

/// Exit code when there is nothing to replay.
const UNREADABLE: u8 = 2;

/// Flags of `pilothouse replay`.
#[derive(Debug, Args)]
pub(super) struct ReplayFlags {
    /// A recording of --record, or a folder of them.
    #[arg(value_name = "FILE|DIR")]
    path: PathBuf,
    /// End so long after the start of the recording.
    #[arg(long, value_name = "DURATION", value_parser = GoDuration::parse)]
    until: Option<GoDuration>,
    /// Show this release only.
    #[arg(long, value_name = "NAMESPACE/NAME", value_parser = release)]
    release: Option<ReleaseKey>,
    /// Show no trace, only the verdict.
    #[arg(short, long)]
    quiet: bool,
    /// Write the timeline to this file, as a page that needs nothing else.
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
}

/// Plays a recording. Exits with 0 when the operator does the same again, 1 when it does not, 2 when there is nothing to
/// play.
pub(super) fn run(flags: ReplayFlags) -> ExitCode {
    let options = ReplayOptions {
        path: flags.path,
        until: flags.until.map(|until| u64::try_from(until.as_nanos()).unwrap_or_default()),
        release: flags.release,
        quiet: flags.quiet,
        html: flags.html,
    };
    let played = on_large_stack("replay", move || {
        let mut out = BufWriter::new(io::stdout().lock());
        let verdict = replay(&options, &mut out)?;
        out.flush()?;
        Ok::<_, ReplayError>(verdict)
    });
    match played.map_err(ReplayError::from).and_then(|verdict| verdict) {
        Ok(Verdict::Equal) => ExitCode::SUCCESS,
        Ok(Verdict::Diverged) => ExitCode::FAILURE,
        // Whoever reads the trace has seen enough, as in `| head`.
        Err(ReplayError::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            // When stderr is gone too, the exit code still says it.
            let _ = writeln!(io::stderr(), "Error: {error}");
            ExitCode::from(UNREADABLE)
        }
    }
}

fn release(text: &str) -> Result<ReleaseKey, String> {
    match text.split_once('/') {
        Some((namespace, name)) if !namespace.is_empty() && !name.is_empty() && !name.contains('/') => {
            Ok(ReleaseKey::new(namespace, name))
        }
        _ => Err("must be the namespace and the name of a HelmRelease, with a slash between".to_owned()),
    }
}
