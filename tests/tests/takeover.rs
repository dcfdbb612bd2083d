//! Releases of the original are taken over as they are: the end of every recording that ends Ready, its storage and its
//! statuses, is put into a cluster; a starting operator writes to no managed object and makes no revision.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test program fails, and says what it left out"
)]

use std::sync::Arc;

use libtest_mimic::{Arguments, Failed, Trial};
use pilothouse_encoding::digest::Algorithm;
use pilothouse_io_sim::clock::SECOND;
use pilothouse_protocol::{Object, ObjectRef, Propagation, Request, metadata};
use pilothouse_release::{Observation, ReleaseRecord};
use pilothouse_tests::acceptance::{
    Cluster, Fixtures, Material, Player, Scenario, Setup, Tolerance, changes_a_managed_object, release_secret,
};
use serde_json::{Map, Value, json};

/// Recordings that the operator can play: they bring the cluster to the place where the original is replaced.
const PLAYABLE: &str = include_str!("acceptance-simulated.txt");
const API_VERSION: &str = "helm.toolkit.fluxcd.io/v2";
/// Nanoseconds for which the operator is watched: three intervals of the recordings.
const WATCHED: u64 = 31 * 60 * SECOND;
const TIME: &str = "2026-01-01T00:00:00.123456789Z";
const WHOLE_SECONDS: &str = "2026-01-01T00:00:00Z";

fn main() -> std::process::ExitCode {
    let arguments = Arguments::from_args();
    let Some(Material { fixtures, scenarios }) = Material::read() else {
        return std::process::ExitCode::SUCCESS;
    };
    let playable = |scenario: &Scenario| PLAYABLE.lines().any(|line| line == scenario.name);
    let ready = scenarios.into_iter().filter(|scenario| ends_ready(&scenario.golden().unwrap()));
    let ready = ready.filter(playable);
    let trials: Vec<Trial> = ready
        .map(|scenario| {
            let fixtures = Arc::clone(&fixtures);
            Trial::test(scenario.name.clone(), move || take_over(&scenario, &fixtures).map_err(Failed::from))
        })
        .collect();
    assert!(trials.len() > 40, "the recordings that end Ready are found");
    libtest_mimic::run(&arguments, trials).exit_code()
}

fn releases(golden: &Value) -> Vec<(&String, &Value)> {
    golden["final"]["strict"]["helmReleases"].as_object().into_iter().flatten().collect()
}

fn ends_ready(golden: &Value) -> bool {
    let is_ready = |condition: &Value| condition["type"] == "Ready" && condition["status"] == "True";
    let all = releases(golden);
    let ready =
        |release: &Value| release["conditions"].as_array().is_some_and(|all| all.iter().any(is_ready));
    !all.is_empty() && all.iter().all(|(_, release)| ready(release))
}

fn take_over(scenario: &Scenario, fixtures: &Arc<Fixtures>) -> Result<(), String> {
    let golden = scenario.golden().map_err(|error| error.to_string())?;
    let mut nothing = ();
    let mut player = Player::new(scenario, fixtures, Setup::default(), Tolerance::Strict, &mut nothing)
        .map_err(|error| error.0)?;
    player.run().map_err(|error| error.0)?;
    player.cluster.world.stop();
    let storage = put_storage(&mut player.cluster, scenario, &golden);
    put_statuses(&mut player.cluster, scenario, &golden, &storage);
    let before = histories(&player.cluster, scenario);
    let known = player.cluster.world.record().exchanges.len();
    player.cluster.world.start();
    player.pass(WATCHED / 2).map_err(|error| error.0)?;
    for (name, _) in releases(&golden) {
        let annotations =
            json!({"metadata": {"annotations": {"reconcile.fluxcd.io/requestedAt": "takeover"}}});
        player.cluster.merge("acceptance", &reference(scenario, "HelmRelease", name), annotations, false);
    }
    player.pass(WATCHED / 2).map_err(|error| error.0)?;
    let exchanges = &player.cluster.world.record().exchanges[known..];
    let writes: Vec<String> = exchanges
        .iter()
        .filter(|exchange| changes_a_managed_object(&exchange.request) || changes_storage(&exchange.request))
        .map(|exchange| format!("{:?}", exchange.request))
        .collect();
    if !writes.is_empty() {
        return Err(format!("writes: {}", writes.join("\n")));
    }
    let after = histories(&player.cluster, scenario);
    if before != after {
        return Err(format!("the history has changed\nfrom {before:?}\nto   {after:?}"));
    }
    for (name, _) in releases(&golden) {
        let found = player.cluster.get(&reference(scenario, "HelmRelease", name)).unwrap();
        let handled = &found["status"]["lastHandledReconcileAt"];
        let suspended = found["spec"]["suspend"] == true;
        if !(ready(&found) && (suspended || *handled == "takeover")) {
            return Err(format!("{name} is not in sync: {}", found["status"]));
        }
    }
    Ok(())
}

fn ready(release: &Value) -> bool {
    let conditions = release["status"]["conditions"].as_array();
    conditions
        .into_iter()
        .flatten()
        .any(|condition| condition["type"] == "Ready" && condition["status"] == "True")
}

fn changes_storage(request: &Request) -> bool {
    let object = match request {
        Request::Create { body } | Request::Update { body } => ObjectRef::of(body),
        Request::Patch { object, .. } | Request::Delete { object, .. } => object.clone(),
        _ => return false,
    };
    object.name.starts_with("sh.helm.release.v1.")
}

fn histories(cluster: &Cluster, scenario: &Scenario) -> Vec<Value> {
    let mut found: Vec<Object> = Vec::new();
    for namespace in scenario.namespaces() {
        found.extend(cluster.list("HelmRelease", Some(&namespace)));
    }
    found.iter().map(|release| release["status"]["history"].clone()).collect()
}

/// `name` in the namespace of the scenario, or `namespace/name`.
fn reference(scenario: &Scenario, kind: &str, key: &str) -> ObjectRef {
    let own = scenario.namespace();
    let (namespace, name) = key.split_once('/').unwrap_or((&own, key));
    let api_version = if kind == "Secret" { "v1" } else { API_VERSION };
    ObjectRef::namespaced(api_version, kind, namespace, name)
}

/// Replaces what is stored by what the original has stored. Gives the releases by namespace and name of their Secret.
fn put_storage(cluster: &mut Cluster, scenario: &Scenario, golden: &Value) -> Map<String, Value> {
    for namespace in scenario.namespaces() {
        for secret in cluster.list("Secret", Some(&namespace)) {
            if secret["type"] == "helm.sh/release.v1" {
                cluster.delete(&ObjectRef::of(&secret), Propagation::Background);
            }
        }
    }
    let mut stored = Map::new();
    for (key, summary) in golden["final"]["strict"]["storage"].as_object().into_iter().flatten() {
        let object = reference(scenario, "Secret", key);
        let release = release_of(summary);
        let mut labels = summary["labels"].clone();
        for label in labels.as_object_mut().unwrap().values_mut().filter(|label| **label == "<unix>") {
            *label = json!("1767225600");
        }
        let body = release_secret(&object, &release, &labels).unwrap();
        cluster.world.act("helm-controller", &Request::Create { body: Arc::new(body) });
        stored.insert(object.to_string(), release);
    }
    stored
}

/// A release from its summary. Templates are no part of any digest and are left out.
fn release_of(summary: &Value) -> Value {
    let mut release = Map::new();
    for field in ["name", "namespace", "version", "apply_method", "config", "manifest", "info", "hooks"] {
        if summary["keys"].as_array().unwrap().iter().any(|key| key == field) {
            release.insert(field.to_owned(), timed(&summary[field], TIME));
        }
    }
    let chart = &summary["chart"];
    let chart = json!({"metadata": chart["metadata"], "values": chart["values"], "templates": [], "files": [],
        "lock": null, "schema": null});
    release.insert("chart".to_owned(), chart);
    Value::Object(release)
}

/// The value with a time where the recording has masked one.
fn timed(value: &Value, time: &str) -> Value {
    match value {
        Value::String(text) if text == "<time>" => json!(time),
        Value::String(text) if text == "<duration>" => json!("1.5s"),
        Value::Array(items) => items.iter().map(|item| timed(item, time)).collect(),
        Value::Object(members) => members
            .iter()
            .map(|(key, member)| (key.clone(), timed(member, time)))
            .collect::<Map<_, _>>()
            .into(),
        other => other.clone(),
    }
}

/// Replaces the statuses by those of the original, with the digests that it had for the storage as it is now.
fn put_statuses(cluster: &mut Cluster, scenario: &Scenario, golden: &Value, storage: &Map<String, Value>) {
    for (key, release) in releases(golden) {
        let object = reference(scenario, "HelmRelease", key);
        let mut status = timed(&release["status"], WHOLE_SECONDS);
        status["conditions"] = release["conditions"].clone();
        for condition in status["conditions"].as_array_mut().unwrap() {
            condition["lastTransitionTime"] = json!(WHOLE_SECONDS);
        }
        let namespace = status["storageNamespace"].as_str().unwrap_or(&scenario.namespace()).to_owned();
        let history = release["history"].as_array().into_iter().flatten();
        status["history"] = history.map(|entry| snapshot(entry, &namespace, storage)).collect();
        let body = json!({"status": status});
        cluster.merge("helm-controller", &object, json!({"status": null}), true);
        cluster.merge("helm-controller", &object, body, true);
        let now = cluster.get(&object).unwrap();
        assert_eq!(metadata::generation(&now), release["generation"].as_i64().unwrap(), "{key}");
        assert_eq!(now["status"]["history"], status["history"], "{key}: the status is as it was put");
    }
}

fn snapshot(entry: &Value, namespace: &str, storage: &Map<String, Value>) -> Value {
    let mut snapshot = timed(entry, WHOLE_SECONDS);
    snapshot.as_object_mut().unwrap().remove("digestVerified");
    let (name, version) = (entry["name"].as_str().unwrap(), entry["version"].as_i64().unwrap());
    let secret = format!("sh.helm.release.v1.{name}.v{version}");
    let algorithm: Algorithm =
        entry["configDigest"].as_str().unwrap().split(':').next().unwrap().parse().unwrap();
    let release = storage.get(&ObjectRef::namespaced("v1", "Secret", namespace, secret).to_string());
    let digest = release.map(|release| {
        let record: ReleaseRecord = serde_json::from_value(release.clone()).unwrap();
        let observation = Observation::of(&record).with(entry["ociDigest"].as_str().unwrap_or_default(), "");
        observation.digest(algorithm).unwrap().to_string()
    });
    // A revision that is no longer stored: nobody can verify its digest.
    snapshot["digest"] = json!(digest.unwrap_or_else(|| algorithm.compute(b"gone").to_string()));
    snapshot
}
