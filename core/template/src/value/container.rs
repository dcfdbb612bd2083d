//! Shared maps and lists.

use std::cell::{Ref, RefCell};
use std::collections::BTreeMap;
use std::rc::{Rc, Weak};

use super::Value;

/// The content of a map, in the order Go's `range` visits it.
pub type Entries = BTreeMap<Rc<str>, Value>;

/// The Go type of a map.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MapType {
    /// `map[string]interface {}`
    Any,
    /// `map[string]string`
    String,
    /// Helm's `common.Values`: a `map[string]interface {}` with methods.
    Values,
    /// Any other map type with string keys.
    Named {
        /// Go's name of the type.
        name: &'static str,
        /// Whether the element type is `interface {}`.
        boxed: bool,
    },
}

/// The Go type of a slice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ListType {
    /// `[]interface {}`
    Any,
    /// `[]string`
    String,
    /// `[]int`
    Int,
    /// Any other slice type, by Go's name of it. Its elements are not `interface {}`.
    Named(&'static str),
}

/// A shared map.
pub struct Map {
    map_type: MapType,
    made_nil: bool,
    entries: Rc<RefCell<Entries>>,
}

impl Map {
    /// A map holding `entries`.
    pub fn new(map_type: MapType, entries: Entries) -> Self {
        Map { map_type, made_nil: false, entries: Rc::new(RefCell::new(entries)) }
    }

    /// Go's nil map: empty, and `null` in JSON.
    pub fn new_nil(map_type: MapType) -> Self {
        Map { map_type, made_nil: true, entries: Rc::default() }
    }

    /// The same map as a value of another type, as Go converts it: what changes in one changes in the other.
    pub(crate) fn converted(&self, map_type: MapType) -> Self {
        Map { map_type, made_nil: self.made_nil, entries: Rc::clone(&self.entries) }
    }

    /// Whether both are the same map, whatever their types.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.entries, &other.entries)
    }

    /// Tells the map from others as long as it lives.
    pub(crate) fn identity(&self) -> *const RefCell<Entries> {
        Rc::as_ptr(&self.entries)
    }

    /// Its entries, not kept alive.
    pub(crate) fn weak(&self) -> Weak<RefCell<Entries>> {
        Rc::downgrade(&self.entries)
    }

    /// Whether this is Go's nil map.
    pub fn is_nil(&self) -> bool {
        self.made_nil && self.is_empty()
    }

    /// The Go type.
    pub fn map_type(&self) -> MapType {
        self.map_type
    }

    /// The value of `key`.
    pub fn get(&self, key: &str) -> Option<Value> {
        self.entries.borrow().get(key).cloned()
    }

    /// Whether `key` is present, even with a nil value.
    pub fn contains_key(&self, key: &str) -> bool {
        self.entries.borrow().contains_key(key)
    }

    /// Sets `key` for every holder of the map.
    pub fn insert(&self, key: Rc<str>, value: Value) {
        // The old value is dropped after the borrow ends.
        let old = self.entries.borrow_mut().insert(key, value);
        drop(old);
    }

    /// Removes `key` for every holder of the map.
    pub fn remove(&self, key: &str) {
        let old = self.entries.borrow_mut().remove(key);
        drop(old);
    }

    /// Number of entries.
    pub fn len(&self) -> usize {
        self.entries.borrow().len()
    }

    /// Whether there are no entries.
    pub fn is_empty(&self) -> bool {
        self.entries.borrow().is_empty()
    }

    /// The entries as they are now, by key; later changes do not show.
    pub fn snapshot(&self) -> Vec<(Rc<str>, Value)> {
        self.entries.borrow().iter().map(|(key, value)| (Rc::clone(key), value.clone())).collect()
    }

    /// Reads the entries in place. The map must not be changed while the borrow lives.
    pub fn entries(&self) -> Ref<'_, Entries> {
        self.entries.borrow()
    }
}

/// A shared list.
pub struct List {
    list_type: ListType,
    is_nil: bool,
    items: RefCell<Vec<Value>>,
}

impl List {
    /// A list holding `items`.
    pub fn new(list_type: ListType, items: Vec<Value>) -> Self {
        List { list_type, is_nil: false, items: RefCell::new(items) }
    }

    /// Go's nil slice: empty, and `null` in JSON.
    pub fn new_nil(list_type: ListType) -> Self {
        List { list_type, is_nil: true, items: RefCell::new(Vec::new()) }
    }

    /// The Go type.
    pub fn list_type(&self) -> ListType {
        self.list_type
    }

    /// Whether this is Go's nil slice.
    pub fn is_nil(&self) -> bool {
        self.is_nil
    }

    /// The item at `index`.
    pub fn get(&self, index: usize) -> Option<Value> {
        self.items.borrow().get(index).cloned()
    }

    /// Number of items.
    pub fn len(&self) -> usize {
        self.items.borrow().len()
    }

    /// Whether there are no items.
    pub fn is_empty(&self) -> bool {
        self.items.borrow().is_empty()
    }

    /// The items as they are now.
    pub fn snapshot(&self) -> Vec<Value> {
        self.items.borrow().clone()
    }

    /// Reads the items in place. The list must not be changed while the borrow lives.
    pub fn items(&self) -> Ref<'_, Vec<Value>> {
        self.items.borrow()
    }

    /// Replaces the items for every holder of the list, as sorting in place does in Go.
    pub fn replace(&self, items: Vec<Value>) {
        let old = self.items.replace(items);
        drop(old);
    }
}

impl Drop for Map {
    fn drop(&mut self) {
        // A map of another type may have the same entries.
        if let Some(entries) = Rc::get_mut(&mut self.entries) {
            drop_flat(std::mem::take(entries.get_mut()).into_values().collect());
        }
    }
}

impl Drop for List {
    fn drop(&mut self) {
        drop_flat(std::mem::take(self.items.get_mut()));
    }
}

/// Drops values without recursion, so that a list nested a million deep cannot exhaust the stack.
fn drop_flat(mut pending: Vec<Value>) {
    while let Some(value) = pending.pop() {
        match value {
            Value::List(list) => {
                if let Some(mut list) = Rc::into_inner(list) {
                    pending.append(list.items.get_mut());
                }
            }
            Value::Map(map) => {
                if let Some(mut map) = Rc::into_inner(map)
                    && let Some(entries) = Rc::get_mut(&mut map.entries)
                {
                    pending.extend(std::mem::take(entries.get_mut()).into_values());
                }
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holders_share_changes() {
        let map = Value::map(Entries::new());
        let other = map.clone();
        if let Value::Map(map) = &map {
            map.insert("a".into(), Value::int(1));
        }
        assert!(other.as_map().unwrap().contains_key("a"));
    }

    #[test]
    fn deep_nesting_drops_without_recursion() {
        let mut value = Value::Nil;
        for _ in 0..300_000 {
            value = Value::list(vec![value]);
        }
        drop(value);
    }
}
