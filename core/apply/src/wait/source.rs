//! Where the state of an object is learnt: a watch shared by several objects, an own watch, or polling.

use std::collections::BTreeMap;

use pilothouse_machine::{Context, SECOND};
use pilothouse_protocol::{
    Failure, Monotonic, Object, ObjectRef, ReleaseKey, Request, WatchId, WatchTarget, Why,
};

use crate::call::Call;
use crate::{ManifestObject, origin};

/// Pause between reads where a watch cannot be had, in nanoseconds (Flux's poll interval).
const POLL_INTERVAL: u64 = 5 * SECOND;

/// What is known about an object.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Seen {
    /// Nothing yet.
    NotYet,
    /// It does not exist, as far as the source can tell.
    Absent,
    /// It is this.
    Present(Object),
    /// It could not be read.
    Unreadable(Failure),
}

/// Where an object is looked for.
#[derive(Debug)]
pub(super) enum Source {
    /// One watch for several objects, chosen by labels.
    Shared(WatchId),
    /// A watch for this object.
    Own(WatchId),
    /// Reads at intervals.
    Poll(Poller),
}

impl Source {
    /// The sources of some objects: objects of one kind and namespace that all carry the labels of their origin share a
    /// watch, which a driver can serve from one stream for all releases.
    pub(super) fn of_all(
        objects: &[ManifestObject],
        origin: Option<&ReleaseKey>,
        context: &mut Context,
    ) -> Vec<Self> {
        let mut groups: BTreeMap<Group, Option<WatchId>> = BTreeMap::new();
        for (group, members) in members(objects) {
            let labels =
                origin.filter(|origin| members.iter().all(|member| origin::marks(origin, &member.body)));
            let watch = labels.map(|origin| context.watch(origin::target(group, origin)));
            groups.insert(group, watch);
        }
        let mut sources = Vec::new();
        for object in objects {
            let shared = groups.get(&group_of(object)).copied().flatten();
            sources.push(match shared {
                Some(id) => Self::Shared(id),
                None => Self::own(&object.reference, context),
            });
        }
        sources
    }

    /// A watch for one object.
    pub(super) fn own(object: &ObjectRef, context: &mut Context) -> Self {
        Self::Own(context.watch(WatchTarget::object(object)))
    }

    /// What is known now. A watch that has failed is replaced by polling.
    pub(super) fn look(&mut self, object: &ObjectRef, context: &mut Context) -> Seen {
        loop {
            let id = match self {
                Self::Shared(id) | Self::Own(id) => *id,
                Self::Poll(poller) => return poller.poll(object, context),
            };
            match context.watched(id) {
                Some(watched) if watched.failure.is_none() => {
                    let Some(objects) = &watched.objects else { return Seen::NotYet };
                    return objects.get(object).map_or(Seen::Absent, |found| Seen::Present(found.clone()));
                }
                _ => {
                    context.unwatch(id);
                    *self = Self::Poll(Poller::new());
                }
            }
        }
    }

    /// Ends the watch; twice does no harm.
    pub(super) fn stop(&self, context: &mut Context) {
        match self {
            Self::Shared(id) | Self::Own(id) => context.unwatch(*id),
            Self::Poll(_) => {}
        }
    }
}

/// Reads an object at intervals.
#[derive(Debug)]
pub(super) struct Poller {
    call: Option<Call>,
    next: Monotonic,
    seen: Seen,
}

impl Poller {
    fn new() -> Self {
        Self { call: None, next: Monotonic(0), seen: Seen::NotYet }
    }

    fn poll(&mut self, object: &ObjectRef, context: &mut Context) -> Seen {
        if self.call.is_none() && context.wait_until(self.next, Why::Poll) {
            self.call = Some(Call::send(context, Request::Get { object: object.clone() }));
        }
        if let Some(reply) = self.call.as_ref().and_then(|call| call.poll_object(context)) {
            self.call = None;
            self.next = context.now.monotonic.after_nanos(POLL_INTERVAL);
            context.wait_until(self.next, Why::Poll);
            self.seen = match reply {
                Ok(object) => Seen::Present(object),
                Err(failure) if failure.is_not_found() => Seen::Absent,
                Err(failure) => Seen::Unreadable(failure),
            };
        }
        self.seen.clone()
    }
}

type Group<'a> = (&'a str, &'a str, Option<&'a str>);

fn group_of(object: &ManifestObject) -> Group<'_> {
    let reference = &object.reference;
    (&reference.api_version, &reference.kind, reference.namespace.as_deref())
}

fn members(objects: &[ManifestObject]) -> BTreeMap<Group<'_>, Vec<&ManifestObject>> {
    let mut groups: BTreeMap<Group<'_>, Vec<&ManifestObject>> = BTreeMap::new();
    for object in objects {
        groups.entry(group_of(object)).or_default().push(object);
    }
    groups
}
