//! Go's quoted strings and characters (`strconv.Quote` and its relatives).

use std::fmt::Write as _;

use crate::value::lossy;

/// `%q` of a string: double quotes and Go escapes.
pub fn quoted(bytes: &[u8]) -> String {
    let mut out = Vec::with_capacity(bytes.len() + 2);
    write_quoted(&mut out, bytes, b'"', false);
    lossy(&out).into_owned()
}

/// Writes a quoted string; with `ascii_only`, what is not ASCII is escaped (`%+q`).
pub(crate) fn write_quoted(out: &mut Vec<u8>, bytes: &[u8], delimiter: u8, ascii_only: bool) {
    out.reserve(bytes.len() + 2);
    out.push(delimiter);
    let is_plain = |byte: u8| (b' '..=b'~').contains(&byte) && byte != b'\\' && byte != delimiter;
    if bytes.iter().all(|&byte| is_plain(byte)) {
        out.extend_from_slice(bytes);
        out.push(delimiter);
        return;
    }
    let mut escaped = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        for character in chunk.valid().chars() {
            write_escaped(&mut escaped, character, char::from(delimiter), ascii_only);
        }
        for byte in chunk.invalid() {
            let _ = write!(escaped, "\\x{byte:02x}");
        }
    }
    out.extend(escaped.into_bytes());
    out.push(delimiter);
}

/// `%q` of a number as a character; what is no character becomes U+FFFD.
pub fn quoted_char(code: i64, ascii_only: bool) -> String {
    let character = u32::try_from(code).ok().and_then(char::from_u32).unwrap_or(char::REPLACEMENT_CHARACTER);
    let mut out = String::from("'");
    write_escaped(&mut out, character, '\'', ascii_only);
    out.push('\'');
    out
}

/// Whether the string can stand in back quotes unchanged (`strconv.CanBackquote`).
pub(crate) fn can_backquote(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes).is_ok_and(|text| {
        text.chars().all(|character| match character {
            '\u{feff}' | '`' | '\u{7f}' => false,
            character => character >= ' ' || character == '\t',
        })
    })
}

/// Go's `unicode.IsPrint`: letters, marks, numbers, punctuation, symbols and the ASCII space.
pub fn is_printable(character: char) -> bool {
    if character.is_ascii() {
        return character == ' ' || character.is_ascii_graphic();
    }
    // The standard library escapes what is not printable; a leading letter keeps it from escaping marks.
    let mut text = String::from("a");
    text.push(character);
    text.escape_debug().nth(1) == Some(character)
}

fn write_escaped(out: &mut String, character: char, delimiter: char, ascii_only: bool) {
    if character == delimiter || character == '\\' {
        out.push('\\');
        out.push(character);
        return;
    }
    if is_printable(character) && (character.is_ascii() || !ascii_only) {
        out.push(character);
        return;
    }
    let code = u32::from(character);
    match character {
        '\u{7}' => out.push_str("\\a"),
        '\u{8}' => out.push_str("\\b"),
        '\u{c}' => out.push_str("\\f"),
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        '\u{b}' => out.push_str("\\v"),
        _ => {
            let _ = match code {
                0..0x20 | 0x7f => write!(out, "\\x{code:02x}"),
                0..0x1_0000 => write!(out, "\\u{code:04x}"),
                _ => write!(out, "\\U{code:08x}"),
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_as_go_does() {
        let cases: [(&[u8], &str); 6] = [
            (b"a\"b\\", r#""a\"b\\""#),
            (b"\t\n\x00\x7f", r#""\t\n\x00\x7f""#),
            ("é\u{301}".as_bytes(), "\"é\u{301}\""),
            ("\u{200b}\u{e000}".as_bytes(), r#""\u200b\ue000""#),
            (b"\xff", r#""\xff""#),
            ("\u{e0001}".as_bytes(), r#""\U000e0001""#),
        ];
        for (input, expected) in cases {
            assert_eq!(quoted(input), expected);
        }
        assert_eq!(quoted_char(233, true), r"'\u00e9'");
        assert_eq!(quoted_char(39, false), r"'\''");
    }
}
