//! Scalars without quotes.

use super::super::events::SyntaxError;
use super::pieces::{Breaks, Pieces};
use super::{Scanner, Token, TokenKind};

impl Scanner<'_> {
    /// Text up to what means something: a colon before a blank, a comment, in brackets what ends an item, or less
    /// indentation.
    pub(super) fn fetch_plain(&mut self) -> Result<(), SyntaxError> {
        self.save_key()?;
        self.is_key_allowed = false;
        let least = self.indent.map_or(0, |indent| indent + 1);
        let start = self.reader.mark();
        let mut end = (self.reader.offset(), start);
        let mut pieces = Pieces::new(&self.reader);
        let mut breaks = Breaks::default();
        loop {
            self.reader.need(4)?;
            if self.reader.is_document_marker() || self.reader.byte() == b'#' {
                break;
            }
            if !self.is_plain_end() {
                if breaks.is_open {
                    pieces.fold(&mut breaks, &self.reader, end.0);
                }
                self.skip_plain()?;
                end = (self.reader.offset(), self.reader.mark());
            }
            if !self.reader.is_blank() && !self.reader.is_break() {
                break;
            }
            self.reader.need(1)?;
            breaks.skip(&mut self.reader, least, start)?;
            if self.is_block() && self.reader.column() < least {
                break;
            }
        }
        let value = pieces.finish(&self.reader, end.0);
        let kind = TokenKind::Scalar { value, is_plain: true };
        self.queue.push_back(Token { kind, start, end: end.1 });
        // What stands on another line may be a key.
        self.is_key_allowed = breaks.is_open;
        Ok(())
    }

    /// Skips characters up to a blank or what ends a plain scalar.
    fn skip_plain(&mut self) -> Result<(), SyntaxError> {
        let mask = if self.is_block() { MAY_END } else { MAY_END | MAY_END_IN_BRACKETS };
        while !self.is_plain_end() {
            self.reader.skip();
            self.reader.skip_ordinary(|byte| CLASSES[usize::from(byte)] & mask == 0);
            self.reader.need(2)?;
        }
        Ok(())
    }

    /// Whether a plain scalar ends here, or a blank is next.
    fn is_plain_end(&self) -> bool {
        match self.reader.byte() {
            b':' => self.reader.is_space_at(1),
            b',' | b'?' | b'[' | b']' | b'{' | b'}' => !self.is_block(),
            _ => self.reader.is_space_at(0),
        }
    }
}

/// A byte that may begin what ends a plain scalar, or a blank within it.
const MAY_END: u8 = 1;

/// The same within brackets.
const MAY_END_IN_BRACKETS: u8 = 2;

/// Which bytes may end a plain scalar.
const CLASSES: [u8; 256] = {
    let mut classes = [0; 256];
    let (ends, ends_in_brackets) = (b" \t\n\r:\0\xc2\xe2", b",?[]{}");
    let mut at = 0;
    while at < ends.len() {
        classes[ends[at] as usize] = MAY_END;
        at += 1;
    }
    at = 0;
    while at < ends_in_brackets.len() {
        classes[ends_in_brackets[at] as usize] = MAY_END_IN_BRACKETS;
        at += 1;
    }
    classes
};
