//! What a machine is told.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{Failure, Object, ObjectRef, Reply, RequestId, WatchId};

/// Resource versions of storage objects by their names.
pub type StoredVersions = BTreeMap<String, u64>;

/// One input of a release machine. Its `Debug` output names objects and never shows them.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub enum Input {
    /// The HelmRelease as last seen, possibly late; `None` when it is gone.
    Object(Option<Object>),
    /// The source object as last seen, possibly late; `None` when it does not exist.
    Source {
        /// Which source.
        object: ObjectRef,
        /// What was seen.
        value: Option<Object>,
    },
    /// Something else that matters has changed.
    Wake(Trigger),
    /// A request was answered. Late, repeated and unknown ids are allowed.
    Reply {
        /// Which request.
        id: RequestId,
        /// The answer.
        reply: Reply,
    },
    /// A watch has seen something.
    Observed {
        /// Which watch.
        watch: WatchId,
        /// What.
        observation: Observation,
    },
    /// What a watch shows of Helm's storage of the release: the resource version of each storage object by its name,
    /// possibly late; `None` while it is not watched.
    Storage(Option<Arc<StoredVersions>>),
    /// A deadline may have passed.
    Timer,
    /// The process is about to end: finish or leave a state that can be resumed.
    Shutdown,
}

/// Why a reconcile is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Trigger {
    /// A dependency changed.
    Dependency(ObjectRef),
    /// A ConfigMap or Secret that the release names changed.
    Config(ObjectRef),
}

/// What a watch reports. Its `Debug` output names objects and never shows them.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub enum Observation {
    /// All objects of the target at one moment; replaces what was known. Comes first, and again after a gap.
    Snapshot(Vec<Object>),
    /// An object was created or changed.
    Changed(Object),
    /// An object is gone.
    Gone(ObjectRef),
    /// The watch cannot be had (forbidden, unknown kind); it is over.
    Failed(Failure),
}
