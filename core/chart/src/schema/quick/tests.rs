use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::super::validated;
use super::accepts;

fn object(value: Value) -> Map<String, Value> {
    let Value::Object(members) = value else { panic!("a map") };
    members
}

fn is_valid(schema: &Value, values: &Map<String, Value>) -> bool {
    validated(schema.clone(), values, |result, _| result.is_ok()) == Ok(true)
}

#[test]
fn plain_schemas_are_judged() {
    let cases = [
        (json!({}), json!(1.0)),
        (json!({"type": "integer", "minimum": 1, "maximum": 80, "title": "t", "default": "x"}), json!(80.0)),
        (json!({"type": ["string", "null"], "minLength": 2, "pattern": "^[a-z]+$"}), json!("ab")),
        (json!({"enum": ["a", 1, {"b": [2]}]}), json!({"b": [2.0]})),
        (json!({"const": -0.5}), json!(-0.5)),
        (
            json!({"required": ["a"], "additionalProperties": false, "properties": {"a": {}}}),
            json!({"a": null}),
        ),
        (
            json!({"patternProperties": {"^a": {"type": "string"}}, "additionalProperties": false}),
            json!({"ab": ""}),
        ),
        (json!({"items": {"type": "boolean"}, "uniqueItems": true, "maxItems": 2}), json!([true, false])),
        (json!({"oneOf": [{"type": "string"}, {"type": "integer"}]}), json!(2.0)),
        (json!({"anyOf": [{"not": {"type": "number"}}, {"exclusiveMaximum": 2.5}]}), json!(2.0)),
        (
            json!({"if": {"required": ["a"]}, "then": {"required": ["b"]}, "else": false}),
            json!({"a": 1, "b": 2}),
        ),
        (
            json!({"dependencies": {"a": ["b"], "b": {"minProperties": 2}, "c": false}}),
            json!({"a": 1, "b": 2}),
        ),
        (json!({"$schema": "http://json-schema.org/schema#", "type": "string"}), json!("s")),
        (json!({"$ref": "#/$defs/a", "x-unknown": [{"$id": 1}]}), json!("s")),
        (json!({"allOf": [{"$ref": "#/definitions/b.c"}]}), json!([["s"]])),
        (json!({"$ref": "#/x/inner"}), json!("s")),
    ];
    for (schema, value) in cases {
        let definitions = json!({"b.c": {"items": {"items": {"$ref": "#/$defs/a"}}}});
        let whole = json!({
            "$id": "https://example.com/x.json", "$schema": "https://json-schema.org/draft/2020-12/schema",
            "properties": {"v": schema}, "$defs": {"a": {"type": "string"}}, "definitions": definitions,
            "x": {"inner": {"$ref": "#/$defs/a"}},
        });
        let values = object(json!({"v": value}));
        assert!(accepts(&whole, &values), "{schema}");
        assert!(is_valid(&whole, &values), "{schema}");
    }
}

#[test]
fn what_is_unusual_is_left_to_the_validator() {
    let draft_7 = "http://json-schema.org/draft-07/schema#";
    for schema in [
        json!({"$schema": "http://json-schema.org/draft-04/schema#"}),
        json!({"$schema": "https://example.com"}),
        json!({"$schema": 1}),
        json!({"$id": "a"}),
        json!({"properties": {"a": {"$id": "https://example.com/a"}}}),
        json!({"$ref": "#"}),
        json!({"$ref": "#/$defs/absent"}),
        json!({"$ref": "https://example.com#/$defs/a", "$defs": {"a": {}}}),
        json!({"properties": {"a": {"$ref": "#/$defs/b%20c"}}, "$defs": {"b%20c": {}}}),
        json!({"$schema": draft_7, "$defs": {"a": {}}, "properties": {"b": {"$ref": "#/$defs/a", "const": 1}}}),
        json!({"$schema": draft_7, "properties": {"v": {"format": "ipv4"}}}),
        json!({"type": "text"}),
        json!({"type": []}),
        json!({"title": 1}),
        json!({"minLength": -1}),
        json!({"minimum": "1"}),
        json!({"required": ["a", "a"]}),
        json!({"anyOf": []}),
        json!({"properties": {"a": {"enum": []}}}),
        json!({"properties": {"a": {"enum": [1, 1.0]}}}),
        json!({"items": [{}]}),
        json!({"properties": {"a": []}}),
        json!({"properties": {"a": {"pattern": "("}}}),
        json!({"properties": {"a": {"pattern": r"\d"}}}),
        json!({"properties": {"a": {"pattern": "(a{1000}){1000}"}}}),
        json!({"patternProperties": {"[a&&b]": {}}}),
        json!({"unevaluatedProperties": false}),
        json!({"dependencies": {"a": ["b", "b"]}}),
        json!({"properties": {"a": {"$schema": "a"}}}),
        json!(true),
    ] {
        assert!(!accepts(&schema, &object(json!({"v": "s"}))), "{schema}");
    }
}

#[test]
fn work_is_bounded() {
    let levels = 40;
    let mut definitions = Map::new();
    for level in 0..levels {
        let next = json!({"$ref": format!("#/$defs/d{}", level + 1)});
        definitions.insert(format!("d{level}"), json!({"allOf": [next, next]}));
    }
    definitions.insert(format!("d{levels}"), json!({}));
    assert!(!accepts(&json!({"$ref": "#/$defs/d0", "$defs": definitions}), &Map::new()));
}

/// Operands, which fit their keyword or not.
fn operand() -> impl Strategy<Value = Value> {
    let values = [
        json!(null),
        json!(true),
        json!(false),
        json!(0),
        json!(1),
        json!(2.0),
        json!(-1),
        json!(1.5),
        json!("a"),
        json!("^a$"),
        json!("string"),
        json!("integer"),
        json!("object"),
        json!("array"),
        json!("#"),
        json!("#/$defs/a"),
        json!("#/properties/b"),
        json!("#/x/a"),
        json!("#/$defs/a/x"),
        json!(["a", "b"]),
        json!(["number", "object"]),
        json!([1, 2, 1]),
        json!([{"a": 1}, [1.0], null]),
        json!({}),
        json!({"a": 1.0, "b": "a"}),
    ];
    proptest::sample::select(values.to_vec())
}

fn keyword() -> impl Strategy<Value = &'static str> {
    let keywords = [
        "type",
        "type",
        "const",
        "enum",
        "format",
        "required",
        "minProperties",
        "maxProperties",
        "minItems",
        "maxItems",
        "uniqueItems",
        "minLength",
        "maxLength",
        "pattern",
        "minimum",
        "maximum",
        "exclusiveMinimum",
        "exclusiveMaximum",
        "$ref",
        "title",
        "default",
        "examples",
        "x",
        "propertyNames",
        "multipleOf",
    ];
    proptest::sample::select(keywords.to_vec())
}

/// A keyword, most often with an operand that fits it: otherwise hardly any schema would be plain.
fn flat_entry() -> impl Strategy<Value = (&'static str, Value)> {
    let fitting = [
        ("type", json!("object")),
        ("type", json!(["integer", "string", "object"])),
        ("const", json!({"a": 1, "b": "a"})),
        ("enum", json!([1, "a", null, {"a": 1}, 1.5])),
        ("required", json!(["a"])),
        ("minProperties", json!(1)),
        ("maxProperties", json!(1)),
        ("minItems", json!(2)),
        ("maxItems", json!(2)),
        ("uniqueItems", json!(true)),
        ("minLength", json!(1)),
        ("maxLength", json!(1)),
        ("pattern", json!("^a+$")),
        ("minimum", json!(1)),
        ("maximum", json!(1.5)),
        ("exclusiveMinimum", json!(1)),
        ("exclusiveMaximum", json!(2)),
        ("$ref", json!("#/$defs/a")),
        ("$ref", json!("#/x/a")),
        ("x", json!({"a": {"type": "string", "minLength": 1}})),
        ("x", json!({"a": {"type": "text"}})),
        ("title", json!("t")),
        ("format", json!("ipv4")),
        ("$schema", json!("http://json-schema.org/draft-07/schema#")),
        ("dependencies", json!({"a": ["b"], "b": []})),
    ];
    prop_oneof![9 => proptest::sample::select(fitting.to_vec()), 1 => (keyword(), operand())]
}

fn schema() -> impl Strategy<Value = Value> {
    let flat = proptest::collection::vec(flat_entry(), 0..3);
    let flat =
        flat.prop_map(|keywords| keywords.into_iter().map(|(key, value)| (key.to_owned(), value)).collect());
    let leaf = prop_oneof![1 => any::<bool>().prop_map(Value::Bool), 6 => flat.prop_map(Value::Object)];
    leaf.prop_recursive(3, 12, 3, |inner| {
        let one = ["additionalProperties", "items", "not", "if", "then", "else", "contains"];
        let some = ["allOf", "anyOf", "oneOf"];
        let named = ["properties", "patternProperties", "$defs", "definitions", "dependencies"];
        let members = proptest::collection::btree_map("[ab]", inner.clone(), 0..3);
        let entry = prop_oneof![
            (proptest::sample::select(one.to_vec()), inner.clone()),
            (
                proptest::sample::select(some.to_vec()),
                proptest::collection::vec(inner, 0..3).prop_map(Value::Array)
            ),
            (
                proptest::sample::select(named.to_vec()),
                members.prop_map(|members| Value::Object(members.into_iter().collect()))
            ),
            flat_entry(),
        ];
        proptest::collection::vec(entry, 1..4).prop_map(|entries| {
            Value::Object(entries.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
        })
    })
}

fn draft() -> impl Strategy<Value = Option<&'static str>> {
    proptest::sample::select(vec![
        None,
        Some("http://json-schema.org/draft-07/schema#"),
        Some("https://json-schema.org/draft/2019-09/schema"),
        Some("http://json-schema.org/schema#"),
    ])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    #[test]
    fn the_validator_accepts_what_the_quick_judge_accepts(
        root in schema(), part in schema(), draft in draft(), first in operand(), second in operand(),
    ) {
        let mut root = root;
        if let Value::Object(keywords) = &mut root {
            keywords.insert("$defs".to_owned(), json!({"a": part}));
            if let Some(draft) = draft {
                keywords.insert("$schema".to_owned(), json!(draft));
            }
        }
        let values = object(json!({"a": first, "b": second}));
        if accepts(&root, &values) {
            prop_assert!(is_valid(&root, &values), "{root}");
        }
    }
}
