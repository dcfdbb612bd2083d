//! Letter case, word forms, wrapping and abbreviation.

use crate::exec::{Executed, Run};
use crate::value::{ParamType, Value};

use super::arguments::{bytes, int, text, value};
use super::words::camel_to_lower;
use super::{Function, fixed, unicode};

const INT: ParamType = ParamType::Int;
const STRING: ParamType = ParamType::String;
const ONE: &[ParamType] = &[STRING];

pub(super) static FUNCTIONS: &[Function] = &[
    fixed("upper", ONE, |_, arguments| {
        Ok(mapped(&text(arguments, 0), u8::to_ascii_uppercase, unicode::upper))
    }),
    fixed("lower", ONE, |_, arguments| {
        Ok(mapped(&text(arguments, 0), u8::to_ascii_lowercase, unicode::lower))
    }),
    fixed("title", ONE, |_, arguments| Ok(title(&text(arguments, 0)).into())),
    fixed("untitle", ONE, |_, arguments| Ok(untitle(&text(arguments, 0)).into())),
    fixed("swapcase", ONE, |_, arguments| Ok(swap_case(&text(arguments, 0)).into())),
    fixed("snakecase", ONE, |_, arguments| Ok(camel_to_lower(&text(arguments, 0), '_').into())),
    fixed("kebabcase", ONE, |_, arguments| Ok(camel_to_lower(&text(arguments, 0), '-').into())),
    fixed("camelcase", ONE, |_, arguments| Ok(super::words::pascal(&text(arguments, 0)).into())),
    fixed("initials", ONE, |_, arguments| Ok(initials(bytes(arguments, 0)).into())),
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

/// Converts letter by letter.
fn mapped(source: &str, ascii: impl Fn(&u8) -> u8, letter: fn(char) -> char) -> Value {
    if source.is_ascii() {
        return Value::String(source.as_bytes().iter().map(ascii).collect());
    }
    source.chars().map(letter).collect::<String>().into()
}

/// Title case for the first letter of each word (Go's `strings.Title`).
fn title(source: &str) -> String {
    let mut previous = ' ';
    let mut convert = |letter: char| {
        let converted = if separates(previous) { unicode::title(letter) } else { letter };
        previous = letter;
        converted
    };
    source.chars().map(&mut convert).collect()
}

fn separates(letter: char) -> bool {
    if letter.is_ascii() {
        return !letter.is_ascii_alphanumeric() && letter != '_';
    }
    letter.is_whitespace() && !unicode::is_letter(letter) && !unicode::is_digit(letter)
}

fn untitle(source: &str) -> String {
    let mut at_start = true;
    let mut convert = |letter: char| {
        if letter.is_whitespace() {
            at_start = true;
            return letter;
        }
        if std::mem::replace(&mut at_start, false) { unicode::lower(letter) } else { letter }
    };
    source.chars().map(&mut convert).collect()
}

/// Swaps cases; a small letter at the beginning of a word gets title case.
fn swap_case(source: &str) -> String {
    let mut at_start = true;
    let mut convert = |letter: char| {
        let is_start = std::mem::replace(&mut at_start, false);
        if unicode::is_upper(letter) || unicode::is_title(letter) {
            unicode::lower(letter)
        } else if unicode::is_lower(letter) {
            if is_start { unicode::title(letter) } else { unicode::upper(letter) }
        } else {
            at_start = letter.is_whitespace();
            letter
        }
    };
    source.chars().map(&mut convert).collect()
}

/// The first character of each word; like goutils, it looks at bytes.
fn initials(source: &[u8]) -> String {
    let mut after_gap = true;
    let mut out = String::new();
    for character in source.iter().copied().map(char::from) {
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
