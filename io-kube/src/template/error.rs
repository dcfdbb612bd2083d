//! Why nothing was rendered. The texts are Helm's where Helm would fail too.

use std::io;

use pilothouse_chart::{KubeVersionError, RenderError};

use crate::charts::{SourceError, ValuesError};

/// Why nothing was rendered.
#[derive(Debug, thiserror::Error)]
pub enum TemplateError {
    /// A flag asks for something that needs a cluster, a repository or a program.
    #[error("{flag} is not supported: {reason}")]
    Unsupported {
        /// The flag.
        flag: &'static str,
        /// Why.
        reason: &'static str,
    },
    /// The value of `--dry-run` is none that a render without a cluster can have.
    #[error("invalid dry-run value ({0:?}). Must be \"server\" or \"client\"")]
    DryRun(String),
    /// The value of `--kube-version` is no version.
    #[error("invalid kube version '{0}': {1}")]
    KubeVersion(String, KubeVersionError),
    /// The arguments do not give a name and a chart.
    #[error("{0}")]
    Arguments(String),
    /// There is no chart.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// There are no values.
    #[error(transparent)]
    Values(#[from] ValuesError),
    /// The chart is a library.
    #[error("{0} charts are not installable")]
    NotInstallable(String),
    /// Dependencies lie not in `charts/`.
    #[error("{0}")]
    Missing(String),
    /// The release cannot have this name.
    #[error("release name check failed: {0}")]
    Name(String),
    /// The values do not fit the dependencies.
    #[error("chart dependencies processing failed: {0}")]
    Dependencies(String),
    /// A template asked for an object.
    #[error("a template asked for an object of a cluster")]
    Lookup,
    /// The chart could not be rendered.
    #[error(transparent)]
    Render(#[from] RenderError),
    /// The same with `--debug`, or when a release is printed as JSON or YAML: without a hint.
    #[error("{0}")]
    Bare(Box<TemplateError>),
    /// The same when a release is printed as JSON or YAML.
    #[error("INSTALLATION FAILED: {0}")]
    Install(Box<TemplateError>),
    /// The chart has no such template.
    #[error("could not find template {0} in chart")]
    ShowOnly(String),
    /// The release cannot be printed.
    #[error("cannot print the release: {0}")]
    Print(String),
    /// A file cannot be written.
    #[error("{0}")]
    Write(String),
    /// Standard output or standard error is gone.
    #[error("write: {0}")]
    Output(#[from] io::Error),
}

impl TemplateError {
    /// Whether Helm had a release already, with what was rendered up to the error.
    pub(super) fn is_of_rendering(&self) -> bool {
        match self {
            Self::Render(error) => !matches!(error, RenderError::Values(_) | RenderError::Schema(_)),
            Self::Write(_) => true,
            _ => false,
        }
    }

    /// As `helm install` would say it.
    pub(super) fn of_install(self) -> Self {
        Self::Install(Box::new(self))
    }

    /// Without the hint at `--debug`.
    pub(super) fn without_hint(self) -> Self {
        Self::Bare(Box::new(self))
    }

    /// All that is printed behind `Error: `.
    #[must_use]
    pub fn message(&self) -> String {
        if self.is_of_rendering() {
            return format!("{self}\n\nUse --debug flag to render out invalid YAML");
        }
        self.to_string()
    }
}
