//! The `pilothouse` command.

use std::process::ExitCode;

use pilothouse::commands::Cli;

fn main() -> ExitCode {
    match Cli::read() {
        Ok(cli) => cli.run(),
        Err(code) => code,
    }
}
