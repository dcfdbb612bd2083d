//! Characters and their lines, with the errors of the library's lexer.

use crate::budget::LimitError;

/// Why a document is refused: the text and the line it names.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Failure {
    /// The library's text.
    pub(super) message: String,
    /// The line, from 1, with the library's off-by-ones.
    pub(super) line: i64,
    /// The bound that was passed, if that is why.
    pub(super) limit: Option<LimitError>,
}

/// Reads characters one by one.
pub(super) struct Scanner<'s> {
    input: &'s [u8],
    position: usize,
    line: i64,
}

/// What reading gives.
pub(super) type Scanned<T> = Result<T, Failure>;

impl<'s> Scanner<'s> {
    /// Reads from the beginning.
    pub(super) fn new(input: &'s [u8]) -> Self {
        Scanner { input, position: 0, line: 1 }
    }

    /// The line of the character that was read last.
    pub(super) fn line(&self) -> i64 {
        self.line
    }

    /// Where the next character stands.
    pub(super) fn position(&self) -> usize {
        self.position
    }

    /// What was read since `start`.
    pub(super) fn since(&self, start: usize) -> &'s [u8] {
        self.input.get(start..self.position).unwrap_or_default()
    }

    /// What has not been read.
    pub(super) fn rest(&self) -> &'s [u8] {
        &self.input[self.position..]
    }

    /// What was read since `start`, as text.
    pub(super) fn text_since(&self, start: usize) -> String {
        String::from_utf8_lossy(self.since(start)).into_owned()
    }

    /// The next character; nothing at the end.
    ///
    /// # Errors
    /// For invalid UTF-8 and control characters.
    pub(super) fn next(&mut self) -> Scanned<Option<char>> {
        let next = self.peek()?;
        if let Some(next) = next {
            self.position += next.len_utf8();
            self.line += i64::from(next == '\n');
        }
        Ok(next)
    }

    /// The next character, which stays.
    ///
    /// # Errors
    /// Those of [`Scanner::next`].
    pub(super) fn peek(&self) -> Scanned<Option<char>> {
        let rest = &self.input[self.position..];
        let Some(first) = rest.first() else { return Ok(None) };
        let Some(next) = decode(rest) else {
            return Err(self.failure(format!("invalid UTF-8 byte: 0x{first:02x}")));
        };
        let lone_return = next == '\r' && rest.get(1) != Some(&b'\n');
        if lone_return || next == '\x7f' || (next < ' ' && !matches!(next, '\t' | '\r' | '\n')) {
            let code = u32::from(next);
            return Err(self.failure(format!("TOML files cannot contain control characters: '0x{code:02x}'")));
        }
        Ok(Some(next))
    }

    /// Reads the character if it is the next one.
    ///
    /// # Errors
    /// Those of [`Scanner::next`].
    pub(super) fn accept(&mut self, wanted: char) -> Scanned<bool> {
        let found = self.peek()? == Some(wanted);
        if found {
            self.next()?;
        }
        Ok(found)
    }

    /// Reads on while the characters are wanted.
    ///
    /// # Errors
    /// Those of [`Scanner::next`].
    pub(super) fn skip(&mut self, wanted: fn(char) -> bool) -> Scanned<()> {
        while self.peek()?.is_some_and(wanted) {
            self.next()?;
        }
        Ok(())
    }

    /// A failure in the current line.
    pub(super) fn failure(&self, message: impl Into<String>) -> Failure {
        Failure { message: message.into(), line: self.line, limit: None }
    }

    /// A failure in the line before, where a line ended too early.
    pub(super) fn failure_before(&self, message: impl Into<String>) -> Failure {
        Failure { message: message.into(), line: self.line - 1, limit: None }
    }

    /// A failure at the character that was read last; at the end it is in the last line that has one.
    pub(super) fn failure_at(&self, found: Option<char>, message: impl Into<String>) -> Failure {
        if found.is_none() && self.position >= 1 && self.input[self.position - 1] == b'\n' {
            self.failure_before(message)
        } else {
            self.failure(message)
        }
    }
}

/// The first character of the bytes, if they are UTF-8.
fn decode(bytes: &[u8]) -> Option<char> {
    let valid = match std::str::from_utf8(&bytes[..bytes.len().min(4)]) {
        Ok(text) => text,
        Err(error) => std::str::from_utf8(bytes.get(..error.valid_up_to())?).ok()?,
    };
    valid.chars().next()
}

/// A character as Go's `%q` shows it; the end counts as NUL.
pub(super) fn shown(found: Option<char>) -> String {
    let code = found.map_or(0, u32::from);
    crate::format::quote::quoted_char(i64::from(code), false)
}

/// Whether the character is a blank within a line.
pub(super) fn is_blank(next: char) -> bool {
    matches!(next, ' ' | '\t')
}

/// Whether the character is a blank or ends a line.
pub(super) fn is_space(next: char) -> bool {
    matches!(next, ' ' | '\t' | '\r' | '\n')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_lines_and_refuses_control_characters() {
        let mut scanner = Scanner::new("a\r\né\x01".as_bytes());
        let read: Vec<char> = std::iter::from_fn(|| scanner.next().ok().flatten()).collect();
        assert_eq!(read, ['a', '\r', '\n', 'é']);
        let failure = scanner.next().unwrap_err();
        assert_eq!(failure.line, 2);
        assert_eq!(failure.message, "TOML files cannot contain control characters: '0x01'");
        assert_eq!(Scanner::new(b"\xff").next().unwrap_err().message, "invalid UTF-8 byte: 0xff");
    }
}
