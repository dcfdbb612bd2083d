//! Charts from folders and archives.

use std::fs;
use std::path::Path;

use pilothouse_chart::{File, Limits};
use pilothouse_io_sim::source_controller::{Package, PackageError};

use super::InputError;
use super::find::files_of;

/// The chart in a folder.
pub(super) fn read_folder(folder: &Path) -> Result<Package, InputError> {
    let limits = Limits::default();
    let mut files = Vec::new();
    let mut left = limits.total;
    for path in files_of(folder)? {
        let data = fs::read(&path).map_err(|error| InputError::path(&path, error))?;
        left = left.checked_sub(data.len() as u64).ok_or_else(|| {
            InputError::path(folder, format!("chart is larger than {} bytes", limits.total))
        })?;
        let within = path.strip_prefix(folder).unwrap_or(&path);
        let name: Vec<String> =
            within.components().map(|part| part.as_os_str().to_string_lossy().into_owned()).collect();
        files.push(File { name: name.join("/"), data: data.into(), modtime: None });
    }
    let origin = folder.display().to_string();
    Package::from_files(origin, files).map_err(|cause| wrong(folder, cause))
}

/// The chart in an archive.
pub(super) fn read_archive(path: &Path) -> Result<Package, InputError> {
    let limits = Limits::default();
    let size = fs::metadata(path).map_err(|error| InputError::path(path, error))?.len();
    if size > limits.total {
        return Err(InputError::path(path, format!("archive is larger than {} bytes", limits.total)));
    }
    let bytes = fs::read(path).map_err(|error| InputError::path(path, error))?;
    Package::from_archive(path.display().to_string(), bytes).map_err(|cause| wrong(path, cause))
}

fn wrong(path: &Path, cause: PackageError) -> InputError {
    InputError::Chart { path: path.display().to_string(), cause }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dev::scratch::Scratch;

    #[test]
    fn a_folder_becomes_a_package() {
        let scratch = Scratch::new("charts");
        scratch.write("web/Chart.yaml", "apiVersion: v2\nname: web\nversion: 1.0.0\n");
        scratch.write("web/templates/a/b.yaml", "x: 1\n");
        let package = read_folder(&scratch.path("web")).unwrap();
        assert_eq!((package.name.as_str(), package.version.as_str()), ("web", "1.0.0"));
        let archive = scratch.write("web-1.0.0.tgz", &package.archive);
        assert_eq!(read_archive(&archive).unwrap().digest, package.digest);
    }

    #[test]
    fn a_chart_that_is_wrong_is_named() {
        let scratch = Scratch::new("charts-bad");
        scratch.write("web/Chart.yaml", "apiVersion: v2\nname: web\nversion: one\n");
        let error = read_folder(&scratch.path("web")).unwrap_err().to_string();
        let reason = "chart cannot be loaded: validation: chart.metadata.version \"one\" is invalid";
        assert_eq!(error, format!("{}: {reason}", scratch.path("web").display()));
        let archive = scratch.write("x.tgz", "hello");
        assert!(read_archive(&archive).unwrap_err().to_string().contains("x.tgz: chart cannot be loaded: "));
    }
}
