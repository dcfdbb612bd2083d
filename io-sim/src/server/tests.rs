use std::collections::BTreeMap;
use std::sync::Arc;

use pilothouse_protocol::{
    FieldValidation, Identity, Object, ObjectRef, Patch, Preconditions, Propagation, Reply, Request,
    WatchTarget, metadata,
};
use serde_json::{Value, json};

use super::{Server, ServerOptions, WatchEvent};
use crate::clock::DEFAULT_START;

fn server() -> Server {
    Server::new(&ServerOptions::default())
}

fn ask(server: &mut Server, identity: &Identity, request: &Request) -> Result<Option<Object>, String> {
    match server.request(DEFAULT_START, identity, request) {
        Reply::Object(object) => Ok(Some(object)),
        Reply::Failed(failure) => Err(failure.to_string()),
        _ => Ok(None),
    }
}

fn create(server: &mut Server, body: Value) -> Object {
    let created = ask(server, &Identity::Controller, &Request::Create { body: Arc::new(body) });
    created.expect("created").expect("an object")
}

fn config_map(name: &str, labels: &Value) -> Value {
    json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": "default", "labels": labels}})
}

fn everything() -> WatchTarget {
    WatchTarget::labelled("v1", "ConfigMap", None, BTreeMap::from([("a".to_owned(), "b".to_owned())]))
}

#[test]
fn service_accounts_may_do_what_they_are_bound_to() {
    let mut server = server();
    let identity = Identity::ServiceAccount { namespace: "default".to_owned(), name: "sa".to_owned() };
    let body = Arc::new(config_map("x", &json!({})));
    let refused = ask(&mut server, &identity, &Request::Create { body: Arc::clone(&body) });
    assert_eq!(
        refused.unwrap_err(),
        "configmaps is forbidden: User \"system:serviceaccount:default:sa\" cannot create resource \"configmaps\" in API group \"\" in the namespace \"default\""
    );
    let rule = json!({"apiGroups": [""], "resources": ["configmaps"], "verbs": ["create", "get"]});
    let meta = json!({"name": "r", "namespace": "default"});
    create(
        &mut server,
        json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding", "metadata": meta,
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "r"},
        "subjects": [{"kind": "ServiceAccount", "name": "sa", "namespace": "default"}]}),
    );
    let refused = ask(&mut server, &identity, &Request::Create { body: Arc::clone(&body) });
    assert!(
        refused.is_err_and(|words| words.ends_with(": RBAC: role.rbac.authorization.k8s.io \"r\" not found"))
    );
    create(
        &mut server,
        json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": meta, "rules": [rule]}),
    );
    assert!(ask(&mut server, &identity, &Request::Create { body }).is_ok());
    let object = ObjectRef::namespaced("v1", "ConfigMap", "default", "x");
    assert!(ask(&mut server, &identity, &Request::Get { object: object.clone() }).is_ok());
    let request = Request::Delete {
        object,
        propagation: Propagation::Background,
        preconditions: Preconditions::default(),
    };
    assert!(ask(&mut server, &identity, &request).is_err());
}

#[test]
fn watches_see_objects_come_into_the_target_and_leave_it() {
    let mut server = server();
    create(&mut server, config_map("first", &json!({"a": "b"})));
    let (objects, revision) = server.watch(&Identity::Controller, &everything()).expect("a watch");
    assert_eq!(objects.len(), 1);
    create(&mut server, config_map("other", &json!({})));
    for labels in [json!({"a": "b"}), json!({"a": "c"})] {
        let request = Request::Patch {
            object: ObjectRef::namespaced("v1", "ConfigMap", "default", "other"),
            patch: Patch::Merge,
            body: Arc::new(json!({"metadata": {"labels": labels}})),
            status: false,
            dry_run: false,
        };
        ask(&mut server, &Identity::Controller, &request).expect("patched");
    }
    let events = server.events_after(&everything(), revision, 10).expect("events");
    let kinds: Vec<_> = events.iter().map(|(_, event)| matches!(event, WatchEvent::Changed(_))).collect();
    assert_eq!(kinds, [true, false]);
    assert!(events.windows(2).all(|pair| pair[0].0 < pair[1].0));
    assert_eq!(server.events_after(&everything(), server.revision(), 10), Ok(Vec::new()));
}

#[test]
fn deletions_hold_their_preconditions() {
    let mut server = server();
    let object = create(&mut server, config_map("x", &json!({})));
    let reference = ObjectRef::of(&object);
    let mut delete = |uid: &str| {
        let preconditions = Preconditions { uid: Some(uid.to_owned()), resource_version: None };
        let request = Request::Delete {
            object: reference.clone(),
            propagation: Propagation::Background,
            preconditions,
        };
        ask(&mut server, &Identity::Controller, &request)
    };
    assert!(
        delete("other")
            .is_err_and(|words| words.contains("the UID in the precondition (other) does not match"))
    );
    assert!(delete(metadata::text(&object, "uid")).is_ok());
    assert!(delete("other").is_err_and(|words| words == "configmaps \"x\" not found"));
}

#[test]
fn reads_share_and_repeated_applies_change_nothing() {
    let mut server = server();
    let apply = Request::Patch {
        object: ObjectRef::namespaced("v1", "ConfigMap", "default", "x"),
        patch: Patch::Apply { force: true, validation: FieldValidation::Strict },
        body: Arc::new(config_map("x", &json!({"a": "b"}))),
        status: false,
        dry_run: false,
    };
    let first = ask(&mut server, &Identity::Controller, &apply).expect("applied");
    let again = ask(&mut server, &Identity::Controller, &apply).expect("applied");
    assert!(first.zip(again).is_some_and(|(first, again)| Arc::ptr_eq(&first, &again)));
}

#[test]
fn large_secrets_are_refused() {
    let mut server = server();
    let body = |size: usize| {
        let data = "A".repeat(size / 3 * 4);
        Arc::new(
            json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s", "namespace": "default"}, "data": {"x": data}}),
        )
    };
    let refused = ask(&mut server, &Identity::Controller, &Request::Create { body: body(1_100_000) });
    assert_eq!(
        refused.unwrap_err(),
        "Secret \"s\" is invalid: data: Too long: may not be more than 1048576 bytes"
    );
    assert!(ask(&mut server, &Identity::Controller, &Request::Create { body: body(1_000_000) }).is_ok());
}
