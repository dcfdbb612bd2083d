use pilothouse_encoding::digest::Algorithm;
use serde_json::json;

use super::*;
use crate::{Observation, ReleaseStatus, snapshot_of};

fn stored() -> ReleaseRecord {
    let mut record: ReleaseRecord = serde_json::from_value(json!({
        "name": "app", "version": 2, "namespace": "apps", "manifest": "---\n", "config": { "a": 1 },
        "chart": { "metadata": { "name": "web", "version": "1.2.3" } },
    }))
    .unwrap();
    record.set_status(ReleaseStatus::Deployed, "Upgrade complete");
    record
}

fn snapshot(oci_digest: &str, algorithm: Algorithm) -> Snapshot {
    snapshot_of(&Observation::of(&stored()).with(oci_digest, "upgrade"), algorithm).unwrap()
}

fn message(result: Result<(), VerifyError>) -> String {
    result.map_or_else(|error| error.to_string(), |()| "accepted".to_owned())
}

#[test]
fn an_unchanged_release_is_accepted_with_every_algorithm() {
    for algorithm in [Algorithm::Sha256, Algorithm::Sha384, Algorithm::Sha512, Algorithm::Blake3] {
        for oci_digest in ["", "sha256:abc"] {
            assert_eq!(message(verify_object(&snapshot(oci_digest, algorithm), &stored())), "accepted");
        }
    }
}

#[test]
fn any_change_is_noticed() {
    let changes: [fn(&mut ReleaseRecord); 5] = [
        |record| record.set_status(ReleaseStatus::Failed, "Upgrade complete"),
        |record| record.manifest.push('x'),
        |record| record.config = None,
        |record| record.namespace.push('x'),
        |record| record.chart.metadata = None,
    ];
    for change in changes {
        let mut record = stored();
        change(&mut record);
        let verified = verify_object(&snapshot("", Algorithm::Sha256), &record);
        assert_eq!(message(verified), "release not observed to be made for object");
    }
    let labelled = ReleaseRecord { apply_method: Some(crate::ApplyMethod::ServerSide), ..stored() };
    assert_eq!(message(verify_object(&snapshot("", Algorithm::Sha256), &labelled)), "accepted");
}

#[test]
fn snapshots_that_cannot_be_verified() {
    let broken = Snapshot { digest: "sha256:xyz".to_owned(), ..snapshot("", Algorithm::Sha256) };
    assert_eq!(message(verify_object(&broken, &stored())), "release digest verification error");
    let legacy = Snapshot { api_version: String::new(), ..broken };
    assert_eq!(message(verify_object(&legacy, &stored())), "accepted");
    let other_source = Snapshot { oci_digest: "sha256:abc".to_owned(), ..snapshot("", Algorithm::Sha256) };
    assert_eq!(
        message(verify_object(&other_source, &stored())),
        "release not observed to be made for object"
    );
}

#[test]
fn the_target_of_a_rollback() {
    let snapshot = snapshot("", Algorithm::Sha256);
    assert_eq!(message(verify_snapshot(None, Some(&stored()))), "no release found");
    assert_eq!(message(verify_snapshot(Some(&snapshot), None)), "release disappeared from storage");
    assert_eq!(message(verify_snapshot(Some(&snapshot), Some(&stored()))), "accepted");
}

#[test]
fn the_wanted_chart_and_values() {
    let snapshot = snapshot("", Algorithm::Sha256);
    for (name, version, values, expected) in [
        ("web", "1.2.3", json!({ "a": 1 }), "accepted"),
        ("web", "1.2.4", json!({ "a": 1 }), "release chart changed"),
        ("api", "1.2.3", json!({ "a": 1 }), "release chart changed"),
        ("web", "1.2.3", json!({ "a": 2 }), "release config values changed"),
        ("web", "1.2.3", json!({}), "release config values changed"),
    ] {
        let values = values.as_object().unwrap();
        assert_eq!(message(verify_desired(&stored(), &snapshot, name, version, values)), expected);
    }
}
