//! Objects and how requests change them: just enough of an API server for the release machine.

use std::collections::BTreeMap;
use std::sync::Arc;

use pilothouse_protocol::{
    ApiError, ApiResource, Discovery, Failure, GroupVersionKind, ObjectRef, Reply, Request, WatchTarget,
    metadata,
};
use serde_json::{Value, json};

/// Kind, plural.
const KINDS: [(&str, &str, &str); 3] = [
    ("v1", "ConfigMap", "configmaps"),
    ("v1", "Secret", "secrets"),
    ("apps/v1", "Deployment", "deployments"),
];

/// Objects by reference. Nothing makes them ready.
#[derive(Default)]
pub(crate) struct Cluster {
    pub(crate) objects: BTreeMap<ObjectRef, Value>,
    archive: Arc<[u8]>,
    revision: u64,
}

impl Cluster {
    pub(crate) fn new(archive: Vec<u8>) -> Self {
        Self { archive: Arc::from(archive), ..Self::default() }
    }

    pub(crate) fn get(&self, object: &ObjectRef) -> Option<Arc<Value>> {
        self.objects.get(object).cloned().map(Arc::new)
    }

    pub(crate) fn matching(&self, target: &WatchTarget) -> Vec<Arc<Value>> {
        self.objects.values().filter(|object| target.matches(object)).cloned().map(Arc::new).collect()
    }

    /// Stores an object as it is, with the next resource version.
    pub(crate) fn put(&mut self, mut object: Value) -> Arc<Value> {
        self.revision += 1;
        object["metadata"]["resourceVersion"] = json!(self.revision.to_string());
        if object["metadata"]["uid"].is_null() {
            object["metadata"]["uid"] = json!(format!("uid-{}", self.revision));
        }
        let reference = ObjectRef::of(&object);
        let ended = metadata::is_deleting(&object)
            && object["metadata"]["finalizers"].as_array().is_none_or(Vec::is_empty);
        match ended {
            true => self.objects.remove(&reference),
            false => self.objects.insert(reference, object.clone()),
        };
        Arc::new(object)
    }

    pub(crate) fn answer(&mut self, request: &Request) -> Reply {
        match request {
            Request::Get { object } => self.get(object).map_or_else(|| not_found(object), Reply::Object),
            Request::List { kind, labels, .. } | Request::ListMetadata { kind, labels, .. } => {
                let wanted = |object: &&Value| {
                    object["kind"] == **kind
                        && labels.iter().all(|(key, value)| metadata::label(object, key) == Some(value))
                };
                Reply::List(self.objects.values().filter(wanted).cloned().map(Arc::new).collect())
            }
            Request::Create { body } if self.objects.contains_key(&ObjectRef::of(body)) => {
                refused(409, "AlreadyExists", "it exists")
            }
            Request::Create { body } | Request::Update { body } => {
                Reply::Object(self.put(Value::clone(body)))
            }
            Request::Patch { object, body, .. } => self.patch(object, body),
            Request::Delete { object, .. } => match self.objects.remove(object) {
                Some(_) => Reply::Deleted,
                None => not_found(object),
            },
            Request::Discover { .. } => Reply::Discovery(Arc::new(discovery())),
            Request::Fetch { .. } => Reply::Artifact(Arc::clone(&self.archive)),
        }
    }

    /// Merges, whatever the kind of patch: an apply names all its fields.
    fn patch(&mut self, object: &ObjectRef, body: &Value) -> Reply {
        let Some(mut live) = self.objects.get(object).cloned() else {
            return match object.kind.as_str() {
                "HelmRelease" => not_found(object),
                _ => Reply::Object(self.put(body.clone())),
            };
        };
        let version = &body["metadata"]["resourceVersion"];
        if !version.is_null() && *version != live["metadata"]["resourceVersion"] {
            return refused(409, "Conflict", "the object has been modified");
        }
        merge(&mut live, body);
        Reply::Object(self.put(live))
    }
}

pub(crate) fn refused(code: u16, reason: &str, message: &str) -> Reply {
    Reply::Failed(Failure::Api(ApiError::new(code, reason, message)))
}

fn not_found(object: &ObjectRef) -> Reply {
    refused(404, "NotFound", &format!("{object} not found"))
}

fn discovery() -> Discovery {
    let resource = |(api_version, kind, plural): &(&str, &str, &str)| {
        let resource = ApiResource { plural: (*plural).to_owned(), namespaced: true, status: true };
        (GroupVersionKind::new(*api_version, *kind), resource)
    };
    Discovery {
        git_version: "v1.36.1".to_owned(),
        major: "1".to_owned(),
        minor: "36".to_owned(),
        resources: KINDS.iter().map(resource).collect(),
    }
}

/// RFC 7386.
fn merge(target: &mut Value, patch: &Value) {
    let Value::Object(patch) = patch else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = json!({});
    }
    for (key, value) in patch {
        match value {
            Value::Null => {
                target.as_object_mut().unwrap().remove(key);
            }
            value => merge(&mut target[key], value),
        }
    }
}
