//! The release machine: what one HelmRelease needs, decided and carried out without any input or output of its own.
//!
//! `helm` holds what Helm does (install, upgrade, roll back, uninstall, test, unlock) as tasks over the Kubernetes API;
//! `phases` holds what a HelmRelease does with them. The decision table of spec 02 §7 stands in `phases::decide`.

mod config;
mod context;
pub mod helm;
mod helm_log;
mod random;
mod task;

pub use config::{Config, Gates, SECOND};
pub use context::{Context, Interrupt, Watched};
pub use helm_log::{HelmLog, HelmLogLevel};
pub use random::Random;
pub use task::Task;
