use super::*;

/// How long a key may be.
const LENGTH_MAX: usize = 1024;

/// The texts of the scalars, and the error at the end.
fn scalars(text: &str) -> (Vec<String>, Option<&'static str>) {
    let mut scanner = Scanner::new(Reader::new(text, None));
    let mut found = Vec::new();
    loop {
        match scanner.take() {
            Ok(Token { kind: TokenKind::StreamEnd, .. }) => return (found, None),
            Ok(Token { kind: TokenKind::Scalar { value, .. }, .. }) => found.push(value.into_owned()),
            Ok(_) => {}
            Err(error) => return (found, Some(error.problem)),
        }
    }
}

#[test]
fn scalars_are_folded() {
    for (text, expected) in [
        ("a b  c # d", "a b  c"),
        ("a\n  b\n\n  c", "a b\nc"),
        ("a\u{2028} b\r\n\n\u{2029} c", "a\u{2028}b\n\u{2029}c"),
        ("'a''b\n  c'", "a'b c"),
        ("\"a\\tb\\\n   c  \n\n  d\\\" \"", "a\tbc\nd\" "),
        ("\"\\x41\\u00e9\\U0001f600\\N\"", "A\u{e9}\u{1f600}\u{85}"),
        ("|\n a\n  b\n\n", "a\n b\n"),
        ("|2-\n   a\n  b\n", " a\nb"),
        ("|+\n a\n\n", "a\n\n"),
        (">\n a\n b\n\n c\n  d\n e\n", "a b\nc\n d\ne\n"),
        ("|\n a", "a"),
        ("a:b", "a:b"),
        (":a", ":a"),
        ("-a", "-a"),
    ] {
        assert_eq!(scalars(text), (vec![expected.to_owned()], None), "{text:?}");
    }
}

#[test]
fn plain_scalars_end_earlier_in_brackets() {
    let words = |text: &str| scalars(text).0.join("|");
    assert_eq!(words("[a, b:c, d:, -e]"), "a|b:c|d:|-e");
    assert_eq!(words("[a?b]"), "a|b");
    assert_eq!(words("a?b[c]{d},e"), "a?b[c]{d},e");
}

#[test]
fn simple_keys_are_short_and_on_one_line() {
    let key = |length: usize| scalars(&format!("x: y\n{}: b", "a".repeat(length))).1;
    assert_eq!(key(LENGTH_MAX), None);
    assert_eq!(key(LENGTH_MAX + 1), Some(NO_COLON));
    assert_eq!(scalars("a: b\nc\nd: e").1, Some(NO_COLON));
    assert_eq!(scalars("\"a\n b\": c").1, Some("mapping values are not allowed in this context"));
}

#[test]
fn depth_is_bounded_as_in_go() {
    assert_eq!(scalars(&"[".repeat(DEPTH_MAX)).1, None);
    assert_eq!(scalars(&"[".repeat(DEPTH_MAX + 1)).1, Some(TOO_DEEP));
    assert_eq!(scalars(&"- ".repeat(DEPTH_MAX)).1, None);
    assert_eq!(scalars(&"- ".repeat(DEPTH_MAX + 1)).1, Some(TOO_DEEP));
}
