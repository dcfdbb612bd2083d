//! The Lease on the API server.

use std::collections::BTreeMap;
use std::sync::Arc;

use http::{Method, Request, header::CONTENT_TYPE};
use pilothouse_protocol::{Event, EventType, FIELD_MANAGER, Failure, Identity, ObjectRef, metadata};
use serde_json::Value;

use super::LeaseStore;
use crate::client::ApiClient;
use crate::clock::wall_nanos;
use crate::events::event_object;
use crate::paths::Path;

/// A Lease on the API server. Its client must not have the fence of the election: it is what opens it.
pub struct ApiLease {
    client: Arc<ApiClient>,
    namespace: String,
    name: String,
}

impl ApiLease {
    /// The Lease `namespace/name`.
    #[must_use]
    pub fn new(client: Arc<ApiClient>, namespace: String, name: String) -> Self {
        Self { client, namespace, name }
    }

    fn collection(&self) -> Path {
        Path::collection("coordination.k8s.io/v1", "leases", Some(&self.namespace))
    }

    async fn send(&self, method: Method, path: &Path, body: Vec<u8>) -> Result<Value, Failure> {
        let request = Request::builder()
            .method(method)
            .uri(path.as_str())
            .header(CONTENT_TYPE, "application/json")
            .body(body)
            .map_err(|error| Failure::Unreachable(error.to_string()))?;
        self.client.call(&Identity::Controller, request).await
    }
}

impl LeaseStore for ApiLease {
    async fn read(&self) -> Result<Option<Value>, Failure> {
        match self.send(Method::GET, &self.collection().object(&self.name)?, Vec::new()).await {
            Ok(lease) => Ok(Some(lease)),
            Err(failure) if failure.is_not_found() => Ok(None),
            Err(failure) => Err(failure),
        }
    }

    async fn write(&self, lease: &Value, create: bool) -> Result<Value, Failure> {
        let (method, path) = match create {
            true => (Method::POST, self.collection()),
            false => (Method::PUT, self.collection().object(&self.name)?),
        };
        let path = path.query("fieldManager", FIELD_MANAGER);
        self.send(method, &path, lease.to_string().into_bytes()).await
    }

    async fn tell(&self, lease: &Value, message: &str) {
        let path =
            Path::collection("v1", "events", Some(&self.namespace)).query("fieldManager", FIELD_MANAGER);
        let body = leader_event(lease, (&self.namespace, &self.name), message, wall_nanos());
        let _ = self.send(Method::POST, &path, body.to_string().into_bytes()).await;
    }
}

/// The event of client-go's `resourcelock` package.
fn leader_event(lease: &Value, (namespace, name): (&str, &str), message: &str, wall: i64) -> Value {
    let event = Event {
        regarding: ObjectRef::namespaced("coordination.k8s.io/v1", "Lease", namespace, name),
        uid: metadata::text(lease, "uid").to_owned(),
        resource_version: metadata::text(lease, "resourceVersion").to_owned(),
        kind: EventType::Normal,
        trace: false,
        reason: "LeaderElection".to_owned(),
        message: message.to_owned(),
        annotations: BTreeMap::new(),
    };
    event_object(&event, &format!("{name}.{wall:x}"), message, (wall, wall, 1), "")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn who_became_leader_is_an_event_of_the_lease() {
        let lease = json!({"metadata": {"uid": "u", "resourceVersion": "7"}});
        let event = leader_event(&lease, ("ns", "l"), "a became leader", 0x1000);
        assert_eq!(event["metadata"], json!({"name": "l.1000", "namespace": "ns", "annotations": {}}));
        assert_eq!(
            event["involvedObject"],
            json!({"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "namespace": "ns", "name": "l",
                "uid": "u", "resourceVersion": "7"})
        );
        assert_eq!(
            [&event["reason"], &event["message"], &event["type"]],
            ["LeaderElection", "a became leader", "Normal"]
        );
    }
}
