//! Server-side apply: merging a configuration into the live object (`sigs.k8s.io/structured-merge-diff`).

use std::collections::BTreeMap;

use pilothouse_protocol::ApiError;
use serde_json::{Map, Value};

use super::super::fields::{compare, display_path, fields_of, item_element, problems, remove_fields};
use super::super::kinds::Kind;
use super::super::managed::{Conflict, ManagedFields, Writer, ownable};
use super::super::schema::{ListKind, Typed};

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
    let own = ownable(&fields_of(typed, config), kind, writer.subresource);
    let mut managed = live.map(|(_, managed)| managed.read_again()).unwrap_or_default();
    if let Some((object, _)) = live.filter(|(_, managed)| managed.entries.is_empty()) {
        // What nobody owned was there before the first apply.
        let changes = compare(typed, None, Some(object), kind.is_builtin());
        managed.record_update(&Writer { manager: "before-first-apply", ..*writer }, &changes, kind);
    }
    let mut object = live.map_or_else(|| Value::Object(Map::new()), |(object, _)| object.clone());
    if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.remove("managedFields");
    }
    merge(typed, &mut object, config);
    if let Some(last) = managed.applied_by(writer) {
        let kept = managed.others(writer).union(&own).with_named_parents();
        let gone = last.with_named_parents().difference(&kept);
        remove_fields(typed, &mut object, &ownable(&gone, kind, writer.subresource));
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
    let found = problems(typed, config);
    let problem = match found.as_slice() {
        [] => return Ok(()),
        [only] => only.clone(),
        many => format!("errors:\n  {}", many.join("\n  ")),
    };
    let (namespace, name) = (text("/metadata/namespace"), text("/metadata/name"));
    let message =
        format!("failed to create typed patch object ({namespace}/{name}; {}): {problem}", kind.go_name());
    Err(ApiError::new(500, "", message))
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
        // A null is an empty map or list: what the manager applied before goes for another reason, the rest stays.
        (Value::Object(_), Value::Null) if !typed.is_atomic() => {}
        (Value::Array(_), Value::Null) if *typed.list_kind() != ListKind::Atomic => {}
        (target, config) => *target = config.clone(),
    }
}

/// Items of both lists. Items of the configuration keep its order; items that only the live list has stay where they
/// are relative to their neighbours, as far as the first rule allows.
fn merge_items(typed: Typed<'_>, live: Vec<Value>, wanted: &[Value]) -> Vec<Value> {
    let order: Vec<_> = wanted.iter().filter_map(|item| item_element(typed, item)).collect();
    let live_order: Vec<_> = live.iter().filter_map(|item| item_element(typed, item)).collect();
    let mut left: BTreeMap<_, _> = live_order.iter().cloned().zip(live).collect();
    let mut shared = order.iter().filter(|element| live_order.contains(element)).peekable();
    let mut result = Vec::new();
    let (mut l, mut r) = (0, 0);
    while l < live_order.len() || r < order.len() {
        if let (Some(mine), Some(theirs)) = (live_order.get(l), order.get(r))
            && mine != theirs
            && order.contains(mine)
            && shared.peek().is_some_and(|next| *next != mine)
        {
            // Shared, and its turn comes later.
            l += 1;
            continue;
        }
        if let Some(mine) = live_order.get(l) {
            if !order.contains(mine) {
                result.extend(left.remove(mine));
                l += 1;
                continue;
            }
            if order.get(r) == Some(mine) || !left.contains_key(mine) {
                l += 1;
            }
        }
        if let (Some(element), Some(item)) = (order.get(r), wanted.get(r)) {
            result.push(merged_item(typed, left.remove(element), item));
            shared.next_if(|next| *next == element);
            r += 1;
        }
    }
    result
}

fn merged_item(typed: Typed<'_>, live: Option<Value>, wanted: &Value) -> Value {
    let Some(mut item) = live else { return wanted.clone() };
    merge(typed.item(), &mut item, wanted);
    item
}

fn conflict_error(conflicts: &[Conflict]) -> ApiError {
    let mut by_manager: BTreeMap<(&str, &str), Vec<String>> = BTreeMap::new();
    for conflict in conflicts {
        let paths = conflict.fields.paths();
        by_manager
            .entry((&conflict.identity, &conflict.manager))
            .or_default()
            .extend(paths.iter().map(|path| display_path(path)));
    }
    let count: usize = by_manager.values().map(Vec::len).sum();
    if let (1, Some(((_, manager), paths))) = (count, by_manager.first_key_value()) {
        let message = format!("Apply failed with 1 conflict: conflict with {manager}: {}", paths.join(""));
        return ApiError::new(409, "Conflict", message);
    }
    let mut lines = Vec::new();
    for ((_, manager), paths) in by_manager {
        lines.push(format!("conflicts with {manager}:"));
        lines.extend(paths.into_iter().map(|path| format!("- {path}")));
    }
    let message = format!("Apply failed with {count} conflicts: {}", lines.join("\n"));
    ApiError::new(409, "Conflict", message)
}
