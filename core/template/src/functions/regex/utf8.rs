//! Expressions that are no text: Go refuses them at the first byte that is no part of a letter, unless something before is
//! wrong.

use super::parse::{Refusal, parse};

/// What Go's `regexp` says of an expression that is text only up to `valid`.
pub(super) fn refusal(source: &[u8], valid: usize) -> String {
    let before = String::from_utf8_lossy(&source[..valid]);
    // What is refused with the letter in place of the byte is refused for the byte.
    let whole = || String::from_utf8_lossy(source).into_owned();
    let (reason, part) = match parse(&format!("{before}\u{fffd}")).err() {
        Some(Refusal { reason: reason @ ("unexpected )" | "expression nests too deeply"), .. }) => {
            (reason, whole())
        }
        Some(Refusal { reason, part }) if !part.ends_with('\u{fffd}') => (reason, part),
        _ => ("invalid UTF-8", lossy(checked(&before, &source[valid..]))),
    };
    format!("error parsing regexp: {reason}: `{part}`")
}

/// What Go looks at together from there on: the rest of what is quoted, of a name, or all.
fn checked<'r>(before: &str, rest: &'r [u8]) -> &'r [u8] {
    let parts = [(r"\Q", r"\E"), (r"\p{", "}"), (r"\P{", "}"), ("(?P<", ">"), ("(?<", ">")];
    let is_open =
        |open: &str, close: &str| before.rfind(open).is_some_and(|start| !before[start..].contains(close));
    let close = parts.iter().find(|(open, close)| is_open(open, close)).map_or("", |(_, close)| close);
    let end = rest.windows(close.len().max(1)).position(|bytes| bytes == close.as_bytes());
    &rest[..end.unwrap_or(rest.len())]
}

fn lossy(bytes: &[u8]) -> String {
    crate::value::lossy(bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_byte_that_is_no_letter_counts() {
        let cases: [(&[u8], &str); 9] = [
            (b"a\xffb", "invalid UTF-8: `\u{fffd}b`"),
            (b"(a\xff", "invalid UTF-8: `\u{fffd}`"),
            (b"[a\xff]", "invalid UTF-8: `\u{fffd}]`"),
            (b"\\\xff", "invalid UTF-8: `\u{fffd}`"),
            (b"(?i\xff)", "invalid UTF-8: `\u{fffd})`"),
            (b"(?=\xff)", "invalid or unsupported Perl syntax: `(?=`"),
            (b"a)\xff", "unexpected ): `a)\u{fffd}`"),
            (b"a**\xff", "invalid nested repetition operator: `**`"),
            (b"x(?P<\xff>a)", "invalid UTF-8: `\u{fffd}`"),
        ];
        for (source, expected) in cases {
            let valid =
                std::str::from_utf8(source).map_or_else(|error| error.valid_up_to(), |_| source.len());
            assert_eq!(refusal(source, valid), format!("error parsing regexp: {expected}"), "{source:?}");
        }
        assert_eq!(refusal(b"\\Q\xffa\\Eb", 2), "error parsing regexp: invalid UTF-8: `\u{fffd}a`");
        assert_eq!(refusal(b"(?P<a\xffb>c", 5), "error parsing regexp: invalid UTF-8: `\u{fffd}b`");
        assert_eq!(refusal(b"\\p{\xff}", 3), "error parsing regexp: invalid UTF-8: `\u{fffd}`");
    }
}
