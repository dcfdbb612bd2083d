//! `pilothouse dev`: the operator on a simulated cluster, with the manifests and charts of a folder.
//!
//! Nothing outside of the process is needed or touched, but kubectl and Helm can come in. Time is virtual: [`run_once`] lets it pass as fast as it goes,
//! [`run_live`] keeps pace with the real one and applies changes of the files.

mod charts;
mod check;
mod cluster;
mod error;
mod find;
mod live;
mod manifest;
mod project;
mod run;
#[cfg(test)]
pub(crate) mod scratch;
mod screen;
mod story;
mod summary;
mod view;

pub use cluster::Livelock;
pub use error::InputError;
pub use live::run_live;
pub use run::run_once;
pub use screen::{Screen, Style};

use std::path::PathBuf;

use crate::flags::RecordFlags;

/// What is to be run.
#[derive(Debug, Clone)]
pub struct DevOptions {
    /// Files and folders with manifests and charts.
    pub paths: Vec<PathBuf>,
    /// How long releases may take to become ready, in virtual nanoseconds.
    pub timeout: u64,
    /// Virtual seconds in a real one; for [`run_live`].
    pub speed: f64,
    /// Where the API server listens for kubectl and Helm; for [`run_live`].
    pub listen: Option<String>,
    /// Where the kubeconfig is written; a temporary file when absent.
    pub kubeconfig: Option<PathBuf>,
    /// Print Kubernetes events.
    pub events: bool,
    /// Print log lines.
    pub verbose: bool,
    /// Where the run is recorded, and how much of it is kept.
    pub record: RecordFlags,
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// All releases are ready, or suspended.
    AllReady,
    /// Some release is not ready.
    SomeFailed,
}

/// Why there was no run, or no end of it.
#[derive(Debug, thiserror::Error)]
pub enum DevError {
    /// The input is wrong.
    #[error(transparent)]
    Input(#[from] InputError),
    /// The API server cannot be listened on.
    #[error(transparent)]
    Listen(#[from] crate::simulated::ListenError),
    /// The operator makes no progress.
    #[error(transparent)]
    Livelock(#[from] Livelock),
    /// The run cannot be recorded.
    #[error("unable to record in {folder}: {error}")]
    Record {
        /// Where.
        folder: String,
        /// Why.
        error: std::io::Error,
    },
    /// Nothing can be printed, or the process cannot wait.
    #[error("{0}")]
    System(#[from] std::io::Error),
}
