//! Telling what somebody has written from what an object's controller says about it.

use std::hash::{DefaultHasher, Hash, Hasher};

use pilothouse_protocol::metadata;
use serde_json::Value;

/// One state of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Mark {
    /// `metadata.resourceVersion`.
    version: u64,
    /// Stands for all that changes when somebody writes more than the status.
    written: u64,
}

impl Mark {
    /// Of an object, of which the metadata is enough.
    ///
    /// A new generation is a new spec, but not all kinds count generations, and labels are not part of it. Each writer of
    /// an object is named in its managed fields with the second in which something was changed, writers of the status
    /// apart. Where there are none of those, nobody but its owner writes, and each version counts.
    pub(super) fn of(object: &Value) -> Self {
        let mut hasher = DefaultHasher::new();
        metadata::text(object, "uid").hash(&mut hasher);
        metadata::generation(object).hash(&mut hasher);
        metadata::is_deleting(object).hash(&mut hasher);
        let version = metadata::resource_version(object);
        let entries = object.pointer("/metadata/managedFields").and_then(Value::as_array);
        let (of_status, others): (Vec<&Value>, Vec<&Value>) =
            entries.into_iter().flatten().partition(|entry| text(entry, "subresource") == "status");
        for entry in others {
            for field in ["manager", "operation", "subresource", "time"] {
                text(entry, field).hash(&mut hasher);
            }
        }
        if of_status.is_empty() && metadata::generation(object) == 0 {
            version.hash(&mut hasher);
        }
        Self { version, written: hasher.finish() }
    }
}

fn text<'a>(entry: &'a Value, field: &str) -> &'a str {
    entry.get(field).and_then(Value::as_str).unwrap_or_default()
}

/// What is known about an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Known {
    /// As a pass has read or written it last.
    looked: Option<Mark>,
    seen: Seen,
}

/// What a watch has shown of an object since the last pass began.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Seen {
    #[default]
    Nothing,
    Present(Mark),
    Gone,
}

impl Known {
    /// A pass has looked at it, or written it. A pass that has only read it without knowing has changed nothing.
    pub(super) fn looked_at(&mut self, mark: Option<Mark>) {
        self.looked = mark.or(self.looked);
    }

    /// A watch shows it, or that it is gone. What is shown of an object that nobody has looked at is where it begins.
    pub(super) fn seen(&mut self, mark: Option<Mark>) {
        match mark {
            Some(mark) if self.looked.is_none() => self.looked = Some(mark),
            Some(mark) => self.seen = Seen::Present(mark),
            None => self.seen = Seen::Gone,
        }
    }

    /// What the watch has shown so far is going to be looked at.
    pub(super) fn acknowledge(&mut self) {
        if self.is_changed()
            && let Seen::Present(mark) = self.seen
        {
            self.looked = Some(mark);
        }
        self.seen = Seen::Nothing;
    }

    /// Whether it is not any more what a pass has left.
    pub(super) fn is_changed(&self) -> bool {
        match (self.seen, self.looked) {
            (Seen::Nothing, _) | (Seen::Present(_), None) => false,
            (Seen::Gone, _) => true,
            (Seen::Present(seen), Some(looked)) => {
                seen.version > looked.version && seen.written != looked.written
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn deployment(version: &str, generation: u64, entries: &[[&str; 3]]) -> Mark {
        let entries: Vec<Value> = entries
            .iter()
            .map(|[manager, subresource, time]| {
                json!({"manager": manager, "operation": "Update", "subresource": subresource, "time": time})
            })
            .collect();
        Mark::of(&json!({"metadata": {"uid": "u", "resourceVersion": version, "generation": generation,
            "managedFields": entries}}))
    }

    fn changed(looked: Mark, seen: Option<Mark>) -> bool {
        let mut known = Known::default();
        known.looked_at(Some(looked));
        known.seen(seen);
        known.is_changed()
    }

    #[test]
    fn a_status_is_no_change_and_everything_else_is_one() {
        let [own, status, label] =
            [["helm-controller", "", "1"], ["kube-controller-manager", "status", "2"], ["kubectl", "", "3"]];
        let looked = deployment("5", 1, &[own]);
        assert!(!changed(looked, Some(deployment("6", 1, &[own, status]))));
        assert!(changed(looked, Some(deployment("6", 1, &[own, status, label]))));
        assert!(changed(looked, Some(deployment("6", 2, &[own]))));
        assert!(changed(looked, None));
        assert!(!changed(looked, Some(deployment("4", 2, &[own]))), "the past");
        // A kind that counts no generations: an autoscaler, whose status is written all the time, and a ConfigMap.
        let looked = deployment("5", 0, &[own, status]);
        assert!(!changed(
            looked,
            Some(deployment("6", 0, &[own, ["kube-controller-manager", "status", "9"]]))
        ));
        assert!(changed(looked, Some(deployment("6", 0, &[own, status, label]))));
        assert!(changed(deployment("5", 0, &[own]), Some(deployment("6", 0, &[own]))));
    }

    #[test]
    fn what_a_pass_will_look_at_is_no_change_any_more() {
        let mut known = Known::default();
        known.seen(Some(deployment("5", 1, &[])));
        assert!(!known.is_changed(), "where it begins");
        known.seen(Some(deployment("6", 2, &[])));
        assert!(known.is_changed());
        known.acknowledge();
        known.looked_at(None);
        known.seen(Some(deployment("6", 2, &[])));
        assert!(!known.is_changed());
        known.seen(None);
        known.acknowledge();
        assert!(!known.is_changed());
        known.seen(Some(deployment("8", 1, &[])));
        assert!(known.is_changed(), "somebody has made it again");
    }
}
