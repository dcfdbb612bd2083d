//! YAML: reading, and reading again what was written.

use pilothouse_encoding::yaml::{self, Limits};
use serde_json::Value;

/// A few milliseconds of work.
const LIMITS: Limits =
    Limits { input_bytes: 64 << 10, depth: 100, nodes: 50_000, text_bytes: 1 << 20, nesting_work: 1_000_000 };

/// Reads the bytes. What can be read is written and must then be read as the same value, and strict reading must
/// agree with it when it succeeds.
pub fn yaml(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let read = yaml::parse_with(&text, &LIMITS);
    match yaml::parse_strict_with(&text, &LIMITS) {
        Ok(strict) => assert_eq!(Ok(&strict), read.as_ref(), "strict reading gives something else"),
        Err(error) => assert!(!error.to_string().is_empty(), "an error says why"),
    }
    let Ok(value) = read else { return };
    if is_changed(&value) {
        return;
    }
    for written in [yaml::emit(&value), yaml::emit_sorted_bytes(&value)] {
        let Ok(written) = written else { continue };
        let again = yaml::parse(&written);
        let same = again.as_ref().is_ok_and(|again| is_same(&value, again));
        assert!(same, "{value:?} was written as {written:?} and read as {again:?}");
    }
}

/// Whether `Marshal` writes something else: a text has a line break that JSON knows nothing of, which it folds because it reads
/// its own JSON as YAML, or a key is `<<`, which it writes without quotes.
fn is_changed(value: &Value) -> bool {
    let in_text = |text: &str| text.contains(['\u{85}', '\u{2028}', '\u{2029}']);
    match value {
        Value::String(text) => in_text(text),
        Value::Array(items) => items.iter().any(is_changed),
        Value::Object(members) => {
            members.iter().any(|(key, member)| key == "<<" || in_text(key) || is_changed(member))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

/// Whether two values are the same; a float without a fraction is written as an integer.
fn is_same(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => left == right || left.as_f64() == right.as_f64(),
        (Value::Array(left), Value::Array(right)) => {
            left.len() == right.len() && left.iter().zip(right).all(|(left, right)| is_same(left, right))
        }
        (Value::Object(left), Value::Object(right)) => {
            left.len() == right.len()
                && left.iter().all(|(key, left)| right.get(key).is_some_and(|right| is_same(left, right)))
        }
        // An empty map as the whole document is written as nothing.
        (Value::Object(left), Value::Null) => left.is_empty(),
        _ => left == right,
    }
}
