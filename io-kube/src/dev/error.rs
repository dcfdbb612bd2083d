//! What is wrong with the input of `pilothouse dev`. Every error names the file, the object where there is one, the field
//! and the reason.

use pilothouse_io_sim::source_controller::PackageError;

/// What is wrong with the input.
#[derive(Debug, thiserror::Error)]
pub enum InputError {
    /// A file or folder cannot be read.
    #[error("{path}: {reason}")]
    Path {
        /// As given, or as found.
        path: String,
        /// Why.
        reason: String,
    },
    /// A document of a YAML file is wrong.
    #[error("{file}:{line}: {reason}")]
    Document {
        /// The file.
        file: String,
        /// Line in the file, from 1.
        line: usize,
        /// Why.
        reason: String,
    },
    /// An object is wrong, or is refused by the API server.
    #[error("{file}:{line}: {object}: {reason}")]
    Object {
        /// The file.
        file: String,
        /// Line in the file, from 1.
        line: usize,
        /// `Kind/namespace/name`.
        object: String,
        /// Field and reason.
        reason: String,
    },
    /// A chart is wrong.
    #[error("{path}: chart cannot be loaded: {cause}")]
    Chart {
        /// The folder or archive.
        path: String,
        /// Why.
        cause: PackageError,
    },
    /// There is no HelmRelease.
    #[error("no HelmRelease was found in {0}")]
    NoRelease(String),
}

impl InputError {
    /// A file or folder cannot be read.
    pub(super) fn path(path: &std::path::Path, reason: impl ToString) -> Self {
        Self::Path { path: path.display().to_string(), reason: reason.to_string() }
    }
}
