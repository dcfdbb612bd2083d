//! Label selectors (Go package `k8s.io/apimachinery/pkg/labels`): `a=b,c!=d,e in (f, g),h notin (i),j,!k`.

use serde_json::{Map, Value};

/// Requirements that must all be met.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Requirements(Vec<Requirement>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Requirement {
    key: String,
    condition: Condition,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Condition {
    Exists,
    Absent,
    In(Vec<String>),
    NotIn(Vec<String>),
}

impl Requirements {
    /// Parses a selector; an empty one has no requirements.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let parts = top_level_parts(text);
        let requirements = parts.into_iter().filter(|part| !part.is_empty()).map(Requirement::parse);
        requirements.collect::<Result<_, _>>().map(Self)
    }

    /// Whether labels meet all of them.
    pub(super) fn match_all(&self, labels: Option<&Map<String, Value>>) -> bool {
        self.0.iter().all(|requirement| {
            let value = labels.and_then(|labels| labels.get(&requirement.key)?.as_str());
            match &requirement.condition {
                Condition::Exists => value.is_some(),
                Condition::Absent => value.is_none(),
                Condition::In(values) => value.is_some_and(|value| values.iter().any(|other| other == value)),
                Condition::NotIn(values) => {
                    value.is_none_or(|value| values.iter().all(|other| other != value))
                }
            }
        })
    }
}

impl Requirement {
    fn parse(text: &str) -> Result<Self, String> {
        let requirement = |key: &str, condition| {
            let key = key.trim();
            let valid = !key.is_empty() && !key.contains(|c: char| c.is_whitespace() || "!=()".contains(c));
            let key = key.to_owned();
            if valid {
                Ok(Self { key, condition })
            } else {
                Err(format!("unable to parse requirement: {text:?}"))
            }
        };
        let one = |value: &str| vec![value.trim().to_owned()];
        if let Some(key) = text.strip_prefix('!') {
            return requirement(key, Condition::Absent);
        }
        for (word, negated) in [(" notin ", true), (" in ", false)] {
            if let Some((key, list)) = text.replacen('(', " (", 1).split_once(word) {
                let inner = list.trim().strip_prefix('(').and_then(|list| list.strip_suffix(')'));
                let inner = inner.ok_or_else(|| format!("unable to parse requirement: {text:?}"))?;
                let values = inner.split(',').map(|value| value.trim().to_owned()).collect();
                let condition = if negated { Condition::NotIn(values) } else { Condition::In(values) };
                return requirement(key, condition);
            }
        }
        if let Some((key, value)) = text.split_once("!=") {
            return requirement(key, Condition::NotIn(one(value)));
        }
        match text.split_once("==").or_else(|| text.split_once('=')) {
            Some((key, value)) => requirement(key, Condition::In(one(value))),
            None => requirement(text, Condition::Exists),
        }
    }
}

/// The parts between commas that are not in parentheses.
fn top_level_parts(text: &str) -> Vec<&str> {
    let (mut parts, mut start, mut depth) = (Vec::new(), 0, 0_usize);
    for (at, character) in text.char_indices() {
        match character {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                parts.push(text[start..at].trim());
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(text[start..].trim());
    parts
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn selectors_match() {
        let labels = json!({"a": "b", "e": "f"});
        let cases = [
            ("", true),
            ("a=b", true),
            ("a==b,e", true),
            ("a!=b", false),
            ("x!=b", true),
            ("e in (f, g)", true),
            ("e notin(f)", false),
            ("x notin (f)", true),
            ("!x, a", true),
            ("!a", false),
            ("x", false),
        ];
        for (selector, expected) in cases {
            let requirements = Requirements::parse(selector).unwrap();
            assert_eq!(requirements.match_all(labels.as_object()), expected, "{selector}");
        }
        for malformed in ["a b", "a in b", "=x"] {
            assert!(Requirements::parse(malformed).is_err(), "{malformed}");
        }
    }
}
