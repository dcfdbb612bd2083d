//! JSON patches (RFC 6902) with the errors of Go package `gopkg.in/evanphx/json-patch.v4`.

use serde_json::{Map, Value};

/// One operation.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Operation {
    kind: Kind,
    path: String,
    from: String,
    value: Value,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Add,
    Remove,
    Replace,
    Move,
    Test,
    Copy,
}

impl Operation {
    /// Reads an operation; nothing if it is none.
    pub(super) fn parse(value: &Value) -> Option<Self> {
        let operation = value.as_object()?;
        let text = |field: &str| operation.get(field).and_then(Value::as_str).map(str::to_owned);
        let kind = match operation.get("op")?.as_str()? {
            "add" => Kind::Add,
            "remove" => Kind::Remove,
            "replace" => Kind::Replace,
            "move" => Kind::Move,
            "test" => Kind::Test,
            "copy" => Kind::Copy,
            _ => return None,
        };
        let value = operation.get("value").cloned().unwrap_or_default();
        Some(Self { kind, path: text("path")?, from: text("from").unwrap_or_default(), value })
    }
}

/// Applies operations in order.
pub(super) fn apply(
    operations: &[Operation],
    object: Map<String, Value>,
) -> Result<Map<String, Value>, String> {
    let mut document = Value::Object(object);
    for operation in operations {
        apply_one(operation, &mut document)?;
    }
    match document {
        Value::Object(object) => Ok(object),
        _ => Err("a JSON patch made something else of an object".to_owned()),
    }
}

fn apply_one(operation: &Operation, document: &mut Value) -> Result<(), String> {
    let Operation { kind, path, from, value } = operation;
    match kind {
        Kind::Add => {
            let place = find(document, path).ok_or_else(|| {
                format!("add operation does not apply: doc is missing path: \"{path}\": missing value")
            })?;
            place.add(value.clone()).map_err(|error| format!("error in add for path: '{path}': {error}"))
        }
        Kind::Remove => {
            let place = find(document, path).ok_or_else(|| {
                format!("remove operation does not apply: doc is missing path: \"{path}\": missing value")
            })?;
            place.remove().map(drop).map_err(|error| format!("error in remove for path: '{path}': {error}"))
        }
        Kind::Replace => replace(document, path, value),
        Kind::Test => test(document, path, value),
        Kind::Move => {
            let missing = "move operation does not apply: doc is missing";
            let place =
                find(document, from).ok_or_else(|| format!("{missing} from path: {from}: missing value"))?;
            let key = place.key.clone();
            let value =
                place.remove().map_err(|error| format!("error in move for path: '{key}': {error}"))?;
            let place = find(document, path)
                .ok_or_else(|| format!("{missing} destination path: {path}: missing value"))?;
            place.add(value).map_err(|error| format!("error in move for path: '{path}': {error}"))
        }
        Kind::Copy => {
            let missing = "copy operation does not apply: doc is missing";
            let place =
                find(document, from).ok_or_else(|| format!("{missing} from path: {from}: missing value"))?;
            let value = place.get().map_err(|error| format!("error in copy for from: '{from}': {error}"))?;
            let value = value.cloned().unwrap_or_default();
            let place = find(document, path)
                .ok_or_else(|| format!("{missing} destination path: {path}: missing value"))?;
            place.add(value).map_err(|error| format!("error while adding value during copy: {error}"))
        }
    }
}

fn replace(document: &mut Value, path: &str, value: &Value) -> Result<(), String> {
    if path.is_empty() {
        *document = value.clone();
        return Ok(());
    }
    let missing = |what: &str| {
        format!("replace operation does not apply: doc is missing {what}: {path}: missing value")
    };
    let place = find(document, path).ok_or_else(|| missing("path"))?;
    place.get().map_err(|_| missing("key"))?;
    match place.container {
        Value::Array(items) => {
            let at = index(&place.key, items.len(), items.len())?;
            if let Some(item) = items.get_mut(at) {
                *item = value.clone();
            }
        }
        container => {
            container.as_object_mut().map(|map| map.insert(place.key, value.clone()));
        }
    }
    Ok(())
}

fn test(document: &mut Value, path: &str, value: &Value) -> Result<(), String> {
    let failed = || format!("testing value {path} failed: test failed");
    let found = if path.is_empty() {
        document.clone()
    } else {
        let place = find(document, path).ok_or_else(|| {
            format!("test operation does not apply: is missing path: {path}: missing value")
        })?;
        let found = place.get().map_err(|error| format!("error in test for path: '{path}': {error}"))?;
        found.cloned().unwrap_or_default()
    };
    if found == *value { Ok(()) } else { Err(failed()) }
}

/// A place in a document: a map or list, and a key in it.
struct Place<'a> {
    container: &'a mut Value,
    key: String,
}

/// The place of a path, if there is a map or list for it.
fn find<'a>(document: &'a mut Value, path: &str) -> Option<Place<'a>> {
    let (parents, key) = path.strip_prefix('/').map(|path| path.rsplit_once('/').unwrap_or(("", path)))?;
    let is_deep = path[1..].contains('/');
    let mut container = document;
    for part in parents.split('/').filter(|_| is_deep) {
        let part = unescaped(part);
        container = match container {
            Value::Object(map) => map.get_mut(&part)?,
            Value::Array(items) => {
                let at = index(&part, items.len(), items.len()).ok()?;
                items.get_mut(at)?
            }
            _ => return None,
        };
    }
    (container.is_object() || container.is_array()).then(|| Place { container, key: unescaped(key) })
}

impl Place<'_> {
    /// What is there. A missing key of a map is nothing, a missing item of a list is an error.
    fn get(&self) -> Result<Option<&Value>, String> {
        match &*self.container {
            Value::Array(items) => Ok(items.get(index(&self.key, items.len(), items.len())?)),
            container => Ok(container.get(&self.key)),
        }
    }

    fn add(self, value: Value) -> Result<(), String> {
        match self.container {
            Value::Array(items) if self.key == "-" => items.push(value),
            Value::Array(items) => {
                let at = index(&self.key, items.len() + 1, items.len() + 1).map_err(|error| {
                    let is_number = self.key.parse::<i64>().is_ok();
                    let key = &self.key;
                    if is_number {
                        error
                    } else {
                        format!("value was not a proper array index: '{key}': {error}")
                    }
                })?;
                items.insert(at, value);
            }
            container => {
                container.as_object_mut().map(|map| map.insert(self.key, value));
            }
        }
        Ok(())
    }

    fn remove(self) -> Result<Value, String> {
        let key = self.key;
        match self.container {
            Value::Array(items) => Ok(items.remove(index(&key, items.len(), items.len())?)),
            container => {
                let removed = container.as_object_mut().and_then(|map| map.remove(&key));
                removed.ok_or_else(|| format!("Unable to remove nonexistent key: {key}: missing value"))
            }
        }
    }
}

/// An index below `end`; negative ones count from `length`.
fn index(text: &str, length: usize, end: usize) -> Result<usize, String> {
    let number: i64 = text.parse().map_err(|_| format!("strconv.Atoi: parsing {text:?}: invalid syntax"))?;
    let at = if number < 0 { i64::try_from(length).unwrap_or(i64::MAX) + number } else { number };
    let at = usize::try_from(at).ok().filter(|at| *at < end);
    at.ok_or_else(|| format!("Unable to access invalid index: {number}: invalid index referenced"))
}

fn unescaped(part: &str) -> String {
    part.replace("~1", "/").replace("~0", "~")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn patched(operations: Value) -> Result<Value, String> {
        let operations = operations.as_array().unwrap().iter().map(|value| Operation::parse(value).unwrap());
        let object = json!({"a": {"b": 1}, "l": [1, 2], "x/y": 3});
        let operations: Vec<Operation> = operations.collect();
        apply(&operations, object.as_object().unwrap().clone()).map(Value::Object)
    }

    #[test]
    fn operations_apply() {
        let cases = [
            (json!([{"op": "add", "path": "/a/c", "value": 2}]), "/a/c", json!(2)),
            (json!([{"op": "add", "path": "/l/-", "value": 3}]), "/l", json!([1, 2, 3])),
            (json!([{"op": "add", "path": "/l/0", "value": 0}]), "/l", json!([0, 1, 2])),
            (json!([{"op": "remove", "path": "/l/-1"}]), "/l", json!([1])),
            (json!([{"op": "replace", "path": "/x~1y", "value": 4}]), "/x~1y", json!(4)),
            (json!([{"op": "move", "from": "/a/b", "path": "/m"}]), "/m", json!(1)),
            (
                json!([{"op": "copy", "from": "/a", "path": "/a2"}, {"op": "remove", "path": "/a"}]),
                "/a2/b",
                json!(1),
            ),
            (json!([{"op": "test", "path": "/a/b", "value": 1}]), "/a/b", json!(1)),
        ];
        for (operations, path, expected) in cases {
            assert_eq!(patched(operations).unwrap().pointer(path), Some(&expected), "{path}");
        }
    }

    #[test]
    fn errors_are_worded_as_in_go() {
        let cases = [
            (
                json!([{"op": "add", "path": "/n/o", "value": 2}]),
                "add operation does not apply: doc is missing path: \"/n/o\": missing value",
            ),
            (
                json!([{"op": "remove", "path": "/l/7"}]),
                "error in remove for path: '/l/7': Unable to access invalid index: 7: invalid index referenced",
            ),
            (json!([{"op": "test", "path": "/a/b", "value": 2}]), "testing value /a/b failed: test failed"),
            (
                json!([{"op": "replace", "path": "/l/9", "value": 2}]),
                "replace operation does not apply: doc is missing key: /l/9: missing value",
            ),
        ];
        for (operations, expected) in cases {
            assert_eq!(patched(operations).unwrap_err(), expected);
        }
    }
}
