//! What is Ready for the newest spec is made from it.

use std::collections::BTreeMap;

use pilothouse_api::HelmRelease;
use pilothouse_protocol::{ReleaseKey, metadata};

use super::Meddled;
use super::look::{is_of_the_past, list, values_of};
use super::releases::Releases;
use crate::world::{Machine, World};

/// A line of a manifest: its key, and the text that it has, or that there is none.
pub type DeclaredLine = (&'static str, Option<String>);

/// What the newest specs put into manifests, with their generations.
#[derive(Debug, Default)]
pub(super) struct Declared {
    specs: BTreeMap<ReleaseKey, (i64, Vec<DeclaredLine>)>,
}

impl Declared {
    /// The spec of this generation puts these lines into the manifest.
    pub(super) fn declare(&mut self, key: ReleaseKey, generation: i64, lines: Vec<DeclaredLine>) {
        self.specs.insert(key, (generation, lines));
    }

    /// Whether a status says that the newest spec is in place, and the deployed revision is another.
    pub(super) fn check<M: Machine>(
        &self,
        world: &World<M>,
        releases: &Releases,
        meddled: &Meddled,
    ) -> Option<String> {
        for object in list(world, "HelmRelease", None) {
            let key = ReleaseKey::of(&object);
            let Some((generation, lines)) = self.specs.get(&key) else { continue };
            let claims = *generation == metadata::generation(&object) && !metadata::is_deleting(&object);
            let Ok(release) = HelmRelease::from_object(&object) else { continue };
            let ready = release.status.conditions.get("Ready");
            let claims = claims
                && release.status.conditions.is_true("Ready")
                && ready.is_some_and(|ready| ready.observed_generation == *generation);
            if !claims || meddled.has(&key.namespace, &key.name) {
                continue;
            }
            let wrong = other(&release, lines, releases);
            if let Some(wrong) = wrong.filter(|_| !is_of_the_past(&world.record().exchanges, &object)) {
                return Some(format!("status of {key}: Ready for generation {generation}, and {wrong}"));
            }
        }
        None
    }
}

/// A line that the deployed revision of a release has otherwise.
fn other(release: &HelmRelease, lines: &[DeclaredLine], releases: &Releases) -> Option<String> {
    let latest = release.status.history.latest()?;
    let revisions = releases.of(&release.status.storage_namespace, &latest.name)?;
    let record = revisions.get(&latest.version)?.record.as_ref().ok()?;
    let (key, wanted) = lines.iter().find(|(key, wanted)| !has(&record.manifest, key, wanted.as_deref()))?;
    let wanted = wanted.as_deref().unwrap_or("absent");
    Some(format!("{}.v{} has another {key} than {wanted}", latest.name, latest.version))
}

fn has(manifest: &str, key: &str, wanted: Option<&str>) -> bool {
    let mut found = values_of(manifest, key);
    match wanted {
        Some(wanted) => found.any(|value| value == wanted),
        None => found.next().is_none(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_found_with_and_without_quotes() {
        let manifest = "metadata:\n  labels:\n    rendered: \"one\"\ndata:\n  message: two\n";
        assert!(has(manifest, "rendered", Some("one")));
        assert!(has(manifest, "message", Some("two")));
        assert!(!has(manifest, "message", Some("tw")));
        assert!(!has(manifest, "message", None));
        assert!(has(manifest, "other", None));
    }
}
