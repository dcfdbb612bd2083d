//! The `scale` subresource: how many replicas, of whatever has some.

use pilothouse_protocol::{ApiError, Object, metadata};
use serde_json::{Value, json};

use super::objects::reference;
use super::route::Objects;
use super::{Context, HttpResponse, Refusal, not_allowed};
use crate::server::kinds::Kind;
use crate::server::{Caller, errors};

impl Context<'_> {
    /// Reads or writes the number of replicas.
    pub(super) fn scale(&mut self, kind: &Kind, objects: &Objects) -> Result<HttpResponse, Refusal> {
        let target = reference(kind, objects);
        let object = self.server.get(&self.who.caller(), &target)?;
        let scale = match self.request.method.as_str() {
            "GET" => return Ok(HttpResponse::of_json(200, &scale_of(&object))),
            "PUT" => self.decoded()?,
            "PATCH" => patched(scale_of(&object), self.request.value("content-type"), &self.decoded()?)?,
            _ => return Ok(not_allowed()),
        };
        let replicas = replicas(&objects.name, &scale)?;
        let version = metadata::text(&scale, "resourceVersion");
        if !version.is_empty() && version != metadata::text(&object, "resourceVersion") {
            return Err(errors::modified(kind, &objects.name).into());
        }
        let dry_run = self.query.get("dryRun") == "All";
        let caller = Caller { subresource: "scale", ..self.who.caller() };
        let changed = self.server.scale(&caller, &target, replicas, dry_run)?;
        Ok(HttpResponse::of_json(200, &scale_of(&changed)))
    }
}

fn scale_of(object: &Object) -> Value {
    let at = |pointer: &str| object.pointer(pointer).cloned();
    let mut metadata = json!({});
    for field in ["name", "namespace", "uid", "resourceVersion", "creationTimestamp"] {
        if let Some(value) = at(&format!("/metadata/{field}")) {
            metadata[field] = value;
        }
    }
    let mut status = json!({"replicas": at("/status/replicas").unwrap_or_else(|| json!(0))});
    if let Some(selector) = at("/spec/selector/matchLabels").as_ref().and_then(Value::as_object) {
        let pairs: Vec<String> = selector
            .iter()
            .map(|(key, value)| format!("{key}={}", value.as_str().unwrap_or_default()))
            .collect();
        status["selector"] = json!(pairs.join(","));
    }
    let wanted = at("/spec/replicas").filter(|replicas| *replicas != 0);
    let spec = wanted.map_or_else(|| json!({}), |replicas| json!({"replicas": replicas}));
    json!({
        "kind": "Scale", "apiVersion": "autoscaling/v1", "metadata": metadata,
        "spec": spec, "status": status,
    })
}

fn patched(mut scale: Value, content_type: &str, patch: &Value) -> Result<Value, ApiError> {
    match content_type.split(';').next().unwrap_or_default().trim() {
        "application/json-patch+json" => {
            let changed = crate::server::patch::json_patch(&mut scale, patch);
            changed.map_err(|why| ApiError::new(422, "Invalid", why))?;
        }
        _ => crate::server::patch::merge_patch(&mut scale, patch),
    }
    Ok(scale)
}

fn replicas(name: &str, scale: &Value) -> Result<i64, ApiError> {
    let replicas = scale.pointer("/spec/replicas").and_then(Value::as_i64).unwrap_or_default();
    if replicas < 0 {
        let why = format!(
            "Scale.autoscaling {name:?} is invalid: spec.replicas: Invalid value: {replicas}: must be greater than or equal to 0"
        );
        return Err(ApiError::new(422, "Invalid", why));
    }
    Ok(replicas)
}
