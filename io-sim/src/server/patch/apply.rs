//! Server-side apply: merging a configuration into the live object (`sigs.k8s.io/structured-merge-diff`).

use std::collections::BTreeMap;

use pilothouse_protocol::ApiError;
use serde_json::{Map, Value};

use super::super::fields::{PathElement, compare, display_path, fields_of, item_element, remove_fields};
use super::super::kinds::Kind;
use super::super::managed::{Conflict, ManagedFields, Writer, ownable};
use super::super::schema::{ListKind, Typed, first_unknown};

/// The outcome of an apply, before defaults and validation.
#[derive(Debug)]
pub(crate) struct Applied {
    /// The merged object.
    pub(crate) object: Value,
    /// The new owners.
    pub(crate) managed: ManagedFields,
}

/// Applies a configuration to the live object, or to nothing.
///
/// # Errors
///
/// A configuration that the schema refuses, and conflicts with other managers unless `force`.
pub(crate) fn apply(
    kind: &Kind,
    live: Option<(&Value, &ManagedFields)>,
    config: &Value,
    writer: &Writer<'_>,
    force: bool,
) -> Result<Applied, ApiError> {
    let typed = kind.typed();
    check(kind, typed, config)?;
    let own = ownable(&fields_of(typed, config), writer.subresource, kind.status);
    let mut managed = live.map(|(_, managed)| managed.clone()).unwrap_or_default();
    let mut object = live.map_or_else(|| Value::Object(Map::new()), |(object, _)| object.clone());
    if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.remove("managedFields");
    }
    merge(typed, &mut object, config);
    if let Some(last) = managed.applied_by(writer) {
        let kept = managed.others(writer).union(&own).with_named_parents();
        let gone = last.with_named_parents().difference(&kept);
        remove_fields(typed, &mut object, &ownable(&gone, writer.subresource, kind.status));
    }
    let changes = compare(typed, live.map(|(object, _)| object), Some(&object), false);
    let conflicts = managed.conflicts(writer, &changes);
    if !force && !conflicts.is_empty() {
        return Err(conflict_error(&conflicts));
    }
    managed.record_apply(writer, own, &changes);
    Ok(Applied { object, managed })
}

fn check(kind: &Kind, typed: Typed<'_>, config: &Value) -> Result<(), ApiError> {
    let text = |pointer: &str| config.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
    let problem = if kind.is_builtin() { first_unknown(typed, config) } else { None };
    let problem = problem.map(|path| format!("{path}: field not declared in schema"));
    let problem = problem.or_else(|| duplicate(typed, config, &mut Vec::new()));
    let Some(problem) = problem else { return Ok(()) };
    let (namespace, name) = (text("/metadata/namespace"), text("/metadata/name"));
    let message = format!("failed to create typed patch object ({namespace}/{name}; {}): {problem}", kind.go_name());
    Err(ApiError::new(500, "", message))
}

/// The first list item that occurs twice.
fn duplicate(typed: Typed<'_>, value: &Value, path: &mut Vec<PathElement>) -> Option<String> {
    if typed.is_atomic() {
        return None;
    }
    match value {
        Value::Object(fields) => fields.iter().find_map(|(key, member)| {
            path.push(PathElement::field(key));
            let found = duplicate(typed.member(key).0, member, path);
            path.pop();
            found
        }),
        Value::Array(items) => {
            let mut seen = Vec::new();
            items.iter().find_map(|item| {
                let element = item_element(typed, item)?;
                if seen.contains(&element) {
                    let list = display_path(path);
                    let entry = display_path(&[element]);
                    return Some(format!("{list}: duplicate entries for key {entry}"));
                }
                path.push(element.clone());
                seen.push(element);
                let found = duplicate(typed.item(), item, path);
                path.pop();
                found
            })
        }
        _ => None,
    }
}

fn merge(typed: Typed<'_>, target: &mut Value, config: &Value) {
    match (&mut *target, config) {
        (Value::Object(fields), Value::Object(wanted)) if !typed.is_atomic() => {
            for (key, value) in wanted {
                match fields.get_mut(key) {
                    Some(existing) => merge(typed.member(key).0, existing, value),
                    None => {
                        fields.insert(key.clone(), value.clone());
                    }
                }
            }
        }
        (Value::Array(items), Value::Array(wanted)) if *typed.list_kind() != ListKind::Atomic => {
            *items = merge_items(typed, std::mem::take(items), wanted);
        }
        (target, config) => *target = config.clone(),
    }
}

/// Items of both lists: those that only the live list has keep their place, the others follow the configuration.
fn merge_items(typed: Typed<'_>, live: Vec<Value>, wanted: &[Value]) -> Vec<Value> {
    let order: Vec<_> = wanted.iter().filter_map(|item| item_element(typed, item)).collect();
    let mut shared = BTreeMap::new();
    let mut sequence = Vec::new();
    for item in live {
        let Some(element) = item_element(typed, &item) else { continue };
        let only_live = !order.contains(&element);
        sequence.push((element.clone(), only_live));
        shared.insert(element, item);
    }
    let mut result = Vec::new();
    let mut next_wanted = wanted.iter().zip(&order).peekable();
    for (element, only_live) in sequence {
        if only_live {
            result.extend(shared.remove(&element));
            continue;
        }
        while let Some((item, wanted_element)) = next_wanted.next_if(|_| shared.contains_key(&element)) {
            result.push(merged_item(typed, shared.remove(wanted_element), item));
        }
    }
    result.extend(next_wanted.map(|(item, element)| merged_item(typed, shared.remove(element), item)));
    result
}

fn merged_item(typed: Typed<'_>, live: Option<Value>, wanted: &Value) -> Value {
    let Some(mut item) = live else { return wanted.clone() };
    merge(typed.item(), &mut item, wanted);
    item
}

fn conflict_error(conflicts: &[Conflict]) -> ApiError {
    let mut by_manager: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for conflict in conflicts {
        let paths = conflict.fields.paths();
        by_manager.entry(&conflict.manager).or_default().extend(paths.iter().map(|path| display_path(path)));
    }
    let count: usize = by_manager.values().map(Vec::len).sum();
    if let (1, Some((manager, paths))) = (count, by_manager.first_key_value()) {
        let message = format!("Apply failed with 1 conflict: conflict with {manager}: {}", paths.join(""));
        return ApiError::new(409, "Conflict", message);
    }
    let mut lines = Vec::new();
    for (manager, paths) in by_manager {
        lines.push(format!("conflicts with {manager}:"));
        lines.extend(paths.into_iter().map(|path| format!("- {path}")));
    }
    let message = format!("Apply failed with {count} conflicts: {}", lines.join("\n"));
    ApiError::new(409, "Conflict", message)
}
