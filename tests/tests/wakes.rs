//! What wakes a release: a change, at once; the clock, without a request when there is nothing to do.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests fail")]

use std::path::PathBuf;

use pilothouse_io_sim::clock::{MILLISECOND, SECOND};
use pilothouse_io_sim::world::{Exchange, WorldOptions};
use pilothouse_protocol::{Monotonic, Request};
use pilothouse_tests::acceptance::{Material, Player, Scenario, Setup, Tolerance};
use serde_json::{Value, json};

/// Longest time from a change to what it causes: a watch of the simulation lags up to 20 ms.
const AT_ONCE: u64 = 300 * MILLISECOND;

/// Plays a story in a fresh cluster; skipped without the recorded charts.
fn story(tell: impl FnOnce(&mut Player<'_>)) {
    let Some(Material { fixtures, .. }) = Material::read() else { return };
    let document = json!({"steps": [], "flags": ["--requeue-dependency=60s"]});
    let scenario = Scenario { name: "wakes".to_owned(), folder: PathBuf::new(), document };
    let mut nothing = ();
    let setup = Setup { world: WorldOptions { seed: 7, ..WorldOptions::default() }, ..Setup::default() };
    let mut player = Player::new(&scenario, &fixtures, setup, Tolerance::Strict, &mut nothing).unwrap();
    player.run().unwrap();
    tell(&mut player);
}

fn steps(player: &mut Player<'_>, steps: Vec<Value>) {
    for step in steps {
        player.play_step(&step).unwrap_or_else(|error| panic!("{step}: {error:?}"));
    }
}

fn release(name: &str, spec: Value) -> Value {
    let mut whole =
        json!({"interval": "10m", "timeout": "5m", "chartRef": {"kind": "HelmChart", "name": "app"}});
    whole.as_object_mut().unwrap().extend(spec.as_object().unwrap().clone());
    json!({"apply": [{"apiVersion": "helm.toolkit.fluxcd.io/v2", "kind": "HelmRelease",
        "metadata": {"name": name}, "spec": whole}]})
}

fn source(name: &str, chart: &str) -> Value {
    json!({"source": {"name": name, "chart": chart}})
}

fn ready(name: &str) -> Value {
    json!({"wait": {"object": format!("HelmRelease/{name}"), "settled": true, "timeout": 60,
        "conditions": {"Ready": "True", "Reconciling": "absent"}}})
}

fn condition(name: &str, kind: &str, status: &str) -> Value {
    json!({"wait": {"object": format!("HelmRelease/{name}"), "conditions": {kind: status}, "timeout": 60}})
}

fn annotate(name: &str, key: &str, value: &str) -> Value {
    json!({"annotate": {"object": format!("HelmRelease/{name}"), "annotations": {key: value}}})
}

fn now(player: &Player<'_>) -> Monotonic {
    player.cluster.world.now().monotonic
}

/// The requests for a release since a moment, but for those that it answers nobody with.
fn requests<'a>(player: &'a Player<'_>, name: &str, since: Monotonic) -> Vec<&'a Exchange> {
    let of_release = |exchange: &&Exchange| exchange.key.name == name && exchange.at > since;
    player.cluster.world.record().exchanges.iter().filter(of_release).collect()
}

/// When a release made its first request after a moment, in nanoseconds from there.
fn first_request(player: &Player<'_>, name: &str, since: Monotonic) -> u64 {
    let first = requests(player, name, since).first().map(|exchange| exchange.at);
    first.unwrap_or_else(|| panic!("no request of {name}")).nanos_since(since)
}

#[test]
fn a_dependency_that_becomes_ready_wakes_who_waits_for_it() {
    story(|player| {
        steps(
            player,
            vec![
                source("app", "app-0.1.0.tgz"),
                release("base", json!({"chartRef": {"kind": "HelmChart", "name": "late"}})),
                release("app", json!({"dependsOn": [{"name": "base"}]})),
                condition("app", "Ready", "False/DependencyNotReady"),
            ],
        );
        // What becomes of the dependency at its own start wakes it, too.
        player.pass(2 * SECOND).unwrap();
        let before = now(player);
        player.pass(20 * SECOND).unwrap();
        assert_eq!(requests(player, "app", before).len(), 0, "nothing has changed");
        steps(player, vec![source("late", "app-0.1.0.tgz")]);
        let published = now(player);
        steps(player, vec![ready("base"), ready("app")]);
        assert!(first_request(player, "base", published) < AT_ONCE);
        let world = &player.cluster.world;
        let status_of_base = world.record().exchanges.iter().rev().find(|exchange| {
            exchange.key.name == "base" && matches!(exchange.request, Request::Patch { status: true, .. })
        });
        let base_ready = status_of_base.unwrap().at;
        assert!(first_request(player, "app", base_ready) < AT_ONCE);
    });
}

#[test]
fn a_config_map_of_the_values_wakes_its_release() {
    story(|player| {
        let config = |message: &str| {
            json!({"apply": [{"apiVersion": "v1", "kind": "ConfigMap",
                "metadata": {"name": "values", "labels": {"reconcile.fluxcd.io/watch": "Enabled"}},
                "data": {"values.yaml": format!("message: {message}")}}]})
        };
        steps(
            player,
            vec![
                source("app", "app-0.1.0.tgz"),
                config("one"),
                release("app", json!({"valuesFrom": [{"kind": "ConfigMap", "name": "values"}]})),
                ready("app"),
            ],
        );
        player.pass(30 * SECOND).unwrap();
        let before = now(player);
        steps(player, vec![config("two")]);
        player.pass(AT_ONCE).unwrap();
        assert!(first_request(player, "app", before) < AT_ONCE);
        steps(
            player,
            vec![json!({"wait": {"object": "HelmRelease/app", "timeout": 20,
            "conditions": {"Ready": "True/UpgradeSucceeded"}}})],
        );
    });
}

#[test]
fn a_new_revision_ends_the_wait_for_the_old_one() {
    story(|player| {
        let unready = json!({"values": {"deployment": {"enabled": true, "unready": true}}});
        steps(
            player,
            vec![
                source("app", "app-0.1.0.tgz"),
                release("app", json!({})),
                ready("app"),
                release("app", unready),
            ],
        );
        player.pass(10 * SECOND).unwrap();
        let before = now(player);
        player.pass(20 * SECOND).unwrap();
        assert_eq!(requests(player, "app", before).len(), 0, "a wait asks for nothing");
        steps(player, vec![release("app", json!({"values": {"message": "good"}}))]);
        let changed = now(player);
        steps(player, vec![ready("app")]);
        assert!(first_request(player, "app", changed) < AT_ONCE);
        assert!(now(player).nanos_since(changed) < 5 * SECOND, "it did not wait for the timeout");
        let history = player.cluster.list("HelmRelease", None)[0]["status"]["history"].clone();
        let revisions = history.as_array().unwrap().iter().map(|snapshot| {
            (snapshot["version"].as_i64().unwrap(), snapshot["status"].as_str().unwrap().to_owned())
        });
        // The one that was waited for and the one that came instead: no failure is made of the interruption.
        assert_eq!(revisions.clone().next(), Some((3, "deployed".to_owned())));
        assert!(revisions.clone().all(|(version, _)| version <= 3));
        assert_eq!(player.cluster.list("HelmRelease", None)[0]["status"].get("upgradeFailures"), None);
    });
}

#[test]
fn an_interval_without_change_makes_no_request() {
    story(|player| {
        steps(
            player,
            vec![source("app", "app-0.1.0.tgz"), release("app", json!({"interval": "1m"})), ready("app")],
        );
        player.pass(SECOND).unwrap();
        let before = now(player);
        player.pass(10 * 60 * SECOND).unwrap();
        let asked = requests(player, "app", before);
        assert!(asked.is_empty(), "{:?}", asked.iter().map(|exchange| &exchange.request).collect::<Vec<_>>());
        let looks = player.cluster.world.record().logs.iter().filter(|(at, key, entry)| {
            *at > before && key.name == "app" && entry.message.contains("in-sync")
        });
        assert!(looks.count() >= 9, "it was looked at in every interval");
    });
}

#[test]
fn a_request_without_change_writes_the_status_only() {
    story(|player| {
        steps(player, vec![source("app", "app-0.1.0.tgz"), release("app", json!({})), ready("app")]);
        player.pass(SECOND).unwrap();
        for token in ["t1", "t2"] {
            let before = now(player);
            steps(
                player,
                vec![
                    annotate("app", "reconcile.fluxcd.io/requestedAt", token),
                    json!({"wait": {
                "object": "HelmRelease/app", "fields": {"status.lastHandledReconcileAt": token}}}),
                ],
            );
            player.pass(SECOND).unwrap();
            let asked: Vec<_> = requests(player, "app", before).into_iter().map(|e| &e.request).collect();
            let [Request::ListMetadata { .. }, Request::Patch { status: true, .. }] = asked[..] else {
                panic!("{asked:?}");
            };
        }
    });
}

#[test]
fn what_others_do_to_the_storage_is_seen() {
    let edit = || json!({"release": {"name": "app", "version": 1, "set": {"info.description": "edited"}}});
    let upgraded = || {
        json!({"wait": {"object": "HelmRelease/app", "timeout": 20,
        "conditions": {"Ready": "True/UpgradeSucceeded"}}})
    };
    story(|player| {
        steps(
            player,
            vec![
                source("app", "app-0.1.0.tgz"),
                release("app", json!({"interval": "1m"})),
                ready("app"),
                annotate("app", "reconcile.fluxcd.io/requestedAt", "t1"),
            ],
        );
        player.pass(SECOND).unwrap();
        // The watch of the storage may be late: whoever asks for a reconcile may know more.
        player.cluster.world.options().watch.most = 20 * SECOND;
        steps(player, vec![edit(), annotate("app", "reconcile.fluxcd.io/requestedAt", "t2")]);
        player.cluster.world.options().watch.most = 20 * MILLISECOND;
        player.pass(30 * SECOND).unwrap();
        steps(player, vec![upgraded()]);
    });
    story(|player| {
        steps(
            player,
            vec![source("app", "app-0.1.0.tgz"), release("app", json!({"interval": "1m"})), ready("app")],
        );
        player.pass(SECOND).unwrap();
        steps(player, vec![edit()]);
        player.pass(70 * SECOND).unwrap();
        steps(player, vec![upgraded()]);
    });
}
