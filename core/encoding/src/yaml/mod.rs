//! YAML 1.1 as `sigs.k8s.io/yaml` 1.6 (go-yaml v2) reads and writes it.
//!
//! Reading gives what its `YAMLToJSON` and a JSON decoder that keeps integers give: `yes` and `on` are bools
//! (also as keys), `0777` is octal, dates and `1:30` are strings, keys of other types become text, of repeated
//! keys the last wins, and only the first document of a stream is read. Writing is its `Marshal`.
//!
//! Characters (`reader`) become tokens (`scanner`), tokens become events (`parser`), events become nodes (`compose`), and
//! nodes become values (`decode`). The grammar is that of YAML 1.1. Where go-yaml departs from it, go-yaml counts, also for
//! which of several errors is found first.

mod compose;
mod date;
mod decode;
mod emit;
mod emitter;
mod error;
mod events;
mod go_syntax;
mod key_order;
mod limits;
pub mod line;
mod modern;
mod octets;
mod parser;
mod positions;
mod quick;
mod reader;
mod resolve;
mod scalar;
mod scanner;
mod tag;
mod writer;

pub use emit::{emit, emit_modern, emit_sorted_bytes, emit_unfolded, field, plain};
pub use emitter::Emitter;
pub use error::{EmitError, YamlError};
pub use limits::Limits;
pub use octets::parse_bytes;
pub use positions::{Position, Positions};
pub use quick::is_plain_text;
use serde_json::Value;

/// Parses the first document of `text` within the default [`Limits`]; an empty stream is null.
///
/// # Errors
///
/// Go's texts, for example `yaml: line 2: did not find expected node content`; the prefix
/// `error converting YAML to JSON: ` is the caller's.
pub fn parse(text: &str) -> Result<Value, YamlError> {
    parse_with(text, &Limits::default())
}

/// [`parse`] within `limits`.
///
/// # Errors
///
/// Those of [`parse`], and one for each limit.
pub fn parse_with(text: &str, limits: &Limits) -> Result<Value, YamlError> {
    match quick::read(text, limits, false) {
        Some(value) => Ok(value),
        None => parse_whole(text, None, limits, decode::Rules::default()),
    }
}

/// [`parse`] with go-yaml v3's types, as kustomize reads objects: `yes`, `on` and their like are texts, and dates
/// become times in RFC 3339.
///
/// # Errors
///
/// Those of [`parse`].
pub fn parse_modern(text: &str) -> Result<Value, YamlError> {
    let limits = Limits::default();
    parse_whole(text, None, &limits, decode::Rules { modern: true, ..decode::Rules::default() })
}

/// [`parse`] that refuses repeated keys (`sigs.k8s.io/yaml`'s `UnmarshalStrict` into a map).
///
/// # Errors
///
/// Those of [`parse`] and [`YamlError::DuplicateKeys`].
pub fn parse_strict(text: &str) -> Result<Value, YamlError> {
    parse_strict_with(text, &Limits::default())
}

/// [`parse_strict`] within `limits`.
///
/// # Errors
///
/// Those of [`parse_strict`], and one for each limit.
pub fn parse_strict_with(text: &str, limits: &Limits) -> Result<Value, YamlError> {
    match quick::read(text, limits, true) {
        Some(value) => Ok(value),
        None => parse_whole(text, None, limits, decode::Rules { strict: true, ..decode::Rules::default() }),
    }
}

/// Reads whatever there is in YAML; with a fault what cannot be decoded follows the text.
fn parse_whole(
    text: &str,
    fault: Option<reader::Fault>,
    limits: &Limits,
    rules: decode::Rules,
) -> Result<Value, YamlError> {
    decode::decode(&compose::compose(text, fault, limits)?, limits, rules)
}

#[cfg(test)]
mod tests;
