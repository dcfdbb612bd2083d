//! OpenAPI v3 documents: what clients look up in them. The schemas have the fields and their types, but no texts.
//!
//! kubectl asks whether a PATCH of the kind knows `fieldValidation`, takes the keys of lists from the schemas for a
//! three-way merge, and explains fields.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use crate::server::Server;
use crate::server::kinds::{Definition, Kind};
use crate::server::schema::{ListKind, Strategic, Type, TypeId, Typed};

/// The list of documents.
pub(crate) fn index(server: &Server) -> Value {
    let paths: Map<String, Value> = server
        .kinds()
        .versions()
        .map(|version| {
            let path = path_of(version);
            let link =
                json!({"serverRelativeURL": format!("/openapi/v3/{path}?hash={}", server.kinds().edition())});
            (path, link)
        })
        .collect();
    json!({ "paths": paths })
}

/// The document of one group and version.
pub(crate) fn document(server: &Server, api_version: &str) -> Option<Value> {
    let mut kinds = server.kinds().of_version(api_version).peekable();
    kinds.peek()?;
    let (mut paths, mut schemas) = (Map::new(), Map::new());
    for kind in kinds {
        add_paths(&mut paths, kind);
        add_schema(&mut schemas, kind);
    }
    let version = server.discovery().git_version.clone();
    Some(json!({
        "openapi": "3.0.0", "info": {"title": "Kubernetes", "version": version}, "paths": paths,
        "components": {"schemas": schemas},
    }))
}

fn path_of(api_version: &str) -> String {
    if api_version.contains('/') { format!("apis/{api_version}") } else { format!("api/{api_version}") }
}

fn add_paths(paths: &mut Map<String, Value>, kind: &Kind) {
    let scope = if kind.namespaced { "namespaces/{namespace}/" } else { "" };
    let collection = format!("/{}/{scope}{}", path_of(&kind.gvk.api_version), kind.plural);
    let gvk = json!({"group": kind.gvk.group(), "version": kind.gvk.version(), "kind": kind.gvk.kind});
    let content =
        json!({"application/json": {"schema": {"$ref": format!("#/components/schemas/{}", name_of(kind))}}});
    let operation = |action: &str, parameters: &[&str]| {
        let parameters: Vec<Value> = parameters
            .iter()
            .map(|name| json!({"name": name, "in": "query", "schema": {"type": "string", "uniqueItems": true}}))
            .collect();
        json!({
            "parameters": parameters, "responses": {"200": {"description": "OK", "content": content}},
            "x-kubernetes-action": action, "x-kubernetes-group-version-kind": gvk,
        })
    };
    let write = ["dryRun", "fieldManager", "fieldValidation"];
    let patch = ["dryRun", "fieldManager", "fieldValidation", "force"];
    paths.insert(collection.clone(), json!({"get": operation("list", &["labelSelector", "fieldSelector", "limit", "continue"]), "post": operation("post", &write)}));
    paths.insert(
        format!("{collection}/{{name}}"),
        json!({"get": operation("get", &[]), "put": operation("put", &write), "patch": operation("patch", &patch),
            "delete": operation("delete", &["dryRun", "gracePeriodSeconds", "propagationPolicy"])}),
    );
}

/// The name of the schema of a kind; that of the version of a custom kind begins with its reversed group.
fn name_of(kind: &Kind) -> String {
    let group: Vec<&str> = kind.gvk.group().split('.').rev().filter(|part| !part.is_empty()).collect();
    let prefix = match (&kind.definition, group.as_slice()) {
        (Definition::Builtin(_), []) => "io.k8s.api.core".to_owned(),
        (Definition::Builtin(_), parts) => {
            format!("io.k8s.api.{}", parts.last().copied().unwrap_or_default())
        }
        (Definition::Custom(_), parts) => parts.join("."),
    };
    format!("{prefix}.{}.{}", kind.gvk.version(), kind.gvk.kind)
}

fn add_schema(schemas: &mut Map<String, Value>, kind: &Kind) {
    let gvk = json!([{"group": kind.gvk.group(), "version": kind.gvk.version(), "kind": kind.gvk.kind}]);
    let mut schema = match &kind.definition {
        Definition::Custom(version) => version.open_api().clone(),
        Definition::Builtin(_) => Writer { schemas, done: BTreeSet::new() }.schema(kind.typed()),
    };
    schema["x-kubernetes-group-version-kind"] = gvk;
    schemas.insert(name_of(kind), schema);
}

/// Writes types as schemas; structs are named by their numbers and referred to, for they refer to each other.
struct Writer<'a> {
    schemas: &'a mut Map<String, Value>,
    done: BTreeSet<TypeId>,
}

impl Writer<'_> {
    fn schema(&mut self, typed: Typed<'_>) -> Value {
        match typed.get() {
            Type::Any => json!({"x-kubernetes-preserve-unknown-fields": true}),
            Type::Scalar(letter) => scalar(*letter),
            Type::Map { element, .. } => {
                let element = self.reference(typed.at(*element));
                json!({"type": "object", "additionalProperties": element})
            }
            Type::List { element, kind, strategic } => {
                let items = self.reference(typed.at(*element));
                let mut schema = json!({"type": "array", "items": items});
                describe_list(&mut schema, kind, strategic);
                schema
            }
            Type::Struct(known) => {
                let fields = known.fields.iter().map(|(name, field)| {
                    let mut schema = self.reference(typed.at(field.id));
                    if field.retain_keys {
                        schema["x-kubernetes-patch-strategy"] = json!("retainKeys");
                    }
                    (name.clone(), schema)
                });
                let properties: Map<String, Value> = fields.collect();
                let mut schema = json!({"type": "object", "properties": properties});
                if known.atomic {
                    schema["x-kubernetes-map-type"] = json!("atomic");
                }
                schema
            }
        }
    }

    fn reference(&mut self, typed: Typed<'_>) -> Value {
        if !matches!(typed.get(), Type::Struct(_)) {
            return self.schema(typed);
        }
        let name = format!("type{}", typed.id.0);
        if !self.schemas.contains_key(&name) && self.done.insert(typed.id) {
            let schema = self.schema(typed);
            self.schemas.insert(name.clone(), schema);
        }
        json!({"allOf": [{"$ref": format!("#/components/schemas/{name}")}]})
    }
}

fn describe_list(schema: &mut Value, kind: &ListKind, strategic: &Strategic) {
    let (name, keys) = match kind {
        ListKind::Atomic => ("atomic", None),
        ListKind::Set => ("set", None),
        ListKind::Map(keys) => ("map", Some(keys)),
    };
    schema["x-kubernetes-list-type"] = json!(name);
    if let Some(keys) = keys {
        schema["x-kubernetes-list-map-keys"] = json!(keys);
    }
    match strategic {
        Strategic::Replace => {}
        Strategic::Merge => schema["x-kubernetes-patch-strategy"] = json!("merge"),
        Strategic::MergeKey(key) => {
            schema["x-kubernetes-patch-strategy"] = json!("merge");
            schema["x-kubernetes-patch-merge-key"] = json!(key);
        }
    }
}

fn scalar(letter: char) -> Value {
    match letter {
        't' => json!({"type": "string", "format": "date-time"}),
        'y' => json!({"type": "string", "format": "byte"}),
        'i' => json!({"type": "integer"}),
        'n' => json!({"type": "number"}),
        'b' => json!({"type": "boolean"}),
        'q' => json!({"oneOf": [{"type": "string"}, {"type": "number"}]}),
        _ => json!({"type": "string"}),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::ServerOptions;

    #[test]
    fn documents_say_what_kubectl_looks_for() {
        let server = Server::new(&ServerOptions::default());
        let link = index(&server)["paths"]["apis/apps/v1"]["serverRelativeURL"].clone();
        assert!(link.as_str().is_some_and(|link| link.starts_with("/openapi/v3/apis/apps/v1?hash=")));
        let document = document(&server, "apps/v1").expect("served");
        let patch = &document["paths"]["/apis/apps/v1/namespaces/{namespace}/deployments/{name}"]["patch"];
        let parameters = patch["parameters"].as_array().expect("a list");
        assert!(parameters.iter().any(|parameter| parameter["name"] == "fieldValidation"));
        let schemas = &document["components"]["schemas"];
        let spec = &schemas["io.k8s.api.apps.v1.Deployment"]["properties"]["spec"]["allOf"][0]["$ref"];
        let name = spec.as_str().and_then(|link| link.strip_prefix("#/components/schemas/")).expect("a link");
        assert_eq!(schemas[name]["properties"]["replicas"], json!({"type": "integer"}));
    }
}
