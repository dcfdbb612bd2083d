//! The few fields of an object that Helm looks at when it sorts manifests (Go package
//! `helm.sh/helm/v4/pkg/release/v1/util`).

mod quick;

use std::collections::BTreeMap;

use pilothouse_encoding::json_kind::json_kind;
use pilothouse_encoding::number::format_float;
use pilothouse_encoding::yaml;
use serde_json::{Map, Value};

/// What stands at the beginning of an object.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Head {
    /// API version.
    pub api_version: String,
    /// Kind.
    pub kind: String,
    /// Name of the object.
    pub name: String,
    /// Annotations.
    pub annotations: BTreeMap<String, String>,
}

impl Head {
    /// Reads it from a YAML document.
    ///
    /// # Errors
    /// Go's text for what is no YAML or not of the form of an object.
    pub fn parse(document: &str) -> Result<Self, String> {
        match quick::read(document) {
            Some(head) => Ok(head),
            None => parsed(document),
        }
    }
}

/// The head as the parser reads it.
fn parsed(document: &str) -> Result<Head, String> {
    let value = yaml::parse(document).map_err(|error| format!("error converting YAML to JSON: {error}"))?;
    let object = match &value {
        Value::Null => return Ok(Head::default()),
        Value::Object(object) => object,
        other => return Err(mismatch(other, "value of type util.SimpleHead")),
    };
    let metadata = match object.get("metadata") {
        None | Some(Value::Null) => &Map::new(),
        Some(Value::Object(metadata)) => metadata,
        Some(other) => {
            let place = "struct field SimpleHead.metadata of type struct { Name string \"json:\\\"name\\\"\"; \
                             Annotations map[string]string \"json:\\\"annotations\\\"\" }";
            return Err(mismatch(other, place));
        }
    };
    Ok(Head {
        api_version: text(object.get("apiVersion"), "SimpleHead.apiVersion")?,
        kind: text(object.get("kind"), "SimpleHead.kind")?,
        name: text(metadata.get("name"), ".metadata.name")?,
        annotations: annotations(metadata.get("annotations"))?,
    })
}

fn annotations(value: Option<&Value>) -> Result<BTreeMap<String, String>, String> {
    const FIELD: &str = ".metadata.annotations";
    match value {
        None | Some(Value::Null) => Ok(BTreeMap::new()),
        Some(Value::Object(entries)) => {
            entries.iter().map(|(key, value)| Ok((key.clone(), text(Some(value), FIELD)?))).collect()
        }
        Some(other) => Err(mismatch(other, &format!("struct field {FIELD} of type map[string]string"))),
    }
}

/// A text; numbers and booleans count as their text where a text is expected.
pub(crate) fn text(value: Option<&Value>, field: &str) -> Result<String, String> {
    match value {
        None | Some(Value::Null) => Ok(String::new()),
        Some(value) => {
            scalar_text(value).ok_or_else(|| mismatch(value, &format!("struct field {field} of type string")))
        }
    }
}

/// The text that `sigs.k8s.io/yaml` makes of a scalar where Go's type is a string.
pub(crate) fn scalar_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Number(number) => Some(match number.as_f64().filter(|_| number.is_f64()) {
            Some(float) => format_float(float, 'g', None),
            None => number.to_string(),
        }),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

fn mismatch(value: &Value, place: &str) -> String {
    let kind = json_kind(value);
    format!("error unmarshaling JSON: while decoding JSON: json: cannot unmarshal {kind} into Go {place}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scalars_become_texts() {
        let text =
            "apiVersion: v1\nkind: Job\nmetadata:\n  name: 12\n  annotations: {w: -5, b: true, f: 1.50}\n";
        let head = Head::parse(text).unwrap();
        assert_eq!((head.kind.as_str(), head.name.as_str()), ("Job", "12"));
        let annotations: Vec<_> = head.annotations.into_values().collect();
        assert_eq!(annotations, ["true", "1.5", "-5"]);
    }

    #[test]
    fn what_is_no_object_is_refused() {
        assert_eq!(
            Head::parse("- a\n").unwrap_err(),
            "error unmarshaling JSON: while decoding JSON: json: cannot unmarshal array into Go value of type \
             util.SimpleHead"
        );
        assert!(Head::parse("a: [\n").unwrap_err().starts_with("error converting YAML to JSON: yaml: "));
        assert_eq!(Head::parse("# nothing\n").unwrap(), Head::default());
    }
}
