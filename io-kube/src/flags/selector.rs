//! Label selectors as texts (`k8s.io/apimachinery/pkg/labels`, `Parse`): whether the API server will take one.

/// What is wrong with a label selector.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SelectorError {
    /// Not a requirement.
    #[error("unable to parse requirement: {0:?}")]
    Requirement(String),
    /// Not a label key.
    #[error("{0:?} is not a valid label key")]
    Key(String),
    /// Not a label value.
    #[error("{0:?} is not a valid label value")]
    Value(String),
}

/// Longest name of a label, and longest value.
const NAME_MAX: usize = 63;
/// Longest prefix of a key.
const PREFIX_MAX: usize = 253;

/// Checks a selector; the empty one selects everything.
///
/// # Errors
///
/// The first requirement that cannot be parsed.
pub fn check(selector: &str) -> Result<(), SelectorError> {
    if selector.trim().is_empty() {
        return Ok(());
    }
    requirements(selector).into_iter().try_for_each(|requirement| check_requirement(requirement.trim()))
}

/// Splits at commas that are not in parentheses.
fn requirements(selector: &str) -> Vec<&str> {
    let mut depth = 0_usize;
    let at_comma = |character: char| {
        match character {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        character == ',' && depth == 0
    };
    selector.split(at_comma).collect()
}

fn check_requirement(text: &str) -> Result<(), SelectorError> {
    if let Some(key) = text.strip_prefix('!') {
        return check_key(key.trim());
    }
    if let Some(end) = text.find(['=', '!', '<', '>']) {
        let (key, rest) = text.split_at(end);
        check_key(key.trim())?;
        let value = ["==", "!=", "=", "<", ">"].into_iter().find_map(|operator| rest.strip_prefix(operator));
        let value = value.ok_or_else(|| SelectorError::Requirement(text.to_owned()))?.trim();
        let is_order = rest.starts_with(['<', '>']);
        return if is_order && value.parse::<i64>().is_err() {
            Err(SelectorError::Value(value.to_owned()))
        } else {
            check_value(value)
        };
    }
    let (key, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    check_key(key)?;
    match rest.trim() {
        "" => Ok(()),
        rest => check_set(rest).ok_or_else(|| SelectorError::Requirement(text.to_owned()))?,
    }
}

/// `in (a,b)`, `notin (a,b)`; `None` for anything else.
fn check_set(text: &str) -> Option<Result<(), SelectorError>> {
    let list = text.strip_prefix("notin").or_else(|| text.strip_prefix("in"))?.trim();
    let values = list.strip_prefix('(')?.strip_suffix(')')?;
    Some(values.split(',').try_for_each(|value| check_value(value.trim())))
}

fn check_key(key: &str) -> Result<(), SelectorError> {
    let (prefix, name) = key.split_once('/').map_or((None, key), |(prefix, name)| (Some(prefix), name));
    let is_domain = |prefix: &str| {
        prefix.len() <= PREFIX_MAX
            && prefix.split('.').all(|part| is_name(part, |byte| byte == b'-'))
            && !prefix.bytes().any(|byte| byte.is_ascii_uppercase())
    };
    let is_valid = is_name(name, |byte| matches!(byte, b'-' | b'_' | b'.')) && prefix.is_none_or(is_domain);
    if is_valid { Ok(()) } else { Err(SelectorError::Key(key.to_owned())) }
}

fn check_value(value: &str) -> Result<(), SelectorError> {
    let is_valid = value.is_empty() || is_name(value, |byte| matches!(byte, b'-' | b'_' | b'.'));
    if is_valid { Ok(()) } else { Err(SelectorError::Value(value.to_owned())) }
}

/// Letters and digits, with some other characters inside.
fn is_name(text: &str, inside: impl Fn(u8) -> bool) -> bool {
    let bytes = text.as_bytes();
    let is_edge = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    text.len() <= NAME_MAX
        && is_edge(bytes.first())
        && is_edge(bytes.last())
        && bytes.iter().all(|byte| byte.is_ascii_alphanumeric() || inside(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn selectors_are_taken_or_refused() {
        for selector in [
            "",
            "sharding.fluxcd.io/key=shard1",
            "!sharding.fluxcd.io/key",
            "a, b == c,d!=",
            "key in (shard1, shard2),x notin (y)",
            "n>5",
        ] {
            assert_eq!(check(selector), Ok(()), "{selector}");
        }
        for (selector, error) in [
            ("a in", SelectorError::Requirement("a in".to_owned())),
            ("a=b=c", SelectorError::Value("b=c".to_owned())),
            ("a,,b", SelectorError::Key(String::new())),
            ("-a", SelectorError::Key("-a".to_owned())),
            ("A.B/c", SelectorError::Key("A.B/c".to_owned())),
            ("a in (b c)", SelectorError::Value("b c".to_owned())),
            ("n<x", SelectorError::Value("x".to_owned())),
            ("a !b", SelectorError::Requirement("a !b".to_owned())),
        ] {
            assert_eq!(check(selector), Err(error), "{selector}");
        }
    }
}
