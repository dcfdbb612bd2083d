//! From what was persisted to the history and the inventory in the status (spec 04 §3, 02 §8.6).

use std::sync::Arc;

use pilothouse_helm::{JournalMark, Storage};
use pilothouse_machine::Context;
use pilothouse_protocol::EventType;
use pilothouse_release::{
    CollectedObservations, ReleaseRecord, build_inventory, observe_rollback, observe_test, observe_uninstall,
    observe_unlock, record_collected,
};

use super::desired::Desired;
use super::running::ActionKind;
use crate::Subject;

/// The records that were persisted since a mark, in order; deletions with what was stored before.
#[must_use]
pub fn records_since(storage: &Storage, mark: JournalMark) -> Vec<Arc<ReleaseRecord>> {
    storage.journal_since(mark).into_iter().filter_map(|entry| entry.persisted.clone()).collect()
}

/// Records what an action has persisted.
///
/// # Errors
/// When a stored release cannot be made into a snapshot.
pub fn record(
    kind: ActionKind,
    subject: &mut Subject,
    written: &[Arc<ReleaseRecord>],
    context: &mut Context,
    desired: &Desired,
) -> Result<(), String> {
    let algorithm = subject.config.snapshot_digest_algorithm;
    let filters = subject.release.spec.test().filters;
    let history = &mut subject.status.history;
    let recorded = match kind {
        ActionKind::Install | ActionKind::Upgrade => {
            let collected: CollectedObservations = written.iter().collect();
            let digest = &subject.status.last_attempted_revision_digest;
            record_collected(history, &collected, kind.name(), digest, algorithm)
        }
        ActionKind::Test => {
            written.iter().try_for_each(|record| observe_test(history, record, &filters, algorithm))
        }
        ActionKind::Rollback => {
            written.iter().try_for_each(|record| observe_rollback(history, record, algorithm))
        }
        ActionKind::UninstallRemediation => written
            .iter()
            .try_for_each(|record| observe_uninstall(history, record, "uninstall-remediation", algorithm)),
        ActionKind::Unlock => {
            written.iter().try_for_each(|record| observe_unlock(history, record, algorithm))
        }
        // Storage has nothing to do with it.
        ActionKind::CorrectDrift => Ok(()),
    };
    subject.status.history.sort();
    recorded.map_err(|error| format!("failed to observe the release: {error}"))?;
    if kind.is_release() || kind == ActionKind::Rollback {
        rebuild_inventory(subject, written, context, desired);
    }
    Ok(())
}

/// The inventory of the last release that was written.
fn rebuild_inventory(
    subject: &mut Subject,
    written: &[Arc<ReleaseRecord>],
    context: &mut Context,
    desired: &Desired,
) {
    let Some(record) = written.iter().max_by_key(|record| record.version) else { return };
    let discovery = context.discovery.clone();
    let namespaced = |kind: &pilothouse_protocol::GroupVersionKind| match &discovery {
        None => Err("the server was not asked what it serves".to_owned()),
        Some(discovery) => {
            discovery.resource(&kind.api_version, &kind.kind).map(|resource| resource.namespaced).ok_or_else(
                || format!("no matches for kind \"{}\" in version \"{}\"", kind.kind, kind.api_version),
            )
        }
    };
    let files = desired.chart.crds();
    let texts: Vec<(String, String)> = files
        .iter()
        .map(|file| (file.name.clone(), String::from_utf8_lossy(&file.data).into_owned()))
        .collect();
    let crds: Vec<(&str, &str)> = texts.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    match build_inventory(record, &crds, namespaced) {
        Ok(result) => {
            if !result.warnings.is_empty() {
                subject.event(
                    context,
                    EventType::Warning,
                    "NamespaceCheckSkipped",
                    &result.warnings.join("; "),
                );
            }
            subject.status.inventory = Some(result.inventory);
        }
        Err(error) => {
            let name = format!("{}/{}", record.namespace, record.name);
            let message = format!("failed to build inventory for {name}: {error}");
            subject.event(context, EventType::Warning, "InventoryBuildFailed", &message);
        }
    }
}
