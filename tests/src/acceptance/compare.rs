//! Comparing what was collected with what was recorded.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::normalise::python_json;

/// Most differences that are shown of one checkpoint.
const SHOWN_MAX: usize = 25;
/// Longest value that is shown in full, in bytes.
const SHOWN_LENGTH: usize = 700;

/// One place where two results differ.
#[derive(Debug, Clone, PartialEq)]
pub struct Difference {
    /// Where.
    pub path: String,
    /// What was recorded; `<absent>` when nothing.
    pub golden: Value,
    /// What was collected; `<absent>` when nothing.
    pub got: Value,
}

/// The differences of the `strict` parts of all checkpoints.
#[must_use]
pub fn differences(golden: &Value, got: &Value) -> Vec<Difference> {
    let empty = Map::new();
    let (golden, got) = (golden.as_object().unwrap_or(&empty), got.as_object().unwrap_or(&empty));
    let checkpoints: BTreeSet<&String> = golden.keys().chain(got.keys()).collect();
    let mut found = Vec::new();
    for checkpoint in checkpoints {
        let strict = |all: &Map<String, Value>| {
            all.get(checkpoint).and_then(|part| part.get("strict")).cloned().unwrap_or_default()
        };
        compare(&strict(golden), &strict(got), checkpoint, &mut found);
    }
    found
}

/// The differences in the words of the black-box runner: path, `-` golden, `+` got.
#[must_use]
pub fn report(differences: &[Difference]) -> String {
    let shown = differences.iter().take(SHOWN_MAX);
    let mut text: String = shown
        .map(|difference| {
            let Difference { path, golden, got } = difference;
            format!("  {path}\n    - {}\n    + {}\n", show(golden), show(got))
        })
        .collect();
    if differences.len() > SHOWN_MAX {
        text.push_str(&format!("  ... {} more differences\n", differences.len() - SHOWN_MAX));
    }
    text
}

/// Replaces the values at a path of names, in which `*` stands for any, by `<masked>`.
pub(super) fn mask(value: &mut Value, path: &[&str]) {
    let Some((first, rest)) = path.split_first() else { return };
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| mask(item, path)),
        Value::Object(members) => {
            for (key, member) in members.iter_mut().filter(|(key, _)| *first == "*" || first == key) {
                let _ = key;
                if rest.is_empty() {
                    *member = Value::String("<masked>".to_owned());
                } else {
                    mask(member, rest);
                }
            }
        }
        _ => {}
    }
}

fn compare(golden: &Value, got: &Value, path: &str, found: &mut Vec<Difference>) {
    match (golden, got) {
        (Value::Object(a), Value::Object(b)) => {
            for key in a.keys().chain(b.keys()).collect::<BTreeSet<_>>() {
                let absent = Value::String("<absent>".to_owned());
                let path = format!("{path}.{key}");
                match (a.get(key), b.get(key)) {
                    (Some(a), Some(b)) => compare(a, b, &path, found),
                    (a, b) => found.push(Difference {
                        path,
                        golden: a.unwrap_or(&absent).clone(),
                        got: b.unwrap_or(&absent).clone(),
                    }),
                }
            }
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            for (index, (a, b)) in a.iter().zip(b).enumerate() {
                compare(a, b, &format!("{path}[{index}]"), found);
            }
        }
        (Value::Number(a), Value::Number(b)) if a.as_f64() == b.as_f64() => {}
        (a, b) if a == b => {}
        (a, b) => found.push(Difference { path: path.to_owned(), golden: a.clone(), got: b.clone() }),
    }
}

fn show(value: &Value) -> String {
    let text = match value {
        Value::String(text) if !text.contains('\n') => text.clone(),
        other => python_json(other),
    };
    match text.char_indices().nth(SHOWN_LENGTH) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn differences_name_their_place() {
        let golden = json!({"final": {"strict": {"a": [1, {"b": 2}], "c": [1], "d": 1.0}}});
        let got = json!({"final": {"strict": {"a": [1, {"b": 3}], "c": [], "d": 1}, "info": 1}});
        let found = differences(&golden, &got);
        assert_eq!(report(&found), "  final.a[1].b\n    - 2\n    + 3\n  final.c\n    - [1]\n    + []\n");
        assert_eq!(differences(&golden, &json!({}))[0].path, "final");
    }

    #[test]
    fn masks_reach_through_any_name() {
        let mut value = json!({"a": {"x": {"n": 1}, "y": {"n": 2, "m": 3}}});
        mask(&mut value, &["a", "*", "n"]);
        assert_eq!(value, json!({"a": {"x": {"n": "<masked>"}, "y": {"n": "<masked>", "m": 3}}}));
    }
}
