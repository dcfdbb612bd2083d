use std::sync::Arc;

use pilothouse_protocol::{Identity, Object, ObjectRef, Preconditions, Propagation, Reply, Request};
use serde_json::{Value, json};

use super::{ControllerOptions, Controllers};
use crate::clock::{Clock, SECOND};
use crate::server::{Server, ServerOptions};

struct Cluster {
    clock: Clock,
    server: Server,
    controllers: Controllers,
}

impl Cluster {
    fn new() -> Self {
        let server = Server::new(&ServerOptions::default());
        let mut cluster = Self {
            clock: Clock::default(),
            server,
            controllers: Controllers::new(ControllerOptions::default()),
        };
        cluster.spread();
        cluster
    }

    fn create(&mut self, body: Value) -> Object {
        match self.ask(&Request::Create { body: Arc::new(body) }) {
            Reply::Object(object) => object,
            other => panic!("{other:?}"),
        }
    }

    fn ask(&mut self, request: &Request) -> Reply {
        let reply = self.server.request(self.clock.now().wall, &Identity::Controller, request);
        self.spread();
        reply
    }

    fn delete(&mut self, object: &Value, propagation: Propagation) -> Reply {
        let preconditions = Preconditions::default();
        self.ask(&Request::Delete { object: ObjectRef::of(object), propagation, preconditions })
    }

    fn spread(&mut self) {
        for place in self.server.take_changes() {
            self.controllers.changed(self.clock.now(), &self.server, &place);
        }
        if self.server.has_garbage() {
            self.controllers.garbage(self.clock.now());
        }
    }

    fn run(&mut self, nanos: u64) {
        let end = self.clock.now().monotonic.after_nanos(nanos);
        while let Some(at) = self.controllers.next_due().filter(|at| *at <= end) {
            self.clock.jump_to(at);
            self.controllers.run(self.clock.now(), &mut self.server);
            self.spread();
        }
        self.clock.jump_to(end);
    }

    fn see(&self, object: &Value) -> Value {
        self.server.peek(&ObjectRef::of(object)).map(|found| Value::clone(&found)).unwrap_or_default()
    }
}

fn workload(kind: &str, pod: &Value) -> Value {
    let mut spec = pod.clone();
    spec["containers"] = json!([{"name": "c", "image": "x:1"}]);
    json!({"apiVersion": "apps/v1", "kind": kind, "metadata": {"name": "w", "namespace": "default"},
        "spec": {"selector": {"matchLabels": {"a": "b"}}, "template": {"metadata": {"labels": {"a": "b"}}, "spec": spec}}})
}

fn job(spec: &Value, pod: &Value) -> Value {
    let mut body = json!({"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "j", "namespace": "default"}, "spec": spec});
    let mut pod_spec = pod.clone();
    pod_spec["containers"] = json!([{"name": "c", "image": "x:1"}]);
    pod_spec["restartPolicy"] = json!("Never");
    body["spec"]["template"] = json!({"spec": pod_spec});
    body
}

fn condition(object: &Value, kind: &str) -> Value {
    super::status::condition(object, kind).map(|found| found["reason"].clone()).unwrap_or_default()
}

#[test]
fn deployments_become_available() {
    let mut cluster = Cluster::new();
    let object = cluster.create(workload("Deployment", &json!({})));
    cluster.run(SECOND / 2);
    assert_eq!(condition(&cluster.see(&object), "Available"), "MinimumReplicasUnavailable");
    cluster.run(3 * SECOND);
    let seen = cluster.see(&object);
    assert_eq!(condition(&seen, "Progressing"), "NewReplicaSetAvailable");
    assert_eq!(
        (&seen["status"]["availableReplicas"], &seen["status"]["observedGeneration"]),
        (&json!(1), &json!(1))
    );
}

#[test]
fn deployments_without_a_node_time_out() {
    let mut cluster = Cluster::new();
    let object =
        cluster.create(workload("Deployment", &json!({"nodeSelector": {"acceptance/never": "true"}})));
    cluster.run(599 * SECOND);
    assert_eq!(condition(&cluster.see(&object), "Progressing"), "ReplicaSetUpdated");
    cluster.run(2 * SECOND);
    assert_eq!(condition(&cluster.see(&object), "Progressing"), "ProgressDeadlineExceeded");
}

#[test]
fn stateful_and_daemon_sets_become_ready() {
    let mut cluster = Cluster::new();
    for (kind, field) in [("StatefulSet", "readyReplicas"), ("DaemonSet", "numberReady")] {
        let object = cluster.create(workload(kind, &json!({})));
        cluster.run(3 * SECOND);
        assert_eq!(cluster.see(&object)["status"][field], 1, "{kind}");
    }
}

#[test]
fn jobs_end_as_asked() {
    for (spec, pod, kind, reason) in [
        (json!({}), json!({}), "Complete", "CompletionsReached"),
        (
            json!({"activeDeadlineSeconds": 1, "backoffLimit": 0}),
            json!({"nodeSelector": {"acceptance/never": "true"}}),
            "Failed",
            "DeadlineExceeded",
        ),
    ] {
        let mut cluster = Cluster::new();
        let object = cluster.create(job(&spec, &pod));
        cluster.run(5 * SECOND);
        assert_eq!(condition(&cluster.see(&object), kind), reason);
    }
}

#[test]
fn finished_jobs_with_a_time_to_live_vanish() {
    let mut cluster = Cluster::new();
    let object = cluster.create(job(&json!({"ttlSecondsAfterFinished": 5}), &json!({})));
    cluster.run(3 * SECOND);
    assert_eq!(condition(&cluster.see(&object), "Complete"), "CompletionsReached");
    cluster.run(10 * SECOND);
    assert!(cluster.see(&object).is_null());
}

#[test]
fn pods_end_as_their_label_says() {
    let mut cluster = Cluster::new();
    for (outcome, phase) in [("succeed", "Succeeded"), ("fail", "Failed")] {
        let object = cluster.create(json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": outcome,
            "namespace": "default", "labels": {"acceptance-outcome": outcome}},
            "spec": {"containers": [{"name": "c", "image": "x"}], "nodeSelector": {"acceptance/never": "true"}}}));
        cluster.run(3 * SECOND);
        assert_eq!(cluster.see(&object)["status"]["phase"], phase);
    }
}

#[test]
fn dependents_follow_their_owner() {
    for (propagation, stays) in
        [(Propagation::Background, false), (Propagation::Foreground, false), (Propagation::Orphan, true)]
    {
        let mut cluster = Cluster::new();
        let object = cluster.create(workload("Deployment", &json!({})));
        cluster.run(3 * SECOND);
        cluster.delete(&object, propagation);
        assert_eq!(cluster.see(&object).is_null(), propagation == Propagation::Background, "{propagation:?}");
        cluster.run(5 * SECOND);
        assert!(cluster.see(&object).is_null(), "{propagation:?}");
        let left = cluster.server.store().list("replicasets.apps", None).count();
        assert_eq!(left, usize::from(stays), "{propagation:?}");
    }
}

#[test]
fn namespaces_are_emptied_before_they_go() {
    let mut cluster = Cluster::new();
    let namespace =
        cluster.create(json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "x"}}));
    let held = cluster.create(json!({"apiVersion": "v1", "kind": "ConfigMap",
        "metadata": {"name": "c", "namespace": "x", "finalizers": ["test/hold"]}}));
    cluster.run(SECOND);
    cluster.delete(&namespace, Propagation::Background);
    cluster.run(10 * SECOND);
    assert_eq!(cluster.see(&namespace)["status"]["phase"], "Terminating");
    let body = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "d", "namespace": "x"}});
    let Reply::Failed(failure) = cluster.ask(&Request::Create { body: Arc::new(body) }) else {
        panic!("created")
    };
    assert_eq!(
        failure.to_string(),
        "configmaps \"d\" is forbidden: unable to create new content in namespace x because it is being terminated"
    );
    cluster.server.release_finalizer(&ObjectRef::of(&held), "test/hold");
    cluster.spread();
    cluster.run(10 * SECOND);
    assert!(cluster.see(&namespace).is_null());
}

#[test]
fn custom_kinds_are_served_after_establishment_and_go_with_their_definition() {
    let mut cluster = Cluster::new();
    let definition = cluster.create(json!({"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": "widgets.example.com"}, "spec": {"group": "example.com", "scope": "Namespaced",
        "names": {"kind": "Widget", "plural": "widgets"}, "versions": [{"name": "v1", "served": true, "storage": true,
            "schema": {"openAPIV3Schema": {"type": "object", "properties": {"spec": {"type": "object",
                "properties": {"size": {"type": "integer"}}}}}}}]}}));
    let widget = json!({"apiVersion": "example.com/v1", "kind": "Widget", "metadata": {"name": "w", "namespace": "default"},
        "spec": {"size": 1}});
    assert!(matches!(cluster.ask(&Request::Create { body: Arc::new(widget.clone()) }), Reply::Failed(_)));
    cluster.run(SECOND);
    assert!(cluster.server.discovery().resource("example.com/v1", "Widget").is_some());
    assert_eq!(cluster.create(widget.clone())["metadata"]["generation"], 1);
    cluster.delete(&definition, Propagation::Background);
    cluster.run(5 * SECOND);
    assert!(cluster.see(&definition).is_null());
    assert!(cluster.server.discovery().resource("example.com/v1", "Widget").is_none());
}
