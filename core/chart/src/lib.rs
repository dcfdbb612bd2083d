//! Charts: archives, values, rendering, manifests, hooks, post-rendering.

mod hook;
mod metadata;

pub use hook::{Hook, HookDeletePolicy, HookEvent, HookExecution, HookOutputLogPolicy, HookPhase};
pub use metadata::{ChartMetadata, Dependency, File, Lock, Maintainer};
