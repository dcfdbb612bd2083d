//! The lines of a document.

use super::scalar::{Block, Chomping};

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
            let text = line.trim_start_matches(' ');
            if text.is_empty() || text.starts_with('#') {
                self.has_skipped = true;
                continue;
            }
            let line = Line { indent: line.len() - text.len(), text };
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
            let blanks = line.bytes().take_while(|byte| *byte == b' ').count();
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
    let (words, rest) = bytes.as_chunks::<8>();
    let last = words.len() * 8;
    let is_fine = |start: usize, end: usize| (start..end).all(|at| takes_from(&bytes[at..]));
    words
        .iter()
        .enumerate()
        .all(|(at, word)| is_usual(u64::from_ne_bytes(*word)) || is_fine(at * 8, at * 8 + 8))
        && is_fine(last, last + rest.len())
}

/// Whether all of eight bytes are printable ASCII or line breaks. They are looked at together: the command is linked for
/// size, and then loops over bytes look at one after the other.
fn is_usual(word: u64) -> bool {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = 0x80 * ONES;
    const LOW: u64 = 0x7f * ONES;
    // Each mark is the highest bit of a byte. Nothing is carried from a byte to the next.
    let is_not = |byte: u64| {
        let difference = word ^ (byte * ONES);
        ((difference & LOW) + LOW) | difference
    };
    let is_printable = (word & LOW) + (0x80 - 0x20) * ONES;
    let is_control = !is_printable & is_not(0x0a);
    (word | is_control | !is_not(0x7f)) & HIGH == 0
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
