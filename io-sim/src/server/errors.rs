//! Errors in the words of a Kubernetes API server (`k8s.io/apimachinery/pkg/api/errors`).

use pilothouse_protocol::ApiError;

use super::kinds::Kind;

/// The text of a refused JSON patch.
pub const UNPROCESSABLE: &str = "the server rejected our request due to an error in our request";

/// 404 for an object.
#[must_use]
pub fn not_found(kind: &Kind, name: &str) -> ApiError {
    ApiError::new(404, "NotFound", format!("{} {name:?} not found", kind.resource))
}

/// 404 for a namespace that does not exist.
#[must_use]
pub fn namespace_not_found(name: &str) -> ApiError {
    ApiError::new(404, "NotFound", format!("namespaces {name:?} not found"))
}

/// 404 for a kind that is not served.
#[must_use]
pub fn unknown_kind() -> ApiError {
    ApiError::new(404, "NotFound", "the server could not find the requested resource")
}

/// 409 for a creation; of an object that is there and may be on its way out.
#[must_use]
pub fn already_exists(kind: &Kind, name: &str, is_deleting: bool) -> ApiError {
    let going = if is_deleting { "object is being deleted: " } else { "" };
    ApiError::new(409, "AlreadyExists", format!("{going}{} {name:?} already exists", kind.resource))
}

/// 409 for a write that was made on an old version.
#[must_use]
pub fn modified(kind: &Kind, name: &str) -> ApiError {
    let why = "the object has been modified; please apply your changes to the latest version and try again";
    conflict(kind, name, why)
}

/// 409 with another text.
#[must_use]
pub fn conflict(kind: &Kind, name: &str, why: &str) -> ApiError {
    let message = format!("Operation cannot be fulfilled on {} {name:?}: {why}", kind.resource);
    ApiError::new(409, "Conflict", message)
}

/// 422 with field errors.
#[must_use]
pub fn invalid(kind: &Kind, name: &str, causes: &[String]) -> ApiError {
    let text = match causes {
        [only] => only.clone(),
        many => format!("[{}]", many.join(", ")),
    };
    ApiError::new(422, "Invalid", format!("{} {name:?} is invalid: {text}", kind.kind_group))
}

/// 400.
#[must_use]
pub fn bad_request(message: impl Into<String>) -> ApiError {
    ApiError::new(400, "BadRequest", message)
}

/// 403 from admission.
#[must_use]
pub fn forbidden(kind: &Kind, name: &str, why: &str) -> ApiError {
    ApiError::new(403, "Forbidden", format!("{} {name:?} is forbidden: {why}", kind.resource))
}

/// 403 for a creation in a namespace that is going.
#[must_use]
pub fn terminating(kind: &Kind, name: &str, namespace: &str) -> ApiError {
    let why = format!("unable to create new content in namespace {namespace} because it is being terminated");
    forbidden(kind, name, &why)
}
