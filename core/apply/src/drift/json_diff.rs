//! The operations of RFC 6902 that make one JSON value of another: the same ones, in the same order, as the Go module
//! `wI2L/jsondiff` v0.7.1 gives with its option to rationalize, because their numbers stand in events.

use pilothouse_encoding::go_json;
use serde_json::{Map, Value, json};

/// One operation.
#[derive(Debug, Clone, PartialEq)]
pub struct Operation {
    /// What it does.
    pub kind: OperationKind,
    /// Where: a JSON pointer.
    pub path: String,
    /// The new value; null for a removal.
    pub value: Value,
}

/// The kinds of operation that are used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OperationKind {
    /// A value is added.
    Add,
    /// A value is replaced.
    Replace,
    /// A value is removed.
    Remove,
}

impl Operation {
    /// The operation as part of a patch.
    #[must_use]
    pub fn to_json(&self) -> Value {
        match self.kind {
            OperationKind::Remove => json!({"op": self.kind.name(), "path": self.path}),
            OperationKind::Add | OperationKind::Replace => {
                json!({"op": self.kind.name(), "path": self.path, "value": self.value})
            }
        }
    }

    /// What it takes as JSON. The original does not count the value that is added.
    fn cost(&self) -> usize {
        let value = match self.kind {
            OperationKind::Remove => 0,
            OperationKind::Add => VALUE_COST,
            OperationKind::Replace => VALUE_COST + go_json::to_string(&self.value).len(),
        };
        OPERATION_COST + self.kind.name().len() + self.path.len() + value
    }
}

impl OperationKind {
    fn name(self) -> &'static str {
        match self {
            Self::Add => "add",
            Self::Replace => "replace",
            Self::Remove => "remove",
        }
    }
}

/// The length of `{"op":"","path":""}`.
const OPERATION_COST: usize = 19;
/// The length of `,"value":`.
const VALUE_COST: usize = 9;

/// The operations that make `to` of `from`, which lies at a path.
pub(super) fn diff(path: &str, from: &Value, to: &Value) -> Vec<Operation> {
    let mut operations = Vec::new();
    differ(path, from, to, &mut operations);
    operations
}

fn differ(path: &str, from: &Value, to: &Value, operations: &mut Vec<Operation>) {
    let before = operations.len();
    match (from, to) {
        _ if equal(from, to) => return,
        (Value::Object(from), Value::Object(to)) => differ_objects(path, from, to, operations),
        (Value::Array(from), Value::Array(to)) => differ_arrays(path, from, to, operations),
        _ => {
            operations.push(operation(OperationKind::Replace, path.to_owned(), to));
            return;
        }
    }
    rationalize(path, to, before, operations);
}

fn differ_objects(
    path: &str,
    from: &Map<String, Value>,
    to: &Map<String, Value>,
    operations: &mut Vec<Operation>,
) {
    let mut keys: Vec<&String> = from.keys().chain(to.keys()).collect();
    keys.sort_unstable();
    keys.dedup();
    for key in keys {
        let member = format!("{path}/{}", key.replace('~', "~0").replace('/', "~1"));
        match (from.get(key), to.get(key)) {
            (Some(from), Some(to)) => differ(&member, from, to, operations),
            (Some(_), None) => operations.push(operation(OperationKind::Remove, member, &Value::Null)),
            (None, Some(to)) => operations.push(operation(OperationKind::Add, member, to)),
            (None, None) => {}
        }
    }
}

fn differ_arrays(path: &str, from: &[Value], to: &[Value], operations: &mut Vec<Operation>) {
    for _ in to.len()..from.len() {
        // Each removal makes the next element take this place.
        operations.push(operation(OperationKind::Remove, format!("{path}/{}", to.len()), &Value::Null));
    }
    for (index, (from, to)) in from.iter().zip(to).enumerate() {
        differ(&format!("{path}/{index}"), from, to, operations);
    }
    for added in to.iter().skip(from.len()) {
        operations.push(operation(OperationKind::Add, format!("{path}/-"), added));
    }
}

/// One replacement instead of several operations, where it is shorter.
fn rationalize(path: &str, to: &Value, before: usize, operations: &mut Vec<Operation>) {
    let several = &operations[before..];
    if several.is_empty() {
        return;
    }
    let cost = several.iter().map(Operation::cost).sum::<usize>() + several.len() - 1;
    let replacement = operation(OperationKind::Replace, path.to_owned(), to);
    if cost > replacement.cost() {
        operations.truncate(before);
        operations.push(replacement);
    }
}

fn operation(kind: OperationKind, path: String, value: &Value) -> Operation {
    Operation { kind, path, value: value.clone() }
}

/// Numbers are equal by their value.
fn equal(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => a == b || a.as_f64() == b.as_f64(),
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| equal(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| equal(a, b)))
        }
        _ => a == b,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(from: &Value, to: &Value) -> Vec<String> {
        diff("", from, to).iter().map(|operation| operation.to_json().to_string()).collect()
    }

    #[test]
    fn objects_and_arrays() {
        let cases = [
            (json!({"a": 1, "b": 2}), json!({"a": 1.0, "b": 2}), vec![]),
            (
                json!({"aaaaaaaaaaaaaaaa": 1, "b/c": 2, "d": {"x": [1, 2, 3]}, "longlonglonglonglonglonglonglong": ["x"]}),
                json!({"aaaaaaaaaaaaaaaa": 2, "d": {"x": [1, 2, 3]}, "e": true, "longlonglonglonglonglonglonglong": ["x"]}),
                vec![
                    r#"{"op":"replace","path":"/aaaaaaaaaaaaaaaa","value":2}"#,
                    r#"{"op":"remove","path":"/b~1c"}"#,
                    r#"{"op":"add","path":"/e","value":true}"#,
                ],
            ),
            (json!({"a": [1, 2, 3]}), json!({"a": [1]}), vec![r#"{"op":"replace","path":"/a","value":[1]}"#]),
            (json!({"a": [1]}), json!({"a": [1, 2]}), vec![r#"{"op":"add","path":"/a/-","value":2}"#]),
            (json!({"a": null}), json!({"a": {}}), vec![r#"{"op":"replace","path":"/a","value":{}}"#]),
            (json!({"a": 1, "b": 1, "c": 1}), json!({}), vec![r#"{"op":"replace","path":"","value":{}}"#]),
        ];
        for (from, to, expected) in cases {
            assert_eq!(texts(&from, &to), expected, "{from} -> {to}");
        }
    }
}
