//! Scalars with their tags: what a tag makes of a text, and which texts it refuses.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::general_purpose::{GeneralPurpose, PAD};

use super::compose::{Content, Node};
use super::error::YamlError;
use super::resolve::{Resolved, resolve, resolve_plain};
use crate::number::format_float;

/// Base64 as Go reads it, which does not care about bits that are left over.
const BASE64: GeneralPurpose =
    GeneralPurpose::new(&alphabet::STANDARD, PAD.with_decode_allow_trailing_bits(true));

/// What the tags of YAML's own types begin with.
pub(super) const PREFIX: &str = "tag:yaml.org,2002:";

/// The longest tag that means something, in bytes.
const LENGTH_MAX: usize = PREFIX.len() + "timestamp".len();

/// What a tag says a node is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tag {
    /// `!`
    NonSpecific,
    /// `!!null`
    Null,
    /// `!!bool`
    Bool,
    /// `!!int`
    Int,
    /// `!!float`
    Float,
    /// `!!timestamp`
    Timestamp,
    /// `!!binary`
    Binary,
    /// `!!merge`
    Merge,
    /// Any other: go-yaml takes the node for what it looks like, and scalars for texts.
    Other,
}

impl Tag {
    /// The tag in two parts; nothing if both are empty. It is not put together when it is too long to mean something:
    /// directives could make it very long.
    pub(super) fn new(prefix: &str, suffix: &str) -> Option<Self> {
        if prefix.is_empty() && suffix.is_empty() {
            return None;
        }
        if prefix.len() + suffix.len() > LENGTH_MAX {
            return Some(Self::Other);
        }
        let tag = format!("{prefix}{suffix}");
        if tag == "!" {
            return Some(Self::NonSpecific);
        }
        Some(match tag.strip_prefix(PREFIX) {
            Some("null") => Self::Null,
            Some("bool") => Self::Bool,
            Some("int") => Self::Int,
            Some("float") => Self::Float,
            Some("timestamp") => Self::Timestamp,
            Some("binary") => Self::Binary,
            Some("merge") => Self::Merge,
            _ => Self::Other,
        })
    }
}

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
pub(super) fn resolve_node(node: &Node<'_>) -> Result<Scalar, YamlError> {
    let Content::Scalar { value, implicit } = &node.content else {
        return Ok(Scalar::Null);
    };
    let wanted = match node.tag {
        None if *implicit => return Ok(typed(resolve_plain(value), value)),
        None | Some(Tag::NonSpecific | Tag::Merge | Tag::Other) => {
            return Ok(Scalar::Text(value.to_string()));
        }
        Some(Tag::Binary) => return binary(value),
        Some(Tag::Null) => "!!null",
        Some(Tag::Bool) => "!!bool",
        Some(Tag::Int) => "!!int",
        Some(Tag::Float) => "!!float",
        Some(Tag::Timestamp) => "!!timestamp",
    };
    checked(resolve(value, node.tag == Some(Tag::Timestamp)), value, wanted)
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
    let bytes = BASE64.decode(encoded).map_err(|_| YamlError::InvalidBase64)?;
    let mut decoded = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        decoded.push_str(chunk.valid());
        decoded.extend(chunk.invalid().iter().map(|_| char::REPLACEMENT_CHARACTER));
    }
    Ok(Scalar::Text(decoded))
}
