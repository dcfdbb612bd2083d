//! The blocks in which go-yaml decodes a text.

use super::super::events::SyntaxError;

/// How many bytes go-yaml decodes at once.
pub(super) const BLOCK: usize = 512;

/// U+FEFF in UTF-8.
pub(super) const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// What go-yaml says about characters that no text may have.
pub(super) const FORBIDDEN: &str = "control characters are not allowed";

/// The most bytes a character has.
const WIDTH_MAX: usize = 4;

/// Bytes that cannot be decoded.
#[derive(Clone, Copy, Debug)]
pub(in super::super) struct Fault {
    /// Where the character begins.
    pub(in super::super) at: usize,
    /// Behind its last byte; nothing if the text ends within it.
    pub(in super::super) end: Option<usize>,
    /// What is wrong with it.
    pub(in super::super) problem: &'static str,
}

/// What of a text is decoded.
pub(super) struct Blocks {
    /// The end of what is decoded.
    end: usize,
    /// The bytes that the first block lacks.
    skipped: usize,
    fault: Option<Fault>,
    /// NULs that are decoded behind the end of the text.
    ends: usize,
    /// Whether the decoded characters begin with a byte order mark.
    has_mark: bool,
    /// Whether all is one block, because it makes no difference.
    is_single: bool,
}

impl Blocks {
    /// The blocks of a text that so many bytes were left out before, and that a fault may follow.
    pub(super) fn new(text: &str, skipped: usize, fault: Option<Fault>) -> Self {
        let is_single = fault.is_none() && is_ordinary(text.as_bytes());
        let fault = fault.map(|fault| Fault {
            at: fault.at.saturating_sub(skipped),
            end: fault.end.map(|end| end.saturating_sub(skipped)),
            problem: fault.problem,
        });
        let fault = if is_single { None } else { forbidden(text).or(fault) };
        Self { end: 0, skipped, fault, ends: 0, has_mark: false, is_single }
    }

    /// Whether all is one block.
    #[inline]
    pub(super) fn is_single(&self) -> bool {
        self.is_single
    }

    /// Whether the decoded characters begin with a byte order mark.
    pub(super) fn has_mark(&self) -> bool {
        self.has_mark
    }

    /// Passes a NUL behind the end.
    pub(super) fn skip_end(&mut self) {
        self.ends = self.ends.saturating_sub(1);
    }

    /// Sees to it that `count` characters from an offset are decoded, as far as the text has them.
    #[inline]
    pub(super) fn need(&mut self, text: &str, at: usize, count: usize) -> Result<(), SyntaxError> {
        if self.is_single || at + count * WIDTH_MAX <= self.end {
            return Ok(());
        }
        self.decode(text, at, count)
    }

    /// Decodes blocks until there are so many characters, or an end.
    fn decode(&mut self, text: &str, at: usize, count: usize) -> Result<(), SyntaxError> {
        let bytes = text.as_bytes();
        if self.decoded(bytes, at) + self.ends >= count {
            return Ok(());
        }
        self.has_mark = bytes.get(at..).unwrap_or_default().starts_with(BYTE_ORDER_MARK);
        while self.decoded(bytes, at) < count {
            if self.end == bytes.len() && self.fault.is_none() {
                self.ends += 1;
                return Ok(());
            }
            self.decode_block(text)?;
        }
        Ok(())
    }

    /// How many characters from an offset are decoded, as far as it matters.
    fn decoded(&self, bytes: &[u8], at: usize) -> usize {
        let unread = bytes.get(at..self.end).unwrap_or_default();
        unread[..unread.len().min(BLOCK)].iter().filter(|byte| !is_continuation(**byte)).count()
    }

    /// A character is in the block that it ends in.
    fn decode_block(&mut self, text: &str) -> Result<(), SyntaxError> {
        let start = self.end;
        let block_end = start + BLOCK - std::mem::take(&mut self.skipped);
        if let Some(fault) = self.fault {
            let is_met = match fault.end {
                Some(end) => end <= block_end,
                None => start == fault.at,
            };
            if is_met {
                return Err(SyntaxError { line: None, problem: fault.problem });
            }
        }
        let end = block_end.min(text.len());
        self.end = (start..=end).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(end);
        Ok(())
    }
}

/// Whether a byte is not the first of a character.
pub(super) fn is_continuation(byte: u8) -> bool {
    byte & 0xc0 == 0x80
}

/// Whether the text has neither forbidden characters nor byte order marks.
fn is_ordinary(bytes: &[u8]) -> bool {
    let is_control = |byte: u8| (byte < b' ' && !matches!(byte, b'\t' | b'\n' | b'\r')) || byte == 0x7f;
    let has_control = bytes.chunks(256).any(|chunk| chunk.iter().fold(false, |any, b| any | is_control(*b)));
    let follows = |at: usize| bytes.get(at + 1).copied().unwrap_or(0);
    let is_c1 = |at: usize| matches!(follows(at), 0x80..=0x84 | 0x86..=0x9f);
    let is_special =
        |at: usize| matches!(bytes.get(at + 1..at + 3), Some([0xbb, 0xbf] | [0xbf, 0xbe | 0xbf]));
    !has_control
        && !memchr::memchr_iter(0xc2, bytes).any(is_c1)
        && !memchr::memchr_iter(0xef, bytes).any(is_special)
}

/// The first character that no text may have.
fn forbidden(text: &str) -> Option<Fault> {
    let is_forbidden = |letter: char| {
        matches!(letter,
            '\0'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{7f}'..='\u{84}'
            | '\u{86}'..='\u{9f}' | '\u{fffe}' | '\u{ffff}')
    };
    let (at, letter) = text.char_indices().find(|(_, letter)| is_forbidden(*letter))?;
    Some(Fault { at, end: Some(at + letter.len_utf8()), problem: FORBIDDEN })
}
