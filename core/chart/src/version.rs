//! The version of a chart from an OCI artifact carries the digest of the artifact (spec 02 §5.2).

use std::cmp::Ordering;

use pilothouse_template::semver::Version;

/// Hexadecimal digits of the digest in the version.
const DIGITS: usize = 12;

/// Why a version and a revision do not go together.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MutateError {
    /// The chart's version is no semantic version.
    #[error("invalid chart version {0}")]
    ChartVersion(String),
    /// The tag names another version.
    #[error("artifact revision {tag} does not match chart version {version}")]
    Mismatch {
        /// The tag.
        tag: String,
        /// The chart's version.
        version: String,
    },
    /// The revision has no form that is known.
    #[error("invalid artifact revision {0}")]
    Revision(String),
}

/// The version with the beginning of the digest as build metadata, and the digest.
///
/// # Errors
/// When version and revision do not go together.
pub fn mutate_version(version: &str, revision: &str) -> Result<(String, String), MutateError> {
    let chart = Version::parse(version).map_err(|_| MutateError::ChartVersion(version.to_owned()))?;
    let invalid = || MutateError::Revision(revision.to_owned());
    if let Some((tag, digest)) = revision.split_once('@')
        && let Ok(tagged) = Version::parse(&tag.replace('_', "+"))
    {
        if tagged.compare(&chart) != Ordering::Equal {
            return Err(MutateError::Mismatch { tag: tag.to_owned(), version: version.to_owned() });
        }
        return Ok((with_digest(&chart, digest).ok_or_else(invalid)?, digest.to_owned()));
    }
    // The whole revision is the digest, with its tag: what the original stores.
    Ok((with_digest(&chart, revision).ok_or_else(invalid)?, revision.to_owned()))
}

fn with_digest(version: &Version, digest: &str) -> Option<String> {
    let (_, encoded) = digest.split_once(':').filter(|(_, encoded)| !encoded.contains(':'))?;
    let short = encoded.get(..DIGITS)?;
    version.with_metadata(short).ok().map(|version| version.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_becomes_build_metadata() {
        let digest = "sha256:cb3a1c9d5e6f7a8b9c";
        let tagged = format!("v6.5.0_x@{digest}");
        assert_eq!(
            mutate_version("6.5.0", &tagged),
            Ok(("6.5.0+cb3a1c9d5e6f".to_owned(), digest.to_owned()))
        );
        assert_eq!(
            mutate_version("v6.5.0+old", digest),
            Ok(("6.5.0+cb3a1c9d5e6f".to_owned(), digest.to_owned()))
        );
        let latest = format!("latest@{digest}");
        assert_eq!(mutate_version("6.5.0", &latest), Ok(("6.5.0+cb3a1c9d5e6f".to_owned(), latest)));
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let error = |version, revision| mutate_version(version, revision).unwrap_err().to_string();
        assert_eq!(error("x", "sha256:cb3a1c9d5e6f"), "invalid chart version x");
        assert_eq!(
            error("6.5.0", "6.5.1@sha256:cb3a1c9d5e6f"),
            "artifact revision 6.5.1 does not match chart version 6.5.0"
        );
        assert_eq!(error("6.5.0", "sha256:short"), "invalid artifact revision sha256:short");
        assert_eq!(error("6.5.0", "none"), "invalid artifact revision none");
    }
}
