//! Running the command.

use std::path::Path;
use std::process::Command;

/// What a run printed and how it ended.
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// Names a binary to run instead of the one that was built for this test: an optimised one, with which all cases take
/// less time.
pub(crate) const BINARY: &str = "PILOTHOUSE_BINARY";

/// Runs `pilothouse template` in a folder.
pub(crate) fn template(folder: &Path, arguments: &[String]) -> Ran {
    let built = env!("CARGO_BIN_EXE_pilothouse").into();
    let output = Command::new(std::env::var_os(BINARY).unwrap_or(built))
        .arg("template")
        .args(arguments)
        .current_dir(folder)
        .env_clear()
        .env("TZ", "UTC")
        .output()
        .unwrap();
    Ran {
        code: output.status.code(),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}
