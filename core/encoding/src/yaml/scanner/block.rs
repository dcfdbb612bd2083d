//! Literal and folded scalars.

use std::borrow::Cow;

use super::super::events::{Mark, SyntaxError};
use super::{Scanner, Token, TokenKind};

/// Which line breaks at the end belong to a scalar.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Chomping {
    /// `-`: none.
    Strip,
    /// The first.
    Clip,
    /// `+`: all.
    Keep,
}

/// What stands behind the indicator.
struct Header {
    chomping: Chomping,
    /// How much further in than the collection around it the text is, if that is said.
    increment: Option<u32>,
}

/// The place of a scalar.
struct Frame {
    start: Mark,
    /// Behind its last line break.
    end: Mark,
    /// The column of its lines, once it is known.
    indent: Option<u32>,
}

impl Scanner<'_> {
    /// Text by its indentation; `is_literal` if its line breaks are kept.
    pub(super) fn fetch_block_scalar(&mut self, is_literal: bool) -> Result<(), SyntaxError> {
        self.drop_key()?;
        self.is_key_allowed = true;
        let start = self.reader.mark();
        self.reader.skip_bytes(1);
        let header = self.read_header(start)?;
        self.end_line(start)?;
        let indent = header.increment.map(|increment| self.indent.unwrap_or(0) + increment);
        let mut frame = Frame { start, end: self.reader.mark(), indent };
        let value = self.read_lines(is_literal, header.chomping, &mut frame)?;
        let kind = TokenKind::Scalar { value: Cow::Owned(value), is_plain: false };
        self.queue.push_back(Token { kind, start, end: frame.end });
        Ok(())
    }

    /// Chomping and increment, in either order.
    fn read_header(&mut self, start: Mark) -> Result<Header, SyntaxError> {
        self.reader.need(1)?;
        if let Some(chomping) = self.read_chomping() {
            self.reader.need(1)?;
            return Ok(Header { chomping, increment: self.read_increment(start)? });
        }
        let increment = self.read_increment(start)?;
        if increment.is_some() {
            self.reader.need(1)?;
        }
        let chomping = if increment.is_some() { self.read_chomping() } else { None };
        Ok(Header { chomping: chomping.unwrap_or(Chomping::Clip), increment })
    }

    fn read_chomping(&mut self) -> Option<Chomping> {
        let chomping = match self.reader.byte() {
            b'+' => Chomping::Keep,
            b'-' => Chomping::Strip,
            _ => return None,
        };
        self.reader.skip_bytes(1);
        Some(chomping)
    }

    fn read_increment(&mut self, start: Mark) -> Result<Option<u32>, SyntaxError> {
        let digit = self.reader.byte();
        if !digit.is_ascii_digit() {
            return Ok(None);
        }
        if digit == b'0' {
            return Err(self.error("found an indentation indicator equal to 0", start));
        }
        self.reader.skip_bytes(1);
        Ok(Some(u32::from(digit - b'0')))
    }

    /// Skips blanks, a comment and the line break; nothing else may follow.
    pub(super) fn end_line(&mut self, start: Mark) -> Result<(), SyntaxError> {
        self.reader.need(1)?;
        self.reader.skip_blanks()?;
        self.reader.skip_comment()?;
        if !self.reader.is_break_or_end() {
            return Err(self.error("did not find expected comment or line break", start));
        }
        if self.reader.is_break() {
            self.reader.need(2)?;
            self.reader.skip_break();
        }
        Ok(())
    }

    fn read_lines(
        &mut self,
        is_literal: bool,
        chomping: Chomping,
        frame: &mut Frame,
    ) -> Result<String, SyntaxError> {
        let mut text = String::new();
        // The break of the line before, and those of empty lines behind it.
        let (mut first, mut more) = ("", String::new());
        let mut was_blank = false;
        let indent = self.skip_indentation(frame, &mut more)?;
        self.reader.need(1)?;
        while self.reader.column() == indent && !self.reader.is_end() {
            let is_blank = self.reader.is_blank();
            if !is_literal && !was_blank && !is_blank && first == "\n" {
                if more.is_empty() {
                    text.push(' ');
                }
            } else {
                text.push_str(first);
            }
            text.push_str(&more);
            more.clear();
            was_blank = is_blank;
            let start = self.reader.offset();
            self.reader.skip_content()?;
            text.push_str(self.reader.slice(start, self.reader.offset()));
            self.reader.need(2)?;
            first = self.reader.skip_break();
            self.skip_indentation(frame, &mut more)?;
        }
        if chomping != Chomping::Strip {
            text.push_str(first);
        }
        if chomping == Chomping::Keep {
            text.push_str(&more);
        }
        Ok(text)
    }

    /// Skips empty lines, which are kept in `breaks`, and the indentation of the next line. The first time this finds out what
    /// the indentation is.
    fn skip_indentation(&mut self, frame: &mut Frame, breaks: &mut String) -> Result<u32, SyntaxError> {
        frame.end = self.reader.mark();
        let limit = frame.indent.unwrap_or(u32::MAX);
        let mut deepest = 0;
        loop {
            self.reader.need(1)?;
            self.reader.skip_spaces(limit);
            while self.reader.byte() == b' ' && self.reader.column() < limit {
                self.reader.skip_bytes(1);
                self.reader.need(1)?;
            }
            deepest = deepest.max(self.reader.column());
            if self.reader.byte() == b'\t' && self.reader.column() < limit {
                let problem = "found a tab character where an indentation space is expected";
                return Err(self.error(problem, frame.start));
            }
            if !self.reader.is_break() {
                break;
            }
            self.reader.need(2)?;
            breaks.push_str(self.reader.skip_break());
            frame.end = self.reader.mark();
        }
        let least = self.indent.map_or(1, |indent| indent + 1);
        Ok(*frame.indent.get_or_insert(deepest.max(least)))
    }
}
