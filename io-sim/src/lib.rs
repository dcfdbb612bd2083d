//! The simulated world: API server model, controllers, clock, faults, runner.

pub mod clock;
pub mod controllers;
pub mod faults;
pub mod http;
pub mod oracles;
pub mod rng;
pub mod scenario;
pub mod server;
pub mod simulation;
pub mod source_controller;
pub mod world;
