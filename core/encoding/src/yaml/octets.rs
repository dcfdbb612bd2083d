//! Texts that are not UTF-8, in the words of go-yaml's reader.

use serde_json::Value;

use super::{YamlError, parse};

/// What go-yaml says about a letter that no text has. It comes before what is not UTF-8 when it stands before it.
const FORBIDDEN: &str = "control characters are not allowed";

/// [`parse`] of bytes.
///
/// # Errors
///
/// Those of [`parse`], and one about the first bytes that are no letter, which are met before what else is wrong.
pub fn parse_bytes(bytes: &[u8]) -> Result<Value, YamlError> {
    let valid = match std::str::from_utf8(bytes) {
        Ok(text) => return parse(text),
        Err(error) => error.valid_up_to(),
    };
    let (before, rest) = bytes.split_at(valid);
    match std::str::from_utf8(before).map(parse) {
        Ok(Err(YamlError::Syntax { line, problem })) if problem == FORBIDDEN => {
            Err(YamlError::Syntax { line, problem })
        }
        _ => Err(YamlError::Syntax { line: None, problem: problem(rest).to_owned() }),
    }
}

/// What is wrong with the letter that the bytes begin with.
fn problem(bytes: &[u8]) -> &'static str {
    let width = match bytes.first() {
        Some(0xc0..=0xdf) => 2,
        Some(0xe0..=0xef) => 3,
        Some(0xf0..=0xf7) => 4,
        _ => return "invalid leading UTF-8 octet",
    };
    let Some(letter) = bytes.get(..width) else { return "incomplete UTF-8 octet sequence" };
    if letter[1..].iter().any(|byte| byte & 0xc0 != 0x80) {
        return "invalid trailing UTF-8 octet";
    }
    let lead = u32::from(letter[0]) & (0x7f >> width);
    let code = letter[1..].iter().fold(lead, |code, byte| code << 6 | u32::from(byte & 0x3f));
    let least = [0x80, 0x800, 0x1_0000][width - 2];
    if code < least { "invalid length of a UTF-8 sequence" } else { "invalid Unicode character" }
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
    }
}
