//! The digests in the status that say what the deployed release was made with (spec 08 row 2).

use pilothouse_api::Snapshot;

use super::desired::Desired;
use crate::Subject;

/// Of post-renderers and common metadata: what a stored release does not say itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ObservedDigests {
    post_renderers: String,
    common_metadata: String,
}

impl ObservedDigests {
    /// Those that the status has.
    pub(super) fn of(subject: &Subject) -> Self {
        Self {
            post_renderers: subject.status.observed_post_renderers_digest.clone(),
            common_metadata: subject.status.observed_common_metadata_digest.clone(),
        }
    }

    /// Those of what is wanted.
    pub(super) fn wanted(desired: &Desired) -> Self {
        Self {
            post_renderers: desired.post_renderers_digest.clone(),
            common_metadata: desired.common_metadata_digest.clone(),
        }
    }

    /// Writes them into the status.
    pub(super) fn observe(self, subject: &mut Subject) {
        subject.status.observed_post_renderers_digest = self.post_renderers;
        subject.status.observed_common_metadata_digest = self.common_metadata;
    }

    /// After a rollback the deployed release is again made with what was observed of the revision that it went back to: what
    /// the status has, if no newer one was ever deployed, or `before`, what it had before this pass made the only one that
    /// was. Otherwise nobody knows: then it is something that no spec asks for, and the next upgrade is not left out.
    pub(super) fn go_back(before: Option<&Self>, target: u32, subject: &mut Subject) {
        let Some(newest) = subject.status.history.latest() else { return };
        let was_deployed =
            |snapshot: &&Snapshot| matches!(snapshot.status.as_str(), "deployed" | "superseded");
        let between = |snapshot: &&Snapshot| snapshot.version > target && snapshot.version < newest.version;
        let mut newer = subject.status.history.0.iter().filter(between).filter(was_deployed);
        let (first, second) = (newer.next(), newer.next());
        let Some(first) = first else { return };
        let is_last = first.version.checked_add(1) == Some(newest.version);
        let unknown =
            || Self { post_renderers: newest.digest.clone(), common_metadata: newest.digest.clone() };
        before.filter(|_| is_last && second.is_none()).cloned().unwrap_or_else(unknown).observe(subject);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::{Value, json};

    use super::*;
    use crate::Config;

    /// After a rollback to revision 1, with these revisions since, oldest first.
    fn after(since: &[&str], before: Option<&ObservedDigests>) -> ObservedDigests {
        let statuses = ["superseded"].iter().chain(since).chain(&["deployed"]);
        let snapshot = |(index, status)| json!({"name": "app", "namespace": "ns", "version": index + 1, "status": status, "digest": "sha256:aa"});
        let mut history: Vec<Value> = statuses.enumerate().map(snapshot).collect();
        history.reverse();
        let object = json!({"metadata": {"name": "app", "namespace": "ns", "generation": 2},
            "spec": {"interval": "1m"},
            "status": {"history": history, "observedPostRenderersDigest": "sha256:upgrade"}});
        let mut subject = Subject::new(Arc::new(Config::default()), &object).unwrap();
        ObservedDigests::go_back(before, 1, &mut subject);
        ObservedDigests::of(&subject)
    }

    fn digests(post_renderers: &str, common_metadata: &str) -> ObservedDigests {
        ObservedDigests {
            post_renderers: post_renderers.to_owned(),
            common_metadata: common_metadata.to_owned(),
        }
    }

    #[test]
    fn a_rollback_brings_back_what_was_observed_of_the_revision_that_it_goes_back_to() {
        let (before, unknown) = (digests("sha256:before", ""), digests("sha256:aa", "sha256:aa"));
        assert_eq!(after(&["superseded"], Some(&before)), before);
        assert_eq!(after(&["superseded"], None), unknown, "another pass made the upgrade");
        let kept = digests("sha256:upgrade", "");
        assert_eq!(after(&["failed"], Some(&before)), kept, "the failed upgrade was never observed");
        assert_eq!(after(&["failed", "failed"], None), kept);
        assert_eq!(
            after(&["superseded", "failed"], Some(&before)),
            unknown,
            "what was before is of the other"
        );
        assert_eq!(after(&["superseded", "superseded"], Some(&before)), unknown);
    }
}
