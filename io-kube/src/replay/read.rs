//! Reading recordings. Errors name the file, the line and the reason.

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::record::{ARTIFACTS, Header, Line, LineError, Reader, recordings};

/// Why there is nothing to replay.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// A file or folder cannot be read.
    #[error("{path}: {error}")]
    Path {
        /// The file or folder.
        path: String,
        /// Why.
        error: std::io::Error,
    },
    /// A line is none of a recording.
    #[error("{path}:{line}: {reason}")]
    Line {
        /// The file.
        path: String,
        /// Its number, from 1.
        line: usize,
        /// Why.
        reason: LineError,
    },
    /// A folder without recordings.
    #[error("{0}: no recording in this folder")]
    Empty(String),
    /// Nothing can be written.
    #[error("{0}")]
    Output(#[from] std::io::Error),
}

/// A recording that is open, line by line.
pub struct Recording {
    /// Its name, for people.
    pub name: String,
    /// Its first line.
    pub header: Header,
    path: PathBuf,
    lines: BufReader<File>,
    reader: Reader,
    number: usize,
    /// Whether the last line was cut off.
    pub is_cut: bool,
    /// Whether the operator has ended in order.
    pub has_ended: bool,
}

impl Recording {
    /// Opens a recording.
    ///
    /// # Errors
    /// When the file cannot be read, or is none.
    pub fn open(path: &Path) -> Result<Self, ReplayError> {
        let file = File::open(path).map_err(|error| failed(path, error))?;
        let mut lines = BufReader::new(file);
        let mut first = String::new();
        lines.read_line(&mut first).map_err(|error| failed(path, error))?;
        let header = Reader::header(&first).map_err(|reason| ReplayError::Line {
            path: path.display().to_string(),
            line: 1,
            reason,
        })?;
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        Ok(Self {
            name,
            header,
            path: path.to_owned(),
            lines,
            reader: Reader::default(),
            number: 1,
            is_cut: false,
            has_ended: false,
        })
    }

    /// All recordings of a file or folder, the oldest first.
    ///
    /// # Errors
    /// When there are none.
    pub fn find(path: &Path) -> Result<Vec<PathBuf>, ReplayError> {
        if !fs::metadata(path).map_err(|error| failed(path, error))?.is_dir() {
            return Ok(vec![path.to_owned()]);
        }
        let found = recordings(path).map_err(|error| failed(path, error))?;
        if found.is_empty() { Err(ReplayError::Empty(path.display().to_string())) } else { Ok(found) }
    }

    /// The next line that is a step or a note, with its number; `None` at the end.
    ///
    /// # Errors
    /// When the line is none of a recording. A line without an end is the last one, cut off by a crash, and no error.
    pub fn next_line(&mut self) -> Result<Option<(usize, Line)>, ReplayError> {
        loop {
            let mut line = String::new();
            self.lines.read_line(&mut line).map_err(|error| failed(&self.path, error))?;
            if line.is_empty() {
                return Ok(None);
            }
            self.number += 1;
            let folder = self.path.parent().unwrap_or(Path::new("")).join(ARTIFACTS);
            let artifact = |name: &str| fs::read(folder.join(name)).ok().map(Arc::from);
            match self.reader.line(&line, &artifact) {
                Ok(Line::Text) => {}
                Ok(Line::End) => self.has_ended = true,
                Ok(other) => return Ok(Some((self.number, other))),
                Err(_) if !line.ends_with('\n') => {
                    self.is_cut = true;
                    return Ok(None);
                }
                Err(reason) => {
                    let path = self.path.display().to_string();
                    return Err(ReplayError::Line { path, line: self.number, reason });
                }
            }
        }
    }
}

fn failed(path: &Path, error: std::io::Error) -> ReplayError {
    ReplayError::Path { path: path.display().to_string(), error }
}
