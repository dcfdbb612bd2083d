//! Values that subcharts export to their parent (`import-values`).
//!
//! Go takes over maps without copying them. Where two imports fill the same map, the first subchart's own values change,
//! too, and so does whatever else refers to them.

use serde_json::{Map, Value};

use crate::Chart;
use crate::coalesce::{Mode, coalesce, coalesce_tables};
use crate::dependencies::values_size;

/// Bytes of all values that a chart imports, each counted as often as it is imported; and of an entry besides its value.
const MAX_IMPORTED: usize = 32 << 20;
const ENTRY: usize = 64;

/// Keys from the outermost map on.
type Path = Vec<String>;

/// Takes over what subcharts export, those at the bottom first.
pub(crate) fn import(chart: &mut Chart, warnings: &mut Vec<String>) -> Result<(), String> {
    for subchart in &mut chart.dependencies {
        import(subchart, warnings)?;
    }
    if chart.metadata.dependencies.is_empty() {
        return Ok(());
    }
    let mut values = coalesce(chart, &Map::new(), Mode::Merge, warnings)?;
    let (mut imported, mut left) = (Imported::default(), MAX_IMPORTED);
    for dependency in &mut chart.metadata.dependencies {
        let mut resolved = Vec::new();
        for import in &dependency.import_values {
            let Some((child, parent)) = paths(import) else { continue };
            resolved.push(serde_json::json!({"child": child, "parent": parent}));
            let from = split(&format!("{}.{child}", dependency.name));
            let parent = if parent == "." { Path::new() } else { split(&parent) };
            charge(&mut left, table_mut(&mut values, &from), &chart.metadata.name)?;
            if !imported.take(&mut values, &from, &parent, warnings) {
                warnings.push(format!("ImportValues missing table from chart chart={}", dependency.name));
            }
        }
        dependency.import_values = resolved;
    }
    imported.take_nulls(&values);
    coalesce_tables(&mut values, imported.values, Mode::Merge, warnings);
    chart.values = Value::Object(values);
    Ok(())
}

/// Takes what a table takes from what is left for a chart.
fn charge(left: &mut usize, table: Option<&mut Map<String, Value>>, chart: &str) -> Result<(), String> {
    let size: usize =
        table.iter().flat_map(|table| table.values()).map(|value| ENTRY + values_size(value)).sum();
    *left = left.checked_sub(size).ok_or_else(|| {
        format!("the values that chart {chart:?} imports take more than {MAX_IMPORTED} bytes")
    })?;
    Ok(())
}

/// Path in the subchart and path in the parent.
fn paths(import: &Value) -> Option<(String, String)> {
    match import {
        Value::String(name) => Some((format!("exports.{name}"), ".".to_owned())),
        Value::Object(map) => {
            let text = |key: &str| match map.get(key) {
                Some(Value::String(text)) => text.clone(),
                Some(other) => other.to_string(),
                None => "<nil>".to_owned(),
            };
            Some((text("child"), text("parent")))
        }
        _ => None,
    }
}

/// What was imported so far.
#[derive(Default)]
struct Imported {
    values: Map<String, Value>,
    /// Maps in it that are maps of the chart's values, by both paths.
    shared: Vec<(Path, Path)>,
}

impl Imported {
    /// Imports the table at `from` to `parent`; false when there is none.
    fn take(
        &mut self,
        values: &mut Map<String, Value>,
        from: &[String],
        parent: &[String],
        warnings: &mut Vec<String>,
    ) -> bool {
        let Some(table) = table_mut(values, from) else { return false };
        let mut merge = Merge { parent, from, shared: Vec::new(), changed: Vec::new() };
        if table.is_empty() {
            // Go takes a new map in place of an empty one.
            merge.parents(&mut self.values, &mut Map::new(), 0, warnings);
            merge.shared.clear();
        } else {
            merge.parents(&mut self.values, table, 0, warnings);
        }
        let Merge { shared, changed, .. } = merge;
        for path in changed {
            self.share(values, &path);
        }
        self.shared.extend(shared);
        true
    }

    /// Nulls of the parent get into what is merged below them, and so wherever that is shared. The parent's values are
    /// another copy by now.
    fn take_nulls(&mut self, values: &Map<String, Value>) {
        let mut nulls = Vec::new();
        find_nulls(values, &self.values, &mut Path::new(), &mut nulls);
        if nulls.is_empty() {
            return;
        }
        let mut other = values.clone();
        for (path, key) in nulls {
            if let Some(table) = table_mut(&mut self.values, &path) {
                table.insert(key, Value::Null);
            }
            self.share(&mut other, &path);
        }
    }

    /// Makes a map that was changed the same wherever it is shared.
    fn share(&mut self, values: &mut Map<String, Value>, path: &[String]) {
        let sources = self.shared.iter().filter_map(|(own, from)| {
            let rest = path.strip_prefix(own.as_slice())?;
            Some([from.as_slice(), rest].concat())
        });
        let sources: Vec<Path> = sources.collect();
        if sources.is_empty() {
            return;
        }
        let Some(changed) = table_mut(&mut self.values, path).cloned() else { return };
        for source in sources {
            if let Some(table) = table_mut(values, &source) {
                table.clone_from(&changed);
            }
            for (own, from) in &self.shared {
                let Some(rest) = source.strip_prefix(from.as_slice()) else { continue };
                if let Some(table) = table_mut(&mut self.values, &[own.as_slice(), rest].concat()) {
                    table.clone_from(&changed);
                }
            }
        }
    }
}

/// One import.
struct Merge<'p> {
    parent: &'p [String],
    from: &'p [String],
    shared: Vec<(Path, Path)>,
    /// Maps that were there before and have more in them now.
    changed: Vec<Path>,
}

impl Merge<'_> {
    /// Goes down to the parent's path, whose maps are new ones, and merges the table there.
    fn parents(
        &mut self,
        imported: &mut Map<String, Value>,
        table: &mut Map<String, Value>,
        depth: usize,
        warnings: &mut Vec<String>,
    ) {
        let Some(key) = self.parent.get(depth) else {
            return self.tables(imported, table, &mut Path::new(), warnings);
        };
        match imported.get_mut(key) {
            Some(Value::Object(inner)) => self.parents(inner, table, depth + 1, warnings),
            // A null stays, and so does anything else that is no table.
            Some(Value::Null) => {}
            Some(_) => warnings.push(overwriting(&self.parent[..=depth].join("."))),
            None => {
                let inner = Value::Object(table.clone());
                let nested = self.parent[depth + 1..]
                    .iter()
                    .rev()
                    .fold(inner, |inner, key| Value::Object(Map::from_iter([(key.clone(), inner)])));
                imported.insert(key.clone(), nested);
                self.shared.push((self.parent.to_vec(), self.from.to_vec()));
                self.changed.push(self.parent[..depth].to_vec());
            }
        }
    }

    /// Merges `source` below what is there. Nulls that are there are put into `source`, too.
    fn tables(
        &mut self,
        imported: &mut Map<String, Value>,
        source: &mut Map<String, Value>,
        path: &mut Path,
        warnings: &mut Vec<String>,
    ) {
        for (key, _) in imported.iter().filter(|(_, value)| value.is_null()) {
            source.insert(key.clone(), Value::Null);
        }
        let mut is_changed = false;
        for (key, value) in source.iter_mut() {
            path.push(key.clone());
            match (imported.get_mut(key), value) {
                (None, value) => {
                    if value.is_object() {
                        self.shared.push((self.own(path), [self.from, path.as_slice()].concat()));
                    }
                    imported.insert(key.clone(), value.clone());
                    is_changed = true;
                }
                (Some(Value::Object(inner)), Value::Object(source)) => {
                    self.tables(inner, source, path, warnings)
                }
                (Some(Value::Null), _) | (Some(Value::Object(_)), Value::Null) => {}
                (Some(_), Value::Object(_)) => warnings.push(overwriting(&self.own(path).join("."))),
                (Some(Value::Object(_)), value) => warnings.push(format!(
                    "warning: destination for {} is a table. Ignoring non-table value ({value})",
                    self.own(path).join(".")
                )),
                _ => {}
            }
            path.pop();
        }
        if is_changed {
            self.changed.push(self.own(path));
        }
    }

    fn own(&self, path: &Path) -> Path {
        [self.parent, path.as_slice()].concat()
    }
}

/// The nulls of `values` in maps that `imported` has, too: the path of the map, and the key.
fn find_nulls(
    values: &Map<String, Value>,
    imported: &Map<String, Value>,
    path: &mut Path,
    nulls: &mut Vec<(Path, String)>,
) {
    for (key, value) in values {
        match (value, imported.get(key)) {
            (Value::Null, _) => nulls.push((path.clone(), key.clone())),
            (Value::Object(values), Some(Value::Object(imported))) => {
                path.push(key.clone());
                find_nulls(values, imported, path, nulls);
                path.pop();
            }
            _ => {}
        }
    }
}

fn overwriting(path: &str) -> String {
    format!("warning: cannot overwrite table with non table for {path}")
}

fn split(path: &str) -> Path {
    path.split('.').map(str::to_owned).collect()
}

fn table_mut<'v>(values: &'v mut Map<String, Value>, path: &[String]) -> Option<&'v mut Map<String, Value>> {
    path.iter().try_fold(values, |table, key| table.get_mut(key)?.as_object_mut())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn object(value: Value) -> Map<String, Value> {
        match value {
            Value::Object(map) => map,
            _ => Map::new(),
        }
    }

    #[test]
    fn what_two_imports_fill_is_seen_by_the_first_subchart() {
        let mut values = object(json!({
            "a": {"exports": {"x": {"m": {"one": 1}}}},
            "b": {"exports": {"x": {"m": {"two": 2}}}},
        }));
        let mut imported = Imported::default();
        for name in ["a", "b"] {
            assert!(imported.take(&mut values, &split(&format!("{name}.exports.x")), &[], &mut Vec::new()));
        }
        assert_eq!(Value::Object(imported.values), json!({"m": {"one": 1, "two": 2}}));
        assert_eq!(values["a"]["exports"]["x"]["m"], json!({"one": 1, "two": 2}));
        assert_eq!(values["b"]["exports"]["x"]["m"], json!({"two": 2}));
    }

    #[test]
    fn nulls_of_the_parent_reach_what_is_shared() {
        let mut values = object(json!({"a": {"data": {"name": 1}, "name": null}}));
        let mut imported = Imported::default();
        for parent in ["a", "taken"] {
            assert!(imported.take(&mut values, &split("a.data"), &split(parent), &mut Vec::new()));
        }
        imported.take_nulls(&values);
        assert_eq!(Value::Object(imported.values), json!({"a": {"name": null}, "taken": {"name": null}}));
    }

    #[test]
    fn imports_have_a_place() {
        let mut values = object(json!({"a": {"deep": {"y": 2.0}}}));
        let mut imported = Imported::default();
        for parent in ["taken.here", "taken.there"] {
            assert!(imported.take(&mut values, &split("a.deep"), &split(parent), &mut Vec::new()));
        }
        let expected = json!({"taken": {"here": {"y": 2.0}, "there": {"y": 2.0}}});
        assert_eq!(Value::Object(imported.values), expected);
    }
}
