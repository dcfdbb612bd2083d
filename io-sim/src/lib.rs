//! The simulated world: API server model, controllers, clock, faults, runner.

pub mod clock;
pub mod controllers;
pub mod faults;
pub mod rng;
pub mod server;
pub mod source_controller;
pub mod world;
