//! Names derived from a HelmRelease (spec 01 §2.9).

use sha2::{Digest, Sha256};

/// Longest release name that Helm accepts, in bytes.
const LONGEST_RELEASE_NAME: usize = 53;
/// Leading bytes kept of a name that is too long.
const KEPT: usize = 40;
/// Hexadecimal digits of the hash appended to a name that is too long.
const HASHED: usize = 12;

/// `releaseName`, else `targetNamespace-name`, else `name`.
#[must_use]
pub fn release_name(release_name: Option<&str>, target_namespace: Option<&str>, name: &str) -> String {
    match (release_name.filter(|n| !n.is_empty()), target_namespace.filter(|n| !n.is_empty())) {
        (Some(release_name), _) => release_name.to_owned(),
        (None, Some(namespace)) => format!("{namespace}-{name}"),
        (None, None) => name.to_owned(),
    }
}

/// A name of at most 53 bytes: longer ones keep 40 bytes, then `-` and 12 hexadecimal digits of their SHA-256.
#[must_use]
pub fn shorten_release_name(name: &str) -> String {
    if name.len() <= LONGEST_RELEASE_NAME {
        return name.to_owned();
    }
    let digest = Sha256::digest(name.as_bytes());
    let hex: String =
        digest.iter().flat_map(|byte| [byte >> 4, byte & 15]).map(hex_digit).take(HASHED).collect();
    let kept = name.char_indices().map(|(at, c)| at + c.len_utf8()).take_while(|end| *end <= KEPT).last();
    format!("{}-{hex}", &name[..kept.unwrap_or_default()])
}

/// `<release namespace>/<release name>.v<version>`.
#[must_use]
pub fn full_release_name(namespace: &str, name: &str, version: u32) -> String {
    format!("{namespace}/{name}.v{version}")
}

/// `<chart name>@<chart version>`.
#[must_use]
pub fn versioned_chart(name: &str, version: &str) -> String {
    format!("{name}@{version}")
}

/// Name of the HelmChart made for a HelmRelease.
#[must_use]
pub fn helm_chart_name(namespace: &str, name: &str) -> String {
    format!("{namespace}-{name}")
}

fn hex_digit(nibble: u8) -> char {
    char::from_digit(u32::from(nibble), 16).unwrap_or('0')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_name_is_shortened_with_a_hash() {
        let full = release_name(None, Some("a-very-lengthy-target-namespace"), "with-a-nice-object-name");
        assert_eq!(shorten_release_name(&full), "a-very-lengthy-target-namespace-with-a-n-97af5d7f41f3");
    }

    #[test]
    fn a_name_that_fits_is_kept() {
        let name = "x".repeat(53);
        assert_eq!(shorten_release_name(&name), name);
        assert_eq!(release_name(Some("r"), Some("t"), "n"), "r");
        assert_eq!(release_name(None, None, "n"), "n");
    }
}
