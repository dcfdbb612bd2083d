//! Reads TOML as `BurntSushi/toml` 1.6 does, including what it lets pass and the words of its errors.

use std::collections::{BTreeMap, BTreeSet};

use crate::budget::{Budget, LimitError};
use crate::value::Value;

use super::scan::{Failure, Scanned, Scanner, is_blank, is_space, shown};
use super::shown::shown_key;
use super::tree::{Table, table_value};

/// How deep arrays and tables may nest.
pub(super) const MAX_DEPTH: usize = 500;

/// Why there is no document.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum TomlError {
    /// The library's text about what is malformed.
    Malformed(String),
    /// A bound was passed.
    Limit(LimitError),
}

/// The map of a document. The work and the memory that its length does not tell is charged.
///
/// # Errors
/// [`TomlError`].
pub(super) fn parse(source: &[u8], budget: &mut Budget) -> Result<Value, TomlError> {
    let source = [&b"\xff\xfe"[..], b"\xfe\xff", b"\xef\xbb\xbf"]
        .iter()
        .find_map(|mark| source.strip_prefix(*mark))
        .unwrap_or(source);
    if source.iter().take(6).any(|byte| *byte == 0) {
        let message = "files cannot contain NULL bytes; probably using UTF-16; TOML files must be UTF-8";
        return Err(TomlError::Malformed(format!("toml: line 1: {message}")));
    }
    let mut parser = Parser::new(source, budget);
    match parser.document() {
        Ok(()) => Ok(table_value(&parser.root)),
        Err(Failure { limit: Some(limit), .. }) => Err(TomlError::Limit(limit)),
        Err(failure) => Err(TomlError::Malformed(parser.describe(&failure))),
    }
}

/// A key: its parts from the outermost.
pub(super) type Key = Vec<String>;

pub(super) struct Parser<'s, 'b> {
    pub(super) scanner: Scanner<'s>,
    pub(super) root: Table,
    /// The table that keys belong to.
    pub(super) context: Key,
    /// The key whose value is read.
    pub(super) current: String,
    /// The line of the key that was read last.
    pub(super) key_line: i64,
    /// Tables that exist only because a key named something inside.
    pub(super) implicit: BTreeSet<String>,
    /// Whether what was last given a type under a key is an array.
    pub(super) arrays: BTreeMap<String, bool>,
    depth: usize,
    budget: &'b mut Budget,
}

impl<'s, 'b> Parser<'s, 'b> {
    fn new(source: &'s [u8], budget: &'b mut Budget) -> Self {
        Parser {
            scanner: Scanner::new(source),
            root: Table::default(),
            context: Key::new(),
            current: String::new(),
            key_line: 1,
            implicit: BTreeSet::new(),
            arrays: BTreeMap::new(),
            depth: 0,
            budget,
        }
    }

    fn describe(&self, failure: &Failure) -> String {
        let context = shown_key(&self.context);
        let last = match (self.current.is_empty(), self.context.is_empty()) {
            (true, _) => context,
            (false, true) => self.current.clone(),
            (false, false) => format!("{context}.{}", self.current),
        };
        let place = if last.is_empty() {
            String::new()
        } else {
            format!(" (last key {})", crate::format::quote::quoted(last.as_bytes()))
        };
        format!("toml: line {}{place}: {}", failure.line, failure.message)
    }

    fn document(&mut self) -> Scanned<()> {
        loop {
            self.scanner.skip(is_space)?;
            match self.scanner.peek()? {
                None => return Ok(()),
                Some('#') => self.comment()?,
                Some('[') => {
                    self.header()?;
                    self.end_of_line()?;
                }
                Some(_) => {
                    let outer = self.context.clone();
                    self.assignment()?;
                    self.context = outer;
                    self.current.clear();
                    self.end_of_line()?;
                }
            }
        }
    }

    pub(super) fn comment(&mut self) -> Scanned<()> {
        self.scanner.skip(|next| !matches!(next, '\n' | '\r'))
    }

    fn end_of_line(&mut self) -> Scanned<()> {
        self.scanner.skip(is_blank)?;
        match self.scanner.peek()? {
            None | Some('#' | '\n' | '\r') => Ok(()),
            found => {
                self.scanner.next()?;
                let wanted = "expected a top-level item to end with a newline, comment, or EOF";
                Err(self.scanner.failure_at(found, format!("{wanted}, but got {} instead", shown(found))))
            }
        }
    }

    pub(super) fn too_deep(&self) -> Failure {
        self.exceeded(LimitError::ValueDepth(MAX_DEPTH))
    }

    fn exceeded(&self, limit: LimitError) -> Failure {
        Failure { limit: Some(limit), ..self.scanner.failure(limit.to_string()) }
    }

    /// Charges for looking at each part of a key.
    pub(super) fn charge_parts(&mut self, parts: usize) -> Scanned<()> {
        self.budget.charge_steps(parts as u64).map_err(|limit| self.exceeded(limit))
    }

    /// Charges for a key that is kept as a text.
    pub(super) fn charge_kept(&mut self, key: &str) -> Scanned<()> {
        self.budget.charge_bytes(key.len()).map_err(|limit| self.exceeded(limit))
    }

    /// Goes one level down for as long as `read` takes.
    pub(super) fn nested<T>(&mut self, read: impl FnOnce(&mut Self) -> Scanned<T>) -> Scanned<T> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(self.too_deep());
        }
        let result = read(self);
        self.depth -= 1;
        result
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(source: &str) -> String {
        match parse(source.as_bytes(), &mut Budget::default()) {
            Ok(value) => value.to_json().unwrap().to_string(),
            Err(TomlError::Malformed(text)) => text,
            Err(TomlError::Limit(limit)) => panic!("{limit}"),
        }
    }

    #[test]
    fn documents_are_read() {
        let cases = [
            (
                "a = 1\nb.c = 'x'\n[t]\nd = [1, {e = true}]\n",
                r#"{"a":1,"b":{"c":"x"},"t":{"d":[1,{"e":true}]}}"#,
            ),
            ("[[l]]\na=1\n[[l]]\n[l.m]\nb=2", r#"{"l":[{"a":1},{"m":{"b":2}}]}"#),
            ("a = \"\"\"\nx\\\n   y\\u00e9\"\"\"\nb = '''\nr\\n'''", r#"{"a":"xyé","b":"r\\n"}"#),
            ("a = {}\n# c\nb = [ # x\n1,\n]\n", r#"{"a":{},"b":[1]}"#),
            ("a = { b.c = 1, b.d = {e = 2}, }", r#"{"a":{"b":{"c":1,"d":{"e":2}}}}"#),
        ];
        for (source, expected) in cases {
            assert_eq!(shown(source), expected, "{source}");
        }
    }

    #[test]
    fn errors_name_line_and_key() {
        let cases = [
            ("a = 1\na = 2", "toml: line 2 (last key \"a\"): Key 'a' has already been defined."),
            ("[a]\nb = x", "toml: line 2 (last key \"a.b\"): expected value but found \"x\" instead"),
            ("a", "toml: line 1: unexpected EOF; expected key separator '='"),
            ("a = ", "toml: line 1 (last key \"a\"): unexpected EOF; expected value"),
            ("= 1", "toml: line 1: unexpected '=': key name appears blank"),
            (
                "a = [1 2]",
                "toml: line 1 (last key \"a\"): expected a comma (',') or array terminator (']'), but got '2'",
            ),
            (
                "a = 1 b = 2",
                "toml: line 1: expected a top-level item to end with a newline, comment, or EOF, but got 'b' instead",
            ),
            ("a = \"x\ny\"", "toml: line 1 (last key \"a\"): strings cannot contain newlines"),
            ("[a\n]", "toml: line 2: expected '.' or ']' to end table name, but got '\\n' instead"),
        ];
        for (source, expected) in cases {
            assert_eq!(shown(source), expected, "{source}");
        }
    }

    #[test]
    fn deep_documents_are_refused() {
        let depth = || Err(TomlError::Limit(LimitError::ValueDepth(MAX_DEPTH)));
        for source in [
            "a=".to_owned() + &"[".repeat(100_000),
            "a.".repeat(100_000) + "a=1",
            format!("[{}a]", "a.".repeat(100_000)),
            "a=".to_owned() + &"{a=".repeat(100_000),
        ] {
            assert_eq!(parse(source.as_bytes(), &mut Budget::default()).map(drop), depth(), "{:.20}", source);
        }
    }

    #[test]
    fn many_deep_keys_are_charged() {
        let header = format!("[{}a]\n", "a.".repeat(400));
        let lines: String = (0..100_000).map(|line| format!("k{line}=1\n")).collect();
        let parsed = parse(
            (header + &lines).as_bytes(),
            &mut Budget::new(crate::budget::Limits { bytes: 32 << 20, ..crate::budget::Limits::default() }),
        );
        assert_eq!(parsed.map(drop), Err(TomlError::Limit(LimitError::Bytes(32 << 20))));
    }
}
