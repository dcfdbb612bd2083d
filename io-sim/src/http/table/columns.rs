//! The columns of built-in kinds, by resource.

use serde_json::{Value, json};

use super::path::Path;
use super::{Row, network, others, storage, workloads};

/// One column after the name.
#[derive(Debug, Clone)]
pub(super) struct Column {
    name: String,
    kind: String,
    priority: i64,
    description: String,
    source: Source,
}

/// Where the cells of a column come from.
#[derive(Debug, Clone)]
enum Source {
    Computed(fn(&Row<'_>) -> Value),
    Path { path: Path, is_date: bool },
}

/// Name, type, priority (0 always, 1 with `-o wide`), cell.
pub(super) type Known = (&'static str, &'static str, i64, fn(&Row<'_>) -> Value);

impl Column {
    /// A column of a custom kind.
    pub(super) fn of_path(name: &str, kind: &str, priority: i64, description: &str, path: Path) -> Self {
        Self {
            name: name.to_owned(),
            kind: kind.to_owned(),
            priority,
            description: description.to_owned(),
            source: Source::Path { path, is_date: kind == "date" },
        }
    }

    /// The age of an object.
    pub(super) fn age() -> Self {
        Self::known(&AGE)
    }

    fn known((name, kind, priority, cell): &Known) -> Self {
        Self {
            name: (*name).to_owned(),
            kind: (*kind).to_owned(),
            priority: *priority,
            description: String::new(),
            source: Source::Computed(*cell),
        }
    }

    /// The definition of the column.
    pub(super) fn describe(&self) -> Value {
        json!({"name": self.name, "type": self.kind, "format": "", "description": self.description, "priority": self.priority})
    }

    /// The cell of an object.
    pub(super) fn cell(&self, row: &Row<'_>) -> Value {
        match &self.source {
            Source::Computed(cell) => cell(row),
            Source::Path { path, is_date } => {
                let found = path.find(row.object);
                match (found.first(), is_date) {
                    (None, _) => Value::Null,
                    (Some(first), true) => {
                        json!(super::times::since(first.as_str().unwrap_or_default(), row.wall))
                    }
                    (Some(first), false) => printed(&self.kind, first),
                }
            }
        }
    }
}

/// The columns of a built-in resource.
pub(super) fn of(resource: &str) -> Vec<Column> {
    let known: &[Known] = match resource {
        "pods" => workloads::PODS,
        "deployments.apps" => workloads::DEPLOYMENTS,
        "replicasets.apps" | "replicationcontrollers" => workloads::REPLICA_SETS,
        "statefulsets.apps" => workloads::STATEFUL_SETS,
        "daemonsets.apps" => workloads::DAEMON_SETS,
        "jobs.batch" => workloads::JOBS,
        "cronjobs.batch" => workloads::CRON_JOBS,
        "services" => network::SERVICES,
        "ingresses.networking.k8s.io" => network::INGRESSES,
        "ingressclasses.networking.k8s.io" => network::INGRESS_CLASSES,
        "networkpolicies.networking.k8s.io" => network::NETWORK_POLICIES,
        "endpoints" => network::ENDPOINTS,
        "endpointslices.discovery.k8s.io" => network::ENDPOINT_SLICES,
        "csidrivers.storage.k8s.io" => storage::DRIVERS,
        "resourcequotas" => others::QUOTAS,
        "runtimeclasses.node.k8s.io" => others::RUNTIME_CLASSES,
        "configmaps" => storage::CONFIG_MAPS,
        "secrets" => storage::SECRETS,
        "persistentvolumeclaims" => storage::CLAIMS,
        "persistentvolumes" => storage::VOLUMES,
        "storageclasses.storage.k8s.io" => storage::CLASSES,
        "namespaces" => others::NAMESPACES,
        "nodes" => others::NODES,
        "events" => others::EVENTS,
        "roles.rbac.authorization.k8s.io" | "clusterroles.rbac.authorization.k8s.io" => others::ROLES,
        "rolebindings.rbac.authorization.k8s.io" | "clusterrolebindings.rbac.authorization.k8s.io" => {
            others::BINDINGS
        }
        "customresourcedefinitions.apiextensions.k8s.io" => others::DEFINITIONS,
        "poddisruptionbudgets.policy" => others::BUDGETS,
        "horizontalpodautoscalers.autoscaling" => others::AUTOSCALERS,
        "leases.coordination.k8s.io" => others::LEASES,
        "validatingwebhookconfigurations.admissionregistration.k8s.io"
        | "mutatingwebhookconfigurations.admissionregistration.k8s.io" => others::WEBHOOKS,
        "priorityclasses.scheduling.k8s.io" => others::PRIORITIES,
        _ => &[AGE],
    };
    known.iter().map(Column::known).collect()
}

/// The age, as nearly all kinds have it.
pub(super) const AGE: Known = ("Age", "string", 0, |row| row.since("/metadata/creationTimestamp"));

/// A value as the cell of a custom column.
fn printed(kind: &str, value: &Value) -> Value {
    match (kind, value) {
        ("integer" | "number" | "boolean", value) => value.clone(),
        (_, Value::String(text)) => json!(text),
        (_, other) => json!(other.to_string()),
    }
}
