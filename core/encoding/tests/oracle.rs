//! Cases recorded from `sigs.k8s.io/yaml` 1.6.0 and Go's `encoding/json`: `tests/data/parse.json` and
//! `tests/data/emit.json`.

use pilothouse_encoding::{go_json, yaml};
use serde::Deserialize;
use serde_json::Value;

/// A YAML text and what `YAMLToJSON` and `YAMLToJSONStrict` made of it.
#[derive(Deserialize)]
struct ParseCase {
    yaml: String,
    json: Option<String>,
    error: Option<String>,
    strict_error: Option<String>,
}

/// A JSON text and what `json.Marshal`, `yaml.Marshal` and the values digest's encoder made of it.
#[derive(Deserialize)]
struct EmitCase {
    value: String,
    json: String,
    yaml: Option<String>,
    error: Option<String>,
    sorted: Option<String>,
}

/// Collects differences so that one run shows them all.
#[derive(Default)]
struct Report {
    total: usize,
    differences: Vec<String>,
}

impl Report {
    fn check(&mut self, input: &str, expected: &str, actual: &str) {
        self.total += 1;
        if expected != actual {
            self.differences.push(format!("input    {input:?}\nexpected {expected:?}\nactual   {actual:?}"));
        }
    }

    fn finish(self) {
        assert!(self.total > 0);
        let shown = self.differences.iter().take(25).cloned().collect::<Vec<_>>().join("\n\n");
        assert!(self.differences.is_empty(), "{} of {} differ\n{shown}", self.differences.len(), self.total);
    }
}

fn outcome<E: std::fmt::Display>(result: Result<String, E>) -> String {
    result.unwrap_or_else(|error| format!("error: {error}"))
}

#[test]
fn parse_as_go_does() {
    let mut report = Report::default();
    let cases: Vec<ParseCase> = serde_json::from_str(include_str!("data/parse.json")).unwrap();
    for case in cases {
        let expected = case.json.clone().unwrap_or_else(|| format!("error: {}", case.error.unwrap()));
        let actual = outcome(yaml::parse(&case.yaml).map(|value| go_json::to_string(&value)));
        report.check(&case.yaml, &expected, &actual);
        let strict = outcome(yaml::parse_strict(&case.yaml).map(|value| go_json::to_string(&value)));
        let expected = case.strict_error.map_or(expected, |error| format!("error: {error}"));
        report.check(&case.yaml, &expected, &strict);
    }
    report.finish();
}

#[test]
fn emit_as_go_does() {
    let mut report = Report::default();
    let cases: Vec<EmitCase> = serde_json::from_str(include_str!("data/emit.json")).unwrap();
    for case in cases {
        let value: Value = serde_json::from_str(&case.value).unwrap();
        report.check(&case.value, &case.json, &go_json::to_string(&value));
        report.check(&case.value, &case.json, &go_json::to_string_of(&value).unwrap());
        let expected = case.yaml.unwrap_or_else(|| format!("error: {}", case.error.unwrap()));
        report.check(&case.value, &expected, &outcome(yaml::emit(&value)));
        if let Some(sorted) = case.sorted {
            report.check(&case.value, &sorted, &outcome(yaml::emit_sorted_bytes(&value)));
        }
    }
    report.finish();
}
