//! A release that was found in line, and the short way to find it so again.
//!
//! A pass that ends with nothing left to do remembers what it was decided from. The next pass compares: when generation,
//! tokens, artifact, values and the versions of the storage objects are the same, the decision is the same, and neither
//! the chart nor the stored releases have to be read for it. Nothing else is left out: dependencies and references of
//! values are read as always, and the storage is known from a watch or asked for its versions.

use std::sync::Arc;

use pilothouse_api::{Artifact, FORCE_AT, HelmReleaseStatus, RESET_AT, SourceObject};
use pilothouse_helm::{is_confirmed, list_versions};
use pilothouse_machine::Context;
use pilothouse_protocol::{RequestId, StoredVersions};
use serde_json::Value;

use crate::Subject;
use crate::phases::connect::user_of;
use crate::phases::drift::detects_drift;
use crate::phases::facts::has_other_digest;
use crate::phases::source::source_reference;

/// What a release was found to be in line from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settled {
    generation: i64,
    /// The annotations `forceAt` and `resetAt`.
    tokens: [Option<String>; 2],
    artifact: Artifact,
    storage: StoredVersions,
}

impl Settled {
    /// What the pass over a subject has seen; `None` when it has to look at more than this every time.
    #[must_use]
    pub(crate) fn of(subject: &Subject, storage: Option<&StoredVersions>) -> Option<Self> {
        if detects_drift(subject) || subject.release.spec.kube_config.is_some() {
            return None;
        }
        Some(Self {
            generation: subject.generation(),
            tokens: tokens(subject),
            artifact: artifact(subject)?,
            storage: storage?.clone(),
        })
    }

    /// Whether the HelmRelease asks for what it asked for then.
    fn fits(&self, subject: &Subject) -> bool {
        self.generation == subject.generation()
            && self.tokens == tokens(subject)
            && subject.status.conditions.is_true("Ready")
            && !subject.status.conditions.is_true("Reconciling")
    }
}

/// A pass that takes the short way as long as nothing has changed.
#[derive(Debug, Clone)]
pub struct Quiet {
    settled: Settled,
    /// What the watch of the storage shows, where that is recent enough.
    watched: Option<Arc<StoredVersions>>,
    /// The status before the pass.
    status: HelmReleaseStatus,
}

/// Whether a release is still in line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It is.
    InLine,
    /// Something has changed.
    Changed,
    /// The reply to this request will tell.
    Asked(RequestId),
}

impl Quiet {
    /// The short way for a subject; `None` when the HelmRelease has changed. `watched` is what a watch shows of the
    /// storage, where nobody has asked for this pass who may know of something that the watch has not shown yet.
    #[must_use]
    pub(crate) fn new(
        settled: Option<Settled>,
        watched: Option<Arc<StoredVersions>>,
        subject: &Subject,
    ) -> Option<Self> {
        let settled = settled.filter(|settled| settled.fits(subject))?;
        Some(Self { settled, watched, status: subject.status.clone() })
    }

    /// Whether the release is in line with these values.
    pub(crate) fn judge(&self, values: &Value, subject: &Subject, context: &mut Context) -> Verdict {
        let (digest, digests) = (&subject.status.last_attempted_config_digest, subject.config.digests());
        let same_values = match values {
            Value::Object(values) => {
                digests.verify_config(digest, values) && !has_other_digest(subject, values)
            }
            _ => digests.verify_config(digest, &serde_json::Map::new()),
        };
        if !same_values || artifact(subject).as_ref() != Some(&self.settled.artifact) {
            return Verdict::Changed;
        }
        if self.watched.as_deref() == Some(&self.settled.storage) {
            return Verdict::InLine;
        }
        let release = &subject.release;
        let versions = list_versions(release.storage_namespace(), &release.short_release_name());
        Verdict::Asked(context.request_as(user_of(subject), versions))
    }

    /// Whether the release is in line, when the server has been asked; `None` while its reply is awaited.
    pub(crate) fn confirm(&self, id: RequestId, context: &mut Context) -> Option<Verdict> {
        let reply = context.take(id)?;
        let same = is_confirmed(Some(&self.settled.storage), &reply);
        Some(if same { Verdict::InLine } else { Verdict::Changed })
    }

    /// Ends the pass as if it had not been: the status is what it was.
    pub(crate) fn end(self, subject: &mut Subject) {
        subject.status = self.status;
        subject.settled = Some(self.settled);
    }
}

fn tokens(subject: &Subject) -> [Option<String>; 2] {
    [FORCE_AT, RESET_AT].map(|name| subject.annotation(name).map(str::to_owned))
}

fn artifact(subject: &Subject) -> Option<Artifact> {
    let source = subject.sources.get(&source_reference(subject)?)?;
    SourceObject::from_object(source).artifact
}
