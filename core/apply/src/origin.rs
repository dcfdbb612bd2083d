//! The labels by which objects are known to be of a HelmRelease.

use std::collections::BTreeMap;

use pilothouse_protocol::{ReleaseKey, WatchTarget, metadata};
use serde_json::Value;

const NAME: &str = "helm.toolkit.fluxcd.io/name";
const NAMESPACE: &str = "helm.toolkit.fluxcd.io/namespace";

/// Whether an object, given as JSON, carries the labels of a HelmRelease.
#[must_use]
pub fn marks(origin: &ReleaseKey, object: &Value) -> bool {
    labels(origin).iter().all(|(label, value)| metadata::label(object, label) == Some(value))
}

/// The watch of the objects of a kind, by `apiVersion`, kind and namespace, that carry the labels of a HelmRelease.
#[must_use]
pub fn target(
    (api_version, kind, namespace): (&str, &str, Option<&str>),
    origin: &ReleaseKey,
) -> WatchTarget {
    let labels = labels(origin).map(|(label, value)| (label.to_owned(), value.to_owned()));
    WatchTarget::labelled(api_version, kind, namespace.map(str::to_owned), BTreeMap::from(labels))
}

fn labels(origin: &ReleaseKey) -> [(&str, &str); 2] {
    [(NAME, &origin.name), (NAMESPACE, &origin.namespace)]
}
