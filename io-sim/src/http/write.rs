//! Create, update, patch and delete over HTTP.

use std::sync::Arc;

use pilothouse_protocol::{
    ApiError, FieldValidation, Identity, Object, ObjectRef, Patch, Preconditions, Propagation, metadata,
};
use serde_json::{Value, json};

use super::body::unknown_fields;
use super::objects::reference;
use super::route::Objects;
use super::{Context, HttpResponse, Refusal, list, names, status};
use crate::server::delete::DeleteOptions;
use crate::server::kinds::Kind;
use crate::server::patch::merge_patch;
use crate::server::write::{PatchOptions, UpdateOptions};
use crate::server::{Caller, errors};

impl Context<'_> {
    pub(super) fn create(&mut self, kind: &Kind, objects: &Objects) -> Result<HttpResponse, Refusal> {
        let form = self.answer_form()?;
        let dry_run = self.dry_run()?;
        let body = self.whole_object(kind, objects)?;
        let caller = self.who.caller();
        let created = self.server.create(&caller, &Arc::new(body), dry_run)?;
        Ok(self.shown(kind, form, &created, 201))
    }

    pub(super) fn update(
        &mut self,
        kind: &Kind,
        objects: &Objects,
        status: bool,
    ) -> Result<HttpResponse, Refusal> {
        let form = self.answer_form()?;
        let dry_run = self.dry_run()?;
        let mut body = self.whole_object(kind, objects)?;
        expect_name(objects, &mut body)?;
        let exists = self.server.peek(&reference(kind, objects)).is_some();
        let caller = self.who.caller();
        let updated = self.server.update(&caller, &Arc::new(body), UpdateOptions { status, dry_run })?;
        let code = if exists { 200 } else { 201 };
        Ok(self.shown(kind, form, &updated, code))
    }

    pub(super) fn patch(
        &mut self,
        kind: &Kind,
        objects: &Objects,
        status: bool,
    ) -> Result<HttpResponse, Refusal> {
        let form = self.answer_form()?;
        let dry_run = self.dry_run()?;
        let patch = self.patch_type(kind)?;
        let body = self.decoded()?;
        if let Patch::Apply { .. } = patch {
            expect_applied(kind, objects, &body)?;
        }
        let target = reference(kind, objects);
        let live = self.server.peek(&target);
        let exists = live.is_some();
        if let (Some(live), Patch::Merge | Patch::StrategicMerge) = (live, patch) {
            self.check_patch(kind, &live, patch, &body)?;
        }
        let caller = self.who.caller();
        let options = PatchOptions { patch, status, dry_run };
        let patched = self.server.patch(&caller, &target, options, &body)?;
        let code = if exists { 200 } else { 201 };
        Ok(self.shown(kind, form, &patched, code))
    }

    pub(super) fn delete(&mut self, kind: &Kind, objects: &Objects) -> Result<HttpResponse, Refusal> {
        let form = self.answer_form()?;
        let (options, accepted) = self.delete_options()?;
        self.warnings.extend(left_behind(kind, &options));
        let caller = self.who.caller();
        let deletion = self.server.delete(&caller, &reference(kind, objects), &options)?;
        if deletion.gone && !names::returns_deleted(kind) {
            let uid = metadata::text(&deletion.object, "uid");
            return Ok(HttpResponse::of_json(200, &status::deleted(kind, &objects.name, uid)));
        }
        let code = if !deletion.gone && accepted { 202 } else { 200 };
        Ok(self.shown(kind, form, &deletion.object, code))
    }

    pub(super) fn delete_collection(
        &mut self,
        kind: &Arc<Kind>,
        objects: &Objects,
    ) -> Result<HttpResponse, Refusal> {
        let (options, _) = self.delete_options()?;
        self.warnings.extend(left_behind(kind, &options));
        let selector = self.selected(kind, objects, "deletecollection")?;
        let scope = Some(objects.namespace.as_str()).filter(|namespace| !namespace.is_empty());
        let stored = self.server.store().list(&kind.resource, scope);
        let chosen: Vec<Object> = stored
            .filter(|stored| selector.matches(&stored.object))
            .map(|stored| Arc::clone(&stored.object))
            .collect();
        // Who may delete the collection needs no permission for each object.
        let caller = Caller { identity: &Identity::Controller, ..self.who.caller() };
        for object in &chosen {
            let target = ObjectRef { api_version: kind.gvk.api_version.clone(), ..ObjectRef::of(object) };
            // Somebody else cannot have been quicker: nothing else happens meanwhile.
            let _ = self.server.delete(&caller, &target, &options);
        }
        let document = json!({
            "kind": names::names(self.server, kind).list_kind, "apiVersion": kind.gvk.api_version,
            "metadata": {"resourceVersion": self.server.revision().to_string()}, "items": list::items(kind, &chosen),
        });
        Ok(HttpResponse::of_json(200, &document))
    }

    /// The object in the body, if it fits the path.
    fn whole_object(&mut self, kind: &Kind, objects: &Objects) -> Result<Value, Refusal> {
        let mut body = self.decoded()?;
        expect_kind(kind, &mut body)?;
        self.check_fields(kind, &body)?;
        expect_namespace(objects, &mut body)?;
        Ok(body)
    }

    fn dry_run(&self) -> Result<bool, ApiError> {
        match self.query.get("dryRun") {
            "" => Ok(false),
            "All" => Ok(true),
            other => {
                let why = format!("dryRun: Unsupported value: [{other:?}]: supported values: \"All\"");
                Err(ApiError::new(
                    422,
                    "Invalid",
                    format!("CreateOptions.meta.k8s.io \"\" is invalid: {why}"),
                ))
            }
        }
    }

    fn validation(&self) -> FieldValidation {
        match self.query.get("fieldValidation") {
            "Strict" => FieldValidation::Strict,
            "Ignore" => FieldValidation::Ignore,
            _ => FieldValidation::Warn,
        }
    }

    /// Refuses unknown fields, or warns of them, as the request wants it.
    fn check_fields(&mut self, kind: &Kind, body: &Value) -> Result<(), ApiError> {
        let validation = self.validation();
        if validation == FieldValidation::Ignore {
            return Ok(());
        }
        let unknown = unknown_fields(kind.typed(), body);
        let problems: Vec<String> = unknown.iter().map(|path| format!("unknown field {path:?}")).collect();
        if validation == FieldValidation::Warn || problems.is_empty() {
            self.warnings.extend(problems);
            return Ok(());
        }
        let (problems, name) = (problems.join(", "), &kind.gvk.kind);
        let version = kind.gvk.version();
        let why = format!("strict decoding error: {problems}");
        Err(errors::bad_request(format!(
            "{name} in version {version:?} cannot be handled as a {name}: {why}"
        )))
    }

    /// [`Self::check_fields`] for a patch, which is refused in other words: with what a merge patch makes of the object, or
    /// with the strategic patch itself.
    fn check_patch(&mut self, kind: &Kind, live: &Value, patch: Patch, body: &Value) -> Result<(), ApiError> {
        let mut body = body.clone();
        drop_directives(&mut body);
        self.check_fields(kind, &body).map_err(|error| {
            let problems = error.message.rsplit("strict decoding error: ").next().unwrap_or_default();
            let shown = match patch {
                Patch::Merge => {
                    let mut patched = live.clone();
                    merge_patch(&mut patched, &body);
                    patched
                }
                _ => body,
            };
            let why =
                format!("patch: Invalid value: {:?}: strict decoding error: {problems}", shown.to_string());
            ApiError::new(422, "Invalid", format!(" \"\" is invalid: {why}"))
        })
    }

    fn patch_type(&self, kind: &Kind) -> Result<Patch, ApiError> {
        let content_type = self.request.value("content-type");
        let media = content_type.split(';').next().unwrap_or_default().trim();
        let force = self.query.flag("force");
        let invalid = |why: &str| {
            ApiError::new(422, "Invalid", format!("PatchOptions.meta.k8s.io \"\" is invalid: {why}"))
        };
        if media == "application/apply-patch+yaml" {
            if self.query.get("fieldManager").is_empty() {
                return Err(invalid("fieldManager: Required value: is required for apply patch"));
            }
            return Ok(Patch::Apply { force, validation: self.validation() });
        }
        if self.query.has("force") {
            return Err(invalid("force: Forbidden: may not be specified for non-apply patch"));
        }
        match media {
            "application/merge-patch+json" => Ok(Patch::Merge),
            "application/json-patch+json" => Ok(Patch::Json),
            "application/strategic-merge-patch+json" if kind.is_builtin() => Ok(Patch::StrategicMerge),
            _ => {
                let strategic =
                    if kind.is_builtin() { "application/strategic-merge-patch+json, " } else { "" };
                let message = format!(
                    "the body of the request was in an unknown format - accepted media types include: \
                     application/json-patch+json, application/merge-patch+json, {strategic}application/apply-patch+yaml"
                );
                Err(ApiError::new(415, "UnsupportedMediaType", message))
            }
        }
    }

    /// The options of a deletion, and whether the client knows that it may have to wait.
    fn delete_options(&self) -> Result<(DeleteOptions, bool), ApiError> {
        let body = if self.request.body.is_empty() { Value::Null } else { self.decoded()? };
        // With a body the query counts for nothing.
        let asked = |field: &str| if body.is_null() { self.query.get(field) } else { "" };
        let text = |field: &str| match body.get(field).and_then(Value::as_str) {
            Some(text) => text.to_owned(),
            None => asked(field).to_owned(),
        };
        let orphan = body.get("orphanDependents").and_then(Value::as_bool);
        let propagation = match (text("propagationPolicy").as_str(), orphan) {
            ("Background", _) | ("", Some(false)) => Some(Propagation::Background),
            ("Foreground", _) => Some(Propagation::Foreground),
            ("Orphan", _) | ("", Some(true)) => Some(Propagation::Orphan),
            _ => None,
        };
        let precondition = |field: &str| {
            body.pointer(&format!("/preconditions/{field}")).and_then(Value::as_str).map(str::to_owned)
        };
        let preconditions =
            Preconditions { uid: precondition("uid"), resource_version: precondition("resourceVersion") };
        let grace = body.get("gracePeriodSeconds").and_then(Value::as_i64);
        let grace = grace.or_else(|| asked("gracePeriodSeconds").parse().ok());
        let listed = body.get("dryRun").and_then(Value::as_array).is_some_and(|list| !list.is_empty());
        let dry_run = listed || (body.is_null() && self.dry_run()?);
        Ok((DeleteOptions { propagation, preconditions, grace, dry_run }, orphan == Some(false)))
    }
}

/// Jobs leave their Pods behind unless they are told otherwise, and say so.
fn left_behind(kind: &Kind, options: &DeleteOptions) -> Option<String> {
    let is_silent = options.propagation.is_some() || &*kind.resource != "jobs.batch";
    let words = "child pods are preserved by default when jobs are deleted; set propagationPolicy=Background to \
                 remove them or set propagationPolicy=Orphan to suppress this warning";
    (!is_silent).then(|| words.to_owned())
}

/// What the body leaves out is taken from the path; what it says must agree with it.
fn expect_kind(kind: &Kind, body: &mut Value) -> Result<(), ApiError> {
    let Value::Object(fields) = body else {
        return Err(errors::bad_request("couldn't get version/kind; json parse error: not an object"));
    };
    let text = |fields: &serde_json::Map<String, Value>, name: &str| {
        fields.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
    };
    let (version, named) = (text(fields, "apiVersion"), text(fields, "kind"));
    if !version.is_empty() && version != kind.gvk.api_version {
        let expected = &kind.gvk.api_version;
        let message = format!(
            "the API version in the data ({version}) does not match the expected API version ({expected})"
        );
        return Err(errors::bad_request(message));
    }
    if !named.is_empty() && named != kind.gvk.kind {
        let (version, expected) = (kind.gvk.version(), &kind.gvk.kind);
        let message = format!("{named} in version {version:?} cannot be handled as a {expected}");
        return Err(errors::bad_request(message));
    }
    fields.insert("apiVersion".to_owned(), json!(kind.gvk.api_version));
    fields.insert("kind".to_owned(), json!(kind.gvk.kind));
    Ok(())
}

fn expect_namespace(objects: &Objects, body: &mut Value) -> Result<(), ApiError> {
    let stated = metadata::text(body, "namespace");
    if !stated.is_empty() && stated != objects.namespace {
        let message = "the namespace of the provided object does not match the namespace sent on the request";
        return Err(errors::bad_request(message));
    }
    if !objects.namespace.is_empty() {
        fill(body, "namespace", &objects.namespace);
    }
    Ok(())
}

fn expect_name(objects: &Objects, body: &mut Value) -> Result<(), ApiError> {
    let stated = metadata::text(body, "name");
    if !stated.is_empty() && stated != objects.name {
        let wanted = &objects.name;
        let message =
            format!("the name of the object ({stated}) does not match the name on the URL ({wanted})");
        return Err(errors::bad_request(message));
    }
    fill(body, "name", &objects.name);
    Ok(())
}

fn expect_applied(kind: &Kind, objects: &Objects, body: &Value) -> Result<(), ApiError> {
    let mut body = body.clone();
    expect_kind(kind, &mut body)?;
    expect_namespace(objects, &mut body)?;
    expect_name(objects, &mut body)
}

/// Takes out what steers a strategic merge patch and is no field.
fn drop_directives(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|key, _| !key.starts_with('$') || key == "$ref" || key == "$schema");
            fields.values_mut().for_each(drop_directives);
        }
        Value::Array(items) => items.iter_mut().for_each(drop_directives),
        _ => {}
    }
}

fn fill(body: &mut Value, field: &str, value: &str) {
    let Value::Object(fields) = body else { return };
    let metadata = fields.entry("metadata").or_insert_with(|| json!({}));
    if let Value::Object(metadata) = metadata {
        metadata.insert(field.to_owned(), json!(value));
    }
}
