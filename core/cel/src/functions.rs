//! The functions that an expression may call, with the types of their results.

use crate::types::Type;

/// The first parts of qualified names of functions.
pub(crate) const NAMESPACES: [&str; 4] = ["base64", "sets", "strings", "optional"];

/// The result of a function that is called by its name alone; `None` when there is no such function.
pub(crate) fn global(name: &str) -> Option<Type> {
    Some(match name {
        "size" | "int" => Type::Int,
        "uint" => Type::Uint,
        "double" => Type::Double,
        "bool" | "matches" | "sets.contains" | "sets.equivalent" | "sets.intersects" => Type::Bool,
        "string" | "base64.encode" | "strings.quote" => Type::Text,
        "bytes" | "base64.decode" => Type::Bytes,
        "timestamp" => Type::Timestamp,
        "duration" => Type::Duration,
        "type" => Type::Meta,
        "dyn" => Type::Dyn,
        "optional.of" | "optional.none" | "optional.ofNonZeroValue" => Type::Optional,
        _ => return None,
    })
}

/// The result of a function that is called on a value; `None` when there is no such function.
pub(crate) fn member(name: &str) -> Option<Type> {
    Some(match name {
        "size" | "indexOf" | "lastIndexOf" | "getFullYear" | "getMonth" | "getDate" | "getDayOfMonth"
        | "getDayOfWeek" | "getDayOfYear" | "getHours" | "getMinutes" | "getSeconds" | "getMilliseconds" => {
            Type::Int
        }
        "contains" | "startsWith" | "endsWith" | "matches" | "hasValue" => Type::Bool,
        "charAt" | "format" | "join" | "lowerAscii" | "upperAscii" | "replace" | "reverse" | "substring"
        | "trim" => Type::Text,
        "split" => Type::List,
        "or" | "optMap" | "optFlatMap" => Type::Optional,
        "value" | "orValue" => Type::Dyn,
        _ => return None,
    })
}

/// The names of types, which are values, too.
pub(crate) fn is_type(name: &str) -> bool {
    matches!(
        name,
        "bool"
            | "bytes"
            | "double"
            | "int"
            | "list"
            | "map"
            | "null_type"
            | "string"
            | "type"
            | "uint"
            | "optional_type"
            | "google.protobuf.Duration"
            | "google.protobuf.Timestamp"
    )
}
