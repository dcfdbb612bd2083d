//! One action at a time on a release, and no more tries than its policy allows.

use std::collections::{BTreeMap, BTreeSet};

use pilothouse_protocol::{ReleaseKey, metadata};
use serde_json::Value;

use super::look::{arrived_late, list};
use super::releases::{ReleaseName, Releases, Revision};
use super::{Machine, Meddled, World};

/// What etcd says when it has no leader for a moment.
const PASSING: [&str; 2] = ["etcdserver: leader changed", "etcdserver: request timed out"];

/// How often failed installs and upgrades may be tried again; below zero without bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Retries {
    /// Of installs.
    pub install: i64,
    /// Of upgrades.
    pub upgrade: i64,
}

/// What was allowed, and the counters as last seen.
#[derive(Debug, Default)]
pub(super) struct Bounds {
    allowed: BTreeMap<ReleaseKey, Retries>,
    /// How often each release was to be forced.
    forced: BTreeMap<ReleaseKey, i64>,
    seen: BTreeMap<ReleaseKey, (i64, i64)>,
    /// The Secrets of revisions that are no retries, or that an upgrade goes on with which is none, by release.
    no_retries: BTreeMap<ReleaseName, BTreeSet<String>>,
    /// The Secrets of revisions that could be gone back to once.
    whole: BTreeMap<ReleaseName, BTreeSet<String>>,
}

impl Bounds {
    pub(super) fn allow(&mut self, key: ReleaseKey, retries: Retries) {
        let most = |before: i64, now: i64| if before < 0 || now < 0 { -1 } else { before.max(now) };
        let allowed = self.allowed.entry(key).or_insert(retries);
        allowed.install = most(allowed.install, retries.install);
        allowed.upgrade = most(allowed.upgrade, retries.upgrade);
    }

    /// A forced upgrade is made whether a retry is left or not (spec 02 §7.2), and counts when it fails.
    pub(super) fn force(&mut self, key: ReleaseKey) {
        *self.forced.entry(key).or_default() += 1;
    }

    /// Takes note of installs that were interrupted and of installs and rollbacks that were cut short: the upgrade that goes
    /// on with one is no retry (spec 02 §7.2, 08 rows 6 and 10), and counts when it fails. Nor is one in place of a rollback
    /// to a revision that has been pruned (spec 02 §7.2, state Failed).
    pub(super) fn note(&mut self, releases: &Releases) {
        for (release, revisions) in &releases.all {
            let whole: BTreeSet<String> = revisions.values().filter(|one| is_whole(one)).map(uid).collect();
            let stored: BTreeSet<String> = revisions.values().map(uid).collect();
            let known = self.whole.entry(release.clone()).or_default();
            let is_pruned = whole.is_empty() && known.iter().any(|known| !stored.contains(known));
            known.extend(whole);
            let no_retry = |revision: &&Revision| {
                let info = revision.record.as_ref().map(|record| &record.info);
                let is_in_place = is_pruned && revision.status() == "pending-upgrade";
                is_in_place || info.is_ok_and(|info| was_cut_short(&info.description))
            };
            let secrets = revisions.values().filter(no_retry).map(uid);
            self.no_retries.entry(release.clone()).or_default().extend(secrets);
        }
    }

    /// An upgrade because somebody else has changed the storage is no retry (spec 02 §7.2, Unmanaged).
    pub(super) fn check<M: Machine>(&mut self, world: &World<M>, meddled: &Meddled) -> Option<String> {
        if self.allowed.is_empty() {
            return None;
        }
        list(world, "HelmRelease", None).iter().find_map(|release| {
            let past = self.count(release);
            past.filter(|_| {
                !meddled.has(metadata::text(release, "namespace"), metadata::text(release, "name"))
            })
        })
    }

    /// Only a counter that grows past its bound is wrong: the policy may have become stricter since.
    fn count(&mut self, release: &Value) -> Option<String> {
        let key = ReleaseKey::of(release);
        let counter = |field: &str| release.pointer(field).and_then(Value::as_i64).unwrap_or_default();
        let now = (counter("/status/installFailures"), counter("/status/upgradeFailures"));
        let before = self.seen.insert(key.clone(), now).unwrap_or_default();
        let counted = now.0 > before.0 || now.1 > before.1;
        if let Some(passing) = passing(release).filter(|_| counted) {
            return Some(format!("status of {key}: what passes by itself counts as a failed try: {passing}"));
        }
        let Retries { install, upgrade } = *self.allowed.get(&key)?;
        let forced = self.forced.get(&key).copied().unwrap_or_default() + self.no_retries(release);
        let past =
            |now: i64, before: i64, retries: i64| retries >= 0 && now > before && now > retries + 1 + forced;
        if past(now.0, before.0, install) {
            return Some(format!(
                "status of {key}: {} failed installs, {install} retries are allowed",
                now.0
            ));
        }
        past(now.1, before.1, upgrade)
            .then(|| format!("status of {key}: {} failed upgrades, {upgrade} retries are allowed", now.1))
    }
}

impl Bounds {
    /// How often the release of a HelmRelease was upgraded without a retry.
    fn no_retries(&self, release: &Value) -> i64 {
        let text = |path: &str| release.pointer(path).and_then(Value::as_str).unwrap_or_default().to_owned();
        let name = (text("/status/storageNamespace"), text("/status/history/0/name"));
        self.no_retries.get(&name).map_or(0, |secrets| i64::try_from(secrets.len()).unwrap_or(i64::MAX))
    }
}

fn uid(revision: &Revision) -> String {
    metadata::text(&revision.secret, "uid").to_owned()
}

/// Whether a revision was deployed once, and none of its tests has failed.
fn is_whole(revision: &Revision) -> bool {
    matches!(revision.status(), "deployed" | "superseded") && !revision.has_failed_test()
}

fn was_cut_short(description: &str) -> bool {
    let unlocked = |state: &str| description == format!("Release unlocked from stale '{state}' state");
    let interrupted = description.starts_with("Release ") && description.contains(" interrupted: ");
    interrupted || unlocked("pending-install") || unlocked("pending-rollback")
}

/// What has failed the last install or upgrade, when it is nothing but a server that was busy with itself (spec 08 row 18). An
/// uninstall is counted by neither counter: one that grows beside its failure tells of an install whose status was refused.
fn passing(release: &Value) -> Option<String> {
    let conditions = release.pointer("/status/conditions").and_then(Value::as_array)?;
    let released = conditions.iter().find(|condition| condition["type"] == "Released")?;
    let is_counted = released["status"] == "False" && released["reason"] != "UninstallFailed";
    let message = released["message"].as_str().filter(|_| is_counted)?;
    // Of several objects that could not be written, one a line, or joined by this.
    let mut causes = message.split('\n').flat_map(|line| line.split(" && "));
    let only = causes.all(|cause| PASSING.iter().any(|passing| cause.ends_with(passing)));
    only.then(|| message.to_owned())
}

/// A release on which two actions are under way at once. None is on a revision that a process had sent which was gone when it
/// arrived: it is a leftover, beside what the one after it does.
pub(super) fn pending<M: Machine>(
    world: &World<M>,
    releases: &Releases,
    meddled: &Meddled,
) -> Option<String> {
    let exchanges = &world.record().exchanges;
    releases.all.iter().find_map(|((namespace, name), revisions)| {
        let pending = revisions.values().filter(|revision| {
            revision.status().starts_with("pending-") && !arrived_late(exchanges, &revision.secret)
        });
        (pending.count() > 1 && !meddled.has(namespace, name))
            .then(|| format!("storage: two actions on {namespace}/{name} are pending at once"))
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_counter_may_reach_the_retries_and_the_first_try() {
        let mut bounds = Bounds::default();
        bounds.allow(ReleaseKey::new("ns", "app"), Retries { install: 1, upgrade: -1 });
        let mut status = |installs: i64, upgrades: i64| {
            let status = json!({"installFailures": installs, "upgradeFailures": upgrades});
            bounds.count(&json!({"metadata": {"namespace": "ns", "name": "app"}, "status": status}))
        };
        assert_eq!(status(2, 90), None);
        assert!(status(3, 0).is_some());
        assert_eq!(status(3, 0), None);
    }

    #[test]
    fn what_passes_by_itself_is_not_counted() {
        let failed = |message: &str| {
            let released = json!({"type": "Released", "status": "False", "message": message});
            passing(&json!({"status": {"conditions": [released]}})).is_some()
        };
        assert!(failed("Helm install failed for release ns/app: etcdserver: leader changed"));
        for separator in [" && ", "\n"] {
            let both = |first: &str| {
                failed(&format!(
                    "Helm install failed for release ns/app: {first}{separator}b: etcdserver: leader changed"
                ))
            };
            assert!(both("a: etcdserver: request timed out"));
            assert!(!both("a: denied"), "the other one stays");
        }
        assert!(!failed("Helm install failed for release ns/app: etcdserver: leader changed it"));
        let message = "Helm uninstall failed for release ns/app.v1: etcdserver: leader changed";
        let released =
            json!({"type": "Released", "status": "False", "reason": "UninstallFailed", "message": message});
        assert_eq!(passing(&json!({"status": {"conditions": [released]}})), None, "nobody counts uninstalls");
    }
}
