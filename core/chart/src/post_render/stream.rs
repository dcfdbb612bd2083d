//! Objects in the order of their files, from and to text.

use std::collections::BTreeMap;

use pilothouse_encoding::yaml;
use serde_json::{Map, Value};

use super::PostRenderError;
use crate::split::{Separation, split_manifests};

/// An object and the file it comes from.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Object {
    /// Path of the template.
    pub(super) file: String,
    /// The object.
    pub(super) value: Map<String, Value>,
}

/// Reads all objects; lists of objects are taken apart.
pub(super) fn read(
    files: &BTreeMap<String, String>,
    what: &'static str,
) -> Result<Vec<Object>, PostRenderError> {
    let mut objects = Vec::new();
    for (file, text) in files {
        let base = file.rsplit('/').next().unwrap_or(file);
        if base.starts_with('_') {
            continue;
        }
        for document in split_manifests(text, Separation::Exact) {
            let document = document.replace("\r\n", "\n");
            let value = yaml::parse_modern(&document).map_err(|error| PostRenderError::Parse {
                what,
                file: file.clone(),
                reason: format!("MalformedYAMLError: {error}"),
            })?;
            add(value, file, what, &mut objects)?;
        }
    }
    Ok(objects)
}

fn add(
    value: Value,
    file: &str,
    what: &'static str,
    objects: &mut Vec<Object>,
) -> Result<(), PostRenderError> {
    let mut value = match value {
        Value::Null => return Ok(()),
        Value::Object(value) => value,
        other => {
            let kind = if other.is_array() { "SequenceNode" } else { "ScalarNode" };
            return Err(PostRenderError::NoObject { what, file: file.to_owned(), kind });
        }
    };
    let is_list = value.get("kind").and_then(Value::as_str).is_some_and(|kind| kind.ends_with("List"));
    match value.remove("items") {
        Some(Value::Array(items)) if is_list => {
            for item in items {
                add(item, file, what, objects)?;
            }
            return Ok(());
        }
        Some(Value::Null) if is_list => return Ok(()),
        Some(items) => {
            value.insert("items".to_owned(), items);
        }
        None => {}
    }
    if !value.is_empty() {
        objects.push(Object { file: file.to_owned(), value });
    }
    Ok(())
}

/// The text of each file.
pub(super) fn write(objects: Vec<Object>) -> Result<BTreeMap<String, String>, String> {
    let mut files: BTreeMap<String, String> = BTreeMap::new();
    for mut object in objects {
        drop_empty_annotations(&mut object.value);
        let text = yaml::emit_unfolded(&Value::Object(object.value)).map_err(|error| error.to_string())?;
        let file = files.entry(object.file).or_default();
        if !file.is_empty() {
            file.push_str("---\n");
        }
        file.push_str(&text);
    }
    Ok(files)
}

fn drop_empty_annotations(object: &mut Map<String, Value>) {
    let Some(Value::Object(metadata)) = object.get_mut("metadata") else { return };
    let empty = match metadata.get("annotations") {
        Some(Value::Object(annotations)) => annotations.is_empty(),
        Some(Value::Null) => true,
        _ => false,
    };
    if empty {
        metadata.remove("annotations");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn through(text: &str) -> String {
        let files = BTreeMap::from([("f".to_owned(), text.to_owned())]);
        write(read(&files, "manifests").unwrap()).unwrap().remove("f").unwrap_or_default()
    }

    #[test]
    fn objects_are_written_in_one_style() {
        let long = "word ".repeat(30);
        let cases = [
            ("# only a comment\n", String::new()),
            ("b: 1 # c\na: 'x'\n", "a: x\nb: 1\n".to_owned()),
            ("a: 1\n---\nb: 2\n", "a: 1\n---\nb: 2\n".to_owned()),
            ("kind: List\nitems:\n- {a: 1}\n- {b: 2}\n", "a: 1\n---\nb: 2\n".to_owned()),
            ("metadata:\n  annotations: {}\n  name: x\n", "metadata:\n  name: x\n".to_owned()),
            (&format!("a: {}\n", long.trim()), format!("a: {}\n", long.trim())),
            ("a: |\n  x\n\n  y\n", "a: |\n  x\n\n  y\n".to_owned()),
            // Neither needs a name of its own (spec 08 row 12).
            (
                "kind: Job\nmetadata:\n  generateName: x-\n",
                "kind: Job\nmetadata:\n  generateName: x-\n".to_owned(),
            ),
            (
                "kind: Job\nmetadata: {name: x}\n---\nkind: Job\nmetadata: {name: x}\n",
                "kind: Job\nmetadata:\n  name: x\n---\nkind: Job\nmetadata:\n  name: x\n".to_owned(),
            ),
            ("a: yes\n", "a: \"yes\"\n".to_owned()),
        ];
        for (text, expected) in cases {
            assert_eq!(through(text), expected);
        }
    }

    #[test]
    fn what_is_no_object_is_refused() {
        let files = BTreeMap::from([("f".to_owned(), "- a\n".to_owned())]);
        let error = read(&files, "manifests").unwrap_err().to_string();
        let expected = "error merging manifests: annotating f: wrong node kind: expected MappingNode but got SequenceNode";
        assert_eq!(error, expected);
    }
}
