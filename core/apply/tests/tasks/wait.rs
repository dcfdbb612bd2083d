//! Waiting.

use std::collections::BTreeMap;
use std::sync::Arc;

use pilothouse_apply::{Assessment, ManifestObject, Status, StatusReader, Wait, WaitError, WaitFor};
use pilothouse_machine::{Interrupt, SECOND, Task};
use pilothouse_protocol::{ApiError, Failure, ObjectRef, Observation, ReleaseKey, Reply, Why};
use serde_json::{Value, json};

use crate::driver::{Driver, found, not_found, object, refused};

const READY: WaitFor = WaitFor::Ready { jobs: true };
const ORIGIN: [&str; 2] = ["app", "ns"];

fn deployment(name: &str, replicas: u64, version: u64) -> Value {
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {
            "name": name, "namespace": "ns", "resourceVersion": version.to_string(), "generation": 1,
            "labels": {"helm.toolkit.fluxcd.io/name": "app", "helm.toolkit.fluxcd.io/namespace": "ns"}
        },
        "spec": {"replicas": 1},
        "status": {
            "observedGeneration": 1, "replicas": 1, "updatedReplicas": 1, "readyReplicas": replicas,
            "availableReplicas": replicas, "conditions": [{"type": "Available", "status": "True"}]
        }
    })
}

fn job(name: &str, status: Value) -> Value {
    json!({
        "apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": name, "namespace": "ns", "uid": "u"},
        "spec": {"ttlSecondsAfterFinished": 5}, "status": status
    })
}

fn ended(kind: &str) -> Value {
    json!({"conditions": [{"type": kind, "status": "True"}]})
}

fn manifest(body: Value) -> ManifestObject {
    ManifestObject { reference: ObjectRef::of(&body), body }
}

fn wait(bodies: &[Value], wait_for: WaitFor) -> Wait {
    let objects = bodies.iter().cloned().map(manifest).collect();
    let [name, namespace] = ORIGIN;
    Wait::new(objects, wait_for, 60 * SECOND, Some(ReleaseKey::new(namespace, name)))
}

fn snapshot(bodies: &[Value]) -> Observation {
    Observation::Snapshot(bodies.iter().cloned().map(object).collect())
}

fn changed(body: Value) -> Observation {
    Observation::Changed(object(body))
}

fn forbidden() -> Failure {
    Failure::Api(ApiError::new(403, "Forbidden", "no"))
}

/// The error after the time is over and the server has answered.
fn last_look(driver: &mut Driver, task: &mut Wait, reply: Reply) -> String {
    assert!(driver.advance(task, 60).is_none());
    driver.answer(task, reply).unwrap().unwrap_err().to_string()
}

#[test]
fn objects_of_one_origin_share_a_watch() {
    let (a, b) = (deployment("a", 0, 1), deployment("b", 0, 1));
    let (mut driver, mut task) = (Driver::new(), wait(&[a.clone(), b.clone()], READY));
    assert!(driver.poll(&mut task).is_none());
    assert_eq!(driver.watches.len(), 1);
    assert_eq!(driver.watches[0].1.labels["helm.toolkit.fluxcd.io/name"], "app");
    assert_eq!(driver.context.deadline().unwrap().why, Why::ReadinessTimeout);
    assert!(driver.observe(&mut task, 0, snapshot(&[a, b])).is_none());
    assert!(driver.observe(&mut task, 0, changed(deployment("a", 1, 2))).is_none());
    assert_eq!(task.describe(), "waiting for Deployment/ns/b (Available: 0/1) to become ready");
    assert_eq!(driver.observe(&mut task, 0, changed(deployment("b", 1, 3))), Some(Ok(())));
    assert!(driver.watches.is_empty());
}

#[test]
fn the_timeout_names_what_is_not_ready() {
    let (a, b, c) = (deployment("b", 0, 1), deployment("a", 0, 1), deployment("c", 1, 1));
    let (mut driver, mut task) = (Driver::new(), wait(&[a.clone(), b, c.clone()], READY));
    driver.poll(&mut task);
    driver.observe(&mut task, 0, snapshot(&[a, c]));
    assert_eq!(driver.asked(), ["get Deployment/ns/a"]);
    driver.answer(&mut task, not_found());
    assert!(driver.advance(&mut task, 59).is_none());
    assert!(driver.asked().is_empty());
    assert!(driver.advance(&mut task, 1).is_none());
    assert_eq!(driver.asked(), ["get Deployment/ns/b", "get Deployment/ns/a"]);
    driver.answer(&mut task, found(deployment("b", 0, 1)));
    assert_eq!(
        driver.answer(&mut task, not_found()).unwrap().unwrap_err().to_string(),
        "timeout waiting for: [Deployment/ns/b status: 'InProgress', Deployment/ns/a status: 'NotFound']"
    );
    assert!(driver.watches.is_empty());
}

#[test]
fn without_any_observation_the_status_is_undetermined() {
    let (mut driver, mut task) = (Driver::new(), wait(&[deployment("a", 0, 1)], READY));
    driver.poll(&mut task);
    assert!(driver.advance(&mut task, 60).is_none());
    assert_eq!(driver.asked(), ["get Deployment/ns/a"]);
    assert_eq!(
        driver.advance(&mut task, 5).unwrap().unwrap_err().to_string(),
        "timeout waiting for: [can't determine status for Deployment/ns/a]"
    );
}

#[test]
fn a_failed_object_ends_the_wait() {
    let (mut driver, mut task) = (Driver::new(), wait(&[deployment("a", 0, 1), job("j", json!({}))], READY));
    driver.poll(&mut task);
    driver.observe(&mut task, 0, snapshot(&[deployment("a", 0, 1)]));
    let outcome = driver.observe(&mut task, 1, snapshot(&[job("j", ended("Failed"))]));
    assert_eq!(
        outcome.unwrap().unwrap_err().to_string(),
        "failed early due to stalled resources: [Job/ns/j status: 'Failed']"
    );
}

#[test]
fn hooks_wait_for_all_jobs_and_for_nothing_else() {
    let (mut driver, mut task) = (
        Driver::new(),
        wait(&[deployment("a", 0, 1), job("i", json!({})), job("j", json!({}))], WaitFor::HookReady),
    );
    driver.poll(&mut task);
    assert_eq!(driver.watches.len(), 2);
    assert_eq!(driver.context.deadline().unwrap().why, Why::HookTimeout);
    assert!(driver.observe(&mut task, 0, snapshot(&[job("i", ended("Failed"))])).is_none());
    driver.context.set_interrupt(Interrupt::Changed("HelmRelease".to_owned()));
    assert!(driver.poll(&mut task).is_none(), "a hook is not left half done");
    let outcome = driver.observe(&mut task, 1, snapshot(&[job("j", ended("Complete"))]));
    assert_eq!(outcome, Some(Err(WaitError::Stalled(vec!["Job/ns/i status: 'Failed'".to_owned()]))));
}

#[test]
fn a_wait_can_be_interrupted() {
    let (mut driver, mut task) = (Driver::new(), wait(&[deployment("a", 0, 1)], READY));
    driver.poll(&mut task);
    driver.context.set_interrupt(Interrupt::Changed("HelmRelease".to_owned()));
    let outcome = driver.poll(&mut task).unwrap();
    assert_eq!(outcome, Err(WaitError::Interrupted));
    assert!(driver.watches.is_empty());
}

#[test]
fn stale_observations_do_not_count() {
    let versions = BTreeMap::from([(ObjectRef::of(&deployment("a", 1, 1)), 7)]);
    let mut task = wait(&[deployment("a", 1, 1)], READY).not_before(versions);
    let mut driver = Driver::new();
    driver.poll(&mut task);
    assert!(driver.observe(&mut task, 0, snapshot(&[deployment("a", 1, 6)])).is_none());
    assert_eq!(driver.observe(&mut task, 0, changed(deployment("a", 1, 7))), Some(Ok(())));
}

#[test]
fn a_job_that_has_vanished_is_ready_once_a_read_says_so() {
    let (mut driver, mut task) = (Driver::new(), wait(&[job("j", json!({}))], READY));
    driver.poll(&mut task);
    assert!(driver.observe(&mut task, 0, snapshot(&[])).is_none(), "the snapshot may be older than the Job");
    assert_eq!(driver.asked(), ["get Job/ns/j"]);
    assert_eq!(driver.answer(&mut task, not_found()), Some(Ok(())));

    let mut task = wait(&[job("j", json!({}))], READY);
    driver.poll(&mut task);
    driver.observe(&mut task, 0, snapshot(&[job("j", json!({}))]));
    let gone = Observation::Gone(ObjectRef::of(&job("j", json!({}))));
    assert_eq!(driver.observe(&mut task, 0, gone), Some(Ok(())));
}

#[test]
fn where_watches_are_forbidden_objects_are_read() {
    let (mut driver, mut task) = (Driver::new(), wait(&[deployment("a", 0, 1)], READY));
    driver.poll(&mut task);
    driver.observe(&mut task, 0, Observation::Failed(forbidden()));
    assert!(driver.watches.is_empty());
    assert!(driver.answer(&mut task, refused(403, "Forbidden", "no")).is_none());
    assert_eq!(driver.context.deadline().unwrap().why, Why::Poll);
    driver.advance(&mut task, 5);
    driver.answer(&mut task, found(deployment("a", 0, 1)));
    driver.advance(&mut task, 5);
    assert_eq!(driver.answer(&mut task, found(deployment("a", 1, 2))), Some(Ok(())));

    let mut task = wait(&[deployment("a", 0, 1)], READY);
    driver.poll(&mut task);
    driver.observe(&mut task, 0, Observation::Failed(forbidden()));
    driver.answer(&mut task, refused(403, "Forbidden", "no"));
    assert_eq!(
        driver.advance(&mut task, 60).unwrap().unwrap_err().to_string(),
        "timeout waiting for: [Deployment/ns/a status: 'Unknown': no]"
    );
}

#[test]
fn failed_pods_make_their_set_fail() {
    let set = json!({
        "apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": {"name": "s", "namespace": "ns"},
        "spec": {"replicas": 1, "selector": {"matchLabels": {"app": "s"}}}
    });
    let (mut driver, mut task) = (Driver::new(), wait(std::slice::from_ref(&set), READY));
    driver.poll(&mut task);
    driver.observe(&mut task, 0, snapshot(&[set]));
    assert_eq!(driver.watches[1].1.labels["app"], "s");
    let pod = json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": "s-0", "namespace": "ns", "labels": {"app": "s"}},
        "status": {"phase": "Running", "containerStatuses": [
            {"name": "c", "state": {"waiting": {"reason": "CrashLoopBackOff"}}}]}
    });
    let outcome = driver.observe(&mut task, 1, snapshot(&[pod])).unwrap();
    assert_eq!(outcome, Err(WaitError::Stalled(vec!["StatefulSet/ns/s status: 'Failed'".to_owned()])));
}

#[derive(Debug)]
struct Own;

impl StatusReader for Own {
    fn read(&self, reference: &ObjectRef, object: &Value) -> Option<Assessment> {
        let status = if object["data"]["ok"] == "yes" { Status::Current } else { Status::InProgress };
        (reference.kind == "ConfigMap").then(|| Assessment::new(status, ""))
    }
}

#[test]
fn own_rules_come_first() {
    let config = |ok: &str| json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c", "namespace": "ns"}, "data": {"ok": ok}});
    let mut driver = Driver::new();
    let mut task = wait(&[config("no")], WaitFor::HookReady).with_reader(Arc::new(Own));
    driver.poll(&mut task);
    assert!(driver.observe(&mut task, 0, snapshot(&[config("no")])).is_none());
    assert_eq!(driver.observe(&mut task, 0, changed(config("yes"))), Some(Ok(())));
}

#[test]
fn what_is_written_or_paused_needs_no_watch() {
    let config =
        json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c", "namespace": "ns"}});
    let mut paused = deployment("a", 0, 1);
    paused["spec"]["paused"] = json!(true);
    let versions = BTreeMap::from([(ObjectRef::of(&config), 7)]);
    let mut task = wait(&[config, paused], READY).not_before(versions);
    assert_eq!(Driver::new().poll(&mut task), Some(Ok(())));
}

#[test]
fn an_object_is_gone_when_a_read_says_so() {
    let reference = ObjectRef::of(&job("j", json!({})));
    let (mut driver, mut task) = (Driver::new(), Wait::gone([reference.clone()], 60 * SECOND));
    driver.poll(&mut task);
    assert!(driver.watches.is_empty());
    driver.answer(&mut task, found(job("j", json!({}))));
    assert!(driver.observe(&mut task, 0, snapshot(&[job("j", json!({}))])).is_none());
    assert!(driver.observe(&mut task, 0, Observation::Gone(reference)).is_none());
    assert_eq!(driver.asked(), ["get Job/ns/j"]);
    assert_eq!(driver.answer(&mut task, not_found()), Some(Ok(())));
    assert!(driver.watches.is_empty());
}

#[test]
fn a_successor_of_the_same_name_is_another_object() {
    let reference = ObjectRef::of(&job("j", json!({})));
    let (mut driver, mut task) = (Driver::new(), Wait::gone([reference], 60 * SECOND));
    driver.poll(&mut task);
    driver.answer(&mut task, found(job("j", json!({}))));
    let mut other = job("j", json!({}));
    other["metadata"]["uid"] = json!("other");
    driver.observe(&mut task, 0, changed(other.clone()));
    assert_eq!(driver.answer(&mut task, found(other)), Some(Ok(())));
}

#[test]
fn deletions_time_out() {
    let objects: Vec<ObjectRef> =
        (0..20).map(|n| ObjectRef::namespaced("v1", "ConfigMap", "ns", format!("c{n:02}"))).collect();
    let (mut driver, mut task) = (Driver::new(), Wait::gone(objects, 60 * SECOND));
    driver.poll(&mut task);
    assert_eq!(driver.requests.len(), 16);
    for n in 0..16 {
        let reply = if n == 3 { found(json!({"metadata": {"uid": "u"}})) } else { not_found() };
        driver.answer(&mut task, reply);
    }
    assert_eq!(driver.requests.len(), 4);
    for _ in 0..4 {
        driver.answer(&mut task, not_found());
    }
    assert_eq!(driver.context.deadline().unwrap().why, Why::DeletionTimeout);
    assert_eq!(
        last_look(&mut driver, &mut task, found(json!({"metadata": {"uid": "u"}}))),
        "ConfigMap/ns/c03 termination timeout: context deadline exceeded"
    );
}

#[test]
fn late_watches_are_no_failures() {
    let (mut driver, mut task) = (Driver::new(), wait(&[deployment("a", 0, 1)], READY));
    driver.poll(&mut task);
    driver.observe(&mut task, 0, snapshot(&[deployment("a", 0, 1)]));
    driver.advance(&mut task, 60);
    // What the watch still shows does not count against what the server says.
    assert_eq!(driver.answer(&mut task, found(deployment("a", 1, 2))), Some(Ok(())));
    assert!(driver.watches.is_empty());

    let reference = ObjectRef::of(&job("j", json!({})));
    let mut task = Wait::gone([reference], 60 * SECOND);
    driver.poll(&mut task);
    driver.answer(&mut task, found(job("j", json!({}))));
    driver.advance(&mut task, 60);
    assert_eq!(driver.answer(&mut task, not_found()), Some(Ok(())));

    let mut task = wait(&[job("j", json!({}))], READY);
    driver.poll(&mut task);
    driver.advance(&mut task, 60);
    let outcome = driver.answer(&mut task, found(job("j", ended("Failed")))).unwrap();
    assert_eq!(outcome, Err(WaitError::Stalled(vec!["Job/ns/j status: 'Failed'".to_owned()])));
}

#[test]
fn the_last_look_is_bounded() {
    let all: Vec<Value> = (0..20).map(|n| deployment(&format!("a{n:02}"), 0, 1)).collect();
    let (mut driver, mut task) = (Driver::new(), wait(&all, READY));
    driver.poll(&mut task);
    driver.observe(&mut task, 0, snapshot(&all));
    driver.advance(&mut task, 60);
    assert_eq!(driver.requests.len(), 16);
    driver.answer(&mut task, found(deployment("a00", 1, 2)));
    assert_eq!(driver.requests.len(), 16);
    let error = driver.advance(&mut task, 5).unwrap().unwrap_err().to_string();
    assert!(!error.contains("/a00 ") && error.contains("/a01 status: 'InProgress'"), "{error}");
}

#[test]
fn the_legacy_strategy_has_other_words() {
    let (mut driver, mut task) = (Driver::new(), wait(&[job("j", json!({}))], WaitFor::HookReady).legacy());
    driver.poll(&mut task);
    let failed =
        json!({"conditions": [{"type": "Failed", "status": "True", "reason": "BackoffLimitExceeded"}]});
    let outcome = driver.observe(&mut task, 0, snapshot(&[job("j", failed)])).unwrap();
    assert_eq!(outcome.unwrap_err().to_string(), "job j failed: BackoffLimitExceeded");
    let mut task = wait(&[deployment("a", 0, 1)], READY).legacy();
    driver.poll(&mut task);
    let reply = found(deployment("a", 0, 1));
    assert_eq!(last_look(&mut driver, &mut task, reply), "context deadline exceeded");
}
