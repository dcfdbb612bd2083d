//! One request of a state machine, one request to the API server.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use http::header::{ACCEPT, CONTENT_TYPE, HeaderValue};
use http::{Method, Request as HttpRequest};
use pilothouse_protocol::{
    ApiResource, FIELD_MANAGER, Failure, FieldValidation, GroupVersionKind, Identity, Object, ObjectRef,
    Patch, Preconditions, Propagation, ReleaseKey, Reply, Request,
};
use serde_json::{Value, json};

use crate::clusters::Clusters;
use crate::fetch::Fetcher;
use crate::metadata_reads::MetadataReads;
use crate::pages::all_pages;
use crate::paths::{Path, label_selector};
use crate::resolver;

/// Asks for the metadata of an object instead of the whole.
const METADATA_OBJECT: HeaderValue =
    HeaderValue::from_static("application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io,application/json");

/// Performs requests.
pub struct Performer {
    clusters: Arc<Clusters>,
    metadata: MetadataReads,
    fetcher: Fetcher,
}

impl Performer {
    /// Performs requests with these.
    #[must_use]
    pub fn new(clusters: Arc<Clusters>, fetcher: Fetcher) -> Self {
        Self { clusters, metadata: MetadataReads::default(), fetcher }
    }

    /// Performs a request once and says what came of it.
    pub async fn perform(&self, release: &ReleaseKey, identity: &Identity, request: &Request) -> Reply {
        match self.answer(release, identity, request).await {
            Ok(reply) => reply,
            Err(failure) => {
                if failure.api().is_some_and(|error| error.code == 401) {
                    self.clusters.refused(identity);
                }
                Reply::Failed(failure)
            }
        }
    }

    async fn answer(
        &self,
        release: &ReleaseKey,
        identity: &Identity,
        request: &Request,
    ) -> Result<Reply, Failure> {
        let kind = match request {
            Request::Discover { fresh } => {
                let cluster = self.clusters.of(identity).await?;
                return Ok(Reply::Discovery(cluster.catalog.discovery(*fresh).await?));
            }
            Request::Fetch { url } => {
                return Ok(Reply::Artifact(match url.strip_prefix("dns:") {
                    Some(host) => addresses(host).await,
                    None => self.fetcher.fetch(url).await?,
                }));
            }
            Request::Get { object } | Request::Patch { object, .. } | Request::Delete { object, .. } => {
                object.gvk()
            }
            Request::ListMetadata { api_version, kind, namespace, labels } => {
                let kind = GroupVersionKind::new(api_version.as_str(), kind.as_str());
                let cluster = self.clusters.of(identity).await?;
                let read = self.metadata.read(&cluster, identity, &kind, namespace.as_deref(), labels);
                let objects = read.await?;
                return Ok(Reply::List(objects));
            }
            Request::List { api_version, kind, namespace, labels } => {
                let kind = GroupVersionKind::new(api_version.as_str(), kind.as_str());
                return self.list((release, identity), &kind, namespace.as_deref(), labels).await;
            }
            Request::Create { body } | Request::Update { body } => ObjectRef::of(body).gvk(),
        };
        let cluster = self.clusters.of(identity).await?;
        let resource = cluster.catalog.resource(&kind).await?;
        let (client, sent) = (&cluster.client, http_request(request, &resource)?);
        let answer = match request {
            // Whoever writes a status knows what is in it and wants to know which version that is.
            Request::Patch { status: true, .. } => client.call_trimmed_for(release, identity, sent).await?,
            _ => client.call_for(release, identity, sent).await?,
        };
        Ok(match request {
            Request::Delete { .. } => Reply::Deleted,
            _ => Reply::Object(Arc::new(answer)),
        })
    }

    async fn list(
        &self,
        (release, identity): (&ReleaseKey, &Identity),
        kind: &GroupVersionKind,
        namespace: Option<&str>,
        labels: &BTreeMap<String, String>,
    ) -> Result<Reply, Failure> {
        let cluster = self.clusters.of(identity).await?;
        let resource = cluster.catalog.resource(kind).await?;
        let client = &cluster.client;
        let page = |path: Path| async move {
            client.call_for(release, identity, build(Method::GET, &path, None)?).await
        };
        let path = list_path(kind, &resource, namespace, labels);
        let listed = all_pages(&path, page, |items| list_items(items, kind).into_iter()).await?;
        Ok(Reply::List(listed.items))
    }
}

/// How long the name of a host may take to resolve.
const RESOLVE_TIMEOUT: Duration = Duration::from_secs(10);

/// The addresses of a host, one a line; none when it has none.
async fn addresses(host: &str) -> Arc<[u8]> {
    let found = tokio::time::timeout(RESOLVE_TIMEOUT, resolver::addresses(host)).await;
    let found = found.ok().and_then(Result::ok);
    let lines: String = found.into_iter().flatten().map(|address| format!("{address}\n")).collect();
    lines.into_bytes().into()
}

fn list_path(
    kind: &GroupVersionKind,
    resource: &ApiResource,
    namespace: Option<&str>,
    labels: &BTreeMap<String, String>,
) -> Path {
    let namespace = namespace.filter(|_| resource.namespaced);
    Path::collection(&kind.api_version, &resource.plural, namespace)
        .query_unless_empty("labelSelector", &label_selector(labels))
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
            let mut request = build(Method::PATCH, &path, Some((content_type, body)))?;
            if *status {
                request.headers_mut().insert(ACCEPT, METADATA_OBJECT);
            }
            Ok(request)
        }
        Request::Delete { object, propagation, preconditions } => {
            let options = delete_options(*propagation, preconditions);
            build(Method::DELETE, &object_path(object, resource)?, Some(("application/json", &options)))
        }
        Request::List { .. }
        | Request::ListMetadata { .. }
        | Request::Discover { .. }
        | Request::Fetch { .. } => Err(Failure::Unreachable("not a request to an object".to_owned())),
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
        bytes = serde_json::to_vec(value).unwrap_or_default();
    }
    builder
        .body(bytes)
        .map_err(|error| Failure::Unreachable(format!("unusable path {}: {error}", path.as_str())))
}

#[cfg(test)]
mod tests;
