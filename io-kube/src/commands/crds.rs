//! `pilothouse crds`.

use std::io::Write;
use std::process::ExitCode;

use pilothouse_encoding::yaml;

/// Prints the CustomResourceDefinition of HelmRelease as YAML.
pub(super) fn print() -> ExitCode {
    let printed = yaml::emit(&pilothouse_api::custom_resource_definition())
        .map_err(|error| error.to_string())
        .and_then(|text| std::io::stdout().write_all(text.as_bytes()).map_err(|error| error.to_string()));
    match printed {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // When stderr is gone too, the exit code still says it.
            let _ = writeln!(std::io::stderr(), "Error: {error}");
            ExitCode::FAILURE
        }
    }
}
