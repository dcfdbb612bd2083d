//! Where values go: tables are made, found and filled under the library's rules about keys that are there already.

use std::rc::Rc;

use super::parse::{Key, Parser};
use super::scan::{Failure, Scanned};
use super::shown::{shown_key, shown_part};
use super::tree::{Node, Table};

impl Parser<'_, '_> {
    /// Makes the table of a key the current one; tables around it are made as needed.
    pub(super) fn open_table(&mut self, key: &Key, in_array: bool) -> Scanned<()> {
        let Some((last, parents)) = key.split_last() else { return Ok(()) };
        self.charge_parts(key.len())?;
        let mut table = Rc::clone(&self.root);
        let mut shown = String::new();
        for part in parents {
            if !shown.is_empty() {
                shown.push('.');
            }
            shown.push_str(&shown_part(part.as_bytes()));
            if !table.borrow().contains_key(part) {
                self.charge_kept(&shown)?;
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
    pub(super) fn set(&mut self, key: &str, node: Node) -> Scanned<()> {
        self.charge_parts(self.context.len())?;
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

    pub(super) fn set_type(&mut self, key: &str, is_array: bool) -> Scanned<()> {
        let mut whole = self.context.clone();
        if !key.is_empty() || whole.is_empty() {
            whole.push(key.to_owned());
        }
        let whole = shown_key(&whole);
        self.charge_kept(&whole)?;
        self.arrays.insert(whole, is_array);
        Ok(())
    }

    /// Puts a value into the table that an inline table gives.
    pub(super) fn insert(&self, table: &Table, key: &Key, node: Node) -> Scanned<()> {
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

    fn key_failure(&self, message: String) -> Failure {
        Failure { message, line: self.key_line, limit: None }
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

/// A key as Go's `%q` shows it: its text in quotes.
fn go_list(key: &Key) -> String {
    crate::format::quote::quoted(shown_key(key).as_bytes())
}
