//! Keys and scalars of the plainest kinds.

use serde_json::{Number, Value};

use crate::number::from_json_float;
use crate::yaml::line::{comment, has_mark, is_word};
use crate::yaml::resolve::{Resolved, resolve_plain};

/// Longer keys are left to the parser.
const KEY_MAX: usize = 128;

/// The head of a block scalar.
#[derive(Clone, Copy)]
pub(super) struct Block {
    is_folded: bool,
    pub(super) chomping: Chomping,
    /// How much further than its parent it is indented, where its head says so.
    pub(super) increment: Option<usize>,
}

/// What becomes of the line breaks at the end of a block scalar.
#[derive(Clone, Copy)]
pub(super) enum Chomping {
    Strip,
    Clip,
    Keep,
}

impl Block {
    /// Adds a line behind `breaks` line breaks; nothing when folding it is for the parser.
    pub(super) fn join(self, text: &mut String, breaks: usize, line: &str) -> Option<()> {
        let breaks = if !self.is_folded {
            breaks
        } else if line.starts_with([' ', '\t']) || (text.is_empty() && breaks > 0) {
            return None;
        } else {
            breaks.saturating_sub(1)
        };
        if self.is_folded && breaks == 0 && !text.is_empty() {
            text.push(' ');
        }
        text.extend(std::iter::repeat_n('\n', breaks));
        text.push_str(line);
        Some(())
    }
}

/// What follows the hyphen of an item.
pub(super) fn item(text: &str) -> Option<&str> {
    let rest = text.strip_prefix('-')?;
    (rest.is_empty() || rest.starts_with(' ')).then_some(rest)
}

/// A key as it is written.
#[derive(Clone, Copy)]
pub(super) enum Key<'t> {
    Plain(&'t str),
    Quoted(&'t str),
}

/// A key and what follows its colon; nothing when the text does not begin with a key of the plainest kind.
pub(super) fn key(text: &str) -> Option<(Key<'_>, &str)> {
    let (key, rest) = match text.as_bytes().first()? {
        quote @ (b'"' | b'\'') => {
            let (key, rest) = text[1..].split_once(char::from(*quote))?;
            if key.len() > KEY_MAX || key.contains(['\\', '\t']) {
                return None;
            }
            (Key::Quoted(key), rest)
        }
        b'-' => return None,
        _ => {
            let end = text.bytes().position(|byte| !is_word(byte))?;
            if end == 0 || end > KEY_MAX {
                return None;
            }
            (Key::Plain(&text[..end]), &text[end..])
        }
    };
    let rest = rest.strip_prefix(':')?;
    (rest.is_empty() || rest.starts_with(' ')).then_some((key, rest))
}

/// The text of a key; nothing for keys of rare types.
pub(super) fn key_text(key: Key<'_>) -> Option<String> {
    let text = match key {
        Key::Quoted(text) => return Some(text.to_owned()),
        Key::Plain(text) => text,
    };
    match resolve_plain(text) {
        Resolved::Text | Resolved::Timestamp => Some(text.to_owned()),
        Resolved::Bool(flag) => Some(flag.to_string()),
        Resolved::Int(integer) => Some(integer.to_string()),
        Resolved::Null | Resolved::Uint(_) | Resolved::Float(_) => None,
    }
}

/// The head of a block scalar.
pub(super) fn block(text: &str) -> Option<Block> {
    let is_folded = text.starts_with('>');
    let rest = &text[1..];
    let digit = rest.bytes().next().filter(|byte| matches!(byte, b'1'..=b'9'));
    let increment = digit.map(|digit| usize::from(digit - b'0'));
    let rest = &rest[usize::from(increment.is_some())..];
    let (chomping, rest) = match rest.as_bytes().first() {
        Some(b'-') => (Chomping::Strip, &rest[1..]),
        Some(b'+') => (Chomping::Keep, &rest[1..]),
        _ => (Chomping::Clip, rest),
    };
    ends(rest)?;
    Some(Block { is_folded, chomping, increment })
}

/// A plain scalar on one line, and whether it may go on in the next.
pub(super) fn plain(text: &str) -> Option<(&str, bool)> {
    let bytes = text.as_bytes();
    let is_plain = match bytes[0] {
        b'-' | b':' => bytes.get(1).is_some_and(|next| *next != b' '),
        b'?' | b',' | b'&' | b'*' | b'!' | b'%' | b'@' | b'`' | b']' | b'}' | b'#' | b'|' | b'>' | b'"'
        | b'\'' | b'[' | b'{' => false,
        _ => true,
    };
    let value = comment(text).map_or(text, |at| &text[..at]);
    let is_open = value.len() == text.len();
    let value = value.trim_end_matches(' ');
    (is_plain && !has_mark(value)).then_some((value, is_open))
}

/// A further line of a plain scalar.
pub(super) fn continuation(text: &str) -> Option<&str> {
    let value = text.trim_end_matches(' ');
    (!has_mark(value) && comment(value).is_none()).then_some(value)
}

/// The value of a plain scalar; nothing for what JSON has no number for.
pub(super) fn typed(text: &str) -> Option<Value> {
    Some(match resolve_plain(text) {
        Resolved::Null => Value::Null,
        Resolved::Bool(flag) => Value::Bool(flag),
        Resolved::Int(integer) => Value::Number(Number::from(integer)),
        Resolved::Uint(integer) => Value::Number(Number::from(integer)),
        Resolved::Float(float) => Value::Number(from_json_float(float)?),
        Resolved::Timestamp | Resolved::Text => Value::String(text.to_owned()),
    })
}

/// The text within quotes, and what follows them.
pub(super) fn quoted(text: &str) -> Option<(String, &str)> {
    let quote = text.as_bytes()[0];
    let mut value = String::new();
    let (mut start, mut at) = (1, 1);
    loop {
        match *text.as_bytes().get(at)? {
            byte if byte == quote => {
                value.push_str(&text[start..at]);
                if quote == b'"' || text.as_bytes().get(at + 1) != Some(&b'\'') {
                    return Some((value, &text[at + 1..]));
                }
                // The second of two quotes is kept.
                start = at + 1;
                at += 2;
            }
            b'\\' if quote == b'"' => {
                value.push_str(&text[start..at]);
                value.push(unescaped(*text.as_bytes().get(at + 1)?)?);
                at += 2;
                start = at;
            }
            _ => at += 1,
        }
    }
}

/// What a letter behind a backslash stands for; nothing for rare ones.
pub(super) fn unescaped(letter: u8) -> Option<char> {
    match letter {
        b'"' | b'\\' => Some(char::from(letter)),
        b'n' => Some('\n'),
        b't' => Some('\t'),
        b'r' => Some('\r'),
        _ => None,
    }
}

/// Whether nothing follows but blanks and a comment.
pub(super) fn ends(rest: &str) -> Option<()> {
    let text = rest.trim_start_matches(' ');
    (text.is_empty() || (text.starts_with('#') && text.len() < rest.len())).then_some(())
}
