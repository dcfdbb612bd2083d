//! Strings: cutting, joining, quoting, testing.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::rc::Rc;

use memchr::memmem::Finder;

use crate::error::ExecError;
use crate::exec::{Executed, Run};
use crate::format::{self, quote};
use crate::value::{Entries, MapType, ParamType, Text, Value};

use super::arguments::{bytes, charge_items, charge_text, display, int, text, value};
use super::{Function, fixed, runes, variadic};

const ANY: ParamType = ParamType::Any;
const INT: ParamType = ParamType::Int;
const STRING: ParamType = ParamType::String;
const TWO: &[ParamType] = &[STRING, STRING];

pub(super) static FUNCTIONS: &[Function] = &[
    fixed("trim", &[STRING], |_, arguments| Ok(text(arguments, 0).trim_matches(is_go_space).into())),
    fixed("trimAll", TWO, trim_all),
    fixed("trimall", TWO, trim_all),
    fixed("trimSuffix", TWO, |_, arguments| {
        Ok(stripped(arguments, bytes(arguments, 1).strip_suffix(bytes(arguments, 0))))
    }),
    fixed("trimPrefix", TWO, |_, arguments| {
        Ok(stripped(arguments, bytes(arguments, 1).strip_prefix(bytes(arguments, 0))))
    }),
    fixed("trunc", &[INT, STRING], trunc),
    fixed("substr", &[INT, INT, STRING], substr),
    fixed("nospace", &[STRING], |_, arguments| Ok(nospace(bytes(arguments, 0)))),
    fixed("contains", TWO, |_, arguments| Ok(Value::Bool(text(arguments, 1).contains(&*text(arguments, 0))))),
    fixed("hasPrefix", TWO, |_, arguments| {
        Ok(Value::Bool(bytes(arguments, 1).starts_with(bytes(arguments, 0))))
    }),
    fixed("hasSuffix", TWO, |_, arguments| {
        Ok(Value::Bool(bytes(arguments, 1).ends_with(bytes(arguments, 0))))
    }),
    variadic("quote", &[], ANY, quote_all),
    variadic("squote", &[], ANY, squote_all),
    variadic("cat", &[], ANY, cat),
    fixed("indent", &[INT, STRING], |run, arguments| indent(run, arguments, "")),
    fixed("nindent", &[INT, STRING], |run, arguments| indent(run, arguments, "\n")),
    fixed("replace", &[STRING, STRING, STRING], replace),
    fixed("repeat", &[INT, STRING], repeat),
    fixed("plural", &[STRING, STRING, INT], |_, arguments| {
        Ok(value(arguments, usize::from(int(arguments, 2) != 1)))
    }),
    fixed("split", TWO, |run, arguments| {
        let parts = split(run, bytes(arguments, 1), bytes(arguments, 0), None)?;
        numbered(run, parts)
    }),
    fixed("splitn", &[STRING, INT, STRING], |run, arguments| {
        let count = int(arguments, 1);
        let parts = split(run, bytes(arguments, 2), bytes(arguments, 0), Some(count))?;
        numbered(run, parts)
    }),
    fixed("splitList", TWO, |run, arguments| {
        Ok(Value::strings(split(run, bytes(arguments, 1), bytes(arguments, 0), None)?))
    }),
];

/// What Go's `strings.TrimSpace` trims.
fn is_go_space(character: char) -> bool {
    character.is_whitespace()
}

fn trim_all(run: &mut Run<'_, '_>, arguments: &[Value]) -> Executed<Value> {
    const LONG: usize = 64;
    let set = text(arguments, 0);
    let mut letters = None;
    if set.len() > LONG {
        run.environment.budget.charge_steps(set.len() as u64)?;
        letters = Some(set.chars().collect::<BTreeSet<char>>());
    }
    let is_trimmed = |letter: &char| match &letters {
        Some(letters) => letters.contains(letter),
        None => set.contains(*letter),
    };
    let mut rest = bytes(arguments, 1);
    while let Some((_, width)) = runes::first(rest).filter(|(letter, _)| is_trimmed(letter)) {
        rest = &rest[width..];
    }
    while let Some((_, width)) = runes::last(rest).filter(|(letter, _)| is_trimmed(letter)) {
        rest = &rest[..rest.len() - width];
    }
    run.environment.budget.charge_steps((bytes(arguments, 1).len() - rest.len()) as u64)?;
    Ok(stripped(arguments, Some(rest)))
}

fn stripped(arguments: &[Value], rest: Option<&[u8]>) -> Value {
    rest.map_or_else(|| value(arguments, 1), Value::string)
}

/// Keeps so many bytes from the start, or from the end when the number is negative.
fn trunc(_: &mut Run<'_, '_>, arguments: &[Value]) -> Executed<Value> {
    let (count, content) = (int(arguments, 0), bytes(arguments, 1));
    let size = usize::try_from(count.unsigned_abs()).unwrap_or(usize::MAX);
    Ok(if size >= content.len() {
        value(arguments, 1)
    } else if count < 0 {
        Value::string(&content[content.len() - size..])
    } else {
        Value::string(&content[..size])
    })
}

fn substr(_: &mut Run<'_, '_>, arguments: &[Value]) -> Executed<Value> {
    let (start, end, content) = (int(arguments, 0), int(arguments, 1), bytes(arguments, 2));
    let length = i64::try_from(content.len()).unwrap_or(i64::MAX);
    let range = if start < 0 {
        0..end
    } else if end < 0 || end > length {
        start..length
    } else {
        start..end
    };
    let part = match (usize::try_from(range.start), usize::try_from(range.end)) {
        (Ok(start), Ok(end)) => content.get(start..end),
        _ => None,
    };
    part.map(Value::string).ok_or_else(|| slice_bounds(range.start, range.end, length))
}

/// Go's words for a bad string slice.
fn slice_bounds(start: i64, end: i64, length: i64) -> ExecError {
    let message = if end > length {
        format!("runtime error: slice bounds out of range [:{end}] with length {length}")
    } else if end < 0 {
        format!("runtime error: slice bounds out of range [:{end}]")
    } else {
        format!("runtime error: slice bounds out of range [{start}:{end}]")
    };
    ExecError::plain(message)
}

fn quote_all(run: &mut Run<'_, '_>, arguments: &[Value]) -> Executed<Value> {
    let mut out = Vec::new();
    for argument in arguments.iter().filter(|argument| !argument.is_nil()) {
        if !out.is_empty() {
            out.push(b' ');
        }
        let shown = display(run, argument)?;
        // The text is built, and then copied.
        charge_text(run, shown.len().saturating_mul(2))?;
        quote::write_quoted(&mut out, shown.as_bytes(), b'"', false);
    }
    Ok(Value::string(out))
}

/// Puts single quotes around, and escapes nothing.
fn squote_all(run: &mut Run<'_, '_>, arguments: &[Value]) -> Executed<Value> {
    let mut out = Vec::new();
    for argument in arguments.iter().filter(|argument| !argument.is_nil()) {
        if !out.is_empty() {
            out.push(b' ');
        }
        out.push(b'\'');
        write_within(run, &mut out, argument)?;
        out.push(b'\'');
    }
    Ok(Value::string(out))
}

fn cat(run: &mut Run<'_, '_>, arguments: &[Value]) -> Executed<Value> {
    let mut out = Vec::new();
    for (index, argument) in arguments.iter().filter(|argument| !argument.is_nil()).enumerate() {
        if index > 0 {
            out.push(b' ');
        }
        write_within(run, &mut out, argument)?;
    }
    Ok(Value::string(out))
}

/// Appends the `%v` form of a value, as far as the budget lets the text grow; whoever takes the text pays for it.
fn write_within(run: &Run<'_, '_>, out: &mut Vec<u8>, value: &Value) -> Executed<()> {
    let bound = run.environment.budget.text_bound().behind(out.len());
    Ok(format::write_value(out, value, bound)?)
}

/// Puts spaces before every line.
fn indent(run: &mut Run<'_, '_>, arguments: &[Value], before: &str) -> Executed<Value> {
    let Ok(spaces) = usize::try_from(int(arguments, 0)) else {
        return Err(ExecError::plain("strings: negative Repeat count"));
    };
    let content = bytes(arguments, 1);
    let lines = memchr::memchr_iter(b'\n', content).count() + 1;
    let length = lines.saturating_mul(spaces).saturating_add(content.len() + before.len());
    charge_text(run, length)?;
    let mut out = Vec::with_capacity(length);
    out.extend_from_slice(before.as_bytes());
    let mut start = 0;
    for end in memchr::memchr_iter(b'\n', content).map(|end| end + 1).chain([content.len()]) {
        out.resize(out.len() + spaces, b' ');
        out.extend_from_slice(&content[start..end]);
        start = end;
    }
    Ok(Value::string(out))
}

fn replace(run: &mut Run<'_, '_>, arguments: &[Value]) -> Executed<Value> {
    let (old, new, source) = (text(arguments, 0), text(arguments, 1), text(arguments, 2));
    if new.len() > old.len() {
        let most = if old.is_empty() { source.len() + 1 } else { source.len() / old.len() };
        charge_text(run, most.saturating_mul(new.len()))?;
    }
    if !source.contains(&*old) {
        return Ok(value(arguments, 2));
    }
    Ok(source.replace(&*old, &new).into())
}

fn repeat(run: &mut Run<'_, '_>, arguments: &[Value]) -> Executed<Value> {
    let Ok(count) = usize::try_from(int(arguments, 0)) else {
        return Err(ExecError::plain("strings: negative Repeat count"));
    };
    let content = bytes(arguments, 1);
    charge_text(run, count.saturating_mul(content.len()))?;
    Ok(Value::string(content.repeat(count)))
}

/// Go's `strings.SplitN`: no separator splits into characters, a negative or absent count means all parts.
fn split(run: &mut Run<'_, '_>, source: &[u8], separator: &[u8], count: Option<i64>) -> Executed<Vec<Text>> {
    let limit = match count {
        None | Some(..=-1) => usize::MAX,
        Some(count) => usize::try_from(count).unwrap_or(usize::MAX),
    };
    if limit == 0 {
        return Ok(Vec::new());
    }
    let finder = Finder::new(separator);
    let most = if separator.is_empty() { source.len() } else { finder.find_iter(source).count() + 1 };
    charge_items(run, most.min(limit))?;
    let mut parts: Vec<Text> = Vec::new();
    let mut rest = source;
    while let Some((part, after)) = split_once(rest, &finder).filter(|_| parts.len() + 1 < limit) {
        parts.push(part.into());
        rest = after;
    }
    if !(rest.is_empty() && separator.is_empty()) {
        parts.push(rest.into());
    }
    Ok(parts)
}

/// What stands before the first separator and behind it; the first letter when there is none to look for.
fn split_once<'s>(source: &'s [u8], separator: &Finder<'_>) -> Option<(&'s [u8], &'s [u8])> {
    if separator.needle().is_empty() {
        return runes::first(source).map(|(_, width)| source.split_at(width));
    }
    let at = separator.find(source)?;
    Some((&source[..at], &source[at + separator.needle().len()..]))
}

/// Parts as a `map[string]string` with keys `_0`, `_1` and so on.
fn numbered(run: &mut Run<'_, '_>, parts: Vec<Text>) -> Executed<Value> {
    // A map takes several times what a list does.
    charge_items(run, parts.len().saturating_mul(3))?;
    let mut entries = Entries::new();
    let mut key = String::new();
    for (index, part) in parts.into_iter().enumerate() {
        key.clear();
        let _ = write!(key, "_{index}");
        entries.insert(Rc::from(key.as_str()), Value::String(part));
    }
    Ok(Value::typed_map(MapType::String, entries))
}

/// Without blanks. When there are any, sprig takes every byte for a letter.
fn nospace(text: &[u8]) -> Value {
    let is_blank = |byte: u8| matches!(byte, b'\t'..=b'\r' | b' ' | 0x85 | 0xa0);
    if !text.iter().any(|byte| is_blank(*byte)) {
        return Value::string(text.to_vec());
    }
    let letters = text.iter().filter(|byte| !is_blank(**byte)).map(|byte| char::from(*byte));
    letters.collect::<String>().into()
}
