//! Charts packaged as archives in memory, the same bytes for the same files.

use std::io::{self, Read};
use std::sync::Arc;

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use pilothouse_chart::{Chart, ChartError, File, Limits};
use pilothouse_encoding::digest::Algorithm;
use pilothouse_encoding::yaml;
use serde_json::{Map, Value};

/// Hexadecimal digits of a digest that tell one build of a version from another.
const BUILD_DIGITS: usize = 12;

/// A chart as an archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Package {
    /// Name of the chart.
    pub name: String,
    /// Version of the chart.
    pub version: String,
    /// Where the chart was found, for messages and for charts that are asked for by path.
    pub origin: String,
    /// The `.tgz`.
    pub archive: Arc<[u8]>,
    /// `sha256:<hex>` of the archive.
    pub digest: String,
    files: Arc<Vec<File>>,
}

/// Why a chart cannot be packaged.
#[derive(Debug, thiserror::Error)]
pub enum PackageError {
    /// The chart itself is wrong.
    #[error(transparent)]
    Chart(#[from] ChartError),
    /// A file cannot be put into or read from an archive.
    #[error("{0}")]
    Archive(#[from] io::Error),
    /// A values file is wrong, or absent.
    #[error("{0}")]
    Values(String),
}

impl Package {
    /// Packages the files of a folder, named by their path in it. What `.helmignore` excludes is left out.
    ///
    /// # Errors
    /// When the files are no valid chart.
    pub fn from_files(origin: impl Into<String>, files: Vec<File>) -> Result<Self, PackageError> {
        let files = pilothouse_chart::without_ignored(files)?;
        let chart = Chart::from_files(files.clone(), &Limits::default())?;
        Self::pack(origin.into(), &chart, files)
    }

    /// Takes an archive as it is.
    ///
    /// # Errors
    /// When it is no archive of a valid chart.
    pub fn from_archive(origin: impl Into<String>, archive: Vec<u8>) -> Result<Self, PackageError> {
        // Loading checks paths and sizes: what follows can rely on them.
        let chart = Chart::load_archive(&archive, &Limits::default())?;
        let files = Arc::new(unpacked(&archive)?);
        let digest = Algorithm::Sha256.compute(&archive).to_string();
        let (name, version) = (chart.metadata.name, chart.metadata.version);
        Ok(Self { name, version, origin: origin.into(), archive: archive.into(), digest, files })
    }

    /// The chart with its values replaced by these files merged in order (`spec.valuesFiles` of a HelmChart).
    ///
    /// # Errors
    /// When a file is absent, unless that is to be ignored, or holds no values.
    pub fn with_values_files(&self, names: &[String], ignore_missing: bool) -> Result<Self, PackageError> {
        let mut merged = Map::new();
        for name in names {
            let path = name.trim_start_matches("./");
            let Some(file) = self.files.iter().find(|file| file.name == path) else {
                if ignore_missing {
                    continue;
                }
                return Err(PackageError::Values(format!("no values file found at path '{path}'")));
            };
            merge(&mut merged, values(file)?);
        }
        let text =
            yaml::emit(&Value::Object(merged)).map_err(|error| PackageError::Values(error.to_string()))?;
        self.with_file("values.yaml", text)
    }

    /// The chart with the digest of its archive as build metadata of its version: another version for other content.
    ///
    /// # Errors
    /// When `Chart.yaml` cannot be written.
    pub fn as_build(&self) -> Result<Self, PackageError> {
        let file = self.files.iter().find(|file| file.name == "Chart.yaml").ok_or(ChartError::NoChartYaml)?;
        let encoded = self.digest.split_once(':').map_or("", |(_, encoded)| encoded);
        let build = encoded.get(..BUILD_DIGITS).unwrap_or(encoded);
        let joint = if self.version.contains('+') { '.' } else { '+' };
        let mut metadata = values(file)?;
        metadata.insert("version".to_owned(), Value::String(format!("{}{joint}{build}", self.version)));
        let text =
            yaml::emit(&Value::Object(metadata)).map_err(|error| PackageError::Values(error.to_string()))?;
        self.with_file("Chart.yaml", text)
    }

    fn with_file(&self, name: &str, text: String) -> Result<Self, PackageError> {
        let mut files = Vec::clone(&self.files);
        let data = text.into_bytes();
        match files.iter_mut().find(|file| file.name == name) {
            Some(file) => file.data = data.into(),
            None => files.push(File { name: name.to_owned(), data: data.into(), modtime: None }),
        }
        let chart = Chart::from_files(files.clone(), &Limits::default())?;
        Self::pack(self.origin.clone(), &chart, files)
    }

    fn pack(origin: String, chart: &Chart, mut files: Vec<File>) -> Result<Self, PackageError> {
        // Helm reads what comes first in the archive first; the folder's own order is that of the file system.
        files.sort_by(|a, b| (a.name != "Chart.yaml", &a.name).cmp(&(b.name != "Chart.yaml", &b.name)));
        let (name, version) = (chart.metadata.name.clone(), chart.metadata.version.clone());
        let archive = packed(&name, &files)?;
        let digest = Algorithm::Sha256.compute(&archive).to_string();
        Ok(Self { name, version, origin, archive: archive.into(), digest, files: Arc::new(files) })
    }
}

/// A gzipped tar archive without times, owners and anything else that differs between two runs.
fn packed(chart: &str, files: &[File]) -> io::Result<Vec<u8>> {
    let mut builder = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::default()));
    for file in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(file.data.len() as u64);
        header.set_mode(0o644);
        header.set_mtime(0);
        builder.append_data(&mut header, format!("{chart}/{}", file.name), &file.data[..])?;
    }
    builder.into_inner()?.finish()
}

/// The files of an archive that was found to be a chart.
fn unpacked(archive: &[u8]) -> io::Result<Vec<File>> {
    let mut files = Vec::new();
    for entry in tar::Archive::new(GzDecoder::new(archive)).entries()? {
        let mut entry = entry?;
        let path = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        let Some((_, name)) = path.split_once('/').filter(|_| entry.header().entry_type().is_file()) else {
            continue;
        };
        let mut data = Vec::new();
        entry.read_to_end(&mut data)?;
        files.push(File { name: name.to_owned(), data: data.into(), modtime: None });
    }
    Ok(files)
}

fn values(file: &File) -> Result<Map<String, Value>, PackageError> {
    let wrong = |reason: String| PackageError::Values(format!("failed to read {}: {reason}", file.name));
    match yaml::parse(&String::from_utf8_lossy(&file.data)) {
        Ok(Value::Object(values)) => Ok(values),
        Ok(Value::Null) => Ok(Map::new()),
        Ok(_) => Err(wrong("not a map".to_owned())),
        Err(error) => Err(wrong(error.to_string())),
    }
}

/// Maps are merged, everything else is replaced.
fn merge(base: &mut Map<String, Value>, over: Map<String, Value>) {
    for (key, value) in over {
        match (base.get_mut(&key), value) {
            (Some(Value::Object(base)), Value::Object(over)) => merge(base, over),
            (_, value) => {
                base.insert(key, value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(name: &str, text: &str) -> File {
        File { name: name.to_owned(), data: text.as_bytes().to_vec().into(), modtime: None }
    }

    fn files() -> Vec<File> {
        vec![
            file("values.yaml", "a: 1\nb: {c: 1, d: 2}\n"),
            file("ci/x.yaml", "b: {c: 3}\n"),
            file("templates/x.yaml", "x"),
            file("Chart.yaml", "apiVersion: v2\nname: web\nversion: 1.2.3\n"),
            file(".helmignore", "*.bak\n"),
            file("old.bak", "x"),
        ]
    }

    #[test]
    fn the_same_files_give_the_same_archive() {
        let package = Package::from_files("web", files()).unwrap();
        let mut reversed = files();
        reversed.reverse();
        assert_eq!(package.archive, Package::from_files("web", reversed).unwrap().archive);
        let read = Package::from_archive("web", package.archive.to_vec()).unwrap();
        assert_eq!((read.name.as_str(), read.version.as_str()), ("web", "1.2.3"));
        assert_eq!(read.digest, package.digest);
        let names: Vec<&str> = read.files.iter().map(|file| file.name.as_str()).collect();
        assert_eq!(names, ["Chart.yaml", ".helmignore", "ci/x.yaml", "templates/x.yaml", "values.yaml"]);
    }

    #[test]
    fn values_files_replace_the_values() {
        let package = Package::from_files("web", files()).unwrap();
        let names = ["values.yaml".to_owned(), "./ci/x.yaml".to_owned()];
        let chart = Chart::load_archive(
            &package.with_values_files(&names, false).unwrap().archive,
            &Limits::default(),
        );
        assert_eq!(chart.unwrap().values, serde_json::json!({"a": 1.0, "b": {"c": 3.0, "d": 2.0}}));
        let missing = package.with_values_files(&["no.yaml".to_owned()], false).unwrap_err();
        assert_eq!(missing.to_string(), "no values file found at path 'no.yaml'");
        assert!(package.with_values_files(&["no.yaml".to_owned()], true).is_ok());
    }

    #[test]
    fn a_build_has_a_version_of_its_own() {
        let package = Package::from_files("web", files()).unwrap();
        let build = package.as_build().unwrap();
        assert_eq!(build.version, format!("1.2.3+{}", &package.digest[7..19]));
    }

    #[test]
    fn what_is_no_chart_is_named() {
        let error = Package::from_archive("x", b"this is no archive".to_vec()).unwrap_err().to_string();
        assert!(error.contains("not gzip-compressed"), "{error}");
        let error = Package::from_files("x", vec![file("values.yaml", "")]).unwrap_err().to_string();
        assert_eq!(error, "Chart.yaml file is missing");
    }
}
