//! Validation of custom objects against their OpenAPI schema, in the words of the server, with the simple kinds of rules in CEL.

use std::collections::BTreeMap;

use pilothouse_cel::Expression;
use regex::Regex;
use serde_json::Value;

use super::field_path::FieldPath;

const UNCHECKED: &str = "<nil>: Invalid value: null: some validation rules were not checked because the object was invalid; correct the existing errors to complete validation";

/// Checks one object.
#[derive(Debug)]
pub(crate) struct Validator<'a> {
    patterns: &'a BTreeMap<String, Regex>,
    rules: &'a BTreeMap<String, Expression>,
    errors: Vec<String>,
    /// Errors after which the server does not evaluate rules.
    blocking: bool,
}

impl<'a> Validator<'a> {
    /// A validator with the compiled patterns and rules of the schema.
    #[must_use]
    pub(crate) fn new(
        patterns: &'a BTreeMap<String, Regex>,
        rules: &'a BTreeMap<String, Expression>,
    ) -> Self {
        Self { patterns, rules, errors: Vec::new(), blocking: false }
    }

    /// All field errors of a value.
    #[must_use]
    pub(crate) fn check(mut self, node: &Value, value: &Value) -> Vec<String> {
        self.walk(node, value, FieldPath::Root);
        if !self.blocking {
            self.rules(node, value, FieldPath::Root);
        } else if has_rules(node) {
            self.errors.push(UNCHECKED.to_owned());
        }
        self.errors
    }

    fn rules(&mut self, node: &Value, value: &Value, path: FieldPath<'_>) {
        if self.rules.is_empty() {
            return;
        }
        for rule in node.get("x-kubernetes-validations").and_then(Value::as_array).into_iter().flatten() {
            let text = |name: &str| rule.get(name).and_then(Value::as_str).unwrap_or_default();
            let rule = self.rules.get(text("rule"));
            // A rule that cannot be evaluated is one that uses more of the language than is known here.
            if rule.is_some_and(|rule| rule.evaluate([("self", value)]) == Ok(false)) {
                self.errors.push(format!("{path}: Invalid value: {}", text("message")));
            }
        }
        match value {
            Value::Object(fields) => {
                for (name, member) in fields {
                    if let Some(inner) = member_schema(node, name) {
                        self.rules(inner, member, path.member(name));
                    }
                }
            }
            Value::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    self.rules(node.get("items").unwrap_or(&Value::Null), item, path.item(index));
                }
            }
            _ => {}
        }
    }

    fn block(&mut self, error: String) {
        self.blocking = true;
        self.errors.push(error);
    }

    fn walk(&mut self, node: &Value, value: &Value, path: FieldPath<'_>) {
        if value.is_null() && node.get("nullable").and_then(Value::as_bool).unwrap_or_default() {
            return;
        }
        if !self.has_type(node, value, path) {
            return;
        }
        self.has_listed_value(node, value, path);
        match value {
            Value::Object(fields) => {
                for name in texts(node, "required").filter(|name| !fields.contains_key(*name)) {
                    self.block(format!("{}: Required value", path.member(name)));
                }
                for (name, member) in fields {
                    if let Some(inner) = member_schema(node, name) {
                        self.walk(inner, member, path.member(name));
                    }
                }
            }
            Value::Array(items) => {
                if let Some(inner) = node.get("items") {
                    for (index, item) in items.iter().enumerate() {
                        self.walk(inner, item, path.item(index));
                    }
                }
            }
            Value::String(text) => self.has_text(node, text, path),
            Value::Number(number) => self.has_range(node, number.as_f64().unwrap_or_default(), value, path),
            _ => {}
        }
    }

    fn has_type(&mut self, node: &Value, value: &Value, path: FieldPath<'_>) -> bool {
        let wanted = node.get("type").and_then(Value::as_str).unwrap_or_default();
        let int_or_string =
            node.get("x-kubernetes-int-or-string").and_then(Value::as_bool).unwrap_or_default();
        let fits = match wanted {
            _ if int_or_string => value.is_string() || value.is_i64() || value.is_u64(),
            "object" => value.is_object(),
            "array" => value.is_array(),
            "string" => value.is_string(),
            "integer" => value.is_i64() || value.is_u64(),
            "number" => value.is_number(),
            "boolean" => value.is_boolean(),
            _ => true,
        };
        if !fits {
            let found = type_name(value);
            let text = format!(
                "{path}: Invalid value: {found:?}: {path} in body must be of type {wanted}: {found:?}"
            );
            self.block(text);
        }
        fits
    }

    fn has_listed_value(&mut self, node: &Value, value: &Value, path: FieldPath<'_>) {
        let Some(allowed) = node.get("enum").and_then(Value::as_array) else { return };
        if !allowed.contains(value) {
            let allowed: Vec<String> = allowed.iter().map(Value::to_string).collect();
            let allowed = allowed.join(", ");
            self.block(format!("{path}: Unsupported value: {value}: supported values: {allowed}"));
        }
    }

    fn has_text(&mut self, node: &Value, text: &str, path: FieldPath<'_>) {
        let length = text.chars().count() as u64;
        if let Some(least) = node.get("minLength").and_then(Value::as_u64).filter(|least| length < *least) {
            let why = format!("{path} in body should be at least {least} chars long");
            self.block(format!("{path}: Invalid value: {text:?}: {why}"));
        }
        if let Some(most) = node.get("maxLength").and_then(Value::as_u64).filter(|most| length > *most) {
            self.block(format!("{path}: Too long: may not be more than {most} bytes"));
        }
        if let Some(pattern) = node.get("pattern").and_then(Value::as_str)
            && self.patterns.get(pattern).is_some_and(|compiled| !compiled.is_match(text))
        {
            let why = format!("{path} in body should match '{pattern}'");
            self.errors.push(format!("{path}: Invalid value: {text:?}: {why}"));
        }
    }

    fn has_range(&mut self, node: &Value, number: f64, value: &Value, path: FieldPath<'_>) {
        let mut fail = |limit: &Value, words: &str| {
            self.errors
                .push(format!("{path}: Invalid value: {value}: {path} in body should be {words} {limit}"));
        };
        if let Some(limit) = node.get("minimum").filter(|limit| number < limit.as_f64().unwrap_or(f64::MIN)) {
            fail(limit, "greater than or equal to");
        }
        if let Some(limit) = node.get("maximum").filter(|limit| number > limit.as_f64().unwrap_or(f64::MAX)) {
            fail(limit, "less than or equal to");
        }
    }
}

fn has_rules(node: &Value) -> bool {
    match node {
        Value::Object(fields) => {
            fields.contains_key("x-kubernetes-validations") || fields.values().any(has_rules)
        }
        Value::Array(items) => items.iter().any(has_rules),
        _ => false,
    }
}

fn member_schema<'n>(node: &'n Value, name: &str) -> Option<&'n Value> {
    let property = node.get("properties").and_then(|properties| properties.get(name));
    property.or_else(|| node.get("additionalProperties").filter(|element| element.is_object()))
}

fn texts<'n>(node: &'n Value, name: &str) -> impl Iterator<Item = &'n str> {
    node.get(name).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
}

fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}
