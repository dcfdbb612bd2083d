//! Kubernetes events about HelmReleases (spec 03 §6), as client-go's recorder writes them: core/v1, counted and
//! limited by the [`correlator`](crate::correlator).

use std::sync::Arc;
use std::time::Duration;

use http::{Method, Request, header::CONTENT_TYPE};
use pilothouse_protocol::{Event, EventType, FIELD_MANAGER, Failure, Identity, LogLevel, ReleaseKey};
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::client::ApiClient;
use crate::clock::{rfc3339_seconds, wall_nanos};
use crate::correlator::{Correlator, Verdict};
use crate::logs::Log;
use crate::notify::Notifier;
use crate::paths::Path;

/// Events that wait to be written; further ones are dropped, as in client-go.
const QUEUE_MAX: usize = 1000;
/// How often the API server is tried for one event while it cannot be reached, as in client-go.
const TRIES_MAX: u32 = 12;
/// The time between these tries.
const TRY_WAIT: Duration = Duration::from_secs(10);

/// Takes events and writes them in the background, in order.
#[derive(Clone)]
pub struct Recorder {
    written: mpsc::Sender<(Event, i64)>,
    notified: Option<mpsc::Sender<(Event, i64)>>,
    log: Log,
}

impl Recorder {
    /// Starts the tasks that write events to the API server and, with a notifier, to its endpoint.
    #[must_use]
    pub fn start(
        client: Arc<ApiClient>,
        notifier: Option<Notifier>,
        instance: String,
        log: Log,
    ) -> (Self, EventTasks) {
        let (written, queue) = mpsc::channel(QUEUE_MAX);
        let mut tasks = vec![tokio::spawn(write_all(client, instance, log.clone(), queue))];
        let notified = notifier.map(|notifier| {
            let (sender, queue) = mpsc::channel(QUEUE_MAX);
            tasks.push(tokio::spawn(notifier.run(queue)));
            sender
        });
        (Self { written, notified, log }, EventTasks(tasks))
    }

    /// Records an event. Does not wait; an event that does not fit into the queue is lost, with a log line.
    pub fn record(&self, key: &ReleaseKey, event: Event) {
        self.trace(key, &event);
        let wall = wall_nanos();
        let notified = self.notified.as_ref().filter(|_| !event.trace);
        let is_lost = notified.is_some_and(|queue| queue.try_send((event.clone(), wall)).is_err());
        if self.written.try_send((event, wall)).is_err() || is_lost {
            self.log.info(
                "events",
                "unable to record event: queue is full",
                &[("name", json!(key.to_string()))],
            );
        }
    }

    fn trace(&self, key: &ReleaseKey, event: &Event) {
        if !self.log.is_enabled(LogLevel::Trace) {
            return;
        }
        let fields = [
            ("name", json!(key.name)),
            ("namespace", json!(key.namespace)),
            ("reconciler kind", json!(event.regarding.kind)),
            ("reason", json!(event.reason)),
            ("annotations", json!(event.annotations)),
        ];
        match event.kind {
            EventType::Normal => self.log.info("", &event.message, &fields),
            EventType::Warning => self.log.error("", &event.message, &event.reason, &fields),
        }
    }
}

/// The tasks behind a [`Recorder`].
#[derive(Debug)]
pub struct EventTasks(Vec<JoinHandle<()>>);

impl EventTasks {
    /// Waits until all events that were recorded are written, when every [`Recorder`] is gone; not longer than `grace`.
    pub async fn finish(self, grace: Duration) {
        let all = async {
            for task in self.0 {
                // A task that panicked has nothing more to write.
                let _ = task.await;
            }
        };
        let _ = tokio::time::timeout(grace, all).await;
    }
}

/// `Normal` or `Warning`.
#[must_use]
pub fn type_name(kind: EventType) -> &'static str {
    match kind {
        EventType::Normal => "Normal",
        EventType::Warning => "Warning",
    }
}

async fn write_all(
    client: Arc<ApiClient>,
    instance: String,
    log: Log,
    mut queue: mpsc::Receiver<(Event, i64)>,
) {
    let mut correlator = Correlator::default();
    while let Some((event, wall)) = queue.recv().await {
        let verdict = correlator.judge(&event, wall);
        if let Err(failure) = write(&client, &instance, &event, wall, verdict).await {
            let fields = [("name", json!(event.regarding.to_string())), ("reason", json!(event.reason))];
            log.error("events", "unable to write event", &failure, &fields);
        }
    }
}

async fn write(
    client: &ApiClient,
    instance: &str,
    event: &Event,
    wall: i64,
    verdict: Verdict,
) -> Result<(), Failure> {
    match verdict {
        Verdict::Drop => Ok(()),
        Verdict::Create { name, message } => {
            let body = event_object(event, &name, &message, (wall, wall, 1), instance);
            send(client, event, None, &body).await
        }
        Verdict::Count { name, message, first_wall, count } => {
            let patch = json!({
                "count": count, "lastTimestamp": rfc3339_seconds(wall), "message": message,
                "metadata": {"annotations": event.annotations},
            });
            match send(client, event, Some(&name), &patch).await {
                // Events expire: one that was counted up for a long time may be gone.
                Err(failure) if failure.is_not_found() => {
                    let body = event_object(event, &name, &message, (first_wall, wall, count), instance);
                    send(client, event, None, &body).await
                }
                result => result,
            }
        }
    }
}

/// An event as an object: first and last time in nanoseconds since the Unix epoch, and how often it was.
pub(crate) fn event_object(
    event: &Event,
    name: &str,
    message: &str,
    (first, last, count): (i64, i64, u32),
    instance: &str,
) -> Value {
    let regarding = &event.regarding;
    json!({
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": name, "namespace": namespace(event), "annotations": event.annotations},
        "involvedObject": {
            "apiVersion": regarding.api_version, "kind": regarding.kind, "namespace": regarding.namespace,
            "name": regarding.name, "uid": event.uid, "resourceVersion": event.resource_version,
        },
        "reason": event.reason,
        "message": message,
        "type": type_name(event.kind),
        "firstTimestamp": rfc3339_seconds(first),
        "lastTimestamp": rfc3339_seconds(last),
        "count": count,
        "source": {"component": FIELD_MANAGER},
        "reportingComponent": FIELD_MANAGER,
        "reportingInstance": instance,
    })
}

fn namespace(event: &Event) -> &str {
    event.regarding.namespace.as_deref().unwrap_or("default")
}

/// Creates an event, or patches the one of this name. As client-go does, goes on while the server cannot be reached.
async fn send(client: &ApiClient, event: &Event, patched: Option<&str>, body: &Value) -> Result<(), Failure> {
    let mut path = Path::collection("v1", "events", Some(namespace(event)));
    let (method, content_type) = match patched {
        Some(name) => {
            path = path.object(name)?;
            (Method::PATCH, "application/strategic-merge-patch+json")
        }
        None => (Method::POST, "application/json"),
    };
    path = path.query("fieldManager", FIELD_MANAGER);
    let mut tries = 1;
    loop {
        let request = Request::builder()
            .method(method.clone())
            .uri(path.as_str())
            .header(CONTENT_TYPE, content_type)
            .body(serde_json::to_vec(body).unwrap_or_default())
            .map_err(|error| Failure::Unreachable(error.to_string()))?;
        match client.call(&Identity::Controller, request).await {
            Ok(_) => return Ok(()),
            Err(Failure::Unreachable(_)) if tries < TRIES_MAX => tokio::time::sleep(TRY_WAIT).await,
            Err(failure) => return Err(failure),
        }
        tries += 1;
    }
}

#[cfg(test)]
mod tests {
    use pilothouse_protocol::ObjectRef;

    use super::*;

    #[test]
    fn events_look_like_those_of_client_go() {
        let event = Event {
            regarding: ObjectRef::namespaced("helm.toolkit.fluxcd.io/v2", "HelmRelease", "ns", "x"),
            uid: "u".into(),
            resource_version: "7".into(),
            kind: EventType::Warning,
            trace: false,
            reason: "InstallFailed".into(),
            message: "m".into(),
            annotations: [("a".to_owned(), "b".to_owned())].into(),
        };
        let object = event_object(&event, "x.1a", "m", (0, 1_000_000_000, 2), "pod");
        assert_eq!(
            object,
            json!({
                "apiVersion": "v1", "kind": "Event",
                "metadata": {"name": "x.1a", "namespace": "ns", "annotations": {"a": "b"}},
                "involvedObject": {"apiVersion": "helm.toolkit.fluxcd.io/v2", "kind": "HelmRelease",
                    "namespace": "ns", "name": "x", "uid": "u", "resourceVersion": "7"},
                "reason": "InstallFailed", "message": "m", "type": "Warning", "count": 2,
                "firstTimestamp": "1970-01-01T00:00:00Z", "lastTimestamp": "1970-01-01T00:00:01Z",
                "source": {"component": "helm-controller"},
                "reportingComponent": "helm-controller", "reportingInstance": "pod",
            })
        );
    }
}
