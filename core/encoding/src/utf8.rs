//! Text of bytes that should be UTF-8.

use std::borrow::Cow;

/// The bytes as text, with U+FFFD for what is no UTF-8, as [`String::from_utf8_lossy`] has it: that goes letter by letter
/// even through what is valid, which nearly everything is.
#[must_use]
pub fn lossy(bytes: &[u8]) -> Cow<'_, str> {
    std::str::from_utf8(bytes).map_or_else(|_| String::from_utf8_lossy(bytes), Cow::Borrowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_no_utf8_is_replaced() {
        assert!(matches!(lossy("é".as_bytes()), Cow::Borrowed("é")));
        assert_eq!(lossy(b"a\xffb\xe2\x82"), "a\u{fffd}b\u{fffd}");
    }
}
