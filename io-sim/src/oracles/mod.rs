//! What must hold in a simulated cluster at every moment, whatever goes wrong, and what must be reached in the end.
//!
//! The oracles look at the cluster and at the requests of the operator from outside: they share no decision with it. Those
//! of `reliability.md` §4 that hold at every moment are S1 `storage`, S2 and S6 `bounds`, S3 and S4 `deletions`, S5
//! `truth` and `declared`, S7 `secrets`, S8 `lease`, S9 `pace`, L2 `again`, L5 `orphans`, D2 `contents`; `crds` is for the policies of
//! CustomResourceDefinitions.

mod again;
mod bounds;
mod contents;
mod crds;
mod declared;
mod deletions;
mod end_state;
mod lease;
mod look;
mod orphans;
mod pace;
mod releases;
mod secrets;
mod storage;
mod truth;

pub use bounds::Retries;
pub use declared::DeclaredLine;
pub use end_state::{EndState, end_state};
pub(crate) use lease::Lease;
pub(crate) use look::{came_late, is_leftover, process_of};
pub(crate) use releases::Releases;

use std::collections::BTreeSet;

use pilothouse_protocol::{Monotonic, ReleaseKey};

use crate::world::{Machine, World};

/// All oracles of one run.
#[derive(Debug, Default)]
pub struct Oracles {
    revision: u64,
    requests: usize,
    releases: Releases,
    truth: truth::Truth,
    pace: pace::Pace,
    bounds: bounds::Bounds,
    secrets: secrets::Secrets,
    crds: crds::Crds,
    declared: declared::Declared,
    orphans: orphans::Orphans,
    again: again::Again,
    meddled: Meddled,
    /// How often something was looked at.
    pub looks: u64,
}

/// Releases whose storage somebody else has changed: what is said about them may have been true a moment ago.
#[derive(Debug, Default)]
pub(crate) struct Meddled {
    releases: BTreeSet<ReleaseKey>,
}

impl Meddled {
    /// Whether a release, or a HelmRelease, is one of them.
    fn has(&self, namespace: &str, name: &str) -> bool {
        !self.releases.is_empty() && self.releases.contains(&ReleaseKey::new(namespace, name))
    }
}

impl Oracles {
    /// Looks at the world; says what is wrong. To be called after everything that happens.
    pub fn look<M: Machine>(&mut self, world: &World<M>) -> Option<String> {
        let revision = world.server().revision();
        if revision != self.revision {
            let before = std::mem::replace(&mut self.revision, revision);
            self.looks += 1;
            if let Some(said) = self.look_at_changes(world, before) {
                return Some(said);
            }
        }
        let exchanges = world.record().exchanges.get(self.requests..).unwrap_or_default();
        self.requests += exchanges.len();
        let said = exchanges.iter().find_map(|exchange| {
            self.pace
                .check(exchange)
                .or_else(|| deletions::check(world, &self.releases, &self.meddled, exchange))
                .or_else(|| contents::check(&self.releases, &self.meddled, exchange))
                .or_else(|| self.secrets.check_request(exchange))
        });
        said.or_else(|| self.secrets.check_words(world.record()))
    }

    /// Most changes are of other objects than releases and their storage: nothing is said about those.
    fn look_at_changes<M: Machine>(&mut self, world: &World<M>, before: u64) -> Option<String> {
        let store = world.server().store();
        let changed = |kind: &str| {
            store
                .changes_after(look::resource(kind), before)
                .is_none_or(|mut changes| changes.next().is_some())
        };
        let (storage, statuses) = (changed("Secret"), changed("HelmRelease"));
        if storage {
            self.releases.update(world);
            self.bounds.note(&self.releases);
            let said = storage::check(&self.releases, &self.meddled);
            let said = said.or_else(|| bounds::pending(world, &self.releases, &self.meddled));
            let said = said.or_else(|| self.again.check(world, &self.releases, &self.meddled));
            if said.is_some() {
                return said;
            }
        }
        if changed(crds::KIND)
            && let Some(said) = self.crds.check(world)
        {
            return Some(said);
        }
        if !statuses {
            return None;
        }
        let said = self.truth.check(world, &self.releases, &self.meddled);
        let said = said.or_else(|| self.bounds.check(world, &self.meddled));
        let said = said.or_else(|| self.declared.check(world, &self.releases, &self.meddled));
        said.or_else(|| self.orphans.check(world, &self.releases, &self.meddled))
    }

    /// Somebody else has changed the storage of a HelmRelease with this key, or of a release with this name.
    pub fn meddle(&mut self, key: ReleaseKey) {
        self.meddled.releases.insert(key);
    }

    /// From now on everything is looked at as if nobody had meddled, but for releases where a revision that somebody else
    /// has made stays deployed, and for these, which cannot be uninstalled: what was done to them stays as it is.
    pub fn forgive(&mut self, kept: &[ReleaseKey]) {
        let releases = &self.releases;
        self.meddled.releases.retain(|key| {
            if kept.contains(key) {
                return true;
            }
            let revisions = releases.of(&key.namespace, &key.name).into_iter().flatten();
            revisions.filter(|(_, revision)| revision.status() == "deployed").count() > 1
        });
    }

    /// A HelmRelease with this key may retry this often; the most that was ever allowed counts.
    pub fn allow(&mut self, key: ReleaseKey, retries: Retries) {
        self.bounds.allow(key, retries);
    }

    /// A HelmRelease with this key is to be upgraded once more, whatever its retries are.
    pub fn force(&mut self, key: ReleaseKey) {
        self.bounds.force(key.clone());
        self.again.excuse(key);
    }

    /// A HelmRelease with this key may be upgraded again although it is in line: its tests may have failed, or it was made
    /// anew.
    pub fn repeats(&mut self, key: ReleaseKey) {
        self.again.excuse(key);
    }

    /// Somebody has taken a field from the status of a HelmRelease with this key, and ended its process: what that one had sent
    /// before does not know of it.
    pub fn forget(&mut self, key: ReleaseKey, moment: Monotonic) {
        self.truth.forget(key, moment);
    }

    /// The spec of a HelmRelease, of this generation, puts these lines into the manifest.
    pub fn declare(&mut self, key: ReleaseKey, generation: i64, lines: Vec<DeclaredLine>) {
        self.declared.declare(key, generation, lines);
    }

    /// A release may replace the CustomResourceDefinition of this name.
    pub fn replaces_crd(&mut self, name: String) {
        self.crds.may_replace(name);
    }

    /// A release may be tried again after so many nanoseconds, which takes requests.
    pub fn hurry(&mut self, nanos: u64) {
        self.pace.hurry(nanos);
    }

    /// A text that must be seen in Secrets only.
    pub fn guard(&mut self, secret: &str) {
        self.secrets.guard(secret);
    }

    /// The stored releases as last looked at.
    pub(crate) fn releases(&self) -> &Releases {
        &self.releases
    }
}
