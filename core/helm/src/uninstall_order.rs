//! Which objects of a release are deleted, and in which order.

use pilothouse_apply::{KEEP_POLICY, ManifestObject, RESOURCE_POLICY};
use pilothouse_chart::KindOrder;
use pilothouse_machine::Context;
use pilothouse_protocol::{ObjectRef, metadata};

use crate::adopt::build;
use crate::{ActionConfig, HelmError};

/// The objects of a manifest that go with the release, in the order of deletion.
///
/// Helm leaves every object alone that has the annotation `helm.sh/resource-policy`, whatever its value; only `keep`
/// is announced.
///
/// # Errors
/// As [`build`].
pub(crate) fn objects_to_delete(
    manifest: &str,
    config: &ActionConfig,
    context: &mut Context,
) -> Result<Vec<ObjectRef>, HelmError> {
    let objects = build(manifest, config, context)?;
    let (kept, mut doomed): (Vec<ManifestObject>, Vec<ManifestObject>) =
        objects.into_iter().partition(|object| metadata::annotation(&object.body, RESOURCE_POLICY).is_some());
    for object in kept.iter().filter(|object| is_kept(object)) {
        let text = format!("{} is kept due to the resource policy", object.reference);
        context.log(pilothouse_protocol::LogLevel::Info, text);
    }
    doomed.sort_by(|a, b| KindOrder::Uninstall.compare(&a.reference.kind, &b.reference.kind));
    Ok(doomed.into_iter().map(|object| object.reference).filter(|object| !object.name.is_empty()).collect())
}

fn is_kept(object: &ManifestObject) -> bool {
    metadata::annotation(&object.body, RESOURCE_POLICY)
        .is_some_and(|policy| policy.trim().eq_ignore_ascii_case(KEEP_POLICY))
}
