//! Texts that must not be shown: values that came from Secrets.

use std::collections::BTreeSet;

use serde_json::Value;

/// Stands for what must not be shown.
const MASK: &str = "***";
/// Shorter texts say nothing, and would tear other words apart.
const SHORTEST: usize = 4;
/// Shorter numbers are ports, sizes and counts.
const SHORTEST_NUMBER: usize = 6;

/// Secret texts, which are masked wherever they appear. Its `Debug` output does not show them.
#[derive(Clone, Default)]
pub struct Secrets {
    /// The longest first, so that a part of one does not spoil it.
    texts: Vec<String>,
}

impl std::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} secrets", self.texts.len())
    }
}

impl Secrets {
    /// All texts in some values, but for those that are public as a part of these names.
    #[must_use]
    pub fn of<'a>(values: impl IntoIterator<Item = &'a Value>, public: &[&str]) -> Self {
        let mut found = BTreeSet::new();
        for value in values {
            collect(value, &mut found);
        }
        let mut texts: Vec<String> = found
            .into_iter()
            .filter(|text| !public.iter().any(|name| name.contains(text.as_str())))
            .collect();
        texts.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        Self { texts }
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.texts.is_empty()
    }

    /// A text without the secrets in it.
    #[must_use]
    pub fn mask(&self, text: &str) -> String {
        let mut masked = text.to_owned();
        for secret in &self.texts {
            if masked.contains(secret.as_str()) {
                masked = masked.replace(secret.as_str(), MASK);
            }
        }
        masked
    }
}

fn collect(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::String(text) => add(text, found),
        Value::Number(number) => {
            let text = number.to_string();
            if text.len() >= SHORTEST_NUMBER {
                found.insert(text);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, found)),
        Value::Object(fields) => fields.values().for_each(|field| collect(field, found)),
        Value::Null | Value::Bool(_) => {}
    }
}

/// A text, its lines, and both as Go quotes them in an error.
fn add(text: &str, found: &mut BTreeSet<String>) {
    let is_word = matches!(text, "true" | "false" | "null" | "none" | "default");
    let lines = text.lines().map(str::trim).filter(|line| line.len() >= SHORTEST);
    for part in std::iter::once(text.trim()).chain(lines) {
        if part.len() < SHORTEST || is_word {
            continue;
        }
        found.insert(part.to_owned());
        let quoted = format!("{part:?}");
        found.insert(quoted[1..quoted.len() - 1].to_owned());
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn secrets_are_masked_wherever_they_appear() {
        let values = json!({
            "password": "s3cr3t", "long": "s3cr3t-and-more", "key": "line one\nline two", "port": 5432, "pin": 12_345_678,
            "on": true, "word": "true", "user": "app", "name": "backend", "quoted": "a\"b\"c",
        });
        let secrets = Secrets::of([&values], &["ns/backend"]);
        for (text, expected) in [
            ("login with s3cr3t failed", "login with *** failed"),
            ("got s3cr3t-and-more, want s3cr3t", "got ***, want ***"),
            ("at line one: x", "at ***: x"),
            ("Invalid value: 12345678", "Invalid value: ***"),
            ("port 5432 is true for app", "port 5432 is true for app"),
            ("Deployment/ns/backend", "Deployment/ns/backend"),
            ("Invalid value: \"a\\\"b\\\"c\"", "Invalid value: \"***\""),
        ] {
            assert_eq!(secrets.mask(text), expected);
        }
        assert!(!format!("{secrets:?}").contains("s3cr3t"));
    }
}
