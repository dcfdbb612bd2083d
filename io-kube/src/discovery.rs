//! What the API server serves, cached.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use http::{Request, header::ACCEPT};
use pilothouse_protocol::{ApiError, ApiResource, Discovery, Failure, GroupVersionKind, Identity};
use serde_json::Value;
use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::client::ApiClient;

/// Asks for all groups in one answer (Kubernetes 1.30 and later); older servers answer with the plain list of groups.
const AGGREGATED: &str =
    "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json";

/// The served kinds of one API server.
pub struct Catalog {
    client: Arc<ApiClient>,
    cached: RwLock<Option<Arc<Cached>>>,
    refresh: Mutex<()>,
}

#[derive(Debug, Default)]
struct Cached {
    discovery: Arc<Discovery>,
    /// Group versions that could not be read, with the error: their kinds are neither known nor known to be missing.
    unreadable: BTreeMap<String, String>,
    asked: Option<Instant>,
}

impl Catalog {
    /// An empty cache in front of an API server.
    #[must_use]
    pub fn new(client: Arc<ApiClient>) -> Self {
        Self { client, cached: RwLock::default(), refresh: Mutex::default() }
    }

    /// Server version and served kinds; asked for again when `fresh`.
    ///
    /// # Errors
    ///
    /// The API server does not answer.
    pub async fn discovery(&self, fresh: bool) -> Result<Arc<Discovery>, Failure> {
        let known = self.current().filter(|_| !fresh);
        let cached = match known {
            Some(cached) => cached,
            None => self.ask().await?,
        };
        Ok(Arc::clone(&cached.discovery))
    }

    /// How a kind is served. A kind that is not known makes the server be asked again, once.
    ///
    /// # Errors
    ///
    /// The kind is not served (404), its group cannot be read (503), or the API server does not answer.
    pub async fn resource(&self, gvk: &GroupVersionKind) -> Result<ApiResource, Failure> {
        let find = |cached: &Cached| cached.discovery.resource(&gvk.api_version, &gvk.kind).cloned();
        if let Some(resource) = self.current().and_then(|cached| find(&cached)) {
            return Ok(resource);
        }
        let cached = self.ask().await?;
        find(&cached).ok_or_else(|| missing(gvk, &cached.unreadable))
    }

    fn current(&self) -> Option<Arc<Cached>> {
        self.cached.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Asks the server. Callers that wait for the same answer share it.
    async fn ask(&self) -> Result<Arc<Cached>, Failure> {
        let wanted = Instant::now();
        let _alone = self.refresh.lock().await;
        if let Some(cached) =
            self.current().filter(|cached| cached.asked.is_some_and(|asked| asked >= wanted))
        {
            return Ok(cached);
        }
        let asked = Some(Instant::now());
        let (discovery, unreadable) = self.read().await?;
        let discovery = kept(self.current().as_deref(), discovery);
        let cached = Arc::new(Cached { discovery, unreadable, asked });
        *self.cached.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&cached));
        Ok(cached)
    }

    async fn read(&self) -> Result<(Discovery, BTreeMap<String, String>), Failure> {
        let version = self.get("/version").await?;
        let text = |field: &str| version[field].as_str().unwrap_or_default().to_owned();
        let mut discovery = Discovery {
            git_version: text("gitVersion"),
            major: text("major"),
            minor: text("minor"),
            resources: BTreeMap::new(),
        };
        let mut unreadable = BTreeMap::new();
        for root in ["/api", "/apis"] {
            let groups = self.get(root).await?;
            if groups["kind"] == "APIGroupDiscoveryList" {
                add_aggregated(&mut discovery, &mut unreadable, &groups);
            } else {
                for api_version in group_versions(&groups) {
                    self.add_group_version(&mut discovery, &mut unreadable, root, &api_version).await;
                }
            }
        }
        Ok((discovery, unreadable))
    }

    async fn add_group_version(
        &self,
        discovery: &mut Discovery,
        unreadable: &mut BTreeMap<String, String>,
        root: &str,
        api_version: &str,
    ) {
        match self.get(&format!("{root}/{api_version}")).await {
            Ok(list) => add_resource_list(discovery, api_version, &list),
            Err(failure) => drop(unreadable.insert(api_version.to_owned(), failure.to_string())),
        }
    }

    async fn get(&self, path: &str) -> Result<Value, Failure> {
        let request = Request::get(path)
            .header(ACCEPT, AGGREGATED)
            .body(Vec::new())
            .map_err(|error| Failure::Unreachable(error.to_string()))?;
        self.client.call(&Identity::Controller, request).await
    }
}

/// What is served: the copy that is there already when nothing has changed. Each release holds on to what it was answered,
/// and a server serves hundreds of kinds.
fn kept(former: Option<&Cached>, discovery: Discovery) -> Arc<Discovery> {
    match former {
        Some(former) if *former.discovery == discovery => Arc::clone(&former.discovery),
        _ => Arc::new(discovery),
    }
}

fn missing(gvk: &GroupVersionKind, unreadable: &BTreeMap<String, String>) -> Failure {
    let GroupVersionKind { api_version, kind } = gvk;
    Failure::Api(match unreadable.get(api_version) {
        Some(error) => ApiError::new(
            503,
            "ServiceUnavailable",
            format!("unable to retrieve the complete list of server APIs: {api_version}: {error}"),
        ),
        None => ApiError::new(
            404,
            "NotFound",
            format!("no matches for kind \"{kind}\" in version \"{api_version}\""),
        ),
    })
}

fn items<'a>(value: &'a Value, field: &str) -> impl Iterator<Item = &'a Value> {
    value[field].as_array().into_iter().flatten()
}

fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value[field].as_str().unwrap_or_default()
}

/// `apidiscovery.k8s.io/v2`, `APIGroupDiscoveryList`.
fn add_aggregated(discovery: &mut Discovery, unreadable: &mut BTreeMap<String, String>, groups: &Value) {
    for group in items(groups, "items") {
        let name = text(&group["metadata"], "name");
        for version in items(group, "versions") {
            let api_version = match name {
                "" => text(version, "version").to_owned(),
                _ => format!("{name}/{}", text(version, "version")),
            };
            let is_empty = items(version, "resources").next().is_none();
            if is_empty && text(version, "freshness") == "Stale" {
                unreadable.insert(api_version.clone(), "stale GroupVersion discovery".to_owned());
            }
            for resource in items(version, "resources") {
                let status = items(resource, "subresources").any(|sub| text(sub, "subresource") == "status");
                let served = ApiResource {
                    plural: text(resource, "resource").to_owned(),
                    namespaced: text(resource, "scope") == "Namespaced",
                    status,
                };
                add(discovery, &api_version, text(&resource["responseKind"], "kind"), served);
            }
        }
    }
}

/// The group versions of `APIVersions` (`/api`) or `APIGroupList` (`/apis`).
fn group_versions(groups: &Value) -> Vec<String> {
    let core = items(groups, "versions").filter_map(Value::as_str).map(str::to_owned);
    let named = items(groups, "groups").flat_map(|group| items(group, "versions"));
    core.chain(named.map(|version| text(version, "groupVersion").to_owned())).collect()
}

/// `v1`, `APIResourceList`.
fn add_resource_list(discovery: &mut Discovery, api_version: &str, list: &Value) {
    let names: Vec<&str> = items(list, "resources").map(|resource| text(resource, "name")).collect();
    for resource in items(list, "resources").filter(|resource| !text(resource, "name").contains('/')) {
        let plural = text(resource, "name");
        let served = ApiResource {
            plural: plural.to_owned(),
            namespaced: resource["namespaced"] == true,
            status: names.contains(&format!("{plural}/status").as_str()),
        };
        add(discovery, api_version, text(resource, "kind"), served);
    }
}

/// Where two resources serve one kind, the first one counts.
fn add(discovery: &mut Discovery, api_version: &str, kind: &str, served: ApiResource) {
    if !kind.is_empty() {
        discovery.resources.entry(GroupVersionKind::new(api_version, kind)).or_insert(served);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn aggregated_discovery() {
        let mut discovery = Discovery::default();
        let mut unreadable = BTreeMap::new();
        let groups = json!({"kind": "APIGroupDiscoveryList", "items": [
            {"metadata": {"name": ""}, "versions": [{"version": "v1", "freshness": "Current", "resources": [
                {"resource": "pods", "scope": "Namespaced", "responseKind": {"kind": "Pod"},
                 "subresources": [{"subresource": "log"}, {"subresource": "status"}]},
            ]}]},
            {"metadata": {"name": "metrics.k8s.io"}, "versions": [{"version": "v1beta1", "freshness": "Stale"}]},
        ]});
        add_aggregated(&mut discovery, &mut unreadable, &groups);
        let pods = discovery.resource("v1", "Pod").unwrap();
        assert_eq!((pods.plural.as_str(), pods.namespaced, pods.status), ("pods", true, true));
        let code = |api_version: &str| {
            missing(&GroupVersionKind::new(api_version, "X"), &unreadable).api().unwrap().code
        };
        assert_eq!((code("metrics.k8s.io/v1beta1"), code("other/v1")), (503, 404));
    }

    #[test]
    fn the_same_answer_is_held_once() {
        let serving = |kind: &str| {
            let mut discovery = Discovery::default();
            add(&mut discovery, "v1", kind, ApiResource::default());
            discovery
        };
        let former = Cached { discovery: Arc::new(serving("Pod")), ..Cached::default() };
        assert!(Arc::ptr_eq(&kept(Some(&former), serving("Pod")), &former.discovery));
        assert_eq!(*kept(Some(&former), serving("Node")), serving("Node"));
        assert_eq!(*kept(None, serving("Pod")), serving("Pod"));
    }

    #[test]
    fn plain_discovery() {
        assert_eq!(group_versions(&json!({"kind": "APIVersions", "versions": ["v1"]})), ["v1"]);
        let groups = json!({"groups": [{"versions": [{"groupVersion": "apps/v1"}, {"groupVersion": "apps/v1beta1"}]}]});
        assert_eq!(group_versions(&groups), ["apps/v1", "apps/v1beta1"]);

        let mut discovery = Discovery::default();
        let list = json!({"resources": [
            {"name": "deployments", "kind": "Deployment", "namespaced": true},
            {"name": "deployments/status", "kind": "Deployment", "namespaced": true},
            {"name": "deployments/scale", "kind": "Scale", "namespaced": true},
        ]});
        add_resource_list(&mut discovery, "apps/v1", &list);
        assert_eq!(discovery.resources.len(), 1);
        assert!(discovery.resource("apps/v1", "Deployment").unwrap().status);
    }
}
