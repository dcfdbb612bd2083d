//! Writing values as block style YAML, one recursive walk into one string.

use serde_json::Value;

use super::emitter::{Emitter, Source};
use super::error::EmitError;
use super::limits::Limits;
use super::parse_with;
use crate::go_json;

/// Writes `value` as `sigs.k8s.io/yaml`'s `Marshal` does: natural key order, folding at 80 columns, one final
/// line break.
///
/// # Errors
///
/// `Marshal` reads its own JSON text as YAML and so refuses forbidden control characters and keys of more than
/// 1,024 characters. Nesting deeper than the default [`Limits::depth`] is an error too.
pub fn emit(value: &Value) -> Result<String, EmitError> {
    emit_json_text(value, true)
}

/// [`emit`] without folding: what go-yaml v3 makes of that text when it reads and writes it again, as Helm does
/// after post-rendering.
///
/// # Errors
///
/// Those of [`emit`].
pub fn emit_unfolded(value: &Value) -> Result<String, EmitError> {
    emit_json_text(value, false)
}

fn emit_json_text(value: &Value, fold: bool) -> Result<String, EmitError> {
    if let Some(text) = document(value, Source::JsonText, fold)?.finish() {
        return Ok(text);
    }
    let reread = parse_with(&go_json::to_string(value), &Limits::default()).map_err(EmitError::Reread)?;
    Ok(document(&reread, Source::JsonText, fold)?.into_text())
}

/// Writes `value` with the keys of every map in byte order; this text is what the values digest of a release
/// is computed over (spec 04 §5). An empty map and null give the empty text.
///
/// Floats with an integral value in the range of 64-bit integers are written as integers.
///
/// # Errors
///
/// [`EmitError::Depth`] for very deep nesting.
pub fn emit_sorted_bytes(value: &Value) -> Result<String, EmitError> {
    match value {
        Value::Null => Ok(String::new()),
        Value::Object(members) if members.is_empty() => Ok(String::new()),
        _ => Ok(document(value, Source::Values, true)?.into_text()),
    }
}

/// Writes `value` as go-yaml v3's encoder does with an indentation of two, as Helm's `toYamlPretty` uses it:
/// sequences inside maps are indented, nothing is folded.
///
/// # Errors
///
/// [`EmitError::Depth`] for very deep nesting.
pub fn emit_modern(value: &Value) -> Result<String, EmitError> {
    Ok(document(value, Source::Modern, false)?.into_text())
}

/// What a text begins with that [`emit_modern`] writes as it is: letters that are none, which no text has.
pub(super) const PLAIN: &str = "\u{10ffff}\u{10fffe}\u{10ffff}";

/// A value that [`emit_modern`] writes as it is, without quotes: a time, or a number that JSON does not have.
#[must_use]
pub fn plain(text: &str) -> Value {
    Value::String(format!("{PLAIN}{text}"))
}

/// What the name of a field begins with that [`emit_modern`] writes at its place.
const FIELD: &str = "\u{10ffff}\u{10fffd}\u{10ffff}";

/// A key that [`emit_modern`] writes at the given place among those of its map, as fields of a struct are.
#[must_use]
pub fn field(place: usize, name: &str) -> String {
    format!("{FIELD}{place:06}{name}")
}

/// The name of a field without its place; any other key as it is.
pub(super) fn field_name(key: &str) -> &str {
    let placed = key.strip_prefix(FIELD);
    placed.map_or(key, |rest| rest.trim_start_matches(|letter: char| letter.is_ascii_digit()))
}

fn document(value: &Value, source: Source, fold: bool) -> Result<Emitter, EmitError> {
    let mut emitter = Emitter::of(source, fold);
    emitter.document(value)?;
    Ok(emitter)
}
