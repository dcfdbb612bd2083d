//! Writing and deleting.

use std::sync::Arc;

use pilothouse_apply::{Apply, ApplyPlan, Delete, ManifestObject, Method, ReadLive};
use pilothouse_protocol::{
    ApiResource, Discovery, ErrorClass, GroupVersionKind, ObjectRef, Propagation, Reply,
};
use serde_json::{Value, json};

use crate::driver::{Driver, found, lost, not_found, refused};

const SSA: Method = Method::ServerSide { force_conflicts: false };
const CSA: Method = Method::ClientSide { replace: false };

fn config(name: &str, data: Value) -> Value {
    json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": "ns"}, "data": data})
}

fn live(name: &str, version: u64, data: Value) -> Value {
    let mut object = config(name, data);
    object["metadata"]["resourceVersion"] = json!(version.to_string());
    object["metadata"]["managedFields"] = json!([{"manager": "helm-controller", "operation": "Apply"}]);
    object
}

fn manifest(body: Value) -> ManifestObject {
    ManifestObject { reference: ObjectRef::of(&body), body }
}

fn names(objects: &[ObjectRef]) -> Vec<&str> {
    objects.iter().map(|object| object.name.as_str()).collect()
}

#[test]
fn creations_of_one_kind_overlap() {
    let secret = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s", "namespace": "ns"}});
    let targets = [config("a", json!({})), config("b", json!({})), secret.clone()].map(manifest).to_vec();
    let (mut driver, mut task) = (Driver::new(), Apply::new(ApplyPlan::create(targets, SSA)));
    assert!(driver.poll(&mut task).is_none());
    assert_eq!(driver.asked(), ["apply ConfigMap/ns/a", "apply ConfigMap/ns/b"]);
    assert!(driver.answer(&mut task, found(live("a", 5, json!({})))).is_none());
    assert_eq!(driver.asked(), ["apply ConfigMap/ns/b"]);
    assert!(driver.answer(&mut task, found(live("b", 6, json!({})))).is_none());
    let applied = driver.answer(&mut task, found(secret)).unwrap().unwrap();
    assert_eq!(names(&applied.created), ["a", "b", "s"]);
    assert_eq!(applied.resource_versions[&ObjectRef::namespaced("v1", "ConfigMap", "ns", "b")], 6);
}

#[test]
fn failed_creations_do_not_stop_the_others() {
    let targets = [config("a", json!({})), config("b", json!({}))].map(manifest).to_vec();
    let (mut driver, mut task) = (Driver::new(), Apply::new(ApplyPlan::create(targets, SSA)));
    driver.poll(&mut task);
    driver.answer(&mut task, refused(500, "InternalError", "etcdserver: request timed out"));
    driver.requests.rotate_left(1);
    driver.answer(&mut task, found(config("a", json!({"other": "x"}))));
    driver.answer(&mut task, refused(409, "Conflict", "conflict with \"x\""));
    driver.advance(&mut task, 1);
    let error = driver.answer(&mut task, refused(422, "Invalid", "bad")).unwrap().unwrap_err();
    assert_eq!(
        error.to_string(),
        "server-side apply failed for object ns/a /v1, Kind=ConfigMap: bad\n\
         conflict occurred while applying object ns/b /v1, Kind=ConfigMap: conflict with \"x\""
    );
    assert_ne!(error.class(), ErrorClass::Transient);
}

#[test]
fn an_update_creates_updates_and_deletes() {
    let originals = [config("a", json!({"x": "1"})), config("gone", json!({})), config("kept", json!({}))];
    let targets = [config("a", json!({"y": "1"})), config("new", json!({}))];
    let plan = ApplyPlan::update(originals.map(manifest).to_vec(), targets.map(manifest).to_vec(), CSA);
    let (mut driver, mut task) = (Driver::new(), Apply::new(plan));
    driver.poll(&mut task);
    assert_eq!(driver.asked(), ["get ConfigMap/ns/a"]);
    driver.answer(&mut task, found(live("a", 1, json!({"x": "1", "z": "1"}))));
    assert_eq!(driver.asked(), ["strategicmerge ConfigMap/ns/a"]);
    assert_eq!(driver.body(), json!({"data": {"x": null, "y": "1"}}));
    driver.answer(&mut task, found(live("a", 2, json!({"y": "1"}))));
    driver.answer(&mut task, not_found());
    assert_eq!(driver.asked(), ["create ConfigMap/ns/new"]);
    driver.answer(&mut task, found(live("new", 3, json!({}))));
    assert_eq!(driver.asked(), ["get ConfigMap/ns/gone"]);
    driver.answer(&mut task, found(live("gone", 1, json!({}))));
    assert_eq!(driver.asked(), ["delete ConfigMap/ns/gone"]);
    driver.answer(&mut task, Reply::Deleted);
    let mut kept = live("kept", 1, json!({}));
    kept["metadata"]["annotations"] = json!({"helm.sh/resource-policy": "keep"});
    let applied = driver.answer(&mut task, found(kept)).unwrap().unwrap();
    assert_eq!(names(&applied.created), ["new"]);
    assert_eq!(names(&applied.updated), ["a"]);
    assert_eq!(names(&applied.deleted), ["gone"]);
}

#[test]
fn failed_updates_are_collected_and_nothing_is_deleted() {
    let targets = [config("a", json!({"x": "1"})), config("b", json!({"x": "1"}))];
    let originals = vec![manifest(config("gone", json!({})))];
    let plan = ApplyPlan::update(originals, targets.map(manifest).to_vec(), CSA);
    let (mut driver, mut task) = (Driver::new(), Apply::new(plan));
    driver.poll(&mut task);
    driver.answer(&mut task, found(live("a", 1, json!({}))));
    driver.answer(&mut task, refused(403, "Forbidden", "no"));
    driver.answer(&mut task, found(live("b", 1, json!({}))));
    let error = driver.answer(&mut task, refused(422, "Invalid", "bad")).unwrap().unwrap_err();
    assert_eq!(
        error.to_string(),
        "cannot patch \"a\" with kind ConfigMap: no && cannot patch \"b\" with kind ConfigMap: bad"
    );
    assert_eq!(names(&error.applied.updated), ["a", "b"]);
}

#[test]
fn a_failed_creation_ends_an_update() {
    let targets = [config("a", json!({})), config("b", json!({}))].map(manifest).to_vec();
    let (mut driver, mut task) = (Driver::new(), Apply::new(ApplyPlan::update(vec![], targets, CSA)));
    driver.poll(&mut task);
    driver.answer(&mut task, not_found());
    let error = driver.answer(&mut task, refused(403, "Forbidden", "no")).unwrap().unwrap_err();
    assert_eq!(error.to_string(), "failed to create resource: no");
    assert_eq!(names(&error.applied.created), ["a"]);
}

#[test]
fn a_write_without_an_answer_is_read_back() {
    let plan = || ApplyPlan::create(vec![manifest(config("a", json!({"x": "1"})))], SSA);
    let (mut driver, mut task) = (Driver::new(), Apply::new(plan()));
    driver.poll(&mut task);
    driver.answer(&mut task, lost());
    assert_eq!(driver.asked(), ["get ConfigMap/ns/a"]);
    let applied = driver.answer(&mut task, found(live("a", 9, json!({"x": "1"})))).unwrap().unwrap();
    assert_eq!(applied.resource_versions.into_values().collect::<Vec<_>>(), [9]);

    let mut task = Apply::new(plan());
    driver.poll(&mut task);
    for _ in 0..2 {
        driver.answer(&mut task, lost());
        assert!(driver.answer(&mut task, not_found()).is_none());
        assert!(driver.requests.is_empty(), "rests before it repeats");
        driver.advance(&mut task, 3);
        assert_eq!(driver.asked(), ["apply ConfigMap/ns/a"]);
    }
    driver.answer(&mut task, lost());
    let error = driver.answer(&mut task, not_found()).unwrap().unwrap_err();
    assert_eq!(error.class(), ErrorClass::Transient);
    assert_eq!(
        error.to_string(),
        "server-side apply failed for object ns/a /v1, Kind=ConfigMap: connection lost"
    );
}

#[test]
fn a_reply_that_never_comes_counts_as_unknown() {
    let plan = ApplyPlan::create(vec![manifest(config("a", json!({})))], CSA);
    let (mut driver, mut task) = (Driver::new(), Apply::new(plan));
    driver.poll(&mut task);
    assert!(driver.advance(&mut task, 59).is_none());
    driver.requests.clear();
    assert!(driver.advance(&mut task, 1).is_none());
    assert_eq!(driver.asked(), ["get ConfigMap/ns/a"]);
    assert!(driver.answer(&mut task, found(live("a", 1, json!({})))).unwrap().is_ok());
}

#[test]
fn fields_of_client_side_apply_are_handed_over() {
    let target = manifest(config("a", json!({"x": "1"})));
    let plan = ApplyPlan::update(vec![target.clone()], vec![target], SSA);
    let (mut driver, mut task) = (Driver::new(), Apply::new(plan));
    driver.poll(&mut task);
    let mut old = live("a", 1, json!({"x": "0"}));
    old["metadata"]["managedFields"][0]["operation"] = json!("Update");
    driver.answer(&mut task, found(old.clone()));
    assert_eq!(driver.asked(), ["json ConfigMap/ns/a"]);
    driver.answer(&mut task, refused(409, "Conflict", "changed"));
    assert_eq!(driver.asked(), ["get ConfigMap/ns/a"]);
    driver.answer(&mut task, found(old));
    driver.answer(&mut task, found(live("a", 2, json!({"x": "0"}))));
    assert_eq!(driver.asked(), ["apply ConfigMap/ns/a"]);
    assert!(driver.answer(&mut task, found(live("a", 3, json!({"x": "1"})))).unwrap().is_ok());
}

#[test]
fn a_replacement_carries_the_version_that_was_read() {
    let target = manifest(config("a", json!({"x": "1"})));
    let plan = ApplyPlan::update(vec![], vec![target], Method::ClientSide { replace: true });
    let (mut driver, mut task) = (Driver::new(), Apply::new(plan));
    driver.poll(&mut task);
    driver.answer(&mut task, found(live("a", 4, json!({}))));
    assert_eq!(driver.asked(), ["update ConfigMap/ns/a"]);
    assert_eq!(driver.body()["metadata"]["resourceVersion"], "4");
    let error = driver.answer(&mut task, refused(409, "Conflict", "changed")).unwrap().unwrap_err();
    assert_eq!(error.to_string(), "failed to replace object: changed");
}

#[test]
fn generated_names_are_learnt_from_the_server() {
    let body = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"generateName": "a-", "namespace": "ns"}});
    for method in [CSA, SSA] {
        let mut driver = Driver::new();
        let mut task = Apply::new(ApplyPlan::create(vec![manifest(body.clone())], method));
        driver.poll(&mut task);
        assert_eq!(driver.body(), body, "an apply needs a name, so it is created");
        let applied = driver.answer(&mut task, found(live("a-xyz", 1, json!({})))).unwrap().unwrap();
        assert_eq!(names(&applied.created), ["a-xyz"]);
    }
}

#[test]
fn fields_of_others_are_left_or_taken() {
    let (original, mut edited) =
        (config("a", json!({"k": "1", "l": "1"})), live("a", 3, json!({"k": "9", "l": "9"})));
    edited["metadata"]["managedFields"] = json!([
        {"manager": "helm-controller", "operation": "Apply", "fieldsV1": {"f:metadata": {}}},
        {"manager": "editor", "operation": "Update", "fieldsV1": {"f:data": {"f:k": {}, "f:l": {}}}}]);
    let target = config("a", json!({"k": "1", "l": "2"}));
    let method = Method::ServerSide { force_conflicts: true };
    let plan = ApplyPlan::update(vec![manifest(original)], vec![manifest(target)], method);
    let (mut driver, mut task) = (Driver::new(), Apply::new(ApplyPlan { migrate_managers: false, ..plan }));
    driver.poll(&mut task);
    driver.answer(&mut task, found(edited.clone()));
    assert_eq!(driver.asked(), ["apply ConfigMap/ns/a"]);
    driver.answer(
        &mut task,
        refused(409, "Conflict", "Apply failed with 2 conflicts: conflicts with \"editor\""),
    );
    assert_eq!(driver.asked(), ["get ConfigMap/ns/a"]);
    driver.answer(&mut task, found(edited));
    assert_eq!(driver.body()["data"], json!({"l": "2"}), "the release has no news about k");
    driver.answer(&mut task, found(live("a", 4, json!({"k": "9", "l": "2"}))));
    assert_eq!(driver.context.left_fields, ["ConfigMap/ns/a .data.k (editor)"]);
}

#[test]
fn what_forgotten_revisions_have_brought_is_removed() {
    let (original, mut changed) =
        (config("a", json!({"k": "1"})), live("a", 3, json!({"k": "1", "l": "9", "m": "9"})));
    changed["metadata"]["managedFields"] = json!([
        {"manager": "helm-controller", "operation": "Update", "apiVersion": "v1",
            "fieldsV1": {"f:data": {"f:k": {}, "f:l": {}}}},
        {"manager": "editor", "operation": "Update", "apiVersion": "v1", "fieldsV1": {"f:data": {"f:m": {}}}}]);
    for (forgotten, expected) in [(true, Some(json!({"data": {"l": null}}))), (false, None)] {
        let plan = ApplyPlan::update(vec![manifest(original.clone())], vec![manifest(original.clone())], CSA);
        let (mut driver, mut task) = (Driver::new(), Apply::new(ApplyPlan { forgotten, ..plan }));
        driver.poll(&mut task);
        let ended = driver.answer(&mut task, found(changed.clone()));
        assert_eq!(ended.is_none().then(|| driver.body()), expected);
    }
}

#[test]
fn deletions_collect_errors() {
    let objects = ["a", "b", "c", "d"].map(|name| ObjectRef::namespaced("v1", "ConfigMap", "ns", name));
    let (mut driver, mut task) = (Driver::new(), Delete::new(objects, Propagation::Background));
    driver.poll(&mut task);
    assert_eq!(driver.asked().len(), 4);
    driver.answer(&mut task, Reply::Deleted);
    driver.answer(&mut task, not_found());
    driver.answer(&mut task, refused(403, "Forbidden", "no"));
    driver.answer(&mut task, lost());
    assert_eq!(driver.asked(), ["get ConfigMap/ns/d"]);
    let deleted = driver.answer(&mut task, not_found()).unwrap();
    assert_eq!(names(&deleted.deleted), ["a", "b", "d"]);
    assert_eq!(deleted.errors.iter().map(ToString::to_string).collect::<Vec<_>>(), ["no"]);
}

#[test]
fn what_is_not_served_at_all_is_gone_and_what_is_not_for_a_moment_is_not() {
    let unserved = || refused(404, "NotFound", "the server could not find the requested resource");
    let discovery = |kinds: &[&str]| {
        let resource = |kind: &&str| (GroupVersionKind::new("v1", *kind), ApiResource::default());
        let resources = kinds.iter().map(resource).collect();
        Reply::Discovery(Arc::new(Discovery { resources, ..Discovery::default() }))
    };
    let delete =
        || Delete::new([ObjectRef::namespaced("v1", "ConfigMap", "ns", "a")], Propagation::Background);

    let (mut driver, mut task) = (Driver::new(), delete());
    driver.poll(&mut task);
    driver.answer(&mut task, unserved());
    assert_eq!(driver.asked(), ["Discover(fresh: true)"]);
    let deleted = driver.answer(&mut task, discovery(&[])).unwrap();
    assert_eq!((names(&deleted.deleted), deleted.errors.len()), (vec!["a"], 0));

    let (mut driver, mut task) = (Driver::new(), delete());
    driver.poll(&mut task);
    for pause in [1, 2] {
        driver.answer(&mut task, unserved());
        driver.answer(&mut task, discovery(&["ConfigMap"]));
        assert!(driver.requests.is_empty());
        driver.advance(&mut task, pause);
        assert_eq!(driver.asked(), ["delete ConfigMap/ns/a"]);
    }
    driver.answer(&mut task, unserved());
    let deleted = driver.answer(&mut task, discovery(&["ConfigMap"])).unwrap();
    assert_eq!((deleted.deleted.len(), deleted.errors.len()), (0, 1));
}

#[test]
fn what_exists_is_read() {
    let objects = ["a", "b"].map(|name| ObjectRef::namespaced("v1", "ConfigMap", "ns", name));
    let (mut driver, mut task) = (Driver::new(), ReadLive::new(objects.clone()));
    driver.poll(&mut task);
    driver.answer(&mut task, found(live("a", 1, json!({}))));
    let existing = driver.answer(&mut task, not_found()).unwrap().unwrap();
    assert_eq!(existing.into_keys().collect::<Vec<_>>(), objects[..1]);
    let mut task = ReadLive::new(objects);
    driver.poll(&mut task);
    let error = driver.answer(&mut task, refused(403, "Forbidden", "no")).unwrap().unwrap_err();
    assert_eq!(
        error.to_string(),
        "could not get information about the resource ConfigMap \"a\" in namespace \"ns\": no"
    );
}
