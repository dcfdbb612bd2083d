//! Coalescing of values: those of the user over those of the chart, globals handed down to subcharts, null removes (Go
//! package `helm.sh/helm/v4/pkg/chart/common/util`).

use std::collections::BTreeSet;

use pilothouse_encoding::number::format_float;
use pilothouse_template::go_printed;
use serde_json::{Map, Value};

use crate::Chart;

/// Key of the values that every subchart sees.
const GLOBAL: &str = "global";

/// Whether nulls take keys away or stay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// A null removes the key.
    Coalesce,
    /// A null stays, because coalescing happens again later.
    Merge,
}

/// The values of a chart and its subcharts. What Helm warns about is added to the warnings.
///
/// # Errors
/// When the values for a subchart are no map.
pub fn coalesce_values(
    chart: &Chart,
    values: &Map<String, Value>,
    warnings: &mut Vec<String>,
) -> Result<Map<String, Value>, String> {
    coalesce(chart, values, Mode::Coalesce, warnings)
}

pub(crate) fn coalesce(
    chart: &Chart,
    values: &Map<String, Value>,
    mode: Mode,
    warnings: &mut Vec<String>,
) -> Result<Map<String, Value>, String> {
    let mut values = values.clone();
    Run { mode, warnings }.chart(chart, &mut values, "")?;
    Ok(values)
}

/// Merges `src` into `dst`, which takes precedence.
pub(crate) fn coalesce_tables(
    dst: &mut Map<String, Value>,
    src: Map<String, Value>,
    mode: Mode,
    warnings: &mut Vec<String>,
) {
    Run { mode, warnings }.tables(dst, src, "", mode);
}

/// Removes keys whose value is null, in maps within maps, too.
pub(crate) fn remove_nulls(map: &mut Map<String, Value>) {
    map.retain(|_, value| {
        if let Value::Object(inner) = value {
            remove_nulls(inner);
        }
        !value.is_null()
    });
}

/// Helm copies the tables among the globals for a subchart, but not the tables within them: what a subchart adds there
/// or takes away is seen by the parent and by the subcharts after it.
/// Gives whether anything changed.
fn share_globals(parent: Option<&mut Value>, subchart: Option<&Value>) -> bool {
    let (Some(Value::Object(parent)), Some(Value::Object(subchart))) = (parent, subchart) else {
        return false;
    };
    let mut is_changed = false;
    for (key, table) in parent.iter_mut() {
        let (Value::Object(table), Some(Value::Object(changed))) = (table, subchart.get(key)) else {
            continue;
        };
        for (key, inner) in table.iter_mut() {
            if let (Value::Object(inner), Some(Value::Object(changed))) = (inner, changed.get(key))
                && inner != changed
            {
                inner.clone_from(changed);
                is_changed = true;
            }
        }
    }
    is_changed
}

/// The same the other way round: the subcharts of a chart, whose values these are, and theirs see a change of its globals.
fn spread_globals(chart: &Chart, dependencies: &[Chart], values: &mut Map<String, Value>) {
    let Some(globals) = values.get(GLOBAL).cloned() else { return };
    for subchart in dependencies.iter().filter(|subchart| subchart.name() != chart.name()) {
        if let Some(Value::Object(inner)) = values.get_mut(subchart.name())
            && share_globals(inner.get_mut(GLOBAL), Some(&globals))
        {
            spread_globals(subchart, &subchart.dependencies, inner);
        }
    }
}

struct Run<'w> {
    mode: Mode,
    warnings: &'w mut Vec<String>,
}

impl Run<'_> {
    fn chart(&mut self, chart: &Chart, values: &mut Map<String, Value>, prefix: &str) -> Result<(), String> {
        self.own_values(chart, values, prefix);
        for (index, subchart) in chart.dependencies.iter().enumerate() {
            let name = subchart.name();
            let entry = values.entry(name.to_owned()).or_insert_with(|| Value::Object(Map::new()));
            let mut inner = match entry.take() {
                Value::Object(inner) => inner,
                other => return Err(format!("type mismatch on {name}: {}", as_bool(&other))),
            };
            let path = joined(prefix, chart.name());
            // A subchart of that name has the globals for its values.
            let same = (name == GLOBAL).then(|| Value::Object(inner.clone()));
            self.globals(&mut inner, same.as_ref().or_else(|| values.get(GLOBAL)), &path);
            self.chart(subchart, &mut inner, &path)?;
            let is_changed = share_globals(values.get_mut(GLOBAL), inner.get(GLOBAL));
            values.insert(name.to_owned(), Value::Object(inner));
            if is_changed {
                spread_globals(subchart, &chart.dependencies[..index], values);
            }
        }
        Ok(())
    }

    /// Copies the globals of the parent into those of a subchart.
    fn globals(&mut self, values: &mut Map<String, Value>, parent: Option<&Value>, prefix: &str) {
        let mut own = match values.get(GLOBAL) {
            None => Map::new(),
            Some(Value::Object(own)) => own.clone(),
            Some(_) => {
                return self.warn(format!("skipping globals because destination {GLOBAL} is not a table."));
            }
        };
        let parent = match parent {
            None => Map::new(),
            Some(Value::Object(parent)) => parent.clone(),
            Some(_) => return self.warn(format!("skipping globals because source {GLOBAL} is not a table.")),
        };
        for (key, value) in parent {
            match (own.remove(&key), value) {
                (Some(Value::Object(under)), Value::Object(mut over)) => {
                    self.tables(&mut over, under, &joined(prefix, &key), Mode::Merge);
                    own.insert(key, Value::Object(over));
                }
                (Some(other), Value::Object(_)) => {
                    self.warnings
                        .push(format!("Conflict: cannot merge map onto non-map for {key:?}. Skipping."));
                    own.insert(key, other);
                }
                (Some(table @ Value::Object(_)), _) => {
                    self.warnings.push(format!("key {key} is table. Skipping"));
                    own.insert(key, table);
                }
                (_, value) => {
                    own.insert(key, value);
                }
            }
        }
        values.insert(GLOBAL.to_owned(), Value::Object(own));
    }

    /// The values of the chart itself, underneath those given.
    fn own_values(&mut self, chart: &Chart, values: &mut Map<String, Value>, prefix: &str) {
        let prefix = joined(prefix, chart.name());
        let Value::Object(defaults) = &chart.values else { return };
        for (key, default) in defaults {
            match values.get_mut(key) {
                Some(Value::Null) if self.mode == Mode::Coalesce => {
                    values.remove(key);
                }
                Some(Value::Object(given)) => match default {
                    Value::Object(default) => {
                        // Values of a subchart keep their nulls: the subchart coalesces them itself.
                        let is_subchart = chart.dependencies.iter().any(|subchart| subchart.name() == key);
                        let mode = if is_subchart { Mode::Merge } else { self.mode };
                        let mut default = default.clone();
                        if mode == Mode::Coalesce {
                            remove_nulls(&mut default);
                        }
                        self.tables(given, default, &joined(&prefix, key), mode);
                    }
                    Value::Null => {}
                    _ => self.warn(format!("skipped value for {prefix}.{key}: Not a table.")),
                },
                Some(_) => {}
                None => self.take_default(key, default, values),
            }
        }
    }

    fn take_default(&self, key: &str, default: &Value, values: &mut Map<String, Value>) {
        let mut default = default.clone();
        if self.mode == Mode::Coalesce {
            match &mut default {
                Value::Null => return,
                Value::Object(map) => remove_nulls(map),
                _ => {}
            }
        }
        values.insert(key.to_owned(), default);
    }

    fn tables(&mut self, dst: &mut Map<String, Value>, src: Map<String, Value>, prefix: &str, mode: Mode) {
        let nulled: BTreeSet<String> =
            dst.iter().filter(|(_, value)| value.is_null()).map(|(key, _)| key.clone()).collect();
        for (key, value) in src {
            let path = || joined(prefix, &key);
            if nulled.contains(&key) {
                if mode == Mode::Coalesce && !value.is_null() {
                    dst.remove(&key);
                }
                continue;
            }
            match (dst.get_mut(&key), value) {
                (None, value) => {
                    dst.insert(key, value);
                }
                (Some(Value::Object(dst)), Value::Object(src)) => self.tables(dst, src, &path(), mode),
                (Some(_), value @ Value::Object(_)) => {
                    let (path, value) = (path(), go_printed(&value));
                    self.warn(format!("cannot overwrite table with non table for {path} ({value})"));
                }
                (Some(Value::Object(_)), value) if !value.is_null() => {
                    let (path, value) = (path(), go_printed(&value));
                    self.warn(format!(
                        "destination for {path} is a table. Ignoring non-table value ({value})"
                    ));
                }
                _ => {}
            }
        }
    }

    fn warn(&mut self, text: String) {
        self.warnings.push(format!("warning: {text}"));
    }
}

/// What Go prints of a value that a format takes for a boolean.
fn as_bool(value: &Value) -> String {
    match value {
        Value::Null => "%!t(<nil>)".to_owned(),
        Value::Bool(flag) => flag.to_string(),
        Value::Number(number) if number.is_f64() => {
            let float = number.as_f64().unwrap_or_default();
            format!("%!t(float64={})", format_float(float, 'g', None))
        }
        Value::Number(number) => format!("%!t(int64={number})"),
        Value::String(text) => format!("%!t(string={text})"),
        Value::Array(items) => format!("[{}]", items.iter().map(as_bool).collect::<Vec<_>>().join(" ")),
        Value::Object(map) => {
            let entries = map.iter().map(|(key, value)| format!("%!t(string={key}):{}", as_bool(value)));
            format!("map[{}]", entries.collect::<Vec<_>>().join(" "))
        }
    }
}

fn joined(prefix: &str, key: &str) -> String {
    if prefix.is_empty() { key.to_owned() } else { format!("{prefix}.{key}") }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn chart(name: &str, values: Value, dependencies: Vec<Chart>) -> Chart {
        let mut chart = Chart { values, dependencies, ..Chart::default() };
        chart.metadata.name = name.to_owned();
        chart
    }

    fn coalesced(chart: &Chart, values: Value) -> Value {
        let Value::Object(values) = values else { panic!("a map") };
        Value::Object(coalesce_values(chart, &values, &mut Vec::new()).unwrap())
    }

    #[test]
    fn the_user_wins_and_null_removes() {
        let chart = chart("c", json!({"a": 1.0, "b": {"x": 1.0, "y": 2.0}, "n": null}), vec![]);
        let values = json!({"a": null, "b": {"x": null, "z": 3.0}, "u": null});
        assert_eq!(coalesced(&chart, values), json!({"b": {"y": 2.0, "z": 3.0}, "u": null}));
    }

    #[test]
    fn globals_go_down_and_parents_win() {
        let sub = chart("sub", json!({"k": "sub", "global": {"g": "sub", "s": 1.0}}), vec![]);
        let parent = chart("parent", json!({"sub": {"k": "parent"}, "global": {"g": "parent"}}), vec![sub]);
        let expected = json!({
            "global": {"g": "parent"},
            "sub": {"k": "parent", "global": {"g": "parent", "s": 1.0}},
        });
        assert_eq!(coalesced(&parent, json!({})), expected);
    }

    #[test]
    fn a_subchart_may_be_called_global() {
        let sub = chart("global", json!({"k": "sub", "g": "sub"}), vec![]);
        let parent = chart("parent", json!({"global": {"g": "parent"}}), vec![sub]);
        let expected = json!({"global": {"g": "parent", "k": "sub", "global": {"g": "parent"}}});
        assert_eq!(coalesced(&parent, json!({})), expected);
    }

    #[test]
    fn tables_and_scalars_do_not_mix() {
        let chart = chart("c", json!({"t": {"x": 1.0}}), vec![]);
        let values = json!({"t": "scalar"});
        assert_eq!(coalesced(&chart, values), json!({"t": "scalar"}));
    }
}
