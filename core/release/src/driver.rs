//! Storage drivers as codecs: operation to request, reply to result (Go package `helm.sh/helm/v4/pkg/storage/driver`,
//! spec 04 §1).

mod config_map;
mod failing;
mod memory;
mod object;
mod operation;
mod queries;
mod secret;
#[cfg(test)]
mod tests;

use pilothouse_protocol::{Reply, Request};

pub use config_map::ConfigMapDriver;
pub use failing::{FailingDriver, InjectedErrors};
pub use memory::MemoryDriver;
pub use operation::{StorageError, StorageOperation, StorageResult, Undecodable};
pub use queries::{deployed, deployed_all, last, prune};
pub use secret::SecretDriver;

/// Turns storage operations into requests and replies into results.
pub trait Driver {
    /// Name of the driver, `Secret`.
    fn name(&self) -> &str;

    /// The request for an operation. `now` is the wall clock in seconds since the Unix epoch, for labels.
    ///
    /// # Errors
    /// When the release cannot be encoded; the operation has then failed without a request.
    fn request(&self, operation: &StorageOperation, now: i64) -> Result<Request, StorageError>;

    /// What the reply to the request of an operation means.
    ///
    /// # Errors
    /// When the operation failed, in Helm's words.
    fn result(&self, operation: &StorageOperation, reply: &Reply) -> Result<StorageResult, StorageError>;
}
