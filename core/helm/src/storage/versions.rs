//! Which version each storage object of a release has, as far as the server has said so.

use pilothouse_protocol::{Reply, StoredVersions, metadata};
use pilothouse_release::StorageOperation;

/// The versions of the storage objects of one release.
#[derive(Debug, Clone, Default)]
pub(super) struct Versions {
    /// The release whose objects were listed.
    release: Option<String>,
    versions: StoredVersions,
}

impl Versions {
    /// The versions of all objects of a release; `None` when it was never listed, or when a write has gone unanswered
    /// since.
    pub(super) fn of(&self, name: &str) -> Option<&StoredVersions> {
        self.release.as_deref().filter(|release| *release == name).map(|_| &self.versions)
    }

    /// Takes in the reply to an operation.
    pub(super) fn learn(&mut self, operation: &StorageOperation, reply: &Reply) {
        match (operation, reply) {
            (StorageOperation::Query { .. }, Reply::List(objects)) => {
                let Some(release) = listed(operation) else { return };
                self.release = Some(release.to_owned());
                let version =
                    |object| (metadata::text(object, "name").to_owned(), metadata::resource_version(object));
                self.versions = objects.iter().map(|object| version(object)).collect();
            }
            (StorageOperation::Create { .. } | StorageOperation::Update { .. }, Reply::Object(object)) => {
                let version = metadata::resource_version(object);
                self.versions.insert(metadata::text(object, "name").to_owned(), version);
            }
            (StorageOperation::Delete { key }, Reply::Deleted | Reply::Object(_)) => {
                self.versions.remove(&key.to_string());
            }
            // A write without an answer, or one that was refused because somebody else was there before.
            (operation, Reply::Failed(_)) if operation.written_key().is_some() => self.release = None,
            _ => {}
        }
    }
}

/// The release whose objects an operation lists completely.
fn listed(operation: &StorageOperation) -> Option<&str> {
    let StorageOperation::Query { labels } = operation else { return None };
    let all = labels.keys().all(|label| label == "name" || label == "owner");
    labels.get("name").filter(|_| all).map(String::as_str)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use pilothouse_protocol::Failure;
    use pilothouse_release::{ReleaseRecord, StorageKey};
    use serde_json::json;

    use super::*;

    fn object(name: &str, version: &str) -> pilothouse_protocol::Object {
        Arc::new(json!({"metadata": {"name": name, "resourceVersion": version}}))
    }

    #[test]
    fn what_the_server_has_said_is_known() {
        let mut versions = Versions::default();
        let record =
            Arc::new(ReleaseRecord { name: "app".to_owned(), version: 2, ..ReleaseRecord::default() });
        let create = StorageOperation::Create { record };
        versions.learn(&create, &Reply::Object(object("sh.helm.release.v1.app.v2", "8")));
        assert_eq!(versions.of("app"), None, "never listed");
        let listed = Reply::List(vec![object("sh.helm.release.v1.app.v1", "7")]);
        versions.learn(&StorageOperation::deployed("app"), &listed);
        assert_eq!(versions.of("app"), None, "only some of them");
        versions.learn(&StorageOperation::history("app"), &listed);
        assert_eq!(versions.of("other"), None);
        versions.learn(&create, &Reply::Object(object("sh.helm.release.v1.app.v2", "8")));
        assert_eq!(versions.of("app").map(|known| known.values().copied().collect()), Some(vec![7, 8]));
        let delete = StorageOperation::Delete { key: StorageKey::new("app", 1) };
        versions.learn(&delete, &Reply::Deleted);
        assert_eq!(versions.of("app").map(|known| known.values().copied().collect()), Some(vec![8]));
        versions.learn(&create, &Reply::Failed(Failure::Unknown("lost".to_owned())));
        assert_eq!(versions.of("app"), None, "a write has gone unanswered");
    }
}
