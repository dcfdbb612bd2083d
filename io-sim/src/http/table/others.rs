//! Columns of everything else.

use serde_json::{Value, json};

use super::Row;
use super::columns::{AGE, Known};
use super::times::since;
use super::workloads::or_none;

pub(super) const NAMESPACES: &[Known] =
    &[("Status", "string", 0, |row| json!(row.text("/status/phase"))), AGE];

pub(super) const NODES: &[Known] = &[
    ("Status", "string", 0, |row| {
        let ready = row.items("/status/conditions").any(|c| c["type"] == "Ready" && c["status"] == "True");
        json!(if ready { "Ready" } else { "NotReady" })
    }),
    ("Roles", "string", 0, |_| json!("<none>")),
    AGE,
    ("Version", "string", 0, |row| json!(row.text("/status/nodeInfo/kubeletVersion"))),
];

pub(super) const EVENTS: &[Known] = &[
    ("Last Seen", "string", 0, |row| {
        let times = ["/series/lastObservedTime", "/lastTimestamp", "/eventTime"];
        let time = times.into_iter().map(|pointer| row.text(pointer)).find(|time| !time.is_empty());
        json!(since(time.unwrap_or_default(), row.wall))
    }),
    ("Type", "string", 0, |row| json!(row.text("/type"))),
    ("Reason", "string", 0, |row| json!(row.text("/reason"))),
    ("Object", "string", 0, |row| {
        let (kind, name) = (row.text("/involvedObject/kind"), row.text("/involvedObject/name"));
        json!(format!("{}/{name}", kind.to_lowercase()))
    }),
    ("Subobject", "string", 1, |row| json!(row.text("/involvedObject/fieldPath"))),
    ("Source", "string", 1, |row| json!(row.text("/source/component"))),
    ("Message", "string", 0, |row| json!(row.text("/message").trim())),
    ("First Seen", "string", 1, |row| row.since("/firstTimestamp")),
    ("Count", "integer", 1, |row| json!(row.number("/count").max(1))),
    ("Name", "string", 1, |row| json!(row.text("/metadata/name"))),
];

pub(super) const ROLES: &[Known] =
    &[("Created At", "date", 0, |row| json!(row.text("/metadata/creationTimestamp")))];

pub(super) const BINDINGS: &[Known] = &[
    ("Role", "string", 0, |row| {
        json!(format!("{}/{}", row.text("/roleRef/kind"), row.text("/roleRef/name")))
    }),
    AGE,
    ("Users", "string", 1, |row| subjects(row, "User")),
    ("Groups", "string", 1, |row| subjects(row, "Group")),
    ("ServiceAccounts", "string", 1, |row| subjects(row, "ServiceAccount")),
];

pub(super) const DEFINITIONS: &[Known] =
    &[("Created At", "date", 0, |row| json!(row.text("/metadata/creationTimestamp")))];

pub(super) const BUDGETS: &[Known] = &[
    ("Min Available", "string", 0, |row| bound(row, "/spec/minAvailable")),
    ("Max Unavailable", "string", 0, |row| bound(row, "/spec/maxUnavailable")),
    ("Allowed Disruptions", "integer", 0, |row| json!(row.number("/status/disruptionsAllowed"))),
    AGE,
];

pub(super) const AUTOSCALERS: &[Known] = &[
    ("Reference", "string", 0, |row| {
        json!(format!("{}/{}", row.text("/spec/scaleTargetRef/kind"), row.text("/spec/scaleTargetRef/name")))
    }),
    ("Targets", "string", 0, |row| json!(targets(row))),
    ("MinPods", "string", 0, |row| json!(row.number("/spec/minReplicas").to_string())),
    ("MaxPods", "string", 0, |row| json!(row.number("/spec/maxReplicas"))),
    ("Replicas", "string", 0, |row| json!(row.number("/status/currentReplicas"))),
    AGE,
];

pub(super) const QUOTAS: &[Known] =
    &[("Request", "string", 0, |row| used(row, false)), ("Limit", "string", 0, |row| used(row, true)), AGE];

pub(super) const RUNTIME_CLASSES: &[Known] =
    &[("Handler", "string", 0, |row| json!(row.text("/handler"))), AGE];

pub(super) const LEASES: &[Known] =
    &[("Holder", "string", 0, |row| json!(row.text("/spec/holderIdentity"))), AGE];

pub(super) const WEBHOOKS: &[Known] = &[("Webhooks", "integer", 0, |row| json!(row.count("/webhooks"))), AGE];

pub(super) const PRIORITIES: &[Known] = &[
    ("Value", "integer", 0, |row| json!(row.number("/value"))),
    ("Global-Default", "boolean", 0, |row| {
        json!(row.object.get("globalDefault").and_then(Value::as_bool).unwrap_or_default())
    }),
    AGE,
    ("PreemptionPolicy", "string", 0, |row| or_none(row.text("/preemptionPolicy"))),
];

/// What each metric is wanted to be. Nothing measures here, so what it is stays unknown.
fn targets(row: &Row<'_>) -> String {
    let of_resource = |metric: &Value| {
        let resource = metric.get("resource")?;
        let name = resource.get("name")?.as_str()?;
        let target = resource.get("target")?;
        let wanted = match target.get("averageUtilization") {
            Some(percent) => format!("{percent}%"),
            None => target.get("averageValue")?.as_str()?.to_owned(),
        };
        Some(format!("{name}: <unknown>/{wanted}"))
    };
    let known: Vec<String> = row.items("/spec/metrics").filter_map(of_resource).collect();
    if known.is_empty() { "<unknown>".to_owned() } else { known.join(", ") }
}

fn subjects(row: &Row<'_>, kind: &str) -> Value {
    let chosen = row.items("/subjects").filter(|subject| subject["kind"] == kind);
    let names = chosen.map(|subject| {
        let text = |field: &str| subject.get(field).and_then(Value::as_str).unwrap_or_default();
        if kind == "ServiceAccount" {
            format!("{}/{}", text("namespace"), text("name"))
        } else {
            text("name").to_owned()
        }
    });
    json!(names.collect::<Vec<_>>().join(", "))
}

fn bound(row: &Row<'_>, pointer: &str) -> Value {
    match row.object.pointer(pointer) {
        Some(Value::String(text)) => json!(text),
        Some(number) => json!(number.to_string()),
        None => json!("N/A"),
    }
}

/// What of a quota is used, of limits or of everything else.
fn used(row: &Row<'_>, limits: bool) -> Value {
    let fields = |field: &str| {
        let found = row.object.pointer(&format!("/status/{field}")).and_then(Value::as_object);
        found.cloned().unwrap_or_default()
    };
    let (hard, used) = (fields("hard"), fields("used"));
    let shown = |value: Option<&Value>| value.and_then(Value::as_str).unwrap_or("0").to_owned();
    let chosen = hard.iter().filter(|(name, _)| name.starts_with("limits.") == limits);
    let texts = chosen.map(|(name, most)| format!("{name}: {}/{}", shown(used.get(name)), shown(Some(most))));
    json!(texts.collect::<Vec<_>>().join(", "))
}
