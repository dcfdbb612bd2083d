//! Who works on a pending release (spec 08 row 19).
//!
//! A pending revision of ours carries labels that say which process made it and until when it may work on it. They go
//! with the status `pending-*`. A revision without them, one of Helm's own, is held by nobody that could be asked.

use pilothouse_encoding::digest::Algorithm;
use pilothouse_release::ReleaseRecord;
use serde::{Deserialize, Serialize};

const HOLDER: &str = "pilothouse.dev/holder";
const LEASE: &str = "pilothouse.dev/holder-lease";
const UNTIL: &str = "pilothouse.dev/held-until";

/// The longest value of a label, in bytes.
const LABEL_MAX: usize = 63;
/// Digits that tell long names apart.
const DIGEST_LEN: usize = 12;

/// A process that makes releases. Without a name it leaves no marks.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Holder {
    /// The name of the host or Pod: who has it now has succeeded the one who had it before.
    name: String,
    /// The lease that the process must hold to act; empty without leader election.
    lease: String,
}

/// Somebody else may still work on a release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hold {
    /// Who.
    pub holder: String,
    /// Until when at the latest, in seconds since the Unix epoch.
    pub until: i64,
}

impl Holder {
    /// From the name of the host or Pod and the lease that it must hold; empty without leader election.
    #[must_use]
    pub fn new(name: &str, lease: &str) -> Self {
        Self { name: label_value(name), lease: label_value(lease) }
    }

    /// Marks a pending revision as held until so many seconds after the Unix epoch.
    pub(crate) fn mark(&self, record: &mut ReleaseRecord, until: i64) {
        unmark(record);
        if self.name.is_empty() {
            return;
        }
        record.labels.insert(HOLDER.to_owned(), self.name.clone());
        record.labels.insert(UNTIL.to_owned(), until.to_string());
        if !self.lease.is_empty() {
            record.labels.insert(LEASE.to_owned(), self.lease.clone());
        }
    }

    /// Who else may still work on a pending revision, at a moment in seconds since the Unix epoch.
    ///
    /// Nobody: without marks; after the time that they name; when the holder was a process on this very host or Pod,
    /// which this one has succeeded; or one that held the lease that this one holds now.
    #[must_use]
    pub fn held_by_another(&self, record: &ReleaseRecord, now: i64) -> Option<Hold> {
        let label = |name: &str| record.labels.get(name).map(String::as_str);
        let holder = label(HOLDER)?;
        let until: i64 = label(UNTIL)?.parse().ok()?;
        let succeeded = !self.lease.is_empty() && label(LEASE) == Some(self.lease.as_str());
        let live = until > now && holder != self.name && !succeeded;
        live.then(|| Hold { holder: holder.to_owned(), until })
    }
}

/// Takes the marks away.
pub(crate) fn unmark(record: &mut ReleaseRecord) {
    for label in [HOLDER, LEASE, UNTIL] {
        record.labels.remove(label);
    }
}

/// Text as the value of a label. Long text is told apart by a digest.
fn label_value(text: &str) -> String {
    let allowed = |c: char| if c.is_ascii_alphanumeric() || ".-_".contains(c) { c } else { '-' };
    let value: String = text.chars().map(allowed).collect();
    let value = value.trim_matches(|c: char| !c.is_ascii_alphanumeric());
    if value.len() <= LABEL_MAX {
        return value.to_owned();
    }
    let digest = Algorithm::Sha256.compute(text.as_bytes()).to_string();
    let digits: String = digest.chars().rev().take(DIGEST_LEN).collect();
    format!("{}-{digits}", &value[..LABEL_MAX - DIGEST_LEN - 1])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn held(by: &Holder, until: i64) -> ReleaseRecord {
        let mut record = ReleaseRecord::default();
        record.labels.insert("team".to_owned(), "a".to_owned());
        by.mark(&mut record, until);
        record
    }

    #[test]
    fn only_a_live_stranger_holds_a_release() {
        let elected = |name| Holder::new(name, "flux-system.lease");
        let single = |name| Holder::new(name, "");
        let cases = [
            (single("pod-a"), single("pod-b"), 99, true),
            (single("pod-a"), single("pod-b"), 100, false),
            (single("pod-a"), single("pod-a"), 99, false),
            (elected("pod-a"), elected("pod-b"), 99, false),
            (elected("pod-a"), single("pod-b"), 99, true),
            (Holder::default(), single("pod-b"), 99, false),
            (single("pod-a"), Holder::default(), 99, true),
        ];
        for (by, asking, now, expected) in cases {
            let hold = asking.held_by_another(&held(&by, 100), now);
            assert_eq!(hold.is_some(), expected, "{by:?} asked by {asking:?} at {now}");
        }
    }

    #[test]
    fn marks_go_and_other_labels_stay() {
        let mut record = held(&Holder::new("pod-a", "lease"), 100);
        assert_eq!(record.labels.len(), 4);
        unmark(&mut record);
        assert_eq!(record.labels.keys().collect::<Vec<_>>(), ["team"]);
        assert_eq!(held(&Holder::default(), 100).labels.len(), 1);
    }

    #[test]
    fn names_become_values_of_labels() {
        assert_eq!(label_value("host.example.com"), "host.example.com");
        assert_eq!(label_value("_a/b c-"), "a-b-c");
        let (long, other) = (label_value(&"x".repeat(100)), label_value(&"x".repeat(101)));
        assert_eq!((long.len(), other.len()), (LABEL_MAX, LABEL_MAX));
        assert_ne!(long, other);
    }
}
