//! The simulated world: API server model, controllers, clock, faults, runner.
