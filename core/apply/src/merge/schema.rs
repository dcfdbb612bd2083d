//! How fields of the built-in kinds are merged: the `patchStrategy` and `patchMergeKey` tags of `k8s.io/api` and
//! `k8s.io/apimachinery` v0.36. Fields that a manifest does not carry (`status`) are left out.

use pilothouse_protocol::GroupVersionKind;

/// The special fields of one type; all others are merged field by field (maps) or replaced (lists, scalars).
#[derive(Debug)]
pub(crate) struct Schema {
    fields: &'static [(&'static str, Field)],
}

/// How one field is merged.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Field {
    /// Merge, or else.
    pub(crate) strategy: Strategy,
    /// Fields of the map that the server keeps are listed; all others are dropped (a union of alternatives).
    pub(crate) retain_keys: bool,
    /// The type of the field, or of the elements of the list.
    pub(crate) schema: &'static Schema,
}

/// What is done with both values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Strategy {
    /// Maps are merged, lists replaced.
    Default,
    /// The new value counts.
    Replace,
    /// A list of maps is merged by this key.
    MergeBy(&'static str),
    /// A list of scalars is merged as a set.
    MergeSet,
}

impl Schema {
    /// How a field is merged.
    pub(crate) fn field(&self, name: &str) -> Field {
        self.fields.iter().find(|(field, _)| *field == name).map_or(PLAIN, |(_, field)| *field)
    }
}

/// The schema of a kind; `None` for kinds that have no strategic merge.
pub(crate) fn of(gvk: &GroupVersionKind) -> Option<&'static Schema> {
    if !GROUPS.contains(&gvk.group()) || gvk.api_version == "apiextensions.k8s.io/v1beta1" {
        return None;
    }
    Some(match gvk.kind.as_str() {
        "Pod" => &POD,
        "PodTemplate" => &POD_TEMPLATE_OBJECT,
        "ReplicationController" | "ReplicaSet" | "StatefulSet" | "DaemonSet" | "Job" => &POD_OWNER,
        "Deployment" => &DEPLOYMENT,
        "CronJob" => &CRON_JOB,
        "Service" => &SERVICE,
        "ServiceAccount" => &SERVICE_ACCOUNT,
        "PodDisruptionBudget" => &DISRUPTION_BUDGET,
        "MutatingWebhookConfiguration" | "ValidatingWebhookConfiguration" => &WEBHOOKS,
        "ValidatingAdmissionPolicy" => &VALIDATING_POLICY,
        "MutatingAdmissionPolicy" => &MUTATING_POLICY,
        "CSINode" => &CSI_NODE,
        _ => &OBJECT,
    })
}

/// The groups of client-go's scheme.
const GROUPS: [&str; 22] = [
    "",
    "admissionregistration.k8s.io",
    "apiextensions.k8s.io",
    "apps",
    "authentication.k8s.io",
    "authorization.k8s.io",
    "autoscaling",
    "batch",
    "certificates.k8s.io",
    "coordination.k8s.io",
    "discovery.k8s.io",
    "events.k8s.io",
    "extensions",
    "flowcontrol.apiserver.k8s.io",
    "internal.apiserver.k8s.io",
    "networking.k8s.io",
    "node.k8s.io",
    "policy",
    "rbac.authorization.k8s.io",
    "resource.k8s.io",
    "scheduling.k8s.io",
    "storage.k8s.io",
];

const PLAIN: Field = map(&ANY);

const fn map(schema: &'static Schema) -> Field {
    Field { strategy: Strategy::Default, retain_keys: false, schema }
}

const fn list(key: &'static str, schema: &'static Schema) -> Field {
    Field { strategy: Strategy::MergeBy(key), retain_keys: false, schema }
}

const fn union_list(key: &'static str) -> Field {
    Field { strategy: Strategy::MergeBy(key), retain_keys: true, schema: &ANY }
}

const SET: Field = Field { strategy: Strategy::MergeSet, retain_keys: false, schema: &ANY };
const UNION: Field = Field { strategy: Strategy::Default, retain_keys: true, schema: &ANY };
const REPLACE: Field = Field { strategy: Strategy::Replace, retain_keys: false, schema: &ANY };

/// A type without special fields.
pub(crate) static ANY: Schema = Schema { fields: &[] };
static META: Schema = Schema { fields: &[("ownerReferences", list("uid", &ANY)), ("finalizers", SET)] };
static OBJECT: Schema = Schema { fields: &[("metadata", map(&META))] };

static CONTAINER: Schema = Schema {
    fields: &[
        ("env", list("name", &ANY)),
        ("ports", list("containerPort", &ANY)),
        ("volumeDevices", list("devicePath", &ANY)),
        ("volumeMounts", list("mountPath", &ANY)),
    ],
};
static POD_SPEC: Schema = Schema {
    fields: &[
        ("containers", list("name", &CONTAINER)),
        ("ephemeralContainers", list("name", &CONTAINER)),
        ("hostAliases", list("ip", &ANY)),
        ("imagePullSecrets", list("name", &ANY)),
        ("initContainers", list("name", &CONTAINER)),
        ("resourceClaims", union_list("name")),
        ("schedulingGates", list("name", &ANY)),
        ("topologySpreadConstraints", list("topologyKey", &ANY)),
        ("volumes", union_list("name")),
    ],
};
static POD: Schema = Schema { fields: &[("metadata", map(&META)), ("spec", map(&POD_SPEC))] };
static POD_TEMPLATE_OBJECT: Schema = Schema { fields: &[("metadata", map(&META)), ("template", map(&POD))] };
static POD_OWNER_SPEC: Schema = Schema { fields: &[("template", map(&POD))] };
static POD_OWNER: Schema = Schema { fields: &[("metadata", map(&META)), ("spec", map(&POD_OWNER_SPEC))] };
static DEPLOYMENT_SPEC: Schema = Schema { fields: &[("strategy", UNION), ("template", map(&POD))] };
static DEPLOYMENT: Schema = Schema { fields: &[("metadata", map(&META)), ("spec", map(&DEPLOYMENT_SPEC))] };
static CRON_JOB_SPEC: Schema = Schema { fields: &[("jobTemplate", map(&POD_OWNER))] };
static CRON_JOB: Schema = Schema { fields: &[("metadata", map(&META)), ("spec", map(&CRON_JOB_SPEC))] };

static SERVICE_SPEC: Schema = Schema { fields: &[("ports", list("port", &ANY))] };
static SERVICE: Schema = Schema { fields: &[("metadata", map(&META)), ("spec", map(&SERVICE_SPEC))] };
static SERVICE_ACCOUNT: Schema =
    Schema { fields: &[("metadata", map(&META)), ("secrets", list("name", &ANY))] };
static DISRUPTION_BUDGET_SPEC: Schema = Schema { fields: &[("selector", REPLACE)] };
static DISRUPTION_BUDGET: Schema =
    Schema { fields: &[("metadata", map(&META)), ("spec", map(&DISRUPTION_BUDGET_SPEC))] };
static WEBHOOK: Schema = Schema { fields: &[("matchConditions", list("name", &ANY))] };
static WEBHOOKS: Schema =
    Schema { fields: &[("metadata", map(&META)), ("webhooks", list("name", &WEBHOOK))] };
static VALIDATING_POLICY_SPEC: Schema =
    Schema { fields: &[("matchConditions", list("name", &ANY)), ("variables", list("name", &ANY))] };
static VALIDATING_POLICY: Schema =
    Schema { fields: &[("metadata", map(&META)), ("spec", map(&VALIDATING_POLICY_SPEC))] };
static MUTATING_POLICY: Schema = Schema { fields: &[("metadata", map(&META)), ("spec", map(&WEBHOOK))] };
static CSI_NODE_SPEC: Schema = Schema { fields: &[("drivers", list("name", &ANY))] };
static CSI_NODE: Schema = Schema { fields: &[("metadata", map(&META)), ("spec", map(&CSI_NODE_SPEC))] };

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn custom_kinds_have_no_strategic_merge() {
        for (api_version, kind, known) in [
            ("v1", "ConfigMap", true),
            ("apps/v1", "Deployment", true),
            ("apiextensions.k8s.io/v1", "CustomResourceDefinition", true),
            ("apiextensions.k8s.io/v1beta1", "CustomResourceDefinition", false),
            ("apiregistration.k8s.io/v1", "APIService", false),
            ("cert-manager.io/v1", "Certificate", false),
        ] {
            assert_eq!(of(&GroupVersionKind::new(api_version, kind)).is_some(), known, "{kind}");
        }
    }
}
