//! Why a chart cannot be used. None of these goes away by retrying the same chart with the same values.

use pilothouse_encoding::yaml::YamlError;

/// Why a chart cannot be loaded.
#[derive(Debug, thiserror::Error)]
pub enum ChartError {
    /// The archive is not a gzipped tar archive.
    #[error("{0}")]
    Archive(String),
    /// A path in the archive leads out of the chart.
    #[error("{0}")]
    Path(String),
    /// A bound on sizes or counts was passed.
    #[error("{0}")]
    TooLarge(String),
    /// A rule of `.helmignore` is malformed.
    #[error("{0}")]
    Ignore(&'static str),
    /// The archive holds no file.
    #[error("no files in chart archive")]
    Empty,
    /// There is no `Chart.yaml`.
    #[error("Chart.yaml file is missing")]
    NoChartYaml,
    /// The version of the format of charts is not supported.
    #[error("invalid chart apiVersion")]
    ApiVersion,
    /// No version of Helm knows this version of the format of charts.
    #[error("unsupported chart version")]
    UnknownApiVersion,
    /// A file is no YAML, or not of the right form.
    #[error("cannot load {file}: {reason}")]
    File {
        /// Path in the chart.
        file: String,
        /// Why.
        reason: String,
    },
    /// `Chart.yaml` says something that is not allowed.
    #[error("validation: {0}")]
    Validation(String),
    /// A subchart cannot be loaded.
    #[error("error unpacking subchart {subchart} in {chart}: {cause}")]
    Subchart {
        /// Name in `charts/`.
        subchart: String,
        /// Name of the chart.
        chart: String,
        /// Why.
        cause: Box<ChartError>,
    },
}

impl ChartError {
    pub(crate) fn file(file: &str, reason: impl ToString) -> Self {
        Self::File { file: file.to_owned(), reason: reason.to_string() }
    }

    pub(crate) fn yaml(file: &str, error: &YamlError) -> Self {
        Self::file(file, format!("error converting YAML to JSON: {error}"))
    }
}
