//! Paths into JSON: names separated by dots, `\.` for a dot in a name, `[0]` for an item.

use serde_json::{Map, Value};

/// The value at a path; `None` when it does not exist or is null.
pub(super) fn get<'a>(value: &'a Value, path: &str) -> Option<&'a Value> {
    let mut current = value;
    for part in parts(path) {
        current = match part {
            Part::Name(name) => current.get(&name)?,
            Part::Item(index) => current.get(index)?,
        };
    }
    (!current.is_null()).then_some(current)
}

/// Sets the value at a path of names; null removes it.
pub(super) fn set(value: &mut Value, path: &str, new: &Value) {
    let names: Vec<String> = parts(path)
        .into_iter()
        .filter_map(|part| match part {
            Part::Name(name) => Some(name),
            Part::Item(_) => None,
        })
        .collect();
    let Some((last, before)) = names.split_last() else { return };
    let mut current = value;
    for name in before {
        let Value::Object(members) = current else { return };
        current = members.entry(name.clone()).or_insert_with(|| Value::Object(Map::new()));
    }
    let Value::Object(members) = current else { return };
    if new.is_null() {
        members.remove(last);
    } else {
        members.insert(last.clone(), new.clone());
    }
}

enum Part {
    Name(String),
    Item(usize),
}

fn parts(path: &str) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut name = String::new();
    let mut characters = path.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => name.extend(characters.next()),
            '.' => push(&mut parts, &mut name),
            '[' => {
                push(&mut parts, &mut name);
                let digits: String = characters.by_ref().take_while(|c| *c != ']').collect();
                parts.push(Part::Item(digits.parse().unwrap_or(usize::MAX)));
            }
            other => name.push(other),
        }
    }
    push(&mut parts, &mut name);
    parts
}

fn push(parts: &mut Vec<Part>, name: &mut String) {
    if !name.is_empty() {
        parts.push(Part::Name(std::mem::take(name)));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn paths_lead_to_values() {
        let value = json!({"a": {"b.c": [1, {"d": null}]}});
        for (path, found) in
            [("a.b\\.c[0]", Some(json!(1))), ("a.b\\.c[1].d", None), ("a.b\\.c[2]", None), ("a.x", None)]
        {
            assert_eq!(get(&value, path).cloned(), found, "{path}");
        }
    }

    #[test]
    fn values_are_set_and_removed() {
        let mut value = json!({"a": {"b": 1}});
        set(&mut value, "a.c\\.d.e", &json!(2));
        set(&mut value, "a.b", &Value::Null);
        assert_eq!(value, json!({"a": {"c.d": {"e": 2}}}));
    }
}
