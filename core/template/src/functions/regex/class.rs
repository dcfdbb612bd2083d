//! Character classes and escapes.

use super::parse::Refusal;

const BAD_RANGE: &str = "invalid character class range";
const BAD_ESCAPE: &str = "invalid escape sequence";
const NAMED: [&str; 14] = [
    "alnum", "alpha", "ascii", "blank", "cntrl", "digit", "graph", "lower", "print", "punct", "space",
    "upper", "word", "xdigit",
];

/// A character that stands for itself, inside and outside of classes.
pub(super) fn escaped(character: char) -> String {
    if character.is_ascii() && !character.is_ascii_alphanumeric() {
        format!("\\x{{{:x}}}", u32::from(character))
    } else {
        character.to_string()
    }
}

/// The class at the beginning of `rest`, with its brackets, and what follows it.
pub(super) fn parse(rest: &str) -> Result<(String, &str), Refusal> {
    let whole = rest;
    let mut out = "[".to_owned();
    let mut rest = &rest[1..];
    if let Some(after) = rest.strip_prefix('^') {
        out.push('^');
        rest = after;
    }
    let mut is_first = true;
    while is_first || !rest.starts_with(']') {
        is_first = false;
        if let Some((class, after)) = named(rest)? {
            out.push_str(&class);
            rest = after;
            continue;
        }
        if let Some((class, after)) = escape(rest)? {
            out.push_str(&class);
            rest = after;
            continue;
        }
        let range = rest;
        let (low, after) = class_character(rest, whole)?;
        rest = after;
        out.push_str(&escaped(low));
        let upper = rest.strip_prefix('-').filter(|upper| !upper.is_empty() && !upper.starts_with(']'));
        if let Some(upper) = upper {
            let (high, after) = class_character(upper, whole)?;
            rest = after;
            if high < low {
                return Err(Refusal::of(BAD_RANGE, &range[..range.len() - rest.len()]));
            }
            out.push('-');
            out.push_str(&escaped(high));
        }
    }
    out.push(']');
    Ok((out, &rest[1..]))
}

fn class_character<'r>(rest: &'r str, whole: &str) -> Result<(char, &'r str), Refusal> {
    match rest.chars().next() {
        None => Err(Refusal::of("missing closing ]", whole)),
        Some('\\') => character(rest),
        Some(next) => Ok((next, &rest[next.len_utf8()..])),
    }
}

/// `[:alpha:]` and its like, within a class.
fn named(rest: &str) -> Result<Option<(String, &str)>, Refusal> {
    let Some((name, after)) = rest.strip_prefix("[:").and_then(|inner| inner.split_once(":]")) else {
        return Ok(None);
    };
    let whole = &rest[..rest.len() - after.len()];
    if NAMED.contains(&name.strip_prefix('^').unwrap_or(name)) {
        Ok(Some((whole.to_owned(), after)))
    } else {
        Err(Refusal::of(BAD_RANGE, whole))
    }
}

/// `\d`, `\pL` and their like, as they stand in a class.
pub(super) fn escape(rest: &str) -> Result<Option<(String, &str)>, Refusal> {
    let Some(kind) = rest.strip_prefix('\\').and_then(|rest| rest.chars().next()) else { return Ok(None) };
    let after = &rest[1 + kind.len_utf8()..];
    let class = match kind {
        'd' => "0-9",
        'w' => "0-9A-Za-z_",
        's' => r"\t\n\x0C\r ",
        'D' => "[^0-9]",
        'W' => "[^0-9A-Za-z_]",
        'S' => r"[^\t\n\x0C\r ]",
        'p' | 'P' => return unicode(rest, kind, after).map(Some),
        _ => return Ok(None),
    };
    Ok(Some((class.to_owned(), after)))
}

/// `\pL`, `\p{Greek}`, `\P{^Greek}`: a category or a script.
fn unicode<'r>(rest: &'r str, kind: char, after: &'r str) -> Result<(String, &'r str), Refusal> {
    let Some(first) = after.chars().next() else {
        return Err(Refusal::of(BAD_RANGE, rest));
    };
    let (name, after) = match after.strip_prefix('{') {
        Some(inner) => inner.split_once('}').ok_or_else(|| Refusal::of(BAD_RANGE, rest))?,
        None => after.split_at(first.len_utf8()),
    };
    let (kind, bare) = match name.strip_prefix('^') {
        Some(bare) => (if kind == 'p' { 'P' } else { 'p' }, bare),
        None => (kind, name),
    };
    let is_word = !bare.is_empty() && bare.chars().all(|next| next == '_' || next.is_ascii_alphanumeric());
    let candidates = [format!("gc={bare}"), format!("sc={bare}"), bare.to_owned()];
    let special = ["any", "assigned", "ascii"].contains(&bare.to_ascii_lowercase().as_str());
    let known = candidates
        .iter()
        .filter(|name| special || name.contains('='))
        .find(|name| is_word && regex::Regex::new(&format!("\\p{{{name}}}")).is_ok());
    match known {
        Some(known) => Ok((format!("\\{kind}{{{known}}}"), after)),
        None => Err(Refusal::of(BAD_RANGE, &rest[..rest.len() - after.len()])),
    }
}

/// The character of an escape, and what follows it.
pub(super) fn character(rest: &str) -> Result<(char, &str), Refusal> {
    let mut after = &rest[1..];
    let Some(kind) = next(&mut after) else {
        return Err(Refusal::of("trailing backslash at end of expression", ""));
    };
    let code = match kind {
        '1'..='7' if !after.starts_with(|next: char| ('0'..='7').contains(&next)) => None,
        '0'..='7' => Some(octal(kind, &mut after)),
        'x' => hexadecimal(&mut after),
        'a' => Some(7),
        'f' => Some(12),
        'n' => Some(10),
        'r' => Some(13),
        't' => Some(9),
        'v' => Some(11),
        other if other.is_ascii() && !other.is_ascii_alphanumeric() => Some(u32::from(other)),
        _ => None,
    };
    // Go lets surrogates pass, which no text contains.
    let character = code.map(|code| char::from_u32(code).unwrap_or('\u{fffd}'));
    character
        .map(|character| (character, after))
        .ok_or_else(|| Refusal::of(BAD_ESCAPE, &rest[..rest.len() - after.len()]))
}

fn next(rest: &mut &str) -> Option<char> {
    let next = rest.chars().next()?;
    *rest = &rest[next.len_utf8()..];
    Some(next)
}

fn octal(first: char, rest: &mut &str) -> u32 {
    let mut code = first.to_digit(8).unwrap_or_default();
    for _ in 0..2 {
        let Some(digit) = rest.chars().next().and_then(|next| next.to_digit(8)) else { break };
        code = code * 8 + digit;
        *rest = &rest[1..];
    }
    code
}

fn hexadecimal(rest: &mut &str) -> Option<u32> {
    let first = next(rest)?;
    if first != '{' {
        let second = next(rest)?;
        return Some(first.to_digit(16)? * 16 + second.to_digit(16)?);
    }
    let mut code = None;
    loop {
        match next(rest)? {
            '}' => return code,
            digit => {
                let value = code.unwrap_or(0) * 16 + digit.to_digit(16)?;
                code = (value <= u32::from(char::MAX)).then_some(value);
                code?;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_are_written_anew() {
        let cases = [
            (r"[\w.-]x", r"[0-9A-Za-z_\x{2e}\x{2d}]", "x"),
            ("[][]", r"[\x{5d}\x{5b}]", ""),
            ("[^a-c]", "[^a-c]", ""),
            ("[[:alpha:]_]", r"[[:alpha:]\x{5f}]", ""),
            (r"[\pL\p{^Greek}]", r"[\p{gc=L}\P{sc=Greek}]", ""),
            (r"[\x{1F600}\x41-\102]", "[😀A-B]", ""),
        ];
        for (source, class, after) in cases {
            let found = parse(source).unwrap_or_else(|_| panic!("{source}"));
            assert_eq!(found, (class.to_owned(), after));
            assert!(regex::Regex::new(class).is_ok(), "{class}");
        }
    }
}
