//! `pilothouse lint`.

use std::io::{self, Write};
use std::process::ExitCode;

use super::stack::on_large_stack;
use crate::lint::{LintFlags, execute};

/// Exit code for input that is wrong.
const BAD_INPUT: u8 = 2;

/// Looks for problems in charts. Exits with 0 when there are none, 1 when there are some, 2 when a chart cannot be read.
pub(super) fn run(flags: LintFlags) -> ExitCode {
    let result = on_large_stack("lint", move || execute(&flags, &mut io::stdin(), &mut io::stdout().lock()));
    let message = match result {
        Ok(Ok(true)) => return ExitCode::SUCCESS,
        Ok(Ok(false)) => return ExitCode::FAILURE,
        Ok(Err(error)) => error.to_string(),
        Err(error) => error.to_string(),
    };
    // When stderr is gone too, the exit code still says it.
    let _ = writeln!(io::stderr(), "Error: {message}");
    BAD_INPUT.into()
}
