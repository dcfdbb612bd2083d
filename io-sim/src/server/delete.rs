//! Deletion: finalizers, grace, owner references, namespaces, custom kinds.

use std::sync::Arc;

use pilothouse_protocol::{ApiError, Identity, Object, ObjectRef, Preconditions, Propagation, metadata};
use serde_json::{Value, json};

use super::kinds::Kind;
use super::metadata_fields::{finalizers, mark_deleted, put, set_finalizers};
use super::rbac::{Attempt, authorise};
use super::read::in_version;
use super::store::{Place, Stored};
use super::{Caller, Server, errors};

const FOREGROUND: &str = "foregroundDeletion";
const ORPHAN: &str = "orphan";
const DEFINITION_CLEANUP: &str = "customresourcecleanup.apiextensions.k8s.io";

/// The options of a deletion.
#[derive(Debug, Clone, Default)]
pub(crate) struct DeleteOptions {
    /// What happens to dependents; `None` leaves it to the kind and to what was said before.
    pub(crate) propagation: Option<Propagation>,
    pub(crate) preconditions: Preconditions,
    /// Seconds that a Pod has to end; `None` leaves it to the Pod.
    pub(crate) grace: Option<i64>,
    pub(crate) dry_run: bool,
}

/// What came of a deletion.
#[derive(Debug, Clone)]
pub(crate) struct Deletion {
    /// The object, as it is or was last.
    pub(crate) object: Object,
    /// Whether it is gone.
    pub(crate) gone: bool,
}

impl Server {
    pub(crate) fn delete(
        &mut self,
        caller: &Caller<'_>,
        object: &ObjectRef,
        options: &DeleteOptions,
    ) -> Result<Deletion, ApiError> {
        let (kind, place) = self.locate(object)?;
        let attempt = Attempt {
            verb: "delete",
            kind: &kind,
            status: false,
            namespace: &place.namespace,
            name: &place.name,
        };
        authorise(&self.store, caller.identity, &attempt)?;
        let stored = self.store.get(&place.resource, &place.namespace, &place.name).cloned();
        let stored = stored.ok_or_else(|| errors::not_found(&kind, &place.name))?;
        check_preconditions(&kind, &stored.object, &options.preconditions)?;
        Ok(self.begin_deletion(caller, &kind, &place, &stored, options))
    }

    fn begin_deletion(
        &mut self,
        caller: &Caller<'_>,
        kind: &Kind,
        place: &Place,
        stored: &Stored,
        options: &DeleteOptions,
    ) -> Deletion {
        let unchanged = || Deletion { object: in_version(kind, &stored.object), gone: false };
        let mut names = finalizers(&stored.object);
        let propagation = options.propagation.unwrap_or_else(|| usual_propagation(kind, &names));
        names.retain(|name| *name != FOREGROUND && *name != ORPHAN);
        match propagation {
            Propagation::Background => {}
            Propagation::Foreground => names.push(FOREGROUND),
            Propagation::Orphan => names.push(ORPHAN),
        }
        if &*place.resource == "customresourcedefinitions.apiextensions.k8s.io"
            && !names.contains(&DEFINITION_CLEANUP)
        {
            names.push(DEFINITION_CLEANUP);
        }
        let namespace = &*place.resource == "namespaces";
        let grace = grace(kind, &stored.object, options.grace);
        if names.is_empty() && !namespace && grace == 0 {
            if options.dry_run {
                return Deletion { gone: true, ..unchanged() };
            }
            self.remove(place);
            // A Pod ends gracefully, if only for a moment.
            let is_graceful = kind.is_builtin() && kind.gvk.kind == "Pod";
            let mut object = Value::clone(&stored.object);
            if is_graceful {
                mark_deleted(&mut object, &caller.time(), grace);
            }
            return Deletion { object: in_version(kind, &Arc::new(object)), gone: true };
        }
        if metadata::is_deleting(&stored.object) && names == finalizers(&stored.object) {
            return unchanged();
        }
        let mut object = Value::clone(&stored.object);
        set_finalizers(&mut object, &names);
        mark_deleted(&mut object, &caller.time(), grace);
        if namespace {
            object["status"]["phase"] = json!("Terminating");
        }
        let object = if options.dry_run {
            Arc::new(object)
        } else {
            self.commit(place, object, stored.managed.as_ref().clone())
        };
        Deletion { object: in_version(kind, &object), gone: false }
    }

    /// Removes an object for good, finalizers or not.
    pub(super) fn remove(&mut self, place: &Place) {
        if let Some(gone) = self.store.remove(place) {
            self.orphaned.insert(metadata::text(&gone, "uid").to_owned());
            self.definition_removed(&place.resource, &place.name);
        }
    }

    /// Ends the grace period of a Pod, as its kubelet does.
    pub fn finish_pod(&mut self, wall: i64, namespace: &str, name: &str) {
        let place = Place { resource: "pods".into(), namespace: namespace.to_owned(), name: name.to_owned() };
        let Some(stored) = self.store.get(&place.resource, namespace, name).cloned() else { return };
        if !metadata::is_deleting(&stored.object) {
            return;
        }
        if finalizers(&stored.object).is_empty() {
            self.remove(&place);
            return;
        }
        let _ = wall;
        let mut object = Value::clone(&stored.object);
        put(&mut object, "deletionGracePeriodSeconds", Some(json!(0)));
        self.commit(&place, object, stored.managed.as_ref().clone());
    }

    /// Whether the garbage collector has something to look at.
    #[must_use]
    pub fn has_garbage(&self) -> bool {
        !self.orphaned.is_empty()
    }

    /// One pass of the garbage collector: dependents of what is gone follow, and what waits for its dependents
    /// (foreground, orphan) goes on. Returns whether anything was done.
    pub fn collect_garbage(&mut self, wall: i64) -> bool {
        let before = self.store.revision();
        for uid in std::mem::take(&mut self.orphaned) {
            for place in self.store.dependents(&uid) {
                self.delete_if_unowned(wall, &place);
            }
        }
        self.store.revision() != before
    }

    /// Goes on with an object that waits for its dependents. Returns whether it is gone or was let go.
    pub fn advance_dependents(&mut self, wall: i64, object: &Object) -> bool {
        let names = finalizers(object);
        let Some(place) = self.store.by_uid(metadata::text(object, "uid")).cloned() else { return false };
        let dependents = self.store.dependents(metadata::text(object, "uid"));
        if names.contains(&ORPHAN) {
            for dependent in dependents {
                self.drop_owner(&dependent, metadata::text(object, "uid"));
            }
            return self.drop_finalizer(&place, ORPHAN);
        }
        if !names.contains(&FOREGROUND) {
            return false;
        }
        let blocking: Vec<Place> = dependents
            .into_iter()
            .filter(|place| self.store.get(&place.resource, &place.namespace, &place.name).is_some())
            .collect();
        if blocking.is_empty() {
            return self.drop_finalizer(&place, FOREGROUND);
        }
        for dependent in blocking {
            self.delete_place(wall, &dependent, Propagation::Foreground);
        }
        false
    }

    /// Goes on with the deletion of a namespace. Returns whether it is gone.
    pub fn advance_namespace(&mut self, wall: i64, name: &str) -> bool {
        let content = self.store.in_namespace(name);
        if content.is_empty() {
            self.remove(&Place {
                resource: "namespaces".into(),
                namespace: String::new(),
                name: name.to_owned(),
            });
            return true;
        }
        for place in content {
            self.delete_place(wall, &place, Propagation::Background);
        }
        false
    }

    /// Goes on with the deletion of a CustomResourceDefinition: its objects go first. Returns whether it was let go.
    pub fn advance_definition(&mut self, wall: i64, name: &str) -> bool {
        let objects: Vec<ObjectRef> =
            self.store.list(name, None).map(|stored| ObjectRef::of(&stored.object)).collect();
        let resource: Arc<str> = name.into();
        for object in &objects {
            let place = Place {
                resource: Arc::clone(&resource),
                namespace: object.namespace.clone().unwrap_or_default(),
                name: object.name.clone(),
            };
            self.delete_place(wall, &place, Propagation::Background);
        }
        if self.store.list(name, None).next().is_some() {
            return false;
        }
        let place = Place {
            resource: "customresourcedefinitions.apiextensions.k8s.io".into(),
            namespace: String::new(),
            name: name.to_owned(),
        };
        self.drop_finalizer(&place, DEFINITION_CLEANUP)
    }

    /// Takes a finalizer away, as the controller that holds it does. Returns whether it was there.
    pub fn release_finalizer(&mut self, object: &ObjectRef, finalizer: &str) -> bool {
        self.locate(object).is_ok_and(|(_, place)| self.drop_finalizer(&place, finalizer))
    }

    fn drop_finalizer(&mut self, place: &Place, finalizer: &str) -> bool {
        let Some(stored) = self.store.get(&place.resource, &place.namespace, &place.name).cloned() else {
            return false;
        };
        let mut names = finalizers(&stored.object);
        let count = names.len();
        names.retain(|name| *name != finalizer);
        if names.len() == count {
            return false;
        }
        if names.is_empty() && metadata::is_deleting(&stored.object) && !is_graceful(&stored.object) {
            self.remove(place);
            return true;
        }
        let mut object = Value::clone(&stored.object);
        set_finalizers(&mut object, &names);
        self.commit(place, object, stored.managed.as_ref().clone());
        true
    }

    fn delete_place(&mut self, wall: i64, place: &Place, propagation: Propagation) {
        let Some(stored) = self.store.get(&place.resource, &place.namespace, &place.name).cloned() else {
            return;
        };
        let reference = ObjectRef::of(&stored.object);
        let found = self.kinds.find(&reference.api_version, &reference.kind).cloned();
        let Some(kind) = found.or_else(|| self.kinds.of_resource(&place.resource).cloned()) else { return };
        if metadata::is_deleting(&stored.object) {
            return;
        }
        let caller = Caller {
            wall,
            identity: &Identity::Controller,
            manager: "kube-controller-manager",
            subresource: "",
        };
        let options = DeleteOptions { propagation: Some(propagation), ..DeleteOptions::default() };
        self.begin_deletion(&caller, &kind, place, &stored, &options);
    }

    fn delete_if_unowned(&mut self, wall: i64, place: &Place) {
        let Some(stored) = self.store.get(&place.resource, &place.namespace, &place.name) else { return };
        let alive = super::store::owners(&stored.object).any(|uid| self.store.by_uid(uid).is_some());
        if !alive {
            self.delete_place(wall, place, Propagation::Background);
        }
    }

    fn drop_owner(&mut self, place: &Place, uid: &str) {
        let Some(stored) = self.store.get(&place.resource, &place.namespace, &place.name).cloned() else {
            return;
        };
        let mut object = Value::clone(&stored.object);
        let references = object.pointer_mut("/metadata/ownerReferences").and_then(Value::as_array_mut);
        if let Some(references) = references {
            references.retain(|reference| reference["uid"] != uid);
        }
        self.commit(place, object, stored.managed.as_ref().clone());
    }
}

fn check_preconditions(kind: &Kind, object: &Value, wanted: &Preconditions) -> Result<(), ApiError> {
    let name = metadata::text(object, "name");
    let uid = metadata::text(object, "uid");
    if let Some(expected) = wanted.uid.as_deref().filter(|expected| *expected != uid) {
        let why = format!(
            "the UID in the precondition ({expected}) does not match the UID in record ({uid}). The object might have been deleted and then recreated"
        );
        return Err(precondition_failed(kind, name, &why));
    }
    let version = metadata::text(object, "resourceVersion");
    if let Some(expected) = wanted.resource_version.as_deref().filter(|expected| *expected != version) {
        let why = format!(
            "the ResourceVersion in the precondition ({expected}) does not match the ResourceVersion in record ({version}). The object might have been modified"
        );
        return Err(precondition_failed(kind, name, &why));
    }
    Ok(())
}

/// 409 that names the kind instead of the resource.
fn precondition_failed(kind: &Kind, name: &str, why: &str) -> ApiError {
    let message = format!("Operation cannot be fulfilled on {} {name:?}: {why}", kind.kind_group);
    ApiError::new(409, "Conflict", message)
}

/// What happens to dependents when a deletion does not say: what an earlier one said, or else the kind's habit.
fn usual_propagation(kind: &Kind, finalizers: &[&str]) -> Propagation {
    if finalizers.contains(&ORPHAN) {
        Propagation::Orphan
    } else if finalizers.contains(&FOREGROUND) {
        Propagation::Foreground
    } else if matches!(&*kind.resource, "jobs.batch" | "replicationcontrollers") {
        Propagation::Orphan
    } else {
        Propagation::Background
    }
}

/// Seconds that an object has to end by itself: only Pods that run have any.
fn grace(kind: &Kind, object: &Value, wanted: Option<i64>) -> i64 {
    if !is_running_pod(kind, object) {
        return 0;
    }
    let own = object.pointer("/spec/terminationGracePeriodSeconds").and_then(Value::as_i64);
    wanted.unwrap_or_else(|| own.unwrap_or(30)).max(0)
}

fn is_running_pod(kind: &Kind, object: &Value) -> bool {
    let phase = object.pointer("/status/phase").and_then(Value::as_str).unwrap_or_default();
    &*kind.resource == "pods"
        && object.pointer("/spec/nodeName").is_some()
        && !matches!(phase, "Succeeded" | "Failed")
}

fn is_graceful(object: &Value) -> bool {
    object.pointer("/metadata/deletionGracePeriodSeconds").and_then(Value::as_i64).unwrap_or_default() > 0
}
