//! Reads of metadata that come at the same time are answered with one read.
//!
//! When many releases are asked to reconcile at once, each wants to know the versions of its own storage objects. The
//! first asks for just these; those that come while its read is under way share the next one, which begins after all of
//! them have come and asks for the objects of all.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use pilothouse_protocol::{Failure, GroupVersionKind, Identity, Object, metadata};
use tokio::sync::oneshot;

use crate::client::ApiClient;
use crate::clusters::Cluster;
use crate::paths::label_selector;
use crate::watches::{ListWatch, Part};

/// How long a shared read waits for others that may join.
const GATHER: Duration = Duration::from_millis(100);

/// Bytes of the values of one label in a selector.
const SELECTOR_BYTES: usize = 2048;

type Labels = BTreeMap<String, String>;
type Answer = Result<Vec<Object>, Failure>;
/// As whom, of which kind, in which namespace.
type Place = (Identity, GroupVersionKind, Option<String>);

/// Those who wait, by place. A place is here while a read of it is under way.
type Waiting = BTreeMap<Place, Vec<(Labels, oneshot::Sender<Answer>)>>;

/// Reads metadata.
#[derive(Default)]
pub(crate) struct MetadataReads {
    waiting: Arc<Mutex<Waiting>>,
}

impl MetadataReads {
    /// The metadata of the objects with these labels.
    ///
    /// # Errors
    ///
    /// What the API server reports, or that it does not answer.
    pub(crate) async fn read(
        &self,
        cluster: &Cluster,
        identity: &Identity,
        kind: &GroupVersionKind,
        namespace: Option<&str>,
        labels: &Labels,
    ) -> Answer {
        let place = (identity.clone(), kind.clone(), namespace.map(str::to_owned));
        let plural = cluster.catalog.resource(kind).await?.plural;
        if let Some(answer) = self.queue(&place, labels) {
            return answer
                .await
                .unwrap_or_else(|_| Err(Failure::Unreachable("the read was given up".to_owned())));
        }
        // In a task of its own: others wait for the end of this read.
        let (client, waiting) = (Arc::clone(&cluster.client), Arc::clone(&self.waiting));
        let round = Round { client, waiting, place, plural };
        let (sender, answer) = oneshot::channel();
        let labels = labels.clone();
        tokio::spawn(async move {
            // Nobody may wait for it any more.
            let _ = sender.send(round.list(label_selector(&labels)).await);
            round.serve().await;
        });
        answer.await.unwrap_or_else(|_| Err(Failure::Unreachable("the read was given up".to_owned())))
    }

    /// A place in the next read, if one is under way.
    fn queue(&self, place: &Place, labels: &Labels) -> Option<oneshot::Receiver<Answer>> {
        let mut waiting = lock(&self.waiting);
        let Some(queue) = waiting.get_mut(place) else {
            waiting.insert(place.clone(), Vec::new());
            return None;
        };
        let (sender, answer) = oneshot::channel();
        queue.push((labels.clone(), sender));
        Some(answer)
    }
}

/// The reads of one place, until nobody waits.
struct Round {
    client: Arc<ApiClient>,
    waiting: Arc<Mutex<Waiting>>,
    place: Place,
    plural: String,
}

impl Round {
    async fn serve(self) {
        loop {
            if lock(&self.waiting).get(&self.place).is_some_and(|queue| !queue.is_empty()) {
                tokio::time::sleep(GATHER).await;
            }
            let Some(queue) = self.take() else { return };
            let selector = selector(queue.iter().map(|(labels, _)| labels));
            let answer = self.list(selector).await;
            for (labels, sender) in queue {
                let own = answer.clone().map(|objects| chosen(objects, &labels));
                let _ = sender.send(own);
            }
        }
    }

    /// Those who wait; `None` when there is nobody, and then the place is free.
    fn take(&self) -> Option<Vec<(Labels, oneshot::Sender<Answer>)>> {
        let mut waiting = lock(&self.waiting);
        let queue = waiting.get_mut(&self.place).map(std::mem::take).unwrap_or_default();
        if queue.is_empty() {
            waiting.remove(&self.place);
            return None;
        }
        Some(queue)
    }

    async fn list(&self, labels: String) -> Answer {
        let (identity, kind, namespace) = self.place.clone();
        let list = ListWatch {
            identity,
            kind,
            plural: self.plural.clone(),
            namespace,
            labels,
            fields: String::new(),
            part: Part::Metadata,
        };
        Ok(list.list(&self.client).await?.0)
    }
}

/// A label selector for all that somebody wants, and little else: each label with any of the values wanted. A label that
/// not all want, or with too many values for a URL, is left out.
fn selector<'a>(all: impl Iterator<Item = &'a Labels>) -> String {
    let mut wanted: BTreeMap<&str, (usize, BTreeSet<&str>)> = BTreeMap::new();
    let mut readers = 0;
    for labels in all {
        readers += 1;
        for (key, value) in labels {
            let (askers, values) = wanted.entry(key).or_default();
            *askers += 1;
            values.insert(value);
        }
    }
    wanted.retain(|_, (askers, values)| {
        *askers == readers && values.iter().map(|value| value.len()).sum::<usize>() <= SELECTOR_BYTES
    });
    let terms = wanted.into_iter().map(|(key, (_, values))| {
        let values: Vec<&str> = values.into_iter().collect();
        match values.as_slice() {
            [value] => format!("{key}={value}"),
            values => format!("{key} in ({})", values.join(",")),
        }
    });
    terms.collect::<Vec<_>>().join(",")
}

fn chosen(objects: Vec<Object>, labels: &Labels) -> Vec<Object> {
    let has = |object: &Object| labels.iter().all(|(key, value)| metadata::label(object, key) == Some(value));
    objects.into_iter().filter(has).collect()
}

fn lock(waiting: &Mutex<Waiting>) -> MutexGuard<'_, Waiting> {
    waiting.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn labels(name: &str) -> Labels {
        [("owner", "helm"), ("name", name)].map(|(k, v)| (k.to_owned(), v.to_owned())).into()
    }

    #[test]
    fn a_shared_read_asks_for_what_somebody_wants() {
        let (a, b) = (labels("a"), labels("b"));
        assert_eq!(selector([&a].into_iter()), label_selector(&a));
        assert_eq!(selector([&b, &a, &b].into_iter()), "name in (a,b),owner=helm");
        let unnamed = Labels::from([("owner".to_owned(), "helm".to_owned())]);
        assert_eq!(selector([&a, &unnamed].into_iter()), "owner=helm");
        let long = labels(&"x".repeat(SELECTOR_BYTES));
        assert_eq!(selector([&a, &long].into_iter()), "owner=helm");
        let object = |name: &str| Arc::new(json!({"metadata": {"name": name, "labels": labels(name)}}));
        assert_eq!(chosen(vec![object("a"), object("b")], &b), [object("b")]);
    }
}
