//! Tags.

use std::borrow::Cow;

use super::super::events::{Mark, SyntaxError};
use super::fetch::is_word;
use super::{Scanner, TokenKind, WrittenTag};

/// Where a handle stands.
#[derive(Clone, Copy)]
pub(super) struct Place {
    /// Where the tag or directive begins.
    pub(super) start: Mark,
    /// Whether it is a directive.
    pub(super) is_directive: bool,
}

impl<'a> Scanner<'a> {
    /// `!`, `!suffix`, `!handle!suffix` or `!<verbatim>`.
    pub(super) fn fetch_tag(&mut self) -> Result<(), SyntaxError> {
        self.save_key()?;
        self.is_key_allowed = false;
        let start = self.reader.mark();
        self.reader.need(2)?;
        let is_verbatim = self.reader.byte_at(1) == b'<';
        let tag = if is_verbatim { self.read_verbatim(start)? } else { self.read_short(start)? };
        self.reader.need(1)?;
        if !self.reader.is_space_at(0) {
            return Err(self.error("did not find expected whitespace or line break", start));
        }
        self.push(TokenKind::Tag(Box::new(tag)), start);
        Ok(())
    }

    fn read_verbatim(&mut self, start: Mark) -> Result<WrittenTag<'a>, SyntaxError> {
        self.reader.skip_bytes(2);
        let text = self.read_uri("", start)?;
        if self.reader.byte() != b'>' {
            return Err(self.error("did not find the expected '>'", start));
        }
        self.reader.skip_bytes(1);
        Ok(WrittenTag { handle: "", text })
    }

    fn read_short(&mut self, start: Mark) -> Result<WrittenTag<'a>, SyntaxError> {
        let head = self.read_handle(Place { start, is_directive: false })?;
        if head.len() > 1 && head.ends_with('!') {
            return Ok(WrittenTag { handle: head, text: self.read_uri("", start)? });
        }
        let text = self.read_uri(head, start)?;
        if text.is_empty() {
            return Ok(WrittenTag { handle: "", text: Cow::Borrowed("!") });
        }
        Ok(WrittenTag { handle: "!", text })
    }

    /// `!`, `!word` or `!word!`; the second is a handle only for tags, where it is the beginning of a suffix.
    pub(super) fn read_handle(&mut self, place: Place) -> Result<&'a str, SyntaxError> {
        const NO_MARK: &str = "did not find expected '!'";
        self.reader.need(1)?;
        if self.reader.byte() != b'!' {
            return Err(self.error(NO_MARK, place.start));
        }
        let start = self.reader.offset();
        self.reader.skip_bytes(1);
        self.reader.need(1)?;
        let word = self.word()?;
        if self.reader.byte() == b'!' {
            self.reader.skip_bytes(1);
        } else if place.is_directive && !word.is_empty() {
            return Err(self.error(NO_MARK, place.start));
        }
        Ok(self.reader.slice(start, self.reader.offset()))
    }

    /// The characters of a tag. `head` is what of it was read already, with a mark before it.
    pub(super) fn read_uri(&mut self, head: &'a str, start: Mark) -> Result<Cow<'a, str>, SyntaxError> {
        let from = self.reader.offset() - head.len().saturating_sub(1);
        let first = self.reader.offset();
        let mut unescaped = None;
        self.reader.need(1)?;
        while is_uri(self.reader.byte()) {
            if self.reader.byte() == b'%' {
                let written = self.reader.slice(from, self.reader.offset()).as_bytes();
                let bytes = unescaped.get_or_insert_with(|| written.to_owned());
                self.read_uri_escape(bytes, start)?;
            } else {
                if let Some(bytes) = &mut unescaped {
                    bytes.push(self.reader.byte());
                }
                self.reader.skip_bytes(1);
            }
            self.reader.need(1)?;
        }
        if head.is_empty() && self.reader.offset() == first {
            return Err(self.error("did not find expected tag URI", start));
        }
        Ok(match unescaped {
            // No tag that means something has bytes that are no text.
            Some(bytes) => Cow::Owned(String::from_utf8_lossy(&bytes).into_owned()),
            None => Cow::Borrowed(self.reader.slice(from, self.reader.offset())),
        })
    }

    /// The bytes of one character, each as `%` and two digits.
    fn read_uri_escape(&mut self, bytes: &mut Vec<u8>, start: Mark) -> Result<(), SyntaxError> {
        let mut missing = 0;
        loop {
            self.reader.need(3)?;
            let byte = self.escaped_byte();
            let byte = byte.ok_or_else(|| self.error("did not find URI escaped octet", start))?;
            if missing > 0 {
                if byte & 0xc0 != 0x80 {
                    return Err(self.error("found an incorrect trailing UTF-8 octet", start));
                }
            } else {
                missing = match byte {
                    0..=0x7f => 1,
                    0xc0..=0xdf => 2,
                    0xe0..=0xef => 3,
                    0xf0..=0xf7 => 4,
                    _ => return Err(self.error("found an incorrect leading UTF-8 octet", start)),
                };
            }
            bytes.push(byte);
            self.reader.skip_bytes(3);
            missing -= 1;
            if missing == 0 {
                return Ok(());
            }
        }
    }

    fn escaped_byte(&self) -> Option<u8> {
        let digit = |at: usize| char::from(self.reader.byte_at(at)).to_digit(16);
        if self.reader.byte() != b'%' {
            return None;
        }
        u8::try_from(digit(1)? << 4 | digit(2)?).ok()
    }
}

/// Whether a byte may be in a tag.
fn is_uri(byte: u8) -> bool {
    is_word(byte) || b";/?:@&=+$,.!~*'()[]%".contains(&byte)
}
