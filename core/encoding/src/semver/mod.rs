//! Semantic versions and constraints in the dialect of Go's `Masterminds/semver` v3.5, which Helm uses for chart
//! versions, `kubeVersion`, dependency ranges and the template functions `semver` and `semverCompare`.

mod constraint;
mod token;

use std::cmp::Ordering;
use std::fmt;

pub use constraint::Constraint;

/// The longest version that is looked at, in bytes.
const LONGEST: usize = 256;

/// Why a version or constraint could not be parsed, in Go's words.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SemverError {
    /// Not of the form of a version.
    #[error("invalid semantic version")]
    InvalidSemver,
    /// A version is empty; only strict parsing says so.
    #[error("version string empty")]
    Empty,
    /// A segment is no number; only strict parsing says so.
    #[error("invalid characters in version")]
    InvalidCharacters,
    /// A number begins with a superfluous zero.
    #[error("version segment starts with 0")]
    SegmentStartsZero,
    /// The pre-release has other characters than letters, digits, hyphens and dots.
    #[error("invalid prerelease string")]
    InvalidPrerelease,
    /// The build metadata has other characters than letters, digits, hyphens and dots.
    #[error("invalid metadata string")]
    InvalidMetadata,
    /// The version is longer than 256 bytes.
    #[error("version string is too long (max {LONGEST} bytes)")]
    TooLong,
    /// A number does not fit 64 bits.
    #[error("error parsing version segment: strconv.ParseUint: parsing {0:?}: value out of range")]
    OutOfRange(String),
    /// A constraint is longer than 512 bytes.
    #[error("constraint string is too long (max 512 bytes)")]
    ConstraintTooLong,
    /// A constraint has more than 32 alternatives.
    #[error("too many constraint groups (max 32)")]
    TooManyGroups,
    /// A part of a constraint is not of the form of one.
    #[error("improper constraint: {0:?}")]
    ImproperConstraint(String),
    /// The version in a constraint is none.
    #[error("constraint parser error")]
    ConstraintVersion,
}

/// A version. Equality and order follow [`Version::compare`] only where those are called; the derived equality is that of
/// all fields, build metadata included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    /// First number.
    pub major: u64,
    /// Second number; 0 when absent.
    pub minor: u64,
    /// Third number; 0 when absent.
    pub patch: u64,
    /// What stands after the hyphen.
    pub prerelease: String,
    /// What stands after the plus sign.
    pub metadata: String,
    original: String,
}

impl Version {
    /// Parses a version that may begin with `v` and lack the second and third number (`NewVersion`).
    ///
    /// # Errors
    ///
    /// Those of Go, in its words.
    pub fn parse(text: &str) -> Result<Self, SemverError> {
        if text.len() > LONGEST {
            return Err(SemverError::TooLong);
        }
        let parts = token::loose(text, u8::is_ascii_digit).ok_or(SemverError::InvalidSemver)?;
        if parts.length != text.len() {
            return Err(SemverError::InvalidSemver);
        }
        let number = |digits: Option<&str>| digits.map_or(Ok(0), segment);
        let version = Self {
            major: segment(parts.major)?,
            minor: number(parts.minor)?,
            patch: number(parts.patch)?,
            prerelease: parts.prerelease.unwrap_or_default().to_owned(),
            metadata: parts.metadata.unwrap_or_default().to_owned(),
            original: text.to_owned(),
        };
        version.check_extras()?;
        Ok(version)
    }

    /// Parses a version that has to follow the specification to the letter (`StrictNewVersion`).
    ///
    /// # Errors
    ///
    /// Those of Go, in its words.
    pub fn parse_strict(text: &str) -> Result<Self, SemverError> {
        if text.is_empty() {
            return Err(SemverError::Empty);
        }
        if text.len() > LONGEST {
            return Err(SemverError::TooLong);
        }
        let mut parts = text.splitn(3, '.');
        let (Some(major), Some(minor), Some(rest)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(SemverError::InvalidSemver);
        };
        let (rest, metadata) = rest.split_once('+').map_or((rest, None), |(rest, text)| (rest, Some(text)));
        check_identifiers(metadata, |part| is_identifier(part), &SemverError::InvalidMetadata)?;
        let (patch, prerelease) =
            rest.split_once('-').map_or((rest, None), |(rest, text)| (rest, Some(text)));
        check_prerelease(prerelease)?;
        for part in [major, minor, patch] {
            if !part.bytes().all(|byte| byte.is_ascii_digit()) {
                return Err(SemverError::InvalidCharacters);
            }
            if part.len() > 1 && part.starts_with('0') {
                return Err(SemverError::SegmentStartsZero);
            }
        }
        Ok(Self {
            major: segment(major)?,
            minor: segment(minor)?,
            patch: segment(patch)?,
            prerelease: prerelease.unwrap_or_default().to_owned(),
            metadata: metadata.unwrap_or_default().to_owned(),
            original: text.to_owned(),
        })
    }

    /// The text that was parsed.
    #[must_use]
    pub fn original(&self) -> &str {
        &self.original
    }

    /// The order of two versions; build metadata does not count.
    #[must_use]
    pub fn compare(&self, other: &Self) -> Ordering {
        let numbers = |version: &Self| (version.major, version.minor, version.patch);
        numbers(self)
            .cmp(&numbers(other))
            .then_with(|| compare_prerelease(&self.prerelease, &other.prerelease))
    }

    /// The version with other build metadata (`SetMetadata`). The original text keeps only a leading `v`.
    ///
    /// # Errors
    ///
    /// [`SemverError::InvalidMetadata`].
    pub fn with_metadata(&self, metadata: &str) -> Result<Self, SemverError> {
        let mut next = Self { metadata: metadata.to_owned(), ..self.clone() };
        next.check_extras()?;
        let prefix = if self.original.starts_with('v') { "v" } else { "" };
        next.original = format!("{prefix}{next}");
        Ok(next)
    }

    fn check_extras(&self) -> Result<(), SemverError> {
        let given = |text: &'_ str| !text.is_empty();
        check_prerelease(Some(self.prerelease.as_str()).filter(|text| given(text)))?;
        let metadata = Some(self.metadata.as_str()).filter(|text| given(text));
        check_identifiers(metadata, is_identifier, &SemverError::InvalidMetadata)
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

/// The order of two pre-releases; none at all is the newest.
pub(crate) fn compare_prerelease(left: &str, right: &str) -> Ordering {
    match (left.is_empty(), right.is_empty()) {
        (true, true) => return Ordering::Equal,
        (true, false) => return Ordering::Greater,
        (false, true) => return Ordering::Less,
        (false, false) => {}
    }
    let mut rights = right.split('.');
    for part in left.split('.') {
        let order = rights.next().map_or(Ordering::Greater, |other| compare_part(part, other));
        if order != Ordering::Equal {
            return order;
        }
    }
    if rights.next().is_some() { Ordering::Less } else { Ordering::Equal }
}

fn compare_part(left: &str, right: &str) -> Ordering {
    match (left.parse::<u64>(), right.parse::<u64>()) {
        (Ok(left), Ok(right)) => left.cmp(&right),
        (Ok(_), Err(_)) => Ordering::Less,
        (Err(_), Ok(_)) => Ordering::Greater,
        (Err(_), Err(_)) => left.cmp(right),
    }
}

fn segment(digits: &str) -> Result<u64, SemverError> {
    digits.parse().map_err(|_| SemverError::OutOfRange(digits.to_owned()))
}

fn check_prerelease(prerelease: Option<&str>) -> Result<(), SemverError> {
    let leading_zero = |part: &str| part.len() > 1 && part.starts_with('0');
    for part in prerelease.into_iter().flat_map(|text| text.split('.')) {
        if part.bytes().all(|byte| byte.is_ascii_digit()) {
            if leading_zero(part) {
                return Err(SemverError::SegmentStartsZero);
            }
        } else if !is_identifier(part) {
            return Err(SemverError::InvalidPrerelease);
        }
    }
    Ok(())
}

fn check_identifiers(
    text: Option<&str>,
    valid: impl Fn(&str) -> bool,
    error: &SemverError,
) -> Result<(), SemverError> {
    let all_valid = text.is_none_or(|text| text.split('.').all(valid));
    if all_valid { Ok(()) } else { Err(error.clone()) }
}

fn is_identifier(part: &str) -> bool {
    part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_parse_loosely() {
        let cases = [
            ("1.2.3", "1.2.3"),
            ("v1.2", "1.2.0"),
            ("1", "1.0.0"),
            ("v1.33.4-gke.1245000", "1.33.4-gke.1245000"),
            ("1.2.3-beta.1+build.5", "1.2.3-beta.1+build.5"),
            ("01.02.03", "1.2.3"),
        ];
        for (text, expected) in cases {
            assert_eq!(Version::parse(text).unwrap().to_string(), expected);
        }
        for text in ["", "a", "1.2.3.4", "1.2.3-", "V1", "1.2.3-é"] {
            assert_eq!(Version::parse(text), Err(SemverError::InvalidSemver), "{text}");
        }
        assert_eq!(Version::parse("1.2.3-01"), Err(SemverError::SegmentStartsZero));
    }

    #[test]
    fn strict_versions_are_strict() {
        assert!(Version::parse_strict("1.2.3-a+b").is_ok());
        assert_eq!(Version::parse_strict(""), Err(SemverError::Empty));
        assert_eq!(Version::parse_strict("1.2"), Err(SemverError::InvalidSemver));
        assert_eq!(Version::parse_strict("v1.2.3"), Err(SemverError::InvalidCharacters));
        assert_eq!(Version::parse_strict("1.02.3"), Err(SemverError::SegmentStartsZero));
    }

    #[test]
    fn prereleases_are_older_and_ordered() {
        let ordered =
            ["1.0.0-1", "1.0.0-2", "1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-beta", "1.0.0", "1.0.1-0"];
        for pair in ordered.windows(2) {
            let [left, right] = [pair[0], pair[1]].map(|text| Version::parse(text).unwrap());
            assert_eq!(left.compare(&right), Ordering::Less, "{pair:?}");
        }
    }

    #[test]
    fn metadata_is_replaced() {
        let version = Version::parse("v1.2.3-a+old").unwrap().with_metadata("0123abc").unwrap();
        assert_eq!(version.to_string(), "1.2.3-a+0123abc");
        assert_eq!(version.original(), "v1.2.3-a+0123abc");
        assert_eq!(version.with_metadata("a_b"), Err(SemverError::InvalidMetadata));
    }
}
