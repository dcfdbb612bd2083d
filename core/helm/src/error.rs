//! Why an action failed. The texts are Helm's (packages `action` and `storage` of Helm v4.2.4), as spec 05 lists them.

use pilothouse_apply::{ApplyError, DeleteError};
use pilothouse_machine::Interrupt;
use pilothouse_protocol::{ErrorClass, Failure};

/// Why an action has no release to show, or a failed one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HelmError {
    /// The server version could not be read.
    #[error("kubernetes cluster unreachable: {0}")]
    Unreachable(Failure),
    /// The last release of this name cannot be replaced.
    #[error("cannot reuse a name that is still in use")]
    NameInUse,
    /// Storage holds no release of this name, or not this revision.
    #[error("release: not found")]
    ReleaseNotFound,
    /// Storage holds Secrets of this name, none of which can be read.
    #[error("no revision for release {0:?}")]
    NoRevision(String),
    /// There is nothing that an upgrade could start from.
    #[error("{0:?} has no deployed releases")]
    NoDeployedReleases(String),
    /// The last release is pending.
    #[error("another operation (install/upgrade/rollback) is in progress")]
    Pending,
    /// The target of a rollback is not in storage.
    #[error("release has no {0} version")]
    NoSuchRevision(u32),
    /// The release was uninstalled before and its history is kept.
    #[error("the release named {0:?} is already deleted")]
    AlreadyDeleted(String),
    /// Objects of the release could not be deleted.
    #[error("failed to delete release: {0}")]
    DeleteFailed(String),
    /// The uninstallation went through, not everything on its way did.
    #[error("uninstallation completed with {} error(s): {}", .0.len(), join(.0, "; "))]
    UninstallCompleted(Vec<HelmError>),
    /// `install.crds` or `upgrade.crds` is none of the policies.
    #[error("invalid CRD upgrade policy '{0}', valid values are 'Skip', 'Create' or 'CreateReplace'")]
    InvalidCrdsPolicy(String),
    /// An object exists and belongs to somebody else, or its owner could not be read.
    #[error("{0}")]
    Ownership(String),
    /// The chart, its values or its templates are wrong.
    #[error("{0}")]
    Chart(String),
    /// A manifest is no list of objects that the server knows.
    #[error("{0}")]
    Build(String),
    /// Objects could not be created, changed or deleted.
    #[error("{0}")]
    Apply(String),
    /// Objects did not become ready, or did not disappear.
    #[error("{0}")]
    Wait(String),
    /// The identity may not read or write the storage.
    #[error("{0}")]
    Forbidden(String),
    /// A release could not be read from storage or written to it.
    #[error("{0}")]
    Storage(String),
    /// A bound was passed.
    #[error("{0}")]
    Limit(String),
    /// A failure with the words that Helm puts in front of it.
    #[error("{words}: {cause}")]
    Context {
        /// The words.
        words: String,
        /// The failure.
        cause: Box<HelmError>,
    },
    /// A failure of which is known what trying again can do about it.
    #[error("{cause}")]
    Classified {
        /// What.
        class: ErrorClass,
        /// The failure.
        cause: Box<HelmError>,
    },
    /// A wait was given up because an input changed, named by the text: no failure.
    #[error("{0}")]
    Interrupted(String),
    /// A wait was given up because the process ends: no failure.
    #[error("the controller is shutting down")]
    Shutdown,
}

impl HelmError {
    /// The same failure with words in front.
    #[must_use]
    pub fn context(self, words: impl Into<String>) -> Self {
        Self::Context { words: words.into(), cause: Box::new(self) }
    }

    /// The same failure, of which is known what trying again can do about it.
    #[must_use]
    pub fn of_class(self, class: ErrorClass) -> Self {
        match class {
            ErrorClass::Ordinary => self,
            _ => Self::Classified { class, cause: Box::new(self) },
        }
    }

    /// An uninstall that went through without leaving a trace in storage.
    #[must_use]
    pub fn not_updated() -> Self {
        Self::Storage("uninstall completed with error: release not updated in Helm storage".to_owned())
    }

    /// Objects could not be created, changed or deleted.
    #[must_use]
    pub(crate) fn apply(error: &ApplyError) -> Self {
        Self::Apply(error.to_string()).of_class(error.class())
    }

    /// Objects could not be deleted; `None` when all could. What passes by itself is what all of them failed for.
    #[must_use]
    pub(crate) fn delete(errors: &[DeleteError]) -> Option<Self> {
        let class = errors.iter().map(|error| error.failure.class()).max()?;
        Some(Self::Apply(join(errors, "; ")).of_class(class))
    }

    /// What trying again can do about it (spec 08 row 18).
    #[must_use]
    pub fn class(&self) -> ErrorClass {
        match self {
            Self::Classified { class, .. } => *class,
            Self::Context { cause, .. } => cause.class(),
            Self::Unreachable(failure) => failure.class(),
            Self::Chart(_) | Self::Limit(_) | Self::InvalidCrdsPolicy(_) => ErrorClass::Terminal,
            Self::UninstallCompleted(errors) => {
                errors.iter().map(Self::class).max().unwrap_or(ErrorClass::Ordinary)
            }
            _ => ErrorClass::Ordinary,
        }
    }

    /// The failure that a running wait ends with.
    #[must_use]
    pub fn interrupted(interrupt: &Interrupt) -> Self {
        match interrupt {
            Interrupt::Changed(text) => Self::Interrupted(text.clone()),
            Interrupt::Shutdown => Self::Shutdown,
        }
    }

    /// The failure without the words in front of it.
    #[must_use]
    pub fn root(&self) -> &Self {
        match self {
            Self::Context { cause, .. } | Self::Classified { cause, .. } => cause.root(),
            other => other,
        }
    }

    /// Whether the action was interrupted, which does not count as a failure (spec 08 row 10).
    #[must_use]
    pub fn is_interrupted(&self) -> bool {
        match self.root() {
            Self::Interrupted(_) | Self::Shutdown => true,
            Self::UninstallCompleted(errors) => errors.iter().any(Self::is_interrupted),
            _ => false,
        }
    }

    /// Whether storage holds no such release.
    #[must_use]
    pub fn is_release_not_found(&self) -> bool {
        matches!(self.root(), Self::ReleaseNotFound)
    }

    /// Whether access to the storage was refused.
    #[must_use]
    pub fn is_forbidden(&self) -> bool {
        matches!(self.root(), Self::Forbidden(_))
    }

    /// Whether the release was uninstalled before.
    #[must_use]
    pub fn is_already_deleted(&self) -> bool {
        matches!(self.root(), Self::AlreadyDeleted(_))
    }
}

/// The texts of several failures in one line.
#[must_use]
pub(crate) fn join<E: ToString>(errors: &[E], separator: &str) -> String {
    errors.iter().map(ToString::to_string).collect::<Vec<_>>().join(separator)
}

#[cfg(test)]
mod tests {
    use pilothouse_protocol::{ApiError, ObjectRef};

    use super::*;

    #[test]
    fn texts_are_those_of_helm() {
        let unreachable =
            HelmError::Unreachable(Failure::Api(ApiError::new(503, "ServiceUnavailable", "gone")));
        let cases = [
            (unreachable, "kubernetes cluster unreachable: gone"),
            (
                HelmError::NameInUse.context("release name check failed"),
                "release name check failed: cannot reuse a name that is still in use",
            ),
            (HelmError::NoDeployedReleases("a".to_owned()), "\"a\" has no deployed releases"),
            (
                HelmError::UninstallCompleted(vec![
                    HelmError::Wait("x".to_owned()),
                    HelmError::Storage("y".to_owned()),
                ]),
                "uninstallation completed with 2 error(s): x; y",
            ),
            (
                HelmError::ReleaseNotFound.context("uninstall: Release not loaded: a"),
                "uninstall: Release not loaded: a: release: not found",
            ),
        ];
        for (error, text) in cases {
            assert_eq!(error.to_string(), text);
        }
    }

    #[test]
    fn a_deletion_passes_by_itself_when_all_of_it_does() {
        let failed = |code: u16, reason: &str| DeleteError {
            object: ObjectRef::namespaced("v1", "ConfigMap", "ns", "a"),
            failure: Failure::Api(ApiError::new(code, reason, "no")),
        };
        let (busy, refused) = (failed(503, "ServiceUnavailable"), failed(403, "Forbidden"));
        let class = |errors: &[DeleteError]| HelmError::delete(errors).map(|error| error.class());
        assert_eq!(class(&[]), None);
        assert_eq!(class(std::slice::from_ref(&busy)), Some(ErrorClass::Transient));
        assert_eq!(class(&[busy, refused]), Some(ErrorClass::Terminal));
    }

    #[test]
    fn a_class_is_found_behind_words() {
        let forbidden = HelmError::Storage("no".to_owned()).of_class(ErrorClass::Terminal);
        let cases = [
            (HelmError::Chart("bad".to_owned()), ErrorClass::Terminal),
            (HelmError::Wait("not ready".to_owned()), ErrorClass::Ordinary),
            (HelmError::Apply("busy".to_owned()).of_class(ErrorClass::Transient), ErrorClass::Transient),
            (HelmError::Unreachable(Failure::Unreachable("away".to_owned())), ErrorClass::Transient),
            (forbidden, ErrorClass::Terminal),
        ];
        for (error, class) in cases {
            assert_eq!(error.clone().context("words").class(), class, "{error}");
        }
    }

    #[test]
    fn an_interruption_is_recognised_behind_words() {
        let error = HelmError::interrupted(&Interrupt::Shutdown).context("failed pre-install");
        assert!(error.is_interrupted());
        assert!(!error.is_release_not_found());
    }
}
