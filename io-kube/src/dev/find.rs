//! Finding manifests and charts in files and folders.

use std::fs;
use std::path::{Path, PathBuf};

use super::InputError;

/// How deep folders are searched.
const DEPTH_MAX: usize = 32;
/// How many files are looked at.
const FILES_MAX: usize = 20_000;

/// What was found, each list in order of the paths.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Found {
    /// YAML files outside of charts.
    pub(super) manifests: Vec<PathBuf>,
    /// Folders with a `Chart.yaml`.
    pub(super) folders: Vec<PathBuf>,
    /// `.tgz` files outside of chart folders.
    pub(super) archives: Vec<PathBuf>,
    seen: usize,
}

/// Searches files and folders.
pub(super) fn find(paths: &[PathBuf]) -> Result<Found, InputError> {
    let mut found = Found::default();
    for path in paths {
        let metadata = fs::metadata(path).map_err(|error| InputError::path(path, error))?;
        if metadata.is_dir() {
            search(path, &mut found, 0)?;
        } else if !take(path, &mut found) {
            let reason = "neither a folder nor a .yaml, .yml or .tgz file";
            return Err(InputError::path(path, reason));
        }
    }
    Ok(found)
}

/// All files of a folder, by path, hidden ones too; for charts. Links are followed within the bound on depth.
pub(super) fn files_of(folder: &Path) -> Result<Vec<PathBuf>, InputError> {
    let mut files = Vec::new();
    collect(folder, &mut files, 0)?;
    Ok(files)
}

fn search(folder: &Path, found: &mut Found, depth: usize) -> Result<(), InputError> {
    if folder.join("Chart.yaml").is_file() {
        found.folders.push(folder.to_owned());
        return Ok(());
    }
    check_bounds(folder, depth, found.seen)?;
    for path in entries(folder)? {
        found.seen += 1;
        if is_hidden(&path) {
            continue;
        }
        // A link to a folder is not followed: it could lead in a circle.
        let is_folder = fs::symlink_metadata(&path).is_ok_and(|metadata| metadata.is_dir());
        if is_folder {
            search(&path, found, depth + 1)?;
        } else if path.is_file() {
            take(&path, found);
        }
    }
    Ok(())
}

/// Puts a file into its list; `false` when it belongs into none.
fn take(path: &Path, found: &mut Found) -> bool {
    match path.extension().and_then(|extension| extension.to_str()) {
        Some("yaml" | "yml") => found.manifests.push(path.to_owned()),
        Some("tgz") => found.archives.push(path.to_owned()),
        _ => return false,
    }
    true
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>, depth: usize) -> Result<(), InputError> {
    check_bounds(folder, depth, files.len())?;
    for path in entries(folder)? {
        if path.is_dir() {
            collect(&path, files, depth + 1)?;
        } else {
            files.push(path);
        }
    }
    Ok(())
}

fn check_bounds(folder: &Path, depth: usize, files: usize) -> Result<(), InputError> {
    if depth > DEPTH_MAX {
        return Err(InputError::path(folder, format!("folders are nested more than {DEPTH_MAX} deep")));
    }
    if files > FILES_MAX {
        return Err(InputError::path(folder, format!("more than {FILES_MAX} files")));
    }
    Ok(())
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>, InputError> {
    let wrong = |error: std::io::Error| InputError::path(folder, error);
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder).map_err(wrong)? {
        paths.push(entry.map_err(wrong)?.path());
    }
    paths.sort();
    Ok(paths)
}

fn is_hidden(path: &Path) -> bool {
    path.file_name().and_then(|name| name.to_str()).is_some_and(|name| name.starts_with('.'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dev::scratch::Scratch;

    #[test]
    fn manifests_and_charts_are_told_apart() {
        let scratch = Scratch::new("find");
        for name in
            ["a.yaml", "x/b.yml", "web/Chart.yaml", "web/values.yaml", "x/c.tgz", ".git/d.yaml", "e.txt"]
        {
            scratch.write(name, "");
        }
        let found = find(&[scratch.path("")]).unwrap();
        assert_eq!(found.manifests, [scratch.path("a.yaml"), scratch.path("x/b.yml")]);
        assert_eq!(found.folders, [scratch.path("web")]);
        assert_eq!(found.archives, [scratch.path("x/c.tgz")]);
        let one = find(&[scratch.path("x/b.yml")]).unwrap();
        assert_eq!(one.manifests, [scratch.path("x/b.yml")]);
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        let scratch = Scratch::new("find-bad");
        scratch.write("e.txt", "");
        let error = |name: &str| find(&[scratch.path(name)]).unwrap_err().to_string();
        assert!(error("none").ends_with("/none: No such file or directory (os error 2)"));
        assert!(error("e.txt").ends_with("/e.txt: neither a folder nor a .yaml, .yml or .tgz file"));
    }
}
