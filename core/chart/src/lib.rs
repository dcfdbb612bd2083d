//! Charts: archives, values, rendering, manifests, hooks, post-rendering.

mod archive;
mod chart;
mod coalesce;
mod error;
mod hook;
mod load;
mod merge;
mod metadata;
mod validate;

pub use archive::Limits;
pub use chart::{Chart, CrdFile};
pub use coalesce::coalesce_values;
pub use error::ChartError;
pub use hook::{Hook, HookDeletePolicy, HookEvent, HookExecution, HookOutputLogPolicy, HookPhase};
pub use load::load_values;
pub use metadata::{ChartMetadata, Dependency, File, Lock, Maintainer};
