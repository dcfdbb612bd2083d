//! What a machine wants done.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{Identity, ObjectRef, Request, RequestId, WatchId, WatchTarget};

/// One thing that a driver performs. Drivers have no opinions: no retry, no decision.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Action {
    /// Perform a request and answer with [`crate::Input::Reply`].
    Request {
        /// To be named in the reply.
        id: RequestId,
        /// Who asks.
        identity: Identity,
        /// What.
        request: Request,
    },
    /// Report objects with [`crate::Input::Observed`] until [`Action::Unwatch`]: first all that exist, then changes.
    Watch {
        /// To be named in observations.
        id: WatchId,
        /// Who asks.
        identity: Identity,
        /// What.
        target: WatchTarget,
    },
    /// End a watch.
    Unwatch {
        /// Which.
        id: WatchId,
    },
    /// Record a Kubernetes event. No answer.
    Emit(Event),
    /// Write a log line. No answer.
    Log(LogEntry),
}

/// A Kubernetes event about the HelmRelease (spec 03 §6).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// The HelmRelease.
    pub regarding: ObjectRef,
    /// `metadata.uid` of the HelmRelease.
    pub uid: String,
    /// `metadata.resourceVersion` of the HelmRelease.
    pub resource_version: String,
    /// Normal or Warning.
    pub kind: EventType,
    /// Trace events are recorded in Kubernetes as Normal and never sent to a webhook.
    #[serde(default)]
    pub trace: bool,
    /// Reason.
    pub reason: String,
    /// Message.
    pub message: String,
    /// Annotations, with their full keys.
    pub annotations: BTreeMap<String, String>,
}

/// `type` of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum EventType {
    /// As planned.
    Normal,
    /// Somebody may have to look.
    Warning,
}

/// One line of log about the HelmRelease.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogEntry {
    /// How important.
    pub level: LogLevel,
    /// The text.
    pub message: String,
    /// Further fields.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub fields: BTreeMap<String, String>,
}

/// `level` of a log line (spec 03 §9).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum LogLevel {
    /// Every detail.
    Trace,
    /// For finding faults.
    Debug,
    /// What happens.
    Info,
    /// What went wrong.
    Error,
}
