//! Splits template text into tokens, after the rules of Go's `text/template/parse`.

use std::borrow::Cow;

use super::token::{Keyword, Token, TokenKind};

const LEFT: &str = "{{";
const RIGHT: &str = "}}";

/// A lexer over one template file.
pub(crate) struct Lexer<'t> {
    input: &'t str,
    start: usize,
    pos: usize,
    start_line: usize,
    line: usize,
    paren_depth: usize,
    inside_action: bool,
    failed: bool,
}

impl<'t> Lexer<'t> {
    /// A lexer at the beginning of `input`.
    pub(crate) fn new(input: &'t str) -> Self {
        Lexer {
            input,
            start: 0,
            pos: 0,
            start_line: 1,
            line: 1,
            paren_depth: 0,
            inside_action: false,
            failed: false,
        }
    }

    /// The next token; after the end of the input or an error, [`TokenKind::Eof`] again and again.
    pub(crate) fn next_token(&mut self) -> Token<'t> {
        if self.failed {
            return Token { kind: TokenKind::Eof, pos: 0, text: Cow::Borrowed(""), line: self.start_line };
        }
        if self.inside_action { self.lex_action() } else { self.lex_text() }
    }

    fn rest(&self) -> &'t str {
        &self.input[self.pos..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn bump(&mut self) -> Option<char> {
        let next = self.peek()?;
        self.pos += next.len_utf8();
        if next == '\n' {
            self.line += 1;
        }
        Some(next)
    }

    /// Moves over letters, digits and underscores.
    fn skip_word(&mut self) {
        let bytes = self.rest().as_bytes();
        let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
        self.pos += bytes.iter().take_while(|byte| is_plain(byte)).count();
        while self.peek().is_some_and(is_alphanumeric) {
            self.bump();
        }
    }

    /// The token from the start to here.
    fn emit(&mut self, kind: TokenKind) -> Token<'t> {
        let text = Cow::Borrowed(&self.input[self.start..self.pos]);
        let token = Token { kind, pos: self.start, text, line: self.start_line };
        self.begin_token();
        token
    }

    /// Moves over `length` bytes that belong to no token, counting lines.
    fn skip(&mut self, length: usize) {
        let skipped = &self.input[self.pos..self.pos + length];
        self.line += line_breaks(skipped);
        self.pos += length;
        self.begin_token();
    }

    fn begin_token(&mut self) {
        self.start = self.pos;
        self.start_line = self.line;
    }

    fn error(&mut self, message: impl Into<Cow<'t, str>>) -> Token<'t> {
        self.failed = true;
        Token { kind: TokenKind::Error, pos: self.start, text: message.into(), line: self.start_line }
    }

    fn lex_text(&mut self) -> Token<'t> {
        loop {
            let Some(offset) = find_left(self.rest()) else {
                return self.lex_last_text();
            };
            if offset > 0 {
                let text = &self.rest()[..offset];
                let trim = has_left_trim_marker(&self.rest()[offset + LEFT.len()..]);
                let kept = if trim { text.trim_end_matches(is_space).len() } else { offset };
                self.line += line_breaks(&text[..kept]);
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

    fn lex_last_text(&mut self) -> Token<'t> {
        let rest = self.rest();
        if rest.is_empty() {
            return self.emit(TokenKind::Eof);
        }
        self.line += line_breaks(rest);
        self.pos = self.input.len();
        self.emit(TokenKind::Text)
    }

    /// The left delimiter, or nothing when a comment was skipped.
    fn lex_left_delim(&mut self) -> Option<Token<'t>> {
        let after = &self.rest()[LEFT.len()..];
        let marker = if has_left_trim_marker(after) { 2 } else { 0 };
        if after[marker..].starts_with("/*") {
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

    fn lex_comment(&mut self) -> Option<Token<'t>> {
        let Some(length) = self.rest()[2..].find("*/") else {
            return Some(self.error("unclosed comment"));
        };
        let comment_end = 2 + length + 2;
        let after = &self.rest()[comment_end..];
        let Some((delim, trims)) = right_delim(after) else {
            return Some(self.error("comment ends before closing delimiter"));
        };
        let spaces = if trims { leading_space(&after[delim..]) } else { 0 };
        self.skip(comment_end + delim + spaces);
        None
    }

    fn lex_action(&mut self) -> Token<'t> {
        if let Some((delim, trims)) = right_delim(self.rest()) {
            if self.paren_depth > 0 {
                return self.error("unclosed left paren");
            }
            return self.lex_right_delim(delim, trims);
        }
        let Some(first) = self.peek() else {
            return self.error("unclosed action");
        };
        if is_space(first) {
            return self.lex_space();
        }
        self.bump();
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

    fn lex_right_delim(&mut self, delim: usize, trims: bool) -> Token<'t> {
        self.skip(delim - RIGHT.len());
        self.pos += RIGHT.len();
        let token = self.emit(TokenKind::RightDelim);
        if trims {
            self.skip(leading_space(self.rest()));
        }
        self.inside_action = false;
        token
    }

    fn lex_space(&mut self) -> Token<'t> {
        let mut length = leading_space(self.rest());
        // The last space belongs to a trimming delimiter that follows.
        if self.rest()[length - 1..].get(1..).is_some_and(|after| after.starts_with("-}}")) {
            length -= 1;
        }
        let spaces = &self.rest()[..length];
        self.line += line_breaks(spaces);
        self.pos += length;
        self.emit(TokenKind::Space)
    }

    fn lex_identifier(&mut self) -> Token<'t> {
        self.skip_word();
        if !self.at_terminator() {
            let message = format!("bad character {}", describe_char(self.peek()));
            return self.error(message);
        }
        let kind = match &self.input[self.start..self.pos] {
            "true" | "false" => TokenKind::Bool,
            word => Keyword::from_word(word).map_or(TokenKind::Identifier, TokenKind::Keyword),
        };
        self.emit(kind)
    }

    /// A field or variable whose `.` or `$` has been passed; alone they are the dot and the root.
    fn lex_field_or_variable(&mut self, kind: TokenKind) -> Token<'t> {
        if self.at_terminator() {
            let alone = if kind == TokenKind::Variable { kind } else { TokenKind::Keyword(Keyword::Dot) };
            return self.emit(alone);
        }
        self.skip_word();
        if !self.at_terminator() {
            let message = format!("bad character {}", describe_char(self.peek()));
            return self.error(message);
        }
        self.emit(kind)
    }

    fn at_terminator(&self) -> bool {
        match self.peek() {
            None | Some('.' | ',' | '|' | ':' | ')' | '(') => true,
            Some(next) => is_space(next) || self.rest().starts_with(RIGHT),
        }
    }

    fn lex_quoted(&mut self, end: char, kind: TokenKind, unterminated: &'static str) -> Token<'t> {
        loop {
            // Nothing else ends a text or counts as a line.
            let stops = |byte: &u8| matches!(*byte, b'\\' | b'\n') || char::from(*byte) == end;
            let bytes = self.rest().as_bytes();
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

    fn lex_raw_string(&mut self) -> Token<'t> {
        let rest = self.rest();
        let end = memchr::memchr(b'`', rest.as_bytes());
        let length = end.map_or(rest.len(), |end| end + 1);
        self.line += line_breaks(&rest[..length]);
        self.pos += length;
        match end {
            Some(_) => self.emit(TokenKind::RawString),
            None => self.error("unterminated raw quoted string"),
        }
    }

    fn lex_number(&mut self) -> Token<'t> {
        let mut well_formed = self.scan_number();
        let mut kind = TokenKind::Number;
        if well_formed && matches!(self.peek(), Some('+' | '-')) {
            well_formed = self.scan_number() && self.input[..self.pos].ends_with('i');
            kind = TokenKind::Complex;
        }
        if well_formed {
            return self.emit(kind);
        }
        let text = &self.input[self.start..self.pos];
        self.error(format!("bad number syntax: {}", crate::format::quote::quoted(text.as_bytes())))
    }

    fn scan_number(&mut self) -> bool {
        self.accept("+-");
        let mut digits = "0123456789_";
        if self.accept("0") {
            if self.accept("xX") {
                digits = "0123456789abcdefABCDEF_";
            } else if self.accept("oO") {
                digits = "01234567_";
            } else if self.accept("bB") {
                digits = "01_";
            }
        }
        self.accept_run(digits);
        if self.accept(".") {
            self.accept_run(digits);
        }
        let exponent = match digits.len() {
            11 => "eE",
            23 => "pP",
            _ => "",
        };
        if self.accept(exponent) {
            self.accept("+-");
            self.accept_run("0123456789_");
        }
        self.accept("i");
        if self.peek().is_some_and(is_alphanumeric) {
            self.bump();
            return false;
        }
        true
    }

    fn accept(&mut self, valid: &str) -> bool {
        let accepted = self.peek().is_some_and(|next| valid.contains(next));
        if accepted {
            self.bump();
        }
        accepted
    }

    fn accept_run(&mut self, valid: &str) {
        while self.accept(valid) {}
    }
}

/// Where the next action or comment begins.
pub(crate) fn find_left(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    memchr::memchr_iter(b'{', bytes).find(|at| bytes.get(at + 1) == Some(&b'{'))
}

fn line_breaks(text: &str) -> usize {
    memchr::memchr_iter(b'\n', text.as_bytes()).count()
}

/// The length of a right delimiter with its trim marker at the start of `text`, and whether it trims.
fn right_delim(text: &str) -> Option<(usize, bool)> {
    if text.starts_with(RIGHT) {
        return Some((RIGHT.len(), false));
    }
    let after_space = text.strip_prefix(is_space)?;
    after_space.starts_with("-}}").then_some((RIGHT.len() + 2, true))
}

fn has_left_trim_marker(text: &str) -> bool {
    text.strip_prefix('-').is_some_and(|after| after.starts_with(is_space))
}

fn leading_space(text: &str) -> usize {
    text.len() - text.trim_start_matches(is_space).len()
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
