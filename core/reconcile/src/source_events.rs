//! What a change of a source object means to a release (spec 02 §1).

use std::collections::BTreeMap;

use pilothouse_api::{HelmReleaseStatus, SourceObject};
use pilothouse_protocol::{Object, ObjectRef, metadata};

/// An artifact appeared, its revision changed, or the source became Ready.
#[must_use]
pub(crate) fn is_new_artifact(old: Option<&SourceObject>, new: &SourceObject) -> bool {
    let Some(artifact) = &new.artifact else { return false };
    let Some(old) = old else { return true };
    let revision = old.artifact.as_ref().map(|artifact| &artifact.revision);
    revision != Some(&artifact.revision)
        || (!old.conditions.is_true("Ready") && new.conditions.is_true("Ready"))
}

/// Whether the revision of a source is the one attempted last, while the release is fine or at work.
///
/// Digests are compared as digests, without the tag in front (spec 08 row 11).
#[must_use]
pub(crate) fn is_attempted(status: &HelmReleaseStatus, reference: &ObjectRef, source: &SourceObject) -> bool {
    let settled = status.conditions.is_true("Ready") || status.conditions.is_true("Reconciling");
    let revision = source.artifact.as_ref().map(|artifact| artifact.revision.as_str()).unwrap_or_default();
    let by_digest =
        reference.kind == "OCIRepository" || (reference.kind == "ExternalArtifact" && revision.contains(':'));
    let attempted = match by_digest {
        true => digest_of(revision) == digest_of(&status.last_attempted_revision_digest),
        false => revision == status.last_attempted_revision,
    };
    settled && attempted
}

/// Keeps what a pass has learnt about sources, unless a watch has shown something newer in the meantime.
pub(crate) fn keep_newer(sources: &mut BTreeMap<ObjectRef, Object>, learnt: BTreeMap<ObjectRef, Object>) {
    for (reference, object) in learnt {
        let version = |known: &Object| metadata::resource_version(known);
        if sources.get(&reference).is_none_or(|known| version(known) < version(&object)) {
            sources.insert(reference, object);
        }
    }
}

fn digest_of(revision: &str) -> &str {
    revision.rsplit_once('@').map_or(revision, |(_, digest)| digest)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn source(revision: Option<&str>, ready: bool) -> SourceObject {
        let artifact = revision.map(|revision| json!({"url": "u", "revision": revision, "digest": "d"}));
        let status = if ready { "True" } else { "False" };
        let mut object: Value = json!({"metadata": {"generation": 1}, "status": {"conditions": [{
            "type": "Ready", "status": status, "reason": "r", "message": "",
            "lastTransitionTime": "2024-01-01T00:00:00Z",
        }]}});
        if let Some(artifact) = artifact {
            object["status"]["artifact"] = artifact;
        }
        SourceObject::from_object(&object)
    }

    #[test]
    fn a_new_revision_or_readiness_is_news() {
        let old = source(Some("1"), true);
        assert!(is_new_artifact(None, &old) && !is_new_artifact(Some(&old), &old));
        assert!(!is_new_artifact(None, &source(None, true)));
        assert!(is_new_artifact(Some(&source(None, false)), &source(Some("1"), false)));
        assert!(is_new_artifact(Some(&old), &source(Some("2"), true)));
        assert!(is_new_artifact(Some(&source(Some("1"), false)), &old));
        assert!(!is_new_artifact(Some(&old), &source(Some("1"), false)));
    }

    #[test]
    fn attempted_revisions_are_recognised() {
        let cases = [
            ("HelmChart", "1.0.0", "1.0.0", "", true),
            ("HelmChart", "2.0.0", "1.0.0", "", false),
            ("OCIRepository", "1.0.0@sha256:a", "1.0.0+a", "sha256:a", true),
            ("OCIRepository", "latest@sha256:a", "1.0.0+a", "latest@sha256:a", true),
            ("OCIRepository", "latest@sha256:b", "1.0.0+a", "sha256:a", false),
            ("ExternalArtifact", "1.0.0", "1.0.0", "", true),
            ("ExternalArtifact", "x@sha256:a", "1.0.0", "sha256:a", true),
        ];
        for (kind, revision, last, digest, expected) in cases {
            let reference = ObjectRef::namespaced("source.toolkit.fluxcd.io/v1", kind, "ns", "a");
            let mut status = HelmReleaseStatus {
                last_attempted_revision: last.to_owned(),
                last_attempted_revision_digest: digest.to_owned(),
                ..HelmReleaseStatus::default()
            };
            assert!(!is_attempted(&status, &reference, &source(Some(revision), true)), "{kind} {revision}");
            let (yes, at) =
                (pilothouse_api::ConditionStatus::True, pilothouse_machine::Context::new(0).wall());
            status.conditions.set("Ready", yes, "r", "m", 1, at);
            let found = is_attempted(&status, &reference, &source(Some(revision), true));
            assert_eq!(found, expected, "{kind} {revision}");
        }
    }
}
