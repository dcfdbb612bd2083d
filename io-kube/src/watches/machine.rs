//! Watches of release machines.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use pilothouse_api::ORIGIN_NAME_LABEL;
use pilothouse_operator::OperatorInput;
use pilothouse_protocol::{
    Failure, GroupVersionKind, Identity, ObjectRef, Observation, ReleaseKey, WatchId, WatchTarget,
};
use tokio::sync::mpsc;
use tokio::task::AbortHandle;

use super::backoff::WatchBackoff;
use super::joined::{JoinedStream, Told};
use super::stream::{Flow, ListWatch, Observer, Part, Seen, follow};
use crate::client::ApiClient;
use crate::clusters::Clusters;
use crate::discovery::Catalog;
use crate::paths::label_selector;

/// The watches that run, one task for each. Those that select by the label of a HelmRelease share their streams.
pub struct MachineWatches {
    clusters: Arc<Clusters>,
    inputs: mpsc::Sender<OperatorInput>,
    streams: Arc<Streams>,
    running: BTreeMap<(ReleaseKey, WatchId), AbortHandle>,
}

impl MachineWatches {
    /// No watches yet; what they see goes to `inputs`. With a namespace, nothing outside of it may be looked at.
    #[must_use]
    pub fn new(
        clusters: Arc<Clusters>,
        inputs: mpsc::Sender<OperatorInput>,
        namespace: Option<String>,
    ) -> Self {
        let streams = Arc::new(Streams { namespace, ..Streams::default() });
        Self { clusters, inputs, streams, running: BTreeMap::new() }
    }

    /// Starts a watch. One that runs under the same name ends.
    pub fn start(&mut self, key: ReleaseKey, id: WatchId, identity: Identity, target: WatchTarget) {
        self.running.retain(|_, task| !task.is_finished());
        let watch = Watch {
            clusters: Arc::clone(&self.clusters),
            streams: Arc::clone(&self.streams),
            identity,
            target,
            observer: MachineObserver { key: key.clone(), watch: id, inputs: self.inputs.clone() },
        };
        let task = tokio::spawn(watch.run()).abort_handle();
        if let Some(former) = self.running.insert((key, id), task) {
            former.abort();
        }
    }

    /// Ends a watch.
    pub fn stop(&mut self, key: ReleaseKey, id: WatchId) {
        if let Some(task) = self.running.remove(&(key, id)) {
            task.abort();
        }
    }
}

impl Drop for MachineWatches {
    fn drop(&mut self) {
        for task in self.running.values() {
            task.abort();
        }
    }
}

/// One watch of a machine.
struct Watch {
    clusters: Arc<Clusters>,
    streams: Arc<Streams>,
    identity: Identity,
    target: WatchTarget,
    observer: MachineObserver,
}

impl Watch {
    /// Tells the machine what there is and what changes, until the watch is stopped or cannot be had.
    async fn run(mut self) {
        let mut backoff = WatchBackoff::default();
        while let Err(failure) = self.attempt(&mut backoff).await {
            if let Some(failure) = failure
                && self.observer.failed(failure).await == Flow::Stop
            {
                return;
            }
            backoff.pause().await;
        }
    }

    /// Watches until it is enough. Fails when it has to be begun again, with the reason if there is one.
    async fn attempt(&mut self, backoff: &mut WatchBackoff) -> Result<(), Option<Failure>> {
        let cluster = self.clusters.of(&self.identity).await?;
        let own = list_watch(&cluster.catalog, &self.identity, &self.target).await?;
        if is_shared(&self.target) {
            return self.take_part(&cluster.client, &own, backoff).await;
        }
        follow(&cluster.client, &own, &mut self.observer).await;
        Ok(())
    }

    /// Takes part in a shared stream.
    async fn take_part(
        &mut self,
        client: &Arc<ApiClient>,
        own: &ListWatch,
        backoff: &mut WatchBackoff,
    ) -> Result<(), Option<Failure>> {
        let place = self.streams.place(own);
        let stream = self.streams.find(&place, own);
        let (objects, mut membership) = stream.join(client, own, &self.target.labels).await?;
        let mut flow = self.observer.seen(Seen::Snapshot(objects)).await;
        while flow == Flow::Continue {
            flow = match membership.next().await {
                Some(Told::Changed(object)) => self.observer.seen(Seen::Changed(object)).await,
                Some(Told::Gone(object)) => self.observer.seen(Seen::Gone(object)).await,
                // Not allowed everywhere, maybe allowed here.
                Some(Told::Failed(failure)) if is_final(&failure) && self.streams.narrow(&place) => {
                    return Err(None);
                }
                Some(Told::Failed(failure)) => return Err(Some(failure)),
                None => return Err(None),
            };
            backoff.reset();
        }
        Ok(())
    }
}

/// Where a stream looks: as whom, for which kind, how much of it, in which namespace.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    identity: Identity,
    kind: GroupVersionKind,
    part: Part,
    namespace: Option<String>,
}

/// The shared streams.
#[derive(Default)]
struct Streams {
    /// The only namespace that may be looked at.
    namespace: Option<String>,
    running: Mutex<BTreeMap<Place, Arc<JoinedStream>>>,
    /// Kinds that may not be watched everywhere.
    narrowed: Mutex<BTreeSet<(Identity, GroupVersionKind)>>,
}

impl Streams {
    /// The place of the stream in which a watch takes part. The operator itself looks everywhere with one stream; service
    /// accounts, which usually may not, have one for each namespace.
    fn place(&self, own: &ListWatch) -> Place {
        let (identity, kind) = (own.identity.clone(), own.kind.clone());
        let narrowed = lock(&self.narrowed).contains(&(identity.clone(), kind.clone()));
        let narrow = identity.impersonated().is_some() || narrowed;
        let wide = self.namespace.clone().filter(|_| own.namespace.is_some());
        let namespace = if narrow { own.namespace.clone() } else { wide };
        Place { identity, kind, part: own.part, namespace }
    }

    fn find(&self, place: &Place, own: &ListWatch) -> Arc<JoinedStream> {
        let mut running = lock(&self.running);
        running.retain(|other, stream| other == place || !stream.is_deserted());
        let what = || ListWatch {
            namespace: place.namespace.clone(),
            labels: ORIGIN_NAME_LABEL.to_owned(),
            ..own.clone()
        };
        Arc::clone(running.entry(place.clone()).or_insert_with(|| JoinedStream::new(what())))
    }

    /// Gives up looking everywhere for a kind; whether that is news.
    fn narrow(&self, place: &Place) -> bool {
        let kind = (place.identity.clone(), place.kind.clone());
        place.namespace.is_none() && lock(&self.narrowed).insert(kind)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whether the objects of a watch are those of one HelmRelease, by the label that all managed objects carry.
fn is_shared(target: &WatchTarget) -> bool {
    target.name.is_none() && target.labels.contains_key(ORIGIN_NAME_LABEL)
}

async fn list_watch(
    catalog: &Catalog,
    identity: &Identity,
    target: &WatchTarget,
) -> Result<ListWatch, Failure> {
    let kind = GroupVersionKind::new(target.api_version.as_str(), target.kind.as_str());
    let resource = catalog.resource(&kind).await?;
    Ok(ListWatch {
        identity: identity.clone(),
        namespace: target.namespace.clone().filter(|_| resource.namespaced),
        plural: resource.plural,
        kind,
        labels: label_selector(&target.labels),
        fields: target.name.as_ref().map(|name| format!("metadata.name={name}")).unwrap_or_default(),
        part: if target.essentials { Part::Essentials } else { Part::Whole },
    })
}

struct MachineObserver {
    key: ReleaseKey,
    watch: WatchId,
    inputs: mpsc::Sender<OperatorInput>,
}

impl MachineObserver {
    async fn tell(&self, observation: Observation) -> Flow {
        let input = OperatorInput::Observed { key: self.key.clone(), watch: self.watch, observation };
        if self.inputs.send(input).await.is_ok() { Flow::Continue } else { Flow::Stop }
    }
}

impl Observer for MachineObserver {
    async fn seen(&mut self, seen: Seen) -> Flow {
        self.tell(match seen {
            Seen::Snapshot(objects) => Observation::Snapshot(objects),
            Seen::Changed(object) => Observation::Changed(object),
            Seen::Gone(object) => Observation::Gone(ObjectRef::of(&object)),
        })
        .await
    }

    async fn failed(&mut self, failure: Failure) -> Flow {
        if !is_final(&failure) {
            return Flow::Continue;
        }
        self.tell(Observation::Failed(failure)).await;
        Flow::Stop
    }
}

/// Whether the server said that this watch cannot be had, rather than that it has trouble.
fn is_final(failure: &Failure) -> bool {
    failure.api().is_some_and(|error| matches!(error.code, 400 | 401 | 403 | 404 | 405 | 422))
}

#[cfg(test)]
mod tests {
    use pilothouse_protocol::ApiError;

    use super::*;

    #[tokio::test]
    async fn only_a_refusal_ends_a_watch() {
        let (inputs, mut received) = mpsc::channel(4);
        let key = ReleaseKey::new("ns", "x");
        let mut observer = MachineObserver { key: key.clone(), watch: WatchId(3), inputs };
        for code in [408, 429, 500, 503] {
            assert_eq!(observer.failed(Failure::Api(ApiError::new(code, "", ""))).await, Flow::Continue);
        }
        assert_eq!(observer.failed(Failure::Unreachable(String::new())).await, Flow::Continue);
        let refusal = Failure::Api(ApiError::new(403, "Forbidden", "no"));
        assert_eq!(observer.failed(refusal.clone()).await, Flow::Stop);
        let observation = Observation::Failed(refusal);
        assert_eq!(
            received.recv().await,
            Some(OperatorInput::Observed { key, watch: WatchId(3), observation })
        );
    }
}
