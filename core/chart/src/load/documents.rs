//! The YAML files of a chart that say what it is.

use pilothouse_encoding::yaml;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::head::scalar_text;
use crate::validate::Nulls;
use crate::{ChartError, ChartMetadata, File, go_types};

/// Reads `Chart.yaml`. A null in a list of texts is an empty one; in a list of structs it is noted.
pub(super) fn read_metadata(file: &File) -> Result<(ChartMetadata, Nulls), ChartError> {
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

pub(super) fn read<T: DeserializeOwned + Default>(file: &File) -> Result<T, ChartError> {
    decoded(file, document(file)?)
}

/// The document of a file, with texts where Go has them.
pub(super) fn document(file: &File) -> Result<Value, ChartError> {
    yaml::parse_bytes(&file.data).map(texts).map_err(|error| ChartError::yaml(&file.name, &error))
}

pub(super) fn decoding(file: &File, error: &dyn std::fmt::Display) -> ChartError {
    ChartError::file(&file.name, format!("error unmarshaling JSON: while decoding JSON: {error}"))
}

pub(super) fn decoded<T: DeserializeOwned + Default>(file: &File, value: Value) -> Result<T, ChartError> {
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
