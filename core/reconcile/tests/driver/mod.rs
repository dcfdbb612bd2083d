//! Drives a release machine by hand: performs its requests one after the other and lets time pass when nothing happens.

mod cluster;

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::GzEncoder;
use pilothouse_api::{API_VERSION, KIND, SOURCE_API_VERSION};
use pilothouse_machine::Random;
use pilothouse_protocol::{
    Action, Identity, Input, Now, ObjectRef, Observation, ReleaseKey, Reply, Request, RequestId, metadata,
};
use pilothouse_reconcile::{Config, Release};
use pilothouse_release::{Limits, ReleaseRecord, decode, encode};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

pub(crate) use cluster::{Cluster, refused};

/// A ConfigMap always, a Deployment that nobody makes ready when the values ask for it.
const TEMPLATE: &str = "apiVersion: v1
kind: ConfigMap
metadata:
  name: config
data:
  message: {{ .Values.message | default \"none\" }}
{{- if .Values.web }}
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  replicas: 1
{{- end }}
";

/// An answer instead of that of the cluster.
type Fault = Box<dyn FnMut(&Request) -> Option<Reply>>;

pub(crate) struct Driver {
    pub(crate) release: Release,
    pub(crate) cluster: Cluster,
    /// Clusters that kubeconfigs lead to, by URL.
    pub(crate) others: BTreeMap<String, Cluster>,
    pub(crate) now: Now,
    /// All actions, in the form in which they are recorded.
    pub(crate) trace: Vec<String>,
    /// Reasons of all events.
    pub(crate) events: Vec<String>,
    pub(crate) fault: Option<Fault>,
    /// Every reply is given three times, and one to a request that nobody has made.
    pub(crate) repeats: bool,
    requests: VecDeque<(RequestId, Identity, Request)>,
}

impl Driver {
    /// A cluster with a HelmRelease of these values and a source that is ready.
    pub(crate) fn new(values: &Value) -> Self {
        let archive = archive();
        let digest = format!("sha256:{}", hex(&Sha256::digest(&archive)));
        let mut driver = Self {
            release: machine(),
            cluster: Cluster::new(archive),
            others: BTreeMap::new(),
            now: Now { wall: 1_700_000_000_000_000_000, ..Now::default() },
            trace: Vec::new(),
            events: Vec::new(),
            fault: None,
            repeats: false,
            requests: VecDeque::new(),
        };
        driver.cluster.put(json!({
            "apiVersion": SOURCE_API_VERSION, "kind": "HelmChart",
            "metadata": {"namespace": "ns", "name": "chart", "generation": 1},
            "status": {
                "observedGeneration": 1,
                "conditions": [{"type": "Ready", "status": "True", "reason": "Succeeded", "message": "",
                    "lastTransitionTime": "2024-01-01T00:00:00Z"}],
                "artifact": {"url": "http://source/chart.tgz", "revision": "1.0.0", "digest": digest},
            },
        }));
        driver.cluster.put(json!({
            "apiVersion": API_VERSION, "kind": KIND,
            "metadata": {"namespace": "ns", "name": "app", "generation": 1},
            "spec": {"interval": "10m", "chartRef": {"kind": "HelmChart", "name": "chart"}, "values": values},
            "status": {"observedGeneration": -1},
        }));
        driver
    }

    /// Shows the machine the source and the HelmRelease as they are.
    pub(crate) fn see(&mut self) {
        let source = ObjectRef::namespaced(SOURCE_API_VERSION, "HelmChart", "ns", "chart");
        let value = self.cluster.get(&source);
        self.feed(Input::Source { object: source, value });
        let object = self.cluster.get(&key());
        self.feed(Input::Object(object));
    }

    pub(crate) fn feed(&mut self, input: Input) {
        self.release.handle(self.now, input);
        self.drain();
    }

    /// Performs one request; whether there was one.
    pub(crate) fn perform(&mut self) -> bool {
        let Some((id, identity, request)) = self.requests.pop_front() else { return false };
        let reply = self.fault.as_mut().and_then(|fault| fault(&request));
        let reply = reply.unwrap_or_else(|| self.cluster_of(&identity).answer(&request));
        self.feed(Input::Reply { id, reply: reply.clone() });
        if self.repeats {
            self.feed(Input::Reply { id, reply: reply.clone() });
            self.feed(Input::Reply { id, reply });
            self.feed(Input::Reply { id: RequestId(u64::MAX), reply: Reply::Deleted });
        }
        true
    }

    /// Starts passes and performs requests until the machine waits; the watch shows the HelmRelease after every pass.
    pub(crate) fn run(&mut self) {
        for _ in 0..20 {
            self.start();
            for _ in 0..1000 {
                if !self.perform() {
                    break;
                }
            }
            if self.release.is_idle() {
                self.see();
            }
            if !self.release.wants_to_start() {
                return;
            }
        }
        panic!("passes without end: {}", self.release.describe());
    }

    pub(crate) fn start(&mut self) {
        self.release.start(self.now);
        self.drain();
    }

    /// Lets time pass until the next deadline.
    pub(crate) fn pass_time(&mut self) {
        let deadline = self.release.poll_timeout().expect("a deadline");
        self.now.wall += i64::try_from(deadline.at.nanos_since(self.now.monotonic)).unwrap();
        self.now.monotonic = deadline.at;
        self.feed(Input::Timer);
    }

    /// The requests under way are never answered.
    pub(crate) fn lose(&mut self) {
        self.requests.clear();
    }

    /// The process ends without warning, and another one begins.
    pub(crate) fn crash(&mut self) {
        self.release = machine();
        self.requests.clear();
        self.see();
    }

    /// Changes the HelmRelease; with a new generation when its spec changes.
    pub(crate) fn edit(&mut self, change: impl FnOnce(&mut Value)) {
        let before = self.cluster.objects[&key()].clone();
        let mut object = before.clone();
        change(&mut object);
        if object["spec"] != before["spec"] || metadata::is_deleting(&object) {
            object["metadata"]["generation"] = json!(metadata::generation(&before) + 1);
        }
        self.cluster.put(object);
    }

    pub(crate) fn status(&self) -> &Value {
        &self.cluster.objects[&key()]["status"]
    }

    pub(crate) fn exists(&self) -> bool {
        self.cluster.objects.contains_key(&key())
    }

    /// `<status>/<reason>` of a condition, or nothing.
    pub(crate) fn condition(&self, kind: &str) -> String {
        let conditions = self.status()["conditions"].as_array().cloned().unwrap_or_default();
        let found = conditions.iter().find(|condition| condition["type"] == kind);
        found.map_or_else(String::new, |found| {
            format!("{}/{}", found["status"].as_str().unwrap(), found["reason"].as_str().unwrap())
        })
    }

    /// `<revision> <status>: <description>` of every revision in storage.
    pub(crate) fn stored(&self) -> Vec<String> {
        let describe = |record: ReleaseRecord| {
            format!("{} {}: {}", record.version, record.info.status, record.info.description)
        };
        self.records().into_iter().map(describe).collect()
    }

    pub(crate) fn records(&self) -> Vec<ReleaseRecord> {
        let secrets = self.cluster.objects.values().filter(|object| object["type"] == "helm.sh/release.v1");
        secrets.map(|secret| decode(&payload(secret), &Limits::default()).unwrap()).collect()
    }

    fn cluster_of(&mut self, identity: &Identity) -> &mut Cluster {
        match identity.cluster() {
            None => &mut self.cluster,
            Some(cluster) => self.others.get_mut(&cluster.server).expect("a cluster"),
        }
    }

    fn drain(&mut self) {
        let mut watched = Vec::new();
        while let Some(action) = self.release.poll_action() {
            self.trace.push(serde_json::to_string(&action).unwrap());
            match action {
                Action::Request { id, identity, request } => self.requests.push_back((id, identity, request)),
                Action::Watch { id, identity, target } => {
                    let observation = Observation::Snapshot(self.cluster_of(&identity).matching(&target));
                    watched.push(Input::Observed { watch: id, observation });
                }
                Action::Emit(event) => self.events.push(event.reason),
                Action::Unwatch { .. } | Action::Log(_) => {}
            }
        }
        watched.into_iter().for_each(|input| self.feed(input));
    }
}

/// A release without a Deployment, installed.
pub(crate) fn installed() -> Driver {
    let mut driver = Driver::new(&json!({}));
    driver.see();
    driver.run();
    driver
}

/// Up to the wait for a Deployment that nobody makes ready.
pub(crate) fn waiting() -> Driver {
    let mut driver = Driver::new(&json!({"web": true}));
    driver.see();
    driver.run();
    assert_eq!(driver.stored(), ["1 pending-install: Initial install underway"]);
    driver
}

/// Deletes the HelmRelease, and lets its passes run.
pub(crate) fn delete(driver: &mut Driver) {
    driver.edit(|object| object["metadata"]["deletionTimestamp"] = json!("2024-01-01T00:00:00Z"));
    driver.see();
    driver.run();
}

pub(crate) fn key() -> ObjectRef {
    ObjectRef::namespaced(API_VERSION, KIND, "ns", "app")
}

fn machine() -> Release {
    Release::new(ReleaseKey::new("ns", "app"), Arc::new(Config::default()), Random::new(7))
}

/// The payload of a storage Secret, without the base64 of the API.
fn payload(secret: &Value) -> String {
    let encoded = secret["data"]["release"].as_str().unwrap();
    let bytes = STANDARD.decode(encoded).unwrap();
    String::from_utf8(bytes).unwrap()
}

/// Changes the release in a storage Secret.
pub(crate) fn rewrite(secret: &mut Value, change: impl FnOnce(&mut ReleaseRecord)) {
    let mut record = decode(&payload(secret), &Limits::default()).unwrap();
    change(&mut record);
    secret["data"]["release"] = json!(STANDARD.encode(encode(&record, &Limits::default()).unwrap()));
}

fn archive() -> Vec<u8> {
    let mut builder = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    let chart = "apiVersion: v2\nname: app\nversion: 1.0.0\n";
    for (path, text) in [("app/Chart.yaml", chart), ("app/templates/all.yaml", TEMPLATE)] {
        let mut header = tar::Header::new_gnu();
        header.set_size(text.len() as u64);
        header.set_mode(0o644);
        header.set_cksum();
        builder.append_data(&mut header, path, text.as_bytes()).unwrap();
    }
    builder.into_inner().unwrap().finish().unwrap()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
