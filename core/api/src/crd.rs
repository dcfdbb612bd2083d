//! The custom resource definition of HelmRelease, made from code (spec 01 §1).

mod actions;
mod schema;
mod spec;
mod status;

use schema::Schema;
use serde_json::{Value, json};

use crate::KIND;

/// API group of HelmRelease.
const GROUP: &str = "helm.toolkit.fluxcd.io";
/// The only version: served and stored.
const VERSION: &str = "v2";
/// Version of the generator whose structural schema this one is equal to. Tools that compare definitions look at it.
const CONTROLLER_GEN: &str = "v0.21.0";

/// The CustomResourceDefinition of HelmRelease, for `apiextensions.k8s.io/v1`.
#[must_use]
pub fn custom_resource_definition() -> Value {
    json!({
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {
            "name": format!("helmreleases.{GROUP}"),
            "annotations": {
                "controller-gen.kubebuilder.io/version": CONTROLLER_GEN,
                "kustomize.toolkit.fluxcd.io/substitute": "disabled",
            },
        },
        "spec": {
            "group": GROUP,
            "names": {
                "categories": ["all", "fluxcd", "fluxcd-appliers"],
                "kind": KIND,
                "listKind": format!("{KIND}List"),
                "plural": "helmreleases",
                "shortNames": ["hr"],
                "singular": "helmrelease",
            },
            "scope": "Namespaced",
            "versions": [{
                "name": VERSION,
                "served": true,
                "storage": true,
                "subresources": { "status": {} },
                "additionalPrinterColumns": [
                    column("Age", "date", ".metadata.creationTimestamp"),
                    column("Ready", "string", r#".status.conditions[?(@.type=="Ready")].status"#),
                    column("Status", "string", r#".status.conditions[?(@.type=="Ready")].message"#),
                ],
                "schema": { "openAPIV3Schema": root().build() },
            }],
        },
    })
}

fn root() -> Schema {
    Schema::object("A Helm release that is kept as described.")
        .field("apiVersion", Schema::string("Group and version of this representation of the object."))
        .field("kind", Schema::string("Kind of the object."))
        .field("metadata", Schema::metadata())
        .field("spec", spec::spec())
        .field("status", status::status())
}

fn column(name: &str, kind: &str, path: &str) -> Value {
    json!({ "name": name, "type": kind, "jsonPath": path })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_status_has_a_default_and_the_spec_its_rule() {
        let definition = custom_resource_definition();
        let root = &definition["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"];
        assert_eq!(root["status"]["default"], json!({ "observedGeneration": -1 }));
        assert_eq!(
            root["spec"]["x-kubernetes-validations"][0]["message"],
            json!("either chart or chartRef must be set")
        );
        assert_eq!(root["spec"]["required"], json!(["interval"]));
    }

    #[test]
    fn every_field_is_described() {
        let definition = custom_resource_definition();
        let root = &definition["spec"]["versions"][0]["schema"]["openAPIV3Schema"];
        let mut missing = Vec::new();
        undescribed(root, "", &mut missing);
        assert_eq!(missing, ["/metadata"]);
    }

    fn undescribed(schema: &Value, path: &str, missing: &mut Vec<String>) {
        if schema["description"].as_str().is_none_or(str::is_empty) {
            missing.push(path.to_owned());
        }
        for (name, field) in schema["properties"].as_object().into_iter().flatten() {
            undescribed(field, &format!("{path}/{name}"), missing);
        }
    }
}
