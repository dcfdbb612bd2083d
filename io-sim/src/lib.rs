//! The simulated world: API server model, controllers, clock, faults, runner.

pub mod clock;
pub mod rng;
pub mod server;
