//! Helm's storage is well-formed: readable, labels that tell the truth, at most one deployed revision.

use pilothouse_protocol::metadata;

use super::Meddled;
use super::releases::Releases;

/// What is wrong with the storage.
pub(super) fn check(releases: &Releases, meddled: &Meddled) -> Option<String> {
    for ((namespace, name), revisions) in &releases.all {
        if meddled.has(namespace, name) {
            continue;
        }
        let mut deployed = Vec::new();
        for (version, revision) in revisions {
            let record = match &revision.record {
                Ok(record) => record,
                Err(error) => {
                    return Some(format!("storage: {namespace}/{name}.v{version} cannot be read: {error}"));
                }
            };
            let status = record.info.status.as_str();
            let label = metadata::label(&revision.secret, "status").unwrap_or_default();
            if label != status {
                return Some(format!(
                    "storage: {namespace}/{name}.v{version} is {status}, its label says {label}"
                ));
            }
            if record.version != *version || record.name != *name {
                return Some(format!("storage: {namespace}/{name}.v{version} holds {}", record.full_name()));
            }
            if status == "deployed" {
                deployed.push(version);
            }
        }
        if deployed.len() > 1 {
            return Some(format!("storage: {namespace}/{name} is deployed more than once: {deployed:?}"));
        }
    }
    None
}
