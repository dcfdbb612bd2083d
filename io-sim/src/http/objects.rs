//! From a path and a method to what is done with a resource.

use std::sync::Arc;

use pilothouse_protocol::{ApiError, Object, ObjectRef, metadata};
use serde_json::{Value, json};

use super::accept::{Form, negotiate};
use super::names::{has_scale, is_review};
use super::route::Objects;
use super::status::Subject;
use super::{Context, HttpResponse, Refusal, list, not_allowed, table, unknown_path};
use crate::server::kinds::Kind;

/// The forms in which objects can be had.
pub(super) const FORMS: [Form; 4] = [Form::Plain, Form::Table, Form::Metadata, Form::MetadataList];

impl Context<'_> {
    /// Answers a request for a resource.
    pub(super) fn objects(&mut self, objects: &Objects) -> Result<HttpResponse, Refusal> {
        let Some(kind) = self.kind(objects) else { return Ok(unknown_path()) };
        let is_in_namespace = !objects.namespace.is_empty();
        let is_whole = objects.name.is_empty() && !is_in_namespace;
        if is_in_namespace != kind.namespaced && !(kind.namespaced && is_whole) {
            return Ok(unknown_path());
        }
        if &*kind.resource == "endpoints" {
            let words = "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice";
            self.warnings.push(words.to_owned());
        }
        let answered = self.dispatch(&kind, objects);
        // The name of what is to be made stands in the body alone.
        let body =
            if self.request.method == "POST" { self.decoded().unwrap_or_default() } else { Value::Null };
        let stated = metadata::text(&body, "name");
        let name = if objects.name.is_empty() { stated } else { objects.name.as_str() };
        answered.map_err(|mut refusal| {
            refusal.subject.get_or_insert_with(|| Box::new(Subject::new(&kind, name)));
            refusal
        })
    }

    fn dispatch(&mut self, kind: &Arc<Kind>, objects: &Objects) -> Result<HttpResponse, Refusal> {
        let method = self.request.method.as_str();
        if is_review(kind) {
            return match method {
                "POST" => self.review(kind, self.decoded()?),
                _ => Ok(not_allowed()),
            };
        }
        match (method, objects.name.is_empty(), objects.subresource.as_str()) {
            ("GET", true, "") if self.query.flag("watch") => self.watch(kind, objects),
            ("GET", true, "") => self.list(kind, objects),
            ("POST", true, "") => self.create(kind, objects),
            ("DELETE", true, "") => self.delete_collection(kind, objects),
            ("GET", false, "") => self.get(kind, objects),
            ("PUT", false, "") => self.update(kind, objects, false),
            ("PATCH", false, "") => self.patch(kind, objects, false),
            ("DELETE", false, "") => self.delete(kind, objects),
            ("GET", false, "status") if kind.status => self.get(kind, objects),
            ("PUT", false, "status") if kind.status => self.update(kind, objects, true),
            ("PATCH", false, "status") if kind.status => self.patch(kind, objects, true),
            (_, false, "scale") if has_scale(kind) => self.scale(kind, objects),
            ("PUT", false, "finalize") if &*kind.resource == "namespaces" => {
                self.update(kind, objects, false)
            }
            ("POST", false, "eviction") if &*kind.resource == "pods" => self.delete(kind, objects),
            (
                _,
                false,
                "log" | "exec" | "attach" | "portforward" | "proxy" | "binding" | "ephemeralcontainers",
            )
            | (_, false, "token" | "resize") => Err(nothing_runs(&objects.subresource).into()),
            (_, _, "") => Ok(not_allowed()),
            _ => Ok(unknown_path()),
        }
    }

    fn get(&self, kind: &Kind, objects: &Objects) -> Result<HttpResponse, Refusal> {
        let form = negotiate(self.request.value("accept"), &FORMS)?;
        let object = self.server.get(&self.who.caller(), &reference(kind, objects))?;
        Ok(self.shown(kind, form, &object, 200))
    }

    /// An object in the form that was asked for.
    pub(super) fn shown(&self, kind: &Kind, form: Form, object: &Object, status: u16) -> HttpResponse {
        let document = match form {
            Form::Table => {
                let version = object.pointer("/metadata/resourceVersion").cloned();
                let metadata = json!({ "resourceVersion": version });
                let view =
                    table::View::new(self.server, kind, self.now.wall, self.query.get("includeObject"));
                view.table(metadata, std::slice::from_ref(object), true)
            }
            Form::Metadata | Form::MetadataList => list::partial(object),
            Form::Plain | Form::Discovery => return HttpResponse::of_json(status, object),
        };
        HttpResponse::of_json(status, &document)
    }

    /// The form of the answer to a write.
    pub(super) fn answer_form(&self) -> Result<Form, ApiError> {
        negotiate(self.request.value("accept"), &FORMS)
    }

    /// The body as JSON.
    pub(super) fn decoded(&self) -> Result<Value, ApiError> {
        super::body::decode(self.server.kinds(), self.request.value("content-type"), &self.request.body)
    }
}

/// The object that a path names.
pub(super) fn reference(kind: &Kind, objects: &Objects) -> ObjectRef {
    ObjectRef {
        api_version: kind.gvk.api_version.clone(),
        kind: kind.gvk.kind.clone(),
        namespace: kind.namespaced.then(|| objects.namespace.clone()),
        name: objects.name.clone(),
    }
}

fn nothing_runs(subresource: &str) -> ApiError {
    let message = format!("no container runs in the simulated cluster: {subresource} is not available");
    ApiError::new(501, "NotImplemented", message)
}
