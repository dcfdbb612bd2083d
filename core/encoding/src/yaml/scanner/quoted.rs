//! Scalars in quotes.

use super::super::events::{Mark, SyntaxError};
use super::pieces::{Breaks, Pieces};
use super::{Scanner, TokenKind};

impl Scanner<'_> {
    /// Text in single or double quotes.
    pub(super) fn fetch_quoted(&mut self, is_single: bool) -> Result<(), SyntaxError> {
        self.save_key()?;
        self.is_key_allowed = false;
        let quote = if is_single { b'\'' } else { b'"' };
        let start = self.reader.mark();
        self.reader.skip_bytes(1);
        let mut pieces = Pieces::new(&self.reader);
        loop {
            self.reader.need(4)?;
            if self.reader.is_document_marker() {
                return Err(self.error("found unexpected document indicator", start));
            }
            if self.reader.is_end() {
                return Err(self.error("found unexpected end of stream", start));
            }
            let mut breaks = if is_single {
                self.skip_single_quoted(&mut pieces)?;
                Breaks::default()
            } else {
                self.skip_double_quoted(&mut pieces, start)?
            };
            self.reader.need(1)?;
            if self.reader.byte() == quote {
                break;
            }
            let end = self.reader.offset();
            breaks.skip(&mut self.reader, 0, start)?;
            if breaks.is_open {
                pieces.fold(&mut breaks, &self.reader, end);
            }
        }
        let value = pieces.finish(&self.reader, self.reader.offset());
        self.reader.skip_bytes(1);
        self.push(TokenKind::Scalar { value, is_plain: false }, start);
        Ok(())
    }

    /// Skips characters up to a blank or the last quote. Two quotes stand for one.
    fn skip_single_quoted(&mut self, pieces: &mut Pieces) -> Result<(), SyntaxError> {
        loop {
            self.reader
                .skip_ordinary(|byte| !matches!(byte, b'\'' | b' ' | b'\t' | b'\n' | b'\r' | 0xc2 | 0xe2));
            self.reader.need(2)?;
            if self.reader.is_space_at(0) {
                return Ok(());
            }
            if self.reader.byte() != b'\'' {
                self.reader.skip();
            } else if self.reader.byte_at(1) == b'\'' {
                self.reader.skip_bytes(1);
                pieces.end_piece(&self.reader, self.reader.offset());
                self.reader.skip_bytes(1);
                pieces.begin_piece(&self.reader);
            } else {
                return Ok(());
            }
            self.reader.need(2)?;
        }
    }

    /// Skips characters up to a blank or the last quote, with escapes read. What follows an escaped line break goes on where
    /// the next line begins.
    fn skip_double_quoted(&mut self, pieces: &mut Pieces, start: Mark) -> Result<Breaks, SyntaxError> {
        loop {
            self.reader.skip_ordinary(|byte| {
                !matches!(byte, b'"' | b'\\' | b' ' | b'\t' | b'\n' | b'\r' | 0xc2 | 0xe2)
            });
            self.reader.need(2)?;
            if self.reader.is_space_at(0) || self.reader.byte() == b'"' {
                return Ok(Breaks::default());
            }
            if self.reader.byte() != b'\\' {
                self.reader.skip();
            } else {
                pieces.end_piece(&self.reader, self.reader.offset());
                if self.reader.is_break_at(1) {
                    self.reader.need(3)?;
                    self.reader.skip_bytes(1);
                    self.reader.skip_break();
                    pieces.begin_piece(&self.reader);
                    return Ok(Breaks::escaped());
                }
                pieces.push(self.read_escape(start)?);
                pieces.begin_piece(&self.reader);
            }
            self.reader.need(2)?;
        }
    }

    /// The character that a backslash and what follows it stand for.
    fn read_escape(&mut self, start: Mark) -> Result<char, SyntaxError> {
        let digits = match self.reader.byte_at(1) {
            b'x' => 2,
            b'u' => 4,
            b'U' => 8,
            letter => {
                let named = named_escape(letter)
                    .ok_or_else(|| self.error("found unknown escape character", start))?;
                self.reader.skip_bytes(2);
                return Ok(named);
            }
        };
        self.reader.skip_bytes(2);
        self.reader.need(digits)?;
        let mut code = 0;
        for at in 0..digits {
            let digit = char::from(self.reader.byte_at(at)).to_digit(16);
            let digit = digit.ok_or_else(|| self.error("did not find expected hexdecimal number", start))?;
            code = code << 4 | digit;
        }
        let letter = char::from_u32(code)
            .ok_or_else(|| self.error("found invalid Unicode character escape code", start))?;
        self.reader.skip_bytes(digits);
        Ok(letter)
    }
}

/// What a letter behind a backslash stands for.
fn named_escape(letter: u8) -> Option<char> {
    Some(match letter {
        b'0' => '\0',
        b'a' => '\u{7}',
        b'b' => '\u{8}',
        b't' | b'\t' => '\t',
        b'n' => '\n',
        b'v' => '\u{b}',
        b'f' => '\u{c}',
        b'r' => '\r',
        b'e' => '\u{1b}',
        b' ' => ' ',
        b'"' => '"',
        b'\'' => '\'',
        b'\\' => '\\',
        b'N' => '\u{85}',
        b'_' => '\u{a0}',
        b'L' => '\u{2028}',
        b'P' => '\u{2029}',
        _ => return None,
    })
}
