//! What happens to requests, to the process, to the clock and to the watches.

use super::Finding;
use super::driven::Driven;
use super::stage::{Stage, kind_of};
use crate::controllers::ControllerOptions;
use crate::faults::{Armed, Boundary, Faults};
use crate::scenario::{Aim, CrashPoint, FaultWord, Place, Statement, Verb};
use crate::world::{Latency, WorldOptions};

impl Stage<'_> {
    /// What happens to the process, to the clock and to the watches.
    pub(super) fn disturb(&mut self, statement: &Statement) -> Result<(), Finding> {
        match statement {
            Statement::Crash { point: CrashPoint::Now, after } => {
                self.world.options().restart = after.nanos();
                self.world.crash();
            }
            Statement::Crash { point: CrashPoint::Request(number, place), after } => {
                self.world.options().restart = after.nanos();
                self.world.faults().crashes.insert((u64::from(*number), boundary(*place)));
            }
            Statement::Restart { grace, after } => {
                self.world.shut_down();
                self.pass(grace.nanos())?;
                self.world.options().restart = after.nanos();
                self.world.crash();
            }
            Statement::Takeover { late, after } => {
                self.world.options().restart = after.nanos();
                self.world.take_over(late.nanos());
            }
            Statement::Pause(span) => {
                let now = self.world.now().monotonic;
                match self.world.machine_mut().and_then(Driven::replicas) {
                    // Of those that take turns it is the leader that stands still.
                    Some(replicas) => replicas.pause_leader(now, span.nanos()),
                    None => self.world.pause(span.nanos()),
                }
            }
            Statement::Clock { forward, by } => {
                let nanos = i64::try_from(by.nanos()).unwrap_or(i64::MAX);
                self.world.step_wall(if *forward { nanos } else { -nanos });
            }
            Statement::Tick => self.world.tick(),
            Statement::Lag { least, most, kind } => {
                let latency = Latency { least: least.nanos(), most: most.nanos() };
                match kind {
                    Some(kind) => self.world.set_lag(kind_of(kind), Some(latency)),
                    None => self.world.options().watch = latency,
                }
            }
            Statement::Rewind { by, during } => self.world.rewind(by.nanos(), during.nanos()),
            Statement::Relist => self.world.relist(),
            Statement::Repeat => self.world.repeat(),
            Statement::Gap(span) => self.world.gap(span.nanos()),
            Statement::Slow(span) => self.world.controllers_mut().set_ready(span.nanos()),
            Statement::Calm => self.calm(),
            _ => {}
        }
        Ok(())
    }

    /// Nothing is disturbed from now on, and nothing that has waited for a state happens any more.
    pub(super) fn calm(&mut self) {
        self.waiting.clear();
        let fired = std::mem::take(&mut self.world.faults().fired);
        *self.world.faults() = Faults { fired, ..Faults::default() };
        self.world.options().watch = WorldOptions::default().watch;
        self.world.clear_lags();
        self.world.controllers_mut().set_ready(ControllerOptions::default().ready);
    }

    pub(super) fn arm(&mut self, word: FaultWord, aim: &Aim) {
        let armed = match aim {
            Aim::Next { verb, kind, skip, times } => Armed {
                word,
                verb: *verb,
                kind: kind.clone(),
                skip: *skip,
                times: *times,
                number: None,
                passed: false,
            },
            Aim::Number(number) => Armed {
                word,
                verb: Verb::Any,
                kind: None,
                skip: 0,
                times: 1,
                number: Some(u64::from(*number)),
                passed: false,
            },
        };
        self.world.faults().armed.push(armed);
    }
}

fn boundary(place: Place) -> Boundary {
    match place {
        Place::Before => Boundary::Before,
        Place::Effect => Boundary::AfterEffect,
        Place::Reply => Boundary::AfterReply,
    }
}
