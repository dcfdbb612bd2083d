//! The characters of a text with their places, given out as go-yaml's reader gives them.
//!
//! go-yaml decodes its input in blocks, when the scanner asks for more characters than are decoded. What no YAML text may
//! have is an error only then, so the block decides whether an earlier error of another kind is found first. A byte order
//! mark within a text is skipped where the decoded characters happen to begin with one. Texts with neither, which is
//! nearly all of them, have a single block.

mod blocks;

use super::events::{Mark, SyntaxError};
use blocks::{BYTE_ORDER_MARK, Blocks, is_continuation};

pub(super) use blocks::Fault;

/// Reads a text character by character. Behind the end there are NULs, which no text has.
pub(super) struct Reader<'a> {
    text: &'a str,
    bytes: &'a [u8],
    /// The next byte.
    at: usize,
    /// Bytes before `at` that are not the first of a character.
    continuations: usize,
    line: u32,
    /// The index of the first character of the line.
    line_start: usize,
    blocks: Blocks,
}

impl<'a> Reader<'a> {
    /// Reads a text; `fault` is what follows it and cannot be decoded. A byte order mark at its beginning is left out.
    pub(super) fn new(text: &'a str, fault: Option<Fault>) -> Self {
        let start = if text.as_bytes().starts_with(BYTE_ORDER_MARK) { BYTE_ORDER_MARK.len() } else { 0 };
        let content = &text[start..];
        let blocks = Blocks::new(content, start, fault);
        Self {
            text: content,
            bytes: content.as_bytes(),
            at: 0,
            continuations: 0,
            line: 0,
            line_start: 0,
            blocks,
        }
    }

    /// Sees to it that `count` characters are decoded, as far as the text has them.
    #[inline]
    pub(super) fn need(&mut self, count: usize) -> Result<(), SyntaxError> {
        self.blocks.need(self.text, self.at, count)
    }

    /// The next byte; 0 at the end.
    pub(super) fn byte(&self) -> u8 {
        self.byte_at(0)
    }

    /// The byte so many behind the next; 0 behind the end.
    pub(super) fn byte_at(&self, ahead: usize) -> u8 {
        self.bytes.get(self.at + ahead).copied().unwrap_or(0)
    }

    /// The byte offset of the next character.
    pub(super) fn offset(&self) -> usize {
        self.at
    }

    /// The text between two offsets.
    pub(super) fn slice(&self, from: usize, to: usize) -> &'a str {
        self.text.get(from..to).unwrap_or_default()
    }

    /// How many characters were read.
    pub(super) fn index(&self) -> usize {
        self.at - self.continuations
    }

    /// How many characters of the line were read.
    pub(super) fn column(&self) -> u32 {
        u32::try_from(self.index().wrapping_sub(self.line_start)).unwrap_or(u32::MAX)
    }

    /// The place of the next character.
    pub(super) fn mark(&self) -> Mark {
        Mark { line: self.line, column: self.column() }
    }

    /// Whether the text is at its end.
    pub(super) fn is_end(&self) -> bool {
        self.at >= self.bytes.len()
    }

    /// Whether a space or tab is next.
    pub(super) fn is_blank(&self) -> bool {
        matches!(self.byte(), b' ' | b'\t')
    }

    /// Whether a line break is next.
    pub(super) fn is_break(&self) -> bool {
        self.is_break_at(0)
    }

    /// Whether a line break is so many bytes behind the next.
    pub(super) fn is_break_at(&self, ahead: usize) -> bool {
        self.break_width(ahead) > 0
    }

    /// Whether a line break or the end is next.
    pub(super) fn is_break_or_end(&self) -> bool {
        self.is_end() || self.is_break()
    }

    /// Whether a blank, a line break or the end is so many bytes behind the next.
    pub(super) fn is_space_at(&self, ahead: usize) -> bool {
        matches!(self.byte_at(ahead), b' ' | b'\t' | 0) || self.is_break_at(ahead)
    }

    /// Whether a marker of documents, `---` or `...`, is next, at the beginning of a line.
    pub(super) fn is_document_marker(&self) -> bool {
        matches!(self.byte(), b'-' | b'.')
            && self.column() == 0
            && self.byte_at(1) == self.byte()
            && self.byte_at(2) == self.byte()
            && self.is_space_at(3)
    }

    /// Goes on by one character, which is no line break.
    pub(super) fn skip(&mut self) {
        let width = width(self.byte());
        if self.is_end() {
            // Only a place changes behind the end.
            self.line_start = self.line_start.wrapping_sub(1);
            self.blocks.skip_end();
            return;
        }
        self.at += width;
        self.continuations += width - 1;
    }

    /// Goes on by characters of one byte, which are no line breaks.
    pub(super) fn skip_bytes(&mut self, count: usize) {
        self.at += count;
    }

    /// Goes on while bytes are ordinary to the caller, to whom no line break is. May stop before, where blocks count.
    pub(super) fn skip_ordinary(&mut self, is_ordinary: impl Fn(u8) -> bool) {
        if !self.blocks.is_single() {
            return;
        }
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let length = rest.iter().position(|byte| !is_ordinary(*byte)).unwrap_or(rest.len());
        // A character is ordinary as a whole or not at all, as long as that of its first byte decides.
        self.continuations += rest[..length].iter().filter(|byte| is_continuation(**byte)).count();
        self.at += length;
    }

    /// Skips spaces up to a column. May stop before, where blocks count.
    pub(super) fn skip_spaces(&mut self, column: u32) {
        if !self.blocks.is_single() {
            return;
        }
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let most = column.saturating_sub(self.column()) as usize;
        self.at += rest.iter().take(most).take_while(|byte| **byte == b' ').count();
    }

    /// Skips blanks.
    pub(super) fn skip_blanks(&mut self) -> Result<(), SyntaxError> {
        while self.is_blank() {
            self.skip_bytes(1);
            self.need(1)?;
        }
        Ok(())
    }

    /// Skips a comment up to the line break, if one is next.
    pub(super) fn skip_comment(&mut self) -> Result<(), SyntaxError> {
        if self.byte() != b'#' {
            return Ok(());
        }
        self.skip_content()
    }

    /// Skips all up to the line break.
    pub(super) fn skip_content(&mut self) -> Result<(), SyntaxError> {
        loop {
            self.skip_line_content();
            if self.is_break_or_end() {
                return Ok(());
            }
            self.skip();
            self.need(1)?;
        }
    }

    /// Skips what begins no line break. May stop before, where blocks count.
    fn skip_line_content(&mut self) {
        if !self.blocks.is_single() {
            return;
        }
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let line = &rest[..memchr::memchr2(b'\n', b'\r', rest).unwrap_or(rest.len())];
        if line.is_ascii() {
            self.at += line.len();
        } else {
            self.skip_ordinary(|byte| !matches!(byte, b'\n' | b'\r' | 0xc2 | 0xe2));
        }
    }

    /// Skips a line break, if one is next, and returns it as scalars have it.
    pub(super) fn skip_break(&mut self) -> &'static str {
        let width = self.break_width(0);
        let kept = match (width, self.byte_at(2)) {
            (0, _) => return "",
            (3, 0xa8) => "\u{2028}",
            (3, _) => "\u{2029}",
            _ => "\n",
        };
        let is_pair = self.byte() == b'\r' && width == 2;
        self.at += width;
        self.continuations += if is_pair { 0 } else { width - 1 };
        self.begin_line();
        kept
    }

    /// Counts a line where none ends.
    pub(super) fn begin_line(&mut self) {
        self.line = self.line.saturating_add(1);
        self.line_start = self.index();
    }

    /// Skips the character at the beginning of a line that is taken for a byte order mark.
    pub(super) fn skip_mark(&mut self) {
        if self.blocks.has_mark() && self.column() == 0 {
            self.skip();
        }
    }

    /// How many bytes the line break has that is so many bytes behind the next; 0 if it is none.
    fn break_width(&self, ahead: usize) -> usize {
        match self.byte_at(ahead) {
            b'\n' => 1,
            b'\r' => 1 + usize::from(self.byte_at(ahead + 1) == b'\n'),
            0xc2 if self.byte_at(ahead + 1) == 0x85 => 2,
            0xe2 if self.byte_at(ahead + 1) == 0x80 && matches!(self.byte_at(ahead + 2), 0xa8 | 0xa9) => 3,
            _ => 0,
        }
    }
}

/// How many bytes a character has that begins with `first`.
fn width(first: u8) -> usize {
    match first {
        0..=0xbf => 1,
        0xc0..=0xdf => 2,
        0xe0..=0xef => 3,
        0xf0..=0xff => 4,
    }
}

#[cfg(test)]
mod tests;
