//! One step of a field path.

use std::fmt::Write;

use serde_json::{Map, Value};

/// One step of a field path. The order is that of Kubernetes' structured merge: fields, keys, values.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum PathElement {
    /// A field of an object: `f:name`.
    Field(String),
    /// An item of a keyed list, by the JSON of its key fields in order of names: `k:{"name":"x"}`.
    Key(String),
    /// An item of a set, by its JSON: `v:"x"`.
    Value(String),
    /// An item by position: `i:0`.
    Index(String),
}

impl PathElement {
    /// A field of an object.
    pub fn field(name: impl Into<String>) -> Self {
        Self::Field(name.into())
    }

    /// An item of a keyed list.
    #[must_use]
    pub fn key(keys: Map<String, Value>) -> Self {
        let sorted: std::collections::BTreeMap<_, _> = keys.into_iter().collect();
        Self::Key(Value::Object(sorted.into_iter().collect()).to_string())
    }

    /// The text in FieldsV1.
    #[must_use]
    pub fn encode(&self) -> String {
        match self {
            Self::Field(name) => format!("f:{name}"),
            Self::Key(keys) => format!("k:{keys}"),
            Self::Value(value) => format!("v:{value}"),
            Self::Index(index) => format!("i:{index}"),
        }
    }

    /// Reads the text in FieldsV1; `None` for something else.
    #[must_use]
    pub fn decode(text: &str) -> Option<Self> {
        let (prefix, rest) = text.split_once(':')?;
        match prefix {
            "f" => Some(Self::Field(rest.to_owned())),
            "k" => match serde_json::from_str(rest).ok()? {
                Value::Object(keys) => Some(Self::key(keys)),
                _ => None,
            },
            "v" => Some(Self::Value(rest.to_owned())),
            "i" => Some(Self::Index(rest.to_owned())),
            _ => None,
        }
    }

    fn write(&self, text: &mut String) {
        match self {
            Self::Field(name) => {
                text.push('.');
                text.push_str(name);
            }
            Self::Key(keys) => {
                let keys: Map<String, Value> = serde_json::from_str(keys).unwrap_or_default();
                let parts: Vec<String> = keys.iter().map(|(key, value)| format!("{key}={value}")).collect();
                let _ = write!(text, "[{}]", parts.join(","));
            }
            Self::Value(value) => {
                let _ = write!(text, "[={value}]");
            }
            Self::Index(index) => {
                let _ = write!(text, "[{index}]");
            }
        }
    }
}

/// A path as conflicts name it: `.spec.containers[name="c"].image`.
#[must_use]
pub fn display_path(path: &[PathElement]) -> String {
    let mut text = String::new();
    for element in path {
        element.write(&mut text);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_survive_the_wire() {
        for text in [
            "f:app.kubernetes.io/name",
            r#"k:{"containerPort":80,"protocol":"TCP"}"#,
            r#"v:"finalizers.fluxcd.io""#,
        ] {
            assert_eq!(PathElement::decode(text).map(|element| element.encode()).as_deref(), Some(text));
        }
        assert_eq!(PathElement::decode("."), None);
    }

    #[test]
    fn paths_read_like_the_server_writes_them() {
        let path = [
            PathElement::field("spec"),
            PathElement::Key(r#"{"containerPort":80,"protocol":"TCP"}"#.to_owned()),
            PathElement::Value("\"x\"".to_owned()),
        ];
        assert_eq!(display_path(&path), r#".spec[containerPort=80,protocol="TCP"][="x"]"#);
    }
}
