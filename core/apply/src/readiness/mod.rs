//! Whether an object has become what was asked for (kstatus, spec 05 §6).

use std::fmt;

use pilothouse_protocol::ObjectRef;
use serde_json::Value;

/// kstatus' verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Status {
    /// A controller works on it.
    InProgress,
    /// It will not become ready by itself.
    Failed,
    /// It is what was asked for.
    Current,
    /// It is being deleted.
    Terminating,
    /// It does not exist.
    NotFound,
    /// It could not be read or understood.
    Unknown,
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::InProgress => "InProgress",
            Self::Failed => "Failed",
            Self::Current => "Current",
            Self::Terminating => "Terminating",
            Self::NotFound => "NotFound",
            Self::Unknown => "Unknown",
        })
    }
}

/// A verdict with its reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assessment {
    /// The verdict.
    pub status: Status,
    /// For people.
    pub message: String,
    /// Why the status is [`Status::Unknown`]; shown in error texts.
    pub error: Option<String>,
}

/// Own rules for some objects, before the built-in ones (`healthCheckExprs`, spec 05 §7).
pub trait StatusReader: fmt::Debug + Send + Sync {
    /// The verdict on a live object; `None` when there is no own rule for it.
    fn read(&self, reference: &ObjectRef, object: &Value) -> Option<Assessment>;
}
