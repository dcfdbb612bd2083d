//! Schemas of values that multiply work, refer to themselves, or leave the chart.

use crate::case::{Case, Expected, files};

pub(crate) fn cases() -> Vec<Case> {
    vec![
        schema("schema/references-two-by-two", Expected::Refused("schema"), "a: 1", || {
            let level = |number: usize| {
                let next = number + 1;
                format!(
                    "\"d{number}\": {{\"allOf\": [{{\"$ref\": \"#/$defs/d{next}\"}}, {{\"$ref\": \"#/$defs/d{next}\"}}]}}"
                )
            };
            let levels: Vec<String> = (0..40).map(level).collect();
            format!("{{\"$ref\": \"#/$defs/d0\", \"$defs\": {{{}, \"d40\": {{}}}}}}", levels.join(", "))
        }),
        schema("schema/itself", Expected::Refused(""), "a: 1", || "{\"$ref\": \"#\"}".to_owned()),
        schema("schema/each-other", Expected::Refused(""), "a: 1", || {
            "{\"$ref\": \"#/$defs/a\", \"$defs\": {\"a\": {\"$ref\": \"#/$defs/b\"}, \"b\": {\"$ref\": \"#/$defs/a\"}}}".to_owned()
        }),
        schema("schema/deep", Expected::Refused("m"), "a: 1", || {
            format!("{}{}", "{\"not\": ".repeat(10_000), "{}".to_owned() + &"}".repeat(10_000))
        }),
        schema("schema/file-outside", Expected::Refused(""), "a: 1", || {
            "{\"$ref\": \"file:///etc/passwd\"}".to_owned()
        }),
        schema("schema/remote", Expected::Refused(""), "a: 1", || {
            "{\"$ref\": \"http://127.0.0.1:1/schema.json\"}".to_owned()
        }),
        schema(
            "schema/catastrophic-pattern",
            Expected::Refused(""),
            &format!("a: {}b", "a".repeat(100_000)),
            || "{\"properties\": {\"a\": {\"pattern\": \"^(a+)+$\"}}}".to_owned(),
        ),
        schema("schema/huge-pattern", Expected::Refused(""), "a: x", || {
            "{\"properties\": {\"a\": {\"pattern\": \"^((\\\\pL{30}){30}){1}$\"}}}".to_owned()
        }),
        schema("schema/many-large-patterns", Expected::Refused(""), "a: x", || {
            let patterns: Vec<String> = (0..20_000)
                .map(|number| format!("{{\"pattern\": \"(\\\\pL{{20}}){{10}}{number}\"}}"))
                .collect();
            format!("{{\"properties\": {{\"a\": {{\"anyOf\": [{}]}}}}}}", patterns.join(", "))
        }),
        schema("schema/unique-items", Expected::Done, &many_items(), || {
            "{\"properties\": {\"a\": {\"uniqueItems\": true}}}".to_owned()
        }),
        schema("schema/many-errors", Expected::Refused("schema"), &many_items(), || {
            "{\"properties\": {\"a\": {\"items\": {\"type\": \"string\"}}}}".to_owned()
        }),
        schema("schema/alternatives-of-all-items", Expected::Refused(""), &many_items(), || {
            let alternatives: Vec<String> =
                (0..5000).map(|number| format!("{{\"const\": -{number}.5}}")).collect();
            format!(
                "{{\"properties\": {{\"a\": {{\"items\": {{\"anyOf\": [{}]}}}}}}}}",
                alternatives.join(", ")
            )
        }),
    ]
}

fn many_items() -> String {
    let items: Vec<String> = (0..100_000).map(|number| number.to_string()).collect();
    format!("a: [{}]", items.join(", "))
}

fn schema(
    name: &str,
    expected: Expected,
    values: &str,
    build: impl Fn() -> String + Send + Sync + 'static,
) -> Case {
    let values = values.to_owned();
    files(name, expected, move || {
        vec![("values.schema.json".to_owned(), build()), ("values.yaml".to_owned(), values.clone())]
    })
}
