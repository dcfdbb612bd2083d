//! Strategic merge patch (`k8s.io/apimachinery/pkg/util/strategicpatch`), with `$patch`, `$deleteFromPrimitiveList`,
//! `$setElementOrder` and `$retainKeys`.

use serde_json::{Map, Value};

use super::super::schema::{Strategic, Type, Typed};

const DIRECTIVE: &str = "$patch";
const RETAIN: &str = "$retainKeys";
const DELETE_ITEMS: &str = "$deleteFromPrimitiveList/";
const ORDER: &str = "$setElementOrder/";

/// Changes `target` as the patch says. Lists without a merge strategy are replaced.
pub(crate) fn strategic_patch(typed: Typed<'_>, target: &mut Value, patch: &Value) {
    let Value::Object(changes) = patch else {
        *target = patch.clone();
        return;
    };
    match changes.get(DIRECTIVE).and_then(Value::as_str) {
        Some("replace") => {
            *target = without_directives(patch);
            return;
        }
        Some("delete") => {
            *target = Value::Object(Map::new());
            return;
        }
        _ => {}
    }
    if !target.is_object() {
        *target = Value::Object(Map::new());
    }
    let Value::Object(fields) = target else { return };
    retain_keys(fields, changes);
    for (key, change) in changes.iter().filter(|(key, _)| !key.starts_with('$')) {
        let order = changes.get(&format!("{ORDER}{key}")).and_then(Value::as_array);
        merge_field(typed.member(key).0, fields, key, change, order);
    }
    for (key, change) in changes {
        if let Some(list) = key.strip_prefix(DELETE_ITEMS) {
            delete_items(fields, list, change);
        }
    }
}

fn retain_keys(fields: &mut Map<String, Value>, changes: &Map<String, Value>) {
    if let Some(kept) = changes.get(RETAIN).and_then(Value::as_array) {
        fields.retain(|key, _| kept.iter().any(|name| name.as_str() == Some(key)));
    }
}

fn merge_field(
    typed: Typed<'_>,
    fields: &mut Map<String, Value>,
    key: &str,
    change: &Value,
    order: Option<&Vec<Value>>,
) {
    match (typed.get(), change) {
        (_, Value::Null) => {
            fields.remove(key);
        }
        (_, Value::Array(_)) if !fields.contains_key(key) => {
            fields.insert(key.to_owned(), without_directives(change));
        }
        (Type::List { strategic, .. }, Value::Array(changes)) => {
            let slot = fields.entry(key.to_owned()).or_insert_with(|| Value::Array(Vec::new()));
            if !slot.is_array() {
                *slot = Value::Array(Vec::new());
            }
            let Value::Array(items) = slot else { return };
            merge_list(typed, strategic, items, changes, order);
        }
        (_, Value::Object(_)) => {
            strategic_patch(typed, fields.entry(key.to_owned()).or_insert(Value::Null), change);
        }
        _ => {
            fields.insert(key.to_owned(), change.clone());
        }
    }
}

fn merge_list(
    typed: Typed<'_>,
    strategic: &Strategic,
    items: &mut Vec<Value>,
    changes: &[Value],
    order: Option<&Vec<Value>>,
) {
    let replace = changes.iter().any(|change| {
        change.get(DIRECTIVE).and_then(Value::as_str) == Some("replace")
            && change.as_object().is_some_and(|fields| fields.len() == 1)
    });
    if replace || *strategic == Strategic::Replace {
        *items = changes.iter().filter(|change| change.get(DIRECTIVE).is_none()).cloned().collect();
        return;
    }
    let live = items.clone();
    for change in changes {
        let found = match strategic {
            Strategic::MergeKey(key) => items.iter().position(|item| item.get(key) == change.get(key)),
            _ => items.iter().position(|item| item == change),
        };
        let deleted = change.get(DIRECTIVE).and_then(Value::as_str) == Some("delete");
        match (found, deleted) {
            (Some(index), true) => {
                items.remove(index);
            }
            (None, true) => {}
            (Some(index), false) => strategic_patch(typed.item(), &mut items[index], change),
            (None, false) => items.push(without_directives(change)),
        }
    }
    let key = match strategic {
        Strategic::MergeKey(key) => Some(key.as_str()),
        _ => None,
    };
    let label = |item: &Value| match key {
        Some(key) if item.is_object() => item.get(key).cloned().unwrap_or(Value::Null),
        _ => item.clone(),
    };
    order_items(label, items, order.map_or(changes, Vec::as_slice), &live);
}

fn delete_items(fields: &mut Map<String, Value>, list: &str, gone: &Value) {
    let Some(Value::Array(items)) = fields.get_mut(list) else { return };
    let gone = gone.as_array().map(Vec::as_slice).unwrap_or_default();
    items.retain(|item| !gone.contains(item));
}

/// Items that the order names come in that order. Each other item comes before those that it preceded in the live list.
fn order_items(label: impl Fn(&Value) -> Value, items: &mut Vec<Value>, order: &[Value], live: &[Value]) {
    let order: Vec<Value> = order.iter().map(&label).collect();
    let live: Vec<Value> = live.iter().map(&label).collect();
    let place = |list: &[Value], item: &Value| list.iter().position(|other| *other == label(item));
    let (mut named, others): (Vec<Value>, Vec<Value>) =
        std::mem::take(items).into_iter().partition(|item| place(&order, item).is_some());
    named.sort_by_key(|item| place(&order, item));
    let (mut named, mut others) = (named.into_iter().peekable(), others.into_iter().peekable());
    while let (Some(left), Some(right)) = (named.peek(), others.peek()) {
        let right_first = matches!((place(&live, left), place(&live, right)), (Some(l), Some(r)) if r < l);
        items.extend(if right_first { others.next() } else { named.next() });
    }
    items.extend(named.chain(others));
}

fn without_directives(value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            let kept = fields.iter().filter(|(key, value)| !key.starts_with('$') && !value.is_null());
            Value::Object(kept.map(|(key, value)| (key.clone(), without_directives(value))).collect())
        }
        Value::Array(items) => {
            let directive = |item: &&Value| item.get(DIRECTIVE).is_some();
            items.iter().filter(|item| !directive(item)).map(without_directives).collect()
        }
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::super::schema::{builtin_kinds, builtin_schema};
    use super::*;

    fn patched(target: Value, patch: &Value) -> Value {
        let found = builtin_kinds().iter().find(|entry| entry.kind == "Pod").expect("known kind");
        let mut result = target;
        strategic_patch(Typed { schema: builtin_schema(), id: found.root }, &mut result, patch);
        result
    }

    fn pod(containers: Value) -> Value {
        json!({"spec": {"containers": containers}})
    }

    #[test]
    fn keyed_lists_merge() {
        let start =
            pod(json!([{"name": "a", "image": "1", "args": ["x", "y"]}, {"name": "b", "image": "1"}]));
        for (patch, expected) in [
            (
                json!([{"name": "b", "image": "2"}]),
                json!([{"name": "a", "image": "1", "args": ["x", "y"]}, {"name": "b", "image": "2"}]),
            ),
            (json!([{"name": "a", "$patch": "delete"}]), json!([{"name": "b", "image": "1"}])),
            (
                json!([{"name": "a", "args": ["z"]}]),
                json!([{"name": "a", "image": "1", "args": ["z"]}, {"name": "b", "image": "1"}]),
            ),
            (json!([{"$patch": "replace"}, {"name": "c"}]), json!([{"name": "c"}])),
        ] {
            assert_eq!(patched(start.clone(), &pod(patch)), pod(expected));
        }
    }

    #[test]
    fn order_directives_order() {
        let start = pod(json!([{"name": "a"}, {"name": "b"}]));
        let patch = json!({"spec": {"$setElementOrder/containers": [{"name": "c"}, {"name": "b"}, {"name": "a"}],
            "containers": [{"name": "c"}]}});
        assert_eq!(patched(start, &patch), pod(json!([{"name": "c"}, {"name": "b"}, {"name": "a"}])));
    }

    #[test]
    fn finalizers_are_a_set() {
        let start = json!({"metadata": {"finalizers": ["a", "b"]}});
        let patch = json!({"metadata": {"finalizers": ["c"], "$deleteFromPrimitiveList/finalizers": ["a"]}});
        assert_eq!(patched(start, &patch), json!({"metadata": {"finalizers": ["c", "b"]}}));
    }
}
