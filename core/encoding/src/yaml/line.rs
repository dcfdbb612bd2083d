//! Marks of YAML within a line, for readers of plain documents.

/// A character of words that are keys, or scalars within brackets.
#[must_use]
pub fn is_word(byte: u8) -> bool {
    IN_WORDS[usize::from(byte)]
}

const IN_WORDS: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0_u8;
    while byte.is_ascii() {
        let is_sign = matches!(byte, b'_' | b'-' | b'.' | b'/' | b'$');
        table[byte as usize] = byte.is_ascii_alphanumeric() || is_sign;
        byte += 1;
    }
    table
};

/// How many blanks a line begins with.
#[must_use]
pub fn blanks(line: &str) -> usize {
    const EIGHT: [u8; 8] = [b' '; 8];
    let (words, _) = line.as_bytes().as_chunks();
    let start = 8 * words.iter().take_while(|word| **word == EIGHT).count();
    start + line.as_bytes()[start..].iter().take_while(|byte| **byte == b' ').count()
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
    fn blanks_are_counted() {
        for count in 0..40 {
            let line = " ".repeat(count);
            assert_eq!((blanks(&line), blanks(&format!("{line}a b"))), (count, count));
        }
    }

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
