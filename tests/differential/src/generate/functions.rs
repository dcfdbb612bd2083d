//! The table of functions.

use std::sync::OnceLock;

/// What an expression gives, or what is asked of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Any,
    Str,
    Int,
    Float,
    Num,
    Bool,
    List,
    Strs,
    Dict,
    Time,
    Width,
    Key,
    Printf,
    GoType,
    Category,
    Path,
    B64,
    B32,
    Yaml,
    Json,
    Toml,
    Version,
    Constraint,
    Regex,
    Repl,
    Url,
    Layout,
    DateText,
    Zone,
    Duration,
    Name,
    Template,
}

/// One line of the table.
#[derive(Debug, Clone)]
pub(super) struct Function {
    pub(super) weight: usize,
    pub(super) result: Kind,
    pub(super) name: &'static str,
    pub(super) parameters: Vec<Kind>,
    /// Whether the last parameter may be repeated or left out.
    pub(super) variadic: bool,
}

/// The whole table.
pub(super) fn all() -> &'static [Function] {
    static TABLE: OnceLock<Vec<Function>> = OnceLock::new();
    TABLE.get_or_init(|| include_str!("functions.txt").lines().filter_map(parse).collect())
}

/// What may stand where something is asked for.
pub(super) fn gives(result: Kind, asked: Kind) -> bool {
    match asked {
        Kind::Any => true,
        Kind::List => matches!(result, Kind::List | Kind::Strs),
        Kind::Num => matches!(result, Kind::Int | Kind::Float),
        _ => result == asked,
    }
}

fn parse(line: &'static str) -> Option<Function> {
    let mut words = line.split_whitespace();
    let weight = words.next()?.parse().ok()?;
    let result = kind(words.next()?)?;
    let name = words.next()?;
    let mut variadic = false;
    let parameters = words.map(|word| {
        let single = word.strip_suffix("...");
        variadic = single.is_some();
        kind(single.unwrap_or(word))
    });
    let parameters = parameters.collect::<Option<Vec<Kind>>>()?;
    Some(Function { weight, result, name, parameters, variadic })
}

fn kind(word: &str) -> Option<Kind> {
    Some(match word {
        "any" => Kind::Any,
        "str" => Kind::Str,
        "int" => Kind::Int,
        "float" => Kind::Float,
        "num" => Kind::Num,
        "bool" => Kind::Bool,
        "list" => Kind::List,
        "strs" => Kind::Strs,
        "dict" => Kind::Dict,
        "time" => Kind::Time,
        "width" => Kind::Width,
        "key" => Kind::Key,
        "printf" => Kind::Printf,
        "typename" => Kind::GoType,
        "kindname" => Kind::Category,
        "path" => Kind::Path,
        "b64" => Kind::B64,
        "b32" => Kind::B32,
        "yaml" => Kind::Yaml,
        "json" => Kind::Json,
        "toml" => Kind::Toml,
        "version" => Kind::Version,
        "constraint" => Kind::Constraint,
        "regex" => Kind::Regex,
        "repl" => Kind::Repl,
        "url" => Kind::Url,
        "layout" => Kind::Layout,
        "datetext" => Kind::DateText,
        "zone" => Kind::Zone,
        "duration" => Kind::Duration,
        "name" => Kind::Name,
        "template" => Kind::Template,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_understood() {
        let lines = include_str!("functions.txt").lines();
        let entries = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
        assert_eq!(all().len(), entries.count());
        let printf = all().iter().find(|function| function.name == "printf").unwrap();
        assert_eq!((printf.result, printf.parameters.as_slice()), (Kind::Str, [Kind::Printf].as_slice()));
    }
}
