//! The subcommands of `pilothouse`.

mod completion;
mod crds;
mod dev;
mod lead;
mod run;
mod stack;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use clap_complete::Shell;

use crate::flags::RunFlags;

/// Runs Helm releases from HelmRelease objects.
#[derive(Debug, Parser)]
#[command(name = "pilothouse", version, about)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the operator.
    Run(Box<RunFlags>),
    /// Run the operator on a simulated cluster, with the manifests and charts of a folder.
    Dev(dev::DevFlags),
    /// Print the CustomResourceDefinition of HelmRelease.
    Crds,
    /// Print a completion script for a shell.
    Completion {
        /// The shell.
        shell: Shell,
    },
}

impl Cli {
    /// Runs the subcommand; the exit code is that of the process.
    #[must_use]
    pub fn run(self) -> ExitCode {
        match self.command {
            Command::Run(flags) => run::run(*flags),
            Command::Dev(flags) => dev::run(flags),
            Command::Crds => crds::print(),
            Command::Completion { shell } => completion::print(shell),
        }
    }
}
