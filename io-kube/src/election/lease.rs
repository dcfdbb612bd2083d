//! The Lease on the API server.

use std::sync::Arc;

use http::{Method, Request, header::CONTENT_TYPE};
use pilothouse_protocol::{FIELD_MANAGER, Failure, Identity};
use serde_json::Value;

use super::LeaseStore;
use crate::client::ApiClient;
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
}
