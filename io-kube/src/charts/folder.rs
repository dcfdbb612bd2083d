//! The files of a chart in a folder (Go packages `helm.sh/helm/v4/pkg/chart/v2/loader` and `internal/sympath`).

use std::fs::{self, Metadata};
use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use pilothouse_chart::{File, IgnoreRules, Limits};
use pilothouse_encoding::timestamp::Timestamp;

use super::go_errors::file_error;
use super::links;
use super::warnings::{Level, log_line};

/// How deep folders may be nested: links may lead in circles.
const DEPTH_MAX: usize = 64;

/// Reads the files that `.helmignore` does not exclude in Helm's order: by name, folder by folder. What Helm says about links
/// is added to the notices.
pub(super) fn read(folder: &Path, limits: &Limits, notices: &mut Vec<String>) -> Result<Vec<File>, String> {
    let rules = rules(folder)?;
    let mut walk = Walk { rules, limits, left: limits.total, files: Vec::new(), notices };
    walk.folder(folder, "", 0)?;
    Ok(walk.files)
}

fn rules(folder: &Path) -> Result<IgnoreRules, String> {
    let path = folder.join(IgnoreRules::FILE);
    let data = match fs::read(&path) {
        Ok(data) => data,
        Err(error) if error.kind() == ErrorKind::NotFound => Vec::new(),
        Err(error) => return Err(file_error("open", &path, &error)),
    };
    IgnoreRules::parse(&String::from_utf8_lossy(&data)).map_err(|error| error.to_string())
}

struct Walk<'a> {
    rules: IgnoreRules,
    limits: &'a Limits,
    left: u64,
    files: Vec<File>,
    notices: &'a mut Vec<String>,
}

impl Walk<'_> {
    /// Reads a folder; `name` is its path in the chart with a slash at its end, empty for the chart itself.
    fn folder(&mut self, path: &Path, name: &str, depth: usize) -> Result<(), String> {
        if depth > DEPTH_MAX {
            return Err(format!("{}: folders are nested more than {DEPTH_MAX} deep", path.display()));
        }
        let wrong = |error| file_error("open", path, &error);
        let mut entries = Vec::new();
        for entry in fs::read_dir(path).map_err(wrong)? {
            let entry = entry.map_err(wrong)?;
            entries.push((entry.file_name().to_string_lossy().into_owned(), entry.path()));
        }
        entries.sort();
        for (entry, path) in entries {
            let name = format!("{name}{entry}");
            let metadata = self.resolved(&path)?;
            if self.rules.ignore(&name, metadata.is_dir()) {
                continue;
            }
            if metadata.is_dir() {
                self.folder(&path, &format!("{name}/"), depth + 1)?;
            } else {
                self.file(&path, name, &metadata)?;
            }
        }
        Ok(())
    }

    /// What a path leads to; links are followed.
    fn resolved(&mut self, path: &Path) -> Result<Metadata, String> {
        let metadata = fs::symlink_metadata(path).map_err(|error| file_error("lstat", path, &error))?;
        if !metadata.is_symlink() {
            return Ok(metadata);
        }
        let resolved = links::evaluate(path)
            .map_err(|error| format!("error evaluating symlink {}: {error}", path.display()))?;
        let message = "found symbolic link in path. Contents of linked file included and used";
        let (from, to) = (path.display().to_string(), resolved.display().to_string());
        let attributes = [("path", from.as_str()), ("resolved", to.as_str())];
        self.notices.push(log_line(Level::Info, message, &attributes));
        fs::metadata(&resolved).map_err(|error| file_error("lstat", &resolved, &error))
    }

    fn file(&mut self, path: &Path, name: String, metadata: &Metadata) -> Result<(), String> {
        if !metadata.is_file() {
            let path = path.display();
            return Err(format!("cannot load irregular file {path} as it has file mode type bits set"));
        }
        let base = name.rsplit('/').next().unwrap_or(&name);
        if metadata.len() > self.limits.file {
            let limit = self.limits.file;
            return Err(format!("chart file {base:?} is larger than the maximum file size {limit}"));
        }
        self.left = self.left.checked_sub(metadata.len()).ok_or_else(|| {
            format!("{}: the chart is larger than {} bytes", path.display(), self.limits.total)
        })?;
        let data = fs::read(path)
            .map_err(|error| format!("error reading {name}: {}", file_error("open", path, &error)))?;
        let nanos = u32::try_from(metadata.mtime_nsec()).unwrap_or_default();
        let modtime = Some(Timestamp::from_unix(metadata.mtime(), nanos));
        self.files.push(File { name, data: data.into(), modtime });
        Ok(())
    }
}

/// An absolute path without `.` and `..`, as Go's `filepath.Abs` gives it.
pub(super) fn absolute(path: &Path) -> PathBuf {
    let whole = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let mut clean = PathBuf::new();
    for component in whole.components() {
        match component {
            std::path::Component::ParentDir => {
                clean.pop();
            }
            component => clean.push(component),
        }
    }
    clean
}
