//! Objects of a simulated cluster by kind.

use std::sync::Arc;

use pilothouse_protocol::Object;

use crate::world::{Machine, World};

/// Kinds that oracles look at, with the resource that the store has them under.
const RESOURCES: [(&str, &str); 9] = [
    ("HelmRelease", "helmreleases.helm.toolkit.fluxcd.io"),
    ("HelmChart", "helmcharts.source.toolkit.fluxcd.io"),
    ("OCIRepository", "ocirepositories.source.toolkit.fluxcd.io"),
    ("ConfigMap", "configmaps"),
    ("Secret", "secrets"),
    ("Service", "services"),
    ("Deployment", "deployments.apps"),
    ("Job", "jobs.batch"),
    ("CustomResourceDefinition", "customresourcedefinitions.apiextensions.k8s.io"),
];

/// All objects of a known kind, in one namespace or everywhere, in order of namespace and name.
pub(crate) fn list<M: Machine>(world: &World<M>, kind: &str, namespace: Option<&str>) -> Vec<Object> {
    let resource = resource(kind);
    world.server().store().list(resource, namespace).map(|stored| Arc::clone(&stored.object)).collect()
}

/// The resource of a known kind.
pub(super) fn resource(kind: &str) -> &'static str {
    RESOURCES.iter().find(|(name, _)| *name == kind).map_or("", |(_, resource)| resource)
}
