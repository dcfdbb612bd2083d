//! `%YAML` and `%TAG`.

use super::super::events::{Mark, SyntaxError};
use super::tag::Place;
use super::{Scanner, Token, TokenKind, WrittenTag};

/// The most digits of a version number.
const DIGITS_MAX: usize = 2;

impl Scanner<'_> {
    /// A directive with the rest of its line.
    pub(super) fn fetch_directive(&mut self) -> Result<(), SyntaxError> {
        let start = self.reader.mark();
        self.reader.skip_bytes(1);
        self.reader.need(1)?;
        let name = self.word()?;
        if name.is_empty() {
            return Err(self.error("could not find expected directive name", start));
        }
        if !self.reader.is_space_at(0) {
            return Err(self.error("found unexpected non-alphabetical character", start));
        }
        let kind = match name {
            "YAML" => self.read_version(start)?,
            "TAG" => self.read_tag_prefix(start)?,
            _ => return Err(self.error("found unknown directive name", start)),
        };
        let end = self.reader.mark();
        self.end_line(start)?;
        self.queue.push_back(Token { kind, start, end });
        Ok(())
    }

    fn read_version(&mut self, start: Mark) -> Result<TokenKind<'static>, SyntaxError> {
        self.reader.need(1)?;
        self.reader.skip_blanks()?;
        let major = self.read_number(start)?;
        if self.reader.byte() != b'.' {
            return Err(self.error("did not find expected digit or '.' character", start));
        }
        self.reader.skip_bytes(1);
        let minor = self.read_number(start)?;
        Ok(TokenKind::Version { major, minor })
    }

    fn read_number(&mut self, start: Mark) -> Result<u8, SyntaxError> {
        self.reader.need(1)?;
        let mut number = 0;
        let mut digits = 0;
        while self.reader.byte().is_ascii_digit() {
            digits += 1;
            if digits > DIGITS_MAX {
                return Err(self.error("found extremely long version number", start));
            }
            number = number * 10 + (self.reader.byte() - b'0');
            self.reader.skip_bytes(1);
            self.reader.need(1)?;
        }
        if digits == 0 {
            return Err(self.error("did not find expected version number", start));
        }
        Ok(number)
    }
}

impl<'a> Scanner<'a> {
    fn read_tag_prefix(&mut self, start: Mark) -> Result<TokenKind<'a>, SyntaxError> {
        self.reader.need(1)?;
        self.reader.skip_blanks()?;
        let handle = self.read_handle(Place { start, is_directive: true })?;
        self.reader.need(1)?;
        if !self.reader.is_blank() {
            return Err(self.error("did not find expected whitespace", start));
        }
        self.reader.skip_blanks()?;
        let text = self.read_uri("", start)?;
        self.reader.need(1)?;
        if !self.reader.is_space_at(0) {
            return Err(self.error("did not find expected whitespace or line break", start));
        }
        Ok(TokenKind::TagPrefix(Box::new(WrittenTag { handle, text })))
    }
}
