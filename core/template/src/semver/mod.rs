//! Versions and constraints as `Masterminds/semver` v3.5 reads and compares them.
//!
//! The rules differ from those of other libraries where charts depend on it: short and `v`-prefixed versions are
//! read, and a group of constraints that names a pre-release lets pre-releases pass.

mod constraint;

use std::cmp::Ordering;
use std::fmt;

pub use constraint::Constraints;

/// Longest version text that is read.
const MAX_LENGTH: usize = 256;

/// Why a version or constraint was refused, in the library's words.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SemverError {
    /// Not a version at all.
    #[error("invalid semantic version")]
    Invalid,
    /// The version is too long.
    #[error("version string is too long (max {MAX_LENGTH} bytes)")]
    TooLong,
    /// A numeric part begins with a zero.
    #[error("version segment starts with 0")]
    LeadingZero,
    /// The pre-release has an empty or bad part.
    #[error("invalid prerelease string")]
    Prerelease,
    /// The metadata has an empty or bad part.
    #[error("invalid metadata string")]
    Metadata,
    /// A number does not fit 64 bits.
    #[error("error parsing version segment: strconv.ParseUint: parsing \"{0}\": value out of range")]
    Range(String),
    /// A constraint that cannot be read; its quoted text.
    #[error("improper constraint: {0}")]
    Constraint(String),
    /// A constraint whose version cannot be read.
    #[error("constraint parser error")]
    ConstraintVersion,
    /// The constraint is too long.
    #[error("constraint string is too long (max 512 bytes)")]
    ConstraintTooLong,
    /// The constraint has too many alternatives.
    #[error("too many constraint groups (max 32)")]
    TooManyGroups,
}

/// A version.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Version {
    /// The first number.
    pub major: u64,
    /// The second number; 0 when not written.
    pub minor: u64,
    /// The third number; 0 when not written.
    pub patch: u64,
    /// What follows `-`.
    pub prerelease: String,
    /// What follows `+`; it does not count in comparisons.
    pub metadata: String,
    /// The version as written.
    pub original: String,
}

impl Version {
    /// Reads a version; a leading `v` and absent minor and patch numbers are accepted.
    ///
    /// # Errors
    /// [`SemverError`] in the words of `NewVersion`.
    pub fn parse(text: &str) -> Result<Version, SemverError> {
        if text.len() > MAX_LENGTH {
            return Err(SemverError::TooLong);
        }
        let (core, metadata) = split_at(text, '+');
        let (core, prerelease) = split_at(core, '-');
        for tail in [metadata, prerelease].into_iter().flatten() {
            if tail.split('.').any(|part| part.is_empty() || !part.bytes().all(is_identifier)) {
                return Err(SemverError::Invalid);
            }
        }
        let numbers: Vec<&str> = core.strip_prefix('v').unwrap_or(core).split('.').collect();
        let is_number = |part: &&str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        if numbers.len() > 3 || !numbers.iter().all(is_number) {
            return Err(SemverError::Invalid);
        }
        let number = |index: usize| match numbers.get(index) {
            Some(digits) => digits.parse().map_err(|_| SemverError::Range((*digits).to_owned())),
            None => Ok(0),
        };
        let version = Version {
            major: number(0)?,
            minor: number(1)?,
            patch: number(2)?,
            prerelease: prerelease.unwrap_or_default().to_owned(),
            metadata: metadata.unwrap_or_default().to_owned(),
            original: text.to_owned(),
        };
        check_prerelease(&version.prerelease)?;
        Ok(version)
    }

    /// Compares by precedence; metadata does not count.
    pub fn compare(&self, other: &Version) -> Ordering {
        let numbers = |version: &Version| (version.major, version.minor, version.patch);
        numbers(self).cmp(&numbers(other)).then_with(|| {
            match (self.prerelease.is_empty(), other.prerelease.is_empty()) {
                (true, true) => Ordering::Equal,
                (true, false) => Ordering::Greater,
                (false, true) => Ordering::Less,
                (false, false) => compare_prereleases(&self.prerelease, &other.prerelease),
            }
        })
    }

    /// The next patch version, or the release of a pre-release.
    #[must_use]
    pub fn next_patch(&self) -> Version {
        let step = u64::from(self.prerelease.is_empty());
        self.changed(self.major, self.minor, self.patch.saturating_add(step))
    }

    /// The next minor version.
    #[must_use]
    pub fn next_minor(&self) -> Version {
        self.changed(self.major, self.minor.saturating_add(1), 0)
    }

    /// The next major version.
    #[must_use]
    pub fn next_major(&self) -> Version {
        self.changed(self.major.saturating_add(1), 0, 0)
    }

    /// The same version with another pre-release.
    ///
    /// # Errors
    /// [`SemverError::Prerelease`] and [`SemverError::LeadingZero`].
    pub fn with_prerelease(&self, prerelease: &str) -> Result<Version, SemverError> {
        if !prerelease.is_empty() {
            check_prerelease(prerelease)?;
        }
        Ok(Version { prerelease: prerelease.to_owned(), ..self.clone() }.renamed())
    }

    /// The same version with other metadata.
    ///
    /// # Errors
    /// [`SemverError::Metadata`].
    pub fn with_metadata(&self, metadata: &str) -> Result<Version, SemverError> {
        let is_bad = |part: &str| part.is_empty() || !part.bytes().all(is_identifier);
        if !metadata.is_empty() && metadata.split('.').any(is_bad) {
            return Err(SemverError::Metadata);
        }
        Ok(Version { metadata: metadata.to_owned(), ..self.clone() }.renamed())
    }

    fn changed(&self, major: u64, minor: u64, patch: u64) -> Version {
        let original = self.original.clone();
        let version =
            Version { major, minor, patch, prerelease: String::new(), metadata: String::new(), original };
        version.renamed()
    }

    /// Sets the original text from the parts, keeping a leading `v`.
    fn renamed(mut self) -> Version {
        let prefix = if self.original.starts_with('v') { "v" } else { "" };
        self.original = format!("{prefix}{self}");
        self
    }
}

impl fmt::Display for Version {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}.{}.{}", self.major, self.minor, self.patch)?;
        if !self.prerelease.is_empty() {
            write!(formatter, "-{}", self.prerelease)?;
        }
        if !self.metadata.is_empty() {
            write!(formatter, "+{}", self.metadata)?;
        }
        Ok(())
    }
}

fn split_at(text: &str, separator: char) -> (&str, Option<&str>) {
    text.split_once(separator).map_or((text, None), |(before, after)| (before, Some(after)))
}

fn is_identifier(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'-'
}

fn check_prerelease(prerelease: &str) -> Result<(), SemverError> {
    for part in prerelease.split('.').filter(|_| !prerelease.is_empty()) {
        if part.is_empty() || !part.bytes().all(is_identifier) {
            return Err(SemverError::Prerelease);
        }
        if part.len() > 1 && part.starts_with('0') && part.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(SemverError::LeadingZero);
        }
    }
    Ok(())
}

/// Compares part by part; an absent part comes first, numbers come before words.
fn compare_prereleases(left: &str, right: &str) -> Ordering {
    let (mut left, mut right) = (left.split('.'), right.split('.'));
    loop {
        let order = match (left.next(), right.next()) {
            (None, None) => return Ordering::Equal,
            (left, right) => compare_parts(left.unwrap_or_default(), right.unwrap_or_default()),
        };
        if order != Ordering::Equal {
            return order;
        }
    }
}

fn compare_parts(left: &str, right: &str) -> Ordering {
    match (left.parse::<u64>(), right.parse::<u64>()) {
        _ if left == right => Ordering::Equal,
        _ if left.is_empty() => Ordering::Less,
        _ if right.is_empty() => Ordering::Greater,
        (Ok(left), Ok(right)) => {
            if left > right {
                Ordering::Greater
            } else {
                Ordering::Less
            }
        }
        (Ok(_), Err(_)) => Ordering::Less,
        (Err(_), Ok(_)) => Ordering::Greater,
        (Err(_), Err(_)) => left.cmp(right),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_loosely() {
        let cases = [("v1.2", "1.2.0"), ("1", "1.0.0"), ("1.2.3-a.1+b", "1.2.3-a.1+b"), ("01.2.3", "1.2.3")];
        for (text, expected) in cases {
            assert_eq!(Version::parse(text).unwrap().to_string(), expected);
        }
        for text in ["", "1.2.3.4", "a", "1.", "1.2.3-", "1.2.3-a..b"] {
            assert_eq!(Version::parse(text), Err(SemverError::Invalid), "{text}");
        }
        assert_eq!(Version::parse("1.0.0-01"), Err(SemverError::LeadingZero));
    }

    #[test]
    fn precedence() {
        let order =
            ["1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta.2", "1.0.0-beta.11", "1.0.0"];
        for pair in order.windows(2) {
            let (left, right) = (Version::parse(pair[0]).unwrap(), Version::parse(pair[1]).unwrap());
            assert_eq!(left.compare(&right), Ordering::Less, "{pair:?}");
        }
    }
}
