//! The oracles of the simulated world, as watchers of a scenario.

pub use pilothouse_io_sim::oracles::{EndState, Oracles, end_state};

use pilothouse_io_sim::world::World;
use pilothouse_protocol::ReleaseKey;

use crate::acceptance::{Driven, Watcher};

impl Watcher for Oracles {
    fn look(&mut self, world: &World<Driven>) -> Option<String> {
        Oracles::look(self, world)
    }

    fn stored_by_others(&mut self, release: ReleaseKey) {
        self.repeats(release);
    }
}
