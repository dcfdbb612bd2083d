//! Nothing is deleted without a cause: deletion of the HelmRelease, a remediation policy, removal from the manifest, the
//! policy of a hook, the bound of the history.

use std::collections::BTreeMap;

use pilothouse_protocol::{ObjectRef, Request, metadata};
use serde_json::Value;

use super::Meddled;
use super::releases::{Releases, Revision, split_name};
use crate::world::{Exchange, Machine, World};

/// `spec.maxHistory` when it is not set.
const MAX_HISTORY: u64 = 5;

/// Why a request should not have been made.
pub(super) fn check<M: Machine>(
    world: &World<M>,
    releases: &Releases,
    meddled: &Meddled,
    exchange: &Exchange,
) -> Option<String> {
    let Request::Delete { object, .. } = &exchange.request else { return None };
    let key = &exchange.key;
    if meddled.has(&key.namespace, &key.name) {
        return None;
    }
    let owner = ObjectRef::namespaced(
        pilothouse_api::API_VERSION,
        pilothouse_api::KIND,
        key.namespace.clone(),
        key.name.clone(),
    );
    let release = world.get(&owner).filter(|release| !metadata::is_deleting(release))?;
    let live = world.get(object)?;
    if object.kind == "HelmChart" {
        let templated = release.pointer("/spec/chart").is_some();
        return templated.then(|| format!("deletion of {object}: the chart of {key} is wanted"));
    }
    let namespace =
        release.pointer("/status/storageNamespace").and_then(Value::as_str).unwrap_or(&key.namespace);
    if let Some((name, version)) = split_name(&object.name).filter(|_| object.kind == "Secret") {
        return storage(
            &release,
            releases.of(object.namespace.as_deref().unwrap_or(namespace), &name),
            version,
        )
        .map(|why| format!("deletion of {object}: {why}"));
    }
    if metadata::annotation(&live, "helm.sh/hook").is_some() {
        return None;
    }
    let revisions = stored(&release, releases, namespace);
    let id = (object.kind.clone(), object.name.clone());
    if !revisions.values().any(|revision| revision.manifest.contains(&id)) {
        return Some(format!("deletion of {object}: no stored revision of {key} has it"));
    }
    let latest = revisions.last_key_value();
    let is_wanted = latest.is_some_and(|(_, revision)| revision.manifest.contains(&id));
    (is_wanted && !may_uninstall(&release, revisions)).then(|| {
        format!("deletion of {object}: the newest revision of {key} has it and nothing asks for an uninstall")
    })
}

/// Why a revision should stay in the storage.
fn storage(release: &Value, revisions: Option<&BTreeMap<u32, Revision>>, version: u32) -> Option<String> {
    let revisions = revisions?;
    let most = release.pointer("/spec/maxHistory").and_then(Value::as_u64).unwrap_or(MAX_HISTORY);
    let oldest_left_out = most > 0 && revisions.len() as u64 >= most;
    let status = revisions.get(&version).map(Revision::status).unwrap_or_default();
    if status == "deployed" && !may_uninstall(release, revisions) {
        return Some("it is the deployed revision".to_owned());
    }
    (!oldest_left_out && !may_uninstall(release, revisions)).then(|| "the history is not full".to_owned())
}

/// Whether a failed install or upgrade, or a failed test of one, may be answered by an uninstall.
fn may_uninstall(release: &Value, revisions: &BTreeMap<u32, Revision>) -> bool {
    let failed = |revision: &Revision| {
        let status = revision.status();
        matches!(status, "failed" | "uninstalling" | "uninstalled" | "pending-install" | "pending-upgrade")
            || (status == "deployed" && revision.has_failed_test())
    };
    let newest = revisions.last_key_value().is_some_and(|(_, revision)| failed(revision));
    let install = release.pointer("/spec/install/remediation");
    let installs =
        install.is_some_and(|policy| policy["retries"] != 0 || policy["remediateLastFailure"] == true);
    let upgrades =
        release.pointer("/spec/upgrade/remediation/strategy").is_some_and(|strategy| strategy == "uninstall");
    newest && (installs || upgrades)
}

fn stored<'a>(release: &Value, releases: &'a Releases, namespace: &str) -> &'a BTreeMap<u32, Revision> {
    static NONE: BTreeMap<u32, Revision> = BTreeMap::new();
    let own = metadata::text(release, "name");
    let field = |pointer: &str| release.pointer(pointer).and_then(Value::as_str);
    let named = match (field("/spec/releaseName"), field("/spec/targetNamespace")) {
        (Some(name), _) => name.to_owned(),
        (None, Some(target)) => format!("{target}-{own}"),
        (None, None) => own.to_owned(),
    };
    releases.of(namespace, &named).unwrap_or(&NONE)
}
