//! `pilothouse completion`.

use std::process::ExitCode;

use clap::CommandFactory;
use clap_complete::Shell;

use super::Cli;

/// Prints the completion script of a shell.
pub(super) fn print(shell: Shell) -> ExitCode {
    clap_complete::generate(shell, &mut Cli::command(), "pilothouse", &mut std::io::stdout());
    ExitCode::SUCCESS
}
