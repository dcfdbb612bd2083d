//! What Helm makes of cases: the program in `tests/oracle`, which renders with Helm's own packages.

use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use crate::case::{Case, Outcome};

/// Why the oracle gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum OracleError {
    /// It cannot be started.
    #[error("cannot start {}: {cause}", program.display())]
    Start {
        /// The program.
        program: PathBuf,
        /// What the system says.
        cause: std::io::Error,
    },
    /// It answered something malformed.
    #[error("malformed answer: {0}")]
    Answer(#[from] serde_json::Error),
}

/// A running oracle.
pub struct Oracle {
    program: PathBuf,
    running: Running,
}

struct Running {
    child: Child,
    cases: BufWriter<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl Oracle {
    /// Starts the program.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn start(program: &Path) -> Result<Self, OracleError> {
        Ok(Self { program: program.to_owned(), running: launch(program)? })
    }

    /// What Helm makes of the case. When that ends the process (Go cannot recover from an endless recursion), the
    /// answer is a failure with code 2, and the program is started anew.
    ///
    /// # Errors
    /// When the answer is malformed or the program cannot be started anew.
    pub fn ask(&mut self, case: &Case) -> Result<Outcome, OracleError> {
        let line = serde_json::to_string(case)?;
        let mut answer = String::new();
        let sent = writeln!(self.running.cases, "{line}").and_then(|()| self.running.cases.flush());
        if sent.and_then(|()| self.running.answers.read_line(&mut answer)).is_ok() && !answer.is_empty() {
            return Ok(serde_json::from_str(&answer)?);
        }
        let _ = self.running.child.kill();
        let _ = self.running.child.wait();
        self.running = launch(&self.program)?;
        Ok(Outcome { rc: 2, error: "the process ended".to_owned(), ..Outcome::default() })
    }
}

impl Drop for Oracle {
    fn drop(&mut self) {
        let _ = self.running.child.kill();
        let _ = self.running.child.wait();
    }
}

fn launch(program: &Path) -> Result<Running, OracleError> {
    let failed = |cause| OracleError::Start { program: program.to_owned(), cause };
    let mut child = Command::new(program)
        .env("TZ", "UTC")
        .env("KUBECONFIG", "/nowhere")
        // The trace of a process that ends is long; that it ended is all that counts.
        .stderr(Stdio::null())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(failed)?;
    match (child.stdin.take(), child.stdout.take()) {
        (Some(cases), Some(answers)) => {
            Ok(Running { child, cases: BufWriter::new(cases), answers: BufReader::new(answers) })
        }
        _ => Err(failed(std::io::Error::other("no pipe"))),
    }
}
