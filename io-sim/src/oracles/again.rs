//! What is in line is not upgraded again.

use std::collections::{BTreeMap, BTreeSet};

use pilothouse_protocol::{ObjectRef, ReleaseKey, Reply, Request, metadata};
use pilothouse_release::ReleaseRecord;
use serde_json::Value;

use super::Meddled;
use super::look::{list, process_of};
use super::releases::{ReleaseName, Releases, Revision};
use crate::faults::Fault;
use crate::world::{Exchange, Machine, World};

/// The newest revisions that were seen.
#[derive(Debug, Default)]
pub(super) struct Again {
    newest: BTreeMap<ReleaseName, u32>,
    /// The Secrets of revisions that another one has followed. When that is gone, because it had failed and was pruned, what it
    /// has left of the objects is nobody's knowledge, and an upgrade makes sure.
    followed: BTreeSet<String>,
    /// HelmReleases that may be upgraded although they are in line.
    excused: Vec<ReleaseKey>,
}

impl Again {
    /// A HelmRelease with this key is to be upgraded whatever it is.
    pub(super) fn excuse(&mut self, key: ReleaseKey) {
        self.excused.push(key);
    }

    /// Whether a new revision is nothing but the one before, which was deployed by the same process: it had seen it end well.
    pub(super) fn check<M: Machine>(
        &mut self,
        world: &World<M>,
        releases: &Releases,
        meddled: &Meddled,
    ) -> Option<String> {
        for (release, revisions) in &releases.all {
            let Some((version, newest)) = revisions.last_key_value() else { continue };
            if self.newest.insert(release.clone(), *version) == Some(*version) {
                continue;
            }
            let before = revisions.get(&version.wrapping_sub(1));
            let was_followed = before.is_some_and(|before| self.followed.contains(&uid(before)));
            self.followed.extend(revisions.range(..version).map(|(_, revision)| uid(revision)));
            let before = before.and_then(|before| before.record.as_ref().ok());
            let (Some(before), Ok(record), false) = (before, &newest.record, was_followed) else {
                continue;
            };
            let Some(maker) = maker(world, release, *version) else { continue };
            let excused = self.excused.contains(&maker.key) || meddled.has(&release.0, &release.1);
            let same_process = self::maker(world, release, version - 1)
                .is_some_and(|other| process_of(other) == process_of(maker) && other.key == maker.key);
            let known = (!is_rollback(before) || knows_post_renderers(world, &maker.key))
                && saw_the_end(world, release, version - 1, process_of(maker));
            if same_process && !excused && known && is_upgrade(record) && is_the_same(before, record) {
                return Some(format!(
                    "again: {} upgrades {}.v{} although it is in line",
                    maker.key, release.1, before.version
                ));
            }
        }
        None
    }
}

fn is_upgrade(record: &ReleaseRecord) -> bool {
    record.info.status.as_str() == "pending-upgrade"
}

fn is_the_same(before: &ReleaseRecord, after: &ReleaseRecord) -> bool {
    before.info.status.as_str() == "deployed"
        && before.chart.name_and_version() == after.chart.name_and_version()
        && before.config == after.config
        && before.manifest == after.manifest
}

fn is_rollback(record: &ReleaseRecord) -> bool {
    record.info.description.starts_with("Rollback to ")
}

/// Whether a status tells which post-renderers the release was made with. It does not when a rollback went to a revision
/// that was never observed with any, because its wait had been cut short: a release does not say so itself, and an
/// upgrade makes sure.
fn knows_post_renderers<M: Machine>(world: &World<M>, key: &ReleaseKey) -> bool {
    let objects = list(world, "HelmRelease", Some(&key.namespace));
    let Some(object) = objects.iter().find(|object| metadata::text(object, "name") == key.name) else {
        return true;
    };
    let declared = object.pointer("/spec/postRenderers").and_then(Value::as_array);
    let text = |path: &str| object.pointer(path).and_then(Value::as_str).unwrap_or_default();
    match text("/status/observedPostRenderersDigest") {
        "" => declared.is_none_or(Vec::is_empty),
        // What no spec asks for stands for what nobody knows.
        observed => observed != text("/status/history/0/digest"),
    }
}

/// Whether a process has learnt that a revision was deployed: by the reply to the write that said so, or by reading it back.
/// When all of these were lost it has to make sure.
fn saw_the_end<M: Machine>(
    world: &World<M>,
    release: &ReleaseName,
    version: u32,
    process: (u64, u64),
) -> bool {
    let secret = secret_of(release, version);
    let mut exchanges = world.record().exchanges.iter().rev();
    exchanges.any(|exchange| {
        let is_of_it = match &exchange.request {
            Request::Update { body } => ObjectRef::of(body) == secret,
            Request::Get { object } => *object == secret,
            _ => false,
        };
        let is_lost = matches!(
            exchange.fault,
            Some(Fault::LostAcknowledgement | Fault::LostRequest | Fault::Silence | Fault::Late(_))
        );
        let is_deployed = match &exchange.reply {
            Some(Reply::Object(object)) => metadata::label(object, "status") == Some("deployed"),
            _ => false,
        };
        process_of(exchange) == process && is_of_it && is_deployed && !is_lost
    })
}

/// The request that made a revision.
fn maker<'a, M: Machine>(world: &'a World<M>, release: &ReleaseName, version: u32) -> Option<&'a Exchange> {
    let secret = secret_of(release, version);
    world.record().exchanges.iter().rev().find(|exchange| match &exchange.request {
        Request::Create { body } => {
            metadata::text(body, "name") == secret.name && ObjectRef::of(body) == secret
        }
        _ => false,
    })
}

fn uid(revision: &Revision) -> String {
    metadata::text(&revision.secret, "uid").to_owned()
}

fn secret_of(release: &ReleaseName, version: u32) -> ObjectRef {
    let name = format!("sh.helm.release.v1.{}.v{version}", release.1);
    ObjectRef::namespaced("v1", "Secret", release.0.clone(), name)
}
