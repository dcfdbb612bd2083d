//! Letting time pass.

use pilothouse_operator::OperatorInput;
use pilothouse_protocol::Monotonic;

use super::watches::Watches;
use super::{Entry, Machine, Start, What, World};

/// How many timers in a row may be given without anything else happening and without time passing.
const IDLE_TIMERS: u32 = 1_000;

/// What a step was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// Something happened.
    Stepped,
    /// Nothing will ever happen by itself.
    Idle,
    /// The machine asks for timers without end while time stands still.
    Livelock,
    /// The moment that was allowed has passed.
    TimeIsUp,
    /// What was waited for is the case.
    Reached,
}

impl<M: Machine> World<M> {
    /// Starts the machine if it is down: it is built, then told what exists.
    pub fn start(&mut self) {
        self.restart_at = None;
        if self.machine.is_some() {
            return;
        }
        let start = Start { now: self.clock.now(), incarnation: self.incarnation, seed: self.rng.next_u64() };
        self.machine = Some((self.factory)(start));
        self.watches = Watches::default();
        for input in self.watches.follow_all(&self.server, &self.options.follow) {
            self.give(input);
        }
    }

    /// Drops the machine with all it knows. Requests on the wire still arrive. It starts again after the latency of a
    /// restart.
    pub fn crash(&mut self) {
        self.stop();
        self.record.crashes += 1;
        self.restart_at = Some(self.clock.now().monotonic.after_nanos(self.options.restart));
    }

    /// Drops the machine; it stays down until [`World::start`].
    pub fn stop(&mut self) {
        self.machine = None;
        self.incarnation += 1;
        self.watches = Watches::default();
        self.idle_timers = 0;
        self.restart_at = None;
        self.paused = None;
    }

    /// Tells the machine that the process is about to end.
    pub fn shut_down(&mut self) {
        self.give(OperatorInput::Shutdown);
    }

    /// Lets the next thing happen, whenever that is.
    pub fn step(&mut self) -> Progress {
        self.step_until(Monotonic(u64::MAX))
    }

    /// Lets time pass until a condition holds, for at most `limit` nanoseconds.
    pub fn run_until(&mut self, mut reached: impl FnMut(&Self) -> bool, limit: u64) -> Progress {
        let end = self.clock.now().monotonic.after_nanos(limit);
        loop {
            if reached(self) {
                return Progress::Reached;
            }
            match self.step_until(end) {
                Progress::Stepped => {}
                other => return other,
            }
        }
    }

    /// Lets `nanos` nanoseconds pass.
    pub fn run_for(&mut self, nanos: u64) -> Progress {
        let end = self.clock.now().monotonic.after_nanos(nanos);
        let outcome = self.run_until(|_| false, nanos);
        if outcome != Progress::Livelock {
            self.clock.jump_to(end);
        }
        outcome
    }

    fn step_until(&mut self, end: Monotonic) -> Progress {
        let queued = self.queue.first_key_value().map(|((at, _), _)| *at);
        let controllers = self.controllers.next_due();
        let deadline = self.machine.as_ref().and_then(|machine| machine.poll_timeout()).map(|d| d.at);
        let deadline = deadline.map(|at| self.paused.map_or(at, |until| until.max(at)));
        let Some(next) = [queued, controllers, deadline, self.restart_at].into_iter().flatten().min() else {
            return Progress::Idle;
        };
        let next = next.max(self.clock.now().monotonic);
        if next > end {
            self.clock.jump_to(end);
            return Progress::TimeIsUp;
        }
        if next > self.clock.now().monotonic {
            self.idle_timers = 0;
        }
        self.clock.jump_to(next);
        let due = |at: Option<Monotonic>| at.is_some_and(|at| at <= next);
        if due(self.restart_at) {
            self.start();
        } else if due(controllers) {
            self.controllers.run(self.clock.now(), &mut self.server);
            self.spread();
        } else if due(queued) {
            self.idle_timers = 0;
            self.take_entry();
        } else {
            self.idle_timers += 1;
            if self.idle_timers > IDLE_TIMERS {
                return Progress::Livelock;
            }
            self.give(OperatorInput::Timer);
        }
        Progress::Stepped
    }

    fn take_entry(&mut self) {
        let Some(((_, place), Entry { incarnation, what })) = self.queue.pop_first() else { return };
        let alive = incarnation == self.incarnation;
        if let Some(until) = self.held_until(&what).filter(|until| *until > self.clock.now().monotonic) {
            // What waits for the same moment comes in the order in which it came about.
            self.queue.insert((until, place), Entry { incarnation, what });
            return;
        }
        match what {
            What::Request(pending) => self.arrive(incarnation, *pending),
            What::Input(input) if alive => self.give(*input),
            What::Reply(number, input) if alive => self.acknowledge(number, *input),
            What::Watch(handle, revision) if alive => {
                for input in self.watches.deliver(handle, &self.server, revision) {
                    self.give_or_keep(input);
                    if incarnation != self.incarnation {
                        break;
                    }
                }
            }
            What::Input(_) | What::Reply(..) | What::Watch(..) => {}
        }
    }
}
