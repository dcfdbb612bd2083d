//! Names of releases (Go package `helm.sh/helm/v4/pkg/chart/v2/util`).

/// The longest name, in bytes.
const LONGEST: usize = 53;

/// Why a text cannot be the name of a release, in Helm's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ReleaseNameError {
    /// There is none.
    #[error("no name provided")]
    Missing,
    /// It is no DNS name, or too long.
    #[error(
        "invalid release name, must match regex ^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$ and \
         the length must not be longer than {LONGEST}"
    )]
    Invalid,
}

/// Whether a release may have this name.
///
/// # Errors
/// When it may not.
pub fn validate_release_name(name: &str) -> Result<(), ReleaseNameError> {
    if name.is_empty() {
        return Err(ReleaseNameError::Missing);
    }
    let is_inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let is_label = |label: &str| {
        !label.is_empty() && !label.starts_with('-') && !label.ends_with('-') && label.bytes().all(is_inner)
    };
    if name.len() <= LONGEST && name.split('.').all(is_label) {
        Ok(())
    } else {
        Err(ReleaseNameError::Invalid)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_checked() {
        for name in ["a", "a-b.c0", &"a".repeat(53)] {
            assert_eq!(validate_release_name(name), Ok(()), "{name}");
        }
        for name in ["a-", "-a", "A", "a..b", "a_b", &"a".repeat(54)] {
            assert_eq!(validate_release_name(name), Err(ReleaseNameError::Invalid), "{name}");
        }
        assert_eq!(validate_release_name(""), Err(ReleaseNameError::Missing));
    }
}
