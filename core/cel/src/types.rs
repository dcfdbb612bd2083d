//! Types of expressions, as far as the check of an expression needs them.

use std::fmt;

/// The type of an expression. Elements of lists and maps are of any type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Type {
    /// Not known before it is evaluated.
    Dyn,
    Bool,
    Int,
    Uint,
    Double,
    Text,
    Bytes,
    Null,
    List,
    Map,
    /// A variable: an object.
    Struct,
    Timestamp,
    Duration,
    Optional,
    /// A type as a value.
    Meta,
}

impl Type {
    /// Whether a value of this type may turn out to be of another one.
    pub(crate) fn may_be(self, other: Self) -> bool {
        self == other || self == Self::Dyn || other == Self::Dyn
    }

    /// The type of a value that is of either type.
    pub(crate) fn or(self, other: Self) -> Self {
        if self == other { self } else { Self::Dyn }
    }

    /// Whether it is a number.
    pub(crate) fn is_number(self) -> bool {
        matches!(self, Self::Int | Self::Uint | Self::Double)
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Dyn => "dyn",
            Self::Bool => "bool",
            Self::Int => "int",
            Self::Uint => "uint",
            Self::Double => "double",
            Self::Text => "string",
            Self::Bytes => "bytes",
            Self::Null => "null",
            Self::List => "list(dyn)",
            Self::Map => "map(dyn, dyn)",
            Self::Struct => "google.protobuf.Struct",
            Self::Timestamp => "google.protobuf.Timestamp",
            Self::Duration => "google.protobuf.Duration",
            Self::Optional => "optional_type(dyn)",
            Self::Meta => "type(dyn)",
        })
    }
}
