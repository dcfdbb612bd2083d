//! Assignments and values with parts: arrays and inline tables.

use std::rc::Rc;

use super::parse::{Key, Parser};
use super::scan::{Scanned, is_blank, is_space};
use super::shown::shown_key;
use super::tree::{Node, Table};

impl Parser<'_, '_> {
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
            let shown = shown_key(&inner);
            self.charge_kept(&shown)?;
            self.implicit.insert(shown);
            self.open_table(&inner, false)?;
        }
        self.scanner.skip(is_blank)?;
        let (node, is_array) = self.value(false)?;
        self.set(&last, node.clone())?;
        self.set_type(&last, is_array)?;
        Ok((key, node))
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

    /// An array; `[` has been read.
    fn array(&mut self) -> Scanned<Node> {
        let current = self.current.clone();
        self.set_type(&current, true)?;
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
    fn inline_table(&mut self, in_array: bool) -> Scanned<Node> {
        let table = Table::default();
        let (outer_context, outer_current) = (self.context.clone(), std::mem::take(&mut self.current));
        self.context.push(outer_current.clone());
        let context = self.context.clone();
        let shown = shown_key(&context);
        self.charge_kept(&shown)?;
        self.implicit.insert(shown);
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
}

/// A character as the library names it.
fn named(found: Option<char>) -> String {
    found.map_or_else(|| "end of file".to_owned(), |found| format!("'{found}'"))
}
