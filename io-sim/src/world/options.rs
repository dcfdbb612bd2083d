//! What a world is made of.

use pilothouse_protocol::WatchTarget;

use super::watches::followed;
use crate::clock::{DEFAULT_START, MILLISECOND};
use crate::controllers::ControllerOptions;
use crate::faults::Faults;
use crate::server::ServerOptions;

/// Nanoseconds, from least to most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Latency {
    /// Least.
    pub least: u64,
    /// Most.
    pub most: u64,
}

impl Latency {
    /// Always the same.
    #[must_use]
    pub const fn fixed(nanos: u64) -> Self {
        Self { least: nanos, most: nanos }
    }
}

/// What a world is made of.
#[derive(Debug, Clone)]
pub struct WorldOptions {
    /// Source of all chance.
    pub seed: u64,
    /// Wall clock at the start, nanoseconds since the Unix epoch.
    pub wall: i64,
    /// The API server. Its seed is replaced by one drawn from the world's.
    pub server: ServerOptions,
    /// The controllers.
    pub controllers: ControllerOptions,
    /// From a request to its effect.
    pub request: Latency,
    /// From the effect to the reply.
    pub reply: Latency,
    /// From a change to the watchers. Large values are stale watches.
    pub watch: Latency,
    /// What goes wrong.
    pub faults: Faults,
    /// What the operator follows: kinds with their label selectors.
    pub follow: Vec<WatchTarget>,
    /// From a crash to the next start.
    pub restart: u64,
    /// Whether every request is kept in the journal.
    pub journal: bool,
}

impl Default for WorldOptions {
    fn default() -> Self {
        Self {
            seed: 0,
            wall: DEFAULT_START,
            server: ServerOptions::default(),
            controllers: ControllerOptions::default(),
            request: Latency { least: MILLISECOND, most: 3 * MILLISECOND },
            reply: Latency { least: MILLISECOND, most: 3 * MILLISECOND },
            watch: Latency { least: MILLISECOND, most: 20 * MILLISECOND },
            faults: Faults::default(),
            follow: followed(),
            restart: 500 * MILLISECOND,
            journal: true,
        }
    }
}
