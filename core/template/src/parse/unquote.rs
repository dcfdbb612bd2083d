//! Removes the quotes from Go string and character literals (`strconv.Unquote`).

use crate::value::Text;

/// What `strconv` says of any bad literal.
const INVALID_SYNTAX: &str = "invalid syntax";

/// Refuses a string literal that [`string`] refuses.
pub(crate) fn check(literal: &str) -> Result<(), String> {
    // Only escapes can be wrong, and most have none.
    let has_escapes = literal.starts_with('"') && memchr::memchr(b'\\', literal.as_bytes()).is_some();
    if has_escapes { string(literal).map(drop) } else { Ok(()) }
}

/// The text of a string literal that is known to be right.
pub(crate) fn text(literal: &str) -> Text {
    // What has to be taken out of a raw one, and replaced in the other.
    let special = if literal.starts_with('`') { b'\r' } else { b'\\' };
    match literal.get(1..literal.len().saturating_sub(1)) {
        Some(plain) if memchr::memchr(special, plain.as_bytes()).is_none() => Text::from(plain),
        _ => Text::from(string(literal).unwrap_or_default()),
    }
}

/// The bytes of an interpreted (`"`) or raw (`` ` ``) string literal.
pub(crate) fn string(literal: &str) -> Result<Vec<u8>, String> {
    let inner = literal.get(1..literal.len().saturating_sub(1)).ok_or(INVALID_SYNTAX)?;
    if literal.starts_with('`') {
        return Ok(inner.bytes().filter(|&byte| byte != b'\r').collect());
    }
    let mut out = Vec::with_capacity(inner.len());
    let mut rest = inner;
    while let Some(first) = rest.chars().next() {
        if first != '\\' {
            let mut buffer = [0; 4];
            out.extend_from_slice(first.encode_utf8(&mut buffer).as_bytes());
            rest = &rest[first.len_utf8()..];
            continue;
        }
        let (unit, after) = escape(rest, '"')?;
        match unit {
            Unit::Byte(byte) => out.push(byte),
            Unit::Char(character) => {
                let mut buffer = [0; 4];
                out.extend_from_slice(character.encode_utf8(&mut buffer).as_bytes());
            }
        }
        rest = after;
    }
    Ok(out)
}

/// The code of a character literal.
pub(crate) fn character(literal: &str) -> Result<u32, String> {
    let inner = &literal[1..];
    let first = inner.chars().next().ok_or(INVALID_SYNTAX)?;
    let (code, tail) = match first {
        '\'' => return Err(INVALID_SYNTAX.to_owned()),
        '\\' => match escape(inner, '\'')? {
            (Unit::Byte(byte), tail) => (u32::from(byte), tail),
            (Unit::Char(character), tail) => (u32::from(character), tail),
        },
        first => (u32::from(first), &inner[first.len_utf8()..]),
    };
    if tail == "'" { Ok(code) } else { Err(format!("malformed character constant: {literal}")) }
}

enum Unit {
    /// From `\x` and octal escapes, which need not be UTF-8.
    Byte(u8),
    Char(char),
}

/// Reads the escape at the start of `text`; the rest is returned with it.
fn escape(text: &str, delimiter: char) -> Result<(Unit, &str), String> {
    let mut characters = text.chars();
    characters.next();
    let kind = characters.next().ok_or(INVALID_SYNTAX)?;
    let rest = characters.as_str();
    let plain = |byte: u8| Ok((Unit::Char(char::from(byte)), rest));
    match kind {
        'a' => plain(7),
        'b' => plain(8),
        'f' => plain(12),
        'n' => plain(b'\n'),
        'r' => plain(b'\r'),
        't' => plain(b'\t'),
        'v' => plain(11),
        '\\' => plain(b'\\'),
        'x' => {
            let (code, rest) = digits(rest, 2, 16)?;
            Ok((Unit::Byte(u8::try_from(code).map_err(|_| INVALID_SYNTAX)?), rest))
        }
        '0'..='7' => {
            let (code, rest) = digits(&text[1..], 3, 8)?;
            Ok((Unit::Byte(u8::try_from(code).map_err(|_| INVALID_SYNTAX)?), rest))
        }
        'u' | 'U' => {
            let (code, rest) = digits(rest, if kind == 'u' { 4 } else { 8 }, 16)?;
            Ok((Unit::Char(char::from_u32(code).ok_or(INVALID_SYNTAX)?), rest))
        }
        kind if kind == delimiter => Ok((Unit::Char(kind), rest)),
        _ => Err(INVALID_SYNTAX.to_owned()),
    }
}

fn digits(text: &str, count: usize, radix: u32) -> Result<(u32, &str), String> {
    let head = text.get(..count).ok_or(INVALID_SYNTAX)?;
    if !head.chars().all(|digit| digit.is_digit(radix)) {
        return Err(INVALID_SYNTAX.to_owned());
    }
    let code = u32::from_str_radix(head, radix).map_err(|_| INVALID_SYNTAX)?;
    Ok((code, &text[count..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_read_as_in_go() {
        assert_eq!(string(r#""tab\tq\"u\u00e9\x41\101""#).unwrap(), "tab\tq\"uéAA".as_bytes());
        assert_eq!(string(r#""\xff""#).unwrap(), [0xff]);
        assert_eq!(string("`a\\n\r`").unwrap(), b"a\\n");
        assert_eq!(string(r#""\q""#).unwrap_err(), "invalid syntax");
        assert_eq!(character("'é'"), Ok(233));
        assert!(character("'ab'").is_err());
    }
}
