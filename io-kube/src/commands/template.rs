//! `pilothouse template`.

use std::io::{self, BufWriter, Write};
use std::process::ExitCode;

use crate::clock;
use crate::template::{Surroundings, TemplateError, TemplateFlags, execute};

/// Bytes that are printed at once.
const OUTPUT_BUFFER: usize = 32 << 10;

/// Renders a chart. Exits with 1 when it cannot be rendered, as Helm does.
pub(super) fn run(flags: TemplateFlags) -> ExitCode {
    // On the main thread: the limit on the stack of a render is below every stack, and memory comes cheaper here.
    let Err(error) = print(&flags) else { return ExitCode::SUCCESS };
    // When stderr is gone too, the exit code still says it.
    let _ = writeln!(io::stderr(), "Error: {}", error.message());
    ExitCode::FAILURE
}

fn print(flags: &TemplateFlags) -> Result<(), TemplateError> {
    // Texts of many lines: they are not written line by line.
    let mut out = BufWriter::with_capacity(OUTPUT_BUFFER, io::stdout().lock());
    let mut surroundings = Surroundings {
        wall: clock::wall_nanos(),
        entropy: clock::entropy()?,
        stdin: &mut io::stdin(),
        out: &mut out,
        err: &mut io::stderr(),
    };
    execute(flags, &mut surroundings)?;
    Ok(surroundings.out.flush()?)
}
