//! The recorded scenarios, played against the simulated cluster.
//!
//! A scenario is a script (`scenario.yaml`) with the result that the original controller left behind (`golden.json`).
//! The steps are played under virtual time with the real [`pilothouse_operator::Operator`]; what is collected, masked
//! and compared is what the black-box runner that belongs to the recordings does.

mod cluster;
mod collect;
mod compare;
mod driven;
mod events;
mod flags;
mod managed_fields;
mod material;
mod normalise;
mod path;
mod play;
mod release_summary;
mod scenario;
mod stage;
mod steps;
mod stored_release;
mod summary;
mod wait;
mod watcher;

pub use cluster::{BASE_URL, Cluster, Fixtures, Setup, list};
pub use compare::{Difference, differences, report};
pub use driven::{Driven, Operators, Trace, Witness};
pub use flags::{Flags, UnknownFlag, config};
pub use material::{LIFE_CYCLES, Material};
pub use play::{Played, Player, Tolerance, play};
pub use scenario::{Scenario, ScenarioError, scenarios, shared};
pub use stage::{Stage, changes_a_managed_object};
pub use stored_release::{decode_release, release_secret};
pub use watcher::Watcher;

/// Why a step cannot be played, or did not lead to what it waits for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct StepError(pub String);
