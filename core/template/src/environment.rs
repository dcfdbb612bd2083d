//! Everything a render takes from outside: the cluster, the network, randomness and time.

use std::cell::RefCell;
use std::rc::{Rc, Weak};

use crate::budget::Budget;
use crate::value::{Entries, Map, Value};

/// What templates ask of the world through `lookup` and `getHostByName`.
pub trait Host {
    /// Reads an object, or a list of them when `name` is empty, as Helm's `lookup` does.
    /// An object that does not exist is an empty map.
    ///
    /// # Errors
    /// The text of the error that the template fails with.
    fn lookup(&mut self, api_version: &str, kind: &str, namespace: &str, name: &str)
    -> Result<Value, String>;

    /// The address of a host name; empty when DNS is not allowed.
    ///
    /// # Errors
    /// The text of the error that the template fails with.
    fn host_by_name(&mut self, name: &str) -> Result<String, String>;

    /// What becomes of a call of `fail`, or of `required` without a value. Only those who look for further problems go
    /// on.
    fn failing(&mut self) -> Leniency {
        Leniency::Fail
    }
}

/// What becomes of a template that wants to fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leniency {
    /// It fails.
    Fail,
    /// The call gives an empty text.
    GoOn,
}

/// A [`Host`] without a cluster and without DNS: `lookup` finds nothing, as in `helm template`.
#[derive(Clone, Copy, Debug, Default)]
pub struct Detached;

impl Host for Detached {
    fn lookup(&mut self, _: &str, _: &str, _: &str, _: &str) -> Result<Value, String> {
        Ok(Value::map(crate::value::Entries::new()))
    }

    fn host_by_name(&mut self, _: &str) -> Result<String, String> {
        Ok(String::new())
    }
}

/// A source of random bytes.
pub trait Entropy {
    /// Fills `bytes` with random bytes.
    fn fill(&mut self, bytes: &mut [u8]);
}

/// A deterministic [`Entropy`] for tests and simulation (SplitMix64). Not for secrets that matter.
#[derive(Clone, Copy, Debug)]
pub struct SeededEntropy(u64);

impl SeededEntropy {
    /// A source whose bytes depend only on `seed`.
    pub fn new(seed: u64) -> Self {
        SeededEntropy(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

impl Entropy for SeededEntropy {
    fn fill(&mut self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            let word = self.next().to_le_bytes();
            chunk.copy_from_slice(&word[..chunk.len()]);
        }
    }
}

/// A moment, as the caller's clock gave it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment {
    /// Seconds since the Unix epoch.
    pub seconds: i64,
    /// Nanoseconds within the second.
    pub nanoseconds: u32,
}

/// Maps that templates put maps and lists into. Such a map may contain itself, and then counting references never frees
/// it.
#[derive(Default)]
pub struct Changed(Vec<Weak<RefCell<Entries>>>);

impl Changed {
    /// Remembers that `value` was put into `map`.
    pub(crate) fn note(&mut self, map: &Rc<Map>, value: &Value) {
        let is_noted = self.0.last().is_some_and(|last| std::ptr::eq(last.as_ptr(), map.identity()));
        if !is_noted && matches!(value, Value::Map(_) | Value::List(_) | Value::Native(_)) {
            self.0.push(map.weak());
        }
    }

    /// Empties the maps that are left. For when the data of the templates is no longer needed.
    pub fn release(self) {
        for entries in self.0.iter().filter_map(Weak::upgrade) {
            let old = std::mem::take(&mut *entries.borrow_mut());
            drop(old);
        }
    }
}

/// The outside of one render.
pub struct Environment<'a> {
    /// Answers `lookup` and `getHostByName`.
    pub host: &'a mut dyn Host,
    /// Feeds the random functions.
    pub entropy: &'a mut dyn Entropy,
    /// What `now` returns.
    pub now: Moment,
    /// Maps that the render changes.
    pub changed: &'a mut Changed,
    /// Shared by every template rendered with this environment.
    pub budget: Budget,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn maps_that_contain_themselves_are_freed() {
        let map = Rc::new(Map::new(crate::value::MapType::Any, crate::value::Entries::new()));
        let mut changed = Changed::default();
        for (key, value) in [("a", Value::int(1)), ("own", Value::Map(Rc::clone(&map)))] {
            changed.note(&map, &value);
            map.insert(key.into(), value);
        }
        let left = Rc::downgrade(&map);
        drop(map);
        assert_eq!(left.strong_count(), 1);
        changed.release();
        assert_eq!(left.strong_count(), 0);
    }

    #[test]
    fn seeded_entropy_repeats() {
        let (mut first, mut second) = ([0u8; 13], [0u8; 13]);
        SeededEntropy::new(7).fill(&mut first);
        SeededEntropy::new(7).fill(&mut second);
        assert_eq!(first, second);
        assert_ne!(first, [0u8; 13]);
    }
}
