//! The digests in the status that say what the deployed release was made with (spec 08 row 2).

use crate::Subject;

use super::desired::Desired;

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

    /// After a rollback the deployed release is again made with what was observed before the upgrade. Nobody knows that
    /// when another pass made the upgrade: then it is something that no spec asks for, and the next upgrade is not left
    /// out. An upgrade that failed was never observed.
    pub(super) fn go_back(before: Option<&Self>, subject: &mut Subject) {
        let conditions = &subject.status.conditions;
        if !conditions.is_true("Remediated") || !conditions.is_true("Released") {
            return;
        }
        let unknown = || {
            let release = subject.status.history.latest().map(|snapshot| snapshot.digest.clone());
            let release = release.unwrap_or_default();
            Self { post_renderers: release.clone(), common_metadata: release }
        };
        before.cloned().unwrap_or_else(unknown).observe(subject);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use pilothouse_api::ConditionStatus;
    use pilothouse_machine::Context;
    use serde_json::json;

    use super::*;
    use crate::Config;

    fn after(released: ConditionStatus, before: Option<&ObservedDigests>) -> ObservedDigests {
        let history = json!([{"name": "app", "namespace": "ns", "version": 3, "status": "deployed",
            "digest": "sha256:aa"}]);
        let object = json!({"metadata": {"name": "app", "namespace": "ns", "generation": 2},
            "spec": {"interval": "1m"},
            "status": {"history": history, "observedPostRenderersDigest": "sha256:upgrade"}});
        let mut subject = Subject::new(Arc::new(Config::default()), &object).unwrap();
        let context = Context::new(0);
        subject.mark(&context, "Released", released, "x", "x");
        subject.mark(&context, "Remediated", ConditionStatus::True, "RollbackSucceeded", "x");
        ObservedDigests::go_back(before, &mut subject);
        ObservedDigests::of(&subject)
    }

    fn digests(post_renderers: &str, common_metadata: &str) -> ObservedDigests {
        ObservedDigests {
            post_renderers: post_renderers.to_owned(),
            common_metadata: common_metadata.to_owned(),
        }
    }

    #[test]
    fn a_rollback_brings_back_what_was_observed_before_the_upgrade() {
        let before = digests("sha256:before", "");
        assert_eq!(after(ConditionStatus::True, Some(&before)), before);
        assert_eq!(after(ConditionStatus::True, None), digests("sha256:aa", "sha256:aa"));
        let failed = after(ConditionStatus::False, Some(&before));
        assert_eq!(failed, digests("sha256:upgrade", ""), "the failed upgrade was never observed");
    }
}
