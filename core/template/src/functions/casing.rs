//! Letter case, word forms, wrapping and abbreviation.

use crate::exec::{Executed, Run};
use crate::value::{ParamType, Value};

use super::arguments::{bytes, int, text, value};
use super::words::camel_to_lower;
use super::{Function, fixed};

const INT: ParamType = ParamType::Int;
const STRING: ParamType = ParamType::String;
const ONE: &[ParamType] = &[STRING];

pub(super) static FUNCTIONS: &[Function] = &[
    fixed("upper", ONE, |_, arguments| Ok(mapped(&text(arguments, 0), str::to_ascii_uppercase, upper))),
    fixed("lower", ONE, |_, arguments| Ok(mapped(&text(arguments, 0), str::to_ascii_lowercase, lower))),
    fixed("title", ONE, |_, arguments| Ok(title(&text(arguments, 0)).into())),
    fixed("untitle", ONE, |_, arguments| Ok(untitle(&text(arguments, 0)).into())),
    fixed("swapcase", ONE, |_, arguments| Ok(swap_case(&text(arguments, 0)).into())),
    fixed("snakecase", ONE, |_, arguments| Ok(camel_to_lower(&text(arguments, 0), '_').into())),
    fixed("kebabcase", ONE, |_, arguments| Ok(camel_to_lower(&text(arguments, 0), '-').into())),
    fixed("camelcase", ONE, |_, arguments| Ok(super::words::pascal(&text(arguments, 0)).into())),
    fixed("initials", ONE, |_, arguments| Ok(initials(&text(arguments, 0)).into())),
    fixed("wrap", &[INT, STRING], |run, arguments| {
        wrap(run, bytes(arguments, 1), int(arguments, 0), b"\n", false)
    }),
    fixed("wrapWith", &[INT, STRING, STRING], |run, arguments| {
        wrap(run, bytes(arguments, 2), int(arguments, 0), bytes(arguments, 1), true)
    }),
    fixed("abbrev", &[INT, STRING], |_, arguments| match int(arguments, 0) {
        ..4 => Ok(value(arguments, 1)),
        width => Ok(Value::string(abbreviate(bytes(arguments, 1), 0, width))),
    }),
    fixed("abbrevboth", &[INT, INT, STRING], |_, arguments| {
        let (left, right) = (int(arguments, 0), int(arguments, 1));
        if right < 4 || left > 0 && right < 7 {
            return Ok(value(arguments, 2));
        }
        Ok(Value::string(abbreviate(bytes(arguments, 2), left, right)))
    }),
];

/// Converts letter by letter, ASCII text all at once.
fn mapped(source: &str, ascii: fn(&str) -> String, letter: fn(char) -> char) -> Value {
    if source.is_ascii() {
        return ascii(source).into();
    }
    source.chars().map(letter).collect::<String>().into()
}

/// The upper-case letter, when it is a single one (Go maps letters one to one).
pub(super) fn upper(character: char) -> char {
    let mut mapped = character.to_uppercase();
    match (mapped.next(), mapped.next()) {
        (Some(mapped), None) => mapped,
        _ => character,
    }
}

/// The lower-case letter.
pub(super) fn lower(character: char) -> char {
    character.to_lowercase().next().unwrap_or(character)
}

/// Upper case for the first letter of each word (Go's `strings.Title`).
fn title(source: &str) -> String {
    let mut previous = ' ';
    let mut convert = |character: char| {
        let converted = if separates(previous) { upper(character) } else { character };
        previous = character;
        converted
    };
    source.chars().map(&mut convert).collect()
}

fn separates(character: char) -> bool {
    if character.is_ascii() {
        return !character.is_ascii_alphanumeric() && character != '_';
    }
    !character.is_alphanumeric() && character.is_whitespace()
}

fn untitle(source: &str) -> String {
    let mut at_start = true;
    let mut convert = |character: char| {
        if character.is_whitespace() {
            at_start = true;
            return character;
        }
        if std::mem::replace(&mut at_start, false) { lower(character) } else { character }
    };
    source.chars().map(&mut convert).collect()
}

fn swap_case(source: &str) -> String {
    let mut convert = |character: char| {
        if character.is_uppercase() {
            lower(character)
        } else if character.is_lowercase() {
            upper(character)
        } else {
            character
        }
    };
    source.chars().map(&mut convert).collect()
}

/// The first character of each word; like goutils, it looks at bytes.
fn initials(source: &str) -> String {
    let mut after_gap = true;
    let mut out = String::new();
    for character in source.bytes().map(char::from) {
        if character.is_whitespace() {
            after_gap = true;
        } else if std::mem::replace(&mut after_gap, false) {
            out.push(character);
        }
    }
    out
}

/// Breaks text into lines of at most `width` bytes at spaces; longer words are broken if asked for.
fn wrap(
    run: &mut Run<'_, '_>,
    source: &[u8],
    width: i64,
    newline: &[u8],
    break_words: bool,
) -> Executed<Value> {
    let width = usize::try_from(width).unwrap_or(0).max(1);
    let newline = if newline.is_empty() { b"\n" } else { newline };
    let breaks = source.len() / width + 1;
    run.environment.budget.charge_bytes(breaks.saturating_mul(newline.len()))?;
    let mut out = Vec::with_capacity(source.len());
    let mut rest = source;
    while rest.len() > width {
        if rest[0] == b' ' {
            rest = &rest[1..];
            continue;
        }
        let space = rest[..=width].iter().rposition(|&byte| byte == b' ');
        let (line, skip) = match space {
            Some(space) => (space, 1),
            None if break_words => (width, 0),
            None => match rest[width..].iter().position(|&byte| byte == b' ') {
                Some(space) => (width + space, 1),
                None => break,
            },
        };
        out.extend_from_slice(&rest[..line]);
        out.extend_from_slice(newline);
        rest = &rest[line + skip..];
    }
    out.extend_from_slice(rest);
    Ok(Value::string(out))
}

/// Cuts to `width` bytes with dots at the end, and at the start when `offset` is beyond 4 (goutils).
fn abbreviate(source: &[u8], offset: i64, width: i64) -> Vec<u8> {
    let length = i64::try_from(source.len()).unwrap_or(i64::MAX);
    if length <= width {
        return source.to_vec();
    }
    let offset = offset.min(length);
    let offset = if length - offset < width - 3 { length - (width - 3) } else { offset };
    let part = |start: i64, end: i64| {
        let range = usize::try_from(start).unwrap_or(0)..usize::try_from(end).unwrap_or(0);
        source.get(range).unwrap_or_default()
    };
    if offset <= 4 {
        return [part(0, width - 3), b"..."].concat();
    }
    if width < 7 {
        return Vec::new();
    }
    if offset + width - 3 < length {
        return [b"...".to_vec(), abbreviate(part(offset, length), 0, width - 3)].concat();
    }
    [b"...", part(length - (width - 3), length)].concat()
}
