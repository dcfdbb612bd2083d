//! Field sets of typed values: what a configuration names, what differs between two objects, what goes when fields go.

use serde_json::{Map, Value};

use super::super::schema::{ListKind, Type, Typed};
use super::{FieldSet, PathElement};

/// What differs between an old and a new object.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Comparison {
    /// Paths that only the new object has.
    pub added: FieldSet,
    /// Leaves whose value changed.
    pub modified: FieldSet,
    /// Paths that only the old object has.
    pub removed: FieldSet,
}

/// The paths that an applied configuration owns: leaves, items of keyed lists, free keys.
#[must_use]
pub fn fields_of(typed: Typed<'_>, value: &Value) -> FieldSet {
    let mut set = FieldSet::default();
    if typed.is_atomic() {
        return set;
    }
    match value {
        Value::Object(fields) => {
            for (key, member) in fields {
                let (inner, known) = typed.member(key);
                let leaf = is_leaf(inner, member) || member.as_object().is_some_and(Map::is_empty);
                set.graft(PathElement::field(key), leaf || !known, fields_of(inner, member));
            }
        }
        Value::Array(items) => {
            for item in items {
                if let Some(element) = item_element(typed, item) {
                    set.graft(element, true, fields_of(typed.item(), item));
                }
            }
        }
        _ => {}
    }
    set
}

/// Compares two objects path by path. `zero` says that the old object is an empty one of the kind, in which fields held
/// by value exist already (what a creation is compared with).
#[must_use]
pub fn compare(typed: Typed<'_>, old: Option<&Value>, new: Option<&Value>, zero: bool) -> Comparison {
    let mut result = Comparison::default();
    walk(typed, old, new, zero, &mut Vec::new(), &mut result);
    result
}

/// The path element of a list item; `None` in atomic lists.
#[must_use]
pub fn item_element(typed: Typed<'_>, item: &Value) -> Option<PathElement> {
    match typed.list_kind() {
        ListKind::Atomic => None,
        ListKind::Set => Some(PathElement::Value(item.to_string())),
        ListKind::Map(keys) => {
            let mut found = Map::new();
            for key in keys {
                if let Some(value) = item.get(key).filter(|value| !value.is_null()) {
                    found.insert(key.clone(), value.clone());
                } else if let Some(default) = key_default(typed.item(), key) {
                    found.insert(key.clone(), default.clone());
                }
            }
            Some(PathElement::key(found))
        }
    }
}

/// Takes the paths of `gone` out of a value, and everything below them.
pub fn remove_fields(typed: Typed<'_>, value: &mut Value, gone: &FieldSet) {
    match value {
        Value::Object(fields) => {
            fields.retain(|key, _| !gone.has_member(&PathElement::field(key)));
            for (key, member) in fields.iter_mut() {
                if let Some(below) = gone.children(&PathElement::field(key)) {
                    remove_fields(typed.member(key).0, member, below);
                }
            }
        }
        Value::Array(items) => {
            let mut kept = Vec::with_capacity(items.len());
            for mut item in std::mem::take(items) {
                let Some(element) = item_element(typed, &item) else {
                    kept.push(item);
                    continue;
                };
                if gone.has_member(&element) {
                    continue;
                }
                if let Some(below) = gone.children(&element) {
                    remove_fields(typed.item(), &mut item, below);
                }
                kept.push(item);
            }
            *items = kept;
        }
        _ => {}
    }
}

fn key_default<'a>(item: Typed<'a>, key: &str) -> Option<&'a Value> {
    match item.get() {
        Type::Struct(known) => known.fields.get(key).and_then(|field| field.default.as_ref()),
        _ => None,
    }
}

fn is_leaf(typed: Typed<'_>, value: &Value) -> bool {
    match value {
        Value::Object(_) => typed.is_atomic(),
        Value::Array(_) => *typed.list_kind() == ListKind::Atomic,
        _ => true,
    }
}

fn walk(
    typed: Typed<'_>,
    old: Option<&Value>,
    new: Option<&Value>,
    zero: bool,
    path: &mut Vec<PathElement>,
    result: &mut Comparison,
) {
    if old == new && !zero {
        return;
    }
    let old_leaf = old.is_some_and(|value| is_leaf(typed, value));
    let new_leaf = new.is_some_and(|value| is_leaf(typed, value));
    match (old, new) {
        (Some(_), Some(_)) if old_leaf || new_leaf => result.modified.insert(path),
        (None, Some(new)) if !zero || (new_leaf && !is_empty_object(new)) => result.added.insert(path),
        (Some(_), None) => result.removed.insert(path),
        _ => {}
    }
    let old = old.filter(|_| !old_leaf);
    let new = new.filter(|_| !new_leaf);
    walk_fields(typed, old, new, zero, path, result);
    walk_items(typed, old, new, path, result);
}

fn walk_fields(
    typed: Typed<'_>,
    old: Option<&Value>,
    new: Option<&Value>,
    zero: bool,
    path: &mut Vec<PathElement>,
    result: &mut Comparison,
) {
    let (old, new) = (old.and_then(Value::as_object), new.and_then(Value::as_object));
    for (key, before) in old.into_iter().flatten() {
        path.push(PathElement::field(key));
        walk(typed.member(key).0, Some(before), new.and_then(|new| new.get(key)), false, path, result);
        path.pop();
    }
    for (key, after) in
        new.into_iter().flatten().filter(|(key, _)| old.is_none_or(|old| !old.contains_key(*key)))
    {
        path.push(PathElement::field(key));
        walk(typed.member(key).0, None, Some(after), zero && is_zero_field(typed, key), path, result);
        path.pop();
    }
}

fn walk_items(
    typed: Typed<'_>,
    old: Option<&Value>,
    new: Option<&Value>,
    path: &mut Vec<PathElement>,
    result: &mut Comparison,
) {
    let (before, after) = (items_of(typed, old), items_of(typed, new));
    for (element, item) in &before {
        let other = after.iter().find(|(candidate, _)| candidate == element).map(|(_, item)| *item);
        path.push(element.clone());
        walk(typed.item(), Some(item), other, false, path, result);
        path.pop();
    }
    for (element, item) in
        after.iter().filter(|(element, _)| !before.iter().any(|(other, _)| other == element))
    {
        path.push(element.clone());
        walk(typed.item(), None, Some(item), false, path, result);
        path.pop();
    }
}

fn items_of<'v>(typed: Typed<'_>, list: Option<&'v Value>) -> Vec<(PathElement, &'v Value)> {
    let items = list.and_then(Value::as_array).into_iter().flatten();
    items.filter_map(|item| item_element(typed, item).map(|element| (element, item))).collect()
}

fn is_zero_field(typed: Typed<'_>, key: &str) -> bool {
    match typed.get() {
        Type::Struct(known) => known.fields.get(key).is_some_and(|field| field.zero),
        _ => false,
    }
}

fn is_empty_object(value: &Value) -> bool {
    value.as_object().is_some_and(Map::is_empty)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::super::schema::{builtin_kinds, builtin_schema};
    use super::*;

    fn typed(kind: &str) -> Typed<'static> {
        let found = builtin_kinds().iter().find(|entry| entry.kind == kind).expect("known kind");
        Typed { schema: builtin_schema(), id: found.root }
    }

    #[test]
    fn a_configuration_owns_leaves_items_and_atomic_values() {
        let value = json!({"spec": {"selector": {"matchLabels": {"a": "b"}}, "template": {"metadata": {"labels": {"a": "b"}},
            "spec": {"containers": [{"name": "c", "ports": [{"containerPort": 80}]}], "volumes": [{"name": "v", "emptyDir": {}}]}}}});
        assert_eq!(
            fields_of(typed("Deployment"), &value).encode(),
            json!({"f:spec": {"f:selector": {}, "f:template": {"f:metadata": {"f:labels": {"f:a": {}}},
                "f:spec": {"f:containers": {"k:{\"name\":\"c\"}": {".": {}, "f:name": {},
                    "f:ports": {"k:{\"containerPort\":80,\"protocol\":\"TCP\"}": {".": {}, "f:containerPort": {}}}}},
                    "f:volumes": {"k:{\"name\":\"v\"}": {".": {}, "f:emptyDir": {}, "f:name": {}}}}}}})
        );
    }

    #[test]
    fn a_creation_does_not_own_what_every_object_has() {
        let value = json!({"spec": {"replicas": 1, "selector": {"matchLabels": {"a": "b"}}, "strategy": {"type": "Recreate"},
            "template": {"metadata": {"labels": {"a": "b"}}, "spec": {"containers": [{"name": "c", "resources": {}}]}}}});
        assert_eq!(
            compare(typed("Deployment"), None, Some(&value), true).added.encode(),
            json!({"f:spec": {"f:replicas": {}, "f:selector": {}, "f:strategy": {"f:type": {}}, "f:template": {
                "f:metadata": {"f:labels": {".": {}, "f:a": {}}},
                "f:spec": {"f:containers": {"k:{\"name\":\"c\"}": {".": {}, "f:name": {}, "f:resources": {}}}}}}})
        );
    }

    #[test]
    fn comparison_names_added_modified_and_removed() {
        let old = json!({"data": {"a": "1", "b": "2"}});
        let new = json!({"data": {"a": "3", "c": "4"}});
        let found = compare(typed("ConfigMap"), Some(&old), Some(&new), false);
        assert_eq!(found.modified.encode(), json!({"f:data": {"f:a": {}}}));
        assert_eq!(found.added.encode(), json!({"f:data": {"f:c": {}}}));
        assert_eq!(found.removed.encode(), json!({"f:data": {"f:b": {}}}));
    }
}
