//! The columns of custom kinds: `additionalPrinterColumns` of their definition.

use serde_json::Value;

use super::columns::Column;
use super::path::Path;

/// The columns of one version; the age alone when it names none.
pub(super) fn columns(definition: Option<&Value>, version: &str) -> Vec<Column> {
    let versions = definition.and_then(|definition| definition.pointer("/spec/versions"));
    let mut versions = versions.and_then(Value::as_array).into_iter().flatten();
    let found = versions.find(|entry| entry["name"] == version);
    let listed = found.and_then(|entry| entry.get("additionalPrinterColumns")).and_then(Value::as_array);
    match listed.filter(|columns| !columns.is_empty()) {
        Some(columns) => columns.iter().filter_map(column).collect(),
        None => vec![Column::age()],
    }
}

fn column(entry: &Value) -> Option<Column> {
    let text = |field: &str| entry.get(field).and_then(Value::as_str).unwrap_or_default();
    let path = Path::parse(text("jsonPath"))?;
    let priority = entry.get("priority").and_then(Value::as_i64).unwrap_or_default();
    Some(Column::of_path(text("name"), text("type"), priority, text("description"), path))
}
