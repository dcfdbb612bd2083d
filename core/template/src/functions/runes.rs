//! Letters of a text that may be cut within one, as Go takes it apart: a byte that is no letter stands for U+FFFD.

/// Most bytes of a letter.
const WIDEST: usize = 4;

/// The first letter and its width; nothing in an empty text.
pub(super) fn first(text: &[u8]) -> Option<(char, usize)> {
    let widths = 1..=WIDEST.min(text.len());
    let found = widths.clone().find_map(|width| whole(&text[..width]));
    found.or_else(|| widths.min().map(|width| (char::REPLACEMENT_CHARACTER, width)))
}

/// The last letter and its width.
pub(super) fn last(text: &[u8]) -> Option<(char, usize)> {
    let widths = 1..=WIDEST.min(text.len());
    let found = widths.clone().find_map(|width| whole(&text[text.len() - width..]));
    found.or_else(|| widths.min().map(|width| (char::REPLACEMENT_CHARACTER, width)))
}

/// The one letter that the bytes are.
fn whole(bytes: &[u8]) -> Option<(char, usize)> {
    let mut letters = std::str::from_utf8(bytes).ok()?.chars();
    letters.next().filter(|_| letters.next().is_none()).map(|letter| (letter, bytes.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_letter_is_a_byte() {
        assert_eq!(first("éa".as_bytes()), Some(('é', 2)));
        assert_eq!(first(b"\xc3a"), Some(('\u{fffd}', 1)));
        assert_eq!(last("aé".as_bytes()), Some(('é', 2)));
        assert_eq!(last(b"a\xa9"), Some(('\u{fffd}', 1)));
        assert_eq!((first(b""), last(b"")), (None, None));
    }
}
