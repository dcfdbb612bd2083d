//! Expressions of templates, typed: most of them make sense.

use super::functions::{self, Function, Kind};
use super::scope::Scope;
use super::{dates, documents, formats, literals, yaml};
use crate::choices::Choices;

/// Share of arguments of another kind than asked for, in percent.
const MISFITS: usize = 3;

/// An operand: something without blanks around it, or in parentheses.
pub(super) fn operand(choices: &mut Choices, scope: &Scope, kind: Kind, depth: usize) -> String {
    let misfit = choices.percent(MISFITS);
    if misfit && kind == Kind::Width {
        // No large numbers: what counts up to one of them never ends.
        return choices
            .pick(&["\"2\"", "nil", "true", "2.0", "(list 1)", "(int64 3)", "(int \"2\")", "$"])
            .to_owned();
    }
    // What is no time counts as now, which is another time for each of the two.
    let kind = if misfit && kind != Kind::Time { Kind::Any } else { kind };
    if let Some(special) = special(choices, scope, kind, depth) {
        return special;
    }
    // A field of what a call gives.
    if kind == Kind::Any
        && depth > 0
        && choices.percent(3)
        && let Some(call) = call_of(choices, scope, Kind::Dict, depth - 1)
    {
        return format!("({call}).{}", choices.pick(&["a", "b", "name", "map.a", "list", "none.a"]));
    }
    let call = depth > 0 && choices.percent(45);
    if call && let Some(call) = call_of(choices, scope, kind, depth) {
        return format!("({call})");
    }
    if choices.percent(50)
        && let Some(known) = known(choices, scope, kind)
    {
        return known;
    }
    literal(choices, scope, kind, depth)
}

/// A pipeline without parentheses.
pub(super) fn pipeline(choices: &mut Choices, scope: &Scope, kind: Kind, depth: usize) -> String {
    match call_of(choices, scope, kind, depth) {
        Some(call) if !choices.percent(10) => call,
        _ => operand(choices, scope, kind, depth),
    }
}

/// A call of a function that gives this kind.
fn call_of(choices: &mut Choices, scope: &Scope, kind: Kind, depth: usize) -> Option<String> {
    let all = functions::all();
    let weight =
        |function: &Function| if functions::gives(function.result, kind) { function.weight } else { 0 };
    if all.iter().all(|function| weight(function) == 0) {
        return None;
    }
    let function = &all[choices.weighted(all.iter().map(weight)).min(all.len() - 1)];
    Some(call(choices, scope, function, depth))
}

/// A call of a function, the last argument piped in now and then.
pub(super) fn call(choices: &mut Choices, scope: &Scope, function: &Function, depth: usize) -> String {
    let mut kinds = function.parameters.clone();
    if function.variadic
        && let Some(last) = kinds.pop()
    {
        kinds.extend((0..choices.below(4)).map(|_| last));
    }
    if choices.percent(1) {
        kinds.pop();
    } else if choices.percent(1) {
        kinds.push(Kind::Any);
    }
    let inner = depth.saturating_sub(1);
    let mut arguments: Vec<String> = kinds.iter().map(|kind| operand(choices, scope, *kind, inner)).collect();
    let called = |arguments: &[String]| {
        let words = std::iter::once(function.name).chain(arguments.iter().map(String::as_str));
        words.collect::<Vec<&str>>().join(" ")
    };
    if choices.percent(35)
        && let Some(last) = arguments.pop()
    {
        let piped =
            last.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')).filter(|rest| balanced(rest));
        return format!("{} | {}", piped.unwrap_or(&last), called(&arguments));
    }
    called(&arguments)
}

/// Whether parentheses close only what was opened; quotes make it a no, to be on the safe side.
fn balanced(text: &str) -> bool {
    let mut open = 0_i32;
    text.chars().all(|letter| {
        open += i32::from(letter == '(') - i32::from(letter == ')');
        open >= 0 && !matches!(letter, '"' | '`' | '\'')
    }) && open == 0
}

/// Something in scope.
fn known(choices: &mut Choices, scope: &Scope, kind: Kind) -> Option<String> {
    if choices.percent(3) && kind != Kind::Time {
        let missing = [
            ".Values.missing",
            ".Values.missing.deeper",
            "$.Values.none",
            ".Chart.Nothing",
            "$.Values",
            "$.Chart",
            "$.Template",
        ];
        return Some(choices.pick(&missing).to_owned());
    }
    let fitting: Vec<&String> = scope
        .known
        .iter()
        .filter(|(_, known)| functions::gives(*known, kind))
        .map(|(text, _)| text)
        .collect();
    if fitting.is_empty() {
        return None;
    }
    // The values of the user come last; they are the most interesting.
    let index = if choices.percent(60) {
        fitting.len() - 1 - choices.below(fitting.len().min(12))
    } else {
        choices.below(fitting.len())
    };
    Some(fitting[index].clone())
}

/// Kinds that have literals of their own only.
fn special(choices: &mut Choices, scope: &Scope, kind: Kind, depth: usize) -> Option<String> {
    let text = match kind {
        Kind::Width => return Some(literals::width(choices).to_owned()),
        Kind::Printf => return Some(printf(choices, scope, depth)),
        Kind::Key => {
            let key =
                if choices.percent(10) { literals::text(choices) } else { literals::key(choices).to_owned() };
            if choices.percent(1) {
                return Some(format!("\"{}\\xff\"", literals::key(choices)));
            }
            return Some(literals::go_quoted(&key));
        }
        Kind::Name => {
            let names: Vec<&str> = scope.templates.iter().map(String::as_str).chain(["missing"]).collect();
            let index =
                if choices.percent(4) { names.len() - 1 } else { choices.below(names.len().max(2) - 1) };
            return Some(literals::go_quoted(names[index]));
        }
        Kind::Template => template_text(choices, scope),
        Kind::GoType => choices
            .pick(&[
                "string",
                "int",
                "float64",
                "map[string]interface {}",
                "[]interface {}",
                "bool",
                "*semver.Version",
                "int64",
                "[]string",
                "common.Values",
                "time.Time",
            ])
            .to_owned(),
        Kind::Category => choices
            .pick(&["string", "map", "slice", "int", "float64", "bool", "invalid", "int64", "ptr", "struct"])
            .to_owned(),
        Kind::Path => formats::path(choices),
        Kind::B64 => formats::base64(choices),
        Kind::B32 => formats::base32(choices),
        Kind::Yaml => yaml::document(choices, 2),
        Kind::Json => documents::json(choices, 3),
        Kind::Toml => documents::toml(choices),
        Kind::Version => formats::version(choices),
        Kind::Constraint => formats::constraint(choices),
        Kind::Regex => formats::pattern(choices, 2),
        Kind::Repl => formats::replacement(choices),
        Kind::Url => formats::url(choices),
        Kind::Layout => dates::layout(choices),
        Kind::DateText => dates::date_text(choices),
        Kind::Zone => dates::zone(choices),
        Kind::Duration => dates::duration(choices),
        _ => return None,
    };
    Some(literals::quoted(choices, &text))
}

/// The arguments of `printf`.
fn printf(choices: &mut Choices, scope: &Scope, depth: usize) -> String {
    let count = choices.below(4);
    let verbs = if choices.percent(5) { choices.below(4) } else { count };
    let format = documents::format(choices, verbs);
    let mut words = vec![literals::quoted(choices, &format)];
    let kinds = [Kind::Any, Kind::Str, Kind::Num, Kind::Bool, Kind::List, Kind::Dict, Kind::Int, Kind::Float];
    for _ in 0..count {
        let kind = kinds[choices.below(kinds.len())];
        words.push(operand(choices, scope, kind, depth.saturating_sub(1)));
    }
    words.join(" ")
}

/// A template as a text, for `tpl`.
fn template_text(choices: &mut Choices, scope: &Scope) -> String {
    let root = Scope { known: vec![(".".to_owned(), Kind::Any)], ..scope.clone() };
    let mut text = literals::text(choices);
    for _ in 0..choices.below(3) {
        let inner = pipeline(choices, &root, Kind::Any, 1);
        text.push_str(&format!("{{{{ {inner} }}}}"));
    }
    text
}

/// A literal, or the call of a function that makes one.
fn literal(choices: &mut Choices, scope: &Scope, kind: Kind, depth: usize) -> String {
    match kind {
        Kind::Int => literals::integer(choices).to_owned(),
        Kind::Float => literals::float(choices).to_owned(),
        Kind::Num if choices.percent(40) => literals::float(choices).to_owned(),
        Kind::Num => literals::integer(choices).to_owned(),
        Kind::Bool => choices.pick(&["true", "false"]).to_owned(),
        Kind::List | Kind::Strs => {
            let item = if kind == Kind::Strs { Kind::Str } else { Kind::Any };
            let items = literals::joined(choices, 3, " ", |choices| {
                operand(choices, scope, item, depth.saturating_sub(1).min(1))
            });
            format!("(list {items})").replace("(list )", "(list)")
        }
        Kind::Dict => {
            let members = literals::joined(choices, 3, " ", |choices| {
                let key = literals::go_quoted(literals::key(choices));
                format!("{key} {}", operand(choices, scope, Kind::Any, depth.saturating_sub(1).min(1)))
            });
            format!("(dict {members})").replace("(dict )", "(dict)")
        }
        Kind::Time => {
            let layout = literals::go_quoted("2006-01-02T15:04:05Z07:00");
            let text = literals::go_quoted(choices.pick(&[
                "2024-02-29T13:04:05Z",
                "1999-12-31T23:59:59+01:00",
                "0001-01-01T00:00:00Z",
            ]));
            format!("(toDate {layout} {text})")
        }
        Kind::Any => any_literal(choices, scope, depth),
        _ => {
            let text = literals::text(choices);
            literals::quoted(choices, &text)
        }
    }
}

fn any_literal(choices: &mut Choices, scope: &Scope, depth: usize) -> String {
    let kinds = [Kind::Str, Kind::Int, Kind::Bool, Kind::Float, Kind::List, Kind::Dict, Kind::Strs];
    match choices.below(13) {
        12 => choices
            .pick(&["(semver \"1.2.3-a+b\")", "(semver \"2.0.0\").IncMinor", "\"\\xff\"", "\"a\\xc3\""])
            .to_owned(),
        7 => "nil".to_owned(),
        8 if depth > 0 => literal(choices, scope, Kind::Time, depth),
        9 if choices.percent(20) => {
            choices.pick(&["1i", "'é'", "0x", "1e", "9223372036854775808", "'ab'", "1.5.2", "0b2"]).to_owned()
        }
        index => literal(choices, scope, kinds[index.min(6)], depth),
    }
}
