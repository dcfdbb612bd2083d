//! Names of storage objects (spec 04 §1).

use std::fmt;

/// What every storage object's name begins with.
const PREFIX: &str = "sh.helm.release.v1.";

/// Release name and revision. Displayed as the name of the storage object.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StorageKey {
    /// Release name.
    pub name: String,
    /// Revision.
    pub version: u32,
}

impl StorageKey {
    /// From the two parts.
    pub fn new(name: impl Into<String>, version: u32) -> Self {
        Self { name: name.into(), version }
    }

    /// Reads the name of a storage object.
    #[must_use]
    pub fn parse(key: &str) -> Option<Self> {
        let (name, version) = key.strip_prefix(PREFIX)?.rsplit_once(".v")?;
        let canonical = !version.starts_with(['+', '0']) || version == "0";
        let version = version.parse().ok().filter(|_| canonical && !name.is_empty())?;
        Some(Self::new(name, version))
    }
}

impl fmt::Display for StorageKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{PREFIX}{}.v{}", self.name, self.version)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_read_back() {
        for name in ["app", "app.v2", "a.b-c"] {
            let key = StorageKey::new(name, 12);
            assert_eq!(key.to_string(), format!("sh.helm.release.v1.{name}.v12"));
            assert_eq!(StorageKey::parse(&key.to_string()), Some(key));
        }
    }

    #[test]
    fn other_names_are_no_keys() {
        for name in
            ["", "app.v1", "sh.helm.release.v1..v1", "sh.helm.release.v1.app", "sh.helm.release.v1.app.v01"]
        {
            assert_eq!(StorageKey::parse(name), None, "{name}");
        }
    }
}
