//! The `pilothouse` command.

use std::process::ExitCode;

use clap::Parser;
use pilothouse::commands::Cli;

fn main() -> ExitCode {
    Cli::parse().run()
}
