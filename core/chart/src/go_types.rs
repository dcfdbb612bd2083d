//! Go's types: how errors name them, and whether a document fits those of `Chart.yaml`, in the words of Go package
//! `encoding/json`.

use pilothouse_encoding::json_kind::json_kind;
use serde_json::Value;

use Shape::{Anys, Flag, List, Struct, Text, TextMap, Texts};

/// A Go type, as far as documents have it.
enum Shape {
    /// `string`; numbers and booleans have been made texts before.
    Text,
    /// `bool`
    Flag,
    /// `[]string`
    Texts,
    /// `map[string]string`
    TextMap,
    /// `[]interface {}`
    Anys,
    /// A slice of pointers to a struct.
    List(&'static Shape),
    /// A struct: its name, and its fields by their name in documents.
    Struct(&'static str, &'static [(&'static str, Shape)]),
}

const MAINTAINER: Shape = Struct("Maintainer", &[("name", Text), ("email", Text), ("url", Text)]);
const DEPENDENCY: Shape = Struct(
    "Dependency",
    &[
        ("name", Text),
        ("version", Text),
        ("repository", Text),
        ("condition", Text),
        ("tags", Texts),
        ("enabled", Flag),
        ("import-values", Anys),
        ("alias", Text),
    ],
);
const METADATA: Shape = Struct(
    "Metadata",
    &[
        ("name", Text),
        ("home", Text),
        ("sources", Texts),
        ("version", Text),
        ("description", Text),
        ("keywords", Texts),
        ("maintainers", List(&MAINTAINER)),
        ("icon", Text),
        ("apiVersion", Text),
        ("condition", Text),
        ("tags", Text),
        ("appVersion", Text),
        ("deprecated", Flag),
        ("annotations", TextMap),
        ("kubeVersion", Text),
        ("dependencies", List(&DEPENDENCY)),
        ("type", Text),
    ],
);

/// What Go finds first in `Chart.yaml` that does not fit.
///
/// # Errors
/// Go's text.
pub(crate) fn check_metadata(document: &Value) -> Result<(), String> {
    // Helm reads the version of the format on its own before all else.
    match document.get("apiVersion") {
        Some(version) => check(version, &Text, "chartBase", "apiVersion")?,
        None if document.is_object() || document.is_null() => {}
        None => {
            return Err(format!(
                "json: cannot unmarshal {} into Go value of type loader.chartBase",
                json_kind(document)
            ));
        }
    }
    check(document, &METADATA, "", "")
}

/// The same of `requirements.yaml`.
///
/// # Errors
/// Go's text.
pub(crate) fn check_requirements(document: &Value) -> Result<(), String> {
    check(document, &METADATA, "", "")
}

/// Checks a value that lies in a field of a struct.
/// The type that Helm has decoded a value to, as Go's `%T` prints it.
pub(crate) fn go_type(value: &Value) -> &'static str {
    match value {
        Value::Null => "<nil>",
        Value::Bool(_) => "bool",
        Value::Number(number) if number.is_f64() => "float64",
        Value::Number(_) => "int64",
        Value::String(_) => "string",
        Value::Array(_) => "[]interface {}",
        Value::Object(_) => "map[string]interface {}",
    }
}

fn check(value: &Value, shape: &Shape, owner: &str, path: &str) -> Result<(), String> {
    let refused = |value: &Value, name: &str| {
        let place =
            if owner.is_empty() { "value".to_owned() } else { format!("struct field {owner}.{path}") };
        Err(format!("json: cannot unmarshal {} into Go {place} of type {name}", json_kind(value)))
    };
    match (shape, value) {
        (_, Value::Null) | (Anys, Value::Array(_)) | (Text, Value::String(_)) | (Flag, Value::Bool(_)) => {
            Ok(())
        }
        (Texts, Value::Array(items)) => items.iter().try_for_each(|item| check(item, &Text, owner, path)),
        (TextMap, Value::Object(members)) => {
            members.values().try_for_each(|member| check(member, &Text, owner, path))
        }
        (List(item_shape), Value::Array(items)) => {
            items.iter().try_for_each(|item| check(item, item_shape, owner, path))
        }
        (Struct(name, fields), Value::Object(members)) => members.iter().try_for_each(|(key, member)| {
            match fields.iter().find(|(field, _)| field.eq_ignore_ascii_case(key)) {
                Some((field, shape)) => {
                    let path = if path.is_empty() { (*field).to_owned() } else { format!("{path}.{field}") };
                    check(member, shape, name, &path)
                }
                None => Ok(()),
            }
        }),
        _ => refused(value, &type_name(shape)),
    }
}

fn type_name(shape: &Shape) -> String {
    match shape {
        Text => "string".to_owned(),
        Flag => "bool".to_owned(),
        Texts => "[]string".to_owned(),
        TextMap => "map[string]string".to_owned(),
        Anys => "[]interface {}".to_owned(),
        List(item) => format!("[]*{}", type_name(item)),
        Struct(name, _) => format!("v2.{name}"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_does_not_fit_is_named_as_in_go() {
        let cases = [
            (json!({"deprecated": 1}), "number into Go struct field Metadata.deprecated of type bool"),
            (json!({"keywords": "a"}), "string into Go struct field Metadata.keywords of type []string"),
            (
                json!({"maintainers": ["a"]}),
                "string into Go struct field Metadata.maintainers of type v2.Maintainer",
            ),
            (
                json!({"dependencies": {}}),
                "object into Go struct field Metadata.dependencies of type []*v2.Dependency",
            ),
            (
                json!({"dependencies": [{"tags": {}}]}),
                "object into Go struct field Dependency.dependencies.tags of type []string",
            ),
            (json!({"apiVersion": []}), "array into Go struct field chartBase.apiVersion of type string"),
            (json!([]), "array into Go value of type loader.chartBase"),
        ];
        for (document, expected) in cases {
            assert_eq!(check_metadata(&document), Err(format!("json: cannot unmarshal {expected}")));
        }
        assert_eq!(check_metadata(&json!({"keywords": null, "annotations": {"a": null}, "x": 1})), Ok(()));
    }
}
