//! What trying again can do about a failure (spec 08 row 18).

use crate::{ApiError, Failure};

/// The classes, from the one that passes by itself to the one that does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ErrorClass {
    /// The server or what it depends on is away, busy or not there yet. Passes by itself, and says nothing about what
    /// was asked for.
    Transient,
    /// Depends on the cluster: the next try may go otherwise.
    Ordinary,
    /// The same request gets the same answer until somebody changes what is asked for, or a permission.
    Terminal,
}

impl Failure {
    /// What trying again can do about it.
    #[must_use]
    pub fn class(&self) -> ErrorClass {
        match self {
            Self::Unreachable(_) | Self::Unknown(_) => ErrorClass::Transient,
            Self::Api(error) => error.class(),
            Self::Http { code, .. } if *code == 429 || *code >= 500 => ErrorClass::Transient,
            Self::Http { .. } => ErrorClass::Ordinary,
        }
    }
}

impl ApiError {
    /// What trying again can do about it.
    ///
    /// Beside the code, the texts of the API server decide that tell apart what has the same code: a quota that is used
    /// up, a namespace on its way out and a missing permission are all 403.
    #[must_use]
    pub fn class(&self) -> ErrorClass {
        let says = |words: &str| self.message.contains(words);
        match self.code {
            401 | 408 | 429 | 502..=504 => ErrorClass::Transient,
            // A refusal of an apply with unknown fields is a 500 without a reason (see `Failure::is_unknown`).
            500.. if self.reason.is_empty() => ErrorClass::Terminal,
            500.. => ErrorClass::Transient,
            409 if self.is_already_exists() || says("Apply failed with") => ErrorClass::Ordinary,
            409 => ErrorClass::Transient,
            403 if says("exceeded quota")
                || says("is being terminated")
                || says("not yet ready to handle") =>
            {
                ErrorClass::Transient
            }
            404 if self.is_kind_unknown() => ErrorClass::Transient,
            400 | 403 | 405 | 413 | 415 | 422 => ErrorClass::Terminal,
            _ => ErrorClass::Ordinary,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_refusal_has_its_class() {
        use ErrorClass::{Ordinary, Terminal, Transient};
        let cases = [
            (401, "Unauthorized", "Unauthorized", Transient),
            (403, "Forbidden", "secrets is forbidden: User \"x\" cannot list resource \"secrets\"", Terminal),
            (403, "Forbidden", "pods \"a\" is forbidden: exceeded quota: q, requested: pods=1", Transient),
            (
                403,
                "Forbidden",
                "unable to create new content in namespace a because it is being terminated",
                Transient,
            ),
            (404, "NotFound", "namespaces \"a\" not found", Ordinary),
            (404, "NotFound", "the server could not find the requested resource", Transient),
            (409, "AlreadyExists", "configmaps \"a\" already exists", Ordinary),
            (409, "Conflict", "Operation cannot be fulfilled on configmaps \"a\"", Transient),
            (
                409,
                "Conflict",
                "Apply failed with 1 conflict: conflict with \"hpa\": .spec.replicas",
                Ordinary,
            ),
            (413, "RequestEntityTooLarge", "etcdserver: request is too large", Terminal),
            (422, "Invalid", "StatefulSet \"a\" is invalid: spec: Forbidden: updates to ...", Terminal),
            (429, "TooManyRequests", "try again", Transient),
            (500, "InternalError", "failed calling webhook \"a\": connection refused", Transient),
            (500, "", "failed to create typed patch object: field not declared in schema", Terminal),
            (500, "InternalError", "etcdserver: leader changed", Transient),
            (503, "ServiceUnavailable", "apiserver not ready", Transient),
        ];
        for (code, reason, message, class) in cases {
            assert_eq!(ApiError::new(code, reason, message).class(), class, "{code} {message}");
        }
        assert_eq!(Failure::Unreachable(String::new()).class(), Transient);
        assert_eq!(Failure::Unknown(String::new()).class(), Transient);
        assert_eq!(Failure::Http { code: 404, line: String::new() }.class(), Ordinary);
        assert_eq!(Failure::Http { code: 502, line: String::new() }.class(), Transient);
    }
}
