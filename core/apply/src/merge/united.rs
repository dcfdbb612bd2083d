//! What either of two documents of one object has.

use serde_json::{Map, Value};

use super::schema::{Field, Schema, Strategy};

/// All that `first` or `second` has, as far as it can be told apart; where they disagree, what `first` says.
pub(crate) fn united(first: &Value, second: &Value, schema: &'static Schema) -> Value {
    match (first, second) {
        (Value::Object(first), Value::Object(second)) => Value::Object(unite_maps(first, second, schema)),
        _ => first.clone(),
    }
}

fn unite_maps(
    first: &Map<String, Value>,
    second: &Map<String, Value>,
    schema: &'static Schema,
) -> Map<String, Value> {
    let mut all = first.clone();
    for (key, value) in second {
        match all.get_mut(key) {
            None => {
                all.insert(key.clone(), value.clone());
            }
            Some(known) => *known = unite_field(known, value, schema.field(key)),
        }
    }
    all
}

fn unite_field(first: &Value, second: &Value, field: Field) -> Value {
    match (first, second, field.strategy) {
        (Value::Object(first), Value::Object(second), Strategy::Default) => {
            Value::Object(unite_maps(first, second, field.schema))
        }
        (Value::Array(first), Value::Array(second), Strategy::MergeBy(key)) => {
            Value::Array(unite_elements(first, second, key, field.schema))
        }
        (Value::Array(first), Value::Array(second), Strategy::MergeSet) => {
            let new = second.iter().filter(|value| !first.contains(value));
            Value::Array(first.iter().chain(new).cloned().collect())
        }
        _ => first.clone(),
    }
}

fn unite_elements(first: &[Value], second: &[Value], key: &str, schema: &'static Schema) -> Vec<Value> {
    let mut all = first.to_vec();
    for element in second {
        let known =
            all.iter_mut().find(|known| known.get(key).is_some() && known.get(key) == element.get(key));
        match known {
            None => all.push(element.clone()),
            Some(known) => *known = united(known, element, schema),
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use pilothouse_protocol::GroupVersionKind;
    use serde_json::json;

    use super::*;

    #[test]
    fn maps_lists_with_keys_and_sets_are_united() {
        let schema = crate::merge::schema::of(&GroupVersionKind::new("v1", "Pod")).unwrap();
        let first = json!({"metadata": {"finalizers": ["a"], "labels": {"x": "1"}}, "spec": {"containers": [
            {"name": "web", "image": "web:1", "args": ["a"]}]}});
        let second = json!({"metadata": {"finalizers": ["a", "b"], "labels": {"x": "2", "y": "3"}}, "spec": {
            "nodeSelector": {"n": "m"}, "containers": [
            {"name": "web", "image": "web:2", "args": ["b"], "tty": true}, {"name": "sidecar"}]}});
        assert_eq!(
            united(&first, &second, schema),
            json!({"metadata": {"finalizers": ["a", "b"], "labels": {"x": "1", "y": "3"}}, "spec": {
                "nodeSelector": {"n": "m"}, "containers": [
                {"name": "web", "image": "web:1", "args": ["a"], "tty": true}, {"name": "sidecar"}]}})
        );
    }
}
