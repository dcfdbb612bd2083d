//! Texts in UTF-16, and texts that cannot be decoded, in the words of go-yaml's reader.

use serde_json::Value;

use super::decode::Rules;
use super::limits::Limits;
use super::reader::Fault;
use super::{YamlError, parse, parse_whole};

/// [`parse`] of bytes. A byte order mark of UTF-16 says that they are UTF-16.
///
/// # Errors
///
/// Those of [`parse`], and one about the first bytes that are no letter. Which of several comes first depends on the blocks that
/// go-yaml decodes.
pub fn parse_bytes(bytes: &[u8]) -> Result<Value, YamlError> {
    match bytes {
        [0xff, 0xfe, rest @ ..] => return parse_wide(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => return parse_wide(rest, u16::from_be_bytes),
        _ => {}
    }
    let valid = match std::str::from_utf8(bytes) {
        Ok(text) => return parse(text),
        Err(error) => error.valid_up_to(),
    };
    let (before, rest) = bytes.split_at(valid);
    let text = std::str::from_utf8(before).unwrap_or_default();
    parse_whole(text, Some(fault(rest, valid)), &Limits::default(), Rules::default())
}

/// Reads UTF-16. What cannot be decoded is found when it is met, not at the end of the block before it.
fn parse_wide(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Result<Value, YamlError> {
    let (pairs, odd) = bytes.as_chunks::<2>();
    // The mark stands for the one that was taken off: a second is content.
    let mut text = String::from("\u{feff}");
    let mut fault = (!odd.is_empty()).then_some("incomplete UTF-16 character");
    let mut units = pairs.iter().map(|pair| unit(*pair)).peekable();
    while let Some(first) = units.next() {
        let second = units.peek().copied().unwrap_or_default();
        match char::decode_utf16([first, second]).next() {
            Some(Ok(letter)) => {
                text.push(letter);
                if letter.len_utf16() == 2 {
                    units.next();
                }
            }
            _ => {
                fault = Some(match (first, units.peek()) {
                    (0xdc00.., _) => "unexpected low surrogate area",
                    (_, None) => "incomplete UTF-16 surrogate pair",
                    _ => "expected low surrogate area",
                });
                break;
            }
        }
    }
    let fault = fault.map(|problem| Fault { at: text.len(), end: None, problem });
    parse_whole(&text, fault, &Limits::default(), Rules::default())
}

/// What is wrong with the letter that the bytes begin with, which stand at an offset.
fn fault(bytes: &[u8], at: usize) -> Fault {
    let (length, problem) = problem(bytes);
    Fault { at, end: length.map(|length| at + length), problem }
}

/// What is wrong with the letter that the bytes begin with, and how many bytes tell; nothing if some are missing.
fn problem(bytes: &[u8]) -> (Option<usize>, &'static str) {
    let width = match bytes.first() {
        Some(0xc0..=0xdf) => 2,
        Some(0xe0..=0xef) => 3,
        Some(0xf0..=0xf7) => 4,
        _ => return (Some(1), "invalid leading UTF-8 octet"),
    };
    let Some(letter) = bytes.get(..width) else { return (None, "incomplete UTF-8 octet sequence") };
    if letter[1..].iter().any(|byte| byte & 0xc0 != 0x80) {
        return (Some(width), "invalid trailing UTF-8 octet");
    }
    let lead = u32::from(letter[0]) & (0x7f >> width);
    let code = letter[1..].iter().fold(lead, |code, byte| code << 6 | u32::from(byte & 0x3f));
    let least = [0x80, 0x800, 0x1_0000][width - 2];
    let is_long = code < least;
    (Some(width), if is_long { "invalid length of a UTF-8 sequence" } else { "invalid Unicode character" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_letter_is_named() {
        let said = |bytes: &[u8]| parse_bytes(bytes).unwrap_err().to_string();
        for (bytes, problem) in [
            (&b"a: \x80"[..], "invalid leading UTF-8 octet"),
            (b"\xc3", "incomplete UTF-8 octet sequence"),
            (b"[\xc3b\"", "invalid trailing UTF-8 octet"),
            (b"\xc0\x80", "invalid length of a UTF-8 sequence"),
            (b"\xed\xa0\x80", "invalid Unicode character"),
            (b"\xf7\xbf\xbf\xbf", "invalid Unicode character"),
        ] {
            assert_eq!(said(bytes), format!("yaml: {problem}"));
        }
        assert_eq!(said(b"\x01\xc3"), said(b"\x01"));
        assert_eq!(parse_bytes(b"a: 1").unwrap()["a"], 1);
        // An earlier error of another kind comes first only if it is in an earlier block.
        assert_eq!(said(b"@\xc3"), said(b"\xc3"));
        let far = [&b"@"[..], &[b' '; 600], b"\xc3"].concat();
        assert_eq!(said(&far), "yaml: found character that cannot start any token");
    }

    #[test]
    fn wide_letters_are_read() {
        let wide = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
        let text = wide("\u{feff}a: \u{e9}\u{1f600}\n");
        assert_eq!(parse_bytes(&text).unwrap()["a"], "\u{e9}\u{1f600}");
        let swapped: Vec<u8> = text.chunks(2).flat_map(|pair| [pair[1], pair[0]]).collect();
        assert_eq!(parse_bytes(&swapped), parse_bytes(&text));
        let said = |bytes: &[u8]| parse_bytes(bytes).unwrap_err().to_string();
        for (units, problem) in [
            (&b"\xff\xfea"[..], "incomplete UTF-16 character"),
            (b"\xff\xfe\0\xdc", "unexpected low surrogate area"),
            (b"\xff\xfe\0\xd8", "incomplete UTF-16 surrogate pair"),
            (b"\xff\xfe\0\xd8a\0", "expected low surrogate area"),
        ] {
            assert_eq!(said(units), format!("yaml: {problem}"));
        }
    }
}
