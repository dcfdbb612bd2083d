//! The lines of a document.

use super::scalar::{Block, Chomping};
use crate::yaml::line::blanks;

/// A line with content.
#[derive(Clone, Copy)]
pub(super) struct Line<'t> {
    /// How many blanks it begins with.
    pub(super) indent: usize,
    /// The rest, never empty.
    pub(super) text: &'t str,
}

impl Line<'_> {
    /// Whether the line begins the document.
    pub(super) fn is_start(self) -> bool {
        self.indent == 0 && self.text.trim_end_matches(' ') == START
    }
}

const START: &str = "---";

/// The lines that are left.
pub(super) struct Lines<'t> {
    rest: &'t str,
    is_first: bool,
    has_skipped: bool,
}

impl<'t> Lines<'t> {
    /// All lines.
    pub(super) fn new(text: &'t str) -> Self {
        Self { rest: text, is_first: true, has_skipped: false }
    }

    /// The next line with content, or that there is none; nothing when the line is for the parser.
    #[allow(clippy::option_option, reason = "giving up is not the end")]
    pub(super) fn next_line(&mut self) -> Option<Option<Line<'t>>> {
        self.has_skipped = false;
        while !self.rest.is_empty() {
            let (line, rest) = split(self.rest);
            self.rest = rest;
            let indent = blanks(line);
            let text = &line[indent..];
            if text.is_empty() || text.starts_with('#') {
                self.has_skipped = true;
                continue;
            }
            let line = Line { indent, text };
            let is_start = std::mem::take(&mut self.is_first) && line.is_start();
            if text.starts_with('\t') || (line.indent == 0 && is_marker(text) && !is_start) {
                return None;
            }
            return Some(Some(line));
        }
        Some(None)
    }

    /// The next line as it is, if a line break follows it.
    pub(super) fn raw_line(&mut self) -> Option<&'t str> {
        let end = memchr::memchr(b'\n', self.rest.as_bytes())?;
        let line = &self.rest[..end];
        self.rest = &self.rest[end + 1..];
        Some(line)
    }

    /// Whether there were empty lines or comments before the line that was read last.
    pub(super) fn has_skipped(&self) -> bool {
        self.has_skipped
    }

    /// The text of a block scalar whose lines are indented more than `parent`; nothing when they are for the parser.
    pub(super) fn block(&mut self, block: Block, parent: usize) -> Option<String> {
        let mut text = String::new();
        let mut indent = block.increment.map(|increment| parent + increment);
        let mut breaks = 0;
        while !self.rest.is_empty() {
            let (line, rest) = split(self.rest);
            let blanks = blanks(line);
            let is_blank = blanks == line.len();
            if !is_blank && blanks <= parent.max(indent.map_or(0, |indent: usize| indent - 1)) {
                break;
            }
            // Without a line break at its end the last line is for the parser.
            if line.len() == self.rest.len() {
                return None;
            }
            self.rest = rest;
            if is_blank && blanks <= indent.unwrap_or(0) {
                breaks += 1;
                continue;
            }
            // Blanks before the first content may decide how far the content is indented.
            if line.as_bytes().get(blanks) == Some(&b'\t') || is_blank && indent.is_none() {
                return None;
            }
            let content = &line[*indent.get_or_insert(blanks)..];
            block.join(&mut text, breaks, content)?;
            breaks = 1;
        }
        if text.is_empty() {
            return None;
        }
        match block.chomping {
            Chomping::Strip => {}
            Chomping::Clip => text.push('\n'),
            Chomping::Keep => text.extend(std::iter::repeat_n('\n', breaks)),
        }
        Some(text)
    }
}

/// Whether a line ends the document or the stream.
pub(super) fn is_marker(line: &str) -> bool {
    line.starts_with("---") || line.starts_with("...")
}

/// Whether the text has only characters that the parser takes, and no line breaks but `\n`.
#[must_use]
pub fn is_plain_text(text: &str) -> bool {
    let bytes = text.as_bytes();
    let (blocks, rest) = bytes.as_chunks();
    let last = bytes.len() - rest.len();
    let is_fine = |start: usize, end: usize| (start..end).all(|at| takes_from(&bytes[at..]));
    blocks.iter().enumerate().all(|(at, block)| is_usual(block) || is_fine(at * BLOCK, (at + 1) * BLOCK))
        && is_fine(last, bytes.len())
}

/// Bytes that are looked at together.
const BLOCK: usize = 32;

/// Whether all of a block are printable ASCII or line breaks.
fn is_usual(block: &[u8; BLOCK]) -> bool {
    let is_usual = |byte: u8| matches!(byte, b' '..=b'~') | (byte == b'\n');
    block.iter().fold(true, |usual, byte| usual & is_usual(*byte))
}

/// Whether the parser takes a character that begins with the first byte, or the byte is a further one of a character.
fn takes_from(bytes: &[u8]) -> bool {
    match bytes {
        [b'\n' | b'\t' | b' '..=b'~', ..] => true,
        [..=0x7f, ..] => false,
        // Control characters up to U+009F.
        [0xc2, second, ..] => *second >= 0xa0,
        // U+2028 and U+2029.
        [0xe2, 0x80, third, ..] => !matches!(*third, 0xa8 | 0xa9),
        // U+FEFF.
        [0xef, 0xbb, third, ..] => *third != 0xbf,
        // U+FFFE and U+FFFF.
        [0xef, 0xbf, third, ..] => *third < 0xbe,
        _ => true,
    }
}

fn split(text: &str) -> (&str, &str) {
    memchr::memchr(b'\n', text.as_bytes()).map_or((text, ""), |end| (&text[..end], &text[end + 1..]))
}
