//! From what was persisted to the history and the inventory in the status (spec 04 §3, 02 §8.6).

use std::sync::Arc;

use pilothouse_chart::{Chart, process_dependencies};
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
    let digests = subject.config.digests();
    let filters = subject.release.spec.test().filters;
    let history = &mut subject.status.history;
    let recorded = match kind {
        ActionKind::Install | ActionKind::Upgrade => {
            let collected: CollectedObservations = written.iter().collect();
            let digest = &subject.status.last_attempted_revision_digest;
            record_collected(history, &collected, kind.name(), digest, &digests)
        }
        ActionKind::Test => {
            written.iter().try_for_each(|record| observe_test(history, record, &filters, &digests))
        }
        ActionKind::Rollback => {
            written.iter().try_for_each(|record| observe_rollback(history, record, &digests))
        }
        ActionKind::UninstallRemediation => written
            .iter()
            .try_for_each(|record| observe_uninstall(history, record, "uninstall-remediation", &digests)),
        ActionKind::Unlock => written.iter().try_for_each(|record| observe_unlock(history, record, &digests)),
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
    let texts = crd_texts(desired);
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
            let message = format!("failed to build inventory for {}: {error}", subject.key());
            subject.event(context, EventType::Warning, "InventoryBuildFailed", &message);
        }
    }
}

/// The names and texts of the CRDs of the chart and of those subcharts that the values enable.
fn crd_texts(desired: &Desired) -> Vec<(String, String)> {
    let mut files = desired.chart.crds();
    if !files.is_empty() && !desired.chart.dependencies.is_empty() {
        let mut chart = Chart::clone(&desired.chart);
        if process_dependencies(&mut chart, &desired.values, &mut Vec::new()).is_ok() {
            files = chart.crds();
        }
    }
    files.into_iter().map(|file| (file.name, String::from_utf8_lossy(&file.data).into_owned())).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn desired(child_enabled: bool) -> Desired {
        let metadata = json!({"apiVersion": "v2", "name": "parent", "version": "1.0.0", "dependencies":
            [{"name": "child", "version": "1.0.0", "repository": "", "condition": "child.enabled"}]});
        let crd = |name: &str| pilothouse_chart::File {
            name: format!("crds/{name}.yaml"),
            data: format!("kind: {name}\n").into_bytes().into(),
            modtime: None,
        };
        let child = Chart {
            metadata: serde_json::from_value(
                json!({"apiVersion": "v2", "name": "child", "version": "1.0.0"}),
            )
            .unwrap(),
            values: json!({}),
            files: vec![crd("b")],
            ..Chart::default()
        };
        let chart = Chart {
            metadata: serde_json::from_value(metadata).unwrap(),
            values: json!({}),
            files: vec![crd("a")],
            dependencies: vec![child],
            ..Chart::default()
        };
        Desired {
            chart: Arc::new(chart),
            chart_name: "parent".to_owned(),
            chart_version: "1.0.0".to_owned(),
            app_version: String::new(),
            oci_digest: String::new(),
            values: json!({"child": {"enabled": child_enabled}}).as_object().cloned().unwrap(),
            config_digest: String::new(),
            post_renderers_digest: String::new(),
            common_metadata_digest: String::new(),
        }
    }

    #[test]
    fn crds_of_a_disabled_subchart_are_none_of_the_release() {
        let texts =
            |enabled| crd_texts(&desired(enabled)).into_iter().map(|(_, text)| text).collect::<Vec<_>>();
        assert_eq!(texts(true), ["kind: a\n", "kind: b\n"]);
        assert_eq!(texts(false), ["kind: a\n"]);
    }
}
