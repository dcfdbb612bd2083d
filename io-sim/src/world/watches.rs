//! Watches of release machines and the operator's own list-and-watch of the kinds it follows.

use std::collections::BTreeMap;
use std::sync::Arc;

use pilothouse_operator::OperatorInput;
use pilothouse_protocol::{
    Failure, Identity, Monotonic, Object, ObjectRef, Observation, ReleaseKey, WatchId, WatchTarget,
    essentials, metadata,
};

use super::remote::local;
use crate::server::{Server, WatchEvent};

/// Number of a watch within the world.
pub(super) type Handle = u64;

/// The kinds that the operator follows, by `apiVersion` and kind.
const FOLLOWED: [(&str, &str); 6] = [
    ("helm.toolkit.fluxcd.io/v2", "HelmRelease"),
    ("source.toolkit.fluxcd.io/v1", "HelmChart"),
    ("source.toolkit.fluxcd.io/v1", "OCIRepository"),
    ("source.toolkit.fluxcd.io/v1", "ExternalArtifact"),
    ("v1", "ConfigMap"),
    ("v1", "Secret"),
];

/// The label that ConfigMaps and Secrets must have to be followed: the default of `--watch-configs-label-selector`
/// (spec 06 §1).
const CONFIG_LABEL: (&str, &str) = ("reconcile.fluxcd.io/watch", "Enabled");

/// The label of Helm's storage objects.
const STORAGE_LABEL: (&str, &str) = ("owner", "helm");

/// What the operator follows with default flags.
#[must_use]
pub fn followed() -> Vec<WatchTarget> {
    let target = |(api_version, kind): (&str, &str)| {
        let label = (api_version == "v1").then(|| (CONFIG_LABEL.0.to_owned(), CONFIG_LABEL.1.to_owned()));
        WatchTarget::labelled(api_version, kind, None, label.into_iter().collect())
    };
    let storage = WatchTarget {
        labels: BTreeMap::from([(STORAGE_LABEL.0.to_owned(), STORAGE_LABEL.1.to_owned())]),
        ..target(("v1", "Secret"))
    };
    FOLLOWED.into_iter().map(target).chain([storage]).collect()
}

/// Whom a watch serves.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Owner {
    Machine(ReleaseKey, WatchId),
    Operator,
    /// The operator's watch of Helm's storage, of which it wants to know the versions only.
    Storage,
}

impl Owner {
    /// Of one of the operator's own watches.
    fn of_followed(target: &WatchTarget) -> Self {
        let (label, value) = STORAGE_LABEL;
        let is_storage = target.labels.get(label).is_some_and(|found| found == value);
        if is_storage && target.kind == "Secret" { Self::Storage } else { Self::Operator }
    }
}

#[derive(Debug, Clone)]
struct Watch {
    owner: Owner,
    identity: Identity,
    target: WatchTarget,
    resource: Option<Arc<str>>,
    /// Up to which revision the watcher knows; `None` before the first snapshot.
    known: Option<u64>,
    /// When the last scheduled delivery comes, so that none overtakes it.
    last: Monotonic,
    /// Until when nothing is delivered.
    held: Option<Monotonic>,
    /// Whether the next delivery tells only how things ended.
    gap: bool,
}

/// All watches of one life of the operator.
#[derive(Debug, Default)]
pub(super) struct Watches {
    by_handle: BTreeMap<Handle, Watch>,
    by_machine: BTreeMap<(ReleaseKey, WatchId), Handle>,
    by_resource: BTreeMap<Arc<str>, Vec<Handle>>,
    next: Handle,
}

impl Watches {
    /// Begins the operator's own watches and returns what they deliver first, ending with [`OperatorInput::Synced`].
    pub(super) fn follow_all(&mut self, server: &Server, targets: &[WatchTarget]) -> Vec<OperatorInput> {
        let mut inputs = Vec::new();
        for target in targets {
            let owner = Owner::of_followed(target);
            let is_storage = owner == Owner::Storage;
            let handle = self.add(owner, Identity::Controller, target.clone(), server);
            inputs.extend(self.deliver(handle, server, u64::MAX));
            inputs.extend(is_storage.then_some(OperatorInput::StorageWatched(true)));
        }
        inputs.push(OperatorInput::Synced);
        inputs
    }

    /// Begins a watch of a machine. Its snapshot comes with the first delivery.
    pub(super) fn begin(
        &mut self,
        key: ReleaseKey,
        id: WatchId,
        identity: Identity,
        target: WatchTarget,
        server: &Server,
    ) -> Handle {
        self.end(&key, id);
        let handle = self.add(Owner::Machine(key.clone(), id), identity, target, server);
        self.by_machine.insert((key, id), handle);
        handle
    }

    /// Ends a watch of a machine.
    pub(super) fn end(&mut self, key: &ReleaseKey, id: WatchId) {
        if let Some(handle) = self.by_machine.remove(&(key.clone(), id)) {
            self.forget(handle);
        }
    }

    /// The watches of a resource.
    pub(super) fn of_resource(&self, resource: &str) -> Vec<Handle> {
        self.by_resource.get(resource).cloned().unwrap_or_default()
    }

    /// Watches of kinds that were not served when they began.
    pub(super) fn attach(&mut self, server: &Server) -> Vec<Handle> {
        let mut found = Vec::new();
        for (handle, watch) in self.by_handle.iter_mut().filter(|(_, watch)| watch.resource.is_none()) {
            if let Ok(resource) = server.resource_of(&watch.target) {
                watch.resource = Some(Arc::clone(&resource));
                self.by_resource.entry(resource).or_default().push(*handle);
                found.push(*handle);
            }
        }
        found
    }

    /// Whether some watch has no resource yet.
    pub(super) fn has_unattached(&self) -> bool {
        self.by_handle.values().any(|watch| watch.resource.is_none())
    }

    /// The moment of a delivery that may come at `at`, never before an earlier one.
    pub(super) fn order(&mut self, handle: Handle, at: Monotonic) -> Monotonic {
        let Some(watch) = self.by_handle.get_mut(&handle) else { return at };
        watch.last = watch.last.max(at);
        watch.last
    }

    /// What a watch delivers up to a revision.
    pub(super) fn deliver(&mut self, handle: Handle, server: &Server, until: u64) -> Vec<OperatorInput> {
        let Some(watch) = self.by_handle.get_mut(&handle) else { return Vec::new() };
        let Some(known) = watch.known else { return self.first(handle, server) };
        match server.events_after(&watch.target, known, usize::MAX) {
            Ok(events) => {
                let mut due: Vec<_> = events.into_iter().filter(|(revision, _)| *revision <= until).collect();
                if std::mem::take(&mut watch.gap) {
                    due = last_of_each(due);
                }
                if let Some((revision, _)) = due.last() {
                    watch.known = Some(*revision);
                }
                let (owner, target) = (watch.owner.clone(), &watch.target);
                let events = due.into_iter().map(|(_, event)| match event {
                    WatchEvent::Changed(object) => WatchEvent::Changed(shown(target, object)),
                    event => event,
                });
                events.filter_map(|event| event_input(&owner, event)).collect()
            }
            Err(error) if error.code == 410 => self.first(handle, server),
            Err(error) => self.fail(handle, Failure::Api(error)),
        }
    }

    /// All watches.
    pub(super) fn handles(&self) -> Vec<Handle> {
        self.by_handle.keys().copied().collect()
    }

    /// The kind that a watch is for.
    pub(super) fn kind(&self, handle: Handle) -> Option<&str> {
        self.by_handle.get(&handle).map(|watch| watch.target.kind.as_str())
    }

    /// Until when a watch delivers nothing.
    pub(super) fn held(&self, handle: Handle) -> Option<Monotonic> {
        self.by_handle.get(&handle).and_then(|watch| watch.held)
    }

    /// Lets a watch deliver nothing until then, and after a gap only how things ended.
    pub(super) fn hold(&mut self, handle: Handle, until: Monotonic, gap: bool) {
        if let Some(watch) = self.by_handle.get_mut(&handle) {
            watch.held = Some(until);
            watch.gap |= gap;
        }
    }

    /// What a watch delivers when it begins anew: what has gone in between, and all that is there.
    pub(super) fn relist(&mut self, handle: Handle, server: &Server) -> Vec<OperatorInput> {
        self.show(handle, server, server.revision())
    }

    /// What a watch delivers when it shows the present of its own once more.
    pub(super) fn repeat(&mut self, handle: Handle, server: &Server) -> Vec<OperatorInput> {
        let known = self.by_handle.get(&handle).and_then(|watch| watch.known);
        known.map(|known| self.show(handle, server, known)).unwrap_or_default()
    }

    /// What a watch delivers when it begins anew at a server that has got no further than a revision.
    pub(super) fn rewind(&mut self, handle: Handle, server: &Server, revision: u64) -> Vec<OperatorInput> {
        let known = self.by_handle.get(&handle).and_then(|watch| watch.known);
        known.map(|known| self.show(handle, server, revision.min(known))).unwrap_or_default()
    }

    /// Lets a watch show everything as of a revision, and know no more than that.
    fn show(&mut self, handle: Handle, server: &Server, revision: u64) -> Vec<OperatorInput> {
        let Some(watch) = self.by_handle.get_mut(&handle) else { return Vec::new() };
        let Some(known) = watch.known else { return Vec::new() };
        let states = (server.objects_at(&watch.target, known), server.objects_at(&watch.target, revision));
        let (Some(before), Some(objects)) = states else { return Vec::new() };
        watch.known = Some(revision);
        let owner = watch.owner.clone();
        if let Owner::Machine(key, id) = owner {
            let observation = snapshot(&watch.target, objects);
            return vec![OperatorInput::Observed { key, watch: id, observation }];
        }
        let is_there = |gone: &ObjectRef| objects.iter().any(|object| ObjectRef::of(object) == *gone);
        let gone = before.iter().map(|object| ObjectRef::of(object)).filter(|gone| !is_there(gone));
        let events: Vec<WatchEvent> = gone.map(WatchEvent::Gone).collect();
        // Of a source of values that is as it was nothing is told: it would count as news.
        let is_told =
            |object: &Object| watch.target.labels.contains_key(CONFIG_LABEL.0) && before.contains(object);
        let objects = objects.into_iter().filter(|object| !is_told(object));
        let events = events.into_iter().chain(objects.map(WatchEvent::Changed));
        events.filter_map(|event| event_input(&owner, event)).collect()
    }

    fn first(&mut self, handle: Handle, server: &Server) -> Vec<OperatorInput> {
        let Some(watch) = self.by_handle.get_mut(&handle) else { return Vec::new() };
        let watched = match local(&watch.identity) {
            Ok(identity) => server.watch(&identity, &watch.target),
            Err(failure) => return self.fail(handle, failure),
        };
        match watched {
            Ok((objects, revision)) => {
                watch.known = Some(revision);
                match &watch.owner {
                    Owner::Machine(key, id) => {
                        let observation = snapshot(&watch.target, objects);
                        vec![OperatorInput::Observed { key: key.clone(), watch: *id, observation }]
                    }
                    owner => objects
                        .into_iter()
                        .filter_map(|object| event_input(owner, WatchEvent::Changed(object)))
                        .collect(),
                }
            }
            Err(error) => self.fail(handle, Failure::Api(error)),
        }
    }

    /// A machine is told and its watch is over; the operator's own watches wait for their kind to appear.
    fn fail(&mut self, handle: Handle, failure: Failure) -> Vec<OperatorInput> {
        let owner = self.by_handle.get(&handle).map(|watch| watch.owner.clone());
        let Some(Owner::Machine(key, id)) = owner else { return Vec::new() };
        self.end(&key, id);
        vec![OperatorInput::Observed { key, watch: id, observation: Observation::Failed(failure) }]
    }

    fn add(&mut self, owner: Owner, identity: Identity, target: WatchTarget, server: &Server) -> Handle {
        self.next += 1;
        let resource = server.resource_of(&target).ok();
        if let Some(resource) = &resource {
            self.by_resource.entry(Arc::clone(resource)).or_default().push(self.next);
        }
        let watch = Watch {
            owner,
            identity,
            target,
            resource,
            known: None,
            last: Monotonic(0),
            held: None,
            gap: false,
        };
        self.by_handle.insert(self.next, watch);
        self.next
    }

    fn forget(&mut self, handle: Handle) {
        let Some(watch) = self.by_handle.remove(&handle) else { return };
        if let Some(handles) = watch.resource.and_then(|resource| self.by_resource.get_mut(&resource)) {
            handles.retain(|other| *other != handle);
        }
    }
}

/// An object as the watch of a target shows it.
fn shown(target: &WatchTarget, object: Object) -> Object {
    if target.essentials { Arc::new(essentials(&object)) } else { object }
}

fn snapshot(target: &WatchTarget, objects: Vec<Object>) -> Observation {
    Observation::Snapshot(objects.into_iter().map(|object| shown(target, object)).collect())
}

/// The last event of each object, in order.
fn last_of_each(events: Vec<(u64, WatchEvent)>) -> Vec<(u64, WatchEvent)> {
    let object = |event: &WatchEvent| match event {
        WatchEvent::Changed(object) => ObjectRef::of(object),
        WatchEvent::Gone(object) => object.clone(),
    };
    let mut last: BTreeMap<ObjectRef, (u64, WatchEvent)> = BTreeMap::new();
    for (revision, event) in events {
        last.insert(object(&event), (revision, event));
    }
    let mut left: Vec<_> = last.into_values().collect();
    left.sort_by_key(|(revision, _)| *revision);
    left
}

fn event_input(owner: &Owner, event: WatchEvent) -> Option<OperatorInput> {
    if let Owner::Machine(key, id) = owner {
        let observation = match event {
            WatchEvent::Changed(object) => Observation::Changed(object),
            WatchEvent::Gone(object) => Observation::Gone(object),
        };
        return Some(OperatorInput::Observed { key: key.clone(), watch: *id, observation });
    }
    let (reference, value) = match event {
        WatchEvent::Changed(object) => (ObjectRef::of(&object), Some(object)),
        WatchEvent::Gone(object) => (object, None),
    };
    if *owner == Owner::Storage {
        let version = value.as_deref().map(metadata::resource_version);
        return Some(OperatorInput::Storage { object: reference, version });
    }
    match reference.kind.as_str() {
        "HelmRelease" => {
            let key = ReleaseKey::new(reference.namespace.unwrap_or_default(), reference.name);
            Some(OperatorInput::Release { key, object: value })
        }
        "HelmChart" | "OCIRepository" | "ExternalArtifact" => {
            Some(OperatorInput::Source { object: reference, value })
        }
        // Helm's own storage is left out of the watch by its type.
        "Secret" if value.as_ref().is_some_and(|secret| is_helm_storage(secret)) => None,
        "Secret" if value.is_none() && reference.name.starts_with("sh.helm.release.v1.") => None,
        _ => Some(OperatorInput::Config { object: reference }),
    }
}

fn is_helm_storage(secret: &serde_json::Value) -> bool {
    secret.get("type").and_then(serde_json::Value::as_str) == Some("helm.sh/release.v1")
        || metadata::label(secret, "owner") == Some("helm")
}
