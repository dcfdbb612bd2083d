//! Schemas of values.

use serde_json::{Map, Value, json};

use super::literals::KEYS;
use super::{chart, schema_formats, values};
use crate::case::Case;
use crate::choices::Choices;

/// A chart whose values have a schema.
pub(super) fn schema(choices: &mut Choices) -> Case {
    if choices.percent(25) {
        return format(choices);
    }
    let tree = values::tree(choices, 2);
    let mut schema = rules(choices, 2);
    let draft = choices.pick(&[
        "",
        "",
        "http://json-schema.org/draft-07/schema#",
        "https://json-schema.org/draft/2020-12/schema",
        "http://json-schema.org/draft-04/schema#",
        "http://json-schema.org/draft-06/schema#",
        "https://json-schema.org/draft/2019-09/schema",
    ]);
    if !draft.is_empty() {
        schema["$schema"] = Value::from(draft);
    }
    if choices.percent(30) {
        schema["definitions"] = json!({"d": rules(choices, 1)});
    }
    chart([
        ("values.yaml", format!("{tree}\n")),
        ("values.schema.json", schema.to_string()),
        ("templates/NOTES.txt", "ok\n".to_owned()),
    ])
}

/// A text that is of a format, or nearly so.
fn format(choices: &mut Choices) -> Case {
    let (format, text) = schema_formats::draw(choices);
    // Newer drafts ask for no check of formats.
    let draft = choices.pick(&[
        "http://json-schema.org/draft-07/schema#",
        "http://json-schema.org/draft-06/schema#",
        "http://json-schema.org/draft-04/schema#",
        "https://json-schema.org/draft/2019-09/schema",
        "",
    ]);
    let mut schema = json!({"properties": {"a": {"format": format}}});
    if !draft.is_empty() {
        schema["$schema"] = Value::from(draft);
    }
    chart([
        ("values.yaml", format!("{}\n", json!({"a": text}))),
        ("values.schema.json", schema.to_string()),
        ("templates/NOTES.txt", "ok\n".to_owned()),
    ])
}

/// A schema that constrains something.
fn rules(choices: &mut Choices, depth: usize) -> Value {
    let mut rules = Map::new();
    for _ in 0..=choices.below(3) {
        let (name, value) = rule(choices, depth);
        rules.insert(name.to_owned(), value);
    }
    Value::Object(rules)
}

fn rule(choices: &mut Choices, depth: usize) -> (&'static str, Value) {
    let deeper = depth.saturating_sub(1);
    match choices.below(if depth == 0 { 13 } else { 29 }) {
        0 | 1 => (
            "type",
            choices
                .pick(&[
                    &json!("string"),
                    &json!("object"),
                    &json!("integer"),
                    &json!("number"),
                    &json!("boolean"),
                    &json!("array"),
                    &json!("null"),
                    &json!(["string", "null"]),
                    &json!(["integer", "string"]),
                ])
                .clone(),
        ),
        2 => (
            "enum",
            choices
                .pick(&[&json!(["a", "b"]), &json!([1, true]), &json!([null]), &json!([{"a": 1}, [1]])])
                .clone(),
        ),
        3 => ("const", choices.pick(&[&json!("a"), &json!(1), &json!({"a": 1}), &json!([1, "a"])]).clone()),
        4 => ("minLength", json!(choices.below(10))),
        5 => ("maxLength", json!(choices.below(10))),
        6 => ("pattern", Value::from(choices.pick(&["^[a-z]+$", "o", "\\d", "^$", "[", "^(?:a|b)"]))),
        7 => ("minimum", choices.pick(&[&json!(1), &json!(1.5), &json!(100)]).clone()),
        8 => ("maximum", choices.pick(&[&json!(10), &json!(0.5), &json!(1e6)]).clone()),
        9 => ("multipleOf", choices.pick(&[&json!(2), &json!(0.1), &json!(5)]).clone()),
        10 => (
            "format",
            Value::from(choices.pick(&[
                "ipv4",
                "email",
                "uri",
                "date",
                "date-time",
                "hostname",
                "regex",
                "unknown",
                "uuid",
                "duration",
                "time",
                "semver",
                "json-pointer",
                "uri-reference",
                "uri-template",
                "iri",
                "idn-email",
                "idn-hostname",
                "period",
            ])),
        ),
        11 => ("exclusiveMinimum", choices.pick(&[&json!(1), &json!(0)]).clone()),
        12 => ("$ref", Value::from(choices.pick(&["#/definitions/d", "#", "#/none", "#/definitions/d"]))),
        13..=15 => {
            let mut members = Map::new();
            for _ in 0..=choices.below(3) {
                members.insert(KEYS[choices.below(KEYS.len())].to_owned(), self::rules(choices, deeper));
            }
            ("properties", Value::Object(members))
        }
        16 => (
            "required",
            Value::from(
                (0..=choices.below(2))
                    .map(|_| KEYS[choices.below(KEYS.len())])
                    .collect::<std::collections::BTreeSet<_>>()
                    .into_iter()
                    .collect::<Vec<_>>(),
            ),
        ),
        17 => (
            "additionalProperties",
            if choices.percent(60) { Value::Bool(false) } else { rules(choices, deeper) },
        ),
        18 => ("items", rules(choices, deeper)),
        19 => (
            choices.pick(&["anyOf", "oneOf", "allOf"]),
            Value::Array((0..=choices.below(2)).map(|_| rules(choices, deeper)).collect()),
        ),
        20 => ("not", rules(choices, deeper)),
        24 => ("contains", rules(choices, deeper)),
        25 => (choices.pick(&["if", "then", "else"]), rules(choices, deeper)),
        26 => ("exclusiveMaximum", choices.pick(&[&json!(1), &json!(100), &json!(0.5)]).clone()),
        27 => {
            let needed = json!({"a": ["b"], "name": ["tag", "list"]});
            (choices.pick(&["dependentRequired", "dependencies"]), needed)
        }
        28 => {
            let items = (0..=choices.below(2)).map(|_| rules(choices, deeper)).collect();
            (choices.pick(&["prefixItems", "items"]), Value::Array(items))
        }
        21 => (
            choices.pick(&["minItems", "maxItems", "minProperties", "maxProperties"]),
            json!(choices.below(4)),
        ),
        22 => ("uniqueItems", Value::Bool(true)),
        _ => {
            let mut members = Map::new();
            members.insert(choices.pick(&["^a", "e$", "."]).to_owned(), rules(choices, deeper));
            (
                choices.pick(&["patternProperties", "patternProperties", "propertyNames"]),
                Value::Object(members),
            )
        }
    }
}
