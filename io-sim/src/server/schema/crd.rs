//! The merge schema of a custom kind, from the `openAPIV3Schema` of its CustomResourceDefinition.

use serde_json::Value;

use super::{Field, ListKind, Schema, Strategic, Struct, Type, TypeId, builtin_kinds, builtin_schema};

/// The schema of a custom kind and its root type. `metadata` merges as in built-in kinds.
#[must_use]
pub fn structural_schema(open_api: &Value) -> (Schema, TypeId) {
    let mut schema = Schema::new();
    let metadata = copy_metadata(&mut schema);
    let root = convert(&mut schema, open_api);
    let text = schema.add(Type::Scalar('s'));
    if let Some(Type::Struct(known)) = schema.types.get_mut(root.0 as usize) {
        known.fields.insert("metadata".to_owned(), field(metadata, None));
        for name in ["apiVersion", "kind"] {
            known.fields.insert(name.to_owned(), field(text, None));
        }
    }
    (schema, root)
}

fn convert(schema: &mut Schema, node: &Value) -> TypeId {
    if flag(node, "x-kubernetes-int-or-string") {
        return schema.add(Type::Scalar('q'));
    }
    let new = match text(node, "type") {
        "object" => convert_object(schema, node),
        "array" => convert_list(schema, node),
        "string" => Type::Scalar('s'),
        "integer" => Type::Scalar('i'),
        "number" => Type::Scalar('n'),
        "boolean" => Type::Scalar('b'),
        _ if node.get("properties").is_some() => convert_object(schema, node),
        _ => return Schema::UNTYPED,
    };
    schema.add(new)
}

fn convert_object(schema: &mut Schema, node: &Value) -> Type {
    let atomic = text(node, "x-kubernetes-map-type") == "atomic";
    let open =
        flag(node, "x-kubernetes-preserve-unknown-fields") || flag(node, "x-kubernetes-embedded-resource");
    if let Some(properties) = node.get("properties").and_then(Value::as_object) {
        let mut known = Struct { atomic, open, ..Struct::default() };
        for (name, property) in properties {
            let id = convert(schema, property);
            known.fields.insert(name.clone(), field(id, property.get("default").cloned()));
        }
        return Type::Struct(known);
    }
    match node.get("additionalProperties") {
        Some(element @ Value::Object(_)) => Type::Map { element: convert(schema, element), atomic },
        _ if atomic => Type::Map { element: Schema::UNTYPED, atomic },
        _ if open => Type::Any,
        Some(Value::Bool(true)) => Type::Any,
        _ => Type::Struct(Struct { open: false, atomic, ..Struct::default() }),
    }
}

fn convert_list(schema: &mut Schema, node: &Value) -> Type {
    let element = node.get("items").map_or(Schema::UNTYPED, |items| convert(schema, items));
    let kind = match text(node, "x-kubernetes-list-type") {
        "set" => ListKind::Set,
        "map" => ListKind::Map(
            node.get("x-kubernetes-list-map-keys")
                .and_then(Value::as_array)
                .map(|keys| keys.iter().filter_map(|key| key.as_str().map(str::to_owned)).collect())
                .unwrap_or_default(),
        ),
        _ => ListKind::Atomic,
    };
    Type::List { element, kind, strategic: Strategic::Replace }
}

/// Copies `ObjectMeta` and what it refers to out of the built-in types.
fn copy_metadata(schema: &mut Schema) -> TypeId {
    let Some(config_map) = builtin_kinds().iter().find(|kind| kind.kind == "ConfigMap") else {
        return Schema::UNTYPED;
    };
    match builtin_schema().types.get(config_map.root.0 as usize) {
        Some(Type::Struct(known)) => {
            known.fields.get("metadata").map_or(Schema::UNTYPED, |metadata| copy(schema, metadata.id))
        }
        _ => Schema::UNTYPED,
    }
}

fn copy(schema: &mut Schema, id: TypeId) -> TypeId {
    let new = match builtin_schema().types.get(id.0 as usize).cloned().unwrap_or(Type::Any) {
        Type::Any => return Schema::UNTYPED,
        Type::Scalar(letter) => Type::Scalar(letter),
        Type::Map { element, atomic } => Type::Map { element: copy(schema, element), atomic },
        Type::List { element, kind, strategic } => {
            Type::List { element: copy(schema, element), kind, strategic }
        }
        Type::Struct(mut known) => {
            for field in known.fields.values_mut() {
                field.id = copy(schema, field.id);
            }
            Type::Struct(known)
        }
    };
    schema.add(new)
}

fn field(id: TypeId, default: Option<Value>) -> Field {
    Field { id, default, zero: false, retain_keys: false, wire: Vec::new(), optional: false }
}

fn flag(node: &Value, name: &str) -> bool {
    node.get(name).and_then(Value::as_bool).unwrap_or_default()
}

fn text<'a>(node: &'a Value, name: &str) -> &'a str {
    node.get(name).and_then(Value::as_str).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::Typed;
    use super::*;
    use crate::server::fields::problems;

    #[test]
    fn free_form_values_stay_open_and_known_objects_closed() {
        let open_api = json!({"type": "object", "properties": {"spec": {"type": "object", "properties": {
            "values": {"x-kubernetes-preserve-unknown-fields": true},
            "items": {"type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["id"],
                      "items": {"type": "object", "properties": {"id": {"type": "string"}}}}}}}});
        let (schema, id) = structural_schema(&open_api);
        let root = Typed { schema: &schema, id };
        assert!(problems(root, &json!({"spec": {"values": {"a": {"b": 1}}}})).is_empty());
        assert_eq!(
            problems(root, &json!({"spec": {"nope": 1}})),
            [".spec.nope: field not declared in schema"]
        );
        assert!(problems(root, &json!({"metadata": {"labels": {"x": "y"}}})).is_empty());
        let items = root.member("spec").0.member("items").0;
        assert_eq!(*items.list_kind(), ListKind::Map(vec!["id".to_owned()]));
    }
}
