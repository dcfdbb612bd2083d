//! A cluster for tests that performs requests at once and lets time pass when nothing else happens.

use std::collections::BTreeMap;
use std::sync::Arc;

use pilothouse_chart::{Chart, File, Hook, HookDeletePolicy, HookEvent, Limits};
use pilothouse_machine::{Context, Task};
use pilothouse_protocol::{
    Action, ApiError, ApiResource, Discovery, Failure, GroupVersionKind, Now, ObjectRef, Observation, Reply,
    Request, WatchId, WatchTarget, metadata,
};
use pilothouse_release::{ApplyMethod, ReleaseRecord, ReleaseStatus};
use serde_json::{Value, json};

use crate::{ActionConfig, ActionResult, CreateRelease, Storage};

/// Kind, plural, whether namespaced.
const KINDS: [(&str, &str, &str, bool); 7] = [
    ("v1", "ConfigMap", "configmaps", true),
    ("v1", "Secret", "secrets", true),
    ("v1", "Pod", "pods", true),
    ("v1", "Namespace", "namespaces", false),
    ("apps/v1", "Deployment", "deployments", true),
    ("batch/v1", "Job", "jobs", true),
    ("apiextensions.k8s.io/v1", "CustomResourceDefinition", "customresourcedefinitions", false),
];

/// What becomes of an object when it is written.
pub(crate) type Controller = fn(&mut Value);
/// An answer instead of that of the cluster.
pub(crate) type Fault = Box<dyn FnMut(&Request) -> Option<Reply>>;

pub(crate) struct Fake {
    pub(crate) context: Context,
    pub(crate) objects: BTreeMap<ObjectRef, Value>,
    /// Requests that can change something, as `verb Kind/name`, without those to storage.
    pub(crate) writes: Vec<String>,
    pub(crate) controller: Controller,
    pub(crate) fault: Option<Fault>,
    watches: BTreeMap<WatchId, WatchTarget>,
    revision: u64,
}

impl Fake {
    pub(crate) fn new() -> Self {
        let mut fake = Self {
            context: Context::new(1),
            objects: BTreeMap::new(),
            writes: Vec::new(),
            controller: make_ready,
            fault: None,
            watches: BTreeMap::new(),
            revision: 1,
        };
        fake.context.begin(Now { wall: 1_700_000_000_000_000_000, ..Now::default() });
        fake
    }

    /// Polls a task to its end.
    pub(crate) fn run<T: Task>(&mut self, mut task: T) -> T::Output {
        for _ in 0..10_000 {
            if let Some(output) = task.poll(&mut self.context) {
                self.perform();
                return output;
            }
            if !self.perform() {
                self.pass_time(&task.describe());
            }
        }
        panic!("no end: {}", task.describe());
    }

    /// Runs an action and gives the storage writes that it made, with its result.
    pub(crate) fn act(&mut self, task: impl Task<Output = ActionResult>) -> (Vec<String>, ActionResult) {
        let result = self.run(task);
        let writes = result.storage.journal_since(result.mark).into_iter().map(|entry| {
            let record = entry.persisted.as_ref().unwrap();
            let phases: Vec<&str> = record
                .hooks
                .iter()
                .map(|hook| hook.last_run.phase.name())
                .filter(|phase| !phase.is_empty())
                .collect();
            let (verb, version, info) = (entry.verb, record.version, &record.info);
            let hooks = if phases.is_empty() { String::new() } else { format!(" {phases:?}") };
            format!("{verb:?} {version} {}: {}{hooks}", info.status, info.description)
        });
        (writes.collect(), result)
    }

    /// Puts revisions into storage.
    pub(crate) fn store(&mut self, records: Vec<ReleaseRecord>) {
        for record in records {
            let mut storage = storage();
            let mut create = CreateRelease::new(Arc::new(record), 0);
            while create.poll(&mut storage, &mut self.context).is_none() {
                assert!(self.perform());
            }
        }
    }

    pub(crate) fn has(&self, kind: &str, name: &str) -> bool {
        self.objects.keys().any(|object| object.kind == kind && object.name == name)
    }

    fn pass_time(&mut self, doing: &str) {
        let deadline = self.context.deadline().unwrap_or_else(|| panic!("nothing to wait for: {doing}"));
        let passed = deadline.at.nanos_since(self.context.now.monotonic);
        let wall = self.context.now.wall + i64::try_from(passed).unwrap();
        self.context.begin(Now { monotonic: deadline.at, wall });
    }

    /// Performs what was asked for; whether there was anything.
    fn perform(&mut self) -> bool {
        let mut any = false;
        while let Some(action) = self.context.next_action() {
            match action {
                Action::Request { id, request, .. } => {
                    let reply = self.fault.as_mut().and_then(|fault| fault(&request));
                    let reply = reply.unwrap_or_else(|| self.answer(&request));
                    self.context.reply(id, reply);
                    any = true;
                }
                Action::Watch { id, target, .. } => {
                    let found = self.objects.values().filter(|object| target.matches(object));
                    let snapshot = found.cloned().map(Arc::new).collect();
                    self.context.observe(id, Observation::Snapshot(snapshot));
                    self.watches.insert(id, target);
                    any = true;
                }
                Action::Unwatch { id } => {
                    self.watches.remove(&id);
                }
                Action::Emit(_) | Action::Log(_) => {}
            }
        }
        any
    }

    fn answer(&mut self, request: &Request) -> Reply {
        match request {
            Request::Get { object } => match self.objects.get(object) {
                Some(found) => Reply::Object(Arc::new(found.clone())),
                None => not_found(object),
            },
            Request::List { kind, labels, namespace, .. }
            | Request::ListMetadata { kind, labels, namespace, .. } => {
                let matches = |object: &&Value| {
                    object["kind"] == **kind
                        && namespace
                            .as_ref()
                            .is_none_or(|namespace| metadata::text(object, "namespace") == namespace)
                        && labels.iter().all(|(key, value)| metadata::label(object, key) == Some(value))
                };
                Reply::List(self.objects.values().filter(matches).cloned().map(Arc::new).collect())
            }
            Request::Create { body } if self.objects.contains_key(&ObjectRef::of(body)) => {
                Reply::Failed(Failure::Api(ApiError::new(409, "AlreadyExists", "already exists")))
            }
            Request::Create { body } => self.write("create", ObjectRef::of(body), body),
            Request::Update { body } => self.write("update", ObjectRef::of(body), body),
            Request::Patch { object, body, dry_run: true, .. } => {
                let _ = object;
                Reply::Object(body.clone())
            }
            Request::Patch { object, body, .. } => self.write("patch", object.clone(), body),
            Request::Delete { object, .. } => self.delete(object),
            Request::Discover { .. } => Reply::Discovery(Arc::new(discovery())),
            Request::Fetch { .. } => Reply::Failed(Failure::Unreachable("no artifacts here".to_owned())),
        }
    }

    fn write(&mut self, verb: &str, mut object: ObjectRef, body: &Value) -> Reply {
        self.revision += 1;
        let mut written = body.clone();
        if object.name.is_empty() {
            object.name = format!("{}{}", metadata::text(body, "generateName"), self.revision);
            written["metadata"]["name"] = json!(object.name);
        }
        if let Some(namespace) = &object.namespace {
            written["metadata"]["namespace"] = json!(namespace);
        }
        written["metadata"]["resourceVersion"] = json!(self.revision.to_string());
        written["metadata"]["uid"] = json!(format!("uid-{}", object.name));
        (self.controller)(&mut written);
        if !is_storage(&object) {
            self.writes.push(format!("{verb} {}/{}", object.kind, object.name));
        }
        self.objects.insert(object, written.clone());
        let written = Arc::new(written);
        self.notify(&written, &Observation::Changed(written.clone()));
        Reply::Object(written)
    }

    fn delete(&mut self, object: &ObjectRef) -> Reply {
        let Some(deleted) = self.objects.remove(object) else { return not_found(object) };
        if !is_storage(object) {
            self.writes.push(format!("delete {}/{}", object.kind, object.name));
        }
        self.notify(&deleted, &Observation::Gone(object.clone()));
        Reply::Deleted
    }

    fn notify(&mut self, object: &Value, observation: &Observation) {
        for (id, _) in self.watches.iter().filter(|(_, target)| target.matches(object)) {
            self.context.observe(*id, observation.clone());
        }
    }
}

/// Makes everything ready, Jobs and Pods complete.
pub(crate) fn make_ready(object: &mut Value) {
    let condition = |kind: &str| json!([{"type": kind, "status": "True"}]);
    object["metadata"]["generation"] = json!(1);
    match object["kind"].as_str() {
        Some("Deployment") => {
            let replicas = object["spec"]["replicas"].as_i64().unwrap_or(1);
            object["status"] = json!({
                "observedGeneration": 1, "replicas": replicas, "updatedReplicas": replicas,
                "readyReplicas": replicas, "availableReplicas": replicas,
                "conditions": [
                    {"type": "Available", "status": "True"},
                    {"type": "Progressing", "status": "True", "reason": "NewReplicaSetAvailable"},
                ],
            });
        }
        Some("Job") => {
            object["status"] = json!({
                "succeeded": 1, "startTime": "2024-01-01T00:00:00Z", "conditions": condition("Complete"),
            });
        }
        Some("Pod") => {
            object["status"] = json!({"phase": "Succeeded", "conditions": condition("Ready")});
        }
        Some("CustomResourceDefinition") => {
            object["status"] = json!({"conditions": condition("Established")})
        }
        _ => {}
    }
}

/// Lets Jobs and Pods fail, makes all else ready.
pub(crate) fn fail_jobs(object: &mut Value) {
    make_ready(object);
    match object["kind"].as_str() {
        Some("Job") => {
            object["status"] = json!({
                "failed": 1, "startTime": "2024-01-01T00:00:00Z",
                "conditions": [{"type": "Failed", "status": "True", "reason": "BackoffLimitExceeded"}],
            });
        }
        Some("Pod") => object["status"] = json!({"phase": "Failed"}),
        _ => {}
    }
}

/// Leaves Deployments without replicas, makes all else ready.
pub(crate) fn never_ready(object: &mut Value) {
    make_ready(object);
    if object["kind"] == "Deployment" {
        object["status"] = json!({
            "observedGeneration": 1, "replicas": 1, "updatedReplicas": 1, "unavailableReplicas": 1,
            "conditions": [{"type": "Available", "status": "False"}],
        });
    }
}

/// A template with a ConfigMap.
pub(crate) const CONFIG_TEMPLATE: &str =
    "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {{ .Release.Name }}-config\n";

/// A template with a Deployment.
pub(crate) const DEPLOYMENT_TEMPLATE: &str = "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: {{ .Release.Name }}-web\nspec:\n  replicas: 1\n";

/// The chart `app` with these files in `templates/`.
pub(crate) fn chart(templates: &[(&str, &str)]) -> Arc<Chart> {
    let file = |name: String, text: &str| File { name, data: text.as_bytes().to_vec().into(), modtime: None };
    let mut files = vec![file("Chart.yaml".to_owned(), "apiVersion: v2\nname: app\nversion: 0.1.0\n")];
    for (name, text) in templates {
        let path = match name.strip_prefix("../") {
            Some(path) => path.to_owned(),
            None => format!("templates/{name}"),
        };
        files.push(file(path, text));
    }
    Arc::new(Chart::from_files(files, &Limits::default()).unwrap())
}

/// The release `app` in the namespace `ns`.
pub(crate) fn config() -> Arc<ActionConfig> {
    config_in("ns")
}

/// The release `app` in a namespace. Its storage is in `ns`.
pub(crate) fn config_in(namespace: &str) -> Arc<ActionConfig> {
    Arc::new(ActionConfig {
        release_name: "app".to_owned(),
        release_namespace: namespace.to_owned(),
        storage_namespace: "ns".to_owned(),
        origin: pilothouse_protocol::ReleaseKey::new("ns", "app"),
        holder: crate::Holder::new("host", ""),
    })
}

pub(crate) fn storage() -> Storage {
    Storage::new("ns")
}

/// A revision of the release with a ConfigMap and these hooks.
pub(crate) fn revision(
    version: u32,
    status: ReleaseStatus,
    description: &str,
    hooks: &[Hook],
) -> ReleaseRecord {
    let mut record = ReleaseRecord {
        name: "app".to_owned(),
        namespace: "ns".to_owned(),
        version,
        manifest: config_map(&format!("config-{version}")),
        hooks: hooks.to_vec(),
        apply_method: Some(ApplyMethod::ServerSide),
        ..ReleaseRecord::default()
    };
    record.set_status(status, description);
    record
}

/// A document with a ConfigMap.
pub(crate) fn config_map(name: &str) -> String {
    format!(
        "---\n# Source: app/templates/config.yaml\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {name}\n"
    )
}

/// A hook that runs a Job.
pub(crate) fn job_hook(name: &str, event: HookEvent, policies: &[HookDeletePolicy]) -> Hook {
    Hook {
        name: name.to_owned(),
        kind: "Job".to_owned(),
        path: "app/templates/hooks.yaml".to_owned(),
        manifest: format!("apiVersion: batch/v1\nkind: Job\nmetadata:\n  name: {name}\n"),
        events: vec![event],
        delete_policies: policies.to_vec(),
        ..Hook::default()
    }
}

fn is_storage(object: &ObjectRef) -> bool {
    object.name.starts_with("sh.helm.release.v1.")
}

fn not_found(object: &ObjectRef) -> Reply {
    Reply::Failed(Failure::Api(ApiError::new(404, "NotFound", format!("{} not found", object.name))))
}

fn discovery() -> Discovery {
    let resource = |(api_version, kind, plural, namespaced): &(&str, &str, &str, bool)| {
        let resource = ApiResource { plural: (*plural).to_owned(), namespaced: *namespaced, status: true };
        (GroupVersionKind::new(*api_version, *kind), resource)
    };
    Discovery {
        git_version: "v1.36.1".to_owned(),
        major: "1".to_owned(),
        minor: "36".to_owned(),
        resources: KINDS.iter().map(resource).collect(),
    }
}
