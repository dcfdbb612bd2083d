//! `--output-dir`: a file for each template.

use std::collections::BTreeSet;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::Path;

use super::TemplateError;

/// A folder with what was rendered.
pub(super) struct OutputFolder {
    path: String,
    written: BTreeSet<String>,
}

impl OutputFolder {
    /// The folder; it is made when something is written.
    pub(super) fn new(path: &str) -> Self {
        Self { path: path.to_owned(), written: BTreeSet::new() }
    }

    /// A folder in it.
    pub(super) fn within(&self, name: &str) -> Self {
        Self::new(&format!("{}/{name}", self.path.trim_end_matches('/')))
    }

    /// Writes an object to the file of its template; further ones of the same template are appended.
    pub(super) fn write(&mut self, name: &str, text: &str, out: &mut dyn Write) -> Result<(), TemplateError> {
        let append = !self.written.insert(name.to_owned());
        self.put(name, text, append, out)
    }

    /// The same; what is in the file already stays, even from an earlier run, as in Helm.
    pub(super) fn append(
        &mut self,
        name: &str,
        text: &str,
        out: &mut dyn Write,
    ) -> Result<(), TemplateError> {
        let exists = Path::new(&format!("{}/{name}", self.path)).exists();
        self.put(name, text, exists, out)
    }

    fn put(&self, name: &str, text: &str, append: bool, out: &mut dyn Write) -> Result<(), TemplateError> {
        let path = format!("{}/{name}", self.path);
        let wrong = |error: std::io::Error| TemplateError::Write(format!("cannot write {path}: {error}"));
        if let Some(folder) = Path::new(&path).parent() {
            fs::create_dir_all(folder).map_err(wrong)?;
        }
        let mut options = OpenOptions::new();
        options.create(true).write(true).append(append).truncate(!append);
        let mut file = options.open(&path).map_err(wrong)?;
        write!(file, "---\n# Source: {name}\n{text}\n").map_err(wrong)?;
        Ok(writeln!(out, "wrote {path}")?)
    }
}
