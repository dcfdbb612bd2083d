//! Which objects a patch is for (Go package `sigs.k8s.io/kustomize/api/types`).

use std::fmt;

use regex::Regex;
use serde_json::{Map, Value};

use super::labels::Requirements;

/// A selector: all fields that are given must match. Names are regular expressions for all of the text.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Selector {
    /// API group.
    pub group: String,
    /// API version without the group.
    pub version: String,
    /// Kind.
    pub kind: String,
    /// Name.
    pub name: String,
    /// Namespace.
    pub namespace: String,
    /// Labels, as in `kubectl get -l`.
    pub label_selector: String,
    /// Annotations, in the same syntax.
    pub annotation_selector: String,
}

/// A selector that was found to be well-formed.
#[derive(Debug)]
pub struct CompiledSelector {
    group: Option<Regex>,
    version: Option<Regex>,
    kind: Option<Regex>,
    name: Option<Regex>,
    namespace: Option<Regex>,
    labels: Requirements,
    annotations: Requirements,
}

impl Selector {
    /// Compiles the expressions.
    ///
    /// # Errors
    /// When one is none.
    pub fn compile(&self) -> Result<CompiledSelector, String> {
        Ok(CompiledSelector {
            group: anchored(&self.group)?,
            version: anchored(&self.version)?,
            kind: anchored(&self.kind)?,
            name: anchored(&self.name)?,
            namespace: anchored(&self.namespace)?,
            labels: Requirements::parse(&self.label_selector)?,
            annotations: Requirements::parse(&self.annotation_selector)?,
        })
    }
}

impl CompiledSelector {
    /// Whether an object is selected.
    #[must_use]
    pub fn matches(&self, object: &Map<String, Value>) -> bool {
        let target = Target::of(object);
        let fits =
            |pattern: &Option<Regex>, text: &str| pattern.as_ref().is_none_or(|regex| regex.is_match(text));
        let texts =
            |field: &str| object.get("metadata").and_then(|metadata| metadata.get(field)?.as_object());
        fits(&self.group, &target.group)
            && fits(&self.version, &target.version)
            && fits(&self.kind, &target.kind)
            && fits(&self.name, &target.name)
            && fits(&self.namespace, target.effective_namespace())
            && self.labels.match_all(texts("labels"))
            && self.annotations.match_all(texts("annotations"))
    }
}

/// What identifies an object.
#[derive(Debug, Clone)]
pub(super) struct Target {
    group: String,
    version: String,
    kind: String,
    name: String,
    namespace: String,
}

impl Target {
    /// The identity of an object.
    pub(super) fn of(object: &Map<String, Value>) -> Self {
        let text = |map: Option<&Map<String, Value>>, field: &str| {
            map.and_then(|map| map.get(field)?.as_str()).unwrap_or_default().to_owned()
        };
        let metadata = object.get("metadata").and_then(Value::as_object);
        let api_version = text(Some(object), "apiVersion");
        let (group, version) = api_version.split_once('/').unwrap_or(("", &api_version));
        Self {
            group: group.to_owned(),
            version: version.to_owned(),
            kind: text(Some(object), "kind"),
            name: text(metadata, "name"),
            namespace: text(metadata, "namespace"),
        }
    }

    /// Gives an object its kind, name and namespace back, which a patch cannot change.
    pub(super) fn restore(&self, object: &mut Map<String, Value>) {
        object.insert("kind".to_owned(), Value::from(self.kind.as_str()));
        if let Some(Value::Object(metadata)) = object.get_mut("metadata") {
            for (field, text) in [("name", &self.name), ("namespace", &self.namespace)] {
                if text.is_empty() {
                    metadata.remove(field);
                } else {
                    metadata.insert(field.to_owned(), Value::from(text.as_str()));
                }
            }
        }
    }

    fn effective_namespace(&self) -> &str {
        match self.namespace.as_str() {
            _ if CLUSTER_SCOPED.contains(&self.kind.as_str()) => "_non_namespaceable_",
            "" => "default",
            namespace => namespace,
        }
    }
}

impl PartialEq for Target {
    fn eq(&self, other: &Self) -> bool {
        let kind = |target: &Self| (target.group.clone(), target.version.clone(), target.kind.clone());
        kind(self) == kind(other)
            && self.name == other.name
            && self.effective_namespace() == other.effective_namespace()
    }
}

impl fmt::Display for Target {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let or = |text: &str, none: &str| if text.is_empty() { none.to_owned() } else { text.to_owned() };
        let (kind, version) = (or(&self.kind, "[noKind]"), or(&self.version, "[noVer]"));
        let (group, name) = (or(&self.group, "[noGrp]"), or(&self.name, "[noName]"));
        write!(formatter, "{kind}.{version}.{group}/{name}.{}", or(&self.namespace, "[noNs]"))
    }
}

/// Kinds of Kubernetes without a namespace.
const CLUSTER_SCOPED: [&str; 22] = [
    "APIService",
    "CSIDriver",
    "CSINode",
    "CertificateSigningRequest",
    "ClusterRole",
    "ClusterRoleBinding",
    "CustomResourceDefinition",
    "FlowSchema",
    "IngressClass",
    "MutatingAdmissionPolicy",
    "MutatingWebhookConfiguration",
    "Namespace",
    "Node",
    "PersistentVolume",
    "PodSecurityPolicy",
    "PriorityClass",
    "PriorityLevelConfiguration",
    "RuntimeClass",
    "StorageClass",
    "ValidatingAdmissionPolicy",
    "ValidatingWebhookConfiguration",
    "VolumeAttachment",
];

fn anchored(pattern: &str) -> Result<Option<Regex>, String> {
    if pattern.is_empty() {
        return Ok(None);
    }
    Regex::new(&format!("^(?:{pattern})$"))
        .map(Some)
        .map_err(|error| format!("error parsing regexp: {error}"))
}
