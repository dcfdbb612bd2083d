//! What decoding into a typed object does to JSON: unknown fields and nulls go, empty optional collections go, and
//! structs that are held by value appear.

use serde_json::{Map, Value};

use super::{Type, Typed};

/// Drops fields that the schema does not know.
pub fn drop_unknown(typed: Typed<'_>, value: &mut Value) {
    match value {
        Value::Object(fields) => {
            if let Type::Struct(known) = typed.get()
                && !known.open
            {
                fields.retain(|key, _| known.fields.contains_key(key));
            }
            for (key, member) in fields.iter_mut() {
                drop_unknown(typed.member(key).0, member);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| drop_unknown(typed.item(), item)),
        _ => {}
    }
}

/// Gives a built-in object the form that the server stores and returns.
pub fn normalise(typed: Typed<'_>, value: &mut Value) {
    match value {
        Value::Object(fields) => {
            if let Type::Struct(known) = typed.get() {
                fields.retain(|key, _| known.fields.contains_key(key));
                for (name, field) in known.fields.iter().filter(|(_, field)| field.zero) {
                    if matches!(typed.at(field.id).get(), Type::Struct(_)) && is_absent(fields, name) {
                        fields.insert(name.clone(), Value::Object(Map::new()));
                    }
                }
            }
            let of_texts = matches!(typed.get(), Type::Map { .. });
            for (key, member) in fields.iter_mut() {
                let inner = typed.member(key).0;
                if of_texts && member.is_null() && matches!(inner.get(), Type::Scalar('s' | 'y')) {
                    *member = Value::String(String::new());
                }
                normalise(inner, member);
            }
            fields.retain(|key, member| is_kept(typed.member(key).0, member));
        }
        Value::Array(items) => items.iter_mut().for_each(|item| normalise(typed.item(), item)),
        _ => {}
    }
}

fn is_absent(fields: &Map<String, Value>, name: &str) -> bool {
    fields.get(name).is_none_or(Value::is_null)
}

/// Optional collections are not serialised when empty; free-form values keep what they have.
fn is_kept(typed: Typed<'_>, value: &Value) -> bool {
    match (typed.get(), value) {
        (Type::Any, _) => true,
        (_, Value::Null) => false,
        (Type::List { .. }, Value::Array(items)) => !items.is_empty(),
        (Type::Map { .. }, Value::Object(fields)) => !fields.is_empty(),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::{builtin_kinds, builtin_schema};
    use super::*;

    fn typed(kind: &str) -> Typed<'static> {
        let found = builtin_kinds().iter().find(|entry| entry.kind == kind).expect("known kind");
        Typed { schema: builtin_schema(), id: found.root }
    }

    #[test]
    fn stored_form_has_no_empty_collections_but_value_structs() {
        let mut pod = json!({"metadata": {"name": "p", "labels": {}}, "nonsense": 1,
            "spec": {"containers": [{"name": "c", "env": []}], "nodeName": null, "volumes": [{"name": "v", "emptyDir": {}}]}});
        normalise(typed("Pod"), &mut pod);
        assert_eq!(
            pod,
            json!({"metadata": {"name": "p"}, "status": {},
                "spec": {"containers": [{"name": "c", "resources": {}}], "volumes": [{"name": "v", "emptyDir": {}}]}})
        );
    }
}
