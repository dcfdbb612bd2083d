//! The document while it is read: tables can be looked up and filled from several places.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use crate::value::{Entries, List, ListType, Value};

/// A table, shared by all that refer to it.
pub(super) type Table = Rc<RefCell<BTreeMap<String, Node>>>;

/// Anything in a document.
#[derive(Clone)]
pub(super) enum Node {
    /// A value without parts.
    Scalar(Value),
    /// An array that was written as a value.
    Array(Rc<Vec<Node>>),
    /// A table.
    Table(Table),
    /// An array of tables that have headers.
    Tables(Rc<RefCell<Vec<Table>>>),
}

impl Node {
    /// An empty table.
    pub(super) fn table() -> Node {
        Node::Table(Table::default())
    }

    /// The value that templates see.
    pub(super) fn value(&self) -> Value {
        match self {
            Node::Scalar(value) => value.clone(),
            Node::Array(items) => Value::list(items.iter().map(Node::value).collect()),
            Node::Table(table) => table_value(table),
            Node::Tables(tables) => {
                let items = tables.borrow().iter().map(table_value).collect();
                Value::List(Rc::new(List::new(ListType::Named("[]map[string]interface {}"), items)))
            }
        }
    }
}

/// The map that templates see.
pub(super) fn table_value(table: &Table) -> Value {
    let entries: Entries =
        table.borrow().iter().map(|(key, node)| (Rc::from(key.as_str()), node.value())).collect();
    Value::map(entries)
}
