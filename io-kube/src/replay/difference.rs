//! What differs between two values, field by field.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use pilothouse_release::{Limits, decode, release_json};
use serde_json::Value;

/// How many differences are shown.
const SHOWN_MAX: usize = 20;
/// Shorter texts are no payloads of releases.
const PAYLOAD_MIN: usize = 200;
/// How much of a value is shown, in characters.
const TEXT_MAX: usize = 300;

/// One field that differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The way to it, `request.body.spec.replicas`.
    pub path: String,
    /// What was expected, as JSON; `None` when the field was not.
    pub expected: Option<String>,
    /// What is there, as JSON; `None` when the field is not.
    pub got: Option<String>,
}

/// The first differences of two values. Payloads of releases are looked into.
#[must_use]
pub fn differences(expected: &Value, got: &Value) -> Vec<Difference> {
    let mut found = Vec::new();
    compare("", Some(expected), Some(got), &mut found);
    found
}

fn compare(path: &str, expected: Option<&Value>, got: Option<&Value>, found: &mut Vec<Difference>) {
    if expected == got || found.len() >= SHOWN_MAX {
        return;
    }
    match (expected, got) {
        (Some(Value::Object(expected)), Some(Value::Object(got))) => {
            let added = got.keys().filter(|name| !expected.contains_key(*name));
            for name in expected.keys().chain(added) {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                compare(&path, expected.get(name), got.get(name), found);
            }
        }
        (Some(Value::Array(expected)), Some(Value::Array(got))) => {
            for at in 0..expected.len().max(got.len()) {
                compare(&format!("{path}[{at}]"), expected.get(at), got.get(at), found);
            }
        }
        (Some(Value::String(expected)), Some(Value::String(got))) => {
            match (payload(expected), payload(got)) {
                (Some(expected), Some(got)) => {
                    compare(&format!("{path}(decoded)"), Some(&expected), Some(&got), found);
                }
                _ => found.push(Difference {
                    path: path.to_owned(),
                    expected: Some(near(expected, got)),
                    got: Some(near(got, expected)),
                }),
            }
        }
        _ => found.push(Difference {
            path: path.to_owned(),
            expected: expected.map(|value| cut(&value.to_string())),
            got: got.map(|value| cut(&value.to_string())),
        }),
    }
}

/// The release in a text of Helm's storage.
fn payload(text: &str) -> Option<Value> {
    if text.len() < PAYLOAD_MIN {
        return None;
    }
    let inner = STANDARD.decode(text).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    let decoded = |text: &str| decode(text, &Limits::default()).ok();
    let record = inner.as_deref().and_then(decoded).or_else(|| decoded(text))?;
    serde_json::from_str(&release_json(&record).ok()?).ok()
}

/// A text from shortly before the place where it parts from another one.
fn near(text: &str, other: &str) -> String {
    let same = text.chars().zip(other.chars()).take_while(|(one, two)| one == two).count();
    let skipped = if text.chars().count() > TEXT_MAX { same.saturating_sub(40) } else { 0 };
    let shown: String = text.chars().skip(skipped).collect();
    let dots = if skipped > 0 { "…" } else { "" };
    cut(&format!("{dots}{}", Value::from(shown)))
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(TEXT_MAX) {
        Some((end, _)) => format!("{}… ({} bytes)", &text[..end], text.len()),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use pilothouse_release::{ReleaseRecord, encode};
    use serde_json::json;

    use super::*;

    #[test]
    fn fields_are_named() {
        let expected = json!({"a": {"b": [1, 2]}, "gone": true, "same": 1, "text": "one"});
        let got = json!({"a": {"b": [1, 3, 4]}, "new": null, "same": 1, "text": "two"});
        let found: Vec<String> = differences(&expected, &got)
            .into_iter()
            .map(|one| format!("{} {:?} {:?}", one.path, one.expected, one.got))
            .collect();
        assert_eq!(
            found,
            [
                "a.b[1] Some(\"2\") Some(\"3\")",
                "a.b[2] None Some(\"4\")",
                "gone Some(\"true\") None",
                "text Some(\"\\\"one\\\"\") Some(\"\\\"two\\\"\")",
                "new None Some(\"null\")",
            ]
        );
    }

    #[test]
    fn payloads_are_looked_into_and_long_texts_are_cut() {
        let stored = |manifest: &str| {
            let record =
                ReleaseRecord { name: "a".to_owned(), manifest: manifest.to_owned(), ..Default::default() };
            STANDARD.encode(encode(&record, &Limits::default()).unwrap())
        };
        let long = "x".repeat(500);
        let found = differences(
            &json!({"data": stored(&format!("{long}1"))}),
            &json!({"data": stored(&format!("{long}2"))}),
        );
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].path, "data(decoded).manifest");
        let expected = found[0].expected.clone().unwrap();
        assert!(expected.starts_with('…') && expected.ends_with("x1\""), "{expected}");
    }
}
