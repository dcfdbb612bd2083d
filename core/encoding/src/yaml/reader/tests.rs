use super::blocks::{BLOCK, FORBIDDEN};
use super::*;

/// Reads a text to its end, or to an error, asking for one character at a time.
fn read_all(text: &str, fault: Option<Fault>) -> (usize, Option<&'static str>) {
    let mut reader = Reader::new(text, fault);
    loop {
        if let Err(error) = reader.need(1) {
            return (reader.index(), Some(error.problem));
        }
        if reader.is_end() {
            return (reader.index(), None);
        }
        if reader.skip_break().is_empty() {
            reader.skip();
        }
    }
}

#[test]
fn places_count_characters_and_lines() {
    let mut reader = Reader::new("\u{feff}\u{e9}a\r\n\u{1f600}\u{2028}b\u{85}\n", None);
    let mut breaks = Vec::new();
    while !reader.is_end() {
        let mark = reader.mark();
        match reader.skip_break() {
            "" => reader.skip(),
            text => breaks.push((mark.line, mark.column, text)),
        }
    }
    assert_eq!(breaks, [(0, 2, "\n"), (1, 1, "\u{2028}"), (2, 1, "\n"), (3, 0, "\n")]);
    assert_eq!((reader.mark().line, reader.column(), reader.index()), (4, 0, 9));
    assert_eq!((reader.byte(), reader.byte_at(5)), (0, 0));
}

#[test]
fn forbidden_characters_are_met_with_their_block() {
    assert_eq!(read_all("abc", None), (3, None));
    assert_eq!(read_all("ab\u{1}", None), (0, Some(FORBIDDEN)));
    for letter in ["\0", "\u{b}", "\u{1f}", "\u{7f}", "\u{80}", "\u{9f}", "\u{fffe}", "\u{ffff}"] {
        let text = format!("{}{letter}", "x".repeat(600));
        assert_eq!(read_all(&text, None), (BLOCK, Some(FORBIDDEN)), "{letter:?}");
    }
    for letter in ["\t", "\u{85}", "\u{a0}", "\u{fffd}", "\u{feff}", "\u{10ffff}"] {
        assert_eq!(read_all(&format!("x{letter}x"), None), (3, None), "{letter:?}");
    }
    // The byte order mark counts for the block, and a character is in the block it ends in.
    let text = format!("\u{feff}{}\u{1}", "x".repeat(510));
    assert_eq!(read_all(&text, None), (BLOCK - 3, Some(FORBIDDEN)));
    let text = format!("{}\u{e9}{}\u{1}", "x".repeat(511), "x".repeat(509));
    assert_eq!(read_all(&text, None), (511, Some(FORBIDDEN)));
    let text = format!("{}\u{e9}{}\u{1}", "x".repeat(510), "x".repeat(512));
    assert_eq!(read_all(&text, None), (511 + 512, Some(FORBIDDEN)));
}

#[test]
fn what_cannot_be_decoded_follows_the_text() {
    let text = "x".repeat(600);
    let fault = |end| Some(Fault { at: 600, end, problem: "broken" });
    assert_eq!(read_all(&text, fault(Some(601))), (BLOCK, Some("broken")));
    assert_eq!(read_all(&text, fault(None)), (600, Some("broken")));
    assert_eq!(read_all(&format!("{}\u{1}", &text[1..]), fault(None)), (BLOCK, Some(FORBIDDEN)));
}

#[test]
fn a_mark_that_the_decoded_characters_begin_with_is_skipped() {
    let mut reader = Reader::new("\u{feff}\u{feff}a", None);
    reader.need(1).unwrap();
    reader.skip_mark();
    assert_eq!((reader.byte(), reader.column()), (b'a', 1));
    let mut reader = Reader::new("a\u{feff}", None);
    reader.need(1).unwrap();
    reader.skip_mark();
    assert_eq!(reader.byte(), b'a');
}
