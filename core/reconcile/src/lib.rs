//! The release machine: what one HelmRelease needs, decided and carried out without any input or output of its own.
//!
//! The crates below know the Kubernetes API (`pilothouse-apply`) and Helm (`pilothouse-helm`); this one knows what a
//! HelmRelease does with them. The decision table of spec 02 §7 stands in `phases::decide`.

mod backoff;
mod charts;
mod compact;
mod config;
mod drift_watch;
mod ending;
mod kube_config;
mod memory;
mod merge_patch;
mod pass;
pub mod phases;
mod release;
mod settled;
mod source_events;
mod steps;
mod subject;
mod write_status;

pub use charts::Charts;
pub use config::{Config, Gates};
pub use ending::{Ending, PassResult};
pub use pilothouse_helm::Holder;
pub use pilothouse_release::DigestTape;
pub use release::Release;
pub use subject::Subject;
