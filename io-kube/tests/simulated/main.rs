//! The operator's own client code on the simulated API server, over HTTP within the process, in virtual time.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod host;

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use pilothouse_io_kube::client::ApiClient;
use pilothouse_io_kube::clock::Clock;
use pilothouse_io_kube::clusters::Clusters;
use pilothouse_io_kube::driver::{INPUTS_MAX, Limits, RealWorld, drive};
use pilothouse_io_kube::events::Recorder;
use pilothouse_io_kube::fetch::{FetchOptions, Fetcher};
use pilothouse_io_kube::limiter::Rate;
use pilothouse_io_kube::logs::{Encoding, Log};
use pilothouse_io_kube::metrics::Metrics;
use pilothouse_io_kube::perform::Performer;
use pilothouse_io_kube::transport::http_client;
use pilothouse_io_kube::urls::HostOverrides;
use pilothouse_io_kube::watches::{
    Flow, ListWatch, MachineWatches, Observer, Part, Seen, SharedWatches, WatchScope, follow,
};
use pilothouse_operator::{Config, Operator};
use pilothouse_protocol::{
    Failure, FieldValidation, GroupVersionKind, Identity, LogLevel, Object, ObjectRef, Patch, Preconditions,
    Propagation, ReleaseKey, Reply, Request, metadata,
};
use serde_json::{Value, json};
use tokio::sync::mpsc;

/// Asks as the operator does.
struct Asker(Performer);

impl Asker {
    fn new(client: &Arc<ApiClient>, artifacts: &str) -> (Self, Arc<Clusters>) {
        let hosts =
            HostOverrides { source_controller: Some(artifacts.to_owned()), ..HostOverrides::default() };
        let fetcher = Fetcher::new(http_client(), FetchOptions::new(1, Duration::from_secs(60), hosts));
        let clusters =
            Arc::new(Clusters::new(Arc::clone(client), Rate::new(-1.0, 1), Arc::new(Metrics::new(0))));
        (Self(Performer::new(Arc::clone(&clusters), fetcher)), clusters)
    }

    async fn ask(&self, request: Request) -> Result<Reply, Failure> {
        match self.0.perform(&ReleaseKey::new("default", "x"), &Identity::Controller, &request).await {
            Reply::Failed(failure) => Err(failure),
            reply => Ok(reply),
        }
    }

    async fn object(&self, request: Request) -> Object {
        match self.ask(request).await {
            Ok(Reply::Object(object)) => object,
            other => panic!("{other:?}"),
        }
    }

    async fn get(&self, object: &ObjectRef) -> Result<Object, Failure> {
        match self.ask(Request::Get { object: object.clone() }).await? {
            Reply::Object(object) => Ok(object),
            other => panic!("{other:?}"),
        }
    }

    async fn create(&self, body: Value) -> Object {
        self.object(Request::Create { body: Arc::new(body) }).await
    }

    async fn delete(&self, object: &ObjectRef) -> Result<Reply, Failure> {
        let (propagation, preconditions) = (Propagation::Background, Preconditions::default());
        self.ask(Request::Delete { object: object.clone(), propagation, preconditions }).await
    }

    /// Waits until an object is as it should be; panics after ten minutes of virtual time.
    async fn until(&self, object: &ObjectRef, fits: impl Fn(Option<&Value>) -> bool) -> Option<Object> {
        for _ in 0..6_000 {
            let found = match self.get(object).await {
                Ok(found) => Some(found),
                Err(failure) if failure.is_not_found() => None,
                Err(failure) => panic!("{failure}"),
            };
            if fits(found.as_deref()) {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!(
            "not within ten minutes: {object}: {:?}",
            self.get(object).await.map(|found| found.to_string())
        );
    }
}

/// Runs a test where tasks may stay on one thread.
async fn locally(test: impl Future<Output = ()>) {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    tokio::task::LocalSet::new().run_until(test).await;
}

fn config_map(name: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": "default"}, "data": {"a": "b"}})
}

fn map(name: &str) -> ObjectRef {
    ObjectRef::namespaced("v1", "ConfigMap", "default", name)
}

fn patch(object: &ObjectRef, patch: Patch, body: Value) -> Request {
    Request::Patch { object: object.clone(), patch, body: Arc::new(body), status: false, dry_run: false }
}

#[tokio::test(start_paused = true)]
async fn every_request_is_understood() {
    locally(async {
        let (asker, _) = Asker::new(&host::start(None), "127.0.0.1:1");
        let made = asker.create(config_map("x")).await;
        assert_eq!(host::text(&made, "/metadata/managedFields/0/manager"), "helm-controller");
        let again = asker.ask(Request::Create { body: Arc::new(config_map("x")) }).await.unwrap_err();
        assert!(again.api().is_some_and(|error| error.is_already_exists()), "{again}");
        let mut body = Value::clone(&made);
        body["data"]["a"] = json!("c");
        asker.object(Request::Update { body: Arc::new(body.clone()) }).await;
        let stale = asker.ask(Request::Update { body: Arc::new(body) }).await.unwrap_err();
        assert!(stale.api().is_some_and(|error| error.is_conflict()), "{stale}");
        for (kind, body, expected) in [
            (Patch::Merge, json!({"data": {"a": "1"}}), "1"),
            (Patch::StrategicMerge, json!({"data": {"a": "2"}}), "2"),
            (Patch::Json, json!([{"op": "replace", "path": "/data/a", "value": "3"}]), "3"),
        ] {
            let changed = asker.object(patch(&map("x"), kind, body)).await;
            assert_eq!(host::text(&changed, "/data/a"), expected);
        }
        let apply = Patch::Apply { force: false, validation: FieldValidation::Strict };
        let mut wanted = config_map("x");
        wanted["data"]["a"] = json!("4");
        let failure = asker.ask(patch(&map("x"), apply, wanted.clone())).await;
        assert!(failure.is_err_and(|failure| failure.to_string().contains("Apply failed with 1 conflict")));
        let apply = Patch::Apply { force: true, validation: FieldValidation::Strict };
        let applied = asker.object(patch(&map("x"), apply, wanted)).await;
        assert_eq!(host::text(&applied, "/data/a"), "4");
        assert_eq!(asker.delete(&map("x")).await, Ok(Reply::Deleted));
        assert!(asker.get(&map("x")).await.is_err_and(|failure| failure.is_not_found()));
        let other = ObjectRef::namespaced("example.com/v1", "Nothing", "default", "x");
        assert!(asker.get(&other).await.is_err_and(|failure| failure.is_not_found()));
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn long_lists_come_in_pages() {
    locally(async {
        let (asker, _) = Asker::new(&host::start(None), "127.0.0.1:1");
        for number in 0..620 {
            asker.create(config_map(&format!("m{number:04}"))).await;
        }
        let list = |metadata: bool| {
            let (api_version, kind) = ("v1".to_owned(), "ConfigMap".to_owned());
            let (namespace, labels) = (Some("default".to_owned()), BTreeMap::new());
            if metadata {
                Request::ListMetadata { api_version, kind, namespace, labels }
            } else {
                Request::List { api_version, kind, namespace, labels }
            }
        };
        for is_metadata in [false, true] {
            let Ok(Reply::List(objects)) = asker.ask(list(is_metadata)).await else { panic!("no list") };
            assert_eq!(objects.len(), 620);
            assert!(objects.iter().all(|object| object.get("data").is_none() == is_metadata));
            assert_eq!(metadata::text(&objects[619], "name"), "m0619");
        }
    })
    .await;
}

/// Notes what it sees.
struct Notes(mpsc::UnboundedSender<String>);

impl Observer for Notes {
    async fn seen(&mut self, seen: Seen) -> Flow {
        let note = match seen {
            Seen::Snapshot(objects) => format!("{}", objects.len()),
            Seen::Changed(object) => format!("+{}", metadata::text(&object, "name")),
            Seen::Gone(object) => format!("-{}", metadata::text(&object, "name")),
        };
        if self.0.send(note).is_ok() { Flow::Continue } else { Flow::Stop }
    }

    async fn failed(&mut self, failure: Failure) -> Flow {
        let _ = self.0.send(format!("!{failure}"));
        Flow::Continue
    }
}

#[tokio::test(start_paused = true)]
async fn a_watch_goes_on_for_hours() {
    locally(async {
        let client = host::start(None);
        let (asker, _) = Asker::new(&client, "127.0.0.1:1");
        asker.create(config_map("first")).await;
        let (notes, mut seen) = mpsc::unbounded_channel();
        let what = ListWatch {
            identity: Identity::Controller,
            kind: GroupVersionKind::new("v1", "ConfigMap"),
            plural: "configmaps".to_owned(),
            namespace: Some("default".to_owned()),
            labels: String::new(),
            fields: String::new(),
            part: Part::Whole,
        };
        let follower = tokio::spawn(async move { follow(&client, &what, &mut Notes(notes)).await });
        let mut next =
            async || tokio::time::timeout(Duration::from_secs(1), seen.recv()).await.unwrap().unwrap();
        assert_eq!(next().await, "1");
        for hour in 0..2 {
            // Many watches end meanwhile, and what they were begun from is long forgotten; bookmarks carry on.
            tokio::time::sleep(Duration::from_secs(3600)).await;
            asker.create(config_map(&format!("hour{hour}"))).await;
            assert_eq!(next().await, format!("+hour{hour}"));
        }
        asker.delete(&map("first")).await.unwrap();
        assert_eq!(next().await, "-first");
        follower.abort();
    })
    .await;
}

/// Starts the whole operator on a cluster.
async fn start_operator(client: &Arc<ApiClient>, artifacts: &str) {
    let (inputs, queue) = mpsc::channel(INPUTS_MAX);
    let log = Log::to(Encoding::Json, LogLevel::Error, |_| {});
    let (asker, clusters) = Asker::new(client, artifacts);
    let (recorder, _tasks) = Recorder::start(Arc::clone(client), None, "tests".to_owned(), log.clone());
    let mut world = RealWorld {
        performer: Arc::new(asker.0),
        watches: MachineWatches::new(clusters, inputs.clone(), None),
        recorder,
        log: log.clone(),
        inputs: inputs.clone(),
        limits: Limits::default(),
    };
    SharedWatches { client: Arc::clone(client), log, inputs }.start(&WatchScope::default());
    tokio::task::spawn_local(async move {
        let mut operator = Operator::new(Config::default(), 1);
        let (_signals, ends) = mpsc::channel(1);
        drive(&mut operator, &mut world, Clock::start(), queue, ends, Duration::from_secs(1)).await
    });
}

fn is_ready(object: Option<&Value>, generation: i64) -> bool {
    let Some(object) = object else { return false };
    let conditions = object.pointer("/status/conditions").and_then(Value::as_array);
    let mut conditions = conditions.into_iter().flatten();
    object.pointer("/status/observedGeneration") == Some(&json!(generation))
        && conditions.any(|condition| condition["type"] == "Ready" && condition["status"] == "True")
}

#[tokio::test(start_paused = true)]
async fn the_whole_operator_installs_upgrades_and_uninstalls() {
    locally(async {
        let package = host::chart();
        let artifacts = host::serve_archive(Arc::clone(&package.archive)).await;
        let client = host::start(Some(package));
        let (asker, _) = Asker::new(&client, &artifacts);
        tokio::time::sleep(Duration::from_secs(2)).await;
        start_operator(&client, &artifacts).await;
        let source = json!({"apiVersion": "source.toolkit.fluxcd.io/v1", "kind": "HelmRepository",
            "metadata": {"name": "r", "namespace": "default"}, "spec": {"url": "https://charts.example.com"}});
        asker.create(source).await;
        let release = json!({"apiVersion": "helm.toolkit.fluxcd.io/v2", "kind": "HelmRelease",
            "metadata": {"name": "web", "namespace": "default"}, "spec": {"interval": "1h",
            "chart": {"spec": {"chart": "web", "sourceRef": {"kind": "HelmRepository", "name": "r"}}}}});
        asker.create(release).await;
        let reference = ObjectRef::namespaced("helm.toolkit.fluxcd.io/v2", "HelmRelease", "default", "web");
        asker.until(&reference, |object| is_ready(object, 1)).await;
        assert_eq!(host::text(&asker.get(&map("web")).await.unwrap(), "/data/message"), "hello");
        let spec = json!({"values": {"message": "changed"}, "driftDetection": {"mode": "enabled"}});
        asker.object(patch(&reference, Patch::Merge, json!({"spec": spec}))).await;
        let ready = asker.until(&reference, |object| is_ready(object, 2)).await.unwrap();
        assert_eq!(ready["status"]["history"][0]["version"], 2);
        assert_eq!(host::text(&asker.get(&map("web")).await.unwrap(), "/data/message"), "changed");
        // Drift is put right long before the interval is over.
        tokio::time::sleep(Duration::from_secs(5)).await;
        asker.object(patch(&map("web"), Patch::Merge, json!({"data": {"message": "edited"}}))).await;
        tokio::time::sleep(Duration::from_secs(5)).await;
        assert_eq!(host::text(&asker.get(&map("web")).await.unwrap(), "/data/message"), "changed");
        asker.delete(&reference).await.unwrap();
        asker.until(&reference, |object| object.is_none()).await;
        assert!(asker.get(&map("web")).await.is_err_and(|failure| failure.is_not_found()));
    })
    .await;
}
