//! Scalars of the plainest kinds.

use pilothouse_encoding::yaml::{
    self,
    line::{comment, has_mark, is_word},
};
use serde_json::Value;

use crate::head::scalar_text;

/// How a scalar goes on.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Scalar {
    /// It ends on its line.
    Ended,
    /// It is plain and may go on in the next line.
    Open,
    /// Its quote is still open at the end of the line.
    Unclosed(Quote),
    /// It consists of the lines below.
    Block,
}

/// Which quotes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Quote {
    Single,
    Double,
}

/// Longer keys are left to the parser.
const KEY_MAX: usize = 128;

/// More digits are left to the parser: a number may be too large.
const DIGITS_MAX: usize = 15;

/// Reads a value that begins with `text`, which is not empty; nothing when it is for the parser.
pub(super) fn read(text: &str) -> Option<Scalar> {
    match text.as_bytes()[0] {
        b'"' => quoted(&text[1..], Quote::Double),
        b'\'' => quoted(&text[1..], Quote::Single),
        b'{' => ends(text.strip_prefix("{}")?),
        b'[' => list(&text[1..]),
        b'|' | b'>' => {
            let rest = text[1..].strip_prefix(['-', '+']).unwrap_or(&text[1..]);
            ends(rest).map(|_| Scalar::Block)
        }
        _ => plain(text),
    }
}

/// A key and what follows its colon; nothing when the text does not begin with a key of the plainest kind.
pub(super) fn key(text: &str) -> Option<(&str, &str)> {
    for quote in ['"', '\''] {
        if let Some(rest) = text.strip_prefix(quote) {
            let (key, rest) = rest.split_once(quote)?;
            let rest = rest.strip_prefix(':')?;
            let is_key = rest.is_empty() || rest.starts_with(' ');
            return (is_key && !key.contains('\\') && key.len() <= KEY_MAX).then_some((key, rest));
        }
    }
    let end = text.bytes().position(|byte| !is_word(byte))?;
    let (key, rest) = text.split_at(end);
    let rest = rest.strip_prefix(':')?;
    let is_key = rest.is_empty() || rest.starts_with(' ');
    let first = key.bytes().next()?;
    let is_number = key.len() <= DIGITS_MAX && key.bytes().all(|byte| byte.is_ascii_digit());
    let begins_a_word = first.is_ascii_alphabetic() || matches!(first, b'_' | b'$' | b'/');
    let is_usual = (begins_a_word || is_number) && key.len() <= KEY_MAX && !key.eq_ignore_ascii_case("null");
    (is_key && is_usual).then_some((key, rest))
}

/// Whether the line can only be more of a plain scalar.
pub(super) fn is_continuation(text: &str) -> bool {
    !has_mark(text) && comment(text).is_none()
}

/// The text that a value on one line is; the parser says it when it may be something else.
pub(super) fn text_of(text: &str) -> Option<String> {
    if !matches!(read(text)?, Scalar::Ended | Scalar::Open) || matches!(text.as_bytes()[0], b'[' | b'{') {
        return None;
    }
    if !text.starts_with(['"', '\'']) {
        let value = comment(text).map_or(text, |at| &text[..at]).trim_end_matches(' ');
        if is_surely_text(value) {
            return Some(value.to_owned());
        }
    }
    match yaml::parse(&format!("- {text}\n")) {
        Ok(Value::Array(values)) => values.first().and_then(scalar_text),
        _ => None,
    }
}

/// Whether a plain scalar is a text: it begins with a letter and is none of the words for other values.
pub(super) fn is_surely_text(value: &str) -> bool {
    const WORDS: [&str; 9] = ["y", "n", "yes", "no", "on", "off", "true", "false", "null"];
    value.starts_with(|c: char| c.is_ascii_alphabetic())
        && !WORDS.iter().any(|word| value.eq_ignore_ascii_case(word))
}

/// Whether the value is a map without entries.
pub(super) fn is_empty_map(text: &str) -> bool {
    text.strip_prefix("{}").is_some_and(|rest| ends(rest).is_some())
}

fn plain(text: &str) -> Option<Scalar> {
    let bytes = text.as_bytes();
    let is_plain = match bytes[0] {
        b'-' => bytes.get(1).is_some_and(|next| !matches!(next, b' ' | b'.')),
        b'<' => !text.starts_with("<<"),
        b':' => bytes.get(1).is_some_and(|next| *next != b' '),
        // Infinities and what is no number.
        b'.' => bytes.get(1).is_some_and(|next| !matches!(next, b'i' | b'I' | b'n' | b'N')),
        b'+' | b'?' | b',' | b'&' | b'*' | b'!' | b'%' | b'@' | b'`' | b']' | b'}' | b'#' => false,
        _ => true,
    };
    let value = comment(text).map_or(text, |at| &text[..at]);
    if !is_plain || has_mark(value) || may_overflow(value.trim_end()) {
        return None;
    }
    Some(if value.len() < text.len() { Scalar::Ended } else { Scalar::Open })
}

/// Whether it may be a number without a place in JSON.
fn may_overflow(value: &str) -> bool {
    let is_numeric =
        |byte: u8| byte.is_ascii_digit() || matches!(byte, b'.' | b'e' | b'E' | b'+' | b'-' | b'_');
    value.bytes().all(is_numeric) && (value.len() > DIGITS_MAX || value.contains(['e', 'E']))
}

/// Reads a line within quotes: up to their end and what may follow, or to the end of the line.
pub(super) fn quoted(text: &str, quote: Quote) -> Option<Scalar> {
    let bytes = text.as_bytes();
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        match (quote, byte, bytes.get(at + 1)) {
            (Quote::Single, b'\'', Some(b'\'')) => at += 2,
            (Quote::Single, b'\'', _) | (Quote::Double, b'"', _) => return ends(&text[at + 1..]),
            // At the end of a line it stands for the line break.
            (Quote::Double, b'\\', None | Some(b'"' | b'\\' | b'n' | b't' | b'r' | b' ')) => at += 2,
            (Quote::Double, b'\\', _) => return None,
            _ => at += 1,
        }
    }
    Some(Scalar::Unclosed(quote))
}

/// Reads what follows the bracket of a list of simple scalars.
fn list(text: &str) -> Option<Scalar> {
    let (items, rest) = text.split_once(']')?;
    let is_item = |item: &str| {
        let item = item.trim_matches(' ');
        let within = |quote: char| item.strip_prefix(quote).and_then(|item| item.strip_suffix(quote));
        match within('"').or_else(|| within('\'')) {
            Some(inner) => !inner.contains(['"', '\'', '\\']),
            None => is_surely_text(item) && item.bytes().all(is_word),
        }
    };
    let is_plain = items.trim_matches(' ').is_empty() || items.split(',').all(is_item);
    if is_plain { ends(rest) } else { None }
}

/// Whether nothing follows but blanks and a comment.
fn ends(rest: &str) -> Option<Scalar> {
    let text = rest.trim_start_matches(' ');
    let is_end = text.is_empty() || (text.starts_with('#') && text.len() < rest.len());
    is_end.then_some(Scalar::Ended)
}
