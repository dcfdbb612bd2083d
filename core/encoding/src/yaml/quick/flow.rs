//! Lists and maps in brackets, on one line.

use serde_json::{Map, Value};

use super::Room;
use super::scalar::{self, Key};
use crate::yaml::line::is_word;

/// The collection that `text` begins with, and what follows it; nothing when the parser has to read it.
pub(super) fn read<'t>(text: &'t str, room: &mut Room) -> Option<(Value, &'t str)> {
    room.enter()?;
    let inner = text[1..].trim_start_matches(' ');
    let read = if text.starts_with('[') { list(inner, room) } else { map(inner, room) };
    room.leave();
    read
}

fn list<'t>(text: &'t str, room: &mut Room) -> Option<(Value, &'t str)> {
    let mut items = Vec::new();
    let mut rest = text;
    if let Some(after) = rest.strip_prefix(']') {
        return Some((Value::Array(items), after));
    }
    loop {
        let (item, after) = value(rest, room)?;
        items.push(item);
        match separated(after, ']')? {
            Separated::Next(next) => rest = next,
            Separated::End(after) => return Some((Value::Array(items), after)),
        }
    }
}

fn map<'t>(text: &'t str, room: &mut Room) -> Option<(Value, &'t str)> {
    let mut members = Map::new();
    let mut rest = text;
    if let Some(after) = rest.strip_prefix('}') {
        return Some((Value::Object(members), after));
    }
    loop {
        let (key, after) = scalar::key(rest)?;
        if matches!(key, Key::Plain(word) if !is_scalar(word)) {
            return None;
        }
        // Without a blank behind the colon it may be no key.
        let after = after.strip_prefix(' ')?.trim_start_matches(' ');
        let (member, after) = value(after, room)?;
        room.insert(&mut members, scalar::key_text(key)?, member)?;
        match separated(after, '}')? {
            Separated::Next(next) => rest = next,
            Separated::End(after) => return Some((Value::Object(members), after)),
        }
    }
}

fn value<'t>(text: &'t str, room: &mut Room) -> Option<(Value, &'t str)> {
    match text.as_bytes().first()? {
        b'[' | b'{' => return read(text, room),
        b'"' | b'\'' => {
            room.node()?;
            let (value, rest) = scalar::quoted(text)?;
            return Some((Value::String(value), rest));
        }
        _ => {}
    }
    room.node()?;
    let end = text.bytes().position(|byte| !is_word(byte))?;
    let (word, rest) = text.split_at(end);
    if !is_scalar(word) {
        return None;
    }
    Some((scalar::typed(word)?, rest))
}

/// Whether a word begins like a scalar.
fn is_scalar(word: &str) -> bool {
    !word.is_empty() && !word.starts_with("--") && word != "-"
}

enum Separated<'t> {
    /// Another value follows.
    Next(&'t str),
    /// The collection has ended.
    End(&'t str),
}

fn separated(text: &str, end: char) -> Option<Separated<'_>> {
    let text = text.trim_start_matches(' ');
    if let Some(after) = text.strip_prefix(end) {
        return Some(Separated::End(after));
    }
    Some(Separated::Next(text.strip_prefix(',')?.trim_start_matches(' ')))
}
