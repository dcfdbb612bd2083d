//! The lines of a document.

use pilothouse_encoding::yaml::line::blanks;

use super::scalar::{self, Quote, Scalar};

/// A line with content.
#[derive(Clone, Copy)]
pub(super) struct Line<'d> {
    /// How many blanks it begins with.
    pub(super) indent: usize,
    /// The rest, never empty.
    pub(super) text: &'d str,
}

/// The lines that are left.
pub(super) struct Lines<'d> {
    rest: &'d str,
}

impl<'d> Lines<'d> {
    /// All lines.
    pub(super) fn new(document: &'d str) -> Self {
        Self { rest: document }
    }

    /// The next line with content, or that there is none; nothing when the line is for the parser.
    #[allow(clippy::option_option, reason = "giving up is not the end")]
    pub(super) fn next_line(&mut self) -> Option<Option<Line<'d>>> {
        while !self.rest.is_empty() {
            let start = self.rest;
            let (line, rest) = split(start);
            self.rest = rest;
            let indent = blanks(line);
            let text = &line[indent..];
            if text.is_empty() {
                continue;
            }
            if is_marker(line) || text.starts_with('\t') {
                return None;
            }
            return Some(Some(Line { indent, text }));
        }
        Some(None)
    }

    /// Goes behind the end of a quoted scalar; nothing when the quotes are for the parser.
    pub(super) fn skip_quoted(&mut self, quote: Quote) -> Option<()> {
        while !self.rest.is_empty() {
            let (line, rest) = split(self.rest);
            self.rest = rest;
            if is_marker(line) {
                return None;
            }
            if scalar::quoted(line, quote)? == Scalar::Ended {
                return Some(());
            }
        }
        None
    }

    /// Goes behind a block scalar, whose lines are indented more than `parent`; nothing when they are for the parser.
    pub(super) fn skip_block(&mut self, parent: usize) -> Option<()> {
        let mut indent = None;
        while !self.rest.is_empty() {
            let (line, rest) = split(self.rest);
            let blanks = blanks(line);
            let is_blank = blanks == line.len();
            let has_tab = line.as_bytes().get(blanks) == Some(&b'\t');
            match indent {
                // Blanks before the first content may decide how far the content is indented.
                None if is_blank && blanks > 0 => return None,
                None if has_tab => return None,
                None if is_blank => {}
                None if blanks > parent => indent = Some(blanks),
                None => return Some(()),
                Some(indent) if has_tab && blanks < indent => return None,
                Some(indent) if !is_blank && blanks < indent => return Some(()),
                Some(_) => {}
            }
            self.rest = rest;
        }
        Some(())
    }
}

/// Whether a line ends the document or the stream.
fn is_marker(line: &str) -> bool {
    line.starts_with("---") || line.starts_with("...")
}

fn split(text: &str) -> (&str, &str) {
    memchr::memchr(b'\n', text.as_bytes()).map_or((text, ""), |end| (&text[..end], &text[end + 1..]))
}
