//! `pilothouse sim`.

use std::io::{self, Write};
use std::process::ExitCode;

use crate::sim::{SimFlags, execute};

/// Exit code for input that is wrong.
const BAD_INPUT: u8 = 2;

/// Simulates random scenarios. Exits with 0 when nothing is found, 1 when something is, 2 when a flag is wrong.
pub(super) fn run(flags: &SimFlags) -> ExitCode {
    match execute(flags, &mut io::stdout().lock()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            // When stderr is gone too, the exit code still says it.
            let _ = writeln!(io::stderr(), "Error: {error}");
            BAD_INPUT.into()
        }
    }
}
