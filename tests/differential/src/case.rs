//! A case and what came of it, in the format of the recorded cases.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

/// A chart and how it is rendered.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Case {
    /// Name of the case: what it is about.
    #[serde(default)]
    pub id: String,
    /// Name of the release.
    pub release: String,
    /// Namespace of the release.
    pub namespace: String,
    /// Flags of the command.
    #[serde(default)]
    pub args: Vec<String>,
    /// Files of the chart by their path in it.
    pub files: BTreeMap<String, String>,
    /// Those that are no text, in base64.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub binary: BTreeMap<String, String>,
    /// Files beside the chart, for flags that name some.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub cwd_files: BTreeMap<String, String>,
    /// Which of them hold values, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub values_files: Vec<String>,
}

/// What came of a case.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Outcome {
    /// Exit code of the command: 0, 1, or 2 after a panic.
    pub rc: i32,
    /// What `helm template` prints.
    #[serde(default)]
    pub stdout: String,
    /// The notes as the release has them.
    #[serde(default)]
    pub notes: String,
    /// The error without `Error: `.
    #[serde(default)]
    pub error: String,
}

/// A case with what Helm made of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recorded {
    /// The case.
    #[serde(flatten)]
    pub case: Case,
    /// What Helm made of it.
    pub expect: Outcome,
}

/// Flags that take no value.
const SWITCHES: [&str; 6] = [
    "--is-upgrade",
    "--include-crds",
    "--skip-tests",
    "--skip-crds",
    "--render-subchart-notes",
    "--skip-schema-validation",
];

impl Case {
    /// The flags with their values.
    #[must_use]
    pub fn flags(&self) -> Vec<(&str, &str)> {
        let mut words = self.args.iter().map(String::as_str);
        let mut flags = Vec::new();
        while let Some(word) = words.next() {
            flags.push(match word.split_once('=') {
                _ if SWITCHES.contains(&word) => (word, ""),
                Some((name, value)) if name.starts_with("--") => (name, value),
                _ => (word, words.next().unwrap_or_default()),
            });
        }
        flags
    }

    /// All files of the chart.
    #[must_use]
    pub fn contents(&self) -> Vec<(&str, Vec<u8>)> {
        let texts = self.files.iter().map(|(name, text)| (name.as_str(), text.as_bytes().to_vec()));
        let others =
            self.binary.iter().map(|(name, text)| (name.as_str(), STANDARD.decode(text).unwrap_or_default()));
        texts.chain(others).collect()
    }

    /// Whether a switch is given.
    #[must_use]
    pub fn has(&self, switch: &str) -> bool {
        self.args.iter().any(|word| word == switch)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_have_their_values() {
        let args = ["--set", "a=b", "--skip-tests", "--set-json=c={}"].map(str::to_owned).to_vec();
        let case = Case { args, ..Case::default() };
        assert_eq!(case.flags(), [("--set", "a=b"), ("--skip-tests", ""), ("--set-json", "c={}")]);
        assert!(case.has("--skip-tests"));
    }
}
