//! What all actions of one HelmRelease have in common.

use pilothouse_protocol::ReleaseKey;

use crate::Holder;

/// The release that actions work on, and how its charts are rendered.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ActionConfig {
    /// Name of the Helm release, shortened as spec 01 says.
    pub release_name: String,
    /// Namespace of the Helm release: where objects without a namespace of their own go.
    pub release_namespace: String,
    /// Namespace of the storage Secrets.
    pub storage_namespace: String,
    /// Namespace and name of the HelmRelease, for the origin labels.
    pub origin: ReleaseKey,
    /// Who acts, for the marks of pending revisions.
    pub holder: Holder,
}
