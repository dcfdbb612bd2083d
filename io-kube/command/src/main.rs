//! The `pilothouse` command.

use std::process::ExitCode;

use pilothouse_io_kube::commands::Cli;

fn main() -> ExitCode {
    match Cli::read() {
        Ok(cli) => cli.run(),
        Err(code) => code,
    }
}
