//! One stream for the waits of many releases: all objects of a kind that carry the label of their HelmRelease are
//! watched at once, and each release gets the events of its own objects.
//!
//! Who joins lists its own objects first. The stream begins at the version of the first such list, and a list that is
//! older than the beginning is made again: so no event between a list and what follows it is missed.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use pilothouse_protocol::{Failure, Object, ObjectRef, metadata};
use tokio::sync::mpsc;
use tokio::task::AbortHandle;

use super::backoff::WatchBackoff;
use super::stream::{End, Flow, ListWatch, Observer, Seen};
use crate::client::ApiClient;

/// Events that wait for one member. A member that does not keep up lists again.
const EVENTS_MAX: usize = 256;
/// How long a stream without members goes on.
const LINGER: Duration = Duration::from_secs(10);

/// What a stream tells a member.
#[derive(Debug, Clone)]
pub(super) enum Told {
    /// An object was created or changed.
    Changed(Object),
    /// An object is gone, or is not one of the member's any more.
    Gone(Object),
    /// The stream cannot be had.
    Failed(Failure),
}

/// One stream with its members.
pub(super) struct JoinedStream {
    what: ListWatch,
    members: Mutex<Members>,
}

#[derive(Debug, Default)]
struct Members {
    /// The version from which the stream goes; `None` before it has begun and when it is over.
    from: Option<u64>,
    by_number: BTreeMap<u64, Member>,
    next: u64,
    task: Option<AbortHandle>,
}

#[derive(Debug)]
struct Member {
    labels: BTreeMap<String, String>,
    /// The objects that the member has been told of.
    known: BTreeSet<ObjectRef>,
    events: mpsc::Sender<Told>,
}

/// A place in a stream; it ends when this is dropped.
pub(super) struct Membership {
    stream: Arc<JoinedStream>,
    number: u64,
    events: mpsc::Receiver<Told>,
    /// Older events are part of the list.
    since: u64,
}

impl JoinedStream {
    /// A stream of `what`, which selects the objects of all members.
    pub(super) fn new(what: ListWatch) -> Arc<Self> {
        Arc::new(Self { what, members: Mutex::default() })
    }

    /// Joins with the objects that have these labels: those that there are, and a place in the stream of what follows.
    pub(super) async fn join(
        self: &Arc<Self>,
        client: &Arc<ApiClient>,
        own: &ListWatch,
        labels: &BTreeMap<String, String>,
    ) -> Result<(Vec<Object>, Membership), Failure> {
        let mut membership = self.enter(labels.clone());
        loop {
            let (objects, version) = own.list(client).await?;
            let Ok(at) = version.parse::<u64>() else {
                return Err(Failure::Unknown(format!("a resource version that is no number: {version:?}")));
            };
            if self.begin_at(at, client) {
                membership.since = at;
                self.told(membership.number, &objects);
                return Ok((objects, membership));
            }
        }
    }

    /// Whether nobody has joined.
    pub(super) fn is_deserted(&self) -> bool {
        self.lock().by_number.is_empty()
    }

    fn enter(self: &Arc<Self>, labels: BTreeMap<String, String>) -> Membership {
        let (sender, events) = mpsc::channel(EVENTS_MAX);
        let mut members = self.lock();
        members.next += 1;
        let number = members.next;
        members.by_number.insert(number, Member { labels, known: BTreeSet::new(), events: sender });
        Membership { stream: Arc::clone(self), number, events, since: 0 }
    }

    /// Makes the stream begin at a version unless it goes already; whether it covers what follows this version.
    fn begin_at(self: &Arc<Self>, at: u64, client: &Arc<ApiClient>) -> bool {
        let mut members = self.lock();
        let from = *members.from.get_or_insert(at);
        let goes = members.task.as_ref().is_some_and(|task| !task.is_finished());
        if !goes {
            let (stream, client) = (Arc::clone(self), Arc::clone(client));
            members.from = Some(at);
            members.task = Some(tokio::spawn(async move { stream.follow(&client, at).await }).abort_handle());
            return true;
        }
        from <= at
    }

    fn told(&self, number: u64, objects: &[Object]) {
        if let Some(member) = self.lock().by_number.get_mut(&number) {
            member.known.extend(objects.iter().map(|object| ObjectRef::of(object)));
        }
    }

    /// Watches from a version on, until nobody is interested for a while or the stream cannot go on.
    async fn follow(self: Arc<Self>, client: &Arc<ApiClient>, from: u64) {
        let mut backoff = WatchBackoff::default();
        let mut version = from.to_string();
        let mut observer = Dispatch(Arc::clone(&self));
        loop {
            let watch = self.what.watch(client, &mut version, &mut observer);
            let end = tokio::select! {
                end = watch => end,
                () = self.deserted() => return self.close(None),
            };
            match end {
                End::Resumable => backoff.reset(),
                End::Failed(_) => backoff.pause().await,
                End::Expired(failure) => return self.close(failure),
                End::Stopped => return self.close(None),
            }
        }
    }

    /// Waits until there has been no member for a while.
    async fn deserted(&self) {
        loop {
            tokio::time::sleep(LINGER).await;
            if self.is_deserted() {
                tokio::time::sleep(LINGER).await;
                if self.is_deserted() {
                    return;
                }
            }
        }
    }

    /// The stream is over: who still waits lists again, or learns why that is in vain.
    fn close(&self, failure: Option<Failure>) {
        let mut members = self.lock();
        members.from = None;
        members.task = None;
        for member in std::mem::take(&mut members.by_number).into_values() {
            if let Some(failure) = &failure {
                // A full queue tells its member the same: it lists again and learns why.
                let _ = member.events.try_send(Told::Failed(failure.clone()));
            }
        }
    }

    fn dispatch(&self, object: &Object, gone: bool) {
        let reference = ObjectRef::of(object);
        let mut lost = Vec::new();
        let mut members = self.lock();
        for (number, member) in &mut members.by_number {
            let own = member.labels.iter().all(|(key, value)| metadata::label(object, key) == Some(value));
            let told = if own && !gone {
                member.known.insert(reference.clone());
                Told::Changed(Arc::clone(object))
            } else if member.known.remove(&reference) || own {
                Told::Gone(Arc::clone(object))
            } else {
                continue;
            };
            if member.events.try_send(told).is_err() {
                lost.push(*number);
            }
        }
        lost.into_iter().for_each(|number| drop(members.by_number.remove(&number)));
    }

    fn lock(&self) -> MutexGuard<'_, Members> {
        self.members.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Membership {
    /// The next event; `None` when the member has to join again.
    pub(super) async fn next(&mut self) -> Option<Told> {
        loop {
            let told = self.events.recv().await?;
            let is_old = match &told {
                Told::Changed(object) | Told::Gone(object) => {
                    metadata::resource_version(object) <= self.since
                }
                Told::Failed(_) => false,
            };
            if !is_old {
                return Some(told);
            }
        }
    }
}

impl Drop for Membership {
    fn drop(&mut self) {
        self.stream.lock().by_number.remove(&self.number);
    }
}

/// Hands events to the members.
struct Dispatch(Arc<JoinedStream>);

impl Observer for Dispatch {
    async fn seen(&mut self, seen: Seen) -> Flow {
        match seen {
            Seen::Snapshot(_) => {}
            Seen::Changed(object) => self.0.dispatch(&object, false),
            Seen::Gone(object) => self.0.dispatch(&object, true),
        }
        Flow::Continue
    }

    async fn failed(&mut self, _: Failure) -> Flow {
        Flow::Continue
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use pilothouse_protocol::{ApiError, GroupVersionKind, Identity};
    use serde_json::json;

    use super::super::stream::Part;
    use super::*;

    fn stream() -> Arc<JoinedStream> {
        JoinedStream::new(ListWatch {
            identity: Identity::Controller,
            kind: GroupVersionKind::new("apps/v1", "Deployment"),
            plural: "deployments".to_owned(),
            namespace: None,
            labels: "release".to_owned(),
            fields: String::new(),
            part: Part::Whole,
        })
    }

    fn of(release: &str) -> BTreeMap<String, String> {
        BTreeMap::from([("release".to_owned(), release.to_owned())])
    }

    fn object(name: &str, release: &str, version: &str) -> Object {
        Arc::new(json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {
            "namespace": "ns", "name": name, "resourceVersion": version, "labels": {"release": release}}}))
    }

    fn told(membership: &mut Membership) -> Vec<String> {
        let text = |told| match told {
            Told::Changed(object) => format!("+{}", metadata::text(&object, "name")),
            Told::Gone(object) => format!("-{}", metadata::text(&object, "name")),
            Told::Failed(failure) => format!("!{failure}"),
        };
        std::iter::from_fn(|| membership.events.try_recv().ok()).map(text).collect()
    }

    #[tokio::test]
    async fn each_member_is_told_of_its_own_objects() {
        let stream = stream();
        let (mut a, mut b) = (stream.enter(of("a")), stream.enter(of("b")));
        stream.told(b.number, &[object("listed", "b", "1")]);
        stream.dispatch(&object("x", "a", "2"), false);
        stream.dispatch(&object("x", "a", "3"), true);
        stream.dispatch(&object("y", "c", "4"), false);
        assert_eq!(told(&mut a), ["+x", "-x"]);
        // Somebody has made it another release's.
        stream.dispatch(&object("listed", "a", "5"), false);
        assert_eq!((told(&mut a), told(&mut b)), (vec!["+listed".to_owned()], vec!["-listed".to_owned()]));
    }

    #[tokio::test]
    async fn what_the_list_has_shown_is_not_told_again() {
        let stream = stream();
        let mut member = stream.enter(of("a"));
        member.since = 7;
        stream.dispatch(&object("old", "a", "7"), false);
        stream.dispatch(&object("new", "a", "8"), false);
        let Some(Told::Changed(found)) = member.next().await else { panic!("nothing told") };
        assert_eq!(metadata::text(&found, "name"), "new");
    }

    #[tokio::test]
    async fn who_does_not_keep_up_joins_again() {
        let stream = stream();
        let (mut slow, mut left) = (stream.enter(of("a")), stream.enter(of("b")));
        (0..=EVENTS_MAX).for_each(|_| stream.dispatch(&object("x", "a", "2"), false));
        assert_eq!(told(&mut slow).len(), EVENTS_MAX);
        assert!(slow.next().await.is_none());
        let failure = Failure::Api(ApiError::new(403, "Forbidden", "no"));
        stream.close(Some(failure));
        assert_eq!(told(&mut left), ["!no"]);
        assert!(left.next().await.is_none() && stream.is_deserted());
        drop(stream.enter(of("a")));
        assert!(stream.is_deserted());
    }
}
