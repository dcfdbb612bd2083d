//! The chart as a release record holds it: without its subcharts (Go package `helm.sh/helm/v4/pkg/chart/v2`).

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use pilothouse_chart::{Chart, ChartMetadata, File, Lock};
use pilothouse_encoding::timestamp::Timestamp;
use serde::de::Error as _;
use serde::ser::SerializeStruct as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

use super::json;

/// A stored chart. All members but `modtime` are always written, `null` when absent.
#[derive(Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct StoredChart {
    /// `Chart.yaml`.
    pub metadata: Option<ChartMetadata>,
    /// `Chart.lock`.
    pub lock: Option<Lock>,
    /// Templates, in loading order.
    #[serde(serialize_with = "files_as_list", deserialize_with = "list_as_files")]
    pub templates: Vec<File>,
    /// Default values.
    #[serde(serialize_with = "json::floats")]
    pub values: Option<Map<String, Value>>,
    /// JSON schema of the values.
    #[serde(serialize_with = "json::bytes_as_text", deserialize_with = "json::text_as_bytes")]
    pub schema: Option<Vec<u8>>,
    /// When the schema was changed; Go's zero time when there is none.
    #[serde(deserialize_with = "json::null_as_default")]
    pub schemamodtime: Timestamp,
    /// Other files.
    #[serde(serialize_with = "files_as_list", deserialize_with = "list_as_files")]
    pub files: Vec<File>,
    /// When `Chart.yaml` was changed; Go's zero time when that is not known.
    #[serde(skip_serializing_if = "Timestamp::is_zero", deserialize_with = "json::null_as_default")]
    pub modtime: Timestamp,
}

impl StoredChart {
    /// Name and version of the chart; empty without metadata.
    #[must_use]
    pub fn name_and_version(&self) -> (&str, &str) {
        self.metadata.as_ref().map_or(("", ""), |metadata| (&metadata.name, &metadata.version))
    }
}

impl From<Chart> for StoredChart {
    /// The subcharts are left out.
    fn from(chart: Chart) -> Self {
        Self {
            metadata: Some(chart.metadata),
            lock: chart.lock,
            templates: chart.templates,
            values: match chart.values {
                Value::Object(values) => Some(values),
                _ => None,
            },
            schema: chart.schema.map(Into::into),
            schemamodtime: chart.schema_modtime.unwrap_or_default(),
            files: chart.files,
            modtime: chart.modtime.unwrap_or_default(),
        }
    }
}

impl fmt::Debug for StoredChart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, version) = self.name_and_version();
        write!(f, "{name}@{version}")
    }
}

/// A file in the JSON of a chart.
struct Written<'a>(&'a File);

impl Serialize for Written<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let modtime = self.0.modtime.filter(|modtime| !modtime.is_zero());
        let mut file = serializer.serialize_struct("File", if modtime.is_some() { 3 } else { 2 })?;
        file.serialize_field("name", &self.0.name)?;
        file.serialize_field("data", &STANDARD.encode(&self.0.data))?;
        if let Some(modtime) = modtime {
            file.serialize_field("modtime", &modtime)?;
        }
        file.end()
    }
}

/// A file as it is read.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Read {
    #[serde(deserialize_with = "json::null_as_default")]
    name: String,
    #[serde(deserialize_with = "json::null_as_default")]
    data: String,
    modtime: Option<Timestamp>,
}

fn files_as_list<S: Serializer>(files: &[File], serializer: S) -> Result<S::Ok, S::Error> {
    json::empty_as_null(&files.iter().map(Written).collect::<Vec<_>>(), serializer)
}

fn list_as_files<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<File>, D::Error> {
    let files = Option::<Vec<Option<Read>>>::deserialize(deserializer)?.unwrap_or_default();
    let file = |read: Read| {
        let data = STANDARD.decode(read.data).map_err(D::Error::custom)?;
        let modtime = read.modtime.filter(|modtime| !modtime.is_zero());
        Ok(File { name: read.name, data: data.into(), modtime })
    };
    files.into_iter().flatten().map(file).collect()
}
