//! Between two passes: watches of the objects of a release whose drift is looked for, so that a change by somebody else is
//! looked at when it happens and not only at the end of the interval.
//!
//! What the machine itself has read and written in its passes is known, so that its own writes, whenever a watch shows
//! them, wake nobody. The interval stays: what no watch may be had for is looked at then.

mod mark;
mod pace;

use std::collections::{BTreeMap, BTreeSet};

use pilothouse_apply::origin;
use pilothouse_machine::Context;
use pilothouse_protocol::{
    Failure, Identity, LogLevel, Monotonic, ObjectRef, Observation, ReleaseKey, WatchId, WatchTarget,
};
use serde_json::Value;

use mark::{Known, Mark};
use pace::Pace;

/// The watches of one release and what they have shown.
#[derive(Debug, Default)]
pub(crate) struct DriftWatch {
    /// Who watches.
    identity: Identity,
    /// What is watched; without a number where the watch was refused.
    targets: BTreeMap<WatchTarget, Option<WatchId>>,
    /// The objects that matter.
    objects: BTreeMap<ObjectRef, Known>,
    /// What the pass that is under way has read and written, if it looks for drift.
    looked: Option<BTreeMap<ObjectRef, Mark>>,
    pace: Pace,
    /// When the release is to be looked at.
    due: Option<Monotonic>,
}

/// What a pass has found out about what is to be watched.
#[derive(Debug)]
pub(crate) struct Findings<'a> {
    /// The HelmRelease.
    pub(crate) key: &'a ReleaseKey,
    /// The objects to watch; `None` when the release is not in line, or its drift does not matter.
    pub(crate) objects: Option<Vec<ObjectRef>>,
    /// Nanoseconds after which the release is looked at in any case.
    pub(crate) interval: u64,
}

impl DriftWatch {
    /// When the release is to be looked at; `None` while nobody has changed anything.
    pub(crate) fn due(&self) -> Option<Monotonic> {
        self.due
    }

    /// A pass begins: it looks at everything that the watches have shown so far.
    pub(crate) fn begin_pass(&mut self, detects_drift: bool, now: Monotonic) {
        if self.due.take().is_some_and(|due| due <= now) {
            self.pace.woken(now);
        }
        self.looked = detects_drift.then(BTreeMap::new);
        self.objects.values_mut().for_each(Known::acknowledge);
    }

    /// The pass has read or written an object.
    pub(crate) fn look(&mut self, object: &Value) {
        if let Some(looked) = &mut self.looked {
            looked.insert(ObjectRef::of(object), Mark::of(object));
        }
    }

    /// A pass has ended: begins and ends watches.
    pub(crate) fn end_pass(&mut self, findings: Findings, context: &mut Context) {
        let mut looked = self.looked.take().unwrap_or_default();
        let Some(objects) = findings.objects else { return self.end(context) };
        if context.identity != self.identity {
            self.end(context);
            self.identity = context.identity.clone();
        }
        let mut before = std::mem::take(&mut self.objects);
        for object in objects {
            let mut known = before.remove(&object).unwrap_or_default();
            known.looked_at(looked.remove(&object));
            self.objects.insert(object, known);
        }
        self.watch(findings.key, context);
        self.pace.ended(context.now.monotonic, findings.interval);
        self.judge(context);
    }

    /// Takes in what one of the watches has seen; whether it is one.
    pub(crate) fn observe(&mut self, id: WatchId, observation: &Observation, context: &mut Context) -> bool {
        let watched = self.targets.iter().find(|(_, watch)| **watch == Some(id));
        let Some(target) = watched.map(|(target, _)| target.clone()) else { return false };
        match observation {
            Observation::Snapshot(objects) => {
                let found = objects.iter().map(|object| (ObjectRef::of(object), Mark::of(object)));
                let found: BTreeMap<ObjectRef, Mark> = found.collect();
                let own = self.objects.iter_mut().filter(|(object, _)| target_of_kind(object, &target));
                own.for_each(|(object, known)| known.seen(found.get(object).copied()));
            }
            Observation::Changed(object) => self.see(&ObjectRef::of(object), Some(Mark::of(object))),
            Observation::Gone(object) => self.see(object, None),
            Observation::Failed(failure) => self.refused(target, failure, context),
        }
        self.judge(context);
        true
    }

    /// Ends all watches.
    pub(crate) fn end(&mut self, context: &mut Context) {
        for id in std::mem::take(&mut self.targets).into_values().flatten() {
            context.unwatch_apart(id);
        }
        self.objects.clear();
        self.due = None;
    }

    /// Says who is to blame for the pass that is due.
    pub(crate) fn announce(&self, context: &mut Context) {
        let changed = self.objects.iter().find(|(_, known)| known.is_changed());
        if let Some((object, _)) = changed {
            context.log(LogLevel::Info, format!("{object} was changed or deleted by somebody else"));
        }
    }

    fn see(&mut self, object: &ObjectRef, mark: Option<Mark>) {
        if let Some(known) = self.objects.get_mut(object) {
            known.seen(mark);
        }
    }

    /// Has a watch for each kind and namespace, and no other.
    fn watch(&mut self, key: &ReleaseKey, context: &mut Context) {
        let wanted: BTreeSet<WatchTarget> =
            self.objects.keys().map(|object| target_of(object, key)).collect();
        let (kept, others) =
            std::mem::take(&mut self.targets).into_iter().partition(|(target, _)| wanted.contains(target));
        self.targets = kept;
        let others: BTreeMap<WatchTarget, Option<WatchId>> = others;
        others.into_values().flatten().for_each(|id| context.unwatch_apart(id));
        for target in wanted {
            let identity = &self.identity;
            self.targets
                .entry(target)
                .or_insert_with_key(|target| Some(context.watch_apart(identity.clone(), target.clone())));
        }
    }

    fn refused(&mut self, target: WatchTarget, failure: &Failure, context: &mut Context) {
        let message = format!(
            "cannot watch objects of kind {} for drift, which is looked for at the interval only: {failure}",
            target.kind
        );
        context.log(LogLevel::Error, message);
        self.targets.insert(target, None);
    }

    fn judge(&mut self, context: &Context) {
        let is_changed = self.objects.values().any(Known::is_changed);
        let due = || self.pace.next(context.now.monotonic);
        self.due = is_changed.then(|| self.due.unwrap_or_else(due));
    }
}

/// The watch in which an object of a HelmRelease is.
fn target_of(object: &ObjectRef, key: &ReleaseKey) -> WatchTarget {
    let group = (&*object.api_version, &*object.kind, object.namespace.as_deref());
    WatchTarget { essentials: true, ..origin::target(group, key) }
}

fn target_of_kind(object: &ObjectRef, target: &WatchTarget) -> bool {
    object.api_version == target.api_version
        && object.kind == target.kind
        && object.namespace == target.namespace
}

#[cfg(test)]
mod tests;
