//! Between charts in memory and charts in release records.

use pilothouse_chart::{Chart, ChartMetadata, coalesce_values};
use pilothouse_release::{ReleaseRecord, StoredChart};
use serde_json::{Map, Value};

/// Helm's reuse of values: the values of the release as defaults of the new chart, and those that the user had given
/// underneath the new ones.
///
/// # Errors
/// When the old values do not fit the old chart.
pub(crate) fn reuse_values(
    chart: &mut Chart,
    values: Map<String, Value>,
    old: &StoredChart,
    old_values: Option<&Map<String, Value>>,
) -> Result<Map<String, Value>, String> {
    let old_values = old_values.cloned().unwrap_or_default();
    let metadata = old.metadata.clone().unwrap_or_default();
    let defaults = Value::Object(old.values.clone().unwrap_or_default());
    let old_chart = Chart { metadata: metadata.clone(), values: defaults, ..Chart::default() };
    let rebuilt = coalesce_values(&old_chart, &old_values, &mut Vec::new())
        .map_err(|error| format!("failed to rebuild old values: {error}"))?;
    chart.values = Value::Object(rebuilt);
    over(metadata, old_values, &values)
}

/// The values that an upgrade with reuse of values would store, when it starts from a release.
///
/// # Errors
/// When the values do not fit together.
pub fn preserved_values(
    old: &ReleaseRecord,
    values: &Map<String, Value>,
) -> Result<Map<String, Value>, String> {
    let metadata = old.chart.metadata.clone().unwrap_or_default();
    over(metadata, old.config.clone().unwrap_or_default(), values)
}

/// New values over those that the user had given before.
fn over(
    metadata: ChartMetadata,
    old_values: Map<String, Value>,
    values: &Map<String, Value>,
) -> Result<Map<String, Value>, String> {
    // Coalescing with a chart whose defaults are the old values is coalescing of the two tables.
    let underneath = Chart { metadata, values: Value::Object(old_values), ..Chart::default() };
    coalesce_values(&underneath, values, &mut Vec::new())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn map(value: Value) -> Map<String, Value> {
        value.as_object().cloned().unwrap()
    }

    #[test]
    fn old_values_stay_underneath() {
        let old =
            StoredChart { values: Some(map(json!({"a": 1.0, "n": {"x": 1.0}}))), ..StoredChart::default() };
        let mut chart = Chart { values: json!({"a": 9.0, "new": 9.0}), ..Chart::default() };
        let old_values = map(json!({"n": {"y": 2.0}, "b": 2.0}));
        let values = map(json!({"b": 3.0, "n": {"z": 3.0}}));
        let values = reuse_values(&mut chart, values, &old, Some(&old_values)).unwrap();
        assert_eq!(Value::Object(values), json!({"b": 3.0, "n": {"y": 2.0, "z": 3.0}}));
        assert_eq!(chart.values, json!({"a": 1.0, "b": 2.0, "n": {"x": 1.0, "y": 2.0}}));
    }

    #[test]
    fn preserving_again_changes_nothing() {
        let mut record = ReleaseRecord { config: Some(map(json!({"b": 2.0}))), ..ReleaseRecord::default() };
        let values = map(json!({"a": 1.0, "n": {"x": 1.0}}));
        let preserved = preserved_values(&record, &values).unwrap();
        assert_eq!(preserved.get("b"), Some(&json!(2.0)));
        record.config = Some(preserved.clone());
        assert_eq!(preserved_values(&record, &values), Ok(preserved));
    }
}
