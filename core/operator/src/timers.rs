//! The deadlines of all releases, of which the earliest is asked for after every input.

use std::collections::{BTreeMap, BTreeSet};

use pilothouse_protocol::{Deadline, Monotonic, ReleaseKey};

/// At most one deadline for each release.
#[derive(Debug, Default)]
pub(crate) struct Timers {
    of: BTreeMap<ReleaseKey, Deadline>,
    in_order: BTreeSet<(Deadline, ReleaseKey)>,
}

impl Timers {
    /// Replaces the deadline of a release.
    pub(crate) fn set(&mut self, key: &ReleaseKey, deadline: Option<Deadline>) {
        let before = self.of.get(key).copied();
        if before == deadline {
            return;
        }
        if let Some(before) = before {
            self.in_order.remove(&(before, key.clone()));
        }
        match deadline {
            None => self.of.remove(key),
            Some(deadline) => {
                self.in_order.insert((deadline, key.clone()));
                self.of.insert(key.clone(), deadline)
            }
        };
    }

    /// The earliest one.
    pub(crate) fn first(&self) -> Option<Deadline> {
        self.in_order.first().map(|(deadline, _)| *deadline)
    }

    /// The releases whose deadlines have come, in the order of their keys.
    pub(crate) fn due(&self, now: Monotonic) -> BTreeSet<ReleaseKey> {
        let due = self.in_order.iter().take_while(|(deadline, _)| deadline.at <= now);
        due.map(|(_, key)| key.clone()).collect()
    }
}

#[cfg(test)]
mod tests {
    use pilothouse_protocol::Why;

    use super::*;

    fn at(moment: u64) -> Option<Deadline> {
        Some(Deadline { at: Monotonic(moment), why: Why::Interval })
    }

    #[test]
    fn the_earliest_deadline_is_known_whatever_was_replaced() {
        let mut timers = Timers::default();
        let [a, b] = ["a", "b"].map(|name| ReleaseKey::new("ns", name));
        assert_eq!(timers.first(), None);
        timers.set(&b, at(5));
        timers.set(&a, at(7));
        assert_eq!(timers.first(), at(5));
        assert_eq!(timers.due(Monotonic(6)).into_iter().collect::<Vec<_>>(), std::slice::from_ref(&b));
        timers.set(&b, at(9));
        assert_eq!(timers.first(), at(7));
        assert_eq!(timers.due(Monotonic(9)).into_iter().collect::<Vec<_>>(), [a.clone(), b.clone()]);
        timers.set(&a, None);
        timers.set(&b, None);
        assert_eq!((timers.first(), timers.due(Monotonic(9)).len(), timers.in_order.len()), (None, 0, 0));
    }
}
