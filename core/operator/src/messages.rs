//! The alphabet between an operator and its driver.

use pilothouse_protocol::{Action, Object, ObjectRef, Observation, ReleaseKey, Reply, RequestId, WatchId};
use serde::{Deserialize, Serialize};

/// One input of the operator. Objects come from watches and may be late.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum OperatorInput {
    /// A HelmRelease was seen, or is gone.
    Release {
        /// Which.
        key: ReleaseKey,
        /// What was seen; `None` when it does not exist any more.
        object: Option<Object>,
    },
    /// A HelmChart, OCIRepository or ExternalArtifact was seen, or is gone.
    Source {
        /// Which.
        object: ObjectRef,
        /// What was seen; `None` when it does not exist any more.
        value: Option<Object>,
    },
    /// The first complete list of every watched kind has been delivered: from now on absence is known.
    Synced,
    /// A ConfigMap or Secret changed, appeared or went.
    Config {
        /// Which.
        object: ObjectRef,
    },
    /// A storage object of Helm was seen, or is gone.
    Storage {
        /// Which.
        object: ObjectRef,
        /// Its resource version; `None` when it does not exist any more.
        version: Option<u64>,
    },
    /// Whether Helm's storage is watched: all that exists has been delivered and changes follow, or not any more.
    StorageWatched(bool),
    /// A request of a release machine was answered.
    Reply {
        /// The machine.
        key: ReleaseKey,
        /// Its request.
        id: RequestId,
        /// The answer.
        reply: Reply,
    },
    /// A watch of a release machine has seen something.
    Observed {
        /// The machine.
        key: ReleaseKey,
        /// Its watch.
        watch: WatchId,
        /// What.
        observation: Observation,
    },
    /// A deadline may have passed.
    Timer,
    /// The process is about to end.
    Shutdown,
}

/// One action, with the release machine that wants it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OperatorAction {
    /// The machine.
    pub key: ReleaseKey,
    /// What it wants.
    pub action: Action,
}
