//! Kubernetes objects from YAML files with one or more documents.

use std::fs;
use std::path::Path;

use pilothouse_encoding::yaml::{self, YamlError};
use pilothouse_protocol::{ObjectRef, metadata};
use serde_json::Value;

use super::InputError;

/// Largest file that is read, in bytes.
const BYTES_MAX: u64 = 16 << 20;

/// One object with its place.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Manifest {
    /// The file.
    pub(super) file: String,
    /// Line at which the document begins, from 1.
    pub(super) line: usize,
    /// The object.
    pub(super) object: Value,
}

impl Manifest {
    /// The object's kind.
    pub(super) fn kind(&self) -> &str {
        self.object.get("kind").and_then(Value::as_str).unwrap_or_default()
    }

    /// The object's `apiVersion`.
    pub(super) fn api_version(&self) -> &str {
        self.object.get("apiVersion").and_then(Value::as_str).unwrap_or_default()
    }

    /// The API group of the object.
    pub(super) fn group(&self) -> &str {
        self.api_version().split_once('/').map_or("", |(group, _)| group)
    }

    /// Its reference.
    pub(super) fn reference(&self) -> ObjectRef {
        ObjectRef::of(&self.object)
    }

    /// An error about the object.
    pub(super) fn wrong(&self, reason: impl Into<String>) -> InputError {
        let object = self.reference().to_string();
        InputError::Object { file: self.file.clone(), line: self.line, object, reason: reason.into() }
    }
}

/// The objects of a file.
pub(super) fn read_manifests(path: &Path) -> Result<Vec<Manifest>, InputError> {
    let wrong = |error: std::io::Error| InputError::path(path, error);
    if fs::metadata(path).map_err(wrong)?.len() > BYTES_MAX {
        return Err(InputError::path(path, format!("larger than {BYTES_MAX} bytes")));
    }
    let bytes = fs::read(path).map_err(wrong)?;
    let text = String::from_utf8(bytes).map_err(|error| {
        InputError::path(path, format!("not UTF-8 at byte {}", error.utf8_error().valid_up_to()))
    })?;
    parse(&path.display().to_string(), &text)
}

fn parse(file: &str, text: &str) -> Result<Vec<Manifest>, InputError> {
    let mut manifests = Vec::new();
    for (line, document) in documents(text) {
        let wrong = |line: usize, reason: &str| InputError::Document {
            file: file.to_owned(),
            line,
            reason: reason.to_owned(),
        };
        // Empty lines in front, so that the lines of errors are those of the file.
        let padded = format!("{}{document}", "\n".repeat(line - 1));
        let value = yaml::parse_strict(&padded).map_err(|error| {
            let (at, reason) = place(&error);
            wrong(at.unwrap_or(line), &reason)
        })?;
        let line = line + document.lines().take_while(|line| is_blank(line)).count();
        match value {
            Value::Null => {}
            Value::Object(_) => {
                add(&mut manifests, file, line, value).map_err(|reason| wrong(line, &reason))?;
            }
            _ => return Err(wrong(line, "not a Kubernetes object: the document is no map")),
        }
    }
    Ok(manifests)
}

/// Adds an object, or those of a list. An error is the reason.
fn add(manifests: &mut Vec<Manifest>, file: &str, line: usize, object: Value) -> Result<(), String> {
    let text = |pointer: &str| object.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
    for field in ["kind", "apiVersion"] {
        if text(&format!("/{field}")).is_empty() {
            return Err(format!("not a Kubernetes object: field {field} is missing"));
        }
    }
    // Configuration of the tool kustomize has the form of an object and is none.
    if text("/apiVersion").starts_with("kustomize.config.k8s.io/") {
        return Ok(());
    }
    if text("/kind") == "List" {
        for item in object.get("items").and_then(Value::as_array).into_iter().flatten() {
            add(manifests, file, line, item.clone())?;
        }
        return Ok(());
    }
    if metadata::text(&object, "name").is_empty() {
        return Err(format!("{}: field metadata.name is missing", text("/kind")));
    }
    manifests.push(Manifest { file: file.to_owned(), line, object });
    Ok(())
}

/// The documents of a stream, each with the line at which it begins, from 1.
fn documents(text: &str) -> Vec<(usize, String)> {
    let mut documents = vec![(1, String::new())];
    for (index, line) in text.split_inclusive('\n').enumerate() {
        if line.starts_with("---") && line[3..].chars().next().is_none_or(char::is_whitespace) {
            documents.push((index + 1, String::new()));
        }
        if let Some((_, document)) = documents.last_mut() {
            document.push_str(line);
        }
    }
    documents
}

fn is_blank(line: &str) -> bool {
    let line = line.trim();
    line.is_empty() || line.starts_with('#') || line == "---"
}

/// The line that an error names, and the error without it.
fn place(error: &YamlError) -> (Option<usize>, String) {
    match error {
        YamlError::Syntax { line, problem } => {
            (line.and_then(|line| usize::try_from(line).ok()), format!("yaml: {problem}"))
        }
        error => (None, error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_know_their_lines() {
        let text = "# comment\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n---\n\n# b\napiVersion: v1\nkind: List\n\
                    items:\n- {apiVersion: v1, kind: Secret, metadata: {name: b}}\n---\n";
        let found: Vec<(usize, String)> = parse("f.yaml", text)
            .unwrap()
            .iter()
            .map(|manifest| (manifest.line, manifest.reference().to_string()))
            .collect();
        assert_eq!(found, [(2, "ConfigMap/a".to_owned()), (8, "Secret/b".to_owned())]);
    }

    #[test]
    fn what_is_wrong_is_named_with_its_line() {
        let object = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: x\n";
        for (text, expected) in [
            (
                format!("{object}---\na: b\n c: d\n"),
                "f.yaml:7: yaml: mapping values are not allowed in this context",
            ),
            (format!("{object}---\n\na: b\n"), "f.yaml:7: not a Kubernetes object: field kind is missing"),
            ("kind: X\n".to_owned(), "f.yaml:1: not a Kubernetes object: field apiVersion is missing"),
            ("- a\n".to_owned(), "f.yaml:1: not a Kubernetes object: the document is no map"),
            ("apiVersion: v1\nkind: Secret\n".to_owned(), "f.yaml:1: Secret: field metadata.name is missing"),
        ] {
            assert_eq!(parse("f.yaml", &text).unwrap_err().to_string(), expected);
        }
        let doubled = parse("f.yaml", &format!("{object}kind: X\n")).unwrap_err().to_string();
        assert!(doubled.contains("key \"kind\" already set in map"), "{doubled}");
    }
}
