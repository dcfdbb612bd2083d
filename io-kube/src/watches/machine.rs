//! Watches of release machines.

use std::collections::BTreeMap;
use std::sync::Arc;

use pilothouse_operator::OperatorInput;
use pilothouse_protocol::{
    Failure, GroupVersionKind, Identity, Observation, ReleaseKey, WatchId, WatchTarget,
};
use tokio::sync::mpsc;
use tokio::task::AbortHandle;

use super::backoff::WatchBackoff;
use super::stream::{Flow, ListWatch, Observer, Seen, follow};
use crate::clusters::Clusters;
use crate::discovery::Catalog;
use crate::paths::{Path, label_selector};

/// The watches that run, one task for each.
pub struct MachineWatches {
    clusters: Arc<Clusters>,
    inputs: mpsc::Sender<OperatorInput>,
    running: BTreeMap<(ReleaseKey, WatchId), AbortHandle>,
}

impl MachineWatches {
    /// No watches yet; what they see goes to `inputs`.
    #[must_use]
    pub fn new(clusters: Arc<Clusters>, inputs: mpsc::Sender<OperatorInput>) -> Self {
        Self { clusters, inputs, running: BTreeMap::new() }
    }

    /// Starts a watch. One that runs under the same name ends.
    pub fn start(&mut self, key: ReleaseKey, id: WatchId, identity: Identity, target: WatchTarget) {
        self.running.retain(|_, task| !task.is_finished());
        let observer = MachineObserver { key: key.clone(), watch: id, inputs: self.inputs.clone() };
        let run = run(Arc::clone(&self.clusters), identity, target, observer);
        let task = tokio::spawn(run).abort_handle();
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

async fn run(
    clusters: Arc<Clusters>,
    identity: Identity,
    target: WatchTarget,
    mut observer: MachineObserver,
) {
    let mut backoff = WatchBackoff::default();
    loop {
        let cluster = clusters.of(&identity).await;
        let found = match &cluster {
            Ok(cluster) => list_watch(&cluster.catalog, &identity, &target).await.map(|what| (cluster, what)),
            Err(failure) => Err(failure.clone()),
        };
        match found {
            Ok((cluster, what)) => return follow(&cluster.client, &what, &mut observer).await,
            Err(failure) => {
                if observer.failed(failure).await == Flow::Stop {
                    return;
                }
            }
        }
        backoff.pause().await;
    }
}

async fn list_watch(
    catalog: &Catalog,
    identity: &Identity,
    target: &WatchTarget,
) -> Result<ListWatch, Failure> {
    let kind = GroupVersionKind::new(target.api_version.as_str(), target.kind.as_str());
    let resource = catalog.resource(&kind).await?;
    let namespace = target.namespace.as_deref().filter(|_| resource.namespaced);
    Ok(ListWatch {
        identity: identity.clone(),
        collection: Path::collection(&target.api_version, &resource.plural, namespace),
        kind,
        labels: label_selector(&target.labels),
        fields: target.name.as_ref().map(|name| format!("metadata.name={name}")).unwrap_or_default(),
        metadata_only: false,
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
            Seen::Gone(object) => Observation::Gone(object),
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
