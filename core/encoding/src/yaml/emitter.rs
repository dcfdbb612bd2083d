//! Writing values as block style YAML part by part, so that any kind of tree can be walked into one string.

use serde_json::{Number, Value};

use super::emit::{PLAIN, field_name};
use super::error::EmitError;
use super::key_order::{Order, sort_entries};
use super::limits::Limits;
use super::scalar::{Analysis, Style};
use super::writer::Writer;
use crate::number::{format_yaml_float, from_json_float};

/// Longer keys may not be read back: go-yaml finds a `:` at most 1,024 characters behind the beginning of a key,
/// and escapes have up to six.
const MAX_SAFE_KEY_BYTES: usize = 170;
/// Longer keys are written behind `? `.
const MAX_SIMPLE_KEY_BYTES: usize = 128;

/// Where go-yaml gets the values from; decides about key order, float rounding and, for v3, the layout.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Source {
    JsonText,
    Values,
    Modern,
}

/// Writes a value part by part, as [`super::emit()`] writes it: texts, documents, and between [`Self::begin_sequence`] or
/// [`Self::begin_mapping`] and [`Self::end`] the parts of a collection that is not empty.
pub struct Emitter {
    writer: Writer,
    source: Source,
    /// Whether long scalars are broken at spaces.
    fold: bool,
    /// Whether the next node stands behind a key.
    behind_key: bool,
    /// The indentation outside of each collection that was begun.
    outside: Vec<Option<usize>>,
    /// Whether go-yaml reads the JSON text of what was written back unchanged.
    is_stable: bool,
}

impl Default for Emitter {
    fn default() -> Self {
        Self::of(Source::JsonText, true)
    }
}

impl Emitter {
    pub(super) fn of(source: Source, fold: bool) -> Self {
        let (writer, outside) = (Writer::default(), Vec::new());
        Self { writer, source, fold, behind_key: false, outside, is_stable: true }
    }

    /// The text with its final line break. Nothing when go-yaml does not read the JSON text of the value back unchanged,
    /// as `Marshal` does: then [`super::emit()`] knows what it makes of it.
    #[must_use]
    pub fn finish(self) -> Option<String> {
        self.is_stable.then(|| self.into_text())
    }

    /// The text with its final line break, whatever go-yaml reads back.
    pub(super) fn into_text(self) -> String {
        self.writer.finish()
    }

    /// Writes a string.
    pub fn text(&mut self, text: &str) {
        self.is_stable &= is_stable(text);
        self.writer.scalar(text, self.style(&Analysis::of(text), text, false), self.fold);
    }

    /// Writes a document.
    ///
    /// # Errors
    ///
    /// [`EmitError::Depth`] when nodes lie deeper than the default [`Limits::depth`].
    pub fn document(&mut self, value: &Value) -> Result<(), EmitError> {
        match value {
            Value::Array(items) if items.is_empty() => self.writer.empty_collection("[", "]"),
            Value::Object(members) if members.is_empty() => self.writer.empty_collection("{", "}"),
            Value::Array(items) => {
                self.begin_sequence()?;
                for item in items {
                    self.item();
                    self.document(item)?;
                }
                self.end();
            }
            Value::Object(members) => {
                self.begin_mapping()?;
                let mut members = members.iter().map(|(key, member)| (key.as_str(), member)).collect();
                self.sort(&mut members);
                for (key, member) in members {
                    self.key(field_name(key));
                    self.document(member)?;
                }
                self.end();
            }
            Value::Null => self.writer.bare("null"),
            Value::Bool(flag) => self.writer.bare(if *flag { "true" } else { "false" }),
            Value::Number(number) => self.writer.bare(&self.number(number)),
            Value::String(text) => match text.strip_prefix(PLAIN) {
                Some(text) if self.source == Source::Modern => self.writer.bare(text),
                _ => self.text(text),
            },
        }
        Ok(())
    }

    /// Begins a sequence; each of its nodes is announced by [`Self::item`].
    ///
    /// # Errors
    ///
    /// [`EmitError::Depth`] when it lies deeper than the default [`Limits::depth`].
    pub fn begin_sequence(&mut self) -> Result<(), EmitError> {
        let indentless = self.behind_key && self.source != Source::Modern && !self.writer.at_indention();
        self.begin(indentless)
    }

    /// Begins a map; each of its nodes is announced by [`Self::key`], in the order of [`Self::sort`].
    ///
    /// # Errors
    ///
    /// [`EmitError::Depth`] when it lies deeper than the default [`Limits::depth`].
    pub fn begin_mapping(&mut self) -> Result<(), EmitError> {
        self.begin(false)
    }

    /// Ends the innermost collection.
    pub fn end(&mut self) {
        self.writer.restore_indent(self.outside.pop().flatten());
    }

    /// Puts the entries of a map in the order of its keys.
    pub fn sort<T: Copy>(&self, entries: &mut Vec<(&str, T)>) {
        match self.source {
            Source::JsonText => sort_entries(entries, Order::V2),
            Source::Modern => sort_entries(entries, Order::V3),
            Source::Values => entries.sort_unstable_by_key(|(key, _)| *key),
        }
    }

    /// Begins an item of a sequence.
    pub fn item(&mut self) {
        self.writer.indent();
        self.writer.indicator("-", true, true);
        self.behind_key = false;
    }

    /// Writes a key and its `:`.
    pub fn key(&mut self, key: &str) {
        self.is_stable &= key.len() <= MAX_SAFE_KEY_BYTES && is_stable(key);
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
        self.behind_key = true;
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

    fn begin(&mut self, indentless: bool) -> Result<(), EmitError> {
        let limit = Limits::default().depth;
        if self.outside.len() >= limit {
            return Err(EmitError::Depth { limit });
        }
        self.outside.push(self.writer.increase_indent(indentless));
        Ok(())
    }

    fn style(&self, analysis: &Analysis, text: &str, simple_key: bool) -> Style {
        if self.source == Source::Modern {
            analysis.modern_style(text, simple_key)
        } else {
            analysis.style(text, simple_key)
        }
    }
}

/// Whether go-yaml reads the text back unchanged out of JSON, which leaves some characters as they are that YAML forbids,
/// and the line break U+0085.
fn is_stable(text: &str) -> bool {
    let is_unstable = |character| matches!(character, '\u{7f}'..='\u{9f}' | '\u{fffe}' | '\u{ffff}');
    text.bytes().all(|byte| byte < 0x7f) || !text.chars().any(is_unstable)
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
