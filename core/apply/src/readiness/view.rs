//! Reading fields of live objects. What has another type than expected counts as absent.

use serde_json::Value;

/// One condition of `status.conditions`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Condition<'a> {
    pub(super) kind: &'a str,
    pub(super) status: &'a str,
    pub(super) reason: &'a str,
    pub(super) message: &'a str,
}

/// The conditions of an object.
pub(super) fn conditions(object: &Value) -> impl Iterator<Item = Condition<'_>> {
    let list = object.pointer("/status/conditions").and_then(Value::as_array);
    list.into_iter().flatten().map(|condition| {
        let field = |name: &str| condition.get(name).and_then(Value::as_str).unwrap_or_default();
        Condition {
            kind: field("type"),
            status: field("status"),
            reason: field("reason"),
            message: field("message"),
        }
    })
}

/// Whether a condition is true.
pub(super) fn is_true(object: &Value, kind: &str) -> bool {
    conditions(object).any(|condition| condition.kind == kind && condition.status == "True")
}

/// A number, or the default.
pub(super) fn int(object: &Value, pointer: &str, default: i64) -> i64 {
    int_at(object, pointer).unwrap_or(default)
}

/// A number.
pub(super) fn int_at(object: &Value, pointer: &str) -> Option<i64> {
    object.pointer(pointer).and_then(Value::as_i64)
}

/// A text; empty when absent.
pub(super) fn text<'a>(object: &'a Value, pointer: &str) -> &'a str {
    object.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

/// A flag; false when absent.
pub(super) fn flag(object: &Value, pointer: &str) -> bool {
    object.pointer(pointer).and_then(Value::as_bool).unwrap_or_default()
}
