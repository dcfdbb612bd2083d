//! Drift: what of a release's objects differs on the cluster from what was applied, and putting it right (Flux
//! `pkg/ssa/jsondiff`, helm-controller `internal/action/diff.go`; spec 02 §8).

mod compare;
mod correct;
mod desired;
mod detect;
mod json_diff;
mod managers;
mod order;
mod set;

pub use correct::{CorrectDrift, Corrected};
pub use desired::{DriftSubject, drift_subjects};
pub use detect::{DetectDrift, DriftError};
pub use json_diff::{Operation, OperationKind};
pub use set::{Drift, DriftKind, DriftSet};
