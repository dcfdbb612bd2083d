//! One request of a state machine, one request to the API server.

use std::sync::Arc;

use http::header::CONTENT_TYPE;
use http::{Method, Request as HttpRequest};
use pilothouse_protocol::{
    ApiResource, FIELD_MANAGER, Failure, FieldValidation, GroupVersionKind, Identity, Object, ObjectRef,
    Patch, Preconditions, Propagation, Reply, Request,
};
use serde_json::{Value, json};

use crate::clusters::Clusters;
use crate::fetch::Fetcher;
use crate::paths::{Path, label_selector};

/// Performs requests.
pub struct Performer {
    clusters: Arc<Clusters>,
    fetcher: Fetcher,
}

impl Performer {
    /// Performs requests with these.
    #[must_use]
    pub fn new(clusters: Arc<Clusters>, fetcher: Fetcher) -> Self {
        Self { clusters, fetcher }
    }

    /// Performs a request once and says what came of it.
    pub async fn perform(&self, identity: &Identity, request: &Request) -> Reply {
        match self.answer(identity, request).await {
            Ok(reply) => reply,
            Err(failure) => {
                if failure.api().is_some_and(|error| error.code == 401) {
                    self.clusters.refused(identity);
                }
                Reply::Failed(failure)
            }
        }
    }

    async fn answer(&self, identity: &Identity, request: &Request) -> Result<Reply, Failure> {
        let kind = match request {
            Request::Discover { fresh } => {
                let cluster = self.clusters.of(identity).await?;
                return Ok(Reply::Discovery(cluster.catalog.discovery(*fresh).await?));
            }
            Request::Fetch { url } => return Ok(Reply::Artifact(self.fetcher.fetch(url).await?)),
            Request::Get { object } | Request::Patch { object, .. } | Request::Delete { object, .. } => {
                object.gvk()
            }
            Request::List { api_version, kind, .. } => {
                GroupVersionKind::new(api_version.as_str(), kind.as_str())
            }
            Request::Create { body } | Request::Update { body } => ObjectRef::of(body).gvk(),
        };
        let cluster = self.clusters.of(identity).await?;
        let resource = cluster.catalog.resource(&kind).await?;
        let answer = cluster.client.call(identity, http_request(request, &resource)?).await?;
        Ok(match request {
            Request::List { .. } => Reply::List(list_items(answer, &kind)),
            Request::Delete { .. } => Reply::Deleted,
            _ => Reply::Object(Arc::new(answer)),
        })
    }
}

/// The objects of a list, each with the `apiVersion` and `kind` that lists leave out.
#[must_use]
pub fn list_items(mut list: Value, kind: &GroupVersionKind) -> Vec<Object> {
    let Some(Value::Array(items)) = list.get_mut("items").map(Value::take) else {
        return Vec::new();
    };
    let typed = |mut item: Value| {
        if let Some(object) = item.as_object_mut() {
            object.insert("apiVersion".to_owned(), Value::String(kind.api_version.clone()));
            object.insert("kind".to_owned(), Value::String(kind.kind.clone()));
        }
        Arc::new(item)
    };
    items.into_iter().map(typed).collect()
}

fn http_request(request: &Request, resource: &ApiResource) -> Result<HttpRequest<Vec<u8>>, Failure> {
    match request {
        Request::Get { object } => build(Method::GET, &object_path(object, resource)?, None),
        Request::List { api_version, namespace, labels, .. } => {
            let namespace = namespace.as_deref().filter(|_| resource.namespaced);
            let path = Path::collection(api_version, &resource.plural, namespace)
                .query_unless_empty("labelSelector", &label_selector(labels));
            build(Method::GET, &path, None)
        }
        Request::Create { body } => {
            let object = ObjectRef::of(body);
            let path = Path::home(&object.api_version, resource, object.namespace.as_deref())?;
            build(Method::POST, &managed(path), Some(("application/json", body)))
        }
        Request::Update { body } => {
            let path = object_path(&ObjectRef::of(body), resource)?;
            build(Method::PUT, &managed(path), Some(("application/json", body)))
        }
        Request::Patch { object, patch, body, status, dry_run } => {
            let (content_type, path) = patch_path(object, resource, *patch, *status, *dry_run)?;
            build(Method::PATCH, &path, Some((content_type, body)))
        }
        Request::Delete { object, propagation, preconditions } => {
            let options = delete_options(*propagation, preconditions);
            build(Method::DELETE, &object_path(object, resource)?, Some(("application/json", &options)))
        }
        Request::Discover { .. } | Request::Fetch { .. } => {
            Err(Failure::Unreachable("not a request to an object".to_owned()))
        }
    }
}

fn object_path(object: &ObjectRef, resource: &ApiResource) -> Result<Path, Failure> {
    Path::home(&object.api_version, resource, object.namespace.as_deref())?.object(&object.name)
}

fn managed(path: Path) -> Path {
    path.query("fieldManager", FIELD_MANAGER)
}

fn patch_path(
    object: &ObjectRef,
    resource: &ApiResource,
    patch: Patch,
    status: bool,
    dry_run: bool,
) -> Result<(&'static str, Path), Failure> {
    let mut path = object_path(object, resource)?;
    if status {
        path = path.subresource("status");
    }
    path = managed(path);
    if dry_run {
        path = path.query("dryRun", "All");
    }
    let content_type = match patch {
        Patch::Apply { force, validation } => {
            path = path.query("force", if force { "true" } else { "false" });
            path = path.query("fieldValidation", validation_name(validation));
            // JSON is YAML, and the only content type of server-side apply that every served version knows says YAML.
            "application/apply-patch+yaml"
        }
        Patch::Merge => "application/merge-patch+json",
        Patch::Json => "application/json-patch+json",
        Patch::StrategicMerge => "application/strategic-merge-patch+json",
    };
    Ok((content_type, path))
}

fn validation_name(validation: FieldValidation) -> &'static str {
    match validation {
        FieldValidation::Warn => "Warn",
        FieldValidation::Strict => "Strict",
        FieldValidation::Ignore => "Ignore",
    }
}

fn delete_options(propagation: Propagation, preconditions: &Preconditions) -> Value {
    let policy = match propagation {
        Propagation::Background => "Background",
        Propagation::Foreground => "Foreground",
        Propagation::Orphan => "Orphan",
    };
    let mut options = json!({"apiVersion": "v1", "kind": "DeleteOptions", "propagationPolicy": policy});
    if let Some(uid) = &preconditions.uid {
        options["preconditions"]["uid"] = json!(uid);
    }
    if let Some(version) = &preconditions.resource_version {
        options["preconditions"]["resourceVersion"] = json!(version);
    }
    options
}

fn build(method: Method, path: &Path, body: Option<(&str, &Value)>) -> Result<HttpRequest<Vec<u8>>, Failure> {
    let mut builder = HttpRequest::builder().method(method).uri(path.as_str());
    let mut bytes = Vec::new();
    if let Some((content_type, value)) = body {
        builder = builder.header(CONTENT_TYPE, content_type);
        bytes = value.to_string().into_bytes();
    }
    builder
        .body(bytes)
        .map_err(|error| Failure::Unreachable(format!("unusable path {}: {error}", path.as_str())))
}

#[cfg(test)]
mod tests;
