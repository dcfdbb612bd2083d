//! What templates look up in the cluster (Helm `pkg/engine/lookup_func.go`).

use std::collections::{BTreeMap, VecDeque};

use pilothouse_chart::LookupKey;
use pilothouse_machine::Context;
use pilothouse_protocol::{Discovery, GroupVersionKind, Object, ObjectRef, Reply, Request};
use serde_json::{Map, Value, json};

use crate::call::{Call, unexpected};

/// Requests in flight at once.
const IN_FLIGHT: usize = 16;

/// What `lookup` returns: an object, a list, an empty map for what does not exist, or the text of an error.
pub(crate) type Found = Result<Value, String>;

/// Reads what templates ask for.
#[derive(Debug)]
pub(crate) struct Lookup {
    waiting: VecDeque<LookupKey>,
    in_flight: Vec<(LookupKey, Call)>,
    found: BTreeMap<LookupKey, Found>,
}

impl Lookup {
    /// Reads these.
    pub(crate) fn new(keys: impl IntoIterator<Item = LookupKey>) -> Self {
        Self { waiting: keys.into_iter().collect(), in_flight: Vec::new(), found: BTreeMap::new() }
    }

    /// All answers; `None` while some are awaited.
    pub(crate) fn poll(&mut self, context: &mut Context) -> Option<BTreeMap<LookupKey, Found>> {
        self.in_flight.retain(|(key, call)| match call.poll(context) {
            None => true,
            Some(reply) => {
                self.found.insert(key.clone(), read(key, reply));
                false
            }
        });
        while self.in_flight.len() < IN_FLIGHT {
            let Some(key) = self.waiting.pop_front() else { break };
            let discovery = context.discovery.clone().unwrap_or_default();
            match request(&key, &discovery) {
                Ok(request) => self.in_flight.push((key, Call::send(context, request))),
                Err(found) => {
                    self.found.insert(key, found);
                }
            }
        }
        self.in_flight.is_empty().then(|| std::mem::take(&mut self.found))
    }
}

/// The request, or the answer that needs none.
fn request(key: &LookupKey, discovery: &Discovery) -> Result<Request, Found> {
    if let Some(host) = key.as_host() {
        return Ok(Request::Fetch { url: format!("dns:{host}") });
    }
    let Some(resource) = discovery.resource(&key.api_version, &key.kind) else {
        let is_served = discovery.resources.keys().any(|gvk| gvk.api_version == key.api_version);
        return Err(if is_served { Ok(nothing()) } else { Err(not_served(key)) });
    };
    let namespace = (resource.namespaced && !key.namespace.is_empty()).then(|| key.namespace.clone());
    if key.name.is_empty() {
        return Ok(Request::List {
            api_version: key.api_version.clone(),
            kind: key.kind.clone(),
            namespace,
            labels: BTreeMap::new(),
        });
    }
    if resource.namespaced && namespace.is_none() {
        return Err(Ok(nothing()));
    }
    let (api_version, kind, name) = (key.api_version.clone(), key.kind.clone(), key.name.clone());
    Ok(Request::Get { object: ObjectRef { api_version, kind, namespace, name } })
}

fn read(key: &LookupKey, reply: Reply) -> Found {
    if key.as_host().is_some() {
        return address(&reply);
    }
    match reply {
        Reply::Object(object) => Ok(Value::clone(&object)),
        Reply::List(items) => Ok(list(key, &items)),
        Reply::Failed(failure) if failure.is_not_found() => Ok(nothing()),
        Reply::Failed(failure) => Err(failure.to_string()),
        Reply::Deleted | Reply::Discovery(_) | Reply::Artifact(_) => Err(unexpected().to_string()),
    }
}

/// The first of the addresses, one a line. Without one the original draws from nothing, which Go's `math/rand` refuses.
fn address(reply: &Reply) -> Found {
    let lines = match reply {
        Reply::Artifact(bytes) => String::from_utf8_lossy(bytes),
        _ => "".into(),
    };
    match lines.lines().next().filter(|address| !address.is_empty()) {
        Some(address) => Ok(Value::from(address)),
        None => Err("invalid argument to Intn".to_owned()),
    }
}

fn list(key: &LookupKey, items: &[Object]) -> Value {
    let items: Vec<&Value> = items.iter().map(AsRef::as_ref).collect();
    json!({"apiVersion": key.api_version, "kind": format!("{}List", key.kind), "metadata": {}, "items": items})
}

fn nothing() -> Value {
    Value::Object(Map::new())
}

fn not_served(key: &LookupKey) -> String {
    let gvk = GroupVersionKind::new(key.api_version.clone(), key.kind.clone());
    format!(
        "unable to get apiresource from unstructured: {}/{}, Kind={}: the server could not find the requested resource",
        gvk.group(),
        gvk.version(),
        gvk.kind
    )
}

#[cfg(test)]
mod tests {
    use pilothouse_protocol::ApiResource;

    use super::*;

    fn key(api_version: &str, kind: &str, namespace: &str, name: &str) -> LookupKey {
        let [api_version, kind, namespace, name] = [api_version, kind, namespace, name].map(str::to_owned);
        LookupKey { api_version, kind, namespace, name }
    }

    fn discovery() -> Discovery {
        let kinds = [("ConfigMap", true), ("Node", false)];
        let resource = |(kind, namespaced): (&str, bool)| {
            (GroupVersionKind::new("v1", kind), ApiResource { namespaced, ..ApiResource::default() })
        };
        Discovery { resources: kinds.into_iter().map(resource).collect(), ..Discovery::default() }
    }

    #[test]
    fn requests_follow_what_is_served() {
        let get = |object| Ok(Request::Get { object });
        let unknown = "unable to get apiresource from unstructured: a.b/v1, Kind=C: \
                       the server could not find the requested resource";
        let cases = [
            (key("v1", "ConfigMap", "ns", "c"), get(ObjectRef::namespaced("v1", "ConfigMap", "ns", "c"))),
            (key("v1", "Node", "ns", "n"), get(ObjectRef::cluster("v1", "Node", "n"))),
            (key("v1", "ConfigMap", "", "c"), Err(Ok(nothing()))),
            (key("v1", "Thing", "", "c"), Err(Ok(nothing()))),
            (key("a.b/v1", "C", "", "c"), Err(Err(unknown.to_owned()))),
        ];
        for (key, expected) in cases {
            assert_eq!(request(&key, &discovery()), expected, "{key:?}");
        }
        let Ok(Request::List { namespace, .. }) = request(&key("v1", "ConfigMap", "", ""), &discovery())
        else {
            panic!("no list");
        };
        assert_eq!(namespace, None);
    }

    #[test]
    fn hosts_are_asked_for_by_name() {
        let key = LookupKey::host("a.test");
        assert_eq!(request(&key, &discovery()), Ok(Request::Fetch { url: "dns:a.test".to_owned() }));
        let reply = |text: &str| Reply::Artifact(text.as_bytes().into());
        assert_eq!(read(&key, reply("10.0.0.7\n10.0.0.8\n")), Ok(json!("10.0.0.7")));
        assert_eq!(read(&key, reply("")), Err("invalid argument to Intn".to_owned()));
    }

    #[test]
    fn lists_carry_their_items() {
        let item = json!({"metadata": {"name": "c"}});
        let found = read(&key("v1", "ConfigMap", "", ""), Reply::List(vec![item.clone().into()])).unwrap();
        assert_eq!((found["kind"].as_str(), &found["items"][0]), (Some("ConfigMapList"), &item));
    }
}
