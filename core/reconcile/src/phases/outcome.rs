//! What an action does to the status: conditions, counters, history, events (spec 02 §7.4, 03 §2).

use std::collections::BTreeMap;

use pilothouse_api::{ConditionStatus, History, Snapshot, versioned_chart};
use pilothouse_machine::Context;
use pilothouse_protocol::EventType;
use pilothouse_release::ReleaseRecord;

use super::desired::Desired;
use crate::Subject;

/// Prefix of the annotations that describe a release on events.
const GROUP: &str = "helm.toolkit.fluxcd.io";

/// The facts about a release that go onto an event as annotations (spec 03 §6).
#[derive(Debug, Clone, Default)]
pub struct EventMetadata {
    /// Chart version.
    pub revision: String,
    /// Digest of the values.
    pub token: String,
    /// Chart `appVersion`.
    pub app_version: String,
    /// Digest of the OCI artifact.
    pub oci_digest: String,
}

impl EventMetadata {
    /// Of a snapshot.
    #[must_use]
    pub fn of_snapshot(snapshot: &Snapshot) -> Self {
        Self {
            revision: snapshot.chart_version.clone(),
            token: snapshot.config_digest.clone(),
            app_version: snapshot.app_version.clone(),
            oci_digest: snapshot.oci_digest.clone(),
        }
    }

    /// Of what is wanted.
    #[must_use]
    pub fn of_desired(desired: &Desired, subject: &Subject) -> Self {
        Self {
            revision: desired.chart_version.clone(),
            token: desired.config_digest.clone(),
            app_version: desired.app_version.clone(),
            oci_digest: subject.status.last_attempted_revision_digest.clone(),
        }
    }

    /// Of a stored release; the digest of the OCI artifact is known from its snapshot, if there is one.
    #[must_use]
    pub fn of_record(record: &ReleaseRecord, config_digest: String, history: &History) -> Self {
        let is_its = |snapshot: &&Snapshot| snapshot.targets(&record.name, &record.namespace, record.version);
        let snapshot = history.0.iter().find(is_its);
        Self {
            revision: record.chart.name_and_version().1.to_owned(),
            token: config_digest,
            app_version: record
                .chart
                .metadata
                .as_ref()
                .map(|chart| chart.app_version.clone())
                .unwrap_or_default(),
            oci_digest: snapshot.map(|snapshot| snapshot.oci_digest.clone()).unwrap_or_default(),
        }
    }

    /// As annotations of an event.
    #[must_use]
    pub fn annotations(&self) -> BTreeMap<String, String> {
        let mut annotations = BTreeMap::from([
            (format!("{GROUP}/revision"), self.revision.clone()),
            (format!("{GROUP}/token"), self.token.clone()),
        ]);
        for (key, value) in [("app-version", &self.app_version), ("oci-digest", &self.oci_digest)] {
            if !value.is_empty() {
                annotations.insert(format!("{GROUP}/{key}"), value.clone());
            }
        }
        annotations
    }
}

/// A condition about to be set, with the event that goes with it.
#[derive(Debug, Clone)]
pub struct Announcement {
    /// Condition type.
    pub condition: &'static str,
    /// Condition status.
    pub status: ConditionStatus,
    /// Reason of both.
    pub reason: &'static str,
    /// Message of both.
    pub message: String,
    /// Type of the event.
    pub event: EventType,
    /// Annotations of the event.
    pub metadata: EventMetadata,
    /// Whether the tail of Helm's log is quoted in the event.
    pub quote_log: bool,
}

impl Announcement {
    /// Something went as planned.
    #[must_use]
    pub fn success(
        condition: &'static str,
        reason: &'static str,
        message: String,
        metadata: EventMetadata,
    ) -> Self {
        let (status, event) = (ConditionStatus::True, EventType::Normal);
        Self { condition, status, reason, message, event, metadata, quote_log: false }
    }

    /// Something failed.
    #[must_use]
    pub fn failure(
        condition: &'static str,
        reason: &'static str,
        message: String,
        metadata: EventMetadata,
    ) -> Self {
        let (status, event) = (ConditionStatus::False, EventType::Warning);
        Self { condition, status, reason, message, event, metadata, quote_log: true }
    }

    /// Sets the condition and records the event.
    pub fn announce(&self, subject: &mut Subject, context: &mut Context) {
        subject.mark(context, self.condition, self.status, self.reason, &self.message);
        let tail = if self.quote_log { context.helm_log.tail() } else { String::new() };
        let left = left_fields(context);
        let message = format!("{}{left}{tail}", self.message);
        subject.event_with(context, self.event, self.reason, &message, self.metadata.annotations());
    }
}

/// The fields that the action has left to other managers (spec 08 row 20); empty when there are none.
fn left_fields(context: &mut Context) -> String {
    let left = std::mem::take(&mut context.left_fields);
    if left.is_empty() {
        String::new()
    } else {
        format!("\n\nFields left to other managers:\n{}", left.join("\n"))
    }
}

/// `Helm <action> succeeded for release <full> with chart <chart>`.
#[must_use]
pub fn success_message(action: &str, snapshot: &Snapshot) -> String {
    format!(
        "Helm {action} succeeded for release {} with chart {}",
        snapshot.full_release_name(),
        snapshot.versioned_chart()
    )
}

/// `Helm <action> failed for release <namespace>/<name> with chart <chart>: <error>`, named as wanted, not as stored.
#[must_use]
pub fn release_failure_message(action: &str, subject: &Subject, desired: &Desired, error: &str) -> String {
    format!(
        "Helm {action} failed for release {}/{} with chart {}: {}",
        subject.release.release_namespace(),
        subject.release.long_release_name(),
        versioned_chart(&desired.chart_name, &desired.chart_version),
        error.trim()
    )
}

/// `Helm <action> failed for release <full> with chart <chart>: <error>`.
#[must_use]
pub fn failure_message(action: &str, snapshot: &Snapshot, error: &str) -> String {
    format!(
        "Helm {action} failed for release {} with chart {}: {}",
        snapshot.full_release_name(),
        snapshot.versioned_chart(),
        error.trim()
    )
}
