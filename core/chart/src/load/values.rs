//! The values of a chart.

use std::borrow::Cow;

use pilothouse_encoding::go_json::floats;
use pilothouse_encoding::json_kind::json_kind;
use pilothouse_encoding::{utf8, yaml};
use serde_json::{Map, Value};

use crate::merge::merge_maps;

/// Values: one or more YAML documents, merged; every number is a float, as Go reads them.
///
/// # Errors
/// What the YAML reader says, or that a document is no map.
pub fn load_values(data: &[u8]) -> Result<Value, String> {
    let mut values = Map::new();
    for document in documents(data)? {
        let parsed = yaml::parse_bytes(&document).map_err(|error| {
            format!("cannot unmarshal yaml document: error converting YAML to JSON: {error}")
        })?;
        match floats(parsed) {
            Value::Null => {}
            Value::Object(map) => merge_maps(&mut values, map),
            other => {
                let kind = json_kind(&other);
                return Err(format!(
                    "cannot unmarshal yaml document: error unmarshaling JSON: while decoding JSON: json: cannot \
                     unmarshal {kind} into Go value of type map[string]interface {{}}"
                ));
            }
        }
    }
    Ok(Value::Object(values))
}

/// The documents of a stream as the reader of Kubernetes splits it (Go package `k8s.io/apimachinery/pkg/util/yaml`): a
/// separator before the first line belongs to the document, and every line ends with a line feed.
fn documents(text: &[u8]) -> Result<Vec<Cow<'_, [u8]>>, String> {
    let separated = text.starts_with(b"---") || memchr::memmem::find(text, b"\n---").is_some();
    if !separated && text.ends_with(b"\n") && memchr::memchr(b'\r', text).is_none() {
        return Ok(vec![Cow::Borrowed(text)]);
    }
    let (mut documents, mut document) = (Vec::new(), Vec::new());
    let lines = text.strip_suffix(b"\n").unwrap_or(text).split(|byte| *byte == b'\n');
    for line in lines.filter(|_| !text.is_empty()) {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if let Some(after) = line.strip_prefix(b"---") {
            let after = utf8::lossy(after);
            let after = after.trim();
            if !after.is_empty() && !after.starts_with('#') {
                return Err(format!("error reading yaml document: invalid Yaml document separator: {after}"));
            }
            if !document.is_empty() {
                documents.push(Cow::Owned(std::mem::take(&mut document)));
                continue;
            }
        }
        document.extend_from_slice(line);
        document.push(b'\n');
    }
    documents.push(Cow::Owned(document));
    Ok(documents)
}
