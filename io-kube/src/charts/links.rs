//! Where a path leads to when links are followed (Go function `path/filepath.EvalSymlinks`).

use std::collections::VecDeque;
use std::ffi::OsString;
use std::fs;
use std::path::{Component, Path, PathBuf};

use super::go_errors::file_error;

/// Links that Go follows before it gives up.
const LINKS_MAX: usize = 255;

/// The path without links. What is missing is named as Go does: it is the first part of the way that does not exist.
pub(super) fn evaluate(path: &Path) -> Result<PathBuf, String> {
    let (mut found, mut ahead, mut links) = (PathBuf::new(), VecDeque::new(), 0);
    put_ahead(&mut ahead, path);
    while let Some(part) = ahead.pop_front() {
        match Path::new(&part).components().next() {
            Some(Component::ParentDir) if found.file_name().is_some() => {
                found.pop();
                continue;
            }
            Some(Component::Normal(_)) => found.push(&part),
            Some(Component::CurDir) | None => continue,
            Some(_) => {
                found.push(&part);
                continue;
            }
        }
        let metadata = fs::symlink_metadata(&found).map_err(|error| file_error("lstat", &found, &error))?;
        if metadata.is_symlink() {
            links += 1;
            if links > LINKS_MAX {
                return Err("EvalSymlinks: too many links".to_owned());
            }
            let target = fs::read_link(&found).map_err(|error| file_error("readlink", &found, &error))?;
            found.pop();
            put_ahead(&mut ahead, &target);
        } else if !metadata.is_dir() && !ahead.is_empty() {
            return Err("not a directory".to_owned());
        }
    }
    Ok(found)
}

/// Puts the parts of a path in front of those that are still ahead.
fn put_ahead(ahead: &mut VecDeque<OsString>, path: &Path) {
    for component in path.components().rev() {
        ahead.push_front(component.as_os_str().to_owned());
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    /// A folder of its own for a test, gone when it ends.
    struct Folder(PathBuf);

    impl Folder {
        fn new(name: &str) -> Self {
            let path = std::env::temp_dir().join(format!("pilothouse-links-{name}-{}", std::process::id()));
            fs::create_dir_all(path.join("chart/charts")).unwrap();
            Self(fs::canonicalize(path).unwrap())
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn links_lead_on_from_where_they_lie() {
        let folder = Folder::new("found");
        fs::create_dir(folder.0.join("library")).unwrap();
        fs::write(folder.0.join("library/Chart.yaml"), "").unwrap();
        let link = folder.0.join("chart/charts/library");
        symlink("../../library", &link).unwrap();
        assert_eq!(evaluate(&link.join("Chart.yaml")).unwrap(), folder.0.join("library/Chart.yaml"));
        symlink(folder.0.join("library"), folder.0.join("absolute")).unwrap();
        assert_eq!(evaluate(&folder.0.join("absolute/./..")).unwrap(), folder.0);
    }

    #[test]
    fn what_is_missing_is_named() {
        let folder = Folder::new("missing");
        let link = folder.0.join("chart/charts/library");
        symlink("../../no/such", &link).unwrap();
        let missing = folder.0.join("no");
        let expected = format!("lstat {}: no such file or directory", missing.display());
        assert_eq!(evaluate(&link).unwrap_err(), expected);
        let circle = folder.0.join("circle");
        symlink("circle", &circle).unwrap();
        assert_eq!(evaluate(&circle).unwrap_err(), "EvalSymlinks: too many links");
        fs::write(folder.0.join("file"), "").unwrap();
        assert_eq!(evaluate(&folder.0.join("file/x")).unwrap_err(), "not a directory");
    }
}
