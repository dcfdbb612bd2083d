//! The alphabet between the state machines and whatever drives them.
//!
//! A driver (the real adapter or the simulation) feeds [`Input`]s and performs [`Action`]s. Both are serde enums:
//! a list of them is a trace, and a trace is the recording format. The alphabet is the Kubernetes API itself, verbs
//! on objects with the identity to use, plus *fetch an artifact*, *watch these* and *emit this event*.

mod action;
mod debug;
mod discovery;
mod error_class;
mod essentials;
mod identity;
mod input;
mod object;
mod request;
mod time;

pub use action::{Action, Event, EventType, LogEntry, LogLevel};
pub use discovery::{ApiResource, Discovery};
pub use error_class::ErrorClass;
pub use essentials::essentials;
pub use identity::{ClusterAccess, Identity, RemoteIdentity, TargetCluster};
pub use input::{Input, Observation, StoredVersions, Trigger};
pub use object::{GroupVersionKind, ObjectRef, ReleaseKey, metadata};
pub use request::{
    ApiError, Failure, FieldValidation, Patch, Preconditions, Propagation, Reply, Request, RequestId,
    WatchId, WatchTarget,
};
pub use time::{Deadline, Monotonic, Now, Why};

use std::sync::Arc;

/// The field manager of every write (spec 01 §1).
pub const FIELD_MANAGER: &str = "helm-controller";

/// A Kubernetes object as JSON, shared between the holder of the object and those who look at it.
pub type Object = Arc<serde_json::Value>;
