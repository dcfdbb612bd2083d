//! Alternatives of which only one failed: Go's validator mentions them, this one shows what failed within them alone. They
//! are found again in the location of the schema that failed.

use boon::{ErrorKind, ValidationError};

/// Keywords with alternatives, and what Go says when they fail.
const KEYWORDS: [(&str, &str); 3] =
    [("allOf", "'allOf' failed"), ("anyOf", "'anyOf' failed"), ("oneOf", "'oneOf' failed, none matched")];

/// Alternatives around a violation.
#[derive(PartialEq, Eq)]
pub(super) struct Outer {
    /// Where in the values they were applied.
    pub(super) place: String,
    /// What Go says of them.
    pub(super) words: &'static str,
    /// The location of the one that failed.
    pub(super) base: String,
}

/// The location of the schema by which `cause` was found, as a cause of `error`.
pub(super) fn base(error: &ValidationError<'_, '_>, cause: &ValidationError<'_, '_>) -> String {
    let keyword = match error.kind {
        ErrorKind::Schema { url } | ErrorKind::Reference { url, .. } => return url.to_owned(),
        ErrorKind::AllOf => "allOf",
        ErrorKind::AnyOf => "anyOf",
        ErrorKind::OneOf(_) => "oneOf",
        _ => return error.schema_url.to_owned(),
    };
    let within = cause.schema_url.strip_prefix(error.schema_url).unwrap_or_default();
    let mut tokens = within.split('/').skip(1);
    match (tokens.next(), tokens.next()) {
        (Some(name), Some(index)) if name == keyword => format!("{}/{name}/{index}", error.schema_url),
        _ => error.schema_url.to_owned(),
    }
}

/// The outermost alternatives between the schema at `base` and the violation.
pub(super) fn outer(error: &ValidationError<'_, '_>, base: &str) -> Option<Outer> {
    let within = error.schema_url.strip_prefix(base)?.strip_prefix('/')?;
    let tokens: Vec<&str> = within.split('/').collect();
    let mut at = 0;
    while at < tokens.len() {
        let next = tokens.get(at + 1).copied();
        if let Some((_, words)) = KEYWORDS.iter().find(|(keyword, _)| *keyword == tokens[at]) {
            let place = error.instance_location.to_string();
            let end = at + 2;
            let place = without_last(&place, steps(tokens.get(end..)?));
            let base = format!("{base}/{}", tokens.get(..end)?.join("/"));
            return Some(Outer { place, words, base });
        }
        at += length(tokens[at], next);
    }
    None
}

/// Tokens that a keyword takes in the location of a schema: it may have a name or a number.
pub(super) fn length(keyword: &str, next: Option<&str>) -> usize {
    match keyword {
        "properties" | "patternProperties" | "dependentSchemas" | "dependencies" | "prefixItems"
        | "allOf" | "anyOf" | "oneOf" | "$defs" | "definitions" => 2,
        "items" if next.is_some_and(|next| next.bytes().all(|byte| byte.is_ascii_digit())) => 2,
        _ => 1,
    }
}

/// How many steps into the values the keywords go.
pub(super) fn steps(tokens: &[&str]) -> usize {
    let (mut at, mut steps) = (0, 0);
    while at < tokens.len() {
        steps += usize::from(matches!(
            tokens[at],
            "properties"
                | "patternProperties"
                | "additionalProperties"
                | "unevaluatedProperties"
                | "items"
                | "prefixItems"
                | "additionalItems"
                | "unevaluatedItems"
                | "contains"
        ));
        at += length(tokens[at], tokens.get(at + 1).copied());
    }
    steps
}

/// The pointer without its last tokens.
fn without_last(pointer: &str, count: usize) -> String {
    let tokens: Vec<&str> = pointer.split('/').collect();
    tokens[..tokens.len().saturating_sub(count).max(1)].join("/")
}
