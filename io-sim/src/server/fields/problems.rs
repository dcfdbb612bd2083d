//! What makes a configuration unfit for apply: unknown fields, wrong types, items that occur twice.

use serde_json::Value;

use super::super::schema::{Type, Typed};
use super::{PathElement, display_path, item_element};

/// All problems of a value, in the words of the apply parser (`sigs.k8s.io/structured-merge-diff/typed`).
#[must_use]
pub fn problems(typed: Typed<'_>, value: &Value) -> Vec<String> {
    let mut found = Vec::new();
    walk(typed, value, &mut Vec::new(), &mut found);
    found
}

fn walk(typed: Typed<'_>, value: &Value, path: &mut Vec<PathElement>, found: &mut Vec<String>) {
    if let Some(words) = mismatch(typed, value) {
        found.push(format!("{}: {words}", display_path(path)));
        return;
    }
    match value {
        Value::Object(fields) => {
            let closed = matches!(typed.get(), Type::Struct(known) if !known.open);
            let mut refused = false;
            for (key, member) in fields {
                let (inner, known) = typed.member(key);
                path.push(PathElement::field(key));
                if closed && !known {
                    // The rest of the fields is not looked at; which come first is chance there.
                    if !std::mem::replace(&mut refused, true) {
                        found.push(format!("{}: field not declared in schema", display_path(path)));
                    }
                } else {
                    walk(inner, member, path, found);
                }
                path.pop();
            }
        }
        Value::Array(items) => walk_items(typed, items, path, found),
        _ => {}
    }
}

fn walk_items(typed: Typed<'_>, items: &[Value], path: &mut Vec<PathElement>, found: &mut Vec<String>) {
    let mut seen = Vec::new();
    for (index, item) in items.iter().enumerate() {
        let keyed = item_element(typed, item);
        if let Some(element) = &keyed {
            if seen.contains(element) {
                let list = display_path(path);
                let entry = display_path(std::slice::from_ref(element));
                found.push(format!("{list}: duplicate entries for key {entry}"));
            }
            seen.push(element.clone());
        }
        path.push(keyed.unwrap_or_else(|| PathElement::Index(index.to_string())));
        walk(typed.item(), item, path, found);
        path.pop();
    }
}

fn mismatch(typed: Typed<'_>, value: &Value) -> Option<String> {
    if value.is_null() {
        return None;
    }
    let shown = || format!("&value.valueUnstructured{{Value:{}}}", go(value));
    match typed.get() {
        Type::Scalar('s' | 't' | 'y') if !value.is_string() => {
            Some(format!("expected string, got {}", shown()))
        }
        Type::Scalar('i' | 'n') if !value.is_number() => {
            Some(format!("expected numeric (int or float), got {}", go_type(value)))
        }
        Type::Scalar('b') if !value.is_boolean() => Some(format!("expected boolean, got {}", shown())),
        Type::Struct(_) | Type::Map { .. } if !value.is_object() => {
            Some(format!("expected map, got {}", shown()))
        }
        Type::List { .. } if !value.is_array() => Some(format!("expected list, got {}", shown())),
        _ => None,
    }
}

fn go(value: &Value) -> String {
    match value {
        Value::String(text) => format!("{text:?}"),
        Value::Object(_) => "map[string]interface {}{}".to_owned(),
        other => other.to_string(),
    }
}

fn go_type(value: &Value) -> &'static str {
    match value {
        Value::String(_) => "string",
        Value::Bool(_) => "bool",
        Value::Array(_) => "[]interface {}",
        _ => "map[string]interface {}",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::super::schema::{builtin_kinds, builtin_schema};
    use super::*;

    #[test]
    fn problems_are_named_like_the_server_does() {
        for (kind, value, expected) in [
            ("ConfigMap", json!({"date": {}}), vec![".date: field not declared in schema"]),
            ("ConfigMap", json!({"data": {"any": "x"}}), vec![]),
            (
                "ConfigMap",
                json!({"data": {"x": 1}}),
                vec![".data.x: expected string, got &value.valueUnstructured{Value:1}"],
            ),
            (
                "Deployment",
                json!({"spec": {"replicas": "three"}}),
                vec![".spec.replicas: expected numeric (int or float), got string"],
            ),
            (
                "Pod",
                json!({"spec": {"containers": [{"name": "c", "imag": "x"}, {"name": "c"}]}}),
                vec![
                    ".spec.containers[name=\"c\"].imag: field not declared in schema",
                    ".spec.containers: duplicate entries for key [name=\"c\"]",
                ],
            ),
        ] {
            let found = builtin_kinds().iter().find(|entry| entry.kind == kind).expect("known kind");
            assert_eq!(problems(Typed { schema: builtin_schema(), id: found.root }, &value), expected);
        }
    }
}
