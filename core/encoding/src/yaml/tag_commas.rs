//! Commas and square brackets in tags. For go-yaml they belong to the tag, the parser ends the tag there and panics at commas
//! inside `[` and `{`. Written as `%2C` and so on they are taken for what go-yaml takes them for.

use std::borrow::Cow;
use std::io::BufReader;

use libyaml_safer::{Encoding, EventData, Parser};

use super::limits::Limits;

/// The most text that is read to find out about commas: so many times the text, and at least the second number.
const WORK_FACTOR: usize = 16;
const WORK_BYTES: usize = 16 << 20;

/// What the parser says about a tag with something behind it, and about one that has only a handle.
const TAG_END_PROBLEMS: [&str; 2] =
    ["did not find expected whitespace or line break", "did not find expected tag URI"];

/// How many bytes may be read to find out about the commas of a text.
pub(super) fn work_for(text: &str) -> usize {
    WORK_BYTES.max(text.len().saturating_mul(WORK_FACTOR))
}

/// The text with the commas in tags escaped, as far as `work_left` bytes reach.
pub(super) fn escape_commas<'a>(text: &'a str, limits: &Limits, work_left: &mut usize) -> Cow<'a, str> {
    let mut text = Cow::Borrowed(text);
    let mut at = 0;
    while let Some(mark) = next_mark(&text, at) {
        at = mark + 1;
        while let Some(comma) = next_comma(&text, at) {
            let Some(left) = work_left.checked_sub(comma) else { return text };
            *work_left = left;
            if ends_tag(&text[..comma], limits) {
                let escape = format!("%{:02X}", text.as_bytes()[comma]);
                text.to_mut().replace_range(comma..=comma, &escape);
            }
            at = comma + 1;
        }
    }
    text
}

/// The next `!`, at `from` or behind it, that may begin a tag.
fn next_mark(text: &str, from: usize) -> Option<usize> {
    let mut marks = text[from..].match_indices('!').map(|(mark, _)| from + mark);
    marks.find(|mark| !text[..*mark].ends_with(char::is_alphanumeric))
}

/// The next comma or bracket that may belong to a tag that `from` lies in.
fn next_comma(text: &str, from: usize) -> Option<usize> {
    let found = text[from..].find([',', '[', ']', ' ', '\t', '\n', '\r', '"', '{', '}'])?;
    text[from + found..].starts_with([',', '[', ']']).then_some(from + found)
}

/// Whether a tag ends at the end of `prefix`: the parser then objects to a quote right behind it.
fn ends_tag(prefix: &str, limits: &Limits) -> bool {
    let text = format!("{prefix}\"\n");
    let mut parser = Parser::new();
    parser.set_encoding(Encoding::Utf8);
    parser.set_input(BufReader::new(text.as_bytes()));
    let (mut depth, mut work) = (0usize, 0usize);
    loop {
        match parser.parse() {
            Ok(event) => match event.data {
                EventData::StreamEnd => return false,
                EventData::SequenceStart { .. } | EventData::MappingStart { .. } => depth += 1,
                EventData::SequenceEnd | EventData::MappingEnd => depth = depth.saturating_sub(1),
                _ => {}
            },
            // An earlier tag with the same fault ends the whole text there, so what is escaped behind it is never read.
            Err(error) => return TAG_END_PROBLEMS.contains(&error.problem()),
        }
        work = work.saturating_add(depth);
        if depth > limits.depth || work > limits.nesting_work {
            return false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Recorded from `sigs.k8s.io/yaml` 1.6.
    #[test]
    fn commas_belong_to_tags() {
        let parse = |text: &str| {
            super::super::parse(text).map(|value| value.to_string()).map_err(|error| error.to_string())
        };
        assert_eq!(parse("[!1, 2]").as_deref(), Ok("[\"2\"]"));
        assert_eq!(parse("[!!str, 2, !!int, \"3\"]").as_deref(), Ok("[\"2\",\"3\"]"));
        assert_eq!(parse("[a !, b]").as_deref(), Ok("[\"a !\",\"b\"]"));
        assert_eq!(parse("[a !, 'x, !c, y']").as_deref(), Ok("[\"a !\",\"x, !c, y\"]"));
        assert_eq!(parse("['it', \"\\'\", !1, 2]").as_deref(), Ok("[\"it\",\"'\",\"2\"]"));
        assert_eq!(parse("a: !!,str 1\nb: !x[y] 2").as_deref(), Ok("{\"a\":\"1\",\"b\":\"2\"}"));
        assert_eq!(parse("[!!str] 2]").as_deref(), Ok("[\"2\"]"));
        for text in ["[!1,2]", "{a: !x,b}", "[!,2]"] {
            assert!(parse(text).is_err(), "{text}");
        }
        let refused = Err("yaml: did not find expected whitespace or line break".to_owned());
        assert_eq!(parse("[!<x>,2]"), refused);
    }

    #[test]
    fn texts_without_such_tags_are_not_copied() {
        for text in [
            "a: Hello, world!",
            "[1, 2]",
            "- Hi !, there",
            "{\"a\":\"!\",\"b\":1}",
            "- \u{e9} !\u{e9},\u{e9}!\u{e9}, x",
        ] {
            assert!(
                matches!(escape_commas(text, &Limits::default(), &mut work_for(text)), Cow::Borrowed(_)),
                "{text}"
            );
        }
    }
}
