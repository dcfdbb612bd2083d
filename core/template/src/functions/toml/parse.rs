//! Reads TOML as `BurntSushi/toml` 1.6 does, including what it lets pass and the words of its errors.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use crate::value::Value;

use super::encode::shown_key;
use super::scan::{Failure, Scanned, Scanner, is_blank, is_space, shown};
use super::tree::{Node, Table, table_value};

/// How deep arrays and tables may nest.
const MAX_DEPTH: usize = 500;

/// The map of a document.
///
/// # Errors
/// The library's text.
pub(super) fn parse(source: &[u8]) -> Result<Value, String> {
    let source = [&b"\xff\xfe"[..], b"\xfe\xff", b"\xef\xbb\xbf"]
        .iter()
        .find_map(|mark| source.strip_prefix(*mark))
        .unwrap_or(source);
    if source.iter().take(6).any(|byte| *byte == 0) {
        let message = "files cannot contain NULL bytes; probably using UTF-16; TOML files must be UTF-8";
        return Err(format!("toml: line 1: {message}"));
    }
    let mut parser = Parser::new(source);
    match parser.document() {
        Ok(()) => Ok(table_value(&parser.root)),
        Err(failure) => Err(parser.describe(&failure)),
    }
}

/// A key: its parts from the outermost.
type Key = Vec<String>;

pub(super) struct Parser<'s> {
    pub(super) scanner: Scanner<'s>,
    root: Table,
    /// The table that keys belong to.
    context: Key,
    /// The key whose value is read.
    current: String,
    /// The line of the key that was read last.
    key_line: i64,
    /// Tables that exist only because a key named something inside.
    implicit: BTreeSet<String>,
    /// Whether what was last given a type under a key is an array.
    arrays: BTreeMap<String, bool>,
    depth: usize,
}

impl<'s> Parser<'s> {
    fn new(source: &'s [u8]) -> Self {
        Parser {
            scanner: Scanner::new(source),
            root: Table::default(),
            context: Key::new(),
            current: String::new(),
            key_line: 1,
            implicit: BTreeSet::new(),
            arrays: BTreeMap::new(),
            depth: 0,
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

    /// The header of a table, or of one in an array of tables.
    fn header(&mut self) -> Scanned<()> {
        self.scanner.next()?;
        let is_array = self.scanner.accept('[')?;
        let mut key = Key::new();
        loop {
            self.scanner.skip(is_blank)?;
            match self.scanner.peek()? {
                found @ (None | Some(']')) => {
                    let message = "unexpected end of table name (table names cannot be empty)";
                    return Err(self.scanner.failure_at(found, message));
                }
                Some('.') => {
                    let message = "unexpected table separator (table names cannot be empty)";
                    return Err(self.scanner.failure(message));
                }
                Some(_) => self.key_part(&mut key)?,
            }
            self.scanner.skip(is_blank)?;
            match self.scanner.next()? {
                Some('.') => {}
                Some(']') => break,
                found => {
                    let wanted = "expected '.' or ']' to end table name";
                    return Err(self
                        .scanner
                        .failure_at(found, format!("{wanted}, but got {} instead", shown(found))));
                }
            }
        }
        if is_array {
            let found = self.scanner.next()?;
            if found != Some(']') {
                let wanted = "expected end of table array name delimiter ']'";
                return Err(self
                    .scanner
                    .failure_at(found, format!("{wanted}, but got {} instead", shown(found))));
            }
        }
        self.open_table(&key, is_array)?;
        self.set_type("", false);
        Ok(())
    }

    /// One part of a key; the line of the first is that of the key.
    fn key_part(&mut self, key: &mut Key) -> Scanned<()> {
        let part = match self.scanner.peek()? {
            Some(quote @ ('"' | '\'')) => {
                self.scanner.next()?;
                self.short_string(quote)?
            }
            _ => {
                let start = self.scanner.position();
                self.scanner.skip(|next| next.is_ascii_alphanumeric() || matches!(next, '_' | '-'))?;
                self.scanner.text_since(start)
            }
        };
        if key.is_empty() {
            self.key_line = self.scanner.line();
        }
        key.push(part);
        if key.len() + self.context.len() > MAX_DEPTH {
            return Err(self.too_deep());
        }
        Ok(())
    }

    pub(super) fn too_deep(&self) -> Failure {
        self.scanner.failure(format!("nests deeper than {MAX_DEPTH} levels"))
    }

    /// `key = value` into the current table; gives the key and the value. The context is that of the key's
    /// last part afterwards.
    pub(super) fn assignment(&mut self) -> Scanned<(Key, Node)> {
        let key = self.assigned_key()?;
        let (last, parents) =
            key.split_last().map_or((String::new(), &[][..]), |(last, parents)| (last.clone(), parents));
        self.current.clone_from(&last);
        for part in parents {
            let mut inner = self.context.clone();
            inner.push(part.clone());
            self.implicit.insert(shown_key(&inner));
            self.open_table(&inner, false)?;
        }
        self.scanner.skip(is_blank)?;
        let (node, is_array) = self.value(false)?;
        self.set(&last, node.clone())?;
        self.set_type(&last, is_array);
        Ok((key, node))
    }

    /// A key up to its `=`.
    fn assigned_key(&mut self) -> Scanned<Key> {
        self.scanner.skip(is_blank)?;
        match self.scanner.peek()? {
            found @ (None | Some('=')) => {
                return Err(self.scanner.failure_at(found, "unexpected '=': key name appears blank"));
            }
            Some('.') => return Err(self.scanner.failure("unexpected '.': keys cannot start with a '.'")),
            Some(_) => {}
        }
        let mut key = Key::new();
        loop {
            self.scanner.skip(is_blank)?;
            match self.scanner.peek()? {
                found @ (None | Some('=')) => return Err(self.scanner.failure_at(found, "unexpected '='")),
                Some('.') => return Err(self.scanner.failure("unexpected '.'")),
                Some(_) => self.key_part(&mut key)?,
            }
            self.scanner.skip(is_blank)?;
            match self.scanner.next()? {
                Some('.') => {}
                Some('=') => return Ok(key),
                None => {
                    return Err(self.scanner.failure_at(None, "unexpected EOF; expected key separator '='"));
                }
                found => {
                    let message = format!("expected '.' or '=', but got {} instead", shown(found));
                    return Err(match found {
                        Some('\n') => self.scanner.failure_before(message),
                        _ => self.scanner.failure(message),
                    });
                }
            }
        }
    }

    /// An array; `[` has been read.
    pub(super) fn array(&mut self) -> Scanned<Node> {
        let current = self.current.clone();
        self.set_type(&current, true);
        let mut items = Vec::new();
        loop {
            self.scanner.skip(is_space)?;
            match self.scanner.peek()? {
                Some('#') => {
                    self.comment()?;
                    continue;
                }
                Some(',') => {
                    self.scanner.next()?;
                    return Err(self.scanner.failure("unexpected comma"));
                }
                Some(']') => break,
                _ => items.push(self.value(true)?.0),
            }
            while self.scanner.peek()?.is_some_and(|next| is_space(next) || next == '#') {
                self.scanner.skip(is_space)?;
                if self.scanner.peek()? == Some('#') {
                    self.comment()?;
                }
            }
            match self.scanner.next()? {
                Some(',') => {}
                Some(']') => return Ok(Node::Array(Rc::new(items))),
                found => {
                    let wanted = "expected a comma (',') or array terminator (']')";
                    return Err(self
                        .scanner
                        .failure_at(found, format!("{wanted}, but got {}", named(found))));
                }
            }
        }
        self.scanner.next()?;
        Ok(Node::Array(Rc::new(items)))
    }

    /// A table in braces; `{` has been read.
    pub(super) fn inline_table(&mut self, in_array: bool) -> Scanned<Node> {
        let table = Table::default();
        let (outer_context, outer_current) = (self.context.clone(), std::mem::take(&mut self.current));
        self.context.push(outer_current.clone());
        let context = self.context.clone();
        self.implicit.insert(shown_key(&context));
        self.open_table(&context, in_array)?;
        let mut after_pair = false;
        while self.next_pair(after_pair)? {
            after_pair = true;
            let (key, node) = self.assignment()?;
            self.insert(&table, &key, node)?;
            self.context.clone_from(&context);
        }
        self.context = outer_context;
        self.current = outer_current;
        Ok(Node::Table(table))
    }

    /// Moves to the next pair of an inline table, or behind its end.
    fn next_pair(&mut self, mut after_pair: bool) -> Scanned<bool> {
        loop {
            self.scanner.skip(is_space)?;
            match self.scanner.peek()? {
                Some('#') => self.comment()?,
                Some('}') => {
                    self.scanner.next()?;
                    return Ok(false);
                }
                Some(',') if after_pair => {
                    self.scanner.next()?;
                    self.scanner.skip(is_blank)?;
                    after_pair = self.scanner.peek()? == Some('}');
                }
                Some(',') => {
                    self.scanner.next()?;
                    return Err(self.scanner.failure("unexpected comma"));
                }
                found if after_pair => {
                    self.scanner.next()?;
                    let wanted = "expected a comma or an inline table terminator '}'";
                    let message = format!("{wanted}, but got {} instead", named(found));
                    return Err(self.scanner.failure_at(found, message));
                }
                _ => return Ok(true),
            }
        }
    }

    /// Puts a value into the table that an inline table gives.
    fn insert(&self, table: &Table, key: &Key, node: Node) -> Scanned<()> {
        let mut table = Rc::clone(table);
        for (index, part) in key.iter().enumerate() {
            if index + 1 == key.len() {
                table.borrow_mut().insert(part.clone(), node);
                break;
            }
            let next = table.borrow_mut().entry(part.clone()).or_insert_with(Node::table).clone();
            let Node::Table(next) = next else {
                let shown = go_list(&self.context);
                return Err(self.key_failure(format!("{shown} is not a table")));
            };
            table = next;
        }
        Ok(())
    }

    /// Makes the table of a key the current one; tables around it are made as needed.
    fn open_table(&mut self, key: &Key, in_array: bool) -> Scanned<()> {
        let Some((last, parents)) = key.split_last() else { return Ok(()) };
        let mut table = Rc::clone(&self.root);
        for (index, part) in parents.iter().enumerate() {
            let shown = shown_key(&key[..=index]);
            if !table.borrow().contains_key(part) {
                self.implicit.insert(shown.clone());
                table.borrow_mut().insert(part.clone(), Node::table());
            }
            let inner = inner_table(&table, part);
            table = inner
                .ok_or_else(|| self.key_failure(format!("Key '{shown}' was already created as a hash.")))?;
        }
        self.context = parents.to_vec();
        if in_array {
            let mut table = table.borrow_mut();
            match table.entry(last.clone()).or_insert_with(|| Node::Tables(Rc::default())) {
                Node::Tables(tables) => tables.borrow_mut().push(Table::default()),
                _ => {
                    let shown = shown_key(key);
                    let message =
                        format!("Key '{shown}' was already created and cannot be used as an array.");
                    return Err(self.key_failure(message));
                }
            }
        } else {
            self.set(last, Node::table())?;
        }
        self.context.push(last.clone());
        Ok(())
    }

    /// Sets a key of the current table.
    fn set(&mut self, key: &str, node: Node) -> Scanned<()> {
        let mut table = Rc::clone(&self.root);
        let defined = |shown: String| format!("Key '{shown}' has already been defined.");
        for (index, part) in self.context.iter().enumerate() {
            let inner = inner_table(&table, part);
            table = inner.ok_or_else(|| self.key_failure(defined(shown_key(&self.context[..=index]))))?;
        }
        let mut whole = self.context.clone();
        whole.push(key.to_owned());
        let whole = shown_key(&whole);
        if !table.borrow().contains_key(key) {
            table.borrow_mut().insert(key.to_owned(), node);
            return Ok(());
        }
        if !self.implicit.remove(&whole) {
            return Err(self.key_failure(defined(whole)));
        }
        if self.arrays.get(&whole) == Some(&true) {
            table.borrow_mut().insert(key.to_owned(), node);
        }
        Ok(())
    }

    fn set_type(&mut self, key: &str, is_array: bool) {
        let mut whole = self.context.clone();
        if !key.is_empty() || whole.is_empty() {
            whole.push(key.to_owned());
        }
        self.arrays.insert(shown_key(&whole), is_array);
    }

    fn key_failure(&self, message: String) -> Failure {
        Failure { message, line: self.key_line }
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

    /// A value, and whether it is an array.
    fn value(&mut self, in_array: bool) -> Scanned<(Node, bool)> {
        match self.scanner.peek()? {
            Some('[') => {
                self.scanner.next()?;
                Ok((self.nested(Self::array)?, true))
            }
            Some('{') => {
                self.scanner.next()?;
                Ok((self.nested(|parser| parser.inline_table(in_array))?, false))
            }
            _ => Ok((Node::Scalar(self.scalar()?), false)),
        }
    }
}

/// The table under the key; of an array of tables the last.
fn inner_table(table: &Table, key: &str) -> Option<Table> {
    match table.borrow().get(key)? {
        Node::Table(table) => Some(Rc::clone(table)),
        Node::Tables(tables) => tables.borrow().last().map(Rc::clone),
        _ => None,
    }
}

/// A character as the library names it.
fn named(found: Option<char>) -> String {
    found.map_or_else(|| "end of file".to_owned(), |found| format!("'{found}'"))
}

/// A key as Go's `%q` shows it: its text in quotes.
fn go_list(key: &Key) -> String {
    crate::format::quote::quoted(shown_key(key).as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(source: &str) -> String {
        let value = parse(source.as_bytes());
        value.map_or_else(|error| error, |value| value.to_json().unwrap().to_string())
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
        for source in [
            "a=".to_owned() + &"[".repeat(100_000),
            "a.".repeat(100_000) + "a=1",
            "a=".to_owned() + &"{a=".repeat(100_000),
        ] {
            assert!(shown(&source).contains("nests deeper"), "{}", shown(&source));
        }
    }
}
