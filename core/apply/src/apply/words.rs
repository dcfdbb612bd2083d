//! Helm's words for failed writes (`pkg/kube/client.go`).

use pilothouse_protocol::{ApiError, Failure, ObjectRef};

use super::write::How;

/// A write was refused.
pub(super) fn write_failed(how: How, object: &ObjectRef, failure: &Failure) -> String {
    match how {
        How::Create => failure.to_string(),
        How::Merge { .. } => format!("cannot patch {:?} with kind {}: {failure}", object.name, object.kind),
        How::Replace => format!("failed to replace object: {failure}"),
        How::Apply { .. } => match failure.api() {
            Some(error) if error.code == 415 => {
                format!("server-side apply not available on the server: {failure}")
            }
            Some(error) if error.is_conflict() => {
                format!("conflict occurred while applying object {}: {failure}", long_name(object))
            }
            _ => apply_failed(object, &failure.to_string()),
        },
    }
}

/// Server-side apply failed otherwise.
pub(super) fn apply_failed(object: &ObjectRef, problem: &str) -> String {
    format!("server-side apply failed for object {}: {problem}", long_name(object))
}

/// The managed fields of client-side apply could not be handed over.
pub(super) fn migration_failed(object: &ObjectRef, failure: &Failure) -> String {
    format!("failed to patch object to upgrade CSA field manager {}: {failure}", long_name(object))
}

/// The object could not be read before its managed fields were handed over.
pub(super) fn reread_failed(object: &ObjectRef, failure: &Failure) -> String {
    format!("failed to get object {}: {failure}", long_name(object))
}

/// An object that is no longer in the manifest could not be deleted.
pub(super) fn removal_failed(object: &ObjectRef, failure: &Failure) -> String {
    let namespace = object.namespace.as_deref().unwrap_or_default();
    format!(
        "failed to delete resource namespace={namespace}, name={}, kind={}: {failure}",
        object.name, object.kind
    )
}

/// Whether the write collided with another one and is simply tried again.
pub(super) fn is_collision(how: How, failure: &Failure) -> bool {
    let Some(error) = failure.api().filter(|error| ApiError::is_conflict(error)) else { return false };
    match how {
        How::Create => true,
        How::Apply { .. } => {
            error.message.contains("Operation cannot be fulfilled on resourcequotas")
                && error.message.contains("the object has been modified")
        }
        How::Merge { .. } | How::Replace => false,
    }
}

/// `namespace/name group/version, Kind=kind`, as Go prints them.
fn long_name(object: &ObjectRef) -> String {
    let gvk = object.gvk();
    let namespace = object.namespace.as_deref().unwrap_or_default();
    format!("{namespace}/{} {}/{}, Kind={}", object.name, gvk.group(), gvk.version(), object.kind)
}
