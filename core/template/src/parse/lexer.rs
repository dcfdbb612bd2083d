//! Splits template text into tokens, after the rules of Go's `text/template/parse`.

mod number;

use super::place::offset;
use super::token::{Keyword, Token, TokenKind};

const LEFT: &str = "{{";
const RIGHT: &str = "}}";

/// Which bytes are letters, digits or underscores of ASCII.
const IN_WORDS: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0_u8;
    while byte.is_ascii() {
        table[byte as usize] = byte.is_ascii_alphanumeric() || byte == b'_';
        byte += 1;
    }
    table
};

/// A lexer over one template file.
pub(crate) struct Lexer<'t> {
    input: &'t str,
    start: usize,
    pos: usize,
    paren_depth: usize,
    inside_action: bool,
    /// Why there are no more tokens.
    failure: Option<Box<str>>,
}

impl<'t> Lexer<'t> {
    /// A lexer at the beginning of `input`.
    pub(crate) fn new(input: &'t str) -> Self {
        Lexer { input, start: 0, pos: 0, paren_depth: 0, inside_action: false, failure: None }
    }

    /// The next token; after the end of the input or an error, [`TokenKind::Eof`] again and again.
    pub(crate) fn next_token(&mut self) -> Token {
        if self.failure.is_some() {
            self.pos = self.start;
            return self.emit(TokenKind::Eof);
        }
        if self.inside_action { self.lex_action() } else { self.lex_text() }
    }

    /// The source text of a token; nothing for an error.
    pub(crate) fn text(&self, token: Token) -> &'t str {
        &self.input[token.start as usize..token.end as usize]
    }

    /// The message of the token of an error.
    pub(crate) fn failure(&self) -> &str {
        self.failure.as_deref().unwrap_or_default()
    }

    fn rest(&self) -> &'t str {
        &self.input[self.pos..]
    }

    /// The bytes of the rest.
    fn bytes(&self) -> &'t [u8] {
        &self.input.as_bytes()[self.pos..]
    }

    #[inline]
    fn peek(&self) -> Option<char> {
        match self.peek_byte() {
            Some(byte) if byte.is_ascii() => Some(char::from(byte)),
            _ => self.rest().chars().next(),
        }
    }

    fn peek_byte(&self) -> Option<u8> {
        self.input.as_bytes().get(self.pos).copied()
    }

    fn bump(&mut self) -> Option<char> {
        let next = self.peek()?;
        self.pos += next.len_utf8();
        Some(next)
    }

    /// Moves over letters, digits and underscores.
    fn skip_word(&mut self) {
        let rest = self.bytes();
        let length = rest.iter().position(|byte| !IN_WORDS[usize::from(*byte)]).unwrap_or(rest.len());
        self.pos += length;
        if rest.get(length).is_none_or(u8::is_ascii) {
            return;
        }
        while self.peek().is_some_and(is_alphanumeric) {
            self.bump();
        }
    }

    /// The token from the start to here.
    fn emit(&mut self, kind: TokenKind) -> Token {
        let token = Token { kind, start: offset(self.start), end: offset(self.pos) };
        self.start = self.pos;
        token
    }

    /// Moves over `length` bytes that belong to no token.
    fn skip(&mut self, length: usize) {
        self.pos += length;
        self.start = self.pos;
    }

    #[cold]
    fn error(&mut self, message: impl Into<Box<str>>) -> Token {
        self.failure = Some(message.into());
        let start = offset(self.start);
        Token { kind: TokenKind::Error, start, end: start }
    }

    fn lex_text(&mut self) -> Token {
        loop {
            let Some(offset) = find_left(self.rest()) else {
                return self.lex_last_text();
            };
            if offset > 0 {
                let text = &self.rest()[..offset];
                let trim = has_left_trim_marker(&self.bytes()[offset + LEFT.len()..]);
                let kept = if trim { without_trailing_space(text) } else { offset };
                self.pos += kept;
                let token = self.emit(TokenKind::Text);
                self.skip(offset - kept);
                if kept > 0 {
                    return token;
                }
            }
            if let Some(token) = self.lex_left_delim() {
                return token;
            }
        }
    }

    fn lex_last_text(&mut self) -> Token {
        let rest = self.rest();
        if rest.is_empty() {
            return self.emit(TokenKind::Eof);
        }
        self.pos = self.input.len();
        self.emit(TokenKind::Text)
    }

    /// The left delimiter, or nothing when a comment was skipped.
    fn lex_left_delim(&mut self) -> Option<Token> {
        let after = &self.bytes()[LEFT.len()..];
        let marker = if has_left_trim_marker(after) { 2 } else { 0 };
        if after[marker..].starts_with(b"/*") {
            self.skip(LEFT.len() + marker);
            return self.lex_comment();
        }
        self.pos += LEFT.len();
        let token = self.emit(TokenKind::LeftDelim);
        self.inside_action = true;
        self.skip(marker);
        self.paren_depth = 0;
        Some(token)
    }

    fn lex_comment(&mut self) -> Option<Token> {
        let Some(length) = memchr::memmem::find(&self.bytes()[2..], b"*/") else {
            return Some(self.error("unclosed comment"));
        };
        let comment_end = 2 + length + 2;
        let after = &self.bytes()[comment_end..];
        let Some((delim, trims)) = right_delim(after) else {
            return Some(self.error("comment ends before closing delimiter"));
        };
        let spaces = if trims { leading_space(&after[delim..]) } else { 0 };
        self.skip(comment_end + delim + spaces);
        None
    }

    fn lex_action(&mut self) -> Token {
        let Some(first) = self.peek() else {
            return self.error("unclosed action");
        };
        if first.is_ascii_alphabetic() {
            return self.lex_identifier();
        }
        if (first == '}' || is_space(first))
            && let Some((delim, trims)) = right_delim(self.bytes())
        {
            if self.paren_depth > 0 {
                return self.error("unclosed left paren");
            }
            return self.lex_right_delim(delim, trims);
        }
        if is_space(first) {
            return self.lex_space();
        }
        self.bump();
        self.lex_sign(first)
    }

    /// What begins with a character, which has been passed, that is neither space nor a letter of ASCII.
    fn lex_sign(&mut self, first: char) -> Token {
        match first {
            '=' => self.emit(TokenKind::Assign),
            ':' if self.bump() == Some('=') => self.emit(TokenKind::Declare),
            ':' => self.error("expected :="),
            '|' => self.emit(TokenKind::Pipe),
            '"' => self.lex_quoted('"', TokenKind::String, "unterminated quoted string"),
            '\'' => self.lex_quoted('\'', TokenKind::CharConstant, "unterminated character constant"),
            '`' => self.lex_raw_string(),
            '$' => self.lex_field_or_variable(TokenKind::Variable),
            '.' if !self.peek().is_some_and(|next| next.is_ascii_digit()) && !self.rest().is_empty() => {
                self.lex_field_or_variable(TokenKind::Field)
            }
            '.' | '+' | '-' | '0'..='9' => {
                self.pos = self.start;
                self.lex_number()
            }
            '(' => {
                self.paren_depth += 1;
                self.emit(TokenKind::LeftParen)
            }
            ')' if self.paren_depth == 0 => self.error("unexpected right paren"),
            ')' => {
                self.paren_depth -= 1;
                self.emit(TokenKind::RightParen)
            }
            first if is_alphanumeric(first) => self.lex_identifier(),
            first if first.is_ascii_graphic() => self.emit(TokenKind::Char),
            first => self.error(format!("unrecognized character in action: {}", describe_char(Some(first)))),
        }
    }

    fn lex_right_delim(&mut self, delim: usize, trims: bool) -> Token {
        self.skip(delim - RIGHT.len());
        self.pos += RIGHT.len();
        let token = self.emit(TokenKind::RightDelim);
        if trims {
            self.skip(leading_space(self.bytes()));
        }
        self.inside_action = false;
        token
    }

    fn lex_space(&mut self) -> Token {
        let mut length = leading_space(self.bytes());
        // The last space belongs to a trimming delimiter that follows.
        if self.bytes()[length..].starts_with(b"-}}") {
            length -= 1;
        }
        self.pos += length;
        self.emit(TokenKind::Space)
    }

    fn lex_identifier(&mut self) -> Token {
        self.skip_word();
        if !self.at_terminator() {
            return self.bad_character();
        }
        let word = &self.input[self.start..self.pos];
        let kind = match word.as_bytes() {
            b"true" | b"false" => TokenKind::Bool,
            _ => Keyword::from_word(word).map_or(TokenKind::Identifier, TokenKind::Keyword),
        };
        self.emit(kind)
    }

    /// A field or variable whose `.` or `$` has been passed; alone they are the dot and the root.
    fn lex_field_or_variable(&mut self, kind: TokenKind) -> Token {
        if self.at_terminator() {
            let alone = if kind == TokenKind::Variable { kind } else { TokenKind::Keyword(Keyword::Dot) };
            return self.emit(alone);
        }
        self.skip_word();
        if !self.at_terminator() {
            return self.bad_character();
        }
        self.emit(kind)
    }

    #[cold]
    fn bad_character(&mut self) -> Token {
        let found = describe_char(self.peek());
        self.error(format!("bad character {found}"))
    }

    fn at_terminator(&self) -> bool {
        match self.peek_byte() {
            None | Some(b'.' | b',' | b'|' | b':' | b')' | b'(' | b' ' | b'\t' | b'\r' | b'\n') => true,
            Some(_) => self.bytes().starts_with(RIGHT.as_bytes()),
        }
    }

    fn lex_quoted(&mut self, end: char, kind: TokenKind, unterminated: &'static str) -> Token {
        loop {
            // Nothing else ends a text or counts as a line.
            let stops = |byte: &u8| matches!(*byte, b'\\' | b'\n') || char::from(*byte) == end;
            let bytes = self.bytes();
            self.pos += bytes.iter().position(stops).unwrap_or(bytes.len());
            match self.bump() {
                Some('\\') => {
                    if matches!(self.bump(), None | Some('\n')) {
                        return self.error(unterminated);
                    }
                }
                None | Some('\n') => return self.error(unterminated),
                Some(next) if next == end => return self.emit(kind),
                Some(_) => {}
            }
        }
    }

    fn lex_raw_string(&mut self) -> Token {
        let rest = self.bytes();
        let end = memchr::memchr(b'`', rest);
        let length = end.map_or(rest.len(), |end| end + 1);
        self.pos += length;
        match end {
            Some(_) => self.emit(TokenKind::RawString),
            None => self.error("unterminated raw quoted string"),
        }
    }
}

/// Where the next action or comment begins.
pub(crate) fn find_left(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    memchr::memchr_iter(b'{', bytes).find(|at| bytes.get(at + 1) == Some(&b'{'))
}

/// Where an action ends.
pub(crate) fn find_right(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    memchr::memchr_iter(b'}', bytes).find(|at| bytes.get(at + 1) == Some(&b'}'))
}

/// The length of a right delimiter with its trim marker at the start of `text`, and whether it trims.
fn right_delim(text: &[u8]) -> Option<(usize, bool)> {
    match text {
        [b'}', b'}', ..] => Some((RIGHT.len(), false)),
        [space, b'-', b'}', b'}', ..] if is_space_byte(*space) => Some((RIGHT.len() + 2, true)),
        _ => None,
    }
}

fn has_left_trim_marker(text: &[u8]) -> bool {
    matches!(text, [b'-', space, ..] if is_space_byte(*space))
}

fn leading_space(text: &[u8]) -> usize {
    text.iter().position(|byte| !is_space_byte(*byte)).unwrap_or(text.len())
}

/// How much is left of `text` without the space at its end.
fn without_trailing_space(text: &str) -> usize {
    text.as_bytes().iter().rposition(|byte| !is_space_byte(*byte)).map_or(0, |last| last + 1)
}

fn is_space_byte(byte: u8) -> bool {
    is_space(char::from(byte))
}

fn is_space(character: char) -> bool {
    matches!(character, ' ' | '\t' | '\r' | '\n')
}

fn is_alphanumeric(character: char) -> bool {
    character == '_' || character.is_alphanumeric()
}

/// Go's `%#U` of a character; of nothing it is that of -1.
fn describe_char(character: Option<char>) -> String {
    match character {
        None => "U+FFFFFFFFFFFFFFFF".to_owned(),
        Some(character) if crate::format::quote::is_printable(character) => {
            format!("U+{:04X} '{character}'", u32::from(character))
        }
        Some(character) => format!("U+{:04X}", u32::from(character)),
    }
}
