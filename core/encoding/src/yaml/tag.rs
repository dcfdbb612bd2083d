//! Scalars with their tags: what a tag makes of a text, and which texts it refuses.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::compose::{Content, Node};
use super::error::YamlError;
use super::resolve::{Resolved, resolve, resolve_plain};
use crate::number::format_float;

const PREFIX: &str = "tag:yaml.org,2002:";

/// A decoded scalar in Go's types.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Scalar {
    /// `nil`.
    Null,
    /// `bool`.
    Bool(bool),
    /// `int`.
    Int(i64),
    /// `uint64`.
    Uint(u64),
    /// `float64`.
    Float(f64),
    /// `string`.
    Text(String),
}

impl Scalar {
    /// The Go type as `%s` of `reflect.TypeOf` prints it.
    pub(super) fn go_type(&self) -> &'static str {
        match self {
            Self::Null => "%!s(<nil>)",
            Self::Bool(_) => "bool",
            Self::Int(_) => "int",
            Self::Uint(_) => "uint64",
            Self::Float(_) => "float64",
            Self::Text(_) => "string",
        }
    }

    /// The value as `%#v` prints it.
    pub(super) fn go_syntax(&self) -> String {
        match self {
            Self::Null => "<nil>".to_owned(),
            Self::Bool(value) => value.to_string(),
            Self::Int(value) => value.to_string(),
            Self::Uint(value) => format!("{value:#x}"),
            Self::Float(value) => format_float(*value, 'g', None),
            Self::Text(text) => super::go_syntax::quote(text),
        }
    }
}

/// Decodes a scalar node; other nodes are null.
pub(super) fn resolve_node(node: &Node) -> Result<Scalar, YamlError> {
    let Content::Scalar { value, implicit } = &node.content else {
        return Ok(Scalar::Null);
    };
    let Some(tag) = node.tag.as_deref() else {
        return Ok(if *implicit { typed(resolve_plain(value), value) } else { Scalar::Text(value.clone()) });
    };
    match tag.strip_prefix(PREFIX) {
        Some("binary") => binary(value),
        Some(wanted @ ("bool" | "int" | "float" | "null" | "timestamp")) => {
            let resolved = resolve(value, wanted == "timestamp");
            checked(resolved, value, &format!("!!{wanted}"))
        }
        _ => Ok(Scalar::Text(value.clone())),
    }
}

fn typed(resolved: Resolved, text: &str) -> Scalar {
    match resolved {
        Resolved::Null => Scalar::Null,
        Resolved::Bool(value) => Scalar::Bool(value),
        Resolved::Int(value) => Scalar::Int(value),
        Resolved::Uint(value) => Scalar::Uint(value),
        Resolved::Float(value) => Scalar::Float(value),
        Resolved::Timestamp | Resolved::Text => Scalar::Text(text.to_owned()),
    }
}

/// The value if it has the wanted type; integers do for floats.
fn checked(resolved: Resolved, text: &str, wanted: &str) -> Result<Scalar, YamlError> {
    if let (Resolved::Int(value), "!!float") = (resolved, wanted) {
        #[expect(clippy::cast_precision_loss, reason = "the conversion Go makes")]
        let float = value as f64;
        return Ok(Scalar::Float(float));
    }
    let found = resolved.short_tag();
    if found != wanted {
        return Err(YamlError::TagMismatch {
            found: found.to_owned(),
            value: text.to_owned(),
            wanted: wanted.to_owned(),
        });
    }
    Ok(typed(resolved, text))
}

/// `!!binary`: the decoded bytes as text, each byte that is not UTF-8 replaced as Go's JSON encoder does.
fn binary(text: &str) -> Result<Scalar, YamlError> {
    let encoded: String = text.chars().filter(|c| !matches!(c, '\r' | '\n')).collect();
    let bytes = STANDARD.decode(encoded).map_err(|_| YamlError::InvalidBase64)?;
    let mut decoded = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        decoded.push_str(chunk.valid());
        decoded.extend(chunk.invalid().iter().map(|_| char::REPLACEMENT_CHARACTER));
    }
    Ok(Scalar::Text(decoded))
}
