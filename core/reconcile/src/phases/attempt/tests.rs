//! What resets the failure counters (spec 02 §2.9).

use std::sync::Arc;

use pilothouse_chart::Chart;
use pilothouse_release::values_checksum;
use serde_json::json;

use super::*;
use crate::Config;

fn desired() -> Desired {
    let values = json!({"a": 1}).as_object().cloned().unwrap();
    Desired {
        chart: Arc::new(Chart::default()),
        chart_name: "app".to_owned(),
        chart_version: "1.0.0".to_owned(),
        app_version: String::new(),
        oci_digest: String::new(),
        config_digest: Config::default().digests().config(&values).unwrap(),
        values,
        post_renderers_digest: String::new(),
        common_metadata_digest: String::new(),
    }
}

/// A release that has failed with just these inputs, but for what a case changes in its object.
fn failing(change: impl FnOnce(&mut serde_json::Value)) -> Subject {
    let mut object = json!({
        "metadata": {"name": "n", "namespace": "ns", "generation": 2},
        "spec": {"interval": "1m"},
        "status": {
            "failures": 3, "installFailures": 1, "upgradeFailures": 2,
            "lastAttemptedGeneration": 2,
            "lastAttemptedRevision": "1.0.0",
            "lastAttemptedConfigDigest": desired().config_digest,
        },
    });
    change(&mut object);
    let mut subject = Subject::new(Arc::new(Config::default()), &object).unwrap();
    subject.terminal_error.before = 5;
    subject.terminal_error.stalled = Some("stopped".to_owned());
    subject
}

#[test]
fn failures_are_forgotten_when_an_input_changes_or_a_reset_is_asked_for() {
    let checksum = values_checksum(&desired().values).unwrap();
    let cases = [
        ("nothing", json!({}), false),
        ("generation", json!({"metadata": {"generation": 3}}), true),
        ("chart version", json!({"status": {"lastAttemptedRevision": "0.9.0"}}), true),
        ("values", json!({"status": {"lastAttemptedConfigDigest": "sha256:1"}}), true),
        ("unknown values", json!({"status": {"lastAttemptedConfigDigest": ""}}), false),
        (
            "same values by their checksum",
            json!({"status": {"lastAttemptedConfigDigest": "", "lastAttemptedValuesChecksum": checksum}}),
            false,
        ),
        (
            "values by their checksum",
            json!({"status": {"lastAttemptedConfigDigest": "", "lastAttemptedValuesChecksum": "1"}}),
            true,
        ),
        (
            "reset",
            json!({"metadata": {"annotations":
                {"reconcile.fluxcd.io/requestedAt": "t", "reconcile.fluxcd.io/resetAt": "t"}}}),
            true,
        ),
        (
            "reset that was handled",
            json!({"metadata": {"annotations":
                {"reconcile.fluxcd.io/requestedAt": "t", "reconcile.fluxcd.io/resetAt": "t"}},
                "status": {"lastHandledResetAt": "t"}}),
            false,
        ),
    ];
    for (name, change, expected) in cases {
        let mut subject = failing(|object| {
            for part in ["metadata", "status"] {
                let members = change[part].as_object().cloned().unwrap_or_default();
                object[part].as_object_mut().unwrap().extend(members);
            }
        });
        reset_failures(&mut subject, &desired());
        let status = &subject.status;
        let counters = (status.failures, status.install_failures, status.upgrade_failures);
        assert_eq!(counters, if expected { (0, 0, 0) } else { (3, 1, 2) }, "{name}");
        let known = &subject.terminal_error;
        let begins_anew = (known.before, known.stalled.is_none());
        assert_eq!(begins_anew, if expected { (0, true) } else { (5, false) }, "{name}");
    }
}
