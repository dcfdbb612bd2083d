//! What happens to a release when `spec.kubeConfig` leads elsewhere: it follows when the cluster is another one, and stays
//! as it is when only the way there has another name.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test")]
#![allow(dead_code, reason = "the driver serves other tests, too")]

mod driver;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use driver::{Cluster, Driver, refused};
use pilothouse_protocol::{Input, ObjectRef, Reply, Request};
use serde_json::{Value, json};

const REACHED_BY: &str = "pilothouse.dev/kube-config";

/// Clusters `a` and `b`; `a` is reached by the Secrets `a` and `also-a`, `b` by `b`. The release is in `a`.
fn installed_in_a() -> Driver {
    let mut driver = Driver::new(&json!({}));
    for (secret, cluster) in [("a", "a"), ("also-a", "a"), ("b", "b")] {
        driver.cluster.put(kube_config(secret, cluster));
        driver.others.entry(format!("https://{cluster}")).or_insert_with(|| Cluster::new(Vec::new()));
    }
    lead_to(&mut driver, &json!({"secretRef": {"name": "a"}}));
    assert_eq!(
        (objects(&driver, "a"), objects(&driver, "b")),
        (vec!["config", "sh.helm.release.v1.app.v1"], vec![])
    );
    driver
}

/// A Secret with the kubeconfig of the cluster `https://<cluster>`.
fn kube_config(name: &str, cluster: &str) -> Value {
    let text = json!({
        "apiVersion": "v1", "kind": "Config", "current-context": "c",
        "clusters": [{"name": "c", "cluster": {"server": format!("https://{cluster}")}}],
        "users": [{"name": "c", "user": {"token": "t"}}],
        "contexts": [{"name": "c", "context": {"cluster": "c", "user": "c"}}],
    });
    json!({
        "apiVersion": "v1", "kind": "Secret", "metadata": {"namespace": "ns", "name": name},
        "data": {"value": STANDARD.encode(text.to_string())},
    })
}

fn lead_to(driver: &mut Driver, kube_config: &Value) {
    driver.edit(|object| object["spec"]["kubeConfig"] = kube_config.clone());
    driver.see();
    driver.run();
    settle(driver);
}

/// Passes follow each other, after back-offs, until the release waits for its interval.
fn settle(driver: &mut Driver) {
    for _ in 0..5 {
        if driver.condition("Ready").starts_with("True") && driver.condition("Reconciling").is_empty() {
            return;
        }
        driver.pass_time();
        driver.run();
    }
}

fn objects<'a>(driver: &'a Driver, cluster: &str) -> Vec<&'a str> {
    driver.others[&format!("https://{cluster}")].objects.keys().map(|object| object.name.as_str()).collect()
}

fn annotation(driver: &Driver) -> Value {
    driver.cluster.objects[&driver::key()]["metadata"]["annotations"][REACHED_BY].clone()
}

#[test]
fn a_first_install_records_the_cluster_on_its_way() {
    let mut driver = Driver::new(&json!({}));
    driver.cluster.put(kube_config("a", "a"));
    driver.others.insert("https://a".to_owned(), Cluster::new(Vec::new()));
    driver.edit(|object| object["spec"]["kubeConfig"] = json!({"secretRef": {"name": "a"}}));
    driver.see();
    driver.run();
    assert_eq!(annotation(&driver), "Secret/a");
    assert_eq!(driver.condition("Ready"), "True/InstallSucceeded");
}

#[test]
fn a_shutdown_while_the_old_cluster_is_left_is_no_error() {
    let mut driver = installed_in_a();
    // The object does not disappear.
    driver.fault = Some(Box::new(|request| {
        let Request::Delete { object, .. } = request else { return None };
        (object.kind == "ConfigMap").then_some(Reply::Deleted)
    }));
    driver.edit(|object| object["spec"]["kubeConfig"] = json!({"secretRef": {"name": "b"}}));
    driver.see();
    driver.run();
    assert!(!driver.release.is_idle());
    let before = driver.trace.len();
    driver.feed(Input::Shutdown);
    while driver.perform() {}
    assert!(driver.release.is_idle());
    assert_eq!(objects(&driver, "b").len(), 0);
    assert_eq!(driver.condition("Ready"), "Unknown/Progressing");
    let is_told = driver.trace[before..].iter().any(|action| action.contains(r#""level":"Error""#));
    assert!(!is_told, "{:?}", &driver.trace[before..]);
}

#[test]
fn the_release_follows_into_another_cluster() {
    let mut driver = installed_in_a();
    assert_eq!(annotation(&driver), "Secret/a");
    lead_to(&mut driver, &json!({"secretRef": {"name": "b"}}));
    assert_eq!(
        (objects(&driver, "a"), objects(&driver, "b")),
        (vec![], vec!["config", "sh.helm.release.v1.app.v1"])
    );
    assert_eq!(annotation(&driver), "Secret/b");
    assert_eq!(driver.events, ["InstallSucceeded", "UninstallSucceeded", "InstallSucceeded"]);
}

#[test]
fn another_name_for_the_same_cluster_changes_nothing() {
    let mut driver = installed_in_a();
    lead_to(&mut driver, &json!({"secretRef": {"name": "also-a"}}));
    assert_eq!(objects(&driver, "a"), ["config", "sh.helm.release.v1.app.v1"]);
    assert_eq!(annotation(&driver), "Secret/also-a");
    assert_eq!(driver.events, ["InstallSucceeded"]);
}

#[test]
fn the_release_comes_back_to_the_own_cluster_and_leaves_it() {
    let mut driver = installed_in_a();
    lead_to(&mut driver, &Value::Null);
    assert_eq!((objects(&driver, "a"), driver.stored().len()), (vec![], 1));
    assert_eq!(annotation(&driver), Value::Null);
    lead_to(&mut driver, &json!({"secretRef": {"name": "b"}}));
    assert_eq!((objects(&driver, "b").len(), driver.stored().len()), (2, 0));
}

#[test]
fn a_release_of_somebody_else_in_the_old_cluster_stays() {
    let mut driver = installed_in_a();
    let a = driver.others.get_mut("https://a").unwrap();
    let secret = a.objects.values_mut().find(|object| object["kind"] == "Secret").unwrap();
    driver::rewrite(secret, |record| record.manifest = record.manifest.replace("name: app", "name: other"));
    lead_to(&mut driver, &json!({"secretRef": {"name": "b"}}));
    assert_eq!((objects(&driver, "a").len(), objects(&driver, "b").len()), (2, 2));
}

#[test]
fn an_old_cluster_without_a_way_into_it_holds_nothing_up() {
    let mut driver = installed_in_a();
    driver.cluster.objects.remove(&ObjectRef::namespaced("v1", "Secret", "ns", "a"));
    lead_to(&mut driver, &json!({"secretRef": {"name": "b"}}));
    assert_eq!((objects(&driver, "a").len(), objects(&driver, "b").len()), (2, 2));
    assert_eq!(driver.events, ["InstallSucceeded", "UninstallSkipped", "InstallSucceeded"]);
}

#[test]
fn a_failed_read_is_no_evidence_of_absence() {
    let mut driver = installed_in_a();
    driver.fault = Some(Box::new(|request| {
        matches!(request, Request::List { kind, .. } if kind == "Secret")
            .then(|| refused(500, "InternalError", "no leader"))
    }));
    driver.edit(|object| object["spec"]["kubeConfig"] = json!({"secretRef": {"name": "b"}}));
    driver.see();
    driver.run();
    assert_eq!((objects(&driver, "a").len(), objects(&driver, "b").len()), (2, 0));
    driver.fault = None;
    settle(&mut driver);
    assert_eq!((objects(&driver, "a").len(), objects(&driver, "b").len()), (0, 2));
}

#[test]
fn a_failed_read_of_the_old_cluster_leaves_the_release_where_it_is() {
    let mut driver = installed_in_a();
    let mut lists = 0;
    driver.fault = Some(Box::new(move |request| {
        let Request::List { kind, .. } = request else { return None };
        lists += usize::from(kind == "Secret");
        // The new cluster is read first, and holds nothing.
        (kind == "Secret" && lists > 1).then(|| refused(500, "InternalError", "no leader"))
    }));
    driver.edit(|object| object["spec"]["kubeConfig"] = json!({"secretRef": {"name": "b"}}));
    driver.see();
    driver.run();
    assert_eq!((objects(&driver, "a").len(), objects(&driver, "b").len()), (2, 0));
    assert_eq!(annotation(&driver), "Secret/a");
    assert_eq!(driver.condition("Ready"), "False/UninstallFailed");
    driver.fault = None;
    settle(&mut driver);
    assert_eq!((objects(&driver, "a").len(), objects(&driver, "b").len()), (0, 2));
}

#[test]
fn a_release_that_is_in_neither_cluster_is_installed_in_the_new_one() {
    let mut driver = installed_in_a();
    let a = driver.others.get_mut("https://a").unwrap();
    a.objects.retain(|object, _| object.kind != "Secret");
    lead_to(&mut driver, &json!({"secretRef": {"name": "b"}}));
    assert_eq!(objects(&driver, "b"), ["config", "sh.helm.release.v1.app.v1"]);
    assert_eq!(annotation(&driver), "Secret/b");
    assert_eq!(driver.events, ["InstallSucceeded", "InstallSucceeded"]);
}

#[test]
fn a_deletion_before_the_change_is_seen_uninstalls_where_the_release_is() {
    let mut driver = installed_in_a();
    driver.edit(|object| {
        object["spec"]["kubeConfig"] = json!({"secretRef": {"name": "b"}});
        object["metadata"]["deletionTimestamp"] = json!("2024-01-01T00:00:00Z");
    });
    driver.see();
    driver.run();
    assert!(!driver.exists());
    assert_eq!((objects(&driver, "a").len(), objects(&driver, "b").len()), (0, 0));
}
