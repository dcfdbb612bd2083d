//! Which version each storage object of a release has, as far as the server has said so.

use std::sync::Arc;

use pilothouse_protocol::{Reply, Request, StoredVersions, metadata};
use pilothouse_release::StorageOperation;
use serde_json::json;

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

    /// An update with the version that the object is known to have: it changes nothing when somebody else was there
    /// before, as the next leader is after this process has stood still between deciding and sending. After such a
    /// refusal the version is not known any more, and the update is made again without one, as Helm makes it, by a process
    /// that still may.
    pub(super) fn guarded(&self, request: Request) -> Request {
        let Request::Update { mut body } = request else { return request };
        let known = self.versions.get(metadata::text(&body, "name"));
        if let Some(version) = known.filter(|version| **version != 0) {
            Arc::make_mut(&mut body)["metadata"]["resourceVersion"] = json!(version.to_string());
        }
        Request::Update { body }
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
            // A write without an answer is read back, and so is known again.
            (
                StorageOperation::Create { .. }
                | StorageOperation::Update { .. }
                | StorageOperation::Get { .. },
                Reply::Object(object),
            ) => {
                let version = metadata::resource_version(object);
                self.versions.insert(metadata::text(object, "name").to_owned(), version);
            }
            (StorageOperation::Delete { key }, Reply::Deleted | Reply::Object(_)) => {
                self.versions.remove(&key.to_string());
            }
            // A write without an answer, or one that was refused because somebody else was there before.
            (operation, Reply::Failed(_)) => {
                if let Some(key) = operation.written_key() {
                    self.release = None;
                    self.versions.remove(&key.to_string());
                }
            }
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
    use pilothouse_protocol::Failure;
    use pilothouse_release::{ReleaseRecord, StorageKey};

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

    #[test]
    fn an_update_carries_the_version_that_is_known() {
        let (first, second) = ("sh.helm.release.v1.app.v1", "sh.helm.release.v1.app.v2");
        let version = |versions: &Versions, name: &str| {
            let request = Request::Update { body: Arc::new(json!({"metadata": {"name": name}})) };
            let Request::Update { body } = versions.guarded(request) else { panic!("still an update") };
            metadata::text(&body, "resourceVersion").to_owned()
        };
        let mut versions = Versions::default();
        assert_eq!(version(&versions, first), "");
        versions.learn(&StorageOperation::history("app"), &Reply::List(vec![object(first, "7")]));
        assert_eq!((version(&versions, first), version(&versions, second)), ("7".to_owned(), String::new()));
        let record =
            Arc::new(ReleaseRecord { name: "app".to_owned(), version: 1, ..ReleaseRecord::default() });
        let refused = Reply::Failed(Failure::Unreachable("away".to_owned()));
        versions.learn(&StorageOperation::Update { record }, &refused);
        assert_eq!(version(&versions, first), "", "after a refusal it is made as Helm makes it");
        let record =
            Arc::new(ReleaseRecord { name: "app".to_owned(), version: 2, ..ReleaseRecord::default() });
        let create = StorageOperation::Create { record };
        versions.learn(&create, &refused);
        versions.learn(&create, &Reply::Object(object(second, "9")));
        assert_eq!(version(&versions, second), "9", "what was created in the end has a version");
        assert_eq!(versions.of("app"), None, "but not all are known");
        versions.learn(&create, &Reply::Failed(Failure::Unknown("lost".to_owned())));
        assert_eq!(version(&versions, second), "");
        let get = StorageOperation::Get { key: StorageKey::new("app", 2) };
        versions.learn(&get, &Reply::Object(object(second, "9")));
        assert_eq!(version(&versions, second), "9", "what is read back has a version");
    }
}
