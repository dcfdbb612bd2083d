//! Who lets a HelmRelease go has uninstalled its release.

use std::collections::BTreeMap;

use pilothouse_api::HelmRelease;
use pilothouse_protocol::{Object, ReleaseKey, metadata};

use super::Meddled;
use super::look::list;
use super::releases::Releases;
use crate::world::{Machine, World};

/// The HelmReleases as they were seen last.
#[derive(Debug, Default)]
pub(super) struct Orphans {
    seen: BTreeMap<ReleaseKey, Object>,
}

impl Orphans {
    /// Whether a HelmRelease has gone, and its release is still there.
    pub(super) fn check<M: Machine>(
        &mut self,
        world: &World<M>,
        releases: &Releases,
        meddled: &Meddled,
    ) -> Option<String> {
        let now = list(world, "HelmRelease", None).into_iter();
        let now = now.map(|release| (ReleaseKey::of(&release), release)).collect();
        let before = std::mem::replace(&mut self.seen, now);
        let gone = before.iter().filter(|(key, release)| {
            let uid = |release: &Object| metadata::text(release, "uid").to_owned();
            self.seen.get(key).map(uid) != Some(uid(release)) && !meddled.has(&key.namespace, &key.name)
        });
        gone.into_iter().find_map(|(key, release)| left_behind(key, release, releases))
    }
}

/// What stands in the storage of a HelmRelease that has gone, unless it was to be left there.
fn left_behind(key: &ReleaseKey, release: &Object, releases: &Releases) -> Option<String> {
    let release = HelmRelease::from_object(release).ok()?;
    if release.spec.suspend {
        return None;
    }
    let storage = &release.status.storage_namespace;
    let latest = release.status.history.latest()?;
    let (version, newest) = releases.of(storage, &latest.name)?.last_key_value()?;
    let status = newest.status();
    (status != "uninstalled")
        .then(|| format!("deletion: {key} is gone, and its release {}.v{version} is {status}", latest.name))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::json;

    use super::*;

    #[test]
    fn only_what_was_installed_is_left_behind() {
        let release = |status| {
            let metadata = json!({"name": "app", "namespace": "ns", "uid": "u"});
            Arc::new(json!({"metadata": metadata, "spec": {"interval": "5m"}, "status": status}))
        };
        let key = ReleaseKey::new("ns", "app");
        let never = release(json!({}));
        assert_eq!(left_behind(&key, &never, &Releases::default()), None);
        let history = json!([{"name": "app", "namespace": "ns", "version": 1, "status": "deployed"}]);
        let installed = release(json!({"storageNamespace": "ns", "history": history}));
        assert_eq!(left_behind(&key, &installed, &Releases::default()), None, "nothing is stored any more");
        let releases = Releases::holding("ns", "app", 1, "deployed");
        assert_eq!(
            left_behind(&key, &installed, &releases).as_deref(),
            Some("deletion: ns/app is gone, and its release app.v1 is deployed")
        );
        let releases = Releases::holding("ns", "app", 1, "uninstalled");
        assert_eq!(left_behind(&key, &installed, &releases), None);
    }
}
