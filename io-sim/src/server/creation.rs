//! The first write of an object.

use std::sync::Arc;

use pilothouse_protocol::{ApiError, Object, metadata};
use serde_json::{Value, json};

use super::change::TEMPLATE_GENERATION;
use super::fields::compare;
use super::kinds::{Definition, Kind};
use super::managed::ManagedFields;
use super::metadata_fields::{finalizers, metadata_of, put, put_managed};
use super::pod_admission::admit_pod;
use super::schema::normalise;
use super::store::Place;
use super::write::{Write, writer};
use super::zero_values::complete_status;
use super::{Caller, Server, defaults, errors, validation};

impl Server {
    pub(super) fn write_new(&mut self, caller: &Caller<'_>, write: Write<'_>) -> Result<Object, ApiError> {
        let Write { kind, place, mut object, managed, status, dry_run, .. } = write;
        self.admit_creation(kind, place)?;
        let time = caller.time();
        let told = object.get("status").filter(|_| status).cloned();
        self.begin_life(kind, place, &mut object, &time);
        prepare(kind, &mut object);
        let managed = managed.unwrap_or_else(|| {
            let mut whole = object.clone();
            if let Some(told) = told {
                whole["status"] = told;
            }
            let changes = compare(kind.typed(), None, Some(&whole), kind.is_builtin());
            let mut managed = ManagedFields::default();
            managed.record_update(&writer(caller, kind, status, &time), &changes, kind);
            managed
        });
        // What is made by a write of its status is given nothing.
        if !status {
            self.allocate(kind, &mut object);
        }
        complete_creation(kind, &mut object);
        first_status(kind, &mut object, &time);
        let mut problems = validation::check_new(kind, &object);
        if let Definition::Custom(version) = &kind.definition {
            problems.extend(version.validate(&object));
        }
        if !problems.is_empty() {
            return Err(errors::invalid(kind, &place.name, &problems));
        }
        if let Some(there) = self.store.get(&place.resource, &place.namespace, &place.name) {
            return Err(errors::already_exists(kind, &place.name, metadata::is_deleting(&there.object)));
        }
        put_managed(&mut object, &managed);
        if dry_run {
            return Ok(Arc::new(object));
        }
        let stored = self.commit(place, object, managed);
        self.definition_changed(kind, &stored);
        Ok(stored)
    }

    fn admit_creation(&self, kind: &Kind, place: &Place) -> Result<(), ApiError> {
        if !kind.namespaced {
            return Ok(());
        }
        if place.namespace.is_empty() {
            return Err(errors::bad_request("an empty namespace may not be set during creation"));
        }
        let Some(namespace) = self.store.get("namespaces", "", &place.namespace) else {
            return Err(errors::namespace_not_found(&place.namespace));
        };
        if metadata::is_deleting(&namespace.object) {
            return Err(errors::terminating(kind, &place.name, &place.namespace));
        }
        Ok(())
    }

    fn begin_life(&mut self, kind: &Kind, place: &Place, object: &mut Value, time: &str) {
        let uid = self.rng.uuid();
        let fields = metadata_of(object);
        for foreign in
            ["managedFields", "deletionTimestamp", "deletionGracePeriodSeconds", "selfLink", "generation"]
        {
            fields.remove(foreign);
        }
        fields.insert("uid".to_owned(), Value::String(uid));
        fields.insert("creationTimestamp".to_owned(), Value::String(time.to_owned()));
        if kind.namespaced {
            fields.insert("namespace".to_owned(), Value::String(place.namespace.clone()));
        } else {
            fields.remove("namespace");
        }
        // A driver's first change is its first generation.
        if kind.generation && kind.gvk.kind != "CSIDriver" {
            fields.insert("generation".to_owned(), json!(1));
        }
        if let (true, Value::Object(fields)) = (kind.status, &mut *object) {
            fields.remove("status");
        }
        if kind.is_builtin() {
            super::defaults::set(object, "apiVersion", json!(kind.gvk.api_version));
        }
        admission(kind, object);
    }

    pub(super) fn name_suffix(&mut self) -> String {
        const LETTERS: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";
        let mut letter = || char::from(LETTERS[usize::try_from(self.rng.below(27)).unwrap_or_default()]);
        (0..5).map(|_| letter()).collect()
    }
}

/// What the server adds by itself to a new object before its owner is recorded.
fn admission(kind: &Kind, object: &mut Value) {
    match kind.gvk.kind.as_str() {
        "Namespace" => {
            let name = metadata::text(object, "name").to_owned();
            let labels = defaults::inner(&mut object["metadata"], "labels");
            labels["kubernetes.io/metadata.name"] = Value::String(name);
        }
        "DaemonSet" => {
            let annotations = defaults::inner(&mut object["metadata"], "annotations");
            annotations[TEMPLATE_GENERATION] = json!("1");
        }
        _ => {}
    }
}

/// What the server adds to a new object that nobody owns.
fn complete_creation(kind: &Kind, object: &mut Value) {
    match kind.gvk.kind.as_str() {
        "Namespace" if kind.is_builtin() => object["spec"] = json!({"finalizers": ["kubernetes"]}),
        "PersistentVolumeClaim" if kind.is_builtin() => protect(object, "kubernetes.io/pvc-protection"),
        "PersistentVolume" if kind.is_builtin() => protect(object, "kubernetes.io/pv-protection"),
        "Job" if kind.is_builtin() && object.pointer("/spec/manualSelector") != Some(&Value::Bool(true)) => {
            job_labels(object);
        }
        "Pod" if kind.is_builtin() => admit_pod(object),
        _ => {}
    }
}

/// Adds a finalizer.
fn protect(object: &mut Value, name: &str) {
    let mut names = finalizers(object).into_iter().map(str::to_owned).collect::<Vec<_>>();
    names.push(name.to_owned());
    put(object, "finalizers", Some(json!(names)));
}

/// The selector of a Job and the labels that fulfil it. A Job that has no labels of its own shares them.
fn job_labels(object: &mut Value) {
    let name = metadata::text(object, "name").to_owned();
    let uid = metadata::text(object, "uid").to_owned();
    let shared = object.pointer("/metadata/labels") == object.pointer("/spec/template/metadata/labels");
    let spec = defaults::inner(object, "spec");
    spec["selector"] = json!({"matchLabels": {"batch.kubernetes.io/controller-uid": uid}});
    let template = defaults::inner(defaults::inner(spec, "template"), "metadata");
    let labels = defaults::inner(template, "labels");
    for (key, value) in [
        ("batch.kubernetes.io/controller-uid", uid.as_str()),
        ("batch.kubernetes.io/job-name", name.as_str()),
        ("controller-uid", uid.as_str()),
        ("job-name", name.as_str()),
    ] {
        labels[key] = Value::String(value.to_owned());
    }
    let labels = labels.clone();
    if shared {
        put(object, "labels", Some(labels));
    }
}

/// Brings an object into the form in which its kind is stored.
pub(super) fn prepare(kind: &Kind, object: &mut Value) {
    if let Value::Object(fields) = object {
        fields.insert("apiVersion".to_owned(), Value::String(kind.gvk.api_version.clone()));
        fields.insert("kind".to_owned(), Value::String(kind.gvk.kind.clone()));
    }
    match &kind.definition {
        Definition::Builtin(_) => {
            if kind.gvk.kind == "Secret" {
                string_data(object);
            }
            normalise(kind.typed(), object);
            defaults::fill_defaults(&kind.gvk.kind, object);
            complete_status(&kind.gvk.kind, object);
        }
        Definition::Custom(version) => version.complete(object),
    }
}

/// `stringData` of a Secret is written into `data`.
fn string_data(object: &mut Value) {
    let Some(Value::Object(texts)) = object.as_object_mut().and_then(|fields| fields.remove("stringData"))
    else {
        return;
    };
    let data = defaults::inner(object, "data");
    for (key, text) in texts {
        data[key.as_str()] = Value::String(super::definitions::base64(text.as_str().unwrap_or_default()));
    }
}

fn first_status(kind: &Kind, object: &mut Value, time: &str) {
    if kind.is_builtin() && kind.gvk.kind == "PersistentVolume" {
        defaults::inner(object, "status")["lastPhaseTransitionTime"] = json!(time);
    }
    let phase = match kind.gvk.kind.as_str() {
        _ if !kind.is_builtin() => return,
        "Namespace" => "Active",
        "PersistentVolumeClaim" | "Pod" | "PersistentVolume" => "Pending",
        _ => return,
    };
    defaults::set(defaults::inner(object, "status"), "phase", json!(phase));
}
