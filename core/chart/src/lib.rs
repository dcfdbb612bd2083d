//! Charts: archives, values, rendering, manifests, hooks, post-rendering.

mod archive;
mod capabilities;
mod chart;
mod coalesce;
mod compose;
mod dependencies;
mod error;
mod hook;
mod ignore;
mod kind_order;
mod load;
mod manifests;
mod merge;
mod metadata;
mod set_values;
mod validate;
mod version;

pub use archive::Limits;
pub use capabilities::{Capabilities, HELM_VERSION, HelmVersion, KubeVersion, KubeVersionError};
pub use chart::{Chart, CrdFile};
pub use coalesce::coalesce_values;
pub use compose::{ResolvedReference, ValuesError, compose_values};
pub use dependencies::process_dependencies;
pub use error::{ChartError, RenderError};
pub use hook::{Hook, HookDeletePolicy, HookEvent, HookExecution, HookOutputLogPolicy, HookPhase};
pub use kind_order::KindOrder;
pub use load::load_values;
pub use manifests::{HOOK_ANNOTATION, Manifest, manifest_text, sort_manifests, split_manifests};
pub use metadata::{ChartMetadata, Dependency, File, Lock, Maintainer};
pub use set_values::{SetError, SetMode, set_all, set_value};
pub use version::{MutateError, mutate_version};
