//! Writing values as block style YAML, one recursive walk into one string.

use serde_json::{Map, Number, Value};

use super::error::EmitError;
use super::key_order::{Order, sort_keys};
use super::limits::Limits;
use super::parse_with;
use super::scalar::{Analysis, Style};
use super::writer::Writer;
use crate::go_json;
use crate::number::{format_yaml_float, from_json_float};

/// Longer keys may not be read back: go-yaml finds a `:` at most 1,024 characters behind the beginning of a key,
/// and escapes have up to six.
const MAX_SAFE_KEY_BYTES: usize = 170;
/// Longer keys are written behind `? `.
const MAX_SIMPLE_KEY_BYTES: usize = 128;

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
    if survives_reading(value, 0)? {
        return document(value, Source::JsonText, fold);
    }
    let reread = parse_with(&go_json::to_string(value), &Limits::default()).map_err(EmitError::Reread)?;
    document(&reread, Source::JsonText, fold)
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
        _ => document(value, Source::Values, true),
    }
}

/// Writes `value` as go-yaml v3's encoder does with an indentation of two, as Helm's `toYamlPretty` uses it:
/// sequences inside maps are indented, nothing is folded.
///
/// # Errors
///
/// [`EmitError::Depth`] for very deep nesting.
pub fn emit_modern(value: &Value) -> Result<String, EmitError> {
    document(value, Source::Modern, false)
}

/// What a text begins with that [`emit_modern`] writes as it is: letters that are none, which no text has.
const PLAIN: &str = "\u{10ffff}\u{10fffe}\u{10ffff}";

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
fn field_name(key: &str) -> &str {
    let placed = key.strip_prefix(FIELD);
    placed.map_or(key, |rest| rest.trim_start_matches(|letter: char| letter.is_ascii_digit()))
}

/// Where go-yaml gets the values from; decides about key order, float rounding and, for v3, the layout.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Source {
    JsonText,
    Values,
    Modern,
}

fn document(value: &Value, source: Source, fold: bool) -> Result<String, EmitError> {
    let mut emitter = Emitter { writer: Writer::default(), source, fold, depth: 0 };
    emitter.node(value, false)?;
    Ok(emitter.writer.finish())
}

struct Emitter {
    writer: Writer,
    source: Source,
    /// Whether long scalars are broken at spaces.
    fold: bool,
    depth: usize,
}

impl Emitter {
    /// Writes one node; `mapping` says whether it is the key or value of a map.
    fn node(&mut self, value: &Value, mapping: bool) -> Result<(), EmitError> {
        match value {
            Value::Array(items) if items.is_empty() => self.writer.empty_collection("[", "]"),
            Value::Object(members) if members.is_empty() => self.writer.empty_collection("{", "}"),
            Value::Array(items) => return self.sequence(items, mapping),
            Value::Object(members) => return self.mapping(members),
            Value::Null => self.writer.bare("null"),
            Value::Bool(true) => self.writer.bare("true"),
            Value::Bool(false) => self.writer.bare("false"),
            Value::Number(number) => self.writer.bare(&self.number(number)),
            Value::String(text) if self.source == Source::Modern && text.starts_with(PLAIN) => {
                self.writer.bare(&text[PLAIN.len()..]);
            }
            Value::String(text) => {
                self.writer.scalar(text, self.style(&Analysis::of(text), text, false), self.fold);
            }
        }
        Ok(())
    }

    fn sequence(&mut self, items: &[Value], mapping: bool) -> Result<(), EmitError> {
        self.descend()?;
        let indentless = mapping && self.source != Source::Modern && !self.writer.at_indention();
        let outer = self.writer.increase_indent(indentless);
        for item in items {
            self.writer.indent();
            self.writer.indicator("-", true, true);
            self.node(item, false)?;
        }
        self.writer.restore_indent(outer);
        self.depth -= 1;
        Ok(())
    }

    fn mapping(&mut self, members: &Map<String, Value>) -> Result<(), EmitError> {
        self.descend()?;
        let outer = self.writer.increase_indent(false);
        let mut keys: Vec<&str> = members.keys().map(String::as_str).collect();
        match self.source {
            Source::JsonText => sort_keys(&mut keys, Order::V2),
            Source::Modern => sort_keys(&mut keys, Order::V3),
            Source::Values => keys.sort_unstable(),
        }
        for key in keys {
            self.key(field_name(key));
            if let Some(member) = members.get(key) {
                self.node(member, true)?;
            }
        }
        self.writer.restore_indent(outer);
        self.depth -= 1;
        Ok(())
    }

    /// Writes a key and its `:`.
    fn key(&mut self, key: &str) {
        self.writer.indent();
        let analysis = Analysis::of(key);
        if !analysis.multiline && key.len() <= MAX_SIMPLE_KEY_BYTES {
            self.writer.scalar(key, self.style(&analysis, key, true), false);
            self.writer.indicator(":", false, false);
        } else {
            self.writer.indicator("?", true, true);
            self.writer.scalar(key, self.style(&analysis, key, false), self.fold);
            self.writer.indent();
            self.writer.indicator(":", true, true);
        }
    }

    fn number(&self, number: &Number) -> String {
        let Some(float) = number.as_f64().filter(|_| number.is_f64()) else {
            return number.to_string();
        };
        match self.source {
            // The text "-0" is read as an integer.
            Source::JsonText if float == 0.0 => "0".to_owned(),
            Source::JsonText => match from_json_float(float) {
                Some(integer) if !integer.is_f64() => integer.to_string(),
                _ => format_yaml_float(float),
            },
            Source::Values => exact_integer(float).unwrap_or_else(|| format_yaml_float(float)),
            Source::Modern => format_yaml_float(float),
        }
    }

    fn style(&self, analysis: &Analysis, text: &str, simple_key: bool) -> Style {
        if self.source == Source::Modern {
            analysis.modern_style(text, simple_key)
        } else {
            analysis.style(text, simple_key)
        }
    }

    fn descend(&mut self) -> Result<(), EmitError> {
        self.depth += 1;
        check_depth(self.depth)
    }
}

/// Whether go-yaml reads the JSON text of `value` back unchanged.
fn survives_reading(value: &Value, depth: usize) -> Result<bool, EmitError> {
    check_depth(depth)?;
    match value {
        Value::String(text) => Ok(!text.chars().any(is_unstable)),
        Value::Array(items) => {
            for item in items {
                if !survives_reading(item, depth + 1)? {
                    return Ok(false);
                }
            }
            Ok(true)
        }
        Value::Object(members) => {
            for (key, member) in members {
                let safe_key = key.len() <= MAX_SAFE_KEY_BYTES && !key.chars().any(is_unstable);
                if !safe_key || !survives_reading(member, depth + 1)? {
                    return Ok(false);
                }
            }
            Ok(true)
        }
        _ => Ok(true),
    }
}

/// Characters that JSON leaves as they are and YAML forbids, and the line break U+0085.
fn is_unstable(character: char) -> bool {
    matches!(character, '\u{7f}'..='\u{9f}' | '\u{fffe}' | '\u{ffff}')
}

fn check_depth(depth: usize) -> Result<(), EmitError> {
    let limit = Limits::default().depth;
    if depth > limit { Err(EmitError::Depth { limit }) } else { Ok(()) }
}

/// All digits of an integral float in the range of `i64` or `u64`.
fn exact_integer(float: f64) -> Option<String> {
    const LOWEST: f64 = -9_223_372_036_854_775_808.0;
    const ABOVE: f64 = 18_446_744_073_709_551_616.0;
    if float.fract() != 0.0 || !(LOWEST..ABOVE).contains(&float) {
        return None;
    }
    #[expect(clippy::cast_possible_truncation, reason = "integral and within 128 bits")]
    let integer = float as i128;
    Some(integer.to_string())
}
