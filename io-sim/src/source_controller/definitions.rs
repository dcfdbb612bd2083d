//! CustomResourceDefinitions of the source kinds: what a client must give, everything else is kept as it is.

use serde_json::{Map, Value, json};

/// API group of the source kinds.
const GROUP: &str = "source.toolkit.fluxcd.io";

/// Kind, plural, and the fields that `spec` must have.
const KINDS: [(&str, &str, &[&str]); 6] = [
    ("Bucket", "buckets", &["bucketName", "endpoint"]),
    ("ExternalArtifact", "externalartifacts", &[]),
    ("GitRepository", "gitrepositories", &["url"]),
    ("HelmChart", "helmcharts", &["chart", "sourceRef"]),
    ("HelmRepository", "helmrepositories", &["url"]),
    ("OCIRepository", "ocirepositories", &["url"]),
];

/// The CustomResourceDefinitions of the source kinds, in version `v1`.
#[must_use]
pub fn source_definitions() -> Vec<Value> {
    KINDS.iter().map(|(kind, plural, required)| definition(kind, plural, required)).collect()
}

/// The plural of a source kind; empty for other kinds.
pub(super) fn plural(kind: &str) -> &'static str {
    KINDS.iter().find(|(known, ..)| *known == kind).map_or("", |(_, plural, _)| plural)
}

fn definition(kind: &str, plural: &str, required: &[&str]) -> Value {
    let open = json!({"type": "object", "x-kubernetes-preserve-unknown-fields": true});
    let mut spec = open.clone();
    if !required.is_empty() {
        let texts = required.iter().filter(|field| **field != "sourceRef");
        let mut properties: Map<String, Value> =
            texts.map(|field| ((*field).to_owned(), json!({"type": "string"}))).collect();
        if required.contains(&"sourceRef") {
            properties.insert("sourceRef".to_owned(), source_reference());
        }
        spec["required"] = json!(required);
        spec["properties"] = Value::Object(properties);
    }
    json!({
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": format!("{plural}.{GROUP}")},
        "spec": {
            "group": GROUP,
            "names": {
                "kind": kind, "listKind": format!("{kind}List"), "plural": plural, "singular": kind.to_lowercase(),
            },
            "scope": "Namespaced",
            "versions": [{
                "name": "v1", "served": true, "storage": true, "subresources": {"status": {}},
                "schema": {"openAPIV3Schema": {
                    "type": "object", "required": ["spec"], "properties": {"spec": spec, "status": open},
                }},
            }],
        },
    })
}

fn source_reference() -> Value {
    json!({
        "type": "object", "required": ["kind", "name"], "x-kubernetes-preserve-unknown-fields": true,
        "properties": {
            "kind": {"type": "string", "enum": ["HelmRepository", "GitRepository", "Bucket"]},
            "name": {"type": "string"},
        },
    })
}
