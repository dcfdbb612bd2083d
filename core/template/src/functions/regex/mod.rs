//! Regular expressions, in the syntax of Go's `regexp`.

mod class;
mod compile;
mod parse;
mod utf8;

use std::rc::Rc;

use regex::Captures;

use crate::exec::{Executed, Run};
use crate::value::{List, ListType, ParamType, Text, Value};

use super::arguments::{charge_items, charge_text, int, text};
use super::{Function, fixed};

pub(crate) use compile::RegexCache;
use compile::{Compiled, compiled};

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
    fixed("regexQuoteMeta", &[STRING], |_, arguments| Ok(quote_meta(&text(arguments, 0)).into())),
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
    let subject = text(arguments, 1);
    Ok(regex.regex.find(&subject).map_or("", |found| found.as_str()).into())
}

fn find_all(run: &mut Run<'_, '_>, arguments: &[Value], panics: bool) -> Executed<Value> {
    let regex = compiled(run, arguments, panics)?;
    let subject = text(arguments, 1);
    let limit = usize::try_from(int(arguments, 2)).unwrap_or(usize::MAX);
    let mut found: Vec<Value> = Vec::new();
    for next in regex.regex.find_iter(&subject).take(limit) {
        charge_match(run, &regex, subject.len() - next.end())?;
        charge_items(run, 1)?;
        charge_text(run, next.len())?;
        found.push(next.as_str().into());
    }
    if found.is_empty() {
        return Ok(Value::List(Rc::new(List::new_nil(ListType::String))));
    }
    Ok(Value::List(Rc::new(List::new(ListType::String, found))))
}

fn replace_all(run: &mut Run<'_, '_>, arguments: &[Value], panics: bool) -> Executed<Value> {
    let regex = compiled(run, arguments, panics)?;
    let (subject, template) = (text(arguments, 1), text(arguments, 2));
    replace_with(run, &regex, &subject, |captures, out| expand(captures, &regex.names, &template, out))
}

fn replace_literal(run: &mut Run<'_, '_>, arguments: &[Value], panics: bool) -> Executed<Value> {
    let regex = compiled(run, arguments, panics)?;
    let (subject, replacement) = (text(arguments, 1), text(arguments, 2));
    replace_with(run, &regex, &subject, |_, out| out.push_str(&replacement))
}

fn replace_with(
    run: &mut Run<'_, '_>,
    compiled: &Compiled,
    subject: &str,
    mut replace: impl FnMut(&Captures<'_>, &mut String),
) -> Executed<Value> {
    let mut out = String::with_capacity(subject.len());
    let mut last = 0;
    for captures in compiled.regex.captures_iter(subject) {
        let Some(whole) = captures.get(0) else { continue };
        let before = out.len();
        out.push_str(&subject[last..whole.start()]);
        replace(&captures, &mut out);
        charge_text(run, out.len() - before)?;
        charge_match(run, compiled, subject.len() - whole.end())?;
        last = whole.end();
    }
    out.push_str(&subject[last..]);
    Ok(out.into())
}

/// Replaces `$1`, `$name` and `${name}` by what was captured. A name is as long as letters, digits and
/// underscores go.
fn expand(captures: &Captures<'_>, names: &[String], template: &str, out: &mut String) {
    let mut rest = template;
    while let Some(start) = rest.find('$') {
        out.push_str(&rest[..start]);
        rest = &rest[start + 1..];
        if let Some(after) = rest.strip_prefix('$') {
            out.push('$');
            rest = after;
            continue;
        }
        match reference(rest) {
            Some((name, after)) => {
                let group = match name.parse::<usize>() {
                    Ok(number) => captures.get(number),
                    Err(_) => named(captures, names, name),
                };
                out.push_str(group.map_or("", |group| group.as_str()));
                rest = after;
            }
            None => out.push('$'),
        }
    }
    out.push_str(rest);
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
    let (subject, count) = (text(arguments, 1), int(arguments, 2));
    if count == 0 {
        return Ok(Value::List(Rc::new(List::new_nil(ListType::String))));
    }
    if !text(arguments, 0).is_empty() && subject.is_empty() {
        return Ok(Value::strings([""]));
    }
    let limit = usize::try_from(count).unwrap_or(usize::MAX);
    let (mut parts, mut begin, mut end): (Vec<Text>, usize, usize) = (Vec::new(), 0, 0);
    for found in regex.regex.find_iter(&subject) {
        if parts.len() + 1 == limit {
            break;
        }
        charge_match(run, &regex, subject.len() - found.end())?;
        end = found.start();
        if found.end() != 0 {
            charge_items(run, 1)?;
            parts.push(subject[begin..end].into());
        }
        begin = found.end();
    }
    if end != subject.len() {
        charge_items(run, 1)?;
        parts.push(subject[begin..].into());
    }
    Ok(Value::strings(parts))
}

fn quote_meta(source: &str) -> String {
    let mut out = String::with_capacity(source.len());
    for character in source.chars() {
        if r"\.+*?()|[]{}^$".contains(character) {
            out.push('\\');
        }
        out.push(character);
    }
    out
}
