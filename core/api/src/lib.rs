//! The HelmRelease v2 API (spec 01): types, defaults, derived names, conditions, snapshots, and the source kinds that a
//! release reads.

mod condition;
mod crd;
mod meta;
mod names;
mod snapshot;
mod source;
mod spec;
mod spec_actions;
mod spec_chart;
mod spec_rendering;
mod status;

pub use condition::{Condition, ConditionStatus, Conditions};
pub use crd::custom_resource_definition;
pub use meta::{HelmRelease, InvalidHelmRelease, ObjectMeta};
pub use names::{full_release_name, helm_chart_name, release_name, shorten_release_name, versioned_chart};
pub use snapshot::{History, Snapshot, TestHookStatus};
pub use source::{Artifact, SourceKind, SourceObject};
pub use spec::{
    CustomHealthCheck, DependencyReference, DriftDetection, HelmReleaseSpec, IgnoreRule, KubeConfigReference,
    LocalObjectReference, SecretKeyReference, Selector, WaitStrategy,
};
pub use spec_actions::{
    ActionStrategy, Filter, Install, InstallRemediation, Rollback, StrategyName, Test, Uninstall, Upgrade,
    UpgradeRemediation,
};
pub use spec_chart::{
    ChartSpec, ChartTemplate, ChartTemplateMetadata, ChartVerification, CrossNamespaceObjectReference,
    CrossNamespaceSourceReference,
};
pub use spec_rendering::{CommonMetadata, Image, Kustomize, Patch, PostRenderer, ValuesReference};
pub use status::{HelmReleaseStatus, Inventory, InventoryEntry};

/// Group and version of HelmRelease.
pub const API_VERSION: &str = "helm.toolkit.fluxcd.io/v2";
/// The kind.
pub const KIND: &str = "HelmRelease";
/// Group and version of the source kinds.
pub const SOURCE_API_VERSION: &str = "source.toolkit.fluxcd.io/v1";
/// The finalizer.
pub const FINALIZER: &str = "finalizers.fluxcd.io";
/// Label that names the HelmRelease an object belongs to.
pub const ORIGIN_NAME_LABEL: &str = "helm.toolkit.fluxcd.io/name";
/// Label that names the namespace of the HelmRelease an object belongs to.
pub const ORIGIN_NAMESPACE_LABEL: &str = "helm.toolkit.fluxcd.io/namespace";
/// Annotation that asks for a reconcile.
pub const REQUESTED_AT: &str = "reconcile.fluxcd.io/requestedAt";
/// Annotation that asks for a one-off forced install or upgrade.
pub const FORCE_AT: &str = "reconcile.fluxcd.io/forceAt";
/// Annotation that asks for a reset of the failure counters.
pub const RESET_AT: &str = "reconcile.fluxcd.io/resetAt";
