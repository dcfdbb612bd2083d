//! Which subcharts take part and under which name, and what values they export (Go package
//! `helm.sh/helm/v4/pkg/chart/v2/util`).

use std::collections::BTreeSet;

use pilothouse_template::semver::{Constraints, Version};
use serde_json::{Map, Value};

use crate::coalesce::{Mode, coalesce};
use crate::import::import;
use crate::{Chart, Dependency, File};

/// Key of the values that subcharts see, too.
const GLOBAL: &str = "global";

/// Bytes that the globals may take with the copies for subcharts.
const MAX_GLOBALS: usize = 48 << 20;

/// Bytes that the dependencies of a chart may take with the copies that aliases make.
const MAX_DEPENDENCIES: usize = 48 << 20;

/// Settles names, conditions, tags and imported values of the dependencies of `chart` with the values of the user. What is
/// left is what Helm renders and stores. What Helm warns about is added to the warnings.
///
/// # Errors
/// When the values for a subchart are no map, or the dependencies are too large.
pub fn process_dependencies(
    chart: &mut Chart,
    values: &Map<String, Value>,
    warnings: &mut Vec<String>,
) -> Result<(), String> {
    let mut left = MAX_DEPENDENCIES;
    check_globals(chart, values)?;
    enable(chart, values, "", warnings, &mut left)?;
    import(chart, warnings)
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
    check_globals(chart, values)?;
    for dependency in &mut chart.metadata.dependencies {
        if !dependency.alias.is_empty() {
            dependency.name.clone_from(&dependency.alias);
        }
        dependency.enabled = true;
    }
    let values = coalesce(chart, values, Mode::Coalesce, warnings)?;
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
fn renamed(chart: &mut Chart, left: &mut usize) -> Result<Vec<Chart>, String> {
    let matches = |dependency: &Dependency, subchart: &Chart| {
        subchart.name() == dependency.name && is_compatible(&dependency.version, &subchart.metadata.version)
    };
    let dependencies = &chart.metadata.dependencies;
    let found = |dependency| chart.dependencies.iter().position(|subchart| matches(dependency, subchart));
    let chosen: Vec<Option<usize>> = dependencies.iter().map(found).collect();
    let is_named = |subchart: &Chart| dependencies.iter().any(|dependency| matches(dependency, subchart));
    let kept: Vec<bool> = chart.dependencies.iter().map(|subchart| !is_named(subchart)).collect();
    let mut subcharts: Vec<Option<Chart>> =
        std::mem::take(&mut chart.dependencies).into_iter().map(Some).collect();
    let mut named = Vec::new();
    for (number, dependency) in dependencies.iter().enumerate() {
        let Some(place) = chosen[number] else { continue };
        // Only those that come once more, under another alias, are copied.
        let comes_again = chosen[number + 1..].contains(&Some(place));
        let subchart = if comes_again { subcharts[place].clone() } else { subcharts[place].take() };
        let Some(mut subchart) = subchart else { continue };
        *left = left.checked_sub(size(&subchart)).ok_or_else(|| {
            let name = &chart.metadata.name;
            format!("the dependencies of chart {name:?} take more than {MAX_DEPENDENCIES} bytes")
        })?;
        if !dependency.alias.is_empty() {
            subchart.metadata.name.clone_from(&dependency.alias);
        }
        named.push(subchart);
    }
    let unnamed = subcharts.into_iter().zip(kept).filter_map(|(subchart, kept)| subchart.filter(|_| kept));
    Ok(unnamed.chain(named).collect())
}

/// Refuses globals that take too much when each subchart has a copy of them.
fn check_globals(chart: &Chart, values: &Map<String, Value>) -> Result<(), String> {
    let given = values.get(GLOBAL).map_or(0, values_size);
    if copied_globals(chart, given) <= MAX_GLOBALS {
        return Ok(());
    }
    let name = chart.name();
    Err(format!("the globals for the dependencies of chart {name:?} take more than {MAX_GLOBALS} bytes"))
}

/// Bytes of the globals of all subcharts, each of which has those of its parents.
fn copied_globals(chart: &Chart, inherited: usize) -> usize {
    let all = inherited.saturating_add(chart.values.get(GLOBAL).map_or(0, values_size));
    let copies = chart.dependencies.iter().map(|subchart| all.saturating_add(copied_globals(subchart, all)));
    copies.fold(0, usize::saturating_add)
}

/// About how many bytes a chart takes with its subcharts.
fn size(chart: &Chart) -> usize {
    const CHART: usize = 2048;
    let files = chart.templates.iter().chain(&chart.files);
    let files: usize = files.map(|file| file.name.len() + file.data.len() + size_of::<File>()).sum();
    let schema = chart.schema.as_ref().map_or(0, |schema| schema.len());
    CHART + files + schema + values_size(&chart.values) + chart.dependencies.iter().map(size).sum::<usize>()
}

pub(crate) fn values_size(values: &Value) -> usize {
    const NODE: usize = 64;
    let inner = match values {
        Value::String(text) => text.len(),
        Value::Array(items) => items.iter().map(values_size).sum(),
        Value::Object(fields) => fields.iter().map(|(key, value)| key.len() + values_size(value)).sum(),
        _ => 0,
    };
    NODE + inner
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
        process_dependencies(chart, &values, &mut Vec::new()).unwrap();
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
