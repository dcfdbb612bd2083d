//! Disturbances of the process and of what it sees: pauses, takeovers, watches that lag, go back, begin anew or leave
//! something out.

use pilothouse_operator::OperatorInput;
use pilothouse_protocol::Monotonic;

use super::watches::Handle;
use super::{Latency, Machine, What, World};

impl<M: Machine> World<M> {
    /// Lets the process stand still for so many nanoseconds: what reaches it waits, and so do its timers.
    pub fn pause(&mut self, nanos: u64) {
        let until = self.clock.now().monotonic.after_nanos(nanos);
        self.paused = Some(self.paused.map_or(until, |before| before.max(until)));
    }

    /// Another process takes over: this one is gone, and what it has sent arrives up to `late` nanoseconds later.
    pub fn take_over(&mut self, late: u64) {
        let on_the_wire: Vec<(Monotonic, u64)> = self
            .queue
            .iter()
            .filter(|(_, entry)| matches!(entry.what, What::Request(_)))
            .map(|(place, _)| *place)
            .collect();
        for place in on_the_wire {
            let Some(entry) = self.queue.remove(&place) else { continue };
            let at = place.0.after_nanos(self.rng.below(late));
            self.sequence += 1;
            self.queue.insert((at, self.sequence), entry);
        }
        self.crash();
    }

    /// Gives the machine a timer, whether one is due or not.
    pub fn tick(&mut self) {
        self.give(OperatorInput::Timer);
    }

    /// From now on the watches of a kind are late by this much; `None` as the others are.
    pub fn set_lag(&mut self, kind: &str, latency: Option<Latency>) {
        match latency {
            Some(latency) => self.lags.insert(kind.to_owned(), latency),
            None => self.lags.remove(kind),
        };
    }

    /// All watches are late as the options say.
    pub fn clear_lags(&mut self) {
        self.lags.clear();
    }

    /// All watches show what was `by` nanoseconds ago, and for `during` nanoseconds nothing newer.
    pub fn rewind(&mut self, by: u64, during: u64) {
        let then = self.clock.now().monotonic.0.saturating_sub(by);
        let index = self.revisions.partition_point(|(at, _)| at.0 <= then);
        let revision = index.checked_sub(1).and_then(|index| self.revisions.get(index));
        let Some(revision) = revision.map(|(_, revision)| *revision) else { return };
        let until = self.clock.now().monotonic.after_nanos(during);
        self.each_watch(|world, handle| {
            let inputs = world.watches.rewind(handle, &world.server, revision);
            world.watches.hold(handle, until, false);
            world.schedule(until, What::Watch(handle, u64::MAX));
            inputs
        });
    }

    /// All watches begin anew.
    pub fn relist(&mut self) {
        self.each_watch(|world, handle| world.watches.relist(handle, &world.server));
    }

    /// All watches deliver what they have shown once more.
    pub fn repeat(&mut self) {
        self.each_watch(|world, handle| world.watches.repeat(handle, &world.server));
    }

    /// No watch delivers anything for so many nanoseconds, and then only how things ended.
    pub fn gap(&mut self, nanos: u64) {
        let until = self.clock.now().monotonic.after_nanos(nanos);
        self.each_watch(|world, handle| {
            world.watches.hold(handle, until, true);
            world.schedule(until, What::Watch(handle, u64::MAX));
            Vec::new()
        });
    }

    /// How many nanoseconds pass until everything that has happened has reached the process, and what processes that are
    /// gone have sent has reached the server.
    #[must_use]
    pub fn behind(&self) -> u64 {
        let reaches = |what: &What| matches!(what, What::Watch(..) | What::Input(_) | What::Request(_));
        let on_the_way = self.queue.iter().filter(|(_, entry)| reaches(&entry.what)).map(|((at, _), _)| *at);
        let last = on_the_way.chain(self.paused).max();
        last.map_or(0, |last| last.nanos_since(self.clock.now().monotonic))
    }

    fn each_watch(&mut self, mut disturb: impl FnMut(&mut Self, Handle) -> Vec<OperatorInput>) {
        let incarnation = self.incarnation;
        for handle in self.watches.handles() {
            for input in disturb(self, handle) {
                if incarnation != self.incarnation {
                    return;
                }
                self.give_or_keep(input);
            }
        }
    }

    /// Gives an input, when the process stands still as soon as it goes on.
    pub(super) fn give_or_keep(&mut self, input: OperatorInput) {
        match self.paused.filter(|until| *until > self.clock.now().monotonic) {
            Some(until) => self.schedule(until, What::Input(Box::new(input))),
            None => self.give(input),
        }
    }

    /// Until when something that is due has to wait.
    pub(super) fn held_until(&self, what: &What) -> Option<Monotonic> {
        match what {
            What::Request(_) => None,
            What::Input(_) | What::Reply(..) => self.paused,
            // A watch goes on while the process stands still: what it tells waits, in its order.
            What::Watch(handle, _) => self.watches.held(*handle),
        }
    }

    pub(super) fn watch_latency(&self, kind: &str) -> Latency {
        self.lags.get(kind).copied().unwrap_or(self.options.watch)
    }

    pub(super) fn latency_of(&self, handle: Handle) -> Latency {
        self.watches.kind(handle).map_or(self.options.watch, |kind| self.watch_latency(kind))
    }
}
