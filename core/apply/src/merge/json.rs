//! JSON merge patches (RFC 7386) between two or three documents.

use serde_json::{Map, Value};

/// What turns `original` into `target`.
pub(crate) fn two_way(original: &Value, target: &Value) -> Value {
    three_way(original, target, original)
}

/// What turns `live` into `target`, where only what `original` had and `target` lacks is removed.
pub(crate) fn three_way(original: &Value, target: &Value, live: &Value) -> Value {
    let empty = Map::new();
    let fields = |value: &'_ Value| value.as_object().cloned();
    let Some(target) = target.as_object() else { return Value::Object(empty) };
    let original = fields(original).unwrap_or_default();
    let live = fields(live).unwrap_or_default();
    let mut patch = Map::new();
    for (key, wanted) in target {
        if let Some(change) = change(original.get(key), wanted, live.get(key)) {
            patch.insert(key.clone(), change);
        }
    }
    for key in original.keys().filter(|key| !target.contains_key(*key) && live.contains_key(*key)) {
        patch.insert(key.clone(), Value::Null);
    }
    Value::Object(patch)
}

fn change(original: Option<&Value>, wanted: &Value, live: Option<&Value>) -> Option<Value> {
    match (wanted, live) {
        (Value::Null, None) => None,
        (wanted, None) => Some(wanted.clone()),
        (Value::Object(_), Some(live @ Value::Object(_))) => {
            let patch = three_way(original.unwrap_or(&Value::Null), wanted, live);
            (patch != Value::Object(Map::new())).then_some(patch)
        }
        (wanted, Some(live)) => (wanted != live).then(|| wanted.clone()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_what_the_release_set_is_removed() {
        let cases = [
            (json!({"a": 1, "b": 2}), json!({"a": 1}), json!({"a": 1, "b": 2, "c": 3}), json!({"b": null})),
            (json!({"a": 1}), json!({"a": 2}), json!({"a": 3}), json!({"a": 2})),
            (json!({"a": 1}), json!({"a": 2}), json!({"a": 2}), json!({})),
            (json!({"l": [1]}), json!({"l": [1, 2]}), json!({"l": [1]}), json!({"l": [1, 2]})),
            (json!({"m": {"x": 1, "y": 2}}), json!({"m": {"x": 1}}), json!({"m": {"x": 1}}), json!({})),
            (json!({"m": {"x": 1}}), json!({"m": "text"}), json!({"m": {"x": 1}}), json!({"m": "text"})),
            (json!({}), json!({"n": null}), json!({}), json!({})),
        ];
        for (original, target, live, patch) in cases {
            assert_eq!(three_way(&original, &target, &live), patch, "{original} {target} {live}");
        }
    }

    #[test]
    fn without_the_live_object_all_differences_count() {
        assert_eq!(two_way(&json!({"a": 1, "b": 2}), &json!({"b": 3})), json!({"a": null, "b": 3}));
    }
}
