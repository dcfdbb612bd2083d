//! Which subcharts take part and under which name, and what values they export (Go package
//! `helm.sh/helm/v4/pkg/chart/v2/util`).

use std::collections::BTreeSet;

use pilothouse_template::semver::{Constraints, Version};
use serde_json::{Map, Value};

use crate::coalesce::{Mode, coalesce, coalesce_tables};
use crate::{Chart, Dependency, File};

/// Bytes that the dependencies of a chart may take with the copies that aliases make.
const MAX_DEPENDENCIES: usize = 48 << 20;

/// Settles names, conditions, tags and imported values of the dependencies of `chart` with the values of the user. What is
/// left is what Helm renders and stores. Returns warnings.
///
/// # Errors
/// When the values for a subchart are no map, or the dependencies are too large.
pub fn process_dependencies(chart: &mut Chart, values: &Map<String, Value>) -> Result<Vec<String>, String> {
    let (mut warnings, mut left) = (Vec::new(), MAX_DEPENDENCIES);
    enable(chart, values, "", &mut warnings, &mut left)?;
    import(chart, &mut warnings)?;
    Ok(warnings)
}

/// Whether all dependencies of `Chart.yaml` lie in `charts/`, which commands of Helm check and helm-controller does not.
///
/// # Errors
/// Helm's text, with the names of those that are missing.
pub fn check_dependencies(chart: &Chart) -> Result<(), String> {
    let is_present = |name: &str| chart.dependencies.iter().any(|subchart| subchart.name() == name);
    let names = chart.metadata.dependencies.iter().map(|dependency| dependency.name.as_str());
    let missing: Vec<&str> = names.filter(|name| !is_present(name)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    Err(format!(
        "an error occurred while checking for chart dependencies. You may need to run 'helm dependency build' to fetch \
         missing dependencies: found in Chart.yaml, but missing in charts/ directory: {}",
        missing.join(", ")
    ))
}

/// Whether the version meets the constraint; not when one of them is malformed.
#[must_use]
pub fn is_compatible(constraint: &str, version: &str) -> bool {
    match (Constraints::parse(constraint), Version::parse(version)) {
        (Ok(constraint), Ok(version)) => constraint.check(&version),
        _ => false,
    }
}

/// The value at a dotted path, if there is one and it is no map.
pub(crate) fn leaf<'a>(values: &'a Map<String, Value>, path: &str) -> Option<&'a Value> {
    let (table, key) = match path.rsplit_once('.') {
        Some((path, key)) => (table(values, path)?, key),
        None => (values, path),
    };
    table.get(key).filter(|value| !value.is_object())
}

fn enable(
    chart: &mut Chart,
    values: &Map<String, Value>,
    path: &str,
    warnings: &mut Vec<String>,
    left: &mut usize,
) -> Result<(), String> {
    if chart.metadata.dependencies.is_empty() {
        return Ok(());
    }
    chart.dependencies = renamed(chart, left)?;
    for dependency in &mut chart.metadata.dependencies {
        if !dependency.alias.is_empty() {
            dependency.name.clone_from(&dependency.alias);
        }
        dependency.enabled = true;
    }
    let (values, more) = coalesce(chart, values, Mode::Coalesce)?;
    warnings.extend(more);
    apply_tags(&mut chart.metadata.dependencies, &values, warnings);
    apply_conditions(&mut chart.metadata.dependencies, &values, path, warnings);
    let disabled: BTreeSet<String> = {
        let all = chart.metadata.dependencies.iter().filter(|dependency| !dependency.enabled);
        all.map(|dependency| dependency.name.clone()).collect()
    };
    chart.dependencies.retain(|subchart| !disabled.contains(subchart.name()));
    chart.metadata.dependencies.retain(|dependency| !disabled.contains(&dependency.name));
    for subchart in &mut chart.dependencies {
        let path = format!("{path}{}.", subchart.name());
        enable(subchart, &values, &path, warnings, left)?;
    }
    Ok(())
}

/// The subcharts that no dependency names, then one for each dependency, under its alias. What they take is taken from
/// what is left.
fn renamed(chart: &Chart, left: &mut usize) -> Result<Vec<Chart>, String> {
    let matches = |dependency: &Dependency, subchart: &Chart| {
        subchart.name() == dependency.name && is_compatible(&dependency.version, &subchart.metadata.version)
    };
    let dependencies = &chart.metadata.dependencies;
    let unnamed = chart
        .dependencies
        .iter()
        .filter(|subchart| !dependencies.iter().any(|dependency| matches(dependency, subchart)))
        .cloned();
    let mut named = Vec::new();
    for dependency in dependencies {
        let found = chart.dependencies.iter().find(|subchart| matches(dependency, subchart));
        let Some(found) = found else { continue };
        *left = left.checked_sub(size(found)).ok_or_else(|| {
            let name = chart.name();
            format!("the dependencies of chart {name:?} take more than {MAX_DEPENDENCIES} bytes")
        })?;
        let mut subchart = found.clone();
        if !dependency.alias.is_empty() {
            subchart.metadata.name.clone_from(&dependency.alias);
        }
        named.push(subchart);
    }
    Ok(unnamed.chain(named).collect())
}

/// About how many bytes a chart takes with its subcharts.
fn size(chart: &Chart) -> usize {
    const CHART: usize = 2048;
    let files = chart.templates.iter().chain(&chart.files);
    let files: usize = files.map(|file| file.name.len() + file.data.len() + size_of::<File>()).sum();
    let schema = chart.schema.as_ref().map_or(0, Vec::len);
    CHART + files + schema + chart.dependencies.iter().map(size).sum::<usize>()
}

fn apply_tags(dependencies: &mut [Dependency], values: &Map<String, Value>, warnings: &mut Vec<String>) {
    let Some(tags) = table(values, "tags") else { return };
    for dependency in dependencies {
        let (mut any_true, mut any_false) = (false, false);
        for tag in &dependency.tags {
            match tags.get(tag) {
                Some(Value::Bool(true)) => any_true = true,
                Some(Value::Bool(false)) => any_false = true,
                Some(_) => {
                    warnings.push(format!("returned non-bool value tag={tag} chart={}", dependency.name))
                }
                None => {}
            }
        }
        dependency.enabled = any_true || !any_false;
    }
}

/// The first condition whose value is a boolean decides.
fn apply_conditions(
    dependencies: &mut [Dependency],
    values: &Map<String, Value>,
    path: &str,
    warnings: &mut Vec<String>,
) {
    for dependency in dependencies {
        let conditions = dependency.condition.trim().split(',').filter(|condition| !condition.is_empty());
        for condition in conditions {
            match leaf(values, &format!("{path}{condition}")) {
                Some(Value::Bool(enabled)) => {
                    dependency.enabled = *enabled;
                    break;
                }
                Some(_) => {
                    let name = &dependency.name;
                    warnings.push(format!("returned non-bool value path={condition} chart={name}"));
                }
                None => {}
            }
        }
    }
}

/// Takes over what subcharts export, those at the bottom first.
fn import(chart: &mut Chart, warnings: &mut Vec<String>) -> Result<(), String> {
    for subchart in &mut chart.dependencies {
        import(subchart, warnings)?;
    }
    if chart.metadata.dependencies.is_empty() {
        return Ok(());
    }
    let (mut values, more) = coalesce(chart, &Map::new(), Mode::Merge)?;
    warnings.extend(more);
    let mut imported = Map::new();
    for dependency in &mut chart.metadata.dependencies {
        let mut resolved = Vec::new();
        for import in &dependency.import_values {
            let Some((child, parent)) = import_paths(import) else { continue };
            resolved.push(serde_json::json!({"child": child, "parent": parent}));
            let Some(table) = table(&values, &format!("{}.{child}", dependency.name)) else {
                warnings.push(format!("ImportValues missing table from chart chart={}", dependency.name));
                continue;
            };
            warnings.extend(coalesce_tables(&mut imported, nested(&parent, table.clone()), Mode::Merge));
        }
        dependency.import_values = resolved;
    }
    warnings.extend(coalesce_tables(&mut values, imported, Mode::Merge));
    chart.values = Value::Object(values);
    Ok(())
}

/// Path in the subchart and path in the parent.
fn import_paths(import: &Value) -> Option<(String, String)> {
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

/// `values` under a dotted path; a single dot is the root.
fn nested(path: &str, values: Map<String, Value>) -> Map<String, Value> {
    if path == "." {
        return values;
    }
    path.rsplit('.').fold(values, |inner, key| Map::from_iter([(key.to_owned(), Value::Object(inner))]))
}

fn table<'a>(values: &'a Map<String, Value>, path: &str) -> Option<&'a Map<String, Value>> {
    path.split('.').try_fold(values, |table, key| table.get(key)?.as_object())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn chart(name: &str, values: Value, dependencies: Vec<Chart>) -> Chart {
        let mut chart = Chart { values, dependencies, ..Chart::default() };
        name.clone_into(&mut chart.metadata.name);
        "1.0.0".clone_into(&mut chart.metadata.version);
        chart
    }

    fn parent(dependencies: Value) -> Chart {
        let subcharts = vec![
            chart("a", json!({"exports": {"data": {"x": 1.0}}, "deep": {"y": 2.0}}), vec![]),
            chart("b", json!({}), vec![]),
        ];
        let mut parent = chart("parent", json!({"x": 9.0}), subcharts);
        parent.metadata.dependencies = serde_json::from_value(dependencies).unwrap();
        parent
    }

    fn process(chart: &mut Chart, values: Value) -> Vec<String> {
        let Value::Object(values) = values else { panic!("a map") };
        process_dependencies(chart, &values).unwrap();
        chart.dependencies.iter().map(|subchart| subchart.name().to_owned()).collect()
    }

    #[test]
    fn conditions_and_tags_decide() {
        let dependencies = json!([
            {"name": "a", "version": "1.x", "condition": "a.enabled,all.enabled", "tags": ["front"]},
            {"name": "b", "version": ">=1", "tags": ["front"]},
        ]);
        let cases = [
            (json!({}), vec!["a", "b"]),
            (json!({"a": {"enabled": false}}), vec!["b"]),
            (json!({"all": {"enabled": false}}), vec!["b"]),
            (json!({"tags": {"front": false}}), vec![]),
            (json!({"tags": {"front": false}, "a": {"enabled": true}}), vec!["a"]),
        ];
        for (values, expected) in cases {
            assert_eq!(process(&mut parent(dependencies.clone()), values), expected);
        }
    }

    #[test]
    fn an_alias_makes_a_copy() {
        let dependencies = json!([
            {"name": "a", "version": "1.0.0", "alias": "one"},
            {"name": "a", "version": "1.0.0", "alias": "two"},
        ]);
        assert_eq!(process(&mut parent(dependencies), json!({})), ["b", "one", "two"]);
    }

    #[test]
    fn values_are_imported_below_those_of_the_parent() {
        let dependencies = json!([
            {"name": "a", "version": "*", "import-values": ["data", {"child": "deep", "parent": "taken.here"}]},
        ]);
        let mut parent = parent(dependencies);
        process(&mut parent, json!({}));
        assert_eq!(parent.values["x"], json!(9.0));
        assert_eq!(parent.values["taken"]["here"]["y"], json!(2.0));
    }
}
