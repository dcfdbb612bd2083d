//! Requests to an API server and their replies.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{Discovery, Object, ObjectRef};

/// Numbers a request within one machine. A reply names it; late and repeated replies are recognised by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub struct RequestId(pub u64);

/// Numbers a watch within one machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub struct WatchId(pub u64);

/// One request. Every write is made as field manager [`crate::FIELD_MANAGER`]. Its `Debug` output names objects and never
/// shows them: they may hold secrets.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub enum Request {
    /// Read one object: [`Reply::Object`].
    Get {
        /// Which.
        object: ObjectRef,
    },
    /// Read objects of one kind: [`Reply::List`].
    List {
        /// `apiVersion` of the kind.
        api_version: String,
        /// The kind.
        kind: String,
        /// One namespace, or all.
        namespace: Option<String>,
        /// Labels that must be equal.
        labels: BTreeMap<String, String>,
    },
    /// Read the metadata of objects of one kind: [`Reply::List`] of objects that hold nothing else. A driver may answer
    /// several of these with one read that began after all of them were asked for.
    ListMetadata {
        /// `apiVersion` of the kind.
        api_version: String,
        /// The kind.
        kind: String,
        /// One namespace, or all.
        namespace: Option<String>,
        /// Labels that must be equal.
        labels: BTreeMap<String, String>,
    },
    /// POST: [`Reply::Object`].
    Create {
        /// The whole object, with `apiVersion`, `kind` and `metadata`.
        body: Object,
    },
    /// PUT; guarded by `metadata.resourceVersion` of the body when it is set: [`Reply::Object`].
    Update {
        /// The whole object.
        body: Object,
    },
    /// PATCH: [`Reply::Object`].
    Patch {
        /// Which.
        object: ObjectRef,
        /// The kind of patch with its options.
        patch: Patch,
        /// The patch itself.
        body: Object,
        /// Patch the `status` subresource instead of the main resource.
        status: bool,
        /// Ask what would happen, change nothing.
        dry_run: bool,
    },
    /// DELETE: [`Reply::Deleted`].
    Delete {
        /// Which.
        object: ObjectRef,
        /// What happens to dependents.
        propagation: Propagation,
        /// What must hold.
        preconditions: Preconditions,
    },
    /// Server version and served kinds; the driver may cache unless `fresh`: [`Reply::Discovery`].
    Discover {
        /// Ask the server even if the answer is known.
        fresh: bool,
    },
    /// Download a chart artifact: [`Reply::Artifact`]. The receiver verifies the digest.
    Fetch {
        /// Where it lies. `dns:HOST` (RFC 4501) asks for the addresses of a host, one a line; none when it has none.
        url: String,
    },
}

impl Request {
    /// Whether the request can change something.
    #[must_use]
    pub fn is_write(&self) -> bool {
        match self {
            Self::Create { .. } | Self::Update { .. } | Self::Delete { .. } => true,
            Self::Patch { dry_run, .. } => !dry_run,
            Self::Get { .. }
            | Self::List { .. }
            | Self::ListMetadata { .. }
            | Self::Discover { .. }
            | Self::Fetch { .. } => false,
        }
    }
}

/// The kinds of patch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Patch {
    /// Server-side apply.
    Apply {
        /// Take fields of other managers.
        force: bool,
        /// How unknown and duplicate fields are treated.
        validation: FieldValidation,
    },
    /// RFC 7386.
    Merge,
    /// RFC 6902.
    Json,
    /// Kubernetes' strategic merge.
    StrategicMerge,
}

/// `fieldValidation` of a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum FieldValidation {
    /// The server's default: unknown fields are dropped with a warning.
    #[default]
    Warn,
    /// Unknown fields are refused.
    Strict,
    /// Unknown fields are dropped silently.
    Ignore,
}

/// `propagationPolicy` of a deletion.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Propagation {
    /// Dependents are deleted afterwards.
    #[default]
    Background,
    /// The object stays until its dependents are gone.
    Foreground,
    /// Dependents stay.
    Orphan,
}

/// Preconditions of a deletion.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Preconditions {
    /// The object must have this uid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uid: Option<String>,
    /// The object must have this resource version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource_version: Option<String>,
}

/// What came back. A driver answers every request at most once; it may answer late or never. Its `Debug` output names
/// objects and never shows them: they may hold secrets.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub enum Reply {
    /// The object after the request.
    Object(Object),
    /// The objects found, in the server's order.
    List(Vec<Object>),
    /// The deletion was accepted.
    Deleted,
    /// What the server serves.
    Discovery(Arc<Discovery>),
    /// The bytes of an artifact.
    Artifact(Arc<[u8]>),
    /// It did not work.
    Failed(Failure),
}

/// Why there is no result, and what is known about the effect.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
pub enum Failure {
    /// The server answered with an error: nothing was changed.
    #[error("{0}")]
    Api(ApiError),
    /// The request did not reach the server: nothing was changed.
    #[error("{0}")]
    Unreachable(String),
    /// No answer came: the effect is unknown until read back.
    #[error("{0}")]
    Unknown(String),
    /// The artifact server answered with an HTTP status that is not a success; the status line is given.
    #[error("{line}")]
    Http {
        /// The status code.
        code: u16,
        /// Code and text, `404 Not Found`.
        line: String,
    },
}

impl Failure {
    /// The API error, if that is what it is.
    #[must_use]
    pub fn api(&self) -> Option<&ApiError> {
        match self {
            Self::Api(error) => Some(error),
            Self::Unreachable(_) | Self::Unknown(_) | Self::Http { .. } => None,
        }
    }

    /// Whether the server said that the object does not exist.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        self.api().is_some_and(ApiError::is_not_found)
    }

    /// Whether the server said that this very object does not exist. When it does not serve the kind, which may pass, nothing
    /// is known about the object.
    #[must_use]
    pub fn is_object_gone(&self) -> bool {
        self.api().is_some_and(|error| error.is_not_found() && !error.is_kind_unknown())
    }

    /// Whether the effect of the request is unknown.
    #[must_use]
    pub fn is_unknown(&self) -> bool {
        match self {
            Self::Unknown(_) => true,
            // A refusal of an apply with unknown fields is a 500 without a reason: final, nothing was changed.
            Self::Api(error) => error.code >= 500 && !error.reason.is_empty(),
            Self::Unreachable(_) | Self::Http { .. } => false,
        }
    }
}

/// A `Status` object of kind failure.
#[derive(Debug, Clone, PartialEq, Eq, Default, thiserror::Error, Serialize, Deserialize)]
#[error("{message}")]
pub struct ApiError {
    /// HTTP status code.
    pub code: u16,
    /// `NotFound`, `Conflict`, `AlreadyExists`, `Invalid`, `Forbidden`...
    pub reason: String,
    /// The text.
    pub message: String,
    /// `details.retryAfterSeconds`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_seconds: Option<u32>,
}

impl ApiError {
    /// An error from its parts.
    pub fn new(code: u16, reason: impl Into<String>, message: impl Into<String>) -> Self {
        Self { code, reason: reason.into(), message: message.into(), retry_after_seconds: None }
    }

    /// 404 with reason NotFound.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        self.code == 404
    }

    /// 404 because the kind is not served, or not at this moment.
    #[must_use]
    pub fn is_kind_unknown(&self) -> bool {
        self.code == 404 && self.message.contains("the server could not find the requested resource")
    }

    /// 409 with reason AlreadyExists.
    #[must_use]
    pub fn is_already_exists(&self) -> bool {
        self.code == 409 && self.reason == "AlreadyExists"
    }

    /// 409 with another reason.
    #[must_use]
    pub fn is_conflict(&self) -> bool {
        self.code == 409 && self.reason != "AlreadyExists"
    }

    /// 403.
    #[must_use]
    pub fn is_forbidden(&self) -> bool {
        self.code == 403
    }
}

/// What a watch delivers.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct WatchTarget {
    /// `apiVersion` of the kind.
    pub api_version: String,
    /// The kind.
    pub kind: String,
    /// The namespace; `None` for cluster-scoped kinds.
    pub namespace: Option<String>,
    /// Labels that must be equal; empty when `name` selects.
    pub labels: BTreeMap<String, String>,
    /// One object by name.
    pub name: Option<String>,
    /// Of each object only what [`essentials`](crate::essentials) leaves.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub essentials: bool,
}

impl WatchTarget {
    /// Watch one object.
    #[must_use]
    pub fn object(object: &ObjectRef) -> Self {
        Self {
            name: Some(object.name.clone()),
            ..Self::labelled(&object.api_version, &object.kind, object.namespace.clone(), BTreeMap::new())
        }
    }

    /// Watch the objects of a kind that have these labels, in one namespace or everywhere.
    #[must_use]
    pub fn labelled(
        api_version: impl Into<String>,
        kind: impl Into<String>,
        namespace: Option<String>,
        labels: BTreeMap<String, String>,
    ) -> Self {
        let (api_version, kind) = (api_version.into(), kind.into());
        Self { api_version, kind, namespace, labels, name: None, essentials: false }
    }

    /// Whether an object, given as JSON, is of this target.
    #[must_use]
    pub fn matches(&self, object: &Value) -> bool {
        let reference = ObjectRef::of(object);
        reference.api_version == self.api_version
            && reference.kind == self.kind
            && (self.namespace.is_none() || reference.namespace == self.namespace)
            && self.name.as_ref().is_none_or(|name| *name == reference.name)
            && self.labels.iter().all(|(key, value)| crate::metadata::label(object, key) == Some(value))
    }
}
