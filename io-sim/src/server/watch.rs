//! Watches: what a watcher of one target has to be told after a revision.

use std::collections::BTreeMap;

use pilothouse_protocol::{ApiError, Identity, Object, ObjectRef, WatchTarget, metadata};

use super::Server;
use super::kinds::Kind;
use super::rbac::{Attempt, authorise};
use super::read::{has_labels, in_version};

/// One event of a watch.
#[derive(Debug, Clone, PartialEq)]
pub enum WatchEvent {
    /// An object of the target was created or changed, or has come into the target.
    Changed(Object),
    /// An object is gone, or has left the target.
    Gone(ObjectRef),
}

impl Server {
    /// All objects of a target, and the revision at which that is so.
    ///
    /// # Errors
    ///
    /// 404 for a kind that is not served, 403 for an identity that may not list or watch it.
    pub fn watch(&self, identity: &Identity, target: &WatchTarget) -> Result<(Vec<Object>, u64), ApiError> {
        let kind = self.kind(&target.api_version, &target.kind)?;
        let scope = target.namespace.as_deref().filter(|_| kind.namespaced);
        for verb in ["list", "watch"] {
            let name = target.name.as_deref().unwrap_or("");
            let attempt = Attempt { verb, kind: &kind, status: false, namespace: scope.unwrap_or(""), name };
            authorise(&self.store, identity, &attempt)?;
        }
        let objects = match &target.name {
            Some(name) => self.store.get(&kind.resource, scope.unwrap_or(""), name).into_iter().collect(),
            None => self.store.list(&kind.resource, scope).collect::<Vec<_>>(),
        };
        let chosen = objects.into_iter().filter(|stored| is_chosen(target, &stored.object));
        Ok((chosen.map(|stored| in_version(&kind, &stored.object)).collect(), self.revision()))
    }

    /// The events of a target after a revision, with the revision of each, at most `limit`.
    ///
    /// # Errors
    ///
    /// 404 when the kind is not served any more, 410 when the revision is too old.
    pub fn events_after(
        &self,
        target: &WatchTarget,
        revision: u64,
        limit: usize,
    ) -> Result<Vec<(u64, WatchEvent)>, ApiError> {
        let kind = self.kind(&target.api_version, &target.kind)?;
        let changes = self.store.changes_after(&kind.resource, revision).ok_or_else(|| {
            let current = self.revision();
            expired(&format!("too old resource version: {revision} ({current})"))
        })?;
        let events = changes.filter_map(|change| {
            let before = change.before.as_ref().filter(|object| is_within(target, &kind, object));
            let after = change.after.as_ref().filter(|object| is_within(target, &kind, object));
            let event = match (before, after) {
                (_, Some(object)) => WatchEvent::Changed(in_version(&kind, object)),
                (Some(object), None) => WatchEvent::Gone(ObjectRef {
                    api_version: target.api_version.clone(),
                    ..ObjectRef::of(object)
                }),
                (None, None) => return None,
            };
            Some((change.revision, event))
        });
        Ok(events.take(limit).collect())
    }

    /// The objects of a target as they were at a revision; `None` when that is forgotten, or the kind is not served.
    #[must_use]
    pub fn objects_at(&self, target: &WatchTarget, revision: u64) -> Option<Vec<Object>> {
        let kind = self.kind(&target.api_version, &target.kind).ok()?;
        let now = self.store.list(&kind.resource, None).map(|stored| std::sync::Arc::clone(&stored.object));
        let place = |object: &Object| {
            (metadata::text(object, "namespace").to_owned(), metadata::text(object, "name").to_owned())
        };
        let mut objects: BTreeMap<_, Object> = now.map(|object| (place(&object), object)).collect();
        let changes: Vec<_> = self.store.changes_after(&kind.resource, revision)?.collect();
        for change in changes.into_iter().rev() {
            if let Some(object) = &change.after {
                objects.remove(&place(object));
            }
            if let Some(object) = &change.before {
                objects.insert(place(object), std::sync::Arc::clone(object));
            }
        }
        let chosen = objects.into_values().filter(|object| is_within(target, &kind, object));
        Some(chosen.map(|object| in_version(&kind, &object)).collect())
    }

    /// `plural.group` of a target, the name under which the store keeps it.
    ///
    /// # Errors
    ///
    /// 404 for a kind that is not served.
    pub fn resource_of(&self, target: &WatchTarget) -> Result<std::sync::Arc<str>, ApiError> {
        Ok(std::sync::Arc::clone(&self.kind(&target.api_version, &target.kind)?.resource))
    }
}

fn expired(message: &str) -> ApiError {
    ApiError::new(410, "Expired", message)
}

fn is_within(target: &WatchTarget, kind: &Kind, object: &Object) -> bool {
    let namespace = metadata::text(object, "namespace");
    let scope = target.namespace.as_deref().filter(|_| kind.namespaced);
    scope.is_none_or(|scope| scope == namespace) && is_chosen(target, object)
}

fn is_chosen(target: &WatchTarget, object: &Object) -> bool {
    target.name.as_deref().is_none_or(|name| name == metadata::text(object, "name"))
        && has_labels(object, &target.labels)
}
