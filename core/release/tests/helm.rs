//! Storage objects that real Helm v4.2.4 wrote, and a release recorded by the acceptance suite.

#![allow(clippy::print_stderr, reason = "a test that cannot run says so")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

use std::path::{Path, PathBuf};
use std::sync::Arc;

use flate2::read::GzDecoder;
use pilothouse_encoding::digest::Algorithm;
use pilothouse_protocol::{Reply, Request};
use pilothouse_release::{
    ConfigMapDriver, Driver, Limits, Observation, ReleaseRecord, SecretDriver, StorageKey, StorageOperation,
    config_digest, decode, encode, release_json, snapshot_of, verify_object,
};
use serde_json::Value;

/// Recorded by the acceptance suite, outside of the repository.
const SCENARIOS: &str = "../../../shared/acceptance/scenarios";

fn here(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn object(file: &str) -> Value {
    serde_json::from_str(&std::fs::read_to_string(here("testdata").join(file)).unwrap()).unwrap()
}

/// The base64 text of a storage object.
fn text(object: &Value) -> String {
    use base64::Engine as _;
    let data = object["data"]["release"].as_str().unwrap();
    if object["kind"] == "ConfigMap" {
        return data.to_owned();
    }
    String::from_utf8(base64::engine::general_purpose::STANDARD.decode(data).unwrap()).unwrap()
}

fn json(text: &str) -> String {
    use base64::Engine as _;
    let bytes = base64::engine::general_purpose::STANDARD.decode(text).unwrap();
    std::io::read_to_string(GzDecoder::new(&bytes[..])).unwrap()
}

const FILES: [&str; 4] =
    ["secret-sample-v1.json", "secret-sample-v2.json", "secret-sample-v3.json", "configmap-plain-v1.json"];

#[test]
fn helms_json_is_written_byte_for_byte() {
    for file in FILES {
        let text = text(&object(file));
        let record = decode(&text, &Limits::default()).unwrap();
        assert_eq!(release_json(&record).unwrap(), json(&text), "{file}");
        let encoded = encode(&record, &Limits::default()).unwrap();
        assert_eq!(json(&encoded), json(&text), "{file}");
        assert_eq!(decode(&encoded, &Limits::default()).unwrap(), record, "{file}");
    }
}

#[test]
fn helms_objects_are_updated_as_helm_would() {
    for file in FILES {
        let stored = object(file);
        let namespace = stored["metadata"]["namespace"].as_str().unwrap();
        let driver: Box<dyn Driver> = match stored["kind"].as_str() {
            Some("ConfigMap") => Box::new(ConfigMapDriver::new(namespace)),
            _ => Box::new(SecretDriver::new(namespace)),
        };
        let key = StorageKey::parse(stored["metadata"]["name"].as_str().unwrap()).unwrap();
        let now = stored["metadata"]["labels"]
            .get("modifiedAt")
            .and_then(Value::as_str)
            .map(|s| s.parse().unwrap());
        let get = StorageOperation::Get { key };
        let read = driver.result(&get, &Reply::Object(Arc::new(stored.clone()))).unwrap();
        let update = StorageOperation::Update { record: Arc::clone(&read.records()[0]) };
        let Request::Update { body } = driver.request(&update, now.unwrap_or_default()).unwrap() else {
            panic!("{file}")
        };
        for part in ["apiVersion", "kind", "metadata", "type"] {
            assert_eq!(body.get(part), stored.get(part), "{part} of {file}");
        }
        assert_eq!(json(&text(&body)), json(&text(&stored)), "{file}");
    }
}

#[test]
fn a_test_run_of_helm_does_not_change_the_digest() {
    let mut record = decode(&text(&object("secret-sample-v2.json")), &Limits::default()).unwrap();
    let snapshot = snapshot_of(&Observation::of(&record), Algorithm::Sha256).unwrap();
    record.hooks.retain(|hook| hook.name != "sample-test");
    assert!(verify_object(&snapshot, &record).is_ok());
    record.hooks.clear();
    assert!(verify_object(&snapshot, &record).is_err());
}

/// Computed by Go from the same files: its JSON encoder over Helm's own types, and Flux's `chartutil` over the values.
#[test]
fn digests_are_those_of_go() {
    for (file, release, values) in [
        (
            "secret-sample-v1.json",
            "614d51be8bea7d2d2506ee0c2102b384f1c7f40996aad36d1f2f07b59f53dd04",
            "87dddaa8d3c2ed550c62af0316ef4810657ae4e96551daf4c52f2fc687532758",
        ),
        (
            "secret-sample-v2.json",
            "840c4beaa8264f5514903f3cc872483628205dd6218f268385f4eb7383b30ff7",
            "c87483b438faa2a93f3245f5b3a0c010b698e2d7f6da949b454eec35c7a2224e",
        ),
        (
            "secret-sample-v3.json",
            "696c7ee5faa89255f09ff7a63a8c408fc6e62ac3473dbbe5f1c374b3481d14d4",
            "87dddaa8d3c2ed550c62af0316ef4810657ae4e96551daf4c52f2fc687532758",
        ),
        (
            "configmap-plain-v1.json",
            "3756d46fea41877350105984ef818e5d28b42c9ecd6aad2bc8ee8cd825e8ad0c",
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        ),
    ] {
        let record = decode(&text(&object(file)), &Limits::default()).unwrap();
        let snapshot = snapshot_of(&Observation::of(&record), Algorithm::Sha256).unwrap();
        assert_eq!(snapshot.digest, format!("sha256:{release}"), "{file}");
        assert_eq!(snapshot.config_digest, format!("sha256:{values}"), "{file}");
    }
}

#[test]
fn recorded_releases_are_read_and_written() {
    let Ok(scenarios) = std::fs::read_dir(here(SCENARIOS)) else {
        eprintln!("SKIPPED: {SCENARIOS} is absent");
        return;
    };
    let mut read = 0;
    for scenario in scenarios {
        let Ok(text) = std::fs::read_to_string(scenario.unwrap().path().join("release.json")) else {
            continue;
        };
        let record: ReleaseRecord = serde_json::from_str(&text).unwrap();
        let written: Value = serde_json::from_str(&release_json(&record).unwrap()).unwrap();
        assert_eq!(written, serde_json::from_str::<Value>(&text).unwrap());
        let encoded = encode(&record, &Limits::default()).unwrap();
        assert_eq!(decode(&encoded, &Limits::default()).unwrap(), record);
        read += 1;
    }
    assert!(read > 0, "no recorded release in {SCENARIOS}");
}

#[test]
fn the_digest_of_recorded_values() {
    let values = serde_json::json!({ "message": "taken over" });
    let digest = config_digest(values.as_object().unwrap(), Algorithm::Sha256).unwrap().to_string();
    assert_eq!(digest, "sha256:2ff482f8b25dca81734a4597476779ca1205e5c6f898e93cdc2d38f386857202");
}
