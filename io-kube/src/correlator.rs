//! What becomes of an event: written, counted up, or dropped (client-go `tools/record`, `EventCorrelator`).

use std::collections::BTreeMap;
use std::hash::{BuildHasher, RandomState};

use pilothouse_protocol::{Event, EventType};

const SECOND: i64 = 1_000_000_000;
/// Events of one object that pass at once.
const SPAM_BURST: f64 = 25.0;
/// After this time, in nanoseconds, the object has earned one more.
const SPAM_REFILL: f64 = 300.0 * 1e9;
/// This many events that differ in their message only are combined.
const SIMILAR_MAX: usize = 10;
/// Similar events further apart, in nanoseconds, are not combined.
const SIMILAR_INTERVAL: i64 = 600 * SECOND;
/// Objects, groups and events that are remembered, each.
const REMEMBERED_MAX: usize = 4096;

/// What becomes of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Too many events of this object.
    Drop,
    /// Write it.
    Create {
        /// The name of the event object.
        name: String,
        /// Its message.
        message: String,
    },
    /// It was written before: count it up.
    Count {
        /// The name of the event object.
        name: String,
        /// Its message.
        message: String,
        /// When it came first, nanoseconds since the Unix epoch.
        first_wall: i64,
        /// How often it has come.
        count: u32,
    },
}

/// Stands for an object, a group of events or an event. Thousands are remembered, and as texts they would take more memory
/// than the releases.
type Mark = u64;

/// Remembers past events.
#[derive(Debug, Default)]
pub struct Correlator {
    /// Nobody can choose events that are taken for others.
    hashes: RandomState,
    /// By the object.
    spam: BTreeMap<Mark, (f64, i64)>,
    /// By object, kind and reason: the messages, oldest first.
    similar: BTreeMap<Mark, (Vec<Mark>, i64)>,
    /// By all of the event.
    written: BTreeMap<Mark, Written>,
}

#[derive(Debug)]
struct Written {
    name: String,
    first_wall: i64,
    last_wall: i64,
    count: u32,
}

impl Correlator {
    /// What becomes of an event that came at `wall`, nanoseconds since the Unix epoch.
    pub fn judge(&mut self, event: &Event, wall: i64) -> Verdict {
        let subject = self.hashes.hash_one((&event.regarding, &event.uid));
        let group = self.hashes.hash_one((subject, event.kind == EventType::Warning, &event.reason));
        let message = self.hashes.hash_one((group, &event.message));
        let (key, message) = match self.is_similar(group, message, wall) {
            true => (group, format!("(combined from similar events): {}", event.message)),
            false => (message, event.message.clone()),
        };
        if self.is_spam(subject, wall) {
            return Verdict::Drop;
        }
        if let Some(written) = self.written.get_mut(&key) {
            written.count = written.count.saturating_add(1);
            written.last_wall = wall;
            let Written { name, first_wall, count, .. } = written;
            return Verdict::Count { name: name.clone(), message, first_wall: *first_wall, count: *count };
        }
        make_room(&mut self.written, |written| written.last_wall);
        let name = format!("{}.{wall:x}", event.regarding.name);
        self.written.insert(key, Written { name: name.clone(), first_wall: wall, last_wall: wall, count: 1 });
        Verdict::Create { name, message }
    }

    fn is_similar(&mut self, group: Mark, message: Mark, wall: i64) -> bool {
        make_room(&mut self.similar, |(_, last)| *last);
        let (messages, last) = self.similar.entry(group).or_default();
        if wall.saturating_sub(*last) > SIMILAR_INTERVAL {
            messages.clear();
        }
        *last = wall;
        if !messages.contains(&message) {
            messages.push(message);
        }
        if messages.len() < SIMILAR_MAX {
            return false;
        }
        // One place is freed, so that the group stays combined without growing.
        messages.remove(0);
        true
    }

    fn is_spam(&mut self, subject: Mark, wall: i64) -> bool {
        make_room(&mut self.spam, |(_, at)| *at);
        let (tokens, at) = self.spam.entry(subject).or_insert((SPAM_BURST, wall));
        #[allow(clippy::cast_precision_loss, reason = "a refill takes minutes; nanoseconds do not matter")]
        let gained = wall.saturating_sub(*at).max(0) as f64 / SPAM_REFILL;
        *tokens = (*tokens + gained).min(SPAM_BURST);
        *at = wall;
        let is_spam = *tokens < 1.0;
        if !is_spam {
            *tokens -= 1.0;
        }
        is_spam
    }
}

/// Forgets the entry that was used longest ago when there are too many.
fn make_room<K: Ord + Clone, V>(map: &mut BTreeMap<K, V>, last_used: impl Fn(&V) -> i64) {
    if map.len() < REMEMBERED_MAX {
        return;
    }
    let oldest = map.iter().min_by_key(|(_, value)| last_used(value)).map(|(key, _)| key.clone());
    if let Some(oldest) = oldest {
        map.remove(&oldest);
    }
}

#[cfg(test)]
mod tests {
    use pilothouse_protocol::ObjectRef;

    use super::*;

    fn event(name: &str, message: &str) -> Event {
        Event {
            regarding: ObjectRef::namespaced("v2", "HelmRelease", "ns", name),
            uid: "u".into(),
            resource_version: "1".into(),
            kind: EventType::Normal,
            trace: false,
            reason: "R".into(),
            message: message.into(),
            annotations: BTreeMap::new(),
        }
    }

    #[test]
    fn equal_events_are_counted() {
        let mut correlator = Correlator::default();
        let created = Verdict::Create { name: "x.ff".into(), message: "m".into() };
        assert_eq!(correlator.judge(&event("x", "m"), 255), created);
        let counted = Verdict::Count { name: "x.ff".into(), message: "m".into(), first_wall: 255, count: 2 };
        assert_eq!(correlator.judge(&event("x", "m"), 300), counted);
        assert!(matches!(correlator.judge(&event("y", "m"), 301), Verdict::Create { .. }));
    }

    #[test]
    fn similar_events_are_combined() {
        let mut correlator = Correlator::default();
        for number in 0..9 {
            let verdict = correlator.judge(&event("x", &format!("m{number}")), number);
            assert!(matches!(verdict, Verdict::Create { .. }));
        }
        let combined = |number| format!("(combined from similar events): m{number}");
        let created = Verdict::Create { name: "x.9".into(), message: combined(9) };
        assert_eq!(correlator.judge(&event("x", "m9"), 9), created);
        let counted = Verdict::Count { name: "x.9".into(), message: combined(10), first_wall: 9, count: 2 };
        assert_eq!(correlator.judge(&event("x", "m10"), 10), counted);
        let later = correlator.judge(&event("x", "m11"), SIMILAR_INTERVAL + 100);
        assert!(matches!(later, Verdict::Create { message, .. } if message == "m11"));
    }

    #[test]
    fn an_object_has_a_budget() {
        let mut correlator = Correlator::default();
        let verdicts: Vec<_> = (0..26).map(|wall| correlator.judge(&event("x", "m"), wall)).collect();
        assert_eq!(verdicts.iter().filter(|verdict| **verdict == Verdict::Drop).count(), 1);
        assert_ne!(correlator.judge(&event("x", "m"), 301 * SECOND), Verdict::Drop);
    }
}
