use std::collections::BTreeMap;
use std::sync::Arc;

use pilothouse_protocol::{ApiError, Failure, metadata};
use serde_json::{Value, json};

use super::*;
use crate::{ReleaseRecord, ReleaseStatus, StorageKey};

fn record(labels: &[(&str, &str)]) -> Arc<ReleaseRecord> {
    let mut record = ReleaseRecord { name: "app".to_owned(), version: 3, ..ReleaseRecord::default() };
    record.set_status(ReleaseStatus::PendingUpgrade, "Preparing upgrade");
    record.labels = labels.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    Arc::new(record)
}

fn key() -> StorageKey {
    StorageKey::new("app", 3)
}

fn body(driver: &dyn Driver, operation: &StorageOperation) -> Value {
    match driver.request(operation, 1_700_000_000).unwrap() {
        Request::Create { body } | Request::Update { body } => Value::clone(&body),
        other => panic!("{other:?}"),
    }
}

fn failed(code: u16, reason: &str, message: &str) -> Reply {
    Reply::Failed(Failure::Api(ApiError::new(code, reason, message)))
}

fn labels_of(object: &Value) -> Value {
    object["metadata"]["labels"].clone()
}

#[test]
fn a_created_secret() {
    let object = body(&SecretDriver::new("ns"), &StorageOperation::Create { record: record(&[]) });
    assert_eq!(metadata::text(&object, "name"), "sh.helm.release.v1.app.v3");
    assert_eq!(metadata::text(&object, "namespace"), "ns");
    assert_eq!((&object["kind"], &object["type"]), (&json!("Secret"), &json!("helm.sh/release.v1")));
    assert_eq!(
        labels_of(&object),
        json!({ "name": "app", "owner": "helm", "status": "pending-upgrade", "version": "3", "createdAt": "1700000000" })
    );
    assert!(object["metadata"].get("resourceVersion").is_none());
}

#[test]
fn labels_of_the_record_win_over_the_time_stamp_and_helms_own_over_them() {
    let carried = record(&[("team", "a"), ("createdAt", "5"), ("status", "deployed"), ("modifiedAt", "6")]);
    let driver = SecretDriver::new("ns");
    let own = json!({ "name": "app", "owner": "helm", "status": "pending-upgrade", "version": "3", "team": "a",
        "createdAt": "5", "modifiedAt": "6" });
    assert_eq!(labels_of(&body(&driver, &StorageOperation::Create { record: Arc::clone(&carried) })), own);
    assert_eq!(labels_of(&body(&driver, &StorageOperation::Update { record: carried })), own);
    let updated = labels_of(&body(&driver, &StorageOperation::Update { record: record(&[]) }));
    assert_eq!(updated["modifiedAt"], json!("1700000000"));
    assert!(updated.get("createdAt").is_none());
}

#[test]
fn a_config_map_holds_the_text_itself() {
    let driver = ConfigMapDriver::new("ns");
    let object = body(&driver, &StorageOperation::Create { record: record(&[]) });
    assert_eq!(object["kind"], json!("ConfigMap"));
    assert!(object.get("type").is_none());
    assert!(object["data"]["release"].as_str().unwrap().starts_with("H4sI"));
    let get = StorageOperation::Get { key: key() };
    let read = driver.result(&get, &Reply::Object(Arc::new(object))).unwrap();
    assert_eq!(read.records()[0].name, "app");
}

#[test]
fn reads_by_key_carry_user_labels_and_lists_all() {
    let mut storage = MemoryDriver::new("ns");
    storage.perform(&StorageOperation::Create { record: record(&[("team", "a")]) }, 7).unwrap();
    let get = storage.perform(&StorageOperation::Get { key: key() }, 8).unwrap();
    assert_eq!(get.records()[0].labels, BTreeMap::from([("team".to_owned(), "a".to_owned())]));
    let list = storage.perform(&StorageOperation::history("app"), 8).unwrap();
    let labels: Vec<_> = list.records()[0].labels.keys().map(String::as_str).collect();
    assert_eq!(labels, ["createdAt", "name", "owner", "status", "team", "version"]);
}

#[test]
fn lists_select_by_labels() {
    let driver = SecretDriver::new("ns");
    for (operation, expected) in [
        (StorageOperation::history("app"), json!({ "name": "app", "owner": "helm" })),
        (StorageOperation::List { name: "app".to_owned() }, json!({ "name": "app", "owner": "helm" })),
        (StorageOperation::deployed("app"), json!({ "name": "app", "owner": "helm", "status": "deployed" })),
    ] {
        let Request::List { api_version, kind, namespace, labels } = driver.request(&operation, 0).unwrap()
        else {
            panic!("{operation:?}")
        };
        assert_eq!((api_version.as_str(), kind.as_str(), namespace.as_deref()), ("v1", "Secret", Some("ns")));
        assert_eq!(json!(labels), expected);
    }
}

#[test]
fn an_empty_query_is_not_found_and_an_empty_list_is_empty() {
    let mut storage = MemoryDriver::new("ns");
    let error = storage.perform(&StorageOperation::history("app"), 0).unwrap_err();
    assert_eq!(error.to_string(), "release: not found");
    let list = storage.perform(&StorageOperation::List { name: "app".to_owned() }, 0).unwrap();
    assert!(list.records().is_empty());
}

#[test]
fn undecodable_objects_are_skipped_in_lists_and_errors_in_reads() {
    let mut storage = MemoryDriver::new("ns");
    storage.perform(&StorageOperation::Create { record: record(&[]) }, 7).unwrap();
    storage.insert(Arc::new(json!({
        "metadata": { "name": "sh.helm.release.v1.app.v9", "labels": { "name": "app", "owner": "helm" } },
        "data": { "release": "IQ==" },
    })));
    let list = storage.perform(&StorageOperation::history("app"), 0).unwrap();
    assert_eq!(list.records().len(), 1);
    let text = "failed to decode release sh.helm.release.v1.app.v9: illegal base64 data at input byte 0";
    assert_eq!(list.undecodable()[0].to_string(), text);
    let reply = Reply::Object(Arc::clone(&storage.objects()["sh.helm.release.v1.app.v9"]));
    let get = StorageOperation::Get { key: StorageKey::new("app", 9) };
    let error = storage.result(&get, &reply).unwrap_err();
    let text =
        r#"get: failed to decode data "sh.helm.release.v1.app.v9": illegal base64 data at input byte 0"#;
    assert_eq!(error.to_string(), text);
}

#[test]
fn failures_in_helms_words() {
    let (create, update) =
        (StorageOperation::Create { record: record(&[]) }, StorageOperation::Update { record: record(&[]) });
    let (get, delete) = (StorageOperation::Get { key: key() }, StorageOperation::Delete { key: key() });
    let not_found = failed(404, "NotFound", "secrets not found");
    let forbidden = failed(403, "Forbidden", "no");
    for (operation, reply, secret, config_map) in [
        (&get, &not_found, "release: not found", "release: not found"),
        (&get, &forbidden, r#"get: failed to get "sh.helm.release.v1.app.v3": no"#, "no"),
        (&StorageOperation::history("app"), &forbidden, "query: failed to query with labels: no", "no"),
        (&StorageOperation::List { name: String::new() }, &forbidden, "list: failed to list: no", "no"),
        (&create, &failed(409, "AlreadyExists", "x"), "release: already exists", "release: already exists"),
        (&create, &failed(409, "Conflict", "x"), "create: failed to create: x", "x"),
        (&update, &not_found, "update: failed to update: secrets not found", "secrets not found"),
        (&delete, &not_found, "secrets not found", "secrets not found"),
        (&delete, &Reply::List(vec![]), "unexpected reply to delete", "unexpected reply to delete"),
    ] {
        let error = SecretDriver::new("ns").result(operation, reply).unwrap_err();
        assert_eq!(error.to_string(), secret);
        assert_eq!(ConfigMapDriver::new("ns").result(operation, reply).unwrap_err().to_string(), config_map);
    }
}

#[test]
fn a_release_that_is_too_large_is_refused_before_it_is_sent() {
    let limits = crate::Limits { encoded: 100, ..crate::Limits::default() };
    let driver = SecretDriver::with_limits("ns", limits);
    let error = driver.request(&StorageOperation::Create { record: record(&[]) }, 0).unwrap_err();
    let text = r#"create: failed to create: Secret "sh.helm.release.v1.app.v3" is invalid: data: Too long: may not be more than 100 bytes"#;
    assert!(error.to_string().starts_with(text), "{error}");
    assert!(!error.effect_is_unknown());
}

#[test]
fn what_is_unknown_after_a_failure() {
    let update = StorageOperation::Update { record: record(&[]) };
    let driver = SecretDriver::new("ns");
    for (reply, unknown) in [
        (failed(409, "Conflict", ""), false),
        (failed(504, "Timeout", ""), true),
        (Reply::Failed(Failure::Unknown(String::new())), true),
        (Reply::Failed(Failure::Unreachable(String::new())), false),
        (Reply::Deleted, true),
    ] {
        assert_eq!(driver.result(&update, &reply).unwrap_err().effect_is_unknown(), unknown, "{reply:?}");
    }
}
