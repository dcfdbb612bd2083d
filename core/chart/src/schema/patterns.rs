//! Regular expressions of schemas: those of Go's `regexp`, written in the syntax of the validator.

use std::collections::BTreeMap;

use pilothouse_template::translate_regex;
use serde_json::{Map, Value};

use super::formats::GO_REGEX;

/// Patterns as the schema has them, by what the validator has instead.
#[derive(Debug, Default)]
pub(super) struct Patterns(BTreeMap<String, String>);

impl Patterns {
    /// Writes all patterns of a schema anew. Those that Go refuses stay, for the validator to refuse.
    pub(super) fn translate(schema: &mut Value) -> Self {
        let mut patterns = Self::default();
        patterns.walk(schema);
        patterns
    }

    /// The pattern as the schema has it.
    pub(super) fn original<'p>(&'p self, pattern: &'p str) -> &'p str {
        self.0.get(pattern).map_or(pattern, String::as_str)
    }

    fn walk(&mut self, schema: &mut Value) {
        match schema {
            Value::Array(items) => items.iter_mut().for_each(|item| self.walk(item)),
            Value::Object(keywords) => {
                for (keyword, value) in keywords {
                    self.keyword(keyword, value);
                }
            }
            _ => {}
        }
    }

    fn keyword(&mut self, keyword: &str, value: &mut Value) {
        match (keyword, value) {
            ("pattern", Value::String(pattern)) => *pattern = self.translated(pattern),
            // The validator's own check of this format cannot be replaced.
            ("format", Value::String(format)) if format == "regex" => GO_REGEX.clone_into(format),
            (
                // Patterns in keys stay: they are part of the places of errors.
                "properties" | "patternProperties" | "$defs" | "definitions" | "dependentSchemas"
                | "dependencies",
                Value::Object(schemas),
            ) => self.members(schemas),
            // Values, not schemas.
            ("const" | "enum" | "default" | "examples", _) => {}
            (_, value) => self.walk(value),
        }
    }

    fn members(&mut self, schemas: &mut Map<String, Value>) {
        schemas.values_mut().for_each(|schema| self.walk(schema));
    }

    fn translated(&mut self, pattern: &str) -> String {
        let Ok(translated) = translate_regex(pattern) else { return pattern.to_owned() };
        if translated != pattern {
            self.0.insert(translated.clone(), pattern.to_owned());
        }
        translated
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_patterns_are_translated() {
        let mut schema = json!({
            "pattern": r"\d",
            "properties": {"pattern": {"pattern": r"\w$"}},
            "patternProperties": {r"^\d": {"items": [{"pattern": "("}]}},
            "enum": [{"pattern": r"\d"}],
            "not": {"format": "regex"},
        });
        let patterns = Patterns::translate(&mut schema);
        assert_eq!(schema["pattern"], "[0-9]");
        assert_eq!(patterns.original("[0-9]"), r"\d");
        assert_eq!(schema["properties"]["pattern"]["pattern"], r"[0-9A-Za-z_]\z");
        assert_eq!(schema["patternProperties"][r"^\d"]["items"][0]["pattern"], "(");
        assert_eq!(schema["not"]["format"], GO_REGEX);
        assert_eq!(schema["enum"][0]["pattern"], r"\d");
    }
}
