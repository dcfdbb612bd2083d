//! Regular expressions, in the syntax of Go's `regexp`.

mod class;
mod compile;
mod parse;
mod subject;
mod utf8;

use std::rc::Rc;

use regex::Captures;

use crate::exec::{Executed, Run};
use crate::value::{List, ListType, ParamType, Text, Value};

use super::arguments::{bytes, charge_items, charge_text, int, text};
use super::{Function, fixed};

pub(crate) use compile::RegexCache;
use compile::{Compiled, compiled};
use subject::Subject;

const INT: ParamType = ParamType::Int;
const STRING: ParamType = ParamType::String;
const TWO: &[ParamType] = &[STRING, STRING];
const THREE: &[ParamType] = &[STRING, STRING, STRING];
const COUNTED: &[ParamType] = &[STRING, STRING, INT];

pub(super) static FUNCTIONS: &[Function] = &[
    fixed("regexMatch", TWO, |run, arguments| match is_match(run, arguments) {
        Err(error) if error.limit().is_none() => Ok(Value::Bool(false)),
        result => result,
    }),
    fixed("mustRegexMatch", TWO, is_match),
    fixed("regexFind", TWO, |run, arguments| find(run, arguments, true)),
    fixed("mustRegexFind", TWO, |run, arguments| find(run, arguments, false)),
    fixed("regexFindAll", COUNTED, |run, arguments| find_all(run, arguments, true)),
    fixed("mustRegexFindAll", COUNTED, |run, arguments| find_all(run, arguments, false)),
    fixed("regexReplaceAll", THREE, |run, arguments| replace_all(run, arguments, true)),
    fixed("mustRegexReplaceAll", THREE, |run, arguments| replace_all(run, arguments, false)),
    fixed("regexReplaceAllLiteral", THREE, |run, arguments| replace_literal(run, arguments, true)),
    fixed("mustRegexReplaceAllLiteral", THREE, |run, arguments| replace_literal(run, arguments, false)),
    fixed("regexSplit", COUNTED, |run, arguments| split(run, arguments, true)),
    fixed("mustRegexSplit", COUNTED, |run, arguments| split(run, arguments, false)),
    fixed("regexQuoteMeta", &[STRING], |_, arguments| Ok(Value::string(quote_meta(bytes(arguments, 0))))),
];

/// Checks the syntax of a regular expression.
///
/// # Errors
/// The text of Go's `regexp` about what is malformed.
pub fn check(source: &str) -> Result<(), String> {
    parse::translate(source).map(drop)
}

/// A regular expression of Go in the syntax of crate `regex`.
///
/// # Errors
/// Those of [`check`].
pub fn translate(source: &str) -> Result<String, String> {
    parse::translate(source).map(|pattern| pattern.text)
}

/// Charges for the search behind a match: it may go on to the end of the text only to find that the match next to it is
/// the one.
fn charge_match(run: &mut Run<'_, '_>, compiled: &Compiled, left: usize) -> Executed<()> {
    const SHORT: usize = 4096;
    const BYTES_PER_STEP: u64 = 12;
    if left < SHORT {
        return Ok(());
    }
    let steps = (left as u64 / BYTES_PER_STEP).saturating_mul(compiled.weight());
    Ok(run.environment.budget.charge_steps(steps)?)
}

fn is_match(run: &mut Run<'_, '_>, arguments: &[Value]) -> Executed<Value> {
    let regex = compiled(run, arguments, false)?;
    Ok(Value::Bool(regex.regex.is_match(&text(arguments, 1))))
}

fn find(run: &mut Run<'_, '_>, arguments: &[Value], panics: bool) -> Executed<Value> {
    let regex = compiled(run, arguments, panics)?;
    let subject = Subject::new(bytes(arguments, 1));
    let found = regex.regex.find(subject.letters());
    Ok(Value::string(found.map_or(&[][..], |found| subject.part(found.start(), found.end()))))
}

fn find_all(run: &mut Run<'_, '_>, arguments: &[Value], panics: bool) -> Executed<Value> {
    let regex = compiled(run, arguments, panics)?;
    let subject = Subject::new(bytes(arguments, 1));
    let limit = usize::try_from(int(arguments, 2)).unwrap_or(usize::MAX);
    let mut found: Vec<Value> = Vec::new();
    for next in regex.regex.find_iter(subject.letters()).take(limit) {
        charge_match(run, &regex, subject.letters().len() - next.end())?;
        charge_items(run, 1)?;
        charge_text(run, next.len())?;
        found.push(Value::string(subject.part(next.start(), next.end())));
    }
    if found.is_empty() {
        return Ok(Value::List(Rc::new(List::new_nil(ListType::String))));
    }
    Ok(Value::List(Rc::new(List::new(ListType::String, found))))
}

fn replace_all(run: &mut Run<'_, '_>, arguments: &[Value], panics: bool) -> Executed<Value> {
    let regex = compiled(run, arguments, panics)?;
    let (subject, template) = (Subject::new(bytes(arguments, 1)), Subject::new(bytes(arguments, 2)));
    replace_with(run, &regex, &subject, |captures, out| {
        expand(captures, &subject, &regex.names, &template, out);
    })
}

fn replace_literal(run: &mut Run<'_, '_>, arguments: &[Value], panics: bool) -> Executed<Value> {
    let regex = compiled(run, arguments, panics)?;
    let (subject, replacement) = (Subject::new(bytes(arguments, 1)), bytes(arguments, 2));
    replace_with(run, &regex, &subject, |_, out| out.extend_from_slice(replacement))
}

fn replace_with(
    run: &mut Run<'_, '_>,
    compiled: &Compiled,
    subject: &Subject<'_>,
    mut replace: impl FnMut(&Captures<'_>, &mut Vec<u8>),
) -> Executed<Value> {
    let letters = subject.letters();
    let mut out = Vec::with_capacity(letters.len());
    let mut last = 0;
    for captures in compiled.regex.captures_iter(letters) {
        let Some(whole) = captures.get(0) else { continue };
        let before = out.len();
        out.extend_from_slice(subject.part(last, whole.start()));
        replace(&captures, &mut out);
        charge_text(run, out.len() - before)?;
        charge_match(run, compiled, letters.len() - whole.end())?;
        last = whole.end();
    }
    out.extend_from_slice(subject.part(last, letters.len()));
    Ok(Value::string(out))
}

/// Replaces `$1`, `$name` and `${name}` by what was captured. A name is as long as letters, digits and
/// underscores go.
fn expand(
    captures: &Captures<'_>,
    subject: &Subject<'_>,
    names: &[String],
    template: &Subject<'_>,
    out: &mut Vec<u8>,
) {
    let length = template.letters().len();
    let mut rest = template.letters();
    while let Some(start) = rest.find('$') {
        let at = length - rest.len();
        out.extend_from_slice(template.part(at, at + start));
        rest = &rest[start + 1..];
        if let Some(after) = rest.strip_prefix('$') {
            out.push(b'$');
            rest = after;
            continue;
        }
        match reference(rest) {
            Some((name, after)) => {
                let group = match name.parse::<usize>() {
                    Ok(number) => captures.get(number),
                    Err(_) => named(captures, names, name),
                };
                if let Some(group) = group {
                    out.extend_from_slice(subject.part(group.start(), group.end()));
                }
                rest = after;
            }
            None => out.push(b'$'),
        }
    }
    out.extend_from_slice(template.part(length - rest.len(), length));
}

/// What the group of that name captured; of several, the first that took part.
fn named<'t>(captures: &Captures<'t>, names: &[String], name: &str) -> Option<regex::Match<'t>> {
    let mut groups = names.iter().enumerate().filter(|(_, group)| *group == name);
    groups.find_map(|(index, _)| captures.get(index + 1))
}

fn reference(text: &str) -> Option<(&str, &str)> {
    let is_word = |character: char| character.is_alphanumeric() || character == '_';
    if let Some(inner) = text.strip_prefix('{') {
        let (name, after) = inner.split_once('}')?;
        let valid = !name.is_empty() && name.chars().all(is_word);
        return valid.then_some((name, after));
    }
    let length = text.len() - text.trim_start_matches(is_word).len();
    (length > 0).then(|| text.split_at(length))
}

/// Go's `Split`: an empty match does not split off an empty first part.
fn split(run: &mut Run<'_, '_>, arguments: &[Value], panics: bool) -> Executed<Value> {
    let regex = compiled(run, arguments, panics)?;
    let (subject, count) = (Subject::new(bytes(arguments, 1)), int(arguments, 2));
    let letters = subject.letters();
    if count == 0 {
        return Ok(Value::List(Rc::new(List::new_nil(ListType::String))));
    }
    if !bytes(arguments, 0).is_empty() && letters.is_empty() {
        return Ok(Value::strings([""]));
    }
    let limit = usize::try_from(count).unwrap_or(usize::MAX);
    let (mut parts, mut begin, mut end): (Vec<Text>, usize, usize) = (Vec::new(), 0, 0);
    for found in regex.regex.find_iter(letters) {
        if parts.len() + 1 == limit {
            break;
        }
        charge_match(run, &regex, letters.len() - found.end())?;
        end = found.start();
        if found.end() != 0 {
            charge_items(run, 1)?;
            parts.push(subject.part(begin, end).into());
        }
        begin = found.end();
    }
    if end != letters.len() {
        charge_items(run, 1)?;
        parts.push(subject.part(begin, letters.len()).into());
    }
    Ok(Value::strings(parts))
}

fn quote_meta(source: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(source.len());
    for byte in source {
        if br"\.+*?()|[]{}^$".contains(byte) {
            out.push(b'\\');
        }
        out.push(*byte);
    }
    out
}
