//! The other names of a kind: singular, list kind, short names, categories.

use serde_json::Value;

use crate::server::Server;
use crate::server::kinds::Kind;

pub(crate) const DEFINITIONS: &str = "customresourcedefinitions.apiextensions.k8s.io";

/// The other names of a kind.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Names {
    pub(crate) singular: String,
    pub(crate) list_kind: String,
    pub(crate) short: Vec<String>,
    pub(crate) categories: Vec<String>,
}

/// The short names of built-in resources.
const SHORT: &[(&str, &[&str])] = &[
    ("componentstatuses", &["cs"]),
    ("configmaps", &["cm"]),
    ("cronjobs", &["cj"]),
    ("customresourcedefinitions", &["crd", "crds"]),
    ("daemonsets", &["ds"]),
    ("deployments", &["deploy"]),
    ("endpoints", &["ep"]),
    ("events", &["ev"]),
    ("horizontalpodautoscalers", &["hpa"]),
    ("ingresses", &["ing"]),
    ("ipaddresses", &["ip"]),
    ("limitranges", &["limits"]),
    ("namespaces", &["ns"]),
    ("networkpolicies", &["netpol"]),
    ("nodes", &["no"]),
    ("persistentvolumeclaims", &["pvc"]),
    ("persistentvolumes", &["pv"]),
    ("poddisruptionbudgets", &["pdb"]),
    ("pods", &["po"]),
    ("priorityclasses", &["pc"]),
    ("replicasets", &["rs"]),
    ("replicationcontrollers", &["rc"]),
    ("resourcequotas", &["quota"]),
    ("serviceaccounts", &["sa"]),
    ("services", &["svc"]),
    ("statefulsets", &["sts"]),
    ("storageclasses", &["sc"]),
    ("validatingadmissionpolicies", &[]),
    ("volumeattributesclasses", &["vac"]),
];

/// The resources that `kubectl get all` shows.
const ALL: &[&str] = &[
    "cronjobs",
    "daemonsets",
    "deployments",
    "horizontalpodautoscalers",
    "jobs",
    "pods",
    "replicasets",
    "replicationcontrollers",
    "services",
    "statefulsets",
];

/// Kinds that are asked and answered, never stored.
pub(crate) fn is_review(kind: &Kind) -> bool {
    matches!(kind.gvk.group(), "authentication.k8s.io" | "authorization.k8s.io")
}

/// The names of a kind.
pub(crate) fn names(server: &Server, kind: &Kind) -> Names {
    if !kind.is_builtin()
        && let Some(stored) = server.store().get(DEFINITIONS, "", &kind.resource)
    {
        return of_definition(&stored.object, kind);
    }
    let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
    let plural = kind.plural.as_str();
    let short = SHORT.iter().find(|(resource, _)| *resource == plural).map_or(&[][..], |(_, short)| *short);
    Names {
        singular: kind.gvk.kind.to_lowercase(),
        list_kind: format!("{}List", kind.gvk.kind),
        short: texts(short),
        categories: texts(if ALL.contains(&plural) {
            &["all"]
        } else if kind.gvk.group() == "admissionregistration.k8s.io" || plural == "customresourcedefinitions"
        {
            &["api-extensions"]
        } else {
            &[]
        }),
    }
}

/// Whether a kind has a `scale` subresource.
pub(crate) fn has_scale(kind: &Kind) -> bool {
    kind.is_builtin()
        && matches!(
            &*kind.resource,
            "deployments.apps" | "replicasets.apps" | "statefulsets.apps" | "replicationcontrollers"
        )
}

/// Kinds whose deletion is answered with the object instead of a status.
pub(crate) fn returns_deleted(kind: &Kind) -> bool {
    matches!(
        &*kind.resource,
        "pods"
            | "services"
            | "serviceaccounts"
            | "persistentvolumes"
            | "persistentvolumeclaims"
            | "podtemplates"
            | "resourcequotas"
            | "storageclasses.storage.k8s.io"
            | "csidrivers.storage.k8s.io"
            | "csinodes.storage.k8s.io"
            | "volumeattachments.storage.k8s.io"
            | "volumeattributesclasses.storage.k8s.io"
    )
}

fn of_definition(definition: &Value, kind: &Kind) -> Names {
    let names = definition.pointer("/spec/names").unwrap_or(&Value::Null);
    let text = |field: &str, default: String| {
        names.get(field).and_then(Value::as_str).map_or(default, str::to_owned)
    };
    let list = |field: &str| {
        let items = names.get(field).and_then(Value::as_array).into_iter().flatten();
        items.filter_map(|item| item.as_str().map(str::to_owned)).collect()
    };
    Names {
        singular: text("singular", kind.gvk.kind.to_lowercase()),
        list_kind: text("listKind", format!("{}List", kind.gvk.kind)),
        short: list("shortNames"),
        categories: list("categories"),
    }
}
