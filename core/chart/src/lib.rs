//! Charts: archives, values, rendering, manifests, hooks, post-rendering.

mod archive;
mod capabilities;
mod chart;
mod coalesce;
mod compose;
mod dependencies;
mod error;
mod go_types;
mod head;
mod hook;
mod ignore;
mod import;
mod kind_order;
mod lint;
mod load;
mod manifest;
mod merge;
mod metadata;
mod path_match;
mod post_render;
mod release_name;
mod render;
mod schema;
mod set_values;
mod split;
mod validate;
mod version;

pub use archive::{Limits, read as archive_files};
pub use capabilities::{Capabilities, HELM_VERSION, HelmVersion, KubeVersion, KubeVersionError};
pub use chart::{Chart, CrdFile};
pub use coalesce::coalesce_values;
pub use compose::{ResolvedReference, ValuesError, compose_values};
pub use dependencies::{check_dependencies, is_compatible, process_dependencies};
pub use error::ChartError;
pub use head::Head;
pub use hook::{Hook, HookDeletePolicy, HookEvent, HookExecution, HookOutputLogPolicy, HookPhase};
pub use ignore::{IgnoreRules, kept as without_ignored, path_matches};
pub use kind_order::KindOrder;
pub use lint::{GivenValues, Problem, Severity, ValuesText, lint};
pub use load::load_values;
pub use manifest::{HOOK_ANNOTATION, Manifest, Sorted, sort_manifests};
pub use merge::merge_maps;
pub use metadata::{ChartMetadata, Dependency, File, Lock, Maintainer};
pub use post_render::{
    CommonMetadata, CompiledSelector, Image, Kustomization, Origin, Patch, PostRender, PostRenderError,
    PostRenderStrategy, Selector,
};
pub use release_name::{ReleaseNameError, validate_release_name};
pub use render::{
    LookupKey, Lookups, Outcome, RenderError, RenderOptions, Rendered, TemplateFailure, render, render_owned,
    render_templates,
};
pub use set_values::{ReadFile, SetError, SetMode, set_all, set_files, set_value};
pub use split::{Separation, split_manifests};
pub use version::{MutateError, mutate_version};
