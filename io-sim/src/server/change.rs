//! A write of an object that exists.

use std::sync::{Arc, LazyLock};

use pilothouse_protocol::{ApiError, Object, metadata};
use serde_json::{Map, Value, json};

use super::creation::prepare;
use super::fields::{FieldSet, compare};
use super::kinds::{Definition, Kind};
use super::managed::ManagedFields;
use super::metadata_fields::{copy, finalizers, metadata_of, put, put_managed};
use super::pod_admission::admit_change;
use super::read::in_version;
use super::storage_defaults::note_phase;
use super::store::{Place, Stored};
use super::write::{Write, writer};
use super::{Caller, Server, defaults, errors, validation};

/// How often the template of a DaemonSet has changed.
pub(crate) const TEMPLATE_GENERATION: &str = "deprecated.daemonset.template.generation";

/// What says that an object is deleted: nobody can own it, but for as long as nobody leaves it out.
static END: LazyLock<FieldSet> = LazyLock::new(|| {
    FieldSet::decode(&json!({"f:metadata": {"f:deletionTimestamp": {}, "f:deletionGracePeriodSeconds": {}}}))
});

impl Server {
    pub(super) fn write_change(&mut self, caller: &Caller<'_>, write: Write<'_>) -> Result<Object, ApiError> {
        let Write { kind, place, live, mut object, managed, status, dry_run } = write;
        let Some(live) = live else { return Err(errors::not_found(kind, &place.name)) };
        guard(kind, &live.object, &object)?;
        let forgets_end = metadata::is_deleting(&live.object) && !metadata::is_deleting(&object);
        keep_identity(kind, &live.object, &mut object);
        let given = metadata_of(&mut object).remove("managedFields");
        let is_labelled = object.pointer("/metadata/labels").is_some();
        keep_other_half(kind, &live.object, &mut object, status);
        prepare(kind, &mut object);
        if kind.is_builtin() && kind.gvk.kind == "DaemonSet" {
            // What is not said is none, until the server counts.
            let annotations = defaults::inner(&mut object["metadata"], "annotations");
            defaults::set(annotations, TEMPLATE_GENERATION, json!("0"));
        }
        let time = caller.time();
        let managed = managed.unwrap_or_else(|| {
            let mut managed = given_managers(given.as_ref(), &live);
            if live.managed.entries.is_empty() {
                // Nobody begins to own fields of an object that nobody owned, before the first apply.
                return managed;
            }
            let mut changes = compare(kind.typed(), Some(&live.object), Some(&object), false);
            if forgets_end {
                changes.removed = changes.removed.union(&END);
            }
            managed.record_update(&writer(caller, kind, status, &time), &changes, kind);
            managed
        });
        self.keep_allocated(kind, &live.object, &mut object);
        keep_counted(kind, &live.object, &mut object);
        if !status {
            admit(kind, &live.object, &mut object);
        } else if kind.is_builtin() && kind.gvk.kind == "PersistentVolume" {
            note_phase(&live.object, &mut object, &time);
        }
        let mut problems = validation::check_change(kind, &live.object, &object);
        if let Definition::Custom(version) = &kind.definition {
            let found = version.validate(&object);
            // A status is validated by itself, and half of each text names its fields from there.
            problems.extend(
                found.into_iter().map(|text| if status { text.replace(": status.", ": ") } else { text }),
            );
        }
        if !problems.is_empty() {
            return Err(errors::invalid(kind, &place.name, &problems));
        }
        if is_same(&live, &mut object, &managed) {
            return Ok(in_version(kind, &live.object));
        }
        if kind.generation && !status && spec_differs(kind, &live.object, &object) {
            put(&mut object, "generation", Some(json!(metadata::generation(&live.object) + 1)));
        }
        put_managed(&mut object, &managed);
        if dry_run {
            return Ok(Arc::new(object));
        }
        if self.is_finished(kind, &object) {
            self.remove(place);
            // The labels of a Job's template are read into a stored one only.
            if status && !is_labelled && kind.is_builtin() && kind.gvk.kind == "Job" {
                put(&mut object, "labels", None);
            }
            return Ok(Arc::new(object));
        }
        let stored = self.commit(place, object, managed);
        self.definition_changed(kind, &stored);
        Ok(stored)
    }

    pub(super) fn commit(&mut self, place: &Place, mut object: Value, managed: ManagedFields) -> Object {
        let revision = self.store.next_revision();
        put(&mut object, "resourceVersion", Some(Value::String(revision.to_string())));
        let object = Arc::new(object);
        let stored = Stored { object: Arc::clone(&object), managed: Arc::new(managed) };
        self.store.put(place, stored, revision);
        object
    }

    /// Whether the last finalizer of a deleted object is gone.
    pub(super) fn is_finished(&self, kind: &Kind, object: &Value) -> bool {
        metadata::is_deleting(object)
            && finalizers(object).is_empty()
            && kind.gvk.kind != "Namespace"
            && object.pointer("/metadata/deletionGracePeriodSeconds") == Some(&json!(0))
    }
}

fn guard(kind: &Kind, live: &Value, object: &Value) -> Result<(), ApiError> {
    let name = metadata::text(live, "name");
    let (wanted, found) = (metadata::text(object, "uid"), metadata::text(live, "uid"));
    if !wanted.is_empty() && wanted != found {
        let why = format!("Precondition failed: UID in precondition: {wanted}, UID in object meta: {found}");
        return Err(errors::conflict(kind, name, &why));
    }
    let version = metadata::text(object, "resourceVersion");
    if !version.is_empty() && version != metadata::text(live, "resourceVersion") {
        return Err(errors::modified(kind, name));
    }
    Ok(())
}

fn keep_identity(kind: &Kind, live: &Value, object: &mut Value) {
    for field in [
        "uid",
        "name",
        "namespace",
        "creationTimestamp",
        "deletionTimestamp",
        "deletionGracePeriodSeconds",
        "generation",
        "generateName",
        "resourceVersion",
    ] {
        copy(object, live, field);
    }
    if kind.gvk.kind == "Namespace"
        && let Value::Object(fields) = object
    {
        fields.insert("spec".to_owned(), live.get("spec").cloned().unwrap_or_default());
    }
}

/// What becomes of a changed object, apart from its status, before it is looked at.
fn admit(kind: &Kind, live: &Value, object: &mut Value) {
    match kind.gvk.kind.as_str() {
        _ if !kind.is_builtin() => {}
        "Pod" => admit_change(live, object),
        // What no load balancer serves any more has no addresses of one.
        "Service" if object["spec"]["type"] != "LoadBalancer" => {
            defaults::inner(object, "status")["loadBalancer"] = json!({});
        }
        _ => {}
    }
}

/// What the server counts or derives by itself goes on from what it was.
fn keep_counted(kind: &Kind, live: &Value, object: &mut Value) {
    match kind.gvk.kind.as_str() {
        _ if !kind.is_builtin() => {}
        "DaemonSet" => {
            let template = |daemon_set: &Value| daemon_set.pointer("/spec/template").cloned();
            let count = live["metadata"]["annotations"].get(TEMPLATE_GENERATION).and_then(Value::as_str);
            let count = count.and_then(|count| count.parse::<i64>().ok()).unwrap_or(1);
            let count = count + i64::from(template(live) != template(object));
            defaults::inner(&mut object["metadata"], "annotations")[TEMPLATE_GENERATION] =
                json!(count.to_string());
        }
        "Pod" => {
            if let Some(class) = live.pointer("/status/qosClass").cloned() {
                defaults::set(defaults::inner(object, "status"), "qosClass", class);
            }
        }
        _ => {}
    }
}

/// A write of the status leaves everything else as it is; any other write leaves the status as it is.
fn keep_other_half(kind: &Kind, live: &Value, object: &mut Value, status: bool) {
    if status {
        let wanted = object.as_object_mut().and_then(|fields| fields.remove("status"));
        let mut kept = live.clone();
        if kind.is_builtin() {
            kept["metadata"] = metadata_with_status(kind, live, object);
        }
        metadata_of(&mut kept).remove("managedFields");
        if let Value::Object(fields) = &mut kept {
            fields.insert("status".to_owned(), wanted.unwrap_or_else(|| Value::Object(Map::new())));
        }
        *object = kept;
    } else if kind.status
        && let Value::Object(fields) = object
    {
        match live.get("status") {
            Some(kept) => fields.insert("status".to_owned(), kept.clone()),
            None => fields.remove("status"),
        };
    }
}

/// Built-in kinds take labels, annotations and finalizers from a write of the status as well; Deployments keep their labels.
fn metadata_with_status(kind: &Kind, live: &Value, object: &Value) -> Value {
    let mut metadata = object.get("metadata").cloned().unwrap_or_default();
    if kind.gvk.kind == "Deployment" {
        match (live.pointer("/metadata/labels"), &mut metadata) {
            (Some(labels), metadata) => metadata["labels"] = labels.clone(),
            (None, Value::Object(fields)) => drop(fields.remove("labels")),
            _ => {}
        }
    }
    metadata
}

/// The owners written in the object, if it has any, else those of the live object.
fn given_managers(given: Option<&Value>, live: &Stored) -> ManagedFields {
    let listed = given.and_then(Value::as_array).is_some_and(|list| !list.is_empty());
    let unchanged = given == live.object.pointer("/metadata/managedFields");
    if !listed || unchanged {
        return live.managed.read_again();
    }
    let decoded = given.map(ManagedFields::decode).unwrap_or_default();
    if decoded.entries.is_empty() { live.managed.read_again() } else { decoded }
}

fn is_same(live: &Stored, object: &mut Value, managed: &ManagedFields) -> bool {
    if !live.managed.same_ownership(managed) {
        return false;
    }
    copy(object, &live.object, "managedFields");
    let version = live.object.get("apiVersion").cloned().unwrap_or_default();
    let asked = object.get("apiVersion").cloned().unwrap_or_default();
    object["apiVersion"] = version;
    let same = *object == *live.object;
    object["apiVersion"] = asked;
    same
}

fn spec_differs(kind: &Kind, live: &Value, object: &Value) -> bool {
    if kind.is_builtin() && kind.gvk.kind == "PriorityClass" {
        return false;
    }
    if kind.is_builtin() && kind.status {
        // A Deployment counts its annotations as part of what it wants.
        let annotations = |value: &Value| value.pointer("/metadata/annotations").cloned();
        return live.get("spec") != object.get("spec")
            || (kind.gvk.kind == "Deployment" && annotations(live) != annotations(object));
    }
    // Whoever reads slices chooses them by their labels.
    let labels = |value: &Value| value.pointer("/metadata/labels").cloned();
    !said(kind, live).eq(said(kind, object))
        || (kind.is_builtin() && kind.gvk.kind == "EndpointSlice" && labels(live) != labels(object))
}

/// What an object says besides what it is, and besides what has become of it.
fn said<'o>(kind: &Kind, object: &'o Value) -> impl Iterator<Item = (&'o String, &'o Value)> {
    let has_status = kind.status;
    object.as_object().into_iter().flatten().filter(move |(key, _)| {
        let apart = *key == "status" && has_status;
        !apart && !matches!(key.as_str(), "metadata" | "apiVersion" | "kind")
    })
}
