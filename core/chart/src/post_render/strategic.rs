//! Strategic merge patches as kustomize applies them (Go package `sigs.k8s.io/kustomize/kyaml/yaml/merge2`): nulls and
//! `$patch: delete` remove, `$patch: replace` replaces, items of a patch come before those of the object.

use serde_json::{Map, Value};

use super::merge_keys::{ListKind, list_kind};

/// Name of the field with a directive.
const DIRECTIVE: &str = "$patch";

/// The patched object; nothing when the patch deletes it.
pub(super) fn merge(
    object: Map<String, Value>,
    patch: &Map<String, Value>,
) -> Result<Option<Map<String, Value>>, String> {
    let text = |field: &str| object.get(field).and_then(Value::as_str).unwrap_or_default().to_owned();
    let mut merge = Merge { api_version: text("apiVersion"), kind: text("kind"), path: Vec::new() };
    match merge.value(Some(Value::Object(object)), Value::Object(patch.clone()))? {
        Some(Value::Object(merged)) => Ok(Some(merged)),
        _ => Ok(None),
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Directive {
    Merge,
    Replace,
    Delete,
}

struct Merge {
    api_version: String,
    kind: String,
    /// Field names on the way to the value.
    path: Vec<String>,
}

impl Merge {
    /// The value after the patch; nothing when it is removed.
    fn value(&mut self, value: Option<Value>, patch: Value) -> Result<Option<Value>, String> {
        let value = value.filter(|value| !value.is_null());
        match (value, patch) {
            (_, Value::Null) => Ok(None),
            (None, Value::Object(patch)) => self.map(Map::new(), patch),
            (Some(Value::Object(map)), Value::Object(patch)) => self.map(map, patch),
            (None, Value::Array(patch)) => self.list(Vec::new(), patch),
            (Some(Value::Array(items)), Value::Array(patch)) => self.list(items, patch),
            (None | Some(Value::Bool(_) | Value::Number(_) | Value::String(_)), patch)
                if !patch.is_object() && !patch.is_array() =>
            {
                Ok(Some(patch))
            }
            (value, patch) => Err(format!(
                "wrong node kind: expected {} but got {} at {}",
                value.as_ref().map_or("nothing", node_kind),
                node_kind(&patch),
                self.path.join(".")
            )),
        }
    }

    fn map(
        &mut self,
        mut map: Map<String, Value>,
        mut patch: Map<String, Value>,
    ) -> Result<Option<Value>, String> {
        match directive(patch.remove(DIRECTIVE).as_ref())? {
            Directive::Delete => return Ok(None),
            Directive::Replace => map = Map::new(),
            Directive::Merge => {}
        }
        for (key, patch) in patch {
            self.path.push(key.clone());
            let merged = self.value(map.remove(&key), patch)?;
            self.path.pop();
            if let Some(merged) = merged {
                map.insert(key, merged);
            }
        }
        Ok(Some(Value::Object(map)))
    }

    fn list(&mut self, mut items: Vec<Value>, mut patch: Vec<Value>) -> Result<Option<Value>, String> {
        let kind = list_kind(&self.api_version, &self.kind, &self.path);
        if kind == ListKind::Atomic {
            return Ok(Some(Value::Array(patch)));
        }
        let is_directive =
            |item: &Value| item.as_object().is_some_and(|map| map.len() == 1 && map.contains_key(DIRECTIVE));
        if let Some(at) = patch.iter().position(is_directive) {
            match directive(patch.remove(at).get(DIRECTIVE))? {
                Directive::Delete => return Ok(None),
                Directive::Replace => return Ok(Some(Value::Array(patch))),
                Directive::Merge => {}
            }
        }
        let ListKind::Keyed(keys) = kind else {
            items.retain(|item| !patch.contains(item));
            patch.extend(items);
            return Ok(Some(Value::Array(patch)));
        };
        self.keyed(items, patch, keys).map(|items| Some(Value::Array(items)))
    }

    fn keyed(
        &mut self,
        mut items: Vec<Value>,
        patch: Vec<Value>,
        keys: &[&str],
    ) -> Result<Vec<Value>, String> {
        let mut first = Vec::new();
        for patch in patch {
            let found = items.iter().position(|item| is_same(item, &patch, keys));
            // With several keys the item keeps its place, with one key the patch decides about it.
            match found {
                Some(at) if keys.len() > 1 => {
                    let item = std::mem::take(&mut items[at]);
                    match self.value(Some(item), patch)? {
                        Some(merged) => items[at] = merged,
                        None => drop(items.remove(at)),
                    }
                }
                Some(at) => first.extend(self.value(Some(items.remove(at)), patch)?),
                None => first.extend(self.value(None, patch)?),
            }
        }
        first.extend(items);
        Ok(first)
    }
}

/// Whether two items have the same keys; with several keys, those that one of them lacks do not count.
fn is_same(item: &Value, patch: &Value, keys: &[&str]) -> bool {
    let mut common = false;
    for key in keys {
        match (item.get(key), patch.get(key)) {
            (Some(left), Some(right)) if left == right => common = true,
            (Some(_), Some(_)) => return false,
            _ => {}
        }
    }
    common
}

fn directive(value: Option<&Value>) -> Result<Directive, String> {
    match value.map(|value| value.as_str().unwrap_or_default()) {
        None | Some("merge") => Ok(Directive::Merge),
        Some("replace") => Ok(Directive::Replace),
        Some("delete") => Ok(Directive::Delete),
        Some(other) => Err(format!("unknown patch strategy '{other}'")),
    }
}

fn node_kind(value: &Value) -> &'static str {
    match value {
        Value::Object(_) => "MappingNode",
        Value::Array(_) => "SequenceNode",
        _ => "ScalarNode",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn pod(spec: Value) -> Value {
        json!({"apiVersion": "v1", "kind": "Pod", "spec": spec})
    }

    fn merged(object: &Value, patch: &Value) -> Result<Value, String> {
        let merged = merge(object.as_object().unwrap().clone(), patch.as_object().unwrap())?;
        Ok(merged.map_or(Value::Null, Value::Object))
    }

    #[test]
    fn patches_merge_as_in_kustomize() {
        let containers =
            json!([{"name": "a", "image": "1"}, {"name": "b", "env": [{"name": "x", "value": "1"}]}]);
        let cases = [
            (
                json!({"x": {"y": 1, "z": 2}}),
                json!({"x": {"y": null, "w": 3}}),
                json!({"x": {"z": 2, "w": 3}}),
            ),
            (
                json!({"containers": containers}),
                json!({"containers": [{"name": "b", "env": [{"name": "y"}, {"name": "x", "value": "2"}]}, {"name": "c"}]}),
                json!({"containers": [
                    {"name": "b", "env": [{"name": "y"}, {"name": "x", "value": "2"}]}, {"name": "c"},
                    {"name": "a", "image": "1"},
                ]}),
            ),
            (
                json!({"containers": containers}),
                json!({"containers": [{"name": "a", "$patch": "delete"}, {"name": "b", "$patch": "replace"}]}),
                json!({"containers": [{"name": "b"}]}),
            ),
            (
                json!({"volumes": [{"name": "v"}]}),
                json!({"volumes": [{"$patch": "replace"}, {"name": "w"}]}),
                json!({"volumes": [{"name": "w"}]}),
            ),
            (json!({"tolerations": [1]}), json!({"tolerations": [2]}), json!({"tolerations": [2]})),
            (
                json!({"containers": [{"name": "a", "ports": [{"containerPort": 1, "protocol": "TCP"}]}]}),
                json!({"containers": [{"name": "a", "ports": [{"containerPort": 1, "name": "n"}, {"containerPort": 2}]}]}),
                json!({"containers": [{"name": "a", "ports": [
                    {"containerPort": 2}, {"containerPort": 1, "protocol": "TCP", "name": "n"},
                ]}]}),
            ),
        ];
        for (before, patch, after) in cases {
            assert_eq!(merged(&pod(before), &json!({"spec": patch})), Ok(pod(after)));
        }
    }

    #[test]
    fn objects_are_deleted_and_errors_named() {
        assert_eq!(merged(&pod(json!({})), &json!({"$patch": "delete"})), Ok(Value::Null));
        assert_eq!(
            merged(&pod(json!({})), &json!({"$patch": "x"})),
            Err("unknown patch strategy 'x'".to_owned())
        );
        assert!(
            merged(&pod(json!({"a": 1})), &json!({"spec": {"a": {}}}))
                .unwrap_err()
                .contains("wrong node kind")
        );
    }
}
