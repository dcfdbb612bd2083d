//! What must hold in a simulated cluster at every moment, whatever goes wrong, and what must be reached in the end.
//!
//! The oracles look at the cluster and at the requests of the operator from outside: they share no decision with it.

mod deletions;
mod end_state;
mod pace;
mod releases;
mod storage;
mod truth;

pub use end_state::{EndState, end_state};

use pilothouse_io_sim::world::World;

use crate::acceptance::{Driven, Watcher};

/// All oracles of one run.
#[derive(Debug, Default)]
pub struct Oracles {
    revision: u64,
    requests: usize,
    releases: releases::Releases,
    truth: truth::Truth,
    pace: pace::Pace,
    /// How often something was looked at.
    pub looks: u64,
}

impl Watcher for Oracles {
    fn look(&mut self, world: &World<Driven>) -> Option<String> {
        let revision = world.server().revision();
        if revision != self.revision {
            self.revision = revision;
            self.looks += 1;
            self.releases.update(world);
            let said = storage::check(&self.releases).or_else(|| self.truth.check(world, &self.releases));
            if said.is_some() {
                return said;
            }
        }
        let exchanges = world.record().exchanges.get(self.requests..).unwrap_or_default();
        self.requests += exchanges.len();
        exchanges.iter().find_map(|exchange| {
            self.pace.check(exchange).or_else(|| deletions::check(world, &self.releases, exchange))
        })
    }
}
