//! The subcommands of `pilothouse`.

mod completion;
mod crds;
mod dev;
mod lead;
mod lint;
mod memory;
mod replay;
mod run;
mod sim;
mod stack;
mod template;

use std::io::Write;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use clap_complete::Shell;

use crate::flags::RunFlags;
use crate::lint::LintFlags;
use crate::sim::SimFlags;
use crate::template::{TemplateFlags, usage_error};

/// Runs Helm releases from HelmRelease objects.
#[derive(Debug, Parser)]
#[command(name = "pilothouse", version, about)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

/// `pilothouse template` alone.
#[derive(Debug, Parser)]
#[command(name = "template", bin_name = "pilothouse template", about = TEMPLATE)]
struct TemplateCli {
    #[command(flatten)]
    flags: Box<TemplateFlags>,
}

/// What `pilothouse template` is for.
const TEMPLATE: &str = "Render a chart without a cluster, as helm template does";

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the operator.
    Run(Box<RunFlags>),
    /// Run the operator on a simulated cluster, with the manifests and charts of a folder.
    Dev(dev::DevFlags),
    /// Play a recording of run --record or dev --record, offline: shows what happened, and whether it happens again.
    Replay(replay::ReplayFlags),
    #[command(about = TEMPLATE)]
    Template(Box<TemplateFlags>),
    /// Look for problems in charts; all of them at once, with file and line.
    Lint(Box<LintFlags>),
    /// Simulate random scenarios and look for bugs of the operator.
    Sim(SimFlags),
    /// Print the CustomResourceDefinition of HelmRelease.
    Crds,
    /// Print a completion script for a shell.
    Completion {
        /// The shell.
        shell: Shell,
    },
}

impl Cli {
    /// Reads the arguments of the process. Wrong ones end with a text and an exit code: those of Helm for `template`.
    ///
    /// # Errors
    /// The exit code, when there is nothing to run.
    pub fn read() -> Result<Self, ExitCode> {
        // Runs of `template` are short and many: they do not wait for the flags of the others.
        let mut arguments = std::env::args_os().skip(1).peekable();
        let is_template = arguments.peek().is_some_and(|argument| argument == "template");
        let parsed = if is_template {
            let template = TemplateCli::try_parse_from(arguments);
            template.map(|template| Self { command: Command::Template(template.flags) })
        } else {
            Self::try_parse()
        };
        parsed.map_err(|error| {
            if let Some(text) = usage_error(&error).filter(|_| is_template) {
                // When stderr is gone too, the exit code still says it.
                let _ = writeln!(std::io::stderr(), "Error: {text}");
                return ExitCode::FAILURE;
            }
            let _ = error.print();
            ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2))
        })
    }

    /// Runs the subcommand; the exit code is that of the process.
    #[must_use]
    pub fn run(self) -> ExitCode {
        match self.command {
            Command::Run(flags) => run::run(*flags),
            Command::Dev(flags) => dev::run(flags),
            Command::Replay(flags) => replay::run(flags),
            Command::Template(flags) => template::run(*flags),
            Command::Lint(flags) => lint::run(*flags),
            Command::Sim(flags) => sim::run(&flags),
            Command::Crds => crds::print(),
            Command::Completion { shell } => completion::print(shell),
        }
    }
}
