//! Create, update and patch: from a request to a stored object.

use std::sync::Arc;

use pilothouse_protocol::{ApiError, Object, ObjectRef, Patch, metadata};
use serde_json::{Map, Value, json};

use super::fields::compare;
use super::kinds::{Definition, Kind};
use super::managed::{ManagedFields, Writer};
use super::metadata_fields::{copy, finalizers, metadata_of, put};
use super::patch::{apply, json_patch, merge_patch, strategic_patch};
use super::rbac::{Attempt, authorise};
use super::read::in_version;
use super::schema::normalise;
use super::store::{Place, Stored};
use super::{Caller, Server, defaults, errors, validation};

/// The options of a patch.
#[derive(Debug, Clone, Copy)]
pub(super) struct PatchOptions {
    pub(super) patch: Patch,
    pub(super) status: bool,
    pub(super) dry_run: bool,
}

/// A write on its way into the store.
struct Write<'a> {
    kind: &'a Kind,
    place: &'a Place,
    live: Option<Stored>,
    /// The wanted object.
    object: Value,
    /// The owners, if apply has computed them already.
    managed: Option<ManagedFields>,
    status: bool,
    dry_run: bool,
}

impl Server {
    pub(super) fn create(&mut self, caller: &Caller<'_>, body: &Object) -> Result<Object, ApiError> {
        let mut object = Value::clone(body);
        if let (true, prefix @ 1..) =
            (metadata::text(body, "name").is_empty(), metadata::text(body, "generateName").len())
        {
            let name = format!("{}{}", &metadata::text(body, "generateName")[..prefix], self.name_suffix());
            put(&mut object, "name", Some(Value::String(name)));
        }
        let (kind, place) = self.locate(&ObjectRef::of(&object))?;
        let attempt =
            Attempt { verb: "create", kind: &kind, status: false, namespace: &place.namespace, name: "" };
        authorise(&self.store, caller.identity, &attempt)?;
        if !metadata::text(&object, "resourceVersion").is_empty() {
            let message = "resourceVersion should not be set on objects to be created";
            return Err(ApiError::new(500, "", message));
        }
        if self.store.get(&place.resource, &place.namespace, &place.name).is_some() {
            return Err(errors::already_exists(&kind, &place.name));
        }
        let write = Write {
            kind: &kind,
            place: &place,
            live: None,
            object,
            managed: None,
            status: false,
            dry_run: false,
        };
        self.write_new(caller, write)
    }

    pub(super) fn update(&mut self, caller: &Caller<'_>, body: &Object) -> Result<Object, ApiError> {
        let (kind, place) = self.locate(&ObjectRef::of(body))?;
        let attempt = Attempt {
            verb: "update",
            kind: &kind,
            status: false,
            namespace: &place.namespace,
            name: &place.name,
        };
        authorise(&self.store, caller.identity, &attempt)?;
        let live = self.live(&kind, &place)?;
        if is_conditional(&kind) && metadata::text(body, "resourceVersion").is_empty() {
            let why = "metadata.resourceVersion: Invalid value: 0: must be specified for an update";
            let message = format!("{} {:?} is invalid: {why}", kind.resource, place.name);
            return Err(ApiError::new(422, "Invalid", message));
        }
        let object = Value::clone(body);
        let write = Write {
            kind: &kind,
            place: &place,
            live: Some(live),
            object,
            managed: None,
            status: false,
            dry_run: false,
        };
        self.write_change(caller, write)
    }

    pub(super) fn patch(
        &mut self,
        caller: &Caller<'_>,
        target: &ObjectRef,
        options: PatchOptions,
        body: &Value,
    ) -> Result<Object, ApiError> {
        let (kind, place) = self.locate(target)?;
        let PatchOptions { patch, status, dry_run } = options;
        if status && !kind.status {
            return Err(errors::unknown_kind());
        }
        let attempt =
            Attempt { verb: "patch", kind: &kind, status, namespace: &place.namespace, name: &place.name };
        authorise(&self.store, caller.identity, &attempt)?;
        let live = self.store.get(&place.resource, &place.namespace, &place.name).cloned();
        if live.is_none() && (status || !matches!(patch, Patch::Apply { .. })) {
            return Err(errors::not_found(&kind, &place.name));
        }
        let (object, managed) = self.patched(caller, &kind, live.as_ref(), options, body)?;
        let write = Write { kind: &kind, place: &place, live, object, managed, status, dry_run };
        if write.live.is_some() {
            return self.write_change(caller, write);
        }
        authorise(&self.store, caller.identity, &Attempt { verb: "create", ..attempt })?;
        self.write_new(caller, write)
    }

    pub(super) fn replace_status(
        &mut self,
        caller: &Caller<'_>,
        target: &ObjectRef,
        status: Value,
    ) -> Result<Object, ApiError> {
        let (kind, place) = self.locate(target)?;
        let live = self.live(&kind, &place)?;
        let mut object = Value::clone(&live.object);
        object["status"] = status;
        let write = Write {
            kind: &kind,
            place: &place,
            live: Some(live),
            object,
            managed: None,
            status: true,
            dry_run: false,
        };
        self.write_change(caller, write)
    }

    fn live(&self, kind: &Kind, place: &Place) -> Result<Stored, ApiError> {
        let stored = self.store.get(&place.resource, &place.namespace, &place.name);
        stored.cloned().ok_or_else(|| errors::not_found(kind, &place.name))
    }

    fn patched(
        &self,
        caller: &Caller<'_>,
        kind: &Kind,
        live: Option<&Stored>,
        options: PatchOptions,
        body: &Value,
    ) -> Result<(Value, Option<ManagedFields>), ApiError> {
        if let Patch::Apply { force, .. } = options.patch {
            let time = caller.time();
            let writer = writer(caller, kind, options.status, &time);
            let live = live.map(|stored| (&*stored.object, &*stored.managed));
            let applied = apply(kind, live, body, &writer, force)?;
            return Ok((applied.object, Some(applied.managed)));
        }
        let Some(live) = live else { return Ok((Value::Null, None)) };
        let mut object = Value::clone(&in_version(kind, &live.object));
        match options.patch {
            Patch::Merge => merge_patch(&mut object, body),
            Patch::StrategicMerge if kind.is_builtin() => strategic_patch(kind.typed(), &mut object, body),
            Patch::StrategicMerge => return Err(unsupported_patch()),
            Patch::Json => json_patch(&mut object, body).map_err(unprocessable)?,
            Patch::Apply { .. } => {}
        }
        Ok((object, None))
    }

    fn write_new(&mut self, caller: &Caller<'_>, write: Write<'_>) -> Result<Object, ApiError> {
        let Write { kind, place, mut object, managed, dry_run, .. } = write;
        self.admit_creation(kind, place)?;
        let time = caller.time();
        self.begin_life(kind, place, &mut object, &time);
        prepare(kind, &mut object);
        let managed = managed.unwrap_or_else(|| {
            let changes = compare(kind.typed(), None, Some(&object), kind.is_builtin());
            let mut managed = ManagedFields::default();
            managed.record_update(&writer(caller, kind, false, &time), &changes, kind.status);
            managed
        });
        self.allocate(kind, &mut object);
        complete_creation(kind, &mut object);
        first_status(kind, &mut object);
        let mut problems = validation::check_new(kind, &object);
        if let Definition::Custom(version) = &kind.definition {
            problems.extend(version.validate(&object));
        }
        if !problems.is_empty() {
            return Err(errors::invalid(kind, &place.name, &problems));
        }
        put(&mut object, "managedFields", Some(managed.encode()));
        if dry_run {
            return Ok(Arc::new(object));
        }
        let stored = self.commit(place, object, managed);
        self.definition_changed(kind, &stored);
        Ok(stored)
    }

    fn write_change(&mut self, caller: &Caller<'_>, write: Write<'_>) -> Result<Object, ApiError> {
        let Write { kind, place, live, mut object, managed, status, dry_run } = write;
        let Some(live) = live else { return Err(errors::not_found(kind, &place.name)) };
        guard(kind, &live.object, &object)?;
        keep_identity(kind, &live.object, &mut object);
        let given = metadata_of(&mut object).remove("managedFields");
        keep_other_half(kind, &live.object, &mut object, status);
        prepare(kind, &mut object);
        self.keep_allocated(kind, &live.object, &mut object);
        let time = caller.time();
        let managed = managed.unwrap_or_else(|| {
            let mut managed = given_managers(given.as_ref(), &live);
            let changes = compare(kind.typed(), Some(&live.object), Some(&object), false);
            managed.record_update(&writer(caller, kind, status, &time), &changes, kind.status);
            managed
        });
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
        put(&mut object, "managedFields", Some(managed.encode()));
        if dry_run {
            return Ok(Arc::new(object));
        }
        if self.is_finished(kind, &object) {
            self.remove(place);
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
        if kind.generation {
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

    fn name_suffix(&mut self) -> String {
        const LETTERS: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";
        let mut letter = || char::from(LETTERS[usize::try_from(self.rng.below(27)).unwrap_or_default()]);
        (0..5).map(|_| letter()).collect()
    }
}

/// Whether an update must say which version it was made on.
fn is_conditional(kind: &Kind) -> bool {
    !kind.is_builtin() || kind.gvk.kind == "CustomResourceDefinition"
}

fn writer<'a>(caller: &'a Caller<'_>, kind: &'a Kind, status: bool, time: &'a str) -> Writer<'a> {
    let subresource = if status { "status" } else { "" };
    Writer { manager: caller.manager, api_version: &kind.gvk.api_version, subresource, time }
}

/// What the server adds by itself to a new object before its owner is recorded.
fn admission(kind: &Kind, object: &mut Value) {
    match kind.gvk.kind.as_str() {
        "Namespace" => {
            let name = metadata::text(object, "name").to_owned();
            let labels = defaults::inner(&mut object["metadata"], "labels");
            labels["kubernetes.io/metadata.name"] = Value::String(name);
            object["spec"] = json!({"finalizers": ["kubernetes"]});
        }
        "DaemonSet" => {
            let annotations = defaults::inner(&mut object["metadata"], "annotations");
            annotations["deprecated.daemonset.template.generation"] = json!("1");
        }
        _ => {}
    }
}

/// What the server adds to a new object that nobody owns.
fn complete_creation(kind: &Kind, object: &mut Value) {
    match kind.gvk.kind.as_str() {
        "PersistentVolumeClaim" if kind.is_builtin() => {
            let mut names = finalizers(object).into_iter().map(str::to_owned).collect::<Vec<_>>();
            names.push("kubernetes.io/pvc-protection".to_owned());
            put(object, "finalizers", Some(json!(names)));
        }
        "Job" if kind.is_builtin() && object.pointer("/spec/manualSelector") != Some(&Value::Bool(true)) => {
            job_labels(object);
        }
        _ => {}
    }
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
fn prepare(kind: &Kind, object: &mut Value) {
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

fn first_status(kind: &Kind, object: &mut Value) {
    let phase = match kind.gvk.kind.as_str() {
        _ if !kind.is_builtin() => return,
        "Namespace" => "Active",
        "PersistentVolumeClaim" | "Pod" | "PersistentVolume" => "Pending",
        _ => return,
    };
    defaults::set(defaults::inner(object, "status"), "phase", json!(phase));
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
    if kind.gvk.kind == "Job" {
        for pointer in ["selector", "manualSelector"] {
            let kept = live.get("spec").and_then(|spec| spec.get(pointer)).cloned().unwrap_or_default();
            defaults::set(defaults::inner(object, "spec"), pointer, kept);
        }
        for (key, value) in
            live.pointer("/spec/template/metadata/labels").and_then(Value::as_object).into_iter().flatten()
        {
            if key.ends_with("controller-uid") || key.ends_with("job-name") {
                let template = defaults::inner(defaults::inner(object, "spec"), "template");
                defaults::set(
                    defaults::inner(defaults::inner(template, "metadata"), "labels"),
                    key,
                    value.clone(),
                );
            }
        }
    }
}

/// A write of the status leaves everything else as it is; any other write leaves the status as it is.
fn keep_other_half(kind: &Kind, live: &Value, object: &mut Value, status: bool) {
    if status {
        let wanted = object.as_object_mut().and_then(|fields| fields.remove("status"));
        let mut kept = live.clone();
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

/// The owners written in the object, if it has any, else those of the live object.
fn given_managers(given: Option<&Value>, live: &Stored) -> ManagedFields {
    let listed = given.and_then(Value::as_array).is_some_and(|list| !list.is_empty());
    let unchanged = given == live.object.pointer("/metadata/managedFields");
    if !listed || unchanged {
        return ManagedFields::clone(&live.managed);
    }
    let decoded = given.map(ManagedFields::decode).unwrap_or_default();
    if decoded.entries.is_empty() { ManagedFields::clone(&live.managed) } else { decoded }
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
    if kind.is_builtin() && kind.status {
        // A Deployment counts its annotations as part of what it wants.
        let annotations = |value: &Value| value.pointer("/metadata/annotations").cloned();
        return live.get("spec") != object.get("spec")
            || (kind.gvk.kind == "Deployment" && annotations(live) != annotations(object));
    }
    let rest = |value: &Value| {
        let fields = value.as_object().into_iter().flatten();
        let kept = fields.filter(|(key, _)| {
            let apart = *key == "status" && kind.status;
            !apart && !matches!(key.as_str(), "metadata" | "apiVersion" | "kind")
        });
        kept.map(|(key, value)| (key.clone(), value.clone())).collect::<Map<_, _>>()
    };
    rest(live) != rest(object)
}

/// The server does not say which operation of a JSON patch failed.
fn unprocessable(_: String) -> ApiError {
    ApiError::new(422, "Invalid", "the server rejected our request due to an error in our request")
}

fn unsupported_patch() -> ApiError {
    let types = "application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml";
    let message =
        format!("the body of the request was in an unknown format - accepted media types include: {types}");
    ApiError::new(415, "UnsupportedMediaType", message)
}

impl Server {
    /// Whether the last finalizer of a deleted object is gone.
    pub(super) fn is_finished(&self, kind: &Kind, object: &Value) -> bool {
        metadata::is_deleting(object)
            && finalizers(object).is_empty()
            && kind.gvk.kind != "Namespace"
            && object.pointer("/metadata/deletionGracePeriodSeconds") == Some(&json!(0))
    }
}
