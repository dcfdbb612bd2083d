//! How long releases wait and work, for whoever measures the operator.

use std::collections::{BTreeMap, VecDeque};

use pilothouse_protocol::{Monotonic, ReleaseKey};
use pilothouse_reconcile::PassResult;

/// Begun and ended passes that are kept for someone to take them, each; older ones are forgotten.
const KEPT_MAX: usize = 1024;

/// A pass that has ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FinishedPass {
    /// The release.
    pub key: ReleaseKey,
    /// When it was put into the queue.
    pub queued: Monotonic,
    /// When it began.
    pub started: Monotonic,
    /// When it ended.
    pub ended: Monotonic,
    /// How.
    pub result: PassResult,
    /// Whether the object is gone.
    pub gone: bool,
}

/// The passes of all releases.
#[derive(Debug, Default)]
pub(crate) struct Passes {
    waiting: BTreeMap<ReleaseKey, Monotonic>,
    running: BTreeMap<ReleaseKey, (Monotonic, Monotonic)>,
    started: VecDeque<ReleaseKey>,
    finished: VecDeque<FinishedPass>,
    adds: u64,
}

impl Passes {
    /// A release was put into the queue.
    pub(crate) fn queued(&mut self, key: &ReleaseKey, now: Monotonic) {
        self.adds += 1;
        self.waiting.insert(key.clone(), now);
    }

    /// A pass begins.
    pub(crate) fn started(&mut self, key: &ReleaseKey, now: Monotonic) {
        let queued = self.waiting.remove(key).unwrap_or(now);
        self.running.insert(key.clone(), (queued, now));
        push(&mut self.started, key.clone());
    }

    /// A pass is over, if there was one.
    pub(crate) fn ended(&mut self, key: &ReleaseKey, ended: Monotonic, result: PassResult, gone: bool) {
        let Some((queued, started)) = self.running.remove(key) else { return };
        push(&mut self.finished, FinishedPass { key: key.clone(), queued, started, ended, result, gone });
    }

    /// A release is forgotten.
    pub(crate) fn forget(&mut self, key: &ReleaseKey) {
        self.waiting.remove(key);
        self.running.remove(key);
    }

    /// The next release whose pass has begun, and nobody was told.
    pub(crate) fn take_started(&mut self) -> Option<ReleaseKey> {
        self.started.pop_front()
    }

    /// How often a release was put into the queue.
    pub(crate) fn adds(&self) -> u64 {
        self.adds
    }

    /// The next ended pass that nobody has taken.
    pub(crate) fn take(&mut self) -> Option<FinishedPass> {
        self.finished.pop_front()
    }
}

fn push<T>(queue: &mut VecDeque<T>, item: T) {
    if queue.len() >= KEPT_MAX {
        queue.pop_front();
    }
    queue.push_back(item);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_kept_and_ended_passes_are_bounded() {
        let (mut passes, key) = (Passes::default(), ReleaseKey::new("ns", "x"));
        passes.ended(&key, Monotonic(1), PassResult::Success, false);
        assert_eq!(passes.take(), None);
        passes.queued(&key, Monotonic(1));
        passes.started(&key, Monotonic(3));
        assert_eq!((passes.take_started(), passes.take_started()), (Some(key.clone()), None));
        passes.ended(&key, Monotonic(7), PassResult::Error, false);
        let pass = passes.take().unwrap();
        assert_eq!((pass.queued, pass.started, pass.ended), (Monotonic(1), Monotonic(3), Monotonic(7)));
        assert_eq!((pass.result, passes.adds()), (PassResult::Error, 1));
        for _ in 0..KEPT_MAX + 10 {
            passes.started(&key, Monotonic(0));
            passes.ended(&key, Monotonic(0), PassResult::Success, false);
        }
        assert_eq!((passes.finished.len(), passes.started.len()), (KEPT_MAX, KEPT_MAX));
    }
}
