//! The inventory in the status: the objects of a release (spec 02 §8.6; identifiers as in Flux's `cli-utils`).

use std::collections::BTreeMap;

use pilothouse_api::{Inventory, InventoryEntry};
use pilothouse_encoding::yaml;
use pilothouse_protocol::{GroupVersionKind, metadata};
use serde_json::Value;

use crate::ReleaseRecord;

/// Annotation that makes an object a hook.
const HOOK_ANNOTATION: &str = "helm.sh/hook";
/// Group whose names may contain colons.
const RBAC_GROUP: &str = "rbac.authorization.k8s.io";
/// Kinds of that group.
const RBAC_KINDS: [&str; 4] = ["Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding"];

/// An inventory, and what could not be found out.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct InventoryResult {
    /// The objects.
    pub inventory: Inventory,
    /// Objects whose namespace could not be filled in; joined by `; ` for the event NamespaceCheckSkipped.
    pub warnings: Vec<String>,
}

/// Why there is no inventory.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InventoryError {
    /// The manifest is no YAML.
    #[error("failed to parse manifest: {0}")]
    Manifest(String),
    /// A file in `crds/` is no YAML.
    #[error("failed to parse CRD {name}: {reason}")]
    Crd {
        /// Name of the file.
        name: String,
        /// Why.
        reason: String,
    },
}

/// The inventory of a release: the objects of its manifest, then those of `crds`, given as file name and text.
/// `namespaced` tells whether objects of a kind live in a namespace, or why that is not known.
///
/// # Errors
/// When the manifest or a file cannot be read.
pub fn build_inventory(
    record: &ReleaseRecord,
    crds: &[(&str, &str)],
    mut namespaced: impl FnMut(&GroupVersionKind) -> Result<bool, String>,
) -> Result<InventoryResult, InventoryError> {
    let mut result = InventoryResult::default();
    let mut known = BTreeMap::new();
    for object in objects(&record.manifest).map_err(InventoryError::Manifest)? {
        if metadata::annotation(&object, HOOK_ANNOTATION).is_some() {
            continue;
        }
        let mut namespace = metadata::text(&object, "namespace").to_owned();
        let kind = kind_of(&object);
        if namespace.is_empty() {
            match is_namespaced(&kind, &mut known, &mut namespaced) {
                Ok(true) => namespace.clone_from(&record.namespace),
                Ok(false) => {}
                Err(reason) => result.warnings.push(format!(
                    "failed to determine if {} is namespace scoped, skipping namespace: {reason}",
                    kind.kind
                )),
            }
        }
        result.inventory.entries.push(entry(&object, &kind, &namespace));
    }
    for (name, text) in crds {
        let crd = |reason| InventoryError::Crd { name: (*name).to_owned(), reason };
        for object in objects(text).map_err(crd)? {
            let namespace = metadata::text(&object, "namespace");
            result.inventory.entries.push(entry(&object, &kind_of(&object), namespace));
        }
    }
    Ok(result)
}

/// Asks once for each group and kind; failures are not remembered.
fn is_namespaced(
    kind: &GroupVersionKind,
    known: &mut BTreeMap<(String, String), bool>,
    namespaced: &mut impl FnMut(&GroupVersionKind) -> Result<bool, String>,
) -> Result<bool, String> {
    let group_kind = (kind.group().to_owned(), kind.kind.clone());
    if let Some(answer) = known.get(&group_kind) {
        return Ok(*answer);
    }
    let answer = namespaced(kind)?;
    known.insert(group_kind, answer);
    Ok(answer)
}

fn entry(object: &Value, kind: &GroupVersionKind, namespace: &str) -> InventoryEntry {
    let name = metadata::text(object, "name");
    let is_rbac = kind.group() == RBAC_GROUP && RBAC_KINDS.contains(&kind.kind.as_str());
    let name = if is_rbac { name.replace(':', "__") } else { name.to_owned() };
    let id = format!("{namespace}_{name}_{}_{}", kind.group(), kind.kind);
    InventoryEntry { id, v: kind.version().to_owned() }
}

/// The objects of a YAML stream in order; lists are opened, and what is no object is left out.
fn objects(text: &str) -> Result<Vec<Value>, String> {
    let mut objects = Vec::new();
    for document in documents(text) {
        let document = yaml::parse(&document).map_err(|error| error.to_string())?;
        match document.get("items") {
            Some(Value::Array(items)) => objects.extend(items.iter().cloned()),
            _ if is_object(&document) => objects.push(document),
            _ => {}
        }
    }
    Ok(objects)
}

fn is_object(document: &Value) -> bool {
    let kind = kind_of(document);
    let is_kustomization = kind.kind.eq_ignore_ascii_case("kustomization")
        && kind.api_version.starts_with("kustomize.config.k8s.io/");
    let named = !metadata::text(document, "name").is_empty();
    named && !kind.kind.is_empty() && !kind.api_version.is_empty() && !is_kustomization
}

fn kind_of(object: &Value) -> GroupVersionKind {
    let text = |field: &str| object.get(field).and_then(Value::as_str).unwrap_or_default();
    GroupVersionKind::new(text("apiVersion"), text("kind"))
}

/// The documents of a YAML stream, cut at lines that begin with `---`; what follows on such a line is dropped.
fn documents(text: &str) -> Vec<String> {
    let mut documents = vec![String::new()];
    for line in text.split_inclusive('\n') {
        if line.starts_with("---") {
            documents.push(String::new());
        } else if let Some(document) = documents.last_mut() {
            document.push_str(line);
        }
    }
    documents
}

#[cfg(test)]
mod tests {
    use super::*;

    fn build(manifest: &str, crds: &[(&str, &str)]) -> Result<InventoryResult, InventoryError> {
        let record = ReleaseRecord {
            manifest: manifest.to_owned(),
            namespace: "apps".to_owned(),
            ..ReleaseRecord::default()
        };
        build_inventory(&record, crds, |kind| match kind.kind.as_str() {
            "Unheard" => Err(format!("no matches for kind {:?}", kind.kind)),
            other => Ok(!other.starts_with("Cluster")),
        })
    }

    fn ids(result: &InventoryResult) -> Vec<(&str, &str)> {
        result.inventory.entries.iter().map(|entry| (entry.id.as_str(), entry.v.as_str())).collect()
    }

    #[test]
    fn objects_in_manifest_order_then_crds() {
        let manifest = "---\n# Source: a\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n---\n\
            apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata:\n  name: system:x\n---\n\
            apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: b\n  namespace: other\n---\n\
            apiVersion: v1\nkind: Pod\nmetadata:\n  name: t\n  annotations:\n    helm.sh/hook: test\n---\n# nothing\n";
        let crd =
            "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata:\n  name: c.d\n";
        let result = build(manifest, &[("crds/c.yaml", crd)]).unwrap();
        assert_eq!(
            ids(&result),
            [
                ("apps_a__ConfigMap", "v1"),
                ("_system__x_rbac.authorization.k8s.io_ClusterRole", "v1"),
                ("other_b_apps_Deployment", "v1"),
                ("_c.d_apiextensions.k8s.io_CustomResourceDefinition", "v1"),
            ]
        );
        assert!(result.warnings.is_empty());
    }

    #[test]
    fn lists_are_opened_and_others_left_out() {
        let manifest = "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Secret\n  metadata: {name: s}\n---\n\
            kind: Nothing\n---\napiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nmetadata: {name: k}\n";
        assert_eq!(ids(&build(manifest, &[]).unwrap()), [("apps_s__Secret", "v1")]);
    }

    #[test]
    fn an_unknown_kind_is_a_warning() {
        let manifest = "apiVersion: x.io/v1\nkind: Unheard\nmetadata: {name: u}\n";
        let result = build(manifest, &[]).unwrap();
        assert_eq!(ids(&result), [("_u_x.io_Unheard", "v1")]);
        let text = "failed to determine if Unheard is namespace scoped, skipping namespace: no matches for kind \"Unheard\"";
        assert_eq!(result.warnings, [text]);
    }

    #[test]
    fn unreadable_texts_are_errors() {
        assert!(build("a: [", &[]).unwrap_err().to_string().starts_with("failed to parse manifest: "));
        let error = build("", &[("crds/a.yaml", "a: [")]).unwrap_err();
        assert!(error.to_string().starts_with("failed to parse CRD crds/a.yaml: "));
    }
}
