//! Looking at the world while a scenario is played.

use pilothouse_io_sim::world::World;
use pilothouse_protocol::ReleaseKey;

use super::Driven;

/// Looks at the world before everything that happens.
pub trait Watcher {
    /// Looks; an answer ends the scenario, and says why.
    fn look(&mut self, world: &World<Driven>) -> Option<String>;

    /// The script changes what is stored of a release: it may be upgraded to what it is.
    fn stored_by_others(&mut self, _release: ReleaseKey) {}
}

/// Looks at nothing.
impl Watcher for () {
    fn look(&mut self, _world: &World<Driven>) -> Option<String> {
        None
    }
}
