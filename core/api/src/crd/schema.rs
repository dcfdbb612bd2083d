//! A small builder for structural OpenAPI v3 schemas of a custom resource definition.

use serde_json::{Map, Value, json};

/// Pattern of a Go duration with the units that the API accepts.
const DURATION: &str = r"^([0-9]+(\.[0-9]+)?(ms|s|m|h))+$";

/// A schema under construction.
pub(super) struct Schema(Map<String, Value>);

impl Schema {
    /// A text.
    pub(super) fn string(description: &str) -> Self {
        Self::typed("string", description)
    }

    /// One of a set of texts.
    pub(super) fn one_of(description: &str, values: &[&str]) -> Self {
        Self::string(description).set("enum", json!(values))
    }

    /// A text of a bounded length, in characters.
    pub(super) fn text(description: &str, shortest: u32, longest: u32) -> Self {
        Self::string(description).set("minLength", json!(shortest)).max_length(longest)
    }

    /// A Go duration.
    pub(super) fn duration(description: &str) -> Self {
        Self::string(description).pattern(DURATION)
    }

    /// A moment in RFC 3339.
    pub(super) fn moment(description: &str) -> Self {
        Self::string(description).set("format", json!("date-time"))
    }

    /// Yes or no.
    pub(super) fn boolean(description: &str) -> Self {
        Self::typed("boolean", description)
    }

    /// A whole number.
    pub(super) fn integer(description: &str) -> Self {
        Self::typed("integer", description)
    }

    /// A whole number of 64 bits.
    pub(super) fn int64(description: &str) -> Self {
        Self::integer(description).set("format", json!("int64"))
    }

    /// A list.
    pub(super) fn list(description: &str, items: Self) -> Self {
        Self::typed("array", description).set("items", Value::Object(items.0))
    }

    /// A map from texts to what `values` describes.
    pub(super) fn map(description: &str, values: Self) -> Self {
        Self::typed("object", description).set("additionalProperties", Value::Object(values.0))
    }

    /// A map from texts to texts.
    pub(super) fn labels(description: &str) -> Self {
        Self::map(description, Self(Map::from_iter([("type".to_owned(), json!("string"))])))
    }

    /// An object; its fields are added with [`Schema::field`] and [`Schema::required`].
    pub(super) fn object(description: &str) -> Self {
        Self::typed("object", description)
    }

    /// Any JSON.
    pub(super) fn anything(description: &str) -> Self {
        Self(Map::new())
            .set("description", json!(description))
            .set("x-kubernetes-preserve-unknown-fields", json!(true))
    }

    /// `metadata` of the object itself, which the API server validates.
    pub(super) fn metadata() -> Self {
        Self(Map::from_iter([("type".to_owned(), json!("object"))]))
    }

    /// Adds an optional field.
    pub(super) fn field(mut self, name: &str, schema: Self) -> Self {
        if let Value::Object(fields) = self.0.entry("properties").or_insert_with(|| json!({})) {
            fields.insert(name.to_owned(), Value::Object(schema.0));
        }
        self
    }

    /// Adds a field that must be given.
    pub(super) fn required(mut self, name: &str, schema: Self) -> Self {
        if let Value::Array(names) = self.0.entry("required").or_insert_with(|| json!([])) {
            let at = names.partition_point(|other| other.as_str() < Some(name));
            names.insert(at, json!(name));
        }
        self.field(name, schema)
    }

    /// A regular expression that the text matches.
    pub(super) fn pattern(self, pattern: &str) -> Self {
        self.set("pattern", json!(pattern))
    }

    /// Longest length, in characters.
    pub(super) fn max_length(self, longest: u32) -> Self {
        self.set("maxLength", json!(longest))
    }

    /// Least value.
    pub(super) fn minimum(self, least: i64) -> Self {
        self.set("minimum", json!(least))
    }

    /// What the API server fills in.
    pub(super) fn default(self, value: Value) -> Self {
        self.set("default", value)
    }

    /// Adds a CEL rule with the message of its violation.
    pub(super) fn rule(mut self, rule: &str, message: &str) -> Self {
        if let Value::Array(rules) = self.0.entry("x-kubernetes-validations").or_insert_with(|| json!([])) {
            rules.push(json!({ "message": message, "rule": rule }));
        }
        self
    }

    /// The finished schema.
    pub(super) fn build(self) -> Value {
        Value::Object(self.0)
    }

    fn typed(kind: &str, description: &str) -> Self {
        Self(Map::new()).set("type", json!(kind)).set("description", json!(description))
    }

    fn set(mut self, keyword: &str, value: Value) -> Self {
        self.0.insert(keyword.to_owned(), value);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn required_names_are_sorted() {
        let schema = Schema::object("o")
            .required("b", Schema::string("second"))
            .field("c", Schema::boolean("third"))
            .required("a", Schema::integer("first"))
            .build();
        assert_eq!(schema["required"], json!(["a", "b"]));
        assert_eq!(schema["properties"]["c"], json!({ "type": "boolean", "description": "third" }));
    }

    #[test]
    fn rules_keep_their_order() {
        let schema = Schema::object("o").rule("x", "not x").rule("y", "not y").build();
        assert_eq!(
            schema["x-kubernetes-validations"],
            json!([{ "rule": "x", "message": "not x" }, { "rule": "y", "message": "not y" }])
        );
    }
}
