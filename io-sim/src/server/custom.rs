//! Custom kinds: what a CustomResourceDefinition says about the objects of one version.

use std::collections::BTreeMap;
use std::sync::Arc;

use pilothouse_cel::Expression;
use pilothouse_protocol::GroupVersionKind;
use regex::Regex;
use serde_json::{Map, Value};

use super::custom_validation::Validator;
use super::kinds::{Definition, Kind, KindParts};
use super::schema::{Schema, TypeId, Typed, drop_unknown, normalise, structural_schema};

/// One version of a custom kind.
#[derive(Debug)]
pub struct CustomVersion {
    open_api: Value,
    schema: Schema,
    root: TypeId,
    patterns: BTreeMap<String, Regex>,
    rules: BTreeMap<String, Expression>,
}

impl CustomVersion {
    /// From `openAPIV3Schema`. Patterns and rules that cannot be compiled are not checked.
    #[must_use]
    pub fn new(open_api: Value) -> Self {
        let (schema, root) = structural_schema(&open_api);
        let mut patterns = BTreeMap::new();
        collect_patterns(&open_api, &mut patterns);
        let mut rules = BTreeMap::new();
        collect_rules(&open_api, &mut rules);
        Self { open_api, schema, root, patterns, rules }
    }

    /// The merge schema.
    #[must_use]
    pub fn typed(&self) -> Typed<'_> {
        Typed { schema: &self.schema, id: self.root }
    }

    /// The schema as the definition has it.
    #[must_use]
    pub fn open_api(&self) -> &Value {
        &self.open_api
    }

    /// Drops unknown fields and nulls where a default exists, and fills in defaults.
    pub fn complete(&self, object: &mut Value) {
        drop_unknown(self.typed(), object);
        if let Some(metadata) = object.get_mut("metadata") {
            normalise(self.typed().member("metadata").0, metadata);
        }
        fill_defaults(&self.open_api, object);
    }

    /// Field errors in the server's words.
    #[must_use]
    pub fn validate(&self, object: &Value) -> Vec<String> {
        Validator::new(&self.patterns, &self.rules).check(&self.open_api, object)
    }
}

/// The kinds that a CustomResourceDefinition serves.
#[must_use]
pub fn served_kinds(definition: &Value) -> Vec<Kind> {
    let text = |pointer: &str| definition.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
    let versions = definition.pointer("/spec/versions").and_then(Value::as_array);
    let served =
        versions.into_iter().flatten().filter(|v| v.get("served").and_then(Value::as_bool).unwrap_or(false));
    let kinds = served.map(|version| {
        let name = version.get("name").and_then(Value::as_str).unwrap_or_default();
        let open_api = version.pointer("/schema/openAPIV3Schema").cloned();
        Kind::new(KindParts {
            gvk: GroupVersionKind::new(format!("{}/{name}", text("/spec/group")), text("/spec/names/kind")),
            plural: text("/spec/names/plural").to_owned(),
            namespaced: text("/spec/scope") == "Namespaced",
            status: version.pointer("/subresources/status").is_some(),
            definition: Definition::Custom(Arc::new(CustomVersion::new(
                open_api.unwrap_or_else(|| Value::Object(Map::new())),
            ))),
        })
    });
    kinds.collect()
}

fn fill_defaults(node: &Value, value: &mut Value) {
    match value {
        Value::Object(fields) => {
            for (name, property) in node.get("properties").and_then(Value::as_object).into_iter().flatten() {
                let nullable = property.get("nullable").and_then(Value::as_bool).unwrap_or_default();
                if let Some(default) = property.get("default")
                    && fields.get(name).is_none_or(|existing| existing.is_null() && !nullable)
                {
                    fields.insert(name.clone(), default.clone());
                }
                if let Some(member) = fields.get_mut(name) {
                    fill_defaults(property, member);
                }
            }
            if let Some(element @ Value::Object(_)) = node.get("additionalProperties") {
                fields.values_mut().for_each(|member| fill_defaults(element, member));
            }
        }
        Value::Array(items) => {
            if let Some(element) = node.get("items") {
                items.iter_mut().for_each(|item| fill_defaults(element, item));
            }
        }
        _ => {}
    }
}

fn collect_patterns(node: &Value, patterns: &mut BTreeMap<String, Regex>) {
    match node {
        Value::Object(fields) => {
            if let Some(Value::String(pattern)) = fields.get("pattern")
                && let Ok(compiled) = Regex::new(pattern)
            {
                patterns.insert(pattern.clone(), compiled);
            }
            fields.values().for_each(|member| collect_patterns(member, patterns));
        }
        Value::Array(items) => items.iter().for_each(|item| collect_patterns(item, patterns)),
        _ => {}
    }
}

fn collect_rules(node: &Value, rules: &mut BTreeMap<String, Expression>) {
    match node {
        Value::Object(fields) => {
            let own = fields.get("x-kubernetes-validations").and_then(Value::as_array);
            for rule in own.into_iter().flatten() {
                if let Some(text) = rule.get("rule").and_then(Value::as_str)
                    && let Ok(compiled) = Expression::parse(text)
                {
                    rules.insert(text.to_owned(), compiled);
                }
            }
            fields.values().for_each(|member| collect_rules(member, rules));
        }
        Value::Array(items) => items.iter().for_each(|item| collect_rules(item, rules)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn version() -> CustomVersion {
        CustomVersion::new(json!({"type": "object", "required": ["spec"], "properties": {
            "spec": {"type": "object", "required": ["size"], "properties": {
                "size": {"type": "string", "enum": ["S", "L"]}, "count": {"type": "integer", "default": 2, "minimum": 1},
                "interval": {"type": "string", "pattern": "^[0-9]+s$"}}},
            "status": {"type": "object", "default": {"observedGeneration": -1},
                "properties": {"observedGeneration": {"type": "integer"}}}}}))
    }

    #[test]
    fn defaults_are_filled_in_and_unknown_fields_dropped() {
        let mut object = json!({"metadata": {"name": "x"}, "spec": {"size": "S", "odd": 1}});
        version().complete(&mut object);
        assert_eq!(
            object,
            json!({"metadata": {"name": "x"}, "spec": {"size": "S", "count": 2}, "status": {"observedGeneration": -1}})
        );
    }

    #[test]
    fn rules_are_evaluated() {
        let version = CustomVersion::new(json!({"type": "object", "properties": {"spec": {
            "type": "object", "properties": {"size": {"type": "string"}, "count": {"type": "integer"}},
            "x-kubernetes-validations": [
                {"rule": "self.size != 'S' || !has(self.count) || self.count < 5", "message": "small things are few"},
                {"rule": "isURL(self.size)", "message": "uses more of the language than is known here"}]}}}));
        let errors = |spec: Value| version.validate(&json!({ "spec": spec }));
        assert_eq!(errors(json!({"size": "S", "count": 9})), ["spec: Invalid value: small things are few"]);
        for fine in [json!({"size": "L", "count": 9}), json!({"size": "S"}), json!({})] {
            assert_eq!(errors(fine), Vec::<String>::new());
        }
    }

    #[test]
    fn errors_read_like_the_servers() {
        for (spec, expected) in [
            (json!({"spec": {"size": "S"}}), vec![]),
            (json!({}), vec!["spec: Required value"]),
            (json!({"spec": {}}), vec!["spec.size: Required value"]),
            (
                json!({"spec": {"size": "M"}}),
                vec!["spec.size: Unsupported value: \"M\": supported values: \"S\", \"L\""],
            ),
            (
                json!({"spec": {"size": "S", "count": "x"}}),
                vec![
                    "spec.count: Invalid value: \"string\": spec.count in body must be of type integer: \"string\"",
                ],
            ),
            (
                json!({"spec": {"size": "S", "count": 0}}),
                vec!["spec.count: Invalid value: 0: spec.count in body should be greater than or equal to 1"],
            ),
            (
                json!({"spec": {"size": "S", "interval": "x"}}),
                vec!["spec.interval: Invalid value: \"x\": spec.interval in body should match '^[0-9]+s$'"],
            ),
        ] {
            assert_eq!(version().validate(&spec), expected);
        }
    }
}
