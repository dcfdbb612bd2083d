//! The kit that the state machines are made of: tasks, and the context they see.
//!
//! Nothing here knows Helm or HelmRelease. A task is polled, asks the [`Context`] for what it waits for, and enters
//! deadlines instead of sleeping.

mod context;
mod helm_log;
mod random;
mod secrets;
mod task;
pub mod twin;

pub use context::{Context, Interrupt, Watched};
pub use helm_log::{HelmLog, HelmLogLevel};
pub use random::Random;
pub use secrets::Secrets;
pub use task::Task;

/// Nanoseconds of one second.
pub const SECOND: u64 = 1_000_000_000;
