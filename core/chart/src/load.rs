//! From files to a chart (Go package `helm.sh/helm/v4/pkg/chart/v2/loader`).

use std::borrow::Cow;
use std::collections::BTreeMap;

use pilothouse_encoding::go_json::floats;
use pilothouse_encoding::json_kind::json_kind;
use pilothouse_encoding::{utf8, yaml};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::archive::{self, Limits};
use crate::go_types;
use crate::head::scalar_text;
use crate::ignore;
use crate::merge::merge_maps;
use crate::validate::{Nulls, validate};
use crate::{Chart, ChartError, ChartMetadata, File, Lock};

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
        let mut left = *limits;
        load_within(bytes, &mut left, Place::Top)
    }

    /// Loads a chart from the files of a folder, named by their path in it. The rules of `.helmignore` are honoured.
    ///
    /// # Errors
    /// When they are no valid chart.
    pub fn from_files(files: Vec<File>, limits: &Limits) -> Result<Self, ChartError> {
        let without_mark = |file: File| File { data: archive::without_mark(file.data), ..file };
        let files = ignore::kept(files)?.into_iter().map(without_mark).collect();
        load(files, &mut limits.clone(), Place::Top)
    }
}

/// Where a chart lies: Helm does not look at the version of the format of subcharts.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Top,
    Within,
}

fn load_within(bytes: &[u8], left: &mut Limits, place: Place) -> Result<Chart, ChartError> {
    load(archive::read_within(bytes, left)?, left, place)
}

fn load(files: Vec<File>, limits: &mut Limits, place: Place) -> Result<Chart, ChartError> {
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
        sort_in(file, &mut chart, &mut subcharts)?;
    }
    if !known {
        return Err(ChartError::NoChartYaml);
    }
    validate(&mut chart.metadata, nulls)?;
    for (name, files) in subcharts {
        if name.starts_with(['_', '.']) {
            continue;
        }
        let mut subchart = load_subchart(&name, files, limits).map_err(|cause| ChartError::Subchart {
            subchart: name.clone(),
            chart: chart.metadata.name.clone(),
            cause: Box::new(cause),
        })?;
        chart.notices.append(&mut subchart.notices);
        chart.dependencies.push(subchart);
    }
    Ok(chart)
}

/// Puts a file where it belongs.
fn sort_in(
    file: File,
    chart: &mut Chart,
    subcharts: &mut BTreeMap<String, Vec<File>>,
) -> Result<(), ChartError> {
    match file.name.as_str() {
        "Chart.yaml" => {}
        "Chart.lock" => chart.lock = Some(read::<Lock>(&file)?),
        "values.yaml" => {
            chart.values = load_values(&file.data).map_err(|error| ChartError::file("values.yaml", error))?
        }
        "values.schema.json" => {
            chart.schema_modtime = file.modtime;
            chart.schema = Some(file.data);
        }
        "requirements.yaml" => {
            notice_unless_v1(chart, DEPENDENCIES_MOVED);
            let value = document(&file)?;
            go_types::check_requirements(&value).map_err(|error| decoding(&file, &error))?;
            let requirements: ChartMetadata = decoded(&file, value)?;
            chart.metadata.dependencies = requirements.dependencies;
            keep_if_v1(file, chart);
        }
        "requirements.lock" => {
            chart.lock = Some(read::<Lock>(&file)?);
            notice_unless_v1(chart, LOCK_MOVED);
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

fn notice_unless_v1(chart: &mut Chart, notice: &str) {
    if chart.metadata.api_version != "v1" {
        chart.notices.push(notice.to_owned());
    }
}

fn keep_if_v1(file: File, chart: &mut Chart) {
    if chart.metadata.api_version == "v1" {
        chart.files.push(file);
    }
}

fn load_subchart(name: &str, files: Vec<File>, limits: &mut Limits) -> Result<Chart, ChartError> {
    limits.depth = limits.depth.checked_sub(1).ok_or_else(too_deep)?;
    let chart = load_deeper(name, files, limits);
    limits.depth += 1;
    chart
}

fn load_deeper(name: &str, files: Vec<File>, limits: &mut Limits) -> Result<Chart, ChartError> {
    if name.ends_with(".tgz") {
        let Some(file) = files.first().filter(|file| file.name == name) else {
            let got = files.first().map(|file| file.name.clone()).unwrap_or_default();
            return Err(ChartError::Archive(format!("expected {name}, got {got}")));
        };
        return load_within(&file.data, limits, Place::Within).map_err(|error| match error {
            // Only of the chart itself is said what it should have been.
            ChartError::Archive(text) => {
                ChartError::Archive(text.strip_prefix(archive::NOT_COMPRESSED).unwrap_or(&text).to_owned())
            }
            other => other,
        });
    }
    let within = files.into_iter().filter_map(|file| {
        let name = file.name.split_once('/')?.1.to_owned();
        Some(File { name, ..file })
    });
    load(within.collect(), limits, Place::Within)
}

fn too_deep() -> ChartError {
    ChartError::TooLarge("charts are nested too deeply".to_owned())
}

/// Reads `Chart.yaml`. A null in a list of texts is an empty one; in a list of structs it is noted.
fn read_metadata(file: &File) -> Result<(ChartMetadata, Nulls), ChartError> {
    let mut value = document(file)?;
    go_types::check_metadata(&value).map_err(|error| decoding(file, &error))?;
    let mut nulls = Nulls::default();
    for (key, member) in value.as_object_mut().into_iter().flatten() {
        let has_nulls = match member {
            Value::Array(items) => replace_nulls(items.iter_mut(), key),
            Value::Object(members) => replace_nulls(members.values_mut(), key),
            _ => false,
        };
        nulls.maintainers |= has_nulls && key == "maintainers";
        nulls.dependencies |= has_nulls && key == "dependencies";
    }
    Ok((decoded(file, value)?, nulls))
}

/// Puts the zero value of Go in place of nulls; whether there were any.
fn replace_nulls<'a>(members: impl Iterator<Item = &'a mut Value>, key: &str) -> bool {
    let is_struct = matches!(key, "maintainers" | "dependencies");
    let mut found = false;
    for member in members.filter(|member| member.is_null()) {
        found = true;
        *member = if is_struct { Value::Object(Map::new()) } else { Value::from("") };
    }
    found
}

fn read<T: DeserializeOwned + Default>(file: &File) -> Result<T, ChartError> {
    decoded(file, document(file)?)
}

/// The document of a file, with texts where Go has them.
fn document(file: &File) -> Result<Value, ChartError> {
    yaml::parse_bytes(&file.data).map(texts).map_err(|error| ChartError::yaml(&file.name, &error))
}

fn decoding(file: &File, error: &dyn std::fmt::Display) -> ChartError {
    ChartError::file(&file.name, format!("error unmarshaling JSON: while decoding JSON: {error}"))
}

fn decoded<T: DeserializeOwned + Default>(file: &File, value: Value) -> Result<T, ChartError> {
    if value.is_null() {
        return Ok(T::default());
    }
    serde_json::from_value(value).map_err(|error| decoding(file, &error))
}

/// Numbers and booleans where texts are expected, as in `appVersion: 1.10`, are read as their text.
fn texts(value: Value) -> Value {
    const OTHERS: [&str; 4] = ["deprecated", "enabled", "generated", "import-values"];
    match value {
        Value::Object(map) => {
            let entry = |(key, value): (String, Value)| {
                let value = if OTHERS.contains(&key.as_str()) { value } else { texts(value) };
                (key, value)
            };
            Value::Object(map.into_iter().map(entry).collect())
        }
        Value::Array(items) => Value::Array(items.into_iter().map(texts).collect()),
        scalar => scalar_text(&scalar).map_or(scalar, Value::String),
    }
}

/// Values: one or more YAML documents, merged; every number is a float, as Go reads them.
///
/// # Errors
/// What the YAML reader says, or that a document is no map.
pub fn load_values(data: &[u8]) -> Result<Value, String> {
    let mut values = Map::new();
    for document in documents(data)? {
        let parsed = yaml::parse_bytes(&document).map_err(|error| {
            format!("cannot unmarshal yaml document: error converting YAML to JSON: {error}")
        })?;
        match floats(parsed) {
            Value::Null => {}
            Value::Object(map) => merge_maps(&mut values, map),
            other => {
                let kind = json_kind(&other);
                return Err(format!(
                    "cannot unmarshal yaml document: error unmarshaling JSON: while decoding JSON: json: cannot \
                     unmarshal {kind} into Go value of type map[string]interface {{}}"
                ));
            }
        }
    }
    Ok(Value::Object(values))
}

/// The documents of a stream as the reader of Kubernetes splits it (Go package `k8s.io/apimachinery/pkg/util/yaml`): a
/// separator before the first line belongs to the document, and every line ends with a line feed.
fn documents(text: &[u8]) -> Result<Vec<Cow<'_, [u8]>>, String> {
    let separated = text.starts_with(b"---") || memchr::memmem::find(text, b"\n---").is_some();
    if !separated && text.ends_with(b"\n") && memchr::memchr(b'\r', text).is_none() {
        return Ok(vec![Cow::Borrowed(text)]);
    }
    let (mut documents, mut document) = (Vec::new(), Vec::new());
    let lines = text.strip_suffix(b"\n").unwrap_or(text).split(|byte| *byte == b'\n');
    for line in lines.filter(|_| !text.is_empty()) {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if let Some(after) = line.strip_prefix(b"---") {
            let after = utf8::lossy(after);
            let after = after.trim();
            if !after.is_empty() && !after.starts_with('#') {
                return Err(format!("error reading yaml document: invalid Yaml document separator: {after}"));
            }
            if !document.is_empty() {
                documents.push(Cow::Owned(std::mem::take(&mut document)));
                continue;
            }
        }
        document.extend_from_slice(line);
        document.push(b'\n');
    }
    documents.push(Cow::Owned(document));
    Ok(documents)
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
            Chart::from_files(files, &Limits::default()).unwrap().notices
        };
        assert_eq!(chart("v1"), [LOCK_MOVED]);
        assert_eq!(chart("v2"), [DEPENDENCIES_MOVED, LOCK_MOVED]);
    }
}
