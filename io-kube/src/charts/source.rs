//! Finding and loading a chart: a folder, or an archive as `helm package` makes it (Go package
//! `helm.sh/helm/v4/pkg/chart/loader`).

use std::fs;
use std::path::{Path, PathBuf};

use pilothouse_chart::{Chart, ChartError, File, Limits, archive_files};

use super::folder;
use super::go_errors::file_error;
use super::warnings::{Level, log_line};

/// What the first bytes of an archive are.
const GZIP: &[u8] = b"\x1f\x8b\x08";

/// How many bytes Helm looks at to say what a file is.
const SNIFFED: usize = 512;

/// Why there is no chart. The texts are Helm's where Helm would fail too.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// Nothing lies at the path.
    #[error("path {0:?} not found")]
    NotFound(String),
    /// It names a chart in a repository or registry.
    #[error(
        "chart {0:?} not found: CHART must be a folder or a .tgz file; charts of repositories and OCI registries are not \
         downloaded"
    )]
    NotLocal(String),
    /// A file or folder cannot be read, or is not what it has to be.
    #[error("{0}")]
    Unreadable(String),
    /// The archive is broken or not allowed.
    #[error("unable to load chart archive: {0}")]
    Archive(String),
    /// It is no valid chart.
    #[error(transparent)]
    Chart(#[from] ChartError),
}

/// A chart that was found but not read yet.
#[derive(Debug)]
pub struct Located {
    path: PathBuf,
}

impl Located {
    /// Looks for a chart, relative to the working directory.
    ///
    /// # Errors
    /// When there is nothing.
    pub fn find(name: &str) -> Result<Self, SourceError> {
        let name = name.trim();
        if Path::new(name).exists() {
            return Ok(Self { path: folder::absolute(Path::new(name)) });
        }
        if Path::new(name).is_absolute() || name.starts_with('.') {
            return Err(SourceError::NotFound(name.to_owned()));
        }
        Err(SourceError::NotLocal(name.to_owned()))
    }

    /// Loads the chart. What Helm says about links in the folder, and about files of older formats, is added to the notices,
    /// also when loading fails then.
    ///
    /// # Errors
    /// When it is no valid chart.
    pub fn load(&self, notices: &mut Vec<String>) -> Result<Chart, SourceError> {
        let mut said = Vec::new();
        let chart = self.load_saying(notices, &mut said);
        notices.extend(said.iter().map(|notice| log_line(Level::Info, notice, &[])));
        chart
    }

    fn load_saying(&self, notices: &mut Vec<String>, said: &mut Vec<String>) -> Result<Chart, SourceError> {
        let limits = Limits::default();
        if self.path.is_dir() {
            return Ok(Chart::from_files_with(self.files(notices)?, &limits, said)?);
        }
        let bytes = self.archive()?;
        match Chart::load_archive_with(&bytes, &limits, said) {
            Ok(chart) => Ok(chart),
            Err(ChartError::NoChartYaml) => Err(SourceError::Unreadable(NO_CHART_YAML.to_owned())),
            Err(error) => Err(archive_error(error)),
        }
    }

    /// The files of the chart, named by their path in it. What Helm says about links is added to the notices.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn files(&self, notices: &mut Vec<String>) -> Result<Vec<File>, SourceError> {
        let limits = Limits::default();
        if !self.path.is_dir() {
            return archive_files(&self.archive()?, &limits).map_err(archive_error);
        }
        let main = self.path.join("Chart.yaml");
        if let Err(error) = fs::File::open(&main) {
            let reason = file_error("open", &main, &error);
            return Err(SourceError::Unreadable(format!(
                "unable to detect chart at {}: {reason}",
                main.display()
            )));
        }
        folder::read(&self.path, &limits, notices).map_err(SourceError::Unreadable)
    }

    /// The bytes of an archive; other files are refused with what they seem to be.
    fn archive(&self) -> Result<Vec<u8>, SourceError> {
        let path = &self.path;
        let unreadable = |error| SourceError::Unreadable(file_error("open", path, &error));
        let limit = Limits::default().total;
        if fs::metadata(path).map_err(unreadable)?.len() > limit {
            return Err(SourceError::Archive(format!("it is larger than {limit} bytes")));
        }
        let bytes = fs::read(path).map_err(unreadable)?;
        if bytes.starts_with(GZIP) {
            return Ok(bytes);
        }
        let name = path.display().to_string();
        let text = if name.ends_with(".yml") || name.ends_with(".yaml") {
            format!("file '{name}' seems to be a YAML file, but expected a gzipped archive")
        } else {
            let kind = sniffed(&bytes);
            format!("file '{name}' does not appear to be a gzipped archive; got '{kind}'")
        };
        Err(SourceError::Unreadable(text))
    }
}

const NO_CHART_YAML: &str = "unable to detect chart version, no Chart.yaml found";

fn archive_error(error: ChartError) -> SourceError {
    match error {
        ChartError::Archive(_) | ChartError::Path(_) | ChartError::TooLarge(_) | ChartError::Empty => {
            SourceError::Archive(error.to_string())
        }
        other => SourceError::Chart(other),
    }
}

/// Text or not. Helm looks at a block that ends in zeros when the file is shorter, and zeros are no text.
fn sniffed(bytes: &[u8]) -> &'static str {
    let is_binary = |byte: &u8| matches!(byte, 0..=8 | 0x0b | 0x0e..=0x1a | 0x1c..=0x1f);
    if bytes.len() >= SNIFFED && !bytes[..SNIFFED].iter().any(is_binary) {
        "text/plain; charset=utf-8"
    } else {
        "application/octet-stream"
    }
}
