//! Differences between Go's regular expressions and those of the `regex` crate.

/// Rewrites a Go expression into one the `regex` crate understands the same way.
///
/// In Go, `\d`, `\w`, `\s` and `\b` are ASCII, `\z` ends the text, `\Q...\E` quotes, and a `[` in a class is an
/// ordinary character.
pub(super) fn translate(source: &str) -> Result<String, String> {
    check_repetitions(source)?;
    let mut out = String::with_capacity(source.len() + 8);
    let mut rest = source;
    let mut in_class = false;
    let mut class_is_empty = false;
    while let Some(next) = rest.chars().next() {
        rest = &rest[next.len_utf8()..];
        match next {
            '\\' => {
                rest = translate_escape(rest, in_class, &mut out)?;
                class_is_empty = false;
            }
            '[' if !in_class => {
                in_class = true;
                class_is_empty = true;
                out.push('[');
                if let Some(after) = rest.strip_prefix('^') {
                    out.push('^');
                    rest = after;
                }
            }
            '[' if in_class && rest.starts_with(':') && rest.contains(":]") => {
                out.push('[');
                class_is_empty = false;
                let length = rest.find(":]").map_or(0, |end| end + 2);
                out.push_str(&rest[..length]);
                rest = &rest[length..];
            }
            ']' if in_class && class_is_empty => {
                out.push_str(r"\]");
                class_is_empty = false;
            }
            ']' if in_class => {
                in_class = false;
                out.push(']');
            }
            '[' | '&' | '~' if in_class => {
                out.push('\\');
                out.push(next);
                class_is_empty = false;
            }
            '-' if in_class && rest.starts_with('-') => {
                out.push_str(r"\-");
                class_is_empty = false;
            }
            '{' if !in_class && !is_repetition(rest) => out.push_str(r"\{"),
            '}' if !in_class && !closes_repetition(&out) => out.push_str(r"\}"),
            '(' if !in_class && refused_group(rest) => return Err(refuse(rest)),
            other => {
                class_is_empty = class_is_empty && !in_class;
                out.push(other);
            }
        }
    }
    Ok(out)
}

/// Refuses what only Go refuses: a repetition of a repetition, and counts that are reversed or beyond 1000.
fn check_repetitions(source: &str) -> Result<(), String> {
    let mut in_class = false;
    let mut last: Option<usize> = None;
    let mut rest = source;
    while let Some(next) = rest.chars().next() {
        let start = source.len() - rest.len();
        let length = match next {
            '\\' if rest.starts_with("\\Q") => rest.find("\\E").map_or(rest.len(), |end| end + 2),
            '\\' => 1 + rest[1..].chars().next().map_or(0, char::len_utf8),
            '*' | '+' | '?' if !in_class => 1,
            '{' if !in_class && is_repetition(&rest[1..]) => rest.find('}').map_or(1, |end| end + 1),
            next => next.len_utf8(),
        };
        let token = &rest[..length];
        rest = &rest[length..];
        in_class = match next {
            '[' if !in_class => {
                // A bracket right after the opening one, or after its negation, is an ordinary character.
                rest = rest.strip_prefix('^').unwrap_or(rest);
                rest = rest.strip_prefix(']').unwrap_or(rest);
                true
            }
            ']' => false,
            _ => in_class,
        };
        let repeats = !in_class && (matches!(token, "*" | "+" | "?") || next == '{' && length > 1);
        if !repeats || source[..start].ends_with('(') {
            last = None;
            continue;
        }
        if next == '{' && !is_valid_count(token) {
            return Err(format!("error parsing regexp: invalid repeat count: `{token}`"));
        }
        rest = rest.strip_prefix('?').unwrap_or(rest);
        let end = source.len() - rest.len();
        if let Some(before) = last {
            let operators = &source[before..end];
            return Err(format!("error parsing regexp: invalid nested repetition operator: `{operators}`"));
        }
        last = Some(start);
    }
    Ok(())
}

fn is_valid_count(token: &str) -> bool {
    let inner = token.trim_matches(['{', '}']);
    let (least, most) = inner.split_once(',').unwrap_or((inner, inner));
    let least = least.parse::<u32>().ok().filter(|least| *least <= 1000);
    let most = if most.is_empty() { least } else { most.parse::<u32>().ok().filter(|most| *most <= 1000) };
    matches!((least, most), (Some(least), Some(most)) if least <= most)
}

/// Go's words for an expression the crate refuses, as near as can be told from its text.
pub(super) fn describe(source: &str) -> String {
    let mut depth = 0usize;
    let mut in_class = None;
    let mut characters = source.char_indices();
    let mut previous: Option<char> = None;
    while let Some((offset, next)) = characters.next() {
        match next {
            '\\' if characters.next().is_none() => {
                return "trailing backslash at end of expression: ``".to_owned();
            }
            '\\' => {}
            '[' if in_class.is_none() => in_class = Some(offset),
            ']' if in_class.is_some_and(|start| offset > start + 1) => in_class = None,
            _ if in_class.is_some() => {}
            '(' => depth += 1,
            ')' if depth == 0 => return format!("unexpected ): `{source}`"),
            ')' => depth -= 1,
            '*' | '+' | '?'
                if matches!(previous, None | Some('(' | '|')) && !source[offset..].starts_with("?:") =>
            {
                return format!("missing argument to repetition operator: `{next}`");
            }
            _ => {}
        }
        previous = Some(next);
    }
    if let Some(start) = in_class {
        return format!("missing closing ]: `{}`", &source[start..]);
    }
    if depth > 0 {
        return format!("missing closing ): `{source}`");
    }
    format!("invalid character class range: `{}`", reversed_range(source).unwrap_or(source))
}

/// The first range in the expression that ends before it starts.
fn reversed_range(source: &str) -> Option<&str> {
    let mut indices = source.char_indices();
    let dash = indices.find(|(index, next)| {
        let before = source[..*index].chars().next_back();
        let after = source[index + next.len_utf8()..].chars().next();
        *next == '-' && matches!((before, after), (Some(before), Some(after)) if before > after)
    });
    let (index, _) = dash?;
    let start = index - source[..index].chars().next_back()?.len_utf8();
    let end = index + 1 + source[index + 1..].chars().next()?.len_utf8();
    source.get(start..end)
}

/// Translates the escape whose backslash has been taken; returns what follows it.
fn translate_escape<'s>(rest: &'s str, in_class: bool, out: &mut String) -> Result<&'s str, String> {
    let Some(kind) = rest.chars().next() else {
        return Err("error parsing regexp: trailing backslash at end of expression: ``".to_owned());
    };
    let after = &rest[kind.len_utf8()..];
    match kind {
        'Q' => {
            let (literal, after) = after.split_once("\\E").unwrap_or((after, ""));
            out.push_str(&regex::escape(literal));
            return Ok(after);
        }
        'd' => out.push_str(if in_class { "0-9" } else { "[0-9]" }),
        'w' => out.push_str(if in_class { "0-9A-Za-z_" } else { "[0-9A-Za-z_]" }),
        's' => out.push_str(if in_class { r"\t\n\x0C\r " } else { r"[\t\n\x0C\r ]" }),
        'D' => out.push_str("[^0-9]"),
        'W' => out.push_str("[^0-9A-Za-z_]"),
        'S' => out.push_str(r"[^\t\n\x0C\r ]"),
        'b' => out.push_str(r"(?-u:\b)"),
        'B' => out.push_str(r"(?-u:\B)"),
        'z' => out.push_str(r"\z"),
        'a' => out.push_str(r"\x07"),
        'Z' | 'G' | 'e' | 'h' | 'E' | 'R' | 'X' | 'N' | 'k' | 'y' | 'u' | 'U' | '<' | '>' | '1'..='9' => {
            return Err(format!("error parsing regexp: invalid escape sequence: `\\{kind}`"));
        }
        'p' | 'P' | 'x' if after.starts_with('{') => {
            let length = after.find('}').map_or(after.len(), |end| end + 1);
            out.push('\\');
            out.push(kind);
            out.push_str(&after[..length]);
            return Ok(&after[length..]);
        }
        other => {
            out.push('\\');
            out.push(other);
        }
    }
    Ok(after)
}

/// Whether the text after a `{` makes it a repetition.
fn is_repetition(rest: &str) -> bool {
    let Some((inner, _)) = rest.split_once('}') else {
        return false;
    };
    let (least, most) = inner.split_once(',').unwrap_or((inner, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    !least.is_empty() && digits(least) && digits(most)
}

/// Whether a `}` ends a repetition.
fn closes_repetition(out: &str) -> bool {
    out.rfind('{').is_some_and(|open| !out[open..].contains('}') && !out[..open].ends_with('\\'))
}

/// Look-around, which Go does not have.
fn refused_group(rest: &str) -> bool {
    ["?=", "?!", "?<=", "?<!", "?>", "?#"].iter().any(|start| rest.starts_with(start))
}

fn refuse(rest: &str) -> String {
    let length = if rest.starts_with("?<") { 3 } else { 2 };
    format!(
        "error parsing regexp: invalid or unsupported Perl syntax: `({}`",
        &rest[..length.min(rest.len())]
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_translate() {
        let cases = [
            (r"\Qa.b\E+", r"a\.b+"),
            (r"[\w.-]+\d", r"[0-9A-Za-z_.-]+[0-9]"),
            (r"[[:alpha:]_]", r"[[:alpha:]_]"),
            (r"[][]", r"[\]\[]"),
            (r"a{2,3}b{x}", r"a{2,3}b\{x\}"),
            (r"\p{Greek}", r"\p{Greek}"),
        ];
        for (source, expected) in cases {
            assert_eq!(translate(source).unwrap(), expected);
        }
        assert!(translate(r"(?=a)").unwrap_err().contains("Perl syntax: `(?=`"));
        assert_eq!(describe("(a"), "missing closing ): `(a`");
        assert_eq!(describe("[z-a]"), "invalid character class range: `z-a`");
        let nested = "error parsing regexp: invalid nested repetition operator: `**`";
        assert_eq!(translate("a**").unwrap_err(), nested);
        assert_eq!(translate("a{2,1}").unwrap_err(), "error parsing regexp: invalid repeat count: `{2,1}`");
        for fine in ["a*?b+?", "[*+]*", "(?:a+)+", r"\++", "(?i)a?", "[]*]+", "a{2}?"] {
            assert!(translate(fine).is_ok(), "{fine}");
        }
    }
}
