//! Marks of YAML within a line, for readers of plain documents.

/// A character of words that are keys, or scalars within brackets.
#[must_use]
pub fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b'/' | b'$')
}

/// Where blanks and a comment begin, the last of the blanks not counted.
#[must_use]
pub fn comment(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let is_comment = |at: &usize| *at > 0 && bytes[*at - 1] == b' ';
    memchr::memchr_iter(b'#', bytes).find(is_comment).map(|at| at - 1)
}

/// Whether a colon makes a key of what is before it, or a tab makes it hard to say.
#[must_use]
pub fn has_mark(text: &str) -> bool {
    let bytes = text.as_bytes();
    let ends_key = |at: usize| bytes.get(at + 1).is_none_or(|next| *next == b' ');
    memchr::memchr_iter(b':', bytes).any(ends_key) || memchr::memchr(b'\t', bytes).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_begin_behind_a_blank() {
        assert_eq!(comment("a #b"), Some(1));
        assert_eq!(comment("a  # b"), Some(2));
        assert_eq!((comment("a#b"), comment("#a")), (None, None));
    }

    #[test]
    fn colons_and_tabs_are_marks_where_they_count() {
        assert!(["a: b", "a:", "a\tb"].into_iter().all(has_mark));
        assert!(!["a:b", "http://a", ""].into_iter().any(has_mark));
    }
}
