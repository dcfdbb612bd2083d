//! Objects of a manifest: apply, delete, and wait until they are ready or gone.
//!
//! Everything here is a [`pilothouse_machine::Task`] or a pure function over JSON objects. The words of the errors are
//! those of Helm v4 (`pkg/kube`) and Flux (`pkg/ssa`), because they end up in events and conditions.

mod apply;
mod batch;
mod call;
mod delete;
mod drift;
mod managed_fields;
mod merge;
mod objects;
pub mod origin;
mod ownership;
mod read;
pub mod readiness;
mod wait;

pub use apply::{Applied, Apply, ApplyCause, ApplyError, ApplyPlan, Method};
pub use delete::{Delete, DeleteError, Deleted};
pub use drift::{
    CorrectDrift, Corrected, DetectDrift, Drift, DriftError, DriftKind, DriftSet, DriftSubject, Operation,
    OperationKind, drift_subjects,
};
pub use objects::{BuildError, ManifestObject, parse_manifest};
pub use ownership::{KEEP_POLICY, RESOURCE_POLICY, ownership_error, stamp_ownership};
pub use read::{Live, ReadError, ReadLive};
pub use readiness::{Assessment, Status, StatusReader};
pub use wait::{Wait, WaitError, WaitFor};
