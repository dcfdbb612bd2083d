//! JSON patch (RFC 6902).

use serde_json::Value;

/// Changes `target` as the operations say; on an error the target may be half changed.
///
/// # Errors
///
/// The text of the first operation that cannot be performed.
pub(crate) fn json_patch(target: &mut Value, patch: &Value) -> Result<(), String> {
    let operations =
        patch.as_array().ok_or("json: cannot unmarshal object into Go value of type jsonpatch.Patch")?;
    operations.iter().try_for_each(|operation| perform(target, operation))
}

fn perform(target: &mut Value, operation: &Value) -> Result<(), String> {
    let text = |name: &str| operation.get(name).and_then(Value::as_str).unwrap_or_default();
    let path = text("path");
    let value = || operation.get("value").cloned().unwrap_or(Value::Null);
    match text("op") {
        "add" => add(target, path, value()),
        "remove" => remove(target, path).map(drop),
        "replace" => {
            // The server's library takes a missing field of an object for one that is null.
            let parent = split(path).and_then(|(parent, _)| target.pointer(parent));
            match (parent, target.pointer(path)) {
                (Some(Value::Object(_)), None) => add(target, path, value()),
                _ => {
                    let slot = target.pointer_mut(path).ok_or_else(|| missing("replace", path))?;
                    *slot = value();
                    Ok(())
                }
            }
        }
        "move" => {
            let moved = remove(target, text("from"))?;
            add(target, path, moved)
        }
        "copy" => {
            let copied =
                target.pointer(text("from")).cloned().ok_or_else(|| missing("copy", text("from")))?;
            add(target, path, copied)
        }
        "test" if target.pointer(path).unwrap_or(&Value::Null) == &value() => Ok(()),
        "test" => Err(format!("testing value {path} failed: test failed")),
        other => Err(format!("unexpected kind: {other}")),
    }
}

fn add(target: &mut Value, path: &str, value: Value) -> Result<(), String> {
    if path.is_empty() {
        *target = value;
        return Ok(());
    }
    let (parent, key) = split(path).ok_or_else(|| missing("add", path))?;
    match target.pointer_mut(parent) {
        Some(Value::Object(fields)) => {
            fields.insert(key, value);
            Ok(())
        }
        Some(Value::Array(items)) => {
            let index = if key == "-" { Some(items.len()) } else { key.parse().ok() };
            let index = index.filter(|index| *index <= items.len()).ok_or_else(|| missing("add", path))?;
            items.insert(index, value);
            Ok(())
        }
        _ => Err(missing("add", path)),
    }
}

fn remove(target: &mut Value, path: &str) -> Result<Value, String> {
    let (parent, key) = split(path).ok_or_else(|| missing("remove", path))?;
    let removed = match target.pointer_mut(parent) {
        Some(Value::Object(fields)) => fields.remove(&key),
        Some(Value::Array(items)) => {
            let index = key.parse().ok().filter(|index: &usize| *index < items.len());
            index.map(|index| items.remove(index))
        }
        _ => None,
    };
    removed.ok_or_else(|| missing("remove", path))
}

fn split(path: &str) -> Option<(&str, String)> {
    let (parent, key) = path.rsplit_once('/')?;
    Some((parent, key.replace("~1", "/").replace("~0", "~")))
}

fn missing(operation: &str, path: &str) -> String {
    format!("{operation} operation does not apply: doc is missing path: {path}: missing value")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn operations() {
        let start = json!({"a": {"b": 1}, "l": [1, 2]});
        for (patch, expected) in [
            (
                json!([{"op": "add", "path": "/a/c~1d", "value": 2}]),
                Ok(json!({"a": {"b": 1, "c/d": 2}, "l": [1, 2]})),
            ),
            (json!([{"op": "add", "path": "/l/1", "value": 9}]), Ok(json!({"a": {"b": 1}, "l": [1, 9, 2]}))),
            (json!([{"op": "add", "path": "/l/-", "value": 9}]), Ok(json!({"a": {"b": 1}, "l": [1, 2, 9]}))),
            (json!([{"op": "remove", "path": "/l/0"}]), Ok(json!({"a": {"b": 1}, "l": [2]}))),
            (
                json!([{"op": "move", "from": "/a/b", "path": "/c"}]),
                Ok(json!({"a": {}, "c": 1, "l": [1, 2]})),
            ),
            (json!([{"op": "test", "path": "/a/b", "value": 1}]), Ok(start.clone())),
            (json!([{"op": "test", "path": "/a/b", "value": 2}]), Err(())),
            (json!([{"op": "remove", "path": "/nope"}]), Err(())),
            (
                json!([{"op": "replace", "path": "/c", "value": 1}]),
                Ok(json!({"a": {"b": 1}, "c": 1, "l": [1, 2]})),
            ),
            (json!([{"op": "replace", "path": "/no/pe", "value": 1}]), Err(())),
        ] {
            let mut target = start.clone();
            let result = json_patch(&mut target, &patch).map(|()| target).map_err(drop);
            assert_eq!(result, expected, "{patch}");
        }
    }
}
