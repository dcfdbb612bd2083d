//! By which fields the items of lists in Kubernetes' own kinds are told apart when they are merged (the keys of Kubernetes'
//! OpenAPI description that kustomize embeds).

/// How two lists are merged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ListKind {
    /// One replaces the other.
    Atomic,
    /// Items with the same fields are the same.
    Keyed(&'static [&'static str]),
    /// A set of texts.
    Set,
}

/// The kind of the list at a path of field names in an object of that kind.
pub(super) fn list_kind(api_version: &str, kind: &str, path: &[String]) -> ListKind {
    let group = api_version.split_once('/').map_or("", |(group, _)| group);
    // Custom resources have no description: their lists are replaced.
    if group.contains('.') && !group.ends_with(".k8s.io") {
        return ListKind::Atomic;
    }
    let path: Vec<&str> = path.iter().map(String::as_str).collect();
    if let Some(within) = pod_spec(kind).and_then(|prefix| path.strip_prefix(prefix)) {
        return in_pod(within);
    }
    match (kind, &path[..]) {
        (_, [.., "metadata", "ownerReferences"]) => ListKind::Keyed(&["uid"]),
        (_, [.., "metadata", "finalizers"]) => ListKind::Set,
        ("Service", ["spec", "ports"]) => ListKind::Keyed(&["port", "protocol"]),
        ("ServiceAccount", ["secrets"]) => ListKind::Keyed(&["name"]),
        (
            "MutatingWebhookConfiguration" | "ValidatingWebhookConfiguration",
            ["webhooks"] | ["webhooks", "matchConditions"],
        ) => ListKind::Keyed(&["name"]),
        (
            "ValidatingAdmissionPolicy" | "MutatingAdmissionPolicy",
            ["spec", "matchConditions" | "variables"],
        ) => ListKind::Keyed(&["name"]),
        (_, ["status", "conditions"]) => ListKind::Keyed(&["type"]),
        _ => ListKind::Atomic,
    }
}

fn in_pod(path: &[&str]) -> ListKind {
    const CONTAINERS: [&str; 3] = ["containers", "initContainers", "ephemeralContainers"];
    match path {
        ["volumes" | "imagePullSecrets" | "resourceClaims" | "schedulingGates"] => ListKind::Keyed(&["name"]),
        ["hostAliases"] => ListKind::Keyed(&["ip"]),
        ["topologySpreadConstraints"] => ListKind::Keyed(&["topologyKey", "whenUnsatisfiable"]),
        [list] if CONTAINERS.contains(list) => ListKind::Keyed(&["name"]),
        [list, field @ ..] if CONTAINERS.contains(list) => match field {
            ["env"] | ["resources", "claims"] => ListKind::Keyed(&["name"]),
            ["ports"] => ListKind::Keyed(&["containerPort", "protocol"]),
            ["volumeMounts"] => ListKind::Keyed(&["mountPath"]),
            ["volumeDevices"] => ListKind::Keyed(&["devicePath"]),
            _ => ListKind::Atomic,
        },
        _ => ListKind::Atomic,
    }
}

/// Where the description of a pod lies.
fn pod_spec(kind: &str) -> Option<&'static [&'static str]> {
    Some(match kind {
        "Pod" => &["spec"],
        "DaemonSet" | "Deployment" | "Job" | "ReplicaSet" | "ReplicationController" | "StatefulSet" => {
            &["spec", "template", "spec"]
        }
        "CronJob" => &["spec", "jobTemplate", "spec", "template", "spec"],
        "PodTemplate" => &["template", "spec"],
        _ => return None,
    })
}
