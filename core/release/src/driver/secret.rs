//! The driver for Secrets: the default of Helm and the only one of the original controller.

use pilothouse_protocol::{Reply, Request};

use super::object::{Kind, ObjectCodec};
use super::{Driver, StorageError, StorageOperation, StorageResult};
use crate::Limits;

/// Stores each revision in a Secret of type `helm.sh/release.v1`.
#[derive(Debug, Clone)]
pub struct SecretDriver(ObjectCodec);

impl SecretDriver {
    /// A driver for one storage namespace.
    pub fn new(namespace: impl Into<String>) -> Self {
        Self::with_limits(namespace, Limits::default())
    }

    /// A driver for one storage namespace with other bounds than the default ones.
    pub fn with_limits(namespace: impl Into<String>, limits: Limits) -> Self {
        Self(ObjectCodec { kind: Kind::Secret, namespace: namespace.into(), limits })
    }
}

impl Driver for SecretDriver {
    fn name(&self) -> &str {
        "Secret"
    }

    fn request(&self, operation: &StorageOperation, now: i64) -> Result<Request, StorageError> {
        self.0.request(operation, now)
    }

    fn result(&self, operation: &StorageOperation, reply: &Reply) -> Result<StorageResult, StorageError> {
        self.0.result(operation, reply)
    }
}
