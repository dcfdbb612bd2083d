//! A driver with a storage of its own, for tests: requests are those for Secrets, and it can answer them.

use std::collections::BTreeMap;
use std::sync::Arc;

use pilothouse_protocol::{ApiError, Failure, Object, ObjectRef, Reply, Request, metadata};

use super::{Driver, SecretDriver, StorageError, StorageOperation, StorageResult};
use crate::StorageKey;

/// Storage in memory.
#[derive(Debug, Clone)]
pub struct MemoryDriver {
    codec: SecretDriver,
    namespace: String,
    objects: BTreeMap<String, Object>,
}

impl MemoryDriver {
    /// An empty storage for one namespace.
    pub fn new(namespace: impl Into<String>) -> Self {
        let namespace = namespace.into();
        Self { codec: SecretDriver::new(namespace.clone()), namespace, objects: BTreeMap::new() }
    }

    /// Performs an operation at once.
    ///
    /// # Errors
    /// When the operation fails.
    pub fn perform(&mut self, operation: &StorageOperation, now: i64) -> Result<StorageResult, StorageError> {
        let request = self.codec.request(operation, now)?;
        let reply = self.answer(&request);
        self.codec.result(operation, &reply)
    }

    /// Answers a request as an API server does.
    pub fn answer(&mut self, request: &Request) -> Reply {
        match request {
            Request::Get { object } => self.get(object),
            Request::List { labels, .. } | Request::ListMetadata { labels, .. } => {
                Reply::List(self.list(labels))
            }
            Request::Create { body } => {
                let name = metadata::text(body, "name").to_owned();
                if self.objects.contains_key(&name) {
                    return failed(409, "AlreadyExists", format!("secrets {name:?} already exists"));
                }
                self.put(name, body)
            }
            Request::Update { body } => {
                let name = metadata::text(body, "name").to_owned();
                if self.objects.contains_key(&name) { self.put(name, body) } else { not_found(&name) }
            }
            Request::Delete { object, .. } => match self.objects.remove(&object.name) {
                Some(_) => Reply::Deleted,
                None => not_found(&object.name),
            },
            Request::Patch { .. } | Request::Discover { .. } | Request::Fetch { .. } => {
                failed(405, "MethodNotAllowed", "the storage in memory does not do this".to_owned())
            }
        }
    }

    /// Stores an object as it is, whatever it holds: what a third party would write.
    pub fn insert(&mut self, object: Object) {
        self.objects.insert(metadata::text(&object, "name").to_owned(), object);
    }

    /// The storage object of a revision.
    #[must_use]
    pub fn object(&self, key: &StorageKey) -> Option<&Object> {
        self.objects.get(&key.to_string())
    }

    /// All storage objects by name.
    #[must_use]
    pub fn objects(&self) -> &BTreeMap<String, Object> {
        &self.objects
    }

    fn get(&self, object: &ObjectRef) -> Reply {
        match self.objects.get(&object.name) {
            Some(found) if object.namespace.as_ref() == Some(&self.namespace) => {
                Reply::Object(Arc::clone(found))
            }
            _ => not_found(&object.name),
        }
    }

    fn list(&self, labels: &BTreeMap<String, String>) -> Vec<Object> {
        let selected = |object: &&Object| {
            labels.iter().all(|(key, value)| metadata::label(object, key) == Some(value.as_str()))
        };
        self.objects.values().filter(selected).cloned().collect()
    }

    fn put(&mut self, name: String, body: &Object) -> Reply {
        self.objects.insert(name, Arc::clone(body));
        Reply::Object(Arc::clone(body))
    }
}

impl Driver for MemoryDriver {
    fn name(&self) -> &str {
        "Memory"
    }

    fn request(&self, operation: &StorageOperation, now: i64) -> Result<Request, StorageError> {
        self.codec.request(operation, now)
    }

    fn result(&self, operation: &StorageOperation, reply: &Reply) -> Result<StorageResult, StorageError> {
        self.codec.result(operation, reply)
    }
}

fn not_found(name: &str) -> Reply {
    failed(404, "NotFound", format!("secrets {name:?} not found"))
}

fn failed(code: u16, reason: &str, message: String) -> Reply {
    Reply::Failed(Failure::Api(ApiError::new(code, reason, message)))
}
