//! The model against a real API server: requests with the replies that kube-apiserver v1.36.1 gave, one a line.
//!
//! Both sides are freed of what differs by nature: uids, versions, times, addresses, the status, and the entries of the
//! cluster's own controllers.

#![allow(clippy::expect_used, clippy::panic, reason = "the whole file is a test")]

use std::collections::BTreeMap;
use std::sync::Arc;

use pilothouse_conformance::texts::{masked_uids, sorted_causes};
use pilothouse_io_sim::clock::DEFAULT_START;
use pilothouse_io_sim::server::{Server, ServerOptions};
use pilothouse_protocol::{Identity, Object, Reply, Request};
use serde_json::{Value, json};

#[test]
fn replies_equal_those_of_a_real_server() {
    let mut server = Server::new(&ServerOptions::default());
    let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "sim"}});
    server.request(DEFAULT_START, &Identity::Controller, &Request::Create { body: Arc::new(namespace) });
    let definition = include_str!("helmreleases.json");
    let definition: Value = serde_json::from_str(definition).expect("JSON");
    server.request(DEFAULT_START, &Identity::Controller, &Request::Create { body: Arc::new(definition) });
    server.establish(DEFAULT_START, "helmreleases.helm.toolkit.fluxcd.io");
    let mut versions = BTreeMap::new();
    let mut differences = Vec::new();
    let text = include_str!("recorded.jsonl");
    for (index, line) in text.lines().enumerate() {
        let mut exchange: Value = serde_json::from_str(line).expect("a JSON line");
        let request = request(exchange["request"].take(), &versions);
        let manager = exchange["manager"].as_str().expect("a manager").to_owned();
        let wall = DEFAULT_START + i64::try_from(index).expect("a small number") * 1_000_000_000;
        let reply = server.request_as(wall, &Identity::Controller, &manager, &request);
        if let Some(Value::String(message)) = exchange.pointer_mut("/reply/error/message") {
            *message = sorted_causes(message);
        }
        let found = outcome(&reply, &request, &mut versions);
        if found != exchange["reply"] {
            differences.push(format!(
                "{}: {request:?}\n{}",
                index + 1,
                difference(&exchange["reply"], &found, "")
            ));
        }
    }
    let total = text.lines().count();
    assert!(differences.is_empty(), "{} of {total}\n{}", differences.len(), differences.join("\n"));
}

/// `$RV` stands for the version last seen of the object.
fn request(mut recorded: Value, versions: &BTreeMap<String, String>) -> Request {
    for (pointer, name) in [("/Update/body", "/Update/body"), ("/Patch/body", "/Patch/object")] {
        let key = recorded.pointer(name).map(|object| {
            let text = |pointer: &str| object.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
            format!("{}/{}{}", text("/kind"), text("/metadata/name"), text("/name"))
        });
        let slot = recorded.pointer_mut(&format!("{pointer}/metadata/resourceVersion"));
        if let (Some(slot), Some(key)) = (slot, key)
            && *slot == "$RV"
        {
            *slot = Value::String(versions.get(&key).cloned().unwrap_or_else(|| "1".to_owned()));
        }
    }
    serde_json::from_value(recorded).expect("a request")
}

fn outcome(reply: &Reply, request: &Request, versions: &mut BTreeMap<String, String>) -> Value {
    match reply {
        Reply::Object(object) => {
            if !matches!(request, Request::Patch { dry_run: true, .. }) {
                let text =
                    |pointer: &str| object.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
                let key = format!("{}/{}", text("/kind"), text("/metadata/name"));
                versions.insert(key, text("/metadata/resourceVersion").to_owned());
            }
            json!({"object": bare(object)})
        }
        Reply::Deleted => json!({"deleted": true}),
        Reply::Failed(failure) => {
            let error = failure.api().expect("an API error");
            let message = sorted_causes(&masked_uids(&error.message));
            json!({"error": {"code": error.code, "reason": error.reason, "message": message}})
        }
        other => panic!("{other:?}"),
    }
}

fn bare(object: &Object) -> Value {
    let mut object: Value = serde_json::from_str(&masked_uids(&object.to_string())).expect("JSON");
    let metadata = object["metadata"].as_object_mut().expect("metadata");
    for field in ["uid", "resourceVersion", "creationTimestamp"] {
        metadata.remove(field);
    }
    if let Some(time) = metadata.get_mut("deletionTimestamp") {
        *time = json!("<time>");
    }
    let listed = metadata.get("managedFields").and_then(Value::as_array);
    let mut entries = listed.cloned().unwrap_or_default();
    for entry in &mut entries {
        entry.as_object_mut().expect("an entry").remove("time");
    }
    let key = |entry: &Value| {
        let text = |field: &str| entry.get(field).and_then(Value::as_str).unwrap_or_default().to_owned();
        (text("operation"), text("manager"), text("subresource"))
    };
    entries.sort_by_key(key);
    metadata.insert("managedFields".to_owned(), Value::Array(entries));
    object.as_object_mut().expect("an object").remove("status");
    if object["kind"] == "Service" {
        mask_addresses(&mut object["spec"]);
    }
    object
}

fn mask_addresses(spec: &mut Value) {
    for field in ["clusterIP", "clusterIPs"] {
        if spec.get(field).is_some() {
            spec[field] = json!("<ip>");
        }
    }
    for port in spec.get_mut("ports").and_then(Value::as_array_mut).into_iter().flatten() {
        if port.get("nodePort").is_some() {
            port["nodePort"] = json!("<port>");
        }
    }
}

fn difference(wanted: &Value, found: &Value, path: &str) -> String {
    match (wanted, found) {
        (Value::Object(a), Value::Object(b)) => {
            let keys: std::collections::BTreeSet<_> = a.keys().chain(b.keys()).collect();
            let differs = keys.into_iter().filter(|key| a.get(*key) != b.get(*key));
            let null = Value::Null;
            let parts = differs.map(|key| {
                difference(a.get(key).unwrap_or(&null), b.get(key).unwrap_or(&null), &format!("{path}/{key}"))
            });
            parts.collect()
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            let pairs = a.iter().zip(b).enumerate().filter(|(_, (a, b))| a != b);
            pairs.map(|(index, (a, b))| difference(a, b, &format!("{path}/{index}"))).collect()
        }
        _ => format!("  {path}\n    real  {wanted}\n    model {found}\n"),
    }
}
