//! The values of a HelmRelease from its references and its inline values (spec 02 §4).

use pilothouse_encoding::go_json::floats;
use pilothouse_encoding::json_kind::json_kind;
use pilothouse_encoding::yaml;
use serde_json::{Map, Value};

use crate::merge::merge_maps;
use crate::set_values::{SetError, SetMode, set_value};

/// A reference whose text was read.
#[derive(Clone, PartialEq, Eq)]
pub struct ResolvedReference {
    /// `<Kind> chart values reference '<namespace>/<name>' with key '<key>'`.
    pub description: String,
    /// The text under the key.
    pub text: String,
    /// Path to set; merged at the root when absent.
    pub target_path: Option<String>,
    /// Set the text verbatim.
    pub literal: bool,
}

impl std::fmt::Debug for ResolvedReference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.description)
    }
}

/// Why values cannot be composed. A change of the reference or of the HelmRelease helps.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ValuesError {
    /// A text is no YAML.
    #[error("could not resolve {description}: {reason}")]
    Reference {
        /// Which reference.
        description: String,
        /// Why.
        reason: String,
    },
    /// The inline values are no map.
    #[error("spec.values: not a map")]
    Inline,
}

/// Composes the values: the references in order, the inline values on top. Nulls stay.
///
/// # Errors
/// When a text cannot be read or a path cannot be set.
pub fn compose_values(
    references: &[ResolvedReference],
    inline: Option<&Value>,
) -> Result<Value, ValuesError> {
    let inline = match inline {
        None | Some(Value::Null) => Map::new(),
        Some(Value::Object(map)) => match floats(Value::Object(map.clone())) {
            Value::Object(map) => map,
            _ => Map::new(),
        },
        Some(_) => return Err(ValuesError::Inline),
    };
    let mut values = Map::new();
    for reference in references {
        let failed =
            |reason: String| ValuesError::Reference { description: reference.description.clone(), reason };
        match &reference.target_path {
            None => merge_maps(&mut values, parse(&reference.text).map_err(failed)?),
            Some(path) => {
                // The original merges the inline values here already: a path wins over them only where it is nested.
                merge_maps(&mut values, inline.clone());
                set_path(&mut values, path, reference).map_err(|error| failed(error.to_string()))?;
            }
        }
    }
    merge_maps(&mut values, inline);
    Ok(Value::Object(values))
}

fn parse(text: &str) -> Result<Map<String, Value>, String> {
    let value = yaml::parse(text).map_err(|error| format!("error converting YAML to JSON: {error}"))?;
    match floats(value) {
        Value::Object(map) => Ok(map),
        Value::Null => Ok(Map::new()),
        other => Err(format!(
            "error unmarshaling JSON: while decoding JSON: json: cannot unmarshal {} into Go value of type common.Values",
            json_kind(&other)
        )),
    }
}

/// A quoted text is a string; other texts have the syntax of `--set`.
fn set_path(
    values: &mut Map<String, Value>,
    path: &str,
    reference: &ResolvedReference,
) -> Result<(), SetError> {
    let text = &reference.text;
    if reference.literal {
        return set_value(values, path, text, SetMode::Literal);
    }
    let quoted = |quote: char| text.starts_with(quote) && text.ends_with(quote);
    if quoted('\'') || quoted('"') {
        return set_value(values, path, text.trim_matches(['\'', '"']), SetMode::Text);
    }
    set_value(values, path, text, SetMode::Typed)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn reference(text: &str, target_path: Option<&str>) -> ResolvedReference {
        ResolvedReference {
            description: "ConfigMap chart values reference 'ns/c' with key 'k'".to_owned(),
            text: text.to_owned(),
            target_path: target_path.map(str::to_owned),
            literal: false,
        }
    }

    /// The fixture of spec 07 §3.
    #[test]
    fn references_and_inline_values_are_merged_in_order() {
        let references = [
            reference("resources:\n  limits:\n    cpu: 200m\n    memory: 128Mi\n", None),
            reference("resources:\n  requests:\n    cpu: 100m\n    memory: 64Mi\n", None),
            reference("400m", Some("resources.limits.cpu")),
            reference("{a,b,c}", Some("list.example")),
            reference("d", Some("list.example[2]")),
            reference("demo", Some("podAnnotations.some\\.k8s\\.annotation\\/env")),
            reference("serviceAccount:\n  enabled: true\n", None),
        ];
        let composed = compose_values(&references, Some(&json!({"replicaCount": 2}))).unwrap();
        assert_eq!(
            composed,
            json!({
                "list": {"example": ["a", "b", "d"]},
                "podAnnotations": {"some.k8s.annotation/env": "demo"},
                "replicaCount": 2.0,
                "resources": {
                    "limits": {"cpu": "400m", "memory": "128Mi"},
                    "requests": {"cpu": "100m", "memory": "64Mi"},
                },
                "serviceAccount": {"enabled": true},
            })
        );
    }

    #[test]
    fn the_inline_value_wins_at_the_top() {
        let composed = compose_values(&[reference("1", Some("a"))], Some(&json!({"a": "inline"}))).unwrap();
        assert_eq!(composed, json!({"a": "inline"}));
    }

    #[test]
    fn quoted_and_literal_texts_are_strings() {
        let literal = ResolvedReference { literal: true, ..reference("{a,b}=[1]", Some("l")) };
        let references = [reference("'123'", Some("q.x")), literal, reference("true", Some("t"))];
        assert_eq!(
            compose_values(&references, None).unwrap(),
            json!({"q": {"x": "123"}, "l": "{a,b}=[1]", "t": true})
        );
    }

    #[test]
    fn a_single_quote_is_an_empty_text() {
        assert_eq!(compose_values(&[reference("'", Some("q.x"))], None).unwrap(), json!({"q": {"x": ""}}));
    }

    #[test]
    fn a_text_that_is_no_map_is_refused_in_the_words_of_go() {
        for (text, kind) in [("- a", "array"), ("a", "string"), ("1.5", "number"), ("yes", "bool")] {
            let error = compose_values(&[reference(text, None)], None).unwrap_err().to_string();
            assert_eq!(
                error,
                format!(
                    "could not resolve ConfigMap chart values reference 'ns/c' with key 'k': error unmarshaling JSON: while \
                     decoding JSON: json: cannot unmarshal {kind} into Go value of type common.Values"
                )
            );
        }
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        let error = compose_values(&[reference("a: [", None)], None).unwrap_err().to_string();
        assert!(
            error.starts_with("could not resolve ConfigMap chart values reference 'ns/c' with key 'k': ")
        );
    }
}
