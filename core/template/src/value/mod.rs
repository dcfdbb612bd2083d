//! The values templates work on, with Go's types kept apart.
//!
//! Maps and lists are shared: cloning a [`Value`] clones a pointer, and `set`, `unset` and `merge` change
//! what every holder sees. A value belongs to one render and one thread, hence [`Rc`].

mod bytes;
mod container;
mod convert;
mod json_text;
mod object;
mod text;
mod types;
mod walk;
mod yaml_text;

use std::rc::Rc;

pub use bytes::Bytes;
pub use container::{Entries, List, ListType, Map, MapType};
pub use convert::{EncodeError, MAX_VALUE_DEPTH, entries_from_json};
pub(crate) use object::is_exported;
pub use object::{Method, MethodError, Object, ParamType, Shape};
pub(crate) use text::COMPARED_PER_STEP;
pub use text::{Text, lossy};
pub use types::{IntType, Kind};

/// A Go value.
// With a tag of one byte, flags and kinds of integers lie beside it, and values are moved in pieces that begin at odd
// addresses, which processors are slow to read again.
#[repr(u64)]
#[derive(Clone, Default)]
pub enum Value {
    /// Go's untyped nil: an absent value, or an empty `interface {}`.
    #[default]
    Nil,
    /// `bool`
    Bool(bool),
    /// Any of Go's integer types. Unsigned 64-bit values are kept as their bit pattern.
    Int(IntType, i64),
    /// `float64`
    Float(f64),
    /// `complex128`, which only an imaginary literal can make.
    Complex(f64, f64),
    /// `string`
    String(Text),
    /// `[]uint8`
    Bytes(Bytes),
    /// A slice.
    List(Rc<List>),
    /// A map with string keys.
    Map(Rc<Map>),
    /// A value with methods, or of a struct type.
    Native(Rc<dyn Object>),
}

impl Value {
    /// A Go `int`.
    pub fn int(number: i64) -> Self {
        Value::Int(IntType::Int, number)
    }

    /// A Go `int64`.
    pub fn int64(number: i64) -> Self {
        Value::Int(IntType::Int64, number)
    }

    /// A `string`.
    pub fn string(text: impl Into<Text>) -> Self {
        Value::String(text.into())
    }

    /// A `[]interface {}`.
    pub fn list(items: Vec<Value>) -> Self {
        Value::List(Rc::new(List::new(ListType::Any, items)))
    }

    /// A `[]string`.
    pub fn strings<T: Into<Text>>(items: impl IntoIterator<Item = T>) -> Self {
        let items = items.into_iter().map(|item| Value::string(item)).collect();
        Value::List(Rc::new(List::new(ListType::String, items)))
    }

    /// A `map[string]interface {}`.
    pub fn map(entries: Entries) -> Self {
        Value::Map(Rc::new(Map::new(MapType::Any, entries)))
    }

    /// A map of the given Go type.
    pub fn typed_map(map_type: MapType, entries: Entries) -> Self {
        Value::Map(Rc::new(Map::new(map_type, entries)))
    }

    /// A value of a native type.
    pub fn native(object: impl Object) -> Self {
        Value::Native(Rc::new(object))
    }

    /// Whether this is the untyped nil.
    pub fn is_nil(&self) -> bool {
        matches!(self, Value::Nil)
    }

    /// Whether this is a slice or a map of which Go has made nothing yet: not the untyped nil, but one that has a type.
    pub fn is_nil_slice_or_map(&self) -> bool {
        match self {
            Value::Bytes(bytes) => bytes.is_nil(),
            Value::List(list) => list.is_nil(),
            Value::Map(map) => map.is_nil(),
            _ => false,
        }
    }

    /// The string, when this is one.
    pub fn as_text(&self) -> Option<&Text> {
        match self {
            Value::String(text) => Some(text),
            _ => None,
        }
    }

    /// The map, when this is one or wraps one.
    pub fn as_map(&self) -> Option<Rc<Map>> {
        match self {
            Value::Map(map) => Some(Rc::clone(map)),
            Value::Native(object) => match object.shape() {
                Shape::Map(map) => Some(map),
                _ => None,
            },
            _ => None,
        }
    }

    /// The list, when this is one or wraps one. Bytes are not a list.
    pub fn as_list(&self) -> Option<Rc<List>> {
        match self {
            Value::List(list) => Some(Rc::clone(list)),
            Value::Native(object) => match object.shape() {
                Shape::List(list) => Some(list),
                _ => None,
            },
            _ => None,
        }
    }

    /// Go template truth: the zero value of a type and empty containers are false.
    pub fn truth(&self) -> bool {
        match self {
            Value::Nil => false,
            Value::Bool(flag) => *flag,
            Value::Int(_, number) => *number != 0,
            Value::Float(number) => *number != 0.0,
            Value::Complex(real, imaginary) => *real != 0.0 || *imaginary != 0.0,
            Value::String(text) => !text.is_empty(),
            Value::Bytes(bytes) => !bytes.is_empty(),
            Value::List(list) => !list.is_empty(),
            Value::Map(map) => !map.is_empty(),
            Value::Native(object) => match object.shape() {
                Shape::Map(map) => !map.is_empty(),
                Shape::List(list) => !list.is_empty(),
                Shape::Struct(_) => true,
            },
        }
    }
}

impl From<bool> for Value {
    fn from(flag: bool) -> Self {
        Value::Bool(flag)
    }
}

impl From<f64> for Value {
    fn from(number: f64) -> Self {
        Value::Float(number)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Value::String(Text::from(text))
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Value::String(Text::from(text))
    }
}
