//! How the fields of a kind merge: the structural schema that apply, field tracking and patches need.
//!
//! Built-in kinds come from the table in `builtin.txt`, custom kinds from the schema in their CustomResourceDefinition.

mod builtin;
mod crd;
mod normalise;

pub use builtin::{BuiltinKind, builtin_kinds, builtin_schema};
pub use crd::structural_schema;
pub use normalise::{drop_unknown, normalise};

use std::collections::BTreeMap;

use serde_json::Value;

/// Index of a type within its [`Schema`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct TypeId(pub(crate) u32);

/// Types that refer to each other.
#[derive(Debug, Default)]
pub struct Schema {
    pub(crate) types: Vec<Type>,
}

/// A kind's root type.
#[derive(Debug, Clone, Copy)]
pub struct Typed<'a> {
    /// The types.
    pub schema: &'a Schema,
    /// The type in question.
    pub id: TypeId,
}

/// How one value merges.
#[derive(Debug, Clone, PartialEq)]
pub enum Type {
    /// Nothing is known: maps merge by key, lists are atomic.
    Any,
    /// A leaf. The first letter says what it may be: `s`tring, `t`ime, b`y`tes, `i`nteger, `n`umber, `b`oolean, `q`uantity.
    Scalar(char),
    /// An object with known fields.
    Struct(Struct),
    /// An object with free keys.
    Map {
        /// Type of the values.
        element: TypeId,
        /// Owned and replaced as a whole.
        atomic: bool,
    },
    /// An array.
    List {
        /// Type of the items.
        element: TypeId,
        /// How items are told apart under apply.
        kind: ListKind,
        /// How a strategic merge patch treats the list.
        strategic: Strategic,
    },
}

/// An object with known fields.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Struct {
    /// Known fields.
    pub fields: BTreeMap<String, Field>,
    /// Owned and replaced as a whole.
    pub atomic: bool,
    /// Fields beyond the known ones are kept (custom kinds only).
    pub open: bool,
}

/// One known field.
#[derive(Debug, Clone, PartialEq)]
pub struct Field {
    /// Type of the value.
    pub id: TypeId,
    /// Default of the published schema; counts when list items are told apart.
    pub default: Option<Value>,
    /// Present in every serialised object, even an empty one.
    pub zero: bool,
    /// The field number in Protobuf; the numbers of the messages around it come first where JSON has no level for those.
    pub wire: Vec<u32>,
    /// Whether a scalar can be absent, so that an empty one says something.
    pub optional: bool,
    /// A strategic merge patch clears the keys it does not name when it says so with `$retainKeys`.
    pub retain_keys: bool,
}

/// `x-kubernetes-list-type`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ListKind {
    /// Owned and replaced as a whole.
    Atomic,
    /// Scalars, each once.
    Set,
    /// Objects told apart by these fields.
    Map(Vec<String>),
}

/// `x-kubernetes-patch-strategy` and `x-kubernetes-patch-merge-key`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Strategic {
    /// The list of the patch replaces the live one.
    Replace,
    /// Scalars are added.
    Merge,
    /// Objects merge by this field.
    MergeKey(String),
}

const ANY: Type = Type::Any;

impl<'a> Typed<'a> {
    /// The type itself.
    #[must_use]
    pub fn get(self) -> &'a Type {
        self.schema.types.get(self.id.0 as usize).unwrap_or(&ANY)
    }

    /// The same schema at another type.
    #[must_use]
    pub fn at(self, id: TypeId) -> Self {
        Self { schema: self.schema, id }
    }

    /// The type of the value under `key` of an object, and whether `key` is a known field of a struct.
    #[must_use]
    pub fn member(self, key: &str) -> (Typed<'a>, bool) {
        match self.get() {
            Type::Struct(known) => known
                .fields
                .get(key)
                .map_or((self.at(Schema::UNTYPED), false), |field| (self.at(field.id), true)),
            Type::Map { element, .. } => (self.at(*element), false),
            Type::Any | Type::Scalar(_) | Type::List { .. } => (self.at(Schema::UNTYPED), false),
        }
    }

    /// The type of the items of a list.
    #[must_use]
    pub fn item(self) -> Typed<'a> {
        match self.get() {
            Type::List { element, .. } => self.at(*element),
            _ => self.at(Schema::UNTYPED),
        }
    }

    /// Whether values of the type are owned and replaced as a whole.
    #[must_use]
    pub fn is_atomic(self) -> bool {
        match self.get() {
            Type::Struct(known) => known.atomic,
            Type::Map { atomic, .. } => *atomic,
            Type::List { kind, .. } => *kind == ListKind::Atomic,
            Type::Any | Type::Scalar(_) => false,
        }
    }

    /// How items are told apart; atomic for everything that is not a list.
    #[must_use]
    pub fn list_kind(self) -> &'a ListKind {
        match self.get() {
            Type::List { kind, .. } => kind,
            _ => &ListKind::Atomic,
        }
    }
}

impl Schema {
    /// The type of which nothing is known; the first of every schema.
    pub const UNTYPED: TypeId = TypeId(0);

    /// A schema with nothing but the unknown type.
    #[must_use]
    pub fn new() -> Self {
        Self { types: vec![Type::Any] }
    }

    /// Adds a type.
    pub fn add(&mut self, new: Type) -> TypeId {
        let id = TypeId(u32::try_from(self.types.len()).unwrap_or(0));
        self.types.push(new);
        id
    }
}
