//! Go's names for types and kinds, as `%T`, `typeOf` and `kindOf` print them.

use super::{Bytes, ListType, Map, MapType, Shape, Value};

/// One of Go's integer types.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IntType {
    /// `int`, what literals and `len` give.
    Int,
    /// `int8`
    Int8,
    /// `int16`
    Int16,
    /// `int32`
    Int32,
    /// `int64`, what sprig's arithmetic and `--set` give.
    Int64,
    /// `uint`
    Uint,
    /// `uint8`, an element of a string or of bytes.
    Uint8,
    /// `uint16`
    Uint16,
    /// `uint32`
    Uint32,
    /// `uint64`, kept as its bit pattern.
    Uint64,
    /// `time.Month`, an `int`.
    Month,
    /// `time.Weekday`, an `int`.
    Weekday,
    /// `time.Duration`, an `int64` of nanoseconds.
    Duration,
}

impl IntType {
    /// Go's name of the type.
    pub fn name(self) -> &'static str {
        match self {
            IntType::Int => "int",
            IntType::Int8 => "int8",
            IntType::Int16 => "int16",
            IntType::Int32 => "int32",
            IntType::Int64 => "int64",
            IntType::Uint => "uint",
            IntType::Uint8 => "uint8",
            IntType::Uint16 => "uint16",
            IntType::Uint32 => "uint32",
            IntType::Uint64 => "uint64",
            IntType::Month => "time.Month",
            IntType::Weekday => "time.Weekday",
            IntType::Duration => "time.Duration",
        }
    }

    /// The type that its kind is named after.
    fn underlying(self) -> Self {
        match self {
            IntType::Month | IntType::Weekday => IntType::Int,
            IntType::Duration => IntType::Int64,
            plain => plain,
        }
    }

    /// Whether values of the type are never negative.
    pub fn is_unsigned(self) -> bool {
        matches!(self, IntType::Uint | IntType::Uint8 | IntType::Uint16 | IntType::Uint32 | IntType::Uint64)
    }
}

/// Go's `reflect.Kind`, as far as template values have it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// No value at all.
    Invalid,
    /// `bool`
    Bool,
    /// An integer type.
    Int(IntType),
    /// `float64`
    Float64,
    /// `complex128`
    Complex128,
    /// `string`
    String,
    /// A slice type.
    Slice,
    /// A map type.
    Map,
    /// A struct.
    Struct,
    /// A pointer to a struct.
    Ptr,
}

impl Kind {
    /// Go's name of the kind.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Invalid => "invalid",
            Kind::Bool => "bool",
            Kind::Int(int_type) => int_type.underlying().name(),
            Kind::Float64 => "float64",
            Kind::Complex128 => "complex128",
            Kind::String => "string",
            Kind::Slice => "slice",
            Kind::Map => "map",
            Kind::Struct => "struct",
            Kind::Ptr => "ptr",
        }
    }
}

impl Value {
    /// The value's kind.
    pub fn kind(&self) -> Kind {
        match self {
            Value::Nil => Kind::Invalid,
            Value::Bool(_) => Kind::Bool,
            Value::Int(int_type, _) => Kind::Int(*int_type),
            Value::Float(_) => Kind::Float64,
            Value::Complex(..) => Kind::Complex128,
            Value::String(_) => Kind::String,
            Value::Bytes(_) | Value::List(_) => Kind::Slice,
            Value::Map(_) => Kind::Map,
            Value::Native(object) => match object.shape() {
                Shape::Map(_) => Kind::Map,
                Shape::List(_) => Kind::Slice,
                Shape::Struct(_) if object.type_name().starts_with('*') => Kind::Ptr,
                Shape::Struct(_) => Kind::Struct,
            },
        }
    }

    /// Go's name of the value's type (`%T`); `<nil>` for nil.
    pub fn type_name(&self) -> &str {
        match self {
            Value::Nil => "<nil>",
            Value::Bytes(_) => "[]uint8",
            Value::Int(int_type, _) => int_type.name(),
            Value::List(list) => list.list_type().name(),
            Value::Map(map) => map.map_type().name(),
            Value::Native(object) => object.type_name(),
            other => other.kind().name(),
        }
    }
}

impl MapType {
    /// Go's name of the type.
    pub fn name(self) -> &'static str {
        match self {
            MapType::Any => "map[string]interface {}",
            MapType::String => "map[string]string",
            MapType::Values => "common.Values",
            MapType::Named { name, .. } => name,
        }
    }

    /// Go's name of the type of its elements.
    pub(crate) fn element_name(self) -> &'static str {
        match self {
            MapType::String => "string",
            MapType::Named { boxed: false, .. } => "[]uint8",
            _ => "interface {}",
        }
    }

    /// Whether the element type is `interface {}`.
    pub fn has_boxed_elements(self) -> bool {
        match self {
            MapType::Any | MapType::Values => true,
            MapType::String => false,
            MapType::Named { boxed, .. } => boxed,
        }
    }

    /// What a missing key reads as under `missingkey=zero`.
    pub fn zero(self) -> Value {
        match self {
            MapType::String => Value::from(""),
            MapType::Named { boxed: false, .. } => Value::Bytes(Bytes::NIL),
            _ => Value::Nil,
        }
    }
}

impl ListType {
    /// Go's name of the type.
    pub fn name(self) -> &'static str {
        match self {
            ListType::Any => "[]interface {}",
            ListType::String => "[]string",
            ListType::Int => "[]int",
            ListType::Named(name) => name,
        }
    }

    /// Whether the element type is `interface {}`.
    pub fn has_boxed_elements(self) -> bool {
        matches!(self, ListType::Any)
    }
}

impl Map {
    /// Whether Go could pass the map where `map[string]interface {}` is wanted.
    pub fn is_assignable_to_any_map(&self) -> bool {
        matches!(self.map_type(), MapType::Any | MapType::Values)
    }
}
