//! Which objects of a manifest exist already, and whether the release may take them (Helm `pkg/action/validate.go`).

use std::collections::BTreeSet;

use pilothouse_apply::{
    BuildError, ManifestObject, ReadLive, ownership_error, parse_manifest, stamp_ownership,
};
use pilothouse_machine::{Context, Task};
use pilothouse_protocol::ObjectRef;

use crate::{ActionConfig, HelmError};

/// Finds the objects to be created that exist already.
#[derive(Debug)]
pub(crate) struct FindExisting {
    reading: ReadLive,
    take_ownership: bool,
}

impl FindExisting {
    /// Looks for these objects. Without `take_ownership` they must carry the marks of the release.
    pub(crate) fn new(objects: impl IntoIterator<Item = ObjectRef>, take_ownership: bool) -> Self {
        Self { reading: ReadLive::new(objects), take_ownership }
    }

    /// The objects that exist; `None` while replies are awaited.
    pub(crate) fn poll(
        &mut self,
        config: &ActionConfig,
        context: &mut Context,
    ) -> Option<Result<BTreeSet<ObjectRef>, HelmError>> {
        let live = match self.reading.poll(context)? {
            Ok(live) => live,
            Err(error) => {
                let class = error.failure.class();
                return Some(Err(HelmError::Ownership(error.to_string()).of_class(class)));
            }
        };
        if !self.take_ownership {
            let foreign = live
                .values()
                .find_map(|object| ownership_error(object, &config.release_name, &config.release_namespace));
            if let Some(text) = foreign {
                return Some(Err(HelmError::Ownership(text)));
            }
        }
        Some(Ok(live.into_keys().collect()))
    }
}

/// The objects of a manifest as they are written: with the marks of the release.
///
/// # Errors
/// As [`build`].
pub(crate) fn build_owned(
    manifest: &str,
    config: &ActionConfig,
    context: &Context,
) -> Result<Vec<ManifestObject>, HelmError> {
    let mut objects = build(manifest, config, context)?;
    for object in &mut objects {
        stamp_ownership(&mut object.body, &config.release_name, &config.release_namespace);
    }
    Ok(objects)
}

/// The objects of a manifest.
///
/// # Errors
/// [`HelmError::Build`], without the words of the action.
pub(crate) fn build(
    manifest: &str,
    config: &ActionConfig,
    context: &Context,
) -> Result<Vec<ManifestObject>, HelmError> {
    let discovery = context.discovery.clone().unwrap_or_default();
    parse_manifest(manifest, &config.release_namespace, &discovery)
        .map_err(|error: BuildError| HelmError::Build(error.to_string()).of_class(error.class()))
}

/// The objects whose references are in a set.
pub(crate) fn among(objects: &[ManifestObject], set: &BTreeSet<ObjectRef>) -> Vec<ManifestObject> {
    objects.iter().filter(|object| set.contains(&object.reference)).cloned().collect()
}
