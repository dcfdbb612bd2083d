//! The fields of the spec, and the cases in `fields/*.yaml` that show what each of them does.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use pilothouse_api::custom_resource_definition;
use pilothouse_encoding::yaml;
use serde_json::{Value, json};

/// A case.
#[derive(Debug, Clone)]
pub struct Case {
    /// The file that it stands in.
    pub file: String,
    /// Field, value, what comes before and after, and what is checked.
    pub document: Value,
}

impl Case {
    /// The field, from `spec` on.
    #[must_use]
    pub fn field(&self) -> String {
        format!("spec.{}", self.path())
    }

    /// The field, below `spec`.
    #[must_use]
    pub fn path(&self) -> &str {
        self.text("field").unwrap_or_default().trim_start_matches("spec.")
    }

    /// A member that is a text.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        self.document.get(name).and_then(Value::as_str)
    }

    /// The case with `${NS}` replaced. Placeholders stand in texts only.
    #[must_use]
    pub fn in_namespace(&self, namespace: &str) -> Self {
        let text = self.document.to_string().replace("${NS}", namespace);
        Self { file: self.file.clone(), document: serde_json::from_str(&text).unwrap_or_default() }
    }

    /// The spec with this value of the field.
    #[must_use]
    pub fn with(&self, value: &Value) -> Value {
        let mut spec = self.document["spec"].clone();
        set(&mut spec, self.path(), value);
        spec
    }

    /// The spec without the field, or with the other value that a required field has then.
    #[must_use]
    pub fn without(&self) -> Value {
        self.document.get("without").map_or_else(|| self.document["spec"].clone(), |other| self.with(other))
    }
}

/// All cases, in order of files.
///
/// # Panics
/// When a file cannot be read.
#[must_use]
#[expect(clippy::unwrap_used, reason = "only tests read them")]
pub fn cases() -> Vec<Case> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fields");
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let mut cases = Vec::new();
    for path in files {
        let file = format!("tests/fields/{}", path.file_name().unwrap_or_default().to_string_lossy());
        let document = yaml::parse(&std::fs::read_to_string(&path).unwrap()).unwrap();
        let items = document.as_array().into_iter().flatten();
        cases.extend(items.map(|item| Case { file: file.clone(), document: item.clone() }));
    }
    cases
}

/// The leaves of the spec in the custom resource definition with their schemas; `[]` stands for the items of a list.
#[must_use]
pub fn fields() -> BTreeMap<String, Value> {
    let definition = custom_resource_definition();
    let spec = &definition["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"];
    let mut found = BTreeMap::new();
    leaves(spec, "spec", &mut found);
    found
}

fn leaves(schema: &Value, path: &str, found: &mut BTreeMap<String, Value>) {
    if let Some(properties) = schema["properties"].as_object() {
        for (name, member) in properties {
            leaves(member, &format!("{path}.{name}"), found);
        }
    } else if schema["type"] == "array" {
        leaves(&schema["items"], &format!("{path}[]"), found);
    } else {
        found.insert(path.to_owned(), schema.clone());
    }
}

/// Sets the value at a path; `name[]` is the first item of a list.
pub fn set(target: &mut Value, path: &str, value: &Value) {
    let (first, rest) = path.split_once('.').map_or((path, None), |(first, rest)| (first, Some(rest)));
    let (name, is_list) = first.strip_suffix("[]").map_or((first, false), |name| (name, true));
    if !target.is_object() {
        *target = json!({});
    }
    let mut member = &mut target[name];
    if is_list {
        if member.as_array().is_none_or(Vec::is_empty) {
            *member = json!([null]);
        }
        member = &mut member[0];
    }
    match rest {
        Some(rest) => set(member, rest, value),
        None => *member = value.clone(),
    }
}

/// The value at a path; null when there is none.
#[must_use]
pub fn get(target: &Value, path: &str) -> Value {
    let pointer = format!("/{}", path.replace("[]", ".0").replace('.', "/"));
    target.pointer(&pointer).cloned().unwrap_or_default()
}
