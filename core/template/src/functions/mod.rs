//! The functions templates can call: Go's builtins, sprig's and Helm's.
//!
//! A name that is not in the tables is unknown to the parser, so a function exists completely or not at all.

mod arguments;
mod base32;
mod builtin;
mod casing;
mod certificates;
mod compare;
mod convert;
mod crypto;
mod dates;
mod decimal;
mod dicts;
mod encoding;
mod escape;
mod float_math;
mod flow;
mod helm;
mod index;
mod ip_address;
mod json_error;
mod lists;
mod math;
mod merge;
mod password;
mod paths;
mod random;
mod regex;
mod runes;
mod semver;
mod strings;
mod toml;
mod types;
mod unicode;
mod url_parse;
mod urls;
pub(crate) mod values_methods;
mod words;

use std::sync::OnceLock;

use crate::exec::{Executed, Operand, Run};
use crate::value::{ParamType, Value};

pub(crate) use builtin::not_callable;
pub(crate) use flow::{FAIL_END, FAIL_START};
pub use ip_address::check_ipv6;
pub(crate) use regex::RegexCache;
pub use urls::{url_path, url_unescaped};

pub use regex::{check as check_regex, translate as translate_regex};

/// A function as the tables list it.
pub(crate) struct Function {
    /// The name in templates.
    pub(crate) name: &'static str,
    /// The types of the fixed parameters.
    pub(crate) params: &'static [ParamType],
    /// The type of further arguments, when there may be any number.
    pub(crate) variadic: Option<ParamType>,
    /// What a call does.
    pub(crate) action: Action,
}

/// What a call does.
pub(crate) enum Action {
    /// `and`: the executor evaluates its arguments one by one.
    And,
    /// `or`: likewise.
    Or,
    /// `call`: the executor knows how the callee is written.
    Callee,
    /// Calls with the values of the arguments.
    Plain(Call),
    /// Calls with the one operand, which tells an absent value from a nil one.
    Reflect(ReflectCall),
}

/// A function over values that fit its parameter types.
pub(crate) type Call = fn(&mut Run<'_, '_>, &[Value]) -> Executed<Value>;

/// A function over one operand.
pub(crate) type ReflectCall = fn(&Operand) -> Executed<Value>;

/// The names of all functions, in the order of the alphabet.
pub fn function_names() -> impl Iterator<Item = &'static str> {
    let mut names: Vec<&'static str> = all().map(|function| function.name).collect();
    names.sort_unstable();
    names.into_iter()
}

/// Parses one JSON document.
///
/// # Errors
/// The text of Go's `encoding/json` about what is malformed.
pub fn parse_json(source: &str) -> Result<serde_json::Value, String> {
    json_error::parse(source).map(|decoded| decoded.json).map_err(|failure| failure.to_string())
}

/// The function of that name.
pub(crate) fn lookup(name: &str) -> Option<&'static Function> {
    static SHELVES: OnceLock<Vec<Vec<&'static Function>>> = OnceLock::new();
    let shelves = SHELVES.get_or_init(|| {
        let mut shelves = vec![Vec::new(); SHELF_COUNT];
        all().for_each(|function| shelves[shelf(function.name)].push(function));
        shelves
    });
    shelves[shelf(name)].iter().copied().find(|function| function.name == name)
}

fn all() -> impl Iterator<Item = &'static Function> {
    TABLES.iter().copied().flatten()
}

/// How many shelves functions are kept in: few share one.
const SHELF_COUNT: usize = 256;

/// The shelf for a name: its length and some of its letters tell most names apart.
fn shelf(name: &str) -> usize {
    let bytes = name.as_bytes();
    let letter = |at: usize| bytes.get(at).copied().map_or(0, usize::from);
    let (middle, last) = (letter(bytes.len() / 2), letter(bytes.len().saturating_sub(1)));
    (letter(0) + 7 * middle + 31 * last + 61 * bytes.len()) % SHELF_COUNT
}

static TABLES: &[&[Function]] = &[
    builtin::FUNCTIONS,
    casing::FUNCTIONS,
    certificates::FUNCTIONS,
    compare::FUNCTIONS,
    convert::FUNCTIONS,
    crypto::FUNCTIONS,
    dates::FUNCTIONS,
    dicts::FUNCTIONS,
    encoding::FUNCTIONS,
    escape::FUNCTIONS,
    float_math::FUNCTIONS,
    flow::FUNCTIONS,
    helm::FUNCTIONS,
    index::FUNCTIONS,
    lists::FUNCTIONS,
    math::FUNCTIONS,
    merge::FUNCTIONS,
    password::FUNCTIONS,
    paths::FUNCTIONS,
    random::FUNCTIONS,
    regex::FUNCTIONS,
    semver::FUNCTIONS,
    strings::FUNCTIONS,
    toml::FUNCTIONS,
    types::FUNCTIONS,
    urls::FUNCTIONS,
];

/// A table entry with fixed parameters.
const fn fixed(name: &'static str, params: &'static [ParamType], call: Call) -> Function {
    Function { name, params, variadic: None, action: Action::Plain(call) }
}

/// A table entry that takes further arguments of type `rest`.
const fn variadic(name: &'static str, params: &'static [ParamType], rest: ParamType, call: Call) -> Function {
    Function { name, params, variadic: Some(rest), action: Action::Plain(call) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_is_listed_twice() {
        let mut names: Vec<_> = TABLES.iter().copied().flatten().map(|function| function.name).collect();
        names.sort_unstable();
        for pair in names.windows(2) {
            assert_ne!(pair[0], pair[1]);
        }
        assert!(lookup("include").is_some());
        assert!(lookup("env").is_none(), "Helm removes it");
    }
}
