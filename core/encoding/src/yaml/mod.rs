//! YAML 1.1 as `sigs.k8s.io/yaml` 1.6 (go-yaml v2) reads and writes it.

mod error;

pub use error::{EmitError, YamlError};
use serde_json::Value;

/// Bounds for hostile documents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The largest input, in bytes.
    pub input_bytes: usize,
    /// The deepest nesting of collections, aliases expanded.
    pub depth: usize,
    /// The most nodes, aliases expanded.
    pub nodes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { input_bytes: 64 << 20, depth: 10_000, nodes: 20_000_000 }
    }
}

/// Parses the first document of `text`.
pub fn parse(text: &str) -> Result<Value, YamlError> {
    parse_with(text, &Limits::default())
}

/// Parses the first document of `text` within `limits`.
pub fn parse_with(text: &str, limits: &Limits) -> Result<Value, YamlError> {
    if text.len() > limits.input_bytes {
        return Err(YamlError::InputSize { limit: limits.input_bytes });
    }
    serde_json::from_str(text).map_err(|error| YamlError::Syntax { line: None, problem: error.to_string() })
}

/// Like [`parse`] but a repeated key is an error.
pub fn parse_strict(text: &str) -> Result<Value, YamlError> {
    parse(text)
}

/// Like [`parse_strict`] within `limits`.
pub fn parse_strict_with(text: &str, limits: &Limits) -> Result<Value, YamlError> {
    parse_with(text, limits)
}

/// Writes `value` as YAML.
pub fn emit(value: &Value) -> Result<String, EmitError> {
    Ok(crate::go_json::to_string(value) + "\n")
}

/// Writes `value` as YAML with byte-wise sorted keys.
pub fn emit_sorted_bytes(value: &Value) -> Result<String, EmitError> {
    emit(value)
}
