//! Small readers and writers that several controllers share.

use serde_json::{Value, json};

use crate::clock::{rfc3339, seconds_of};

/// The node selector of Pods that no node takes.
const NEVER: &str = "acceptance/never";

/// The label that says how a Pod ends.
pub(super) const OUTCOME: &str = "acceptance-outcome";

/// Whether a Pod spec asks for a node that does not exist.
pub(super) fn is_unschedulable(pod_spec: &Value) -> bool {
    pod_spec.get("nodeSelector").and_then(|selector| selector.get(NEVER)).is_some()
}

/// A number in an object; zero when absent.
pub(super) fn number(object: &Value, pointer: &str) -> i64 {
    object.pointer(pointer).and_then(Value::as_i64).unwrap_or_default()
}

/// Text in an object; empty when absent.
pub(super) fn text<'a>(object: &'a Value, pointer: &str) -> &'a str {
    object.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

/// A condition of an object by type.
pub(super) fn condition<'a>(object: &'a Value, kind: &str) -> Option<&'a Value> {
    let list = object.pointer("/status/conditions").and_then(Value::as_array);
    list.into_iter().flatten().find(|condition| condition["type"] == kind)
}

/// A condition that keeps its transition time as long as its status stays; `stamp` names the second time, if any.
pub(super) fn next_condition(object: &Value, stamp: Option<&str>, wall: i64, parts: [&str; 4]) -> Value {
    let [kind, status, reason, message] = parts;
    let old = condition(object, kind);
    let time = rfc3339(wall);
    if let Some(old) = old
        && old["status"] == status
        && old["reason"] == reason
        && old["message"] == message
    {
        return old.clone();
    }
    let since = old.filter(|old| old["status"] == status).map(|old| old["lastTransitionTime"].clone());
    let mut new = json!({"type": kind, "status": status, "reason": reason, "message": message,
        "lastTransitionTime": since.unwrap_or_else(|| json!(time))});
    if let Some(field) = stamp {
        new[field] = json!(time);
    }
    new
}

/// Seconds since the epoch of an RFC 3339 time in UTC; zero when it cannot be read.
pub(super) fn seconds(time: &str) -> i64 {
    seconds_of(time).unwrap_or_default()
}

/// Nanoseconds from `wall` until `after` nanoseconds have passed since a time; zero when that is over.
pub(super) fn remaining(time: &str, after: u64, wall: i64) -> u64 {
    let end =
        seconds(time).saturating_mul(1_000_000_000).saturating_add(i64::try_from(after).unwrap_or(i64::MAX));
    u64::try_from(end.saturating_sub(wall)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_back() {
        for wall in [0, 951_827_696, 1_767_225_600, 4_102_444_799] {
            assert_eq!(seconds(&rfc3339(wall * 1_000_000_000)), wall);
        }
    }
}
