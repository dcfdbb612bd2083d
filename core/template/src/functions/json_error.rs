//! JSON decoding with the error words of Go's `encoding/json`.

use pilothouse_encoding::json_kind::json_kind;
use pilothouse_encoding::json_repair;
use serde_json::Value as Json;

use crate::budget::LimitError;
use crate::value::lossy;

/// How deep the parser goes.
const MAX_DEPTH: usize = 127;

/// What a document gives: Go decodes as much as it can before it reports a number that is too large.
pub(super) struct Decoded {
    /// The document, with null for such numbers.
    pub(super) json: Json,
    /// The error about the first of them.
    pub(super) error: Option<String>,
}

/// Why a text is no document.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum JsonFailure {
    /// Go's words for what is malformed.
    #[error("{0}")]
    Syntax(String),
    /// It nests too deep.
    #[error("exceeded max depth")]
    Depth,
}

impl JsonFailure {
    /// Go's words, unless a bound was passed.
    ///
    /// # Errors
    /// The bound.
    pub(super) fn into_words(self) -> Result<String, LimitError> {
        match self {
            JsonFailure::Syntax(words) => Ok(words),
            JsonFailure::Depth => Err(LimitError::ValueDepth(MAX_DEPTH)),
        }
    }
}

/// Parses one JSON document.
///
/// # Errors
/// When it is malformed or nests too deep.
pub(super) fn parse(source: &str) -> Result<Decoded, JsonFailure> {
    if let Ok(json) = serde_json::from_str(source) {
        return Ok(Decoded { json, error: None });
    }
    if let Some(message) = syntax_error(source) {
        return Err(JsonFailure::Syntax(message));
    }
    let repaired = json_repair::repaired(source);
    match serde_json::from_str(&repaired.text) {
        Ok(json) => Ok(Decoded { json, error: repaired.refused.map(|number| number.message) }),
        Err(_) => Err(JsonFailure::Depth),
    }
}

/// [`parse`] of bytes, of which Go names one that is no letter where it expects none.
///
/// # Errors
/// Those of [`parse`].
pub(super) fn parse_bytes(source: &[u8]) -> Result<Decoded, JsonFailure> {
    if let Ok(text) = std::str::from_utf8(source) {
        return parse(text);
    }
    let mut marked = String::with_capacity(source.len() * 2);
    for chunk in source.utf8_chunks() {
        marked.push_str(chunk.valid());
        marked.extend(chunk.invalid().iter().map(|byte| mark(*byte)));
    }
    match syntax_error(&marked) {
        Some(message) => Err(JsonFailure::Syntax(message)),
        None => parse(&lossy(source)),
    }
}

/// Letters that stand for bytes: of the last ones there are, which no text has.
const FIRST_MARK: u32 = 0x10_ff00;

fn mark(byte: u8) -> char {
    char::from_u32(FIRST_MARK + u32::from(byte)).unwrap_or(char::REPLACEMENT_CHARACTER)
}

/// What Go says when a document is of another type than wanted.
pub(super) fn mismatch(json: &Json, wanted: &str) -> String {
    format!("json: cannot unmarshal {} into Go value of type {wanted}", json_kind(json))
}

/// Where a scanner stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Expect {
    Value,
    /// A value or the end of an array.
    FirstItem,
    /// A key or the end of an object.
    FirstKey,
    Key,
    Colon,
    AfterValue,
}

/// Finds the first character that Go's scanner refuses, and words it.
fn syntax_error(source: &str) -> Option<String> {
    let mut scanner = Scanner { rest: source, stack: Vec::new(), cut: false };
    match scanner.scan() {
        Err(message) => Some(message),
        Ok(Expect::AfterValue) if scanner.stack.is_empty() && !scanner.cut => None,
        Ok(_) => Some("unexpected end of JSON input".to_owned()),
    }
}

struct Scanner<'s> {
    rest: &'s str,
    stack: Vec<u8>,
    /// The text ended within a token.
    cut: bool,
}

impl Scanner<'_> {
    fn scan(&mut self) -> Result<Expect, String> {
        let mut expect = Expect::Value;
        loop {
            self.rest = self.rest.trim_start_matches([' ', '\t', '\r', '\n']);
            let Some(next) = self.rest.chars().next() else {
                return Ok(expect);
            };
            expect = match (expect, next) {
                (Expect::FirstItem, ']') | (Expect::FirstKey, '}') => self.close(),
                (Expect::Value | Expect::FirstItem, _) => self.value(next)?,
                (Expect::FirstKey | Expect::Key, '"') => {
                    self.string()?;
                    Expect::Colon
                }
                (Expect::FirstKey | Expect::Key, _) => {
                    return Err(invalid(next, "looking for beginning of object key string"));
                }
                (Expect::Colon, ':') => self.skip(Expect::Value),
                (Expect::Colon, _) => return Err(invalid(next, "after object key")),
                (Expect::AfterValue, _) => self.after_value(next)?,
            };
        }
    }

    fn skip(&mut self, expect: Expect) -> Expect {
        self.rest = &self.rest[1..];
        expect
    }

    fn close(&mut self) -> Expect {
        self.stack.pop();
        self.skip(Expect::AfterValue)
    }

    fn after_value(&mut self, next: char) -> Result<Expect, String> {
        match (self.stack.last(), next) {
            (Some(b'{'), ',') => Ok(self.skip(Expect::Key)),
            (Some(b'['), ',') => Ok(self.skip(Expect::Value)),
            (Some(b'{'), '}') | (Some(b'['), ']') => Ok(self.close()),
            (Some(b'{'), _) => Err(invalid(next, "after object key:value pair")),
            (Some(_), _) => Err(invalid(next, "after array element")),
            (None, _) => Err(invalid(next, "after top-level value")),
        }
    }

    fn value(&mut self, next: char) -> Result<Expect, String> {
        match next {
            '{' | '[' => {
                let first = if next == '{' { Expect::FirstKey } else { Expect::FirstItem };
                self.stack.push(if next == '{' { b'{' } else { b'[' });
                return Ok(self.skip(first));
            }
            '"' => self.string()?,
            't' => self.word("true")?,
            'f' => self.word("false")?,
            'n' => self.word("null")?,
            '-' | '0'..='9' => self.number()?,
            _ => return Err(invalid(next, "looking for beginning of value")),
        }
        Ok(Expect::AfterValue)
    }

    fn word(&mut self, word: &str) -> Result<(), String> {
        for expected in word.chars() {
            match self.rest.chars().next() {
                Some(next) if next == expected => self.rest = &self.rest[1..],
                Some(next) => {
                    return Err(invalid(next, &format!("in literal {word} (expecting '{expected}')")));
                }
                // Go ends a text with a blank.
                None => return Err(invalid(' ', &format!("in literal {word} (expecting '{expected}')"))),
            }
        }
        Ok(())
    }

    fn number(&mut self) -> Result<(), String> {
        let digits =
            |text: &str| text.len() - text.trim_start_matches(|next: char| next.is_ascii_digit()).len();
        self.rest = match self.rest.strip_prefix('-') {
            Some(rest) => {
                self.rest = rest;
                self.require_digit("in numeric literal")?;
                rest
            }
            None => self.rest,
        };
        let whole = if self.rest.starts_with('0') { 1 } else { digits(self.rest) };
        self.rest = &self.rest[whole..];
        if let Some(rest) = self.rest.strip_prefix('.') {
            self.rest = rest;
            self.require_digit("after decimal point in numeric literal")?;
            self.rest = &rest[digits(rest)..];
        }
        if let Some(rest) = self.rest.strip_prefix(['e', 'E']) {
            self.rest = rest.strip_prefix(['+', '-']).unwrap_or(rest);
            self.require_digit("in exponent of numeric literal")?;
            self.rest = &self.rest[digits(self.rest)..];
        }
        Ok(())
    }

    fn require_digit(&mut self, place: &str) -> Result<(), String> {
        match self.rest.chars().next() {
            Some(next) if !next.is_ascii_digit() => Err(invalid(next, place)),
            Some(_) => Ok(()),
            None => Err(invalid(' ', place)),
        }
    }

    fn string(&mut self) -> Result<(), String> {
        let mut characters = self.rest[1..].chars();
        while let Some(next) = characters.next() {
            match next {
                '"' => {
                    self.rest = characters.as_str();
                    return Ok(());
                }
                '\\' => check_escape(&mut characters)?,
                '\0'..' ' => return Err(invalid(next, "in string literal")),
                _ => {}
            }
        }
        self.rest = "";
        self.cut = true;
        Ok(())
    }
}

fn check_escape(characters: &mut std::str::Chars<'_>) -> Result<(), String> {
    match characters.next() {
        Some('b' | 'f' | 'n' | 'r' | 't' | '\\' | '/' | '"') | None => Ok(()),
        Some('u') => {
            for next in characters.take(4) {
                if !next.is_ascii_hexdigit() {
                    return Err(invalid(next, "in \\u hexadecimal character escape"));
                }
            }
            Ok(())
        }
        Some(next) => Err(invalid(next, "in string escape code")),
    }
}

fn invalid(character: char, place: &str) -> String {
    let shown = match character {
        '\'' => r"'\''".to_owned(),
        '"' => "'\"'".to_owned(),
        // Go reads bytes: of any other letter it has seen the first one.
        other => {
            let marked = u32::from(other).checked_sub(FIRST_MARK);
            let byte = marked.unwrap_or_else(|| u32::from(other.encode_utf8(&mut [0; 4]).as_bytes()[0]));
            crate::format::quote::quoted_char(i64::from(byte), false)
        }
    };
    format!("invalid character {shown} {place}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_worded_as_in_go() {
        let cases = [
            ("{bad", "invalid character 'b' looking for beginning of object key string"),
            ("[1,]", "invalid character ']' looking for beginning of value"),
            ("{\"a\" 1}", "invalid character '1' after object key"),
            ("[1 2]", "invalid character '2' after array element"),
            ("1 2", "invalid character '2' after top-level value"),
            ("nul", "invalid character ' ' in literal null (expecting 'l')"),
            ("nux", "invalid character 'x' in literal null (expecting 'l')"),
            ("", "unexpected end of JSON input"),
            ("\"a", "unexpected end of JSON input"),
            ("-", "invalid character ' ' in numeric literal"),
            ("[", "unexpected end of JSON input"),
            ("'a'", "invalid character '\\'' looking for beginning of value"),
        ];
        for (source, expected) in cases {
            let failure = parse(source).err().map(JsonFailure::into_words);
            assert_eq!(failure, Some(Ok(expected.to_owned())), "{source}");
        }
        let failure = parse_bytes(b"[\xc3]").err();
        let words = "invalid character 'Ã' looking for beginning of value";
        assert_eq!(failure, Some(JsonFailure::Syntax(words.to_owned())));
        assert!(parse_bytes(b"\"\xc3\"").is_ok());
        let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
        assert!(parse(&nested(MAX_DEPTH)).is_ok());
        assert_eq!(parse(&nested(MAX_DEPTH + 1)).err(), Some(JsonFailure::Depth));
        assert_eq!(parse(&nested(100_000)).err(), Some(JsonFailure::Depth));
    }
}
