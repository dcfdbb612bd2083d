//! Create, update and patch: from a request to a stored object.

use pilothouse_protocol::{ApiError, Object, ObjectRef, Patch, metadata};
use serde_json::Value;

use super::kinds::Kind;
use super::managed::{ManagedFields, Writer};
use super::metadata_fields::put;
use super::patch::{apply, json_patch, merge_patch, strategic_patch};
use super::rbac::{Attempt, authorise};
use super::read::in_version;
use super::store::{Place, Stored};
use super::{Caller, Server, errors};

/// The options of a patch.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PatchOptions {
    pub(crate) patch: Patch,
    pub(crate) status: bool,
    pub(crate) dry_run: bool,
}

/// The options of an update.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct UpdateOptions {
    pub(crate) status: bool,
    pub(crate) dry_run: bool,
}

/// A write on its way into the store.
pub(super) struct Write<'a> {
    pub(super) kind: &'a Kind,
    pub(super) place: &'a Place,
    pub(super) live: Option<Stored>,
    /// The wanted object.
    pub(super) object: Value,
    /// The owners, if apply has computed them already.
    pub(super) managed: Option<ManagedFields>,
    pub(super) status: bool,
    pub(super) dry_run: bool,
}

impl Server {
    pub(crate) fn create(
        &mut self,
        caller: &Caller<'_>,
        body: &Object,
        dry_run: bool,
    ) -> Result<Object, ApiError> {
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
        let write =
            Write { kind: &kind, place: &place, live: None, object, managed: None, status: false, dry_run };
        self.write_new(caller, write)
    }

    pub(crate) fn update(
        &mut self,
        caller: &Caller<'_>,
        body: &Object,
        options: UpdateOptions,
    ) -> Result<Object, ApiError> {
        let (kind, place) = self.locate(&ObjectRef::of(body))?;
        let UpdateOptions { status, dry_run } = options;
        if status && !kind.status {
            return Err(errors::unknown_kind());
        }
        let attempt =
            Attempt { verb: "update", kind: &kind, status, namespace: &place.namespace, name: &place.name };
        authorise(&self.store, caller.identity, &attempt)?;
        let is_there = self.store.get(&place.resource, &place.namespace, &place.name).is_some();
        if !is_there && makes_on_update(&kind) {
            authorise(&self.store, caller.identity, &Attempt { verb: "create", ..attempt })?;
            let (live, object) = (None, Value::clone(body));
            let write = Write { kind: &kind, place: &place, live, object, managed: None, status, dry_run };
            return self.write_new(caller, write);
        }
        let live = self.live(&kind, &place)?;
        if is_conditional(&kind) && metadata::text(body, "resourceVersion").is_empty() {
            let why = "metadata.resourceVersion: Invalid value: 0: must be specified for an update";
            let message = format!("{} {:?} is invalid: {why}", kind.resource, place.name);
            return Err(ApiError::new(422, "Invalid", message));
        }
        let object = Value::clone(body);
        let write =
            Write { kind: &kind, place: &place, live: Some(live), object, managed: None, status, dry_run };
        self.write_change(caller, write)
    }

    pub(crate) fn patch(
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

    /// Sets the number of replicas through `scale`.
    pub(crate) fn scale(
        &mut self,
        caller: &Caller<'_>,
        target: &ObjectRef,
        replicas: i64,
        dry_run: bool,
    ) -> Result<Object, ApiError> {
        let (kind, place) = self.locate(target)?;
        let (namespace, name) = (place.namespace.as_str(), place.name.as_str());
        authorise(
            &self.store,
            caller.identity,
            &Attempt { verb: "patch", kind: &kind, status: false, namespace, name },
        )?;
        let live = self.live(&kind, &place)?;
        let before = live.object.pointer("/spec/replicas").and_then(Value::as_i64).unwrap_or_default();
        let mut managed = live.managed.as_ref().clone();
        let time = caller.time();
        managed.record_scale(&writer(caller, &kind, false, &time), before, replicas);
        let mut object = Value::clone(&live.object);
        object["spec"]["replicas"] = Value::from(replicas);
        let (live, managed) = (Some(live), Some(managed));
        let write = Write { kind: &kind, place: &place, live, object, managed, status: false, dry_run };
        self.write_change(caller, write)
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
}

/// Whether an update must say which version it was made on (`AllowUnconditionalUpdate` of `pkg/registry/*/strategy.go`).
fn is_conditional(kind: &Kind) -> bool {
    !kind.is_builtin()
        || matches!(
            &*kind.resource,
            "customresourcedefinitions.apiextensions.k8s.io"
                | "apiservices.apiregistration.k8s.io"
                | "poddisruptionbudgets.policy"
                | "leases.coordination.k8s.io"
                | "runtimeclasses.node.k8s.io"
                | "csidrivers.storage.k8s.io"
                | "csinodes.storage.k8s.io"
                | "csistoragecapacities.storage.k8s.io"
                | "volumeattachments.storage.k8s.io"
        )
        || kind.gvk.group() == "admissionregistration.k8s.io"
}

/// Whether an update of what does not exist makes it.
fn makes_on_update(kind: &Kind) -> bool {
    matches!(
        &*kind.resource,
        "services"
            | "runtimeclasses.node.k8s.io"
            | "endpoints"
            | "events"
            | "limitranges"
            | "leases.coordination.k8s.io"
            | "roles.rbac.authorization.k8s.io"
            | "rolebindings.rbac.authorization.k8s.io"
            | "clusterroles.rbac.authorization.k8s.io"
            | "clusterrolebindings.rbac.authorization.k8s.io"
    )
}

pub(super) fn writer<'a>(caller: &'a Caller<'_>, kind: &'a Kind, status: bool, time: &'a str) -> Writer<'a> {
    let subresource = if status { "status" } else { caller.subresource };
    Writer { manager: caller.manager, api_version: &kind.gvk.api_version, subresource, time }
}

/// The server does not say which operation of a JSON patch failed.
fn unprocessable(_: String) -> ApiError {
    ApiError::new(422, "Invalid", errors::UNPROCESSABLE)
}

fn unsupported_patch() -> ApiError {
    let types = "application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml";
    let message =
        format!("the body of the request was in an unknown format - accepted media types include: {types}");
    ApiError::new(415, "UnsupportedMediaType", message)
}
