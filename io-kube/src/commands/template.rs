//! `pilothouse template`.

use std::io::{self, Write};
use std::process::ExitCode;

use super::stack::on_large_stack;
use crate::clock;
use crate::template::{Surroundings, TemplateError, TemplateFlags, execute};

/// Renders a chart. Exits with 1 when it cannot be rendered, as Helm does.
pub(super) fn run(flags: TemplateFlags) -> ExitCode {
    let result = on_large_stack("template", move || print(&flags));
    let message = match result {
        Ok(Ok(())) => return ExitCode::SUCCESS,
        Ok(Err(error)) => error.message(),
        Err(error) => error.to_string(),
    };
    // When stderr is gone too, the exit code still says it.
    let _ = writeln!(io::stderr(), "Error: {message}");
    ExitCode::FAILURE
}

fn print(flags: &TemplateFlags) -> Result<(), TemplateError> {
    let mut surroundings = Surroundings {
        wall: clock::wall_nanos(),
        entropy: clock::entropy()?,
        stdin: &mut io::stdin(),
        out: &mut io::stdout().lock(),
        err: &mut io::stderr(),
    };
    execute(flags, &mut surroundings)?;
    Ok(surroundings.out.flush()?)
}
