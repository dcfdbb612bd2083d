//! The driver for ConfigMaps.

use pilothouse_protocol::{Reply, Request};

use super::object::{Kind, ObjectCodec};
use super::{Driver, StorageError, StorageOperation, StorageResult};
use crate::Limits;

/// Stores each revision in a ConfigMap.
#[derive(Debug, Clone)]
pub struct ConfigMapDriver(ObjectCodec);

impl ConfigMapDriver {
    /// A driver for one storage namespace.
    pub fn new(namespace: impl Into<String>) -> Self {
        Self::with_limits(namespace, Limits::default())
    }

    /// A driver for one storage namespace with other bounds than the default ones.
    pub fn with_limits(namespace: impl Into<String>, limits: Limits) -> Self {
        Self(ObjectCodec { kind: Kind::ConfigMap, namespace: namespace.into(), limits })
    }
}

impl Driver for ConfigMapDriver {
    fn name(&self) -> &str {
        "ConfigMap"
    }

    fn request(&self, operation: &StorageOperation, now: i64) -> Result<Request, StorageError> {
        self.0.request(operation, now)
    }

    fn result(&self, operation: &StorageOperation, reply: &Reply) -> Result<StorageResult, StorageError> {
        self.0.result(operation, reply)
    }
}
