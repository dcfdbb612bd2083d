//! Numbers, after the rules of Go's `lexNumber` and `scanNumber`.

use super::{Lexer, is_alphanumeric};
use crate::parse::token::{Token, TokenKind};

impl Lexer<'_> {
    /// A number, whose first character has not been passed.
    pub(super) fn lex_number(&mut self) -> Token {
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
