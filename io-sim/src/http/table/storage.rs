//! Columns of configuration and of volumes.

use serde_json::{Value, json};

use super::Row;
use super::columns::{AGE, Known};

pub(super) const CONFIG_MAPS: &[Known] =
    &[("Data", "string", 0, |row| json!(row.count("/data") + row.count("/binaryData"))), AGE];

pub(super) const SECRETS: &[Known] = &[
    ("Type", "string", 0, |row| json!(row.text("/type"))),
    ("Data", "string", 0, |row| json!(row.count("/data"))),
    AGE,
];

pub(super) const CLAIMS: &[Known] = &[
    ("Status", "string", 0, |row| json!(phase(row))),
    ("Volume", "string", 0, |row| json!(row.text("/spec/volumeName"))),
    ("Capacity", "string", 0, |row| json!(row.text("/status/capacity/storage"))),
    ("Access Modes", "string", 0, |row| modes(row, "/status/accessModes")),
    ("StorageClass", "string", 0, |row| json!(row.text("/spec/storageClassName"))),
    ("VolumeAttributesClass", "string", 0, |row| unset(row.text("/spec/volumeAttributesClassName"))),
    AGE,
    ("VolumeMode", "string", 1, |row| json!(row.text("/spec/volumeMode"))),
];

pub(super) const VOLUMES: &[Known] = &[
    ("Capacity", "string", 0, |row| json!(row.text("/spec/capacity/storage"))),
    ("Access Modes", "string", 0, |row| modes(row, "/spec/accessModes")),
    ("Reclaim Policy", "string", 0, |row| json!(row.text("/spec/persistentVolumeReclaimPolicy"))),
    ("Status", "string", 0, |row| json!(phase(row))),
    ("Claim", "string", 0, |row| {
        let (namespace, name) = (row.text("/spec/claimRef/namespace"), row.text("/spec/claimRef/name"));
        json!(if name.is_empty() { String::new() } else { format!("{namespace}/{name}") })
    }),
    ("StorageClass", "string", 0, |row| json!(row.text("/spec/storageClassName"))),
    ("VolumeAttributesClass", "string", 0, |row| unset(row.text("/spec/volumeAttributesClassName"))),
    ("Reason", "string", 0, |row| json!(row.text("/status/reason"))),
    AGE,
    ("VolumeMode", "string", 1, |row| json!(row.text("/spec/volumeMode"))),
];

pub(super) const CLASSES: &[Known] = &[
    ("Provisioner", "string", 0, |row| json!(row.text("/provisioner"))),
    ("ReclaimPolicy", "string", 0, |row| json!(row.text("/reclaimPolicy"))),
    ("VolumeBindingMode", "string", 0, |row| json!(row.text("/volumeBindingMode"))),
    ("AllowVolumeExpansion", "string", 0, |row| {
        json!(row.object.get("allowVolumeExpansion").and_then(Value::as_bool).unwrap_or_default())
    }),
    AGE,
];

pub(super) const DRIVERS: &[Known] = &[
    ("AttachRequired", "boolean", 0, |row| json!(flag(row, "/spec/attachRequired"))),
    ("PodInfoOnMount", "boolean", 0, |row| json!(flag(row, "/spec/podInfoOnMount"))),
    ("StorageCapacity", "boolean", 0, |row| json!(flag(row, "/spec/storageCapacity"))),
    ("TokenRequests", "string", 0, |row| {
        let audiences: Vec<&str> = row
            .items("/spec/tokenRequests")
            .filter_map(|request| request.get("audience")?.as_str())
            .collect();
        json!(if audiences.is_empty() { "<unset>".to_owned() } else { audiences.join(",") })
    }),
    ("RequiresRepublish", "boolean", 0, |row| json!(flag(row, "/spec/requiresRepublish"))),
    ("Modes", "string", 0, |row| {
        let modes: Vec<&str> = row.items("/spec/volumeLifecycleModes").filter_map(Value::as_str).collect();
        json!(if modes.is_empty() { "<none>".to_owned() } else { modes.join(",") })
    }),
    AGE,
];

fn flag(row: &Row<'_>, pointer: &str) -> bool {
    row.object.pointer(pointer).and_then(Value::as_bool).unwrap_or_default()
}

fn phase<'a>(row: &'a Row<'_>) -> &'a str {
    if pilothouse_protocol::metadata::is_deleting(row.object) {
        return "Terminating";
    }
    row.text("/status/phase")
}

fn unset(text: &str) -> Value {
    json!(if text.is_empty() { "<unset>" } else { text })
}

fn modes(row: &Row<'_>, pointer: &str) -> Value {
    let modes = row.items(pointer).filter_map(Value::as_str).map(|mode| match mode {
        "ReadWriteOnce" => "RWO",
        "ReadOnlyMany" => "ROX",
        "ReadWriteMany" => "RWX",
        "ReadWriteOncePod" => "RWOP",
        other => other,
    });
    json!(modes.collect::<Vec<_>>().join(","))
}
