//! Storage objects that real Helm v4.2.4 wrote, and a release recorded by the acceptance suite.

#![allow(clippy::print_stderr, reason = "a test that cannot run says so")]

use std::path::{Path, PathBuf};
use std::sync::Arc;

use flate2::read::GzDecoder;
use pilothouse_encoding::digest::Algorithm;
use pilothouse_protocol::{Reply, Request};
use pilothouse_release::{
    ConfigMapDriver, Driver, Limits, Observation, ReleaseRecord, SecretDriver, StorageKey, StorageOperation,
    decode, encode, release_json, snapshot_of, verify_object,
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
