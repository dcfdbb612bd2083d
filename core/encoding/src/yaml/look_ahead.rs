//! Where go-yaml looks less far ahead than the parser.
//!
//! Both read on behind the beginning of a flow collection to learn whether it is a key. go-yaml forgets that it might be one
//! at the end of a collection without content, and so gives it away before it reads what follows.

use libyaml_safer::{Error, ErrorKind};

/// Where a text ends for go-yaml, when the error lies in what it has not read by then.
pub(super) fn end(text: &str, error: &Error) -> Option<usize> {
    let place = |mark: Option<libyaml_safer::Mark>| usize::try_from(mark?.index).ok();
    let at = place(error.problem_mark())?.min(text.len());
    let begin = place(error.context_mark()).map_or(at, |begin| begin.min(at));
    let before = text.get(..at)?;
    let empty = last_empty(text.get(..begin)?).or_else(|| last_empty(before))?;
    if before[..empty.open].rsplit('\n').next()?.contains(['[', '{']) {
        return None;
    }
    if empty.is_refused {
        return (error.kind() == ErrorKind::Scanner).then_some(empty.end);
    }
    let next = empty.end + text[empty.end..].len() - text[empty.end..].trim_start().len();
    let is_next = error.kind() == ErrorKind::Scanner && (at <= next || begin == next);
    let is_root = begins_document(&text[..empty.open]) && !text[next..].starts_with(':');
    (is_root && !is_next && next < text.len()).then_some(empty.end)
}

/// A flow collection without content.
struct Empty {
    open: usize,
    /// Behind its end.
    end: usize,
    /// Whether the parser refuses it: it ends with the other bracket, or has a comma or a colon.
    is_refused: bool,
}

/// The last flow collection to end in the text, when it has no content.
fn last_empty(text: &str) -> Option<Empty> {
    let close = text.rfind([']', '}'])?;
    let inner = text[..close].trim_end_matches([' ', '\t', '\n', '\r', ',', ':']);
    let open = inner.len().checked_sub(1)?;
    let wanted = match inner.as_bytes()[open] {
        b'[' => ']',
        b'{' => '}',
        _ => return None,
    };
    let is_refused = !text[close..].starts_with(wanted) || text[open..close].contains([',', ':']);
    Some(Empty { open, end: close + 1, is_refused })
}

/// Whether there is no content in the text.
pub(super) fn begins_document(text: &str) -> bool {
    text.lines().all(|line| {
        let line = line.trim();
        line.is_empty() || line.starts_with(['#', '%']) || line == "---"
    })
}

#[cfg(test)]
mod tests {
    use libyaml_safer::EventData;

    use super::super::events::{Events, Repair};
    use super::super::{YamlError, parse};

    /// Where the text is to be cut before it is read again.
    fn cut(text: &str) -> Option<usize> {
        let mut events = Events::new(text);
        while events.next().is_ok_and(|event| !matches!(event.data, EventData::StreamEnd)) {}
        match events.repair {
            Some(Repair::End(at)) => Some(at),
            _ => None,
        }
    }

    #[test]
    fn a_text_is_not_read_again_unless_something_is_cut_off() {
        for text in ["a: 1\nv4\"}[}, \"p\": {\"a\": {\"2\n", "{]", "[}\n", "a[}, \"", "a: [}"] {
            let mut rest = text;
            while let Some(at) = cut(rest) {
                assert!(at < rest.len(), "{text} {rest}");
                rest = &rest[..at];
            }
        }
        let text = "a: 1\nv4\"}[}, \"p\": {\"a\": {\"2\n";
        assert!(parse(text).is_err());
    }

    #[test]
    fn what_follows_an_empty_collection_is_not_read() {
        for text in ["{}{\"", "{}a: a, a: a}\n", "---\n# c\n[] a: b\n"] {
            assert!(parse(text).is_ok(), "{text}");
        }
        let problem = |text: &str| match parse(text) {
            Err(YamlError::Syntax { problem, .. }) => problem,
            _ => String::new(),
        };
        for text in ["{]\n@", "- [}\"]\n", "[, ]\"\n", "{:}%", "[ : ]@"] {
            assert_eq!(problem(text), "did not find expected node content", "{text}");
        }
        assert_eq!(problem("{}\n@"), "found character that cannot start any token");
        assert_eq!(problem("[[}\"]"), "found unexpected end of stream");
    }
}
