//! Scalars in quotes that go over several lines.

use super::lines::{Lines, is_marker};
use super::scalar::unescaped;

/// What is known of a scalar in quotes after one of its lines.
enum LineEnd<'t> {
    /// The scalar has ended; what follows it.
    Closed(&'t str),
    /// It goes on, behind a line break that counts.
    Broken,
    /// It goes on, behind a line break that was escaped.
    Joined,
}

impl<'t> Lines<'t> {
    /// The text of the scalar in quotes that `first` begins with and what follows it, below a collection at column
    /// `parent`; nothing when the parser has to read it.
    pub(super) fn quoted(&mut self, first: &'t str, parent: usize) -> Option<(String, &'t str)> {
        let quote = first.as_bytes()[0];
        let (mut value, mut line) = (String::new(), &first[1..]);
        loop {
            let end = part(quote, line, &mut value)?;
            let is_joined = match end {
                LineEnd::Closed(rest) => return Some((value, rest)),
                LineEnd::Broken => false,
                LineEnd::Joined => true,
            };
            let (next, empty) = self.continuation(parent)?;
            // One line break is a blank; of more, all but the first are kept.
            match empty {
                0 if is_joined => {}
                0 => value.push(' '),
                _ => value.extend(std::iter::repeat_n('\n', empty)),
            }
            line = next;
        }
    }

    /// The next line with content, without its indentation, and how many empty lines are before it.
    fn continuation(&mut self, parent: usize) -> Option<(&'t str, usize)> {
        let mut empty = 0;
        loop {
            let line = self.raw_line()?;
            let text = line.trim_start_matches(' ');
            if text.is_empty() {
                empty += 1;
                continue;
            }
            let is_usual = line.len() - text.len() > parent && !text.starts_with('\t') && !is_marker(line);
            return is_usual.then_some((text, empty));
        }
    }
}

/// Adds what a line says to the value.
fn part<'t>(quote: u8, line: &'t str, value: &mut String) -> Option<LineEnd<'t>> {
    let bytes = line.as_bytes();
    let (mut start, mut at) = (0, 0);
    while let Some(byte) = bytes.get(at) {
        if *byte == quote {
            value.push_str(&line[start..at]);
            if quote == b'"' || bytes.get(at + 1) != Some(&b'\'') {
                return Some(LineEnd::Closed(&line[at + 1..]));
            }
            // The second of two quotes is kept.
            start = at + 1;
            at += 2;
        } else if *byte == b'\\' && quote == b'"' {
            value.push_str(&line[start..at]);
            let Some(escaped) = bytes.get(at + 1) else { return Some(LineEnd::Joined) };
            value.push(unescaped(*escaped)?);
            at += 2;
            start = at;
        } else {
            at += 1;
        }
    }
    let rest = line[start..].trim_end_matches(' ');
    value.push_str(rest);
    (!rest.ends_with('\t')).then_some(LineEnd::Broken)
}
