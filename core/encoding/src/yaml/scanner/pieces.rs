//! The text of a scalar, put together from pieces of the document.

use std::borrow::Cow;

use super::super::events::{Mark, SyntaxError};
use super::super::reader::Reader;

/// A scalar under construction. It is copied only when it is not one piece of the document.
pub(super) struct Pieces {
    text: String,
    /// The offset at which the last piece begins.
    start: usize,
    is_one: bool,
}

impl Pieces {
    /// A scalar that begins at the next character.
    pub(super) fn new(reader: &Reader<'_>) -> Self {
        Self { text: String::new(), start: reader.offset(), is_one: true }
    }

    /// Ends the last piece at an offset.
    pub(super) fn end_piece(&mut self, reader: &Reader<'_>, end: usize) {
        self.text.push_str(reader.slice(self.start, end));
        self.start = end;
        self.is_one = false;
    }

    /// Begins a piece at the next character.
    pub(super) fn begin_piece(&mut self, reader: &Reader<'_>) {
        self.start = reader.offset();
    }

    /// Adds a character that the document does not have.
    pub(super) fn push(&mut self, letter: char) {
        self.text.push(letter);
    }

    /// Adds what line breaks stand for, after the last piece: one alone is a space, unless it is one that always counts.
    pub(super) fn fold(&mut self, breaks: &mut Breaks, reader: &Reader<'_>, end: usize) {
        self.end_piece(reader, end);
        if breaks.first != "\n" {
            self.text.push_str(breaks.first);
        } else if breaks.more.is_empty() {
            self.text.push(' ');
        }
        self.text.push_str(&breaks.more);
        self.begin_piece(reader);
        breaks.is_open = false;
        breaks.more.clear();
    }

    /// The scalar, whose last piece ends at an offset.
    pub(super) fn finish<'a>(mut self, reader: &Reader<'a>, end: usize) -> Cow<'a, str> {
        if self.is_one {
            return Cow::Borrowed(reader.slice(self.start, end));
        }
        self.end_piece(reader, end);
        Cow::Owned(self.text)
    }
}

/// The line breaks within a scalar since its last character that is not blank.
#[derive(Default)]
pub(super) struct Breaks {
    /// Whether there is one; blanks do not count from then on.
    pub(super) is_open: bool,
    /// The first; empty if it was escaped.
    first: &'static str,
    more: String,
}

impl Breaks {
    /// What follows an escaped line break.
    pub(super) fn escaped() -> Self {
        Self { is_open: true, first: "", more: String::new() }
    }

    /// Skips blanks and line breaks. Behind a break no tab may stand before the column `least`, if there is one.
    pub(super) fn skip(
        &mut self,
        reader: &mut Reader<'_>,
        least: u32,
        start: Mark,
    ) -> Result<(), SyntaxError> {
        loop {
            reader.skip_spaces(u32::MAX);
            if reader.is_blank() {
                if self.is_open && reader.byte() == b'\t' && reader.column() < least {
                    let problem = "found a tab character that violates indentation";
                    return Err(SyntaxError::in_scanner(problem, reader.mark(), start));
                }
                reader.skip_bytes(1);
            } else if reader.is_break() {
                reader.need(2)?;
                let text = reader.skip_break();
                if std::mem::replace(&mut self.is_open, true) {
                    self.more.push_str(text);
                } else {
                    self.first = text;
                }
            } else {
                return Ok(());
            }
            reader.need(1)?;
        }
    }
}
