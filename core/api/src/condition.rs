//! Conditions and their mechanics (spec 03 §1).

use std::collections::BTreeMap;
use std::fmt;

use pilothouse_encoding::timestamp::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Longest message, in bytes.
const LONGEST_MESSAGE: usize = 32_768;

/// `metav1.Condition`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Condition {
    /// The type.
    #[serde(rename = "type")]
    pub kind: String,
    /// The status.
    pub status: ConditionStatus,
    /// Generation that was looked at.
    #[serde(default)]
    pub observed_generation: i64,
    /// When status, reason or message changed last; RFC 3339, whole seconds.
    #[serde(default)]
    pub last_transition_time: String,
    /// The reason.
    #[serde(default)]
    pub reason: String,
    /// The message.
    #[serde(default)]
    pub message: String,
    /// Fields of other versions, carried along.
    #[serde(flatten)]
    pub other: BTreeMap<String, Value>,
}

/// Status of a condition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ConditionStatus {
    /// Yes.
    True,
    /// No.
    False,
    /// Not known.
    Unknown,
}

impl fmt::Display for ConditionStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::True => "True",
            Self::False => "False",
            Self::Unknown => "Unknown",
        })
    }
}

/// The conditions of an object.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Conditions(pub Vec<Condition>);

impl Conditions {
    /// The condition of a type.
    #[must_use]
    pub fn get(&self, kind: &str) -> Option<&Condition> {
        self.0.iter().find(|condition| condition.kind == kind)
    }

    /// Whether the condition exists with status True.
    #[must_use]
    pub fn is_true(&self, kind: &str) -> bool {
        self.get(kind).is_some_and(|condition| condition.status == ConditionStatus::True)
    }

    /// Whether the condition exists with status False.
    #[must_use]
    pub fn is_false(&self, kind: &str) -> bool {
        self.get(kind).is_some_and(|condition| condition.status == ConditionStatus::False)
    }

    /// The reason of a condition; empty when absent.
    #[must_use]
    pub fn reason(&self, kind: &str) -> &str {
        self.get(kind).map_or("", |condition| condition.reason.as_str())
    }

    /// Sets a condition. The transition time changes when status, reason or message differ. `now` in whole seconds.
    pub fn set(
        &mut self,
        kind: &str,
        status: ConditionStatus,
        reason: &str,
        message: &str,
        generation: i64,
        now: Timestamp,
    ) {
        let message = shorten(message);
        if let Some(existing) = self.0.iter_mut().find(|condition| condition.kind == kind) {
            let same = existing.status == status && existing.reason == reason && existing.message == message;
            existing.observed_generation = generation;
            if !same {
                existing.status = status;
                reason.clone_into(&mut existing.reason);
                existing.message = message;
                existing.last_transition_time = now.to_seconds_string();
            }
        } else {
            self.0.push(Condition {
                kind: kind.to_owned(),
                status,
                observed_generation: generation,
                last_transition_time: now.to_seconds_string(),
                reason: reason.to_owned(),
                message,
                other: BTreeMap::new(),
            });
        }
        self.sort();
    }

    /// Removes a condition.
    pub fn remove(&mut self, kind: &str) {
        self.0.retain(|condition| condition.kind != kind);
    }

    /// Stalled, Reconciling and Ready first, the others by highest observed generation, then by type.
    fn sort(&mut self) {
        let rank = |kind: &str| match kind {
            "Stalled" => 0,
            "Reconciling" => 1,
            "Ready" => 2,
            _ => 3,
        };
        self.0.sort_by(|a, b| {
            let (rank_a, rank_b) = (rank(&a.kind), rank(&b.kind));
            rank_a.cmp(&rank_b).then_with(|| {
                if rank_a < 3 {
                    return std::cmp::Ordering::Equal;
                }
                b.observed_generation.cmp(&a.observed_generation).then_with(|| a.kind.cmp(&b.kind))
            })
        });
    }
}

fn shorten(message: &str) -> String {
    if message.len() <= LONGEST_MESSAGE {
        return message.to_owned();
    }
    let mut end = LONGEST_MESSAGE - 3;
    while !message.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}...", &message[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_unix_nanos(second * 1_000_000_000)
    }

    #[test]
    fn the_transition_time_follows_status_reason_and_message() {
        let mut conditions = Conditions::default();
        conditions.set("Ready", ConditionStatus::True, "A", "m", 1, at(0));
        conditions.set("Ready", ConditionStatus::True, "A", "m", 2, at(5));
        assert_eq!(conditions.get("Ready").unwrap().last_transition_time, "1970-01-01T00:00:00Z");
        assert_eq!(conditions.get("Ready").unwrap().observed_generation, 2);
        conditions.set("Ready", ConditionStatus::True, "A", "other", 2, at(6));
        assert_eq!(conditions.get("Ready").unwrap().last_transition_time, "1970-01-01T00:00:06Z");
    }

    #[test]
    fn order_is_stalled_reconciling_ready_then_generation_then_type() {
        let mut conditions = Conditions::default();
        for (kind, generation) in
            [("TestSuccess", 1), ("Released", 1), ("Drifted", 2), ("Ready", 1), ("Stalled", 1)]
        {
            conditions.set(kind, ConditionStatus::True, "R", "", generation, at(0));
        }
        let kinds: Vec<&str> = conditions.0.iter().map(|condition| condition.kind.as_str()).collect();
        assert_eq!(kinds, ["Stalled", "Ready", "Drifted", "Released", "TestSuccess"]);
    }

    #[test]
    fn a_long_message_is_cut() {
        let mut conditions = Conditions::default();
        conditions.set("Ready", ConditionStatus::False, "R", &"x".repeat(40_000), 1, at(0));
        let message = &conditions.get("Ready").unwrap().message;
        assert_eq!(message.len(), LONGEST_MESSAGE);
        assert!(message.ends_with("x..."));
    }
}
