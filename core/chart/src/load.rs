//! From files to a chart (Go package `helm.sh/helm/v4/pkg/chart/v2/loader`).

mod documents;
mod values;

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::archive::{self, Limits};
use crate::validate::{Nulls, validate};
use crate::{Chart, ChartError, ChartMetadata, File, Lock, go_types, ignore};

use documents::{decoded, decoding, document, read, read_metadata};
pub use values::load_values;

/// What Helm says of `requirements.yaml` in a chart of format 2.
const DEPENDENCIES_MOVED: &str = "Warning: Dependencies are handled in Chart.yaml since apiVersion \"v2\". We recommend \
                                  migrating dependencies to Chart.yaml.";
/// What it says of `requirements.lock` there.
const LOCK_MOVED: &str = "Warning: Dependency locking is handled in Chart.lock since apiVersion \"v2\". We recommend \
                          migrating to Chart.lock.";

impl Chart {
    /// Loads a `.tgz` archive.
    ///
    /// # Errors
    /// When it is no archive, passes a bound, or holds no valid chart.
    pub fn load_archive(bytes: &[u8], limits: &Limits) -> Result<Self, ChartError> {
        Self::load_archive_with(bytes, limits, &mut Vec::new())
    }

    /// The same; what Helm says about the files while it loads them is added to the notices, also when it fails then.
    ///
    /// # Errors
    /// As above.
    pub fn load_archive_with(
        bytes: &[u8],
        limits: &Limits,
        notices: &mut Vec<String>,
    ) -> Result<Self, ChartError> {
        Loader { left: *limits, notices }.archive(bytes, Place::Top)
    }

    /// Loads a chart from the files of a folder, named by their path in it. The rules of `.helmignore` are honoured.
    ///
    /// # Errors
    /// When they are no valid chart.
    pub fn from_files(files: Vec<File>, limits: &Limits) -> Result<Self, ChartError> {
        Self::from_files_with(files, limits, &mut Vec::new())
    }

    /// The same; what Helm says about the files while it loads them is added to the notices, also when it fails then.
    ///
    /// # Errors
    /// As above.
    pub fn from_files_with(
        files: Vec<File>,
        limits: &Limits,
        notices: &mut Vec<String>,
    ) -> Result<Self, ChartError> {
        let without_mark = |file: File| File { data: archive::without_mark(file.data), ..file };
        let files = ignore::kept(files)?.into_iter().map(without_mark).collect();
        Loader { left: *limits, notices }.chart(files, Place::Top)
    }
}

/// Where a chart lies: Helm does not look at the version of the format of subcharts.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Top,
    Within,
}

/// What a chart and all charts within it have in common while they are loaded.
struct Loader<'a> {
    left: Limits,
    notices: &'a mut Vec<String>,
}

impl Loader<'_> {
    fn archive(&mut self, bytes: &[u8], place: Place) -> Result<Chart, ChartError> {
        let files = archive::read_within(bytes, &mut self.left)?;
        self.chart(files, place)
    }

    fn chart(&mut self, files: Vec<File>, place: Place) -> Result<Chart, ChartError> {
        let mut chart = Chart { values: Value::Object(Map::new()), ..Chart::default() };
        let metadata = files.iter().rfind(|file| file.name == "Chart.yaml");
        let known = metadata.is_some();
        let mut nulls = Nulls::default();
        if let Some(file) = metadata {
            (chart.metadata, nulls) = read_metadata(file)?;
            if chart.metadata.api_version.is_empty() {
                "v1".clone_into(&mut chart.metadata.api_version);
            }
            chart.modtime = file.modtime;
        }
        match chart.metadata.api_version.as_str() {
            "v3" => return Err(ChartError::ApiVersion),
            "v1" | "v2" | "" => {}
            _ if place == Place::Top => return Err(ChartError::UnknownApiVersion),
            _ => {}
        }
        let mut subcharts: BTreeMap<String, Vec<File>> = BTreeMap::new();
        for file in files {
            self.sort_in(file, &mut chart, &mut subcharts)?;
        }
        if !known {
            return Err(ChartError::NoChartYaml);
        }
        validate(&mut chart.metadata, nulls)?;
        for (name, files) in subcharts {
            if name.starts_with(['_', '.']) {
                continue;
            }
            let subchart = self.subchart(&name, files).map_err(|cause| ChartError::Subchart {
                subchart: name.clone(),
                chart: chart.metadata.name.clone(),
                cause: Box::new(cause),
            })?;
            chart.dependencies.push(subchart);
        }
        Ok(chart)
    }

    /// Puts a file where it belongs.
    fn sort_in(
        &mut self,
        file: File,
        chart: &mut Chart,
        subcharts: &mut BTreeMap<String, Vec<File>>,
    ) -> Result<(), ChartError> {
        match file.name.as_str() {
            "Chart.yaml" => {}
            "Chart.lock" => chart.lock = Some(read::<Lock>(&file)?),
            "values.yaml" => {
                chart.values =
                    load_values(&file.data).map_err(|error| ChartError::file("values.yaml", error))?
            }
            "values.schema.json" => {
                chart.schema_modtime = file.modtime;
                chart.schema = Some(file.data);
            }
            "requirements.yaml" => {
                self.notice_unless_v1(chart, DEPENDENCIES_MOVED);
                let value = document(&file)?;
                go_types::check_requirements(&value).map_err(|error| decoding(&file, &error))?;
                let requirements: ChartMetadata = decoded(&file, value)?;
                chart.metadata.dependencies = requirements.dependencies;
                keep_if_v1(file, chart);
            }
            "requirements.lock" => {
                chart.lock = Some(read::<Lock>(&file)?);
                self.notice_unless_v1(chart, LOCK_MOVED);
                keep_if_v1(file, chart);
            }
            name if name.starts_with("templates/") => chart.templates.push(file),
            name if name.starts_with("charts/") && !name.ends_with(".prov") => {
                let path = name.trim_start_matches("charts/").to_owned();
                let folder = path.split('/').next().unwrap_or_default().to_owned();
                subcharts.entry(folder).or_default().push(File { name: path, ..file });
            }
            _ => chart.files.push(file),
        }
        Ok(())
    }

    fn notice_unless_v1(&mut self, chart: &Chart, notice: &str) {
        if chart.metadata.api_version != "v1" {
            self.notices.push(notice.to_owned());
        }
    }

    fn subchart(&mut self, name: &str, files: Vec<File>) -> Result<Chart, ChartError> {
        self.left.depth = self.left.depth.checked_sub(1).ok_or_else(too_deep)?;
        let chart = self.deeper(name, files);
        self.left.depth += 1;
        chart
    }

    fn deeper(&mut self, name: &str, files: Vec<File>) -> Result<Chart, ChartError> {
        if name.ends_with(".tgz") {
            let Some(file) = files.first().filter(|file| file.name == name) else {
                let got = files.first().map(|file| file.name.clone()).unwrap_or_default();
                return Err(ChartError::Archive(format!("expected {name}, got {got}")));
            };
            return self.archive(&file.data, Place::Within).map_err(|error| match error {
                // Only of the chart itself is said what it should have been.
                ChartError::Archive(text) => ChartError::Archive(
                    text.strip_prefix(archive::NOT_COMPRESSED).unwrap_or(&text).to_owned(),
                ),
                other => other,
            });
        }
        let within = files.into_iter().filter_map(|file| {
            let name = file.name.split_once('/')?.1.to_owned();
            Some(File { name, ..file })
        });
        self.chart(within.collect(), Place::Within)
    }
}

fn keep_if_v1(file: File, chart: &mut Chart) {
    if chart.metadata.api_version == "v1" {
        chart.files.push(file);
    }
}

fn too_deep() -> ChartError {
    ChartError::TooLarge("charts are nested too deeply".to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn file(name: &str, text: &str) -> File {
        File { name: name.to_owned(), data: text.as_bytes().to_vec().into(), modtime: None }
    }

    #[test]
    fn files_are_sorted_in() {
        let files = vec![
            file("templates/a.yaml", "a"),
            file("Chart.yaml", "apiVersion: v2\nname: m\nversion: 0.1.0\nappVersion: 1.10\n"),
            file("values.yaml", "a: 1\n---\nb: {c: x}\n"),
            file("charts/sub/Chart.yaml", "name: sub\nversion: 1.0.0\n"),
            file("charts/_ignored/Chart.yaml", "name: x"),
            file("README.md", "r"),
        ];
        let chart = Chart::from_files(files, &Limits::default()).unwrap();
        assert_eq!(chart.values, json!({"a": 1.0, "b": {"c": "x"}}));
        assert_eq!(chart.metadata.app_version, "1.1");
        assert_eq!(chart.dependencies.len(), 1);
        assert_eq!(chart.dependencies[0].metadata.api_version, "v1");
        assert_eq!(chart.files.len(), 1);
    }

    #[test]
    fn what_is_wrong_is_named() {
        let error = |files| Chart::from_files(files, &Limits::default()).unwrap_err().to_string();
        assert_eq!(error(vec![file("a", "")]), "Chart.yaml file is missing");
        assert_eq!(
            error(vec![file("Chart.yaml", "name: m\nversion: x")]),
            "validation: chart.metadata.version \"x\" is invalid"
        );
        assert_eq!(
            error(vec![file("Chart.yaml", "apiVersion: v2\nname: [\n")]),
            "cannot load Chart.yaml: error converting YAML to JSON: yaml: line 2: did not find expected node content"
        );
    }

    #[test]
    fn files_of_the_first_format_are_noticed_in_the_second() {
        let chart = |version: &str| {
            let main = format!("apiVersion: {version}\nname: c\nversion: 1.0.0\n");
            let files = vec![
                file("Chart.yaml", &main),
                file("charts/s/Chart.yaml", "apiVersion: v2\nname: s\nversion: 1.0.0\n"),
                file("charts/s/requirements.lock", "{}"),
                file("requirements.yaml", "dependencies: []"),
            ];
            let mut notices = Vec::new();
            Chart::from_files_with(files, &Limits::default(), &mut notices).unwrap();
            notices
        };
        assert_eq!(chart("v1"), [LOCK_MOVED]);
        assert_eq!(chart("v2"), [DEPENDENCIES_MOVED, LOCK_MOVED]);
    }

    #[test]
    fn what_was_noticed_before_an_error_is_said() {
        let main = "apiVersion: v2\nname: c\nversion: 1.0.0\n";
        let files = vec![
            file("Chart.yaml", main),
            file("requirements.yaml", "dependencies: []"),
            file("values.yaml", "a: ["),
        ];
        let mut notices = Vec::new();
        assert!(Chart::from_files_with(files, &Limits::default(), &mut notices).is_err());
        assert_eq!(notices, [DEPENDENCIES_MOVED]);
    }
}
