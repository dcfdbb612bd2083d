//! Cases that are known to differ from Helm, one by one with the reason.

use std::collections::BTreeMap;

/// The list.
#[derive(Clone)]
pub(crate) struct Known(BTreeMap<String, String>);

impl Known {
    /// Lines `NAME: REASON`; others begin with `#`.
    pub(crate) fn read() -> Self {
        let lines = include_str!("known-differences.txt").lines();
        let lines = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
        Self(
            lines
                .map(|line| line.split_once(": ").unwrap())
                .map(|(a, b)| (a.to_owned(), b.to_owned()))
                .collect(),
        )
    }

    /// Why the case differs.
    pub(crate) fn reason(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// All names.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// All lines.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, reason)| (name.as_str(), reason.as_str()))
    }
}
