//! What users do with their releases.

use super::{Draft, Planned, SourceState, VERSIONS, release, source, text};
use crate::scenario::{Knob, Statement, Target, Value};

impl Draft {
    /// A few changes of what is wanted. They stay: what is drawn last is what is declared in the end.
    pub(super) fn use_them(&mut self) {
        let count = self.rng.below(6);
        let mut moments: Vec<u32> = (0..count).map(|_| self.moment()).collect();
        moments.sort_unstable();
        for moment in moments {
            let index = self.pick(self.releases.len());
            match self.rng.below(6) {
                0 | 1 => self.change_values(index, moment),
                2 => {
                    let planned = &mut self.releases[index];
                    planned.version = (planned.version + 1) % VERSIONS.len();
                    let (name, version) = (planned.name, planned.version);
                    self.at(moment, source(name, version, SourceState::Whole));
                }
                3 => self.ask(index, moment),
                4 => self.suspend(index, moment),
                _ => self.change_policy(index, moment),
            }
        }
        // Somebody makes a mistake.
        if self.later.chance(150) {
            let index = self.later.below(self.releases.len() as u64);
            let planned = self.releases[usize::try_from(index).unwrap_or_default()].clone();
            let moment = self.later.below(u64::from(self.horizon));
            self.mistake(&planned, u32::try_from(moment).unwrap_or_default());
        }
    }

    /// Releases that somebody deletes, often because something has just gone wrong. What is declared anew meanwhile goes in
    /// the end.
    pub(super) fn give_up(&mut self) {
        for index in 0..self.releases.len() {
            let name = self.releases[index].name;
            if self.later.chance(150) && !self.is_needed(name) {
                self.releases[index].given_up = true;
                let moment = self.busy_moment();
                let target = Target { kind: "release".to_owned(), name: name.to_owned() };
                self.at(moment, Statement::Delete(target));
            }
        }
    }

    pub(super) fn change_values(&mut self, index: usize, moment: u32) {
        self.counter += 1;
        let message = text(&format!("change-{}", self.counter));
        let planned = &mut self.releases[index];
        planned.values.retain(|(knob, _)| *knob != Knob::Message);
        planned.values.push((Knob::Message, message));
        let statement = release(planned);
        self.at(moment, statement);
    }

    fn ask(&mut self, index: usize, moment: u32) {
        let (force, reset) = (self.rng.chance(300), self.rng.chance(300));
        let name = self.releases[index].name.to_owned();
        self.at(moment, Statement::Request { name, force, reset });
    }

    fn suspend(&mut self, index: usize, moment: u32) {
        let planned = self.releases[index].clone();
        let mut base = planned.base.clone();
        base.push((Knob::Suspend, Value::Flag(true)));
        self.at(moment, release(&Planned { base, ..planned.clone() }));
        let until = moment.saturating_add(1 + u32::try_from(self.rng.below(60_000)).unwrap_or(0));
        self.at(until, release(&planned));
        // What was drawn before may come in between: the last word is said in the end.
        self.nudge = true;
    }

    fn change_policy(&mut self, index: usize, moment: u32) {
        self.counter += 1;
        let label = text(&format!("label-{}", self.counter));
        let planned = &mut self.releases[index];
        planned.base.retain(|(knob, _)| *knob != Knob::PostRender);
        planned.base.push((Knob::PostRender, label));
        let statement = release(planned);
        self.at(moment, statement);
    }
}
