//! Values against the JSON schemas of a chart and its subcharts (Go package `helm.sh/helm/v4/pkg/chart/common/util`).

mod collapsed;
mod cost;
mod describe;
mod formats;
mod order;
mod patterns;
mod quick;

use std::error::Error;

use boon::{Compiler, Draft, Schemas, UrlLoader, ValidationError};
use pilothouse_encoding::number::from_json_float;
use pilothouse_template::{go_quoted_char, parse_json};
use serde_json::{Map, Value};

use crate::Chart;
use crate::go_types::go_type;

use patterns::Patterns;

/// Where Helm pretends the schema lies.
const LOCATION: &str = "file:///values.schema.json";

/// Values in a schema: several times what the largest public charts have. Compiled, each takes about a kilobyte.
const MAX_ELEMENTS: usize = 50_000;

/// Checks the coalesced values.
///
/// # Errors
/// What is wrong, chart by chart, in Helm's words. Helm lists the violations of a chart in random order; here they are sorted.
pub(crate) fn validate(chart: &Chart, values: &Map<String, Value>) -> Result<(), String> {
    let problems = problems(chart, values);
    if problems.is_empty() { Ok(()) } else { Err(problems) }
}

fn problems(chart: &Chart, values: &Map<String, Value>) -> String {
    let mut text = String::new();
    if let Some(Err(error)) = chart.schema.as_deref().map(|schema| check(schema, values)) {
        text.push_str(&format!("{}:\n{error}", chart.name()));
    }
    for subchart in &chart.dependencies {
        match values.get(subchart.name()) {
            None | Some(Value::Null) => {}
            Some(Value::Object(values)) => text.push_str(&problems(subchart, values)),
            Some(other) => {
                let (name, kind) = (subchart.name(), go_type(other));
                text.push_str(&format!(
                    "{name}:\ninvalid type for values: expected object (map), got {kind}\n"
                ));
            }
        }
    }
    text
}

/// A value that a schema does not allow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Violation {
    /// Where the value is: keys and indices.
    pub(crate) path: Vec<String>,
    /// What is wrong, in Helm's words; alternatives on further lines.
    pub(crate) message: String,
}

/// All violations of one schema.
///
/// # Errors
/// When the schema cannot be used.
pub(crate) fn violations(schema: &[u8], values: &Map<String, Value>) -> Result<Vec<Violation>, String> {
    validated(parsed(schema)?, values, |result, patterns| {
        result.map_or_else(|error| describe::places(&error, patterns), |()| Vec::new())
    })
}

/// Checks values against one schema.
fn check(schema: &[u8], values: &Map<String, Value>) -> Result<(), String> {
    let schema = parsed(schema)?;
    if quick::accepts(&schema, values) {
        return Ok(());
    }
    validated(schema, values, |result, patterns| {
        result.map_err(|error| describe::violations(&error, patterns) + "\n")
    })?
}

fn parsed(schema: &[u8]) -> Result<Value, String> {
    let parsed = parse_json(&String::from_utf8_lossy(schema)).map_err(|error| {
        // Helm reads a stream here, which ends in other words.
        match error.as_str() {
            "unexpected end of JSON input" if schema.trim_ascii().is_empty() => "EOF".to_owned(),
            "unexpected end of JSON input" => "unexpected EOF".to_owned(),
            _ => with_byte(error, schema),
        }
    })?;
    if elements(&parsed) > MAX_ELEMENTS {
        return Err(format!("schema has more than {MAX_ELEMENTS} elements"));
    }
    Ok(parsed)
}

/// Hands what the validator says to `read`.
fn validated<T>(
    mut schema: Value,
    values: &Map<String, Value>,
    read: impl FnOnce(Result<(), ValidationError<'_, '_>>, &Patterns) -> T,
) -> Result<T, String> {
    let patterns = Patterns::translate(&mut schema);
    let values = integers(&Value::Object(values.clone()));
    cost::check(&schema, &values)?;
    let mut compiler = Compiler::new();
    compiler.set_default_draft(Draft::V2020_12);
    compiler.use_loader(Box::new(NoLoader));
    formats::register(&mut compiler);
    let mut schemas = Schemas::new();
    compiler.add_resource(LOCATION, schema).map_err(|error| describe::compile_error(&error))?;
    let compiled =
        compiler.compile(LOCATION, &mut schemas).map_err(|error| describe::compile_error(&error))?;
    Ok(read(schemas.validate(&values, compiled), &patterns))
}

/// The error about a byte that is no letter: Go shows the byte, not the one that stands for it.
fn with_byte(error: String, schema: &[u8]) -> String {
    const PREFIX: &str = "invalid character ";
    let byte = std::str::from_utf8(schema).err().and_then(|error| schema.get(error.valid_up_to()));
    let shown = |byte: u8| go_quoted_char(i64::from(byte), false);
    let replaced = char::REPLACEMENT_CHARACTER.to_string().into_bytes()[0];
    match (byte, error.strip_prefix(PREFIX).and_then(|rest| rest.strip_prefix(&shown(replaced)))) {
        (Some(byte), Some(rest)) => format!("{PREFIX}{}{rest}", shown(*byte)),
        _ => error,
    }
}

/// How many values a document has.
fn elements(value: &Value) -> usize {
    1 + match value {
        Value::Array(items) => items.iter().map(elements).sum(),
        Value::Object(map) => map.values().map(elements).sum(),
        _ => 0usize,
    }
}

/// Reads nothing: neither files nor the network. What a URN names is not known and accepts everything, as in Helm.
struct NoLoader;

impl UrlLoader for NoLoader {
    fn load(&self, url: &str) -> Result<Value, Box<dyn Error>> {
        if url.starts_with("urn:") {
            return Ok(Value::Bool(true));
        }
        Err("schemas outside the chart are not loaded".into())
    }
}

/// Floats without a fraction are integers, as they are for Go's validator.
fn integers(value: &Value) -> Value {
    match value {
        Value::Number(number) => {
            let integer = number.as_f64().filter(|_| number.is_f64()).and_then(from_json_float);
            Value::Number(integer.unwrap_or_else(|| number.clone()))
        }
        Value::Array(items) => Value::Array(items.iter().map(integers).collect()),
        Value::Object(map) => {
            Value::Object(map.iter().map(|(key, value)| (key.clone(), integers(value))).collect())
        }
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn problem(schema: &Value, values: Value) -> String {
        let Value::Object(values) = values else { panic!("a map") };
        check(schema.to_string().as_bytes(), &values).err().unwrap_or_default()
    }

    #[test]
    fn violations_are_worded_as_in_go() {
        let cases = [
            (json!({"type": "integer"}), json!("x"), "- at '/v': got string, want integer\n"),
            (json!({"type": "integer"}), json!(80.0), ""),
            (json!({"type": ["string", "null"]}), json!(1.5), "- at '/v': got number, want null or string\n"),
            (json!({"enum": ["a", 1]}), json!("z"), "- at '/v': value must be one of 'a', 1\n"),
            (json!({"const": "a"}), json!("z"), "- at '/v': value must be 'a'\n"),
            (json!({"minimum": 1}), json!(0.0), "- at '/v': minimum: got 0, want 1\n"),
            (json!({"maximum": 65535}), json!(70000.0), "- at '/v': maximum: got 70,000, want 65,535\n"),
            (json!({"minLength": 2}), json!("a"), "- at '/v': minLength: got 1, want 2\n"),
            (
                json!({"pattern": "^[a-z]+$"}),
                json!("A"),
                "- at '/v': 'A' does not match pattern '^[a-z]+$'\n",
            ),
            (json!({"required": ["x", "y"]}), json!({}), "- at '/v': missing properties 'x', 'y'\n"),
            (
                json!({"additionalProperties": false, "properties": {"k": {}}}),
                json!({"a": 1.0}),
                "- at '/v': additional properties 'a' not allowed\n",
            ),
            (
                json!({"oneOf": [{"type": "string"}, {"type": "integer"}]}),
                json!(true),
                "- at '/v': 'oneOf' failed, none matched\n  - at '/v': got boolean, want string\n  - at '/v': got \
                 boolean, want integer\n",
            ),
            (json!({"not": {"type": "string"}}), json!("s"), "- at '/v': 'not' failed\n"),
            (
                json!({"contains": {"type": "string"}, "minContains": 2}),
                json!(["a", 1.0]),
                "- at '/v': min 2 items required to match contains schema, but matched 1 items at 0\n  - at '/v/1': got \
                 number, want string\n",
            ),
            (
                json!({"allOf": [{"items": {"anyOf": [{"type": "string"}]}}, {}]}),
                json!([1.0]),
                "- at '/v': 'allOf' failed\n  - at '/v/0': 'anyOf' failed\n    - at '/v/0': got number, want string\n",
            ),
            (json!({"uniqueItems": true}), json!([1.0, 1.0]), "- at '/v': items at 0 and 1 are equal\n"),
        ];
        for (schema, value, expected) in cases {
            let schema = json!({"properties": {"v": schema}});
            assert_eq!(problem(&schema, json!({"v": value})), expected, "{schema}");
        }
    }

    #[test]
    fn violations_come_in_the_order_of_go() {
        let schema = json!({"properties": {"v": {
            "anyOf": [
                {"properties": {"z": {"required": ["y", "x"]}}, "required": ["q"]},
                {"items": {"type": "string"}, "properties": {"z": {"required": ["a"]}}},
                {"properties": {"b": {"maximum": 1}, "a": {"not": {}}}, "maxProperties": 1},
            ],
            "allOf": [{"minProperties": 5}],
            "required": ["m"],
        }}});
        let expected = "\
- at '/v': missing property 'm'
- at '/v': 'allOf' failed
  - at '/v': minProperties: got 3, want 5
- at '/v': 'anyOf' failed
  - at '/v': validation failed
    - at '/v': missing property 'q'
    - at '/v/z': missing properties 'y', 'x'
  - at '/v/z': missing property 'a'
  - at '/v': validation failed
    - at '/v': maxProperties: got 3, want 1
    - at '/v/a': 'not' failed
    - at '/v/b': maximum: got 2, want 1
";
        assert_eq!(problem(&schema, json!({"v": {"z": {}, "a": 1.0, "b": 2.0}})), expected);
    }

    #[test]
    fn schemas_that_are_none_are_worded_as_in_go() {
        let invalid = "\"file:///values.schema.json#\" is not valid against metaschema: jsonschema validation failed with \
                       'https://json-schema.org/draft/2020-12/schema#'";
        assert_eq!(
            problem(&json!({"minimum": "x"}), json!({})),
            format!("{invalid}\n- at '': 'allOf' failed\n  - at '/minimum': got string, want number")
        );
        assert_eq!(
            check(b"{bad", &Map::new()).unwrap_err(),
            "invalid character 'b' looking for beginning of object key string"
        );
        assert_eq!(check(b"{", &Map::new()).unwrap_err(), "unexpected EOF");
        assert_eq!(
            problem(&json!({"$ref": "#/definitions/x"}), json!({})),
            "json-pointer in \"file:///values.schema.json#/definitions/x\" not found"
        );
        let draft = json!({"$schema": "http://json-schema.org/draft-07/schema#", "format": "ipv4"});
        let Value::Object(properties) = json!({"v": "01.2.3.4"}) else { panic!("a map") };
        let schema = json!({"$schema": draft["$schema"], "properties": {"v": draft}});
        assert_eq!(
            check(schema.to_string().as_bytes(), &properties).unwrap_err(),
            "- at '/v': '01.2.3.4' is not valid ipv4: leading zeros\n"
        );
    }

    #[test]
    fn nothing_is_loaded() {
        let remote = problem(&json!({"$ref": "https://example.com/schema.json"}), json!({}));
        assert!(remote.contains("schemas outside the chart are not loaded"), "{remote}");
        let file = problem(&json!({"$ref": "file:///etc/passwd"}), json!({}));
        assert!(file.contains("schemas outside the chart are not loaded"), "{file}");
        assert_eq!(problem(&json!({"$ref": "urn:x:y"}), json!({})), "");
    }
}
