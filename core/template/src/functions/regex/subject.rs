//! A text that is searched: Go finds letters in any bytes, each byte that belongs to none being U+FFFD, and gives parts of the
//! bytes.

use std::borrow::Cow;

use crate::value::lossy;

/// Bytes of the letter that stands for a byte that belongs to none.
const REPLACEMENT: usize = char::REPLACEMENT_CHARACTER.len_utf8();

/// A text as letters, which are searched, and as bytes, which are given.
pub(super) struct Subject<'t> {
    bytes: &'t [u8],
    letters: Cow<'t, str>,
    /// Where in the letters those begin that stand for single bytes, in order.
    replaced: Vec<usize>,
}

impl<'t> Subject<'t> {
    /// The text with these bytes.
    pub(super) fn new(bytes: &'t [u8]) -> Self {
        let letters = lossy(bytes);
        let mut replaced = Vec::new();
        if matches!(letters, Cow::Owned(_)) {
            let mut at = 0;
            for chunk in bytes.utf8_chunks() {
                at += chunk.valid().len();
                for _ in chunk.invalid() {
                    replaced.push(at);
                    at += REPLACEMENT;
                }
            }
        }
        Subject { bytes, letters, replaced }
    }

    /// What is searched.
    pub(super) fn letters(&self) -> &str {
        &self.letters
    }

    /// The bytes of the letters between two offsets in [`Subject::letters`].
    pub(super) fn part(&self, start: usize, end: usize) -> &'t [u8] {
        self.bytes.get(self.offset(start)..self.offset(end)).unwrap_or_default()
    }

    fn offset(&self, at: usize) -> usize {
        at - (REPLACEMENT - 1) * self.replaced.partition_point(|replaced| *replaced < at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_of_the_bytes() {
        let subject = Subject::new(b"a\xffb\xe2\x82\xc3\xa9");
        assert_eq!(subject.letters(), "a\u{fffd}b\u{fffd}\u{fffd}\u{e9}");
        let length = subject.letters().len();
        let starts: Vec<usize> = subject.letters().char_indices().map(|(at, _)| at).chain([length]).collect();
        let parts: Vec<&[u8]> = starts.windows(2).map(|two| subject.part(two[0], two[1])).collect();
        assert_eq!(parts, [&b"a"[..], b"\xff", b"b", b"\xe2", b"\x82", b"\xc3\xa9"]);
        assert_eq!(subject.part(0, length), b"a\xffb\xe2\x82\xc3\xa9");
        assert_eq!(Subject::new(b"plain").part(1, 3), b"la");
    }
}
