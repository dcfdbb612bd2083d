//! The manifests in `deploy/`: they render, agree with each other and with the operator.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use clap::Parser;
use pilothouse_chart::{Chart, File, Limits, Lookups, Outcome, RenderOptions, Rendered, render};
use pilothouse_encoding::yaml;
use pilothouse_io_kube::commands::Cli;
use serde_json::{Map, Value, json};

/// Objects by kind and name.
type Objects = BTreeMap<(String, String), Value>;

fn deploy() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy")
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(files_below(&path)) } else { found.push(path) }
    }
    found
}

fn chart() -> Chart {
    let folder = deploy().join("chart/pilothouse");
    let file = |path: PathBuf| File {
        name: path.strip_prefix(&folder).unwrap().to_str().unwrap().to_owned(),
        data: fs::read(&path).unwrap().into(),
        modtime: None,
    };
    Chart::from_files(files_below(&folder).into_iter().map(file).collect(), &Limits::default()).unwrap()
}

fn rendered(values: &Value) -> Result<Rendered, String> {
    let options = RenderOptions {
        release_name: "pilothouse".to_owned(),
        namespace: "pilothouse-system".to_owned(),
        ..RenderOptions::default()
    };
    let values: Map<String, Value> = values.as_object().unwrap().clone();
    match render(&chart(), &values, &options, &Lookups::Detached, &mut Vec::new())
        .map_err(|error| error.to_string())?
    {
        Outcome::Rendered(rendered) => Ok(*rendered),
        Outcome::NeedsLookup(_) => panic!("the chart looks nothing up"),
    }
}

fn objects(text: &str) -> Objects {
    let documents =
        text.split("\n---").map(|document| yaml::parse(document.trim_start_matches("---")).unwrap());
    let named = |object: Value| {
        let name =
            |pointer: &str| object.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
        ((name("/kind"), name("/metadata/name")), object.clone())
    };
    documents.filter(|document| !document.is_null()).map(named).collect()
}

fn of_chart(values: &Value) -> Objects {
    objects(&rendered(values).unwrap().manifest())
}

fn of_folder(folder: &str) -> Objects {
    let mut all = Objects::new();
    for path in files_below(&deploy().join(folder)) {
        if path.file_name().unwrap() != "kustomization.yaml" {
            all.extend(objects(&fs::read_to_string(path).unwrap()));
        }
    }
    all
}

fn object<'a>(objects: &'a Objects, kind: &str, name: &str) -> &'a Value {
    &objects[&(kind.to_owned(), name.to_owned())]
}

fn arguments(objects: &Objects) -> Vec<String> {
    let deployment = object(objects, "Deployment", "pilothouse");
    let arguments = deployment.pointer("/spec/template/spec/containers/0/args").unwrap().as_array().unwrap();
    arguments.iter().map(|argument| argument.as_str().unwrap().to_owned()).collect()
}

fn check_arguments(arguments: &[String]) {
    let line = std::iter::once("pilothouse".to_owned()).chain(arguments.iter().cloned());
    if let Err(error) = Cli::try_parse_from(line) {
        panic!("{arguments:?}: {error}");
    }
}

#[test]
fn the_definitions_are_those_that_the_operator_prints() {
    let printed = yaml::emit(&pilothouse_api::custom_resource_definition()).unwrap();
    for file in ["crds/helmreleases.yaml", "chart/pilothouse/crds/helmreleases.yaml"] {
        let text = fs::read_to_string(deploy().join(file)).unwrap();
        assert!(text == printed, "{file} is out of date: pilothouse crds > deploy/{file}");
    }
}

#[test]
fn the_chart_and_the_base_give_the_same_rights() {
    let (chart, base) = (of_chart(&json!({})), of_folder("base"));
    for (kind, name) in [("ClusterRole", "pilothouse"), ("Role", "pilothouse-leader-election")] {
        assert_eq!(object(&chart, kind, name)["rules"], object(&base, kind, name)["rules"], "{kind}/{name}");
    }
    let admin = "pilothouse-cluster-admin";
    for binding in ["pilothouse", admin] {
        let of = |objects: &Objects| object(objects, "ClusterRoleBinding", binding).clone();
        assert_eq!(of(&chart)["roleRef"], of(&base)["roleRef"]);
        assert_eq!(of(&chart)["subjects"], of(&base)["subjects"]);
    }
    let tenants = of_chart(&json!({"clusterAdmin": false}));
    assert!(!tenants.contains_key(&("ClusterRoleBinding".to_owned(), admin.to_owned())));
    let impersonation = of_folder("multitenant");
    let rule = &object(&impersonation, "ClusterRole", "pilothouse-impersonation")["rules"][0];
    assert!(object(&tenants, "ClusterRole", "pilothouse")["rules"].as_array().unwrap().contains(rule));
}

#[test]
fn the_pods_are_hardened_and_probed() {
    for objects in [of_chart(&json!({})), of_folder("base")] {
        let spec = object(&objects, "Deployment", "pilothouse").pointer("/spec/template/spec").unwrap();
        let container = &spec["containers"][0];
        assert_eq!(spec["securityContext"]["runAsNonRoot"], true);
        assert_eq!(container["securityContext"]["readOnlyRootFilesystem"], true);
        assert_eq!(container["securityContext"]["capabilities"]["drop"], json!(["ALL"]));
        assert_eq!(container["livenessProbe"]["httpGet"]["path"], "/healthz");
        assert_eq!(container["readinessProbe"]["httpGet"]["path"], "/readyz");
        assert_eq!(spec["terminationGracePeriodSeconds"], 600);
        assert_eq!(container["env"][0]["name"], "RUNTIME_NAMESPACE");
    }
}

#[test]
fn the_operator_knows_the_flags() {
    let all = json!({
        "clusterAdmin": false, "workloadIdentity": true, "watchAllNamespaces": false, "concurrent": 9,
        "watchLabelSelector": "sharding.fluxcd.io/key in (a, b)", "eventsAddr": "http://notification-controller/",
        "featureGates": {"OOMWatch": true, "ExternalArtifact": false}, "extraArgs": ["--requeue-dependency=5s"],
    });
    for arguments in
        [arguments(&of_folder("base")), arguments(&of_chart(&json!({}))), arguments(&of_chart(&all))]
    {
        check_arguments(&arguments);
    }
    let arguments = arguments(&of_chart(&all));
    for expected in [
        "--watch-all-namespaces=false",
        "--watch-label-selector=sharding.fluxcd.io/key in (a, b)",
        "--default-service-account=default",
        "--feature-gates=ObjectLevelWorkloadIdentity=true",
        "--feature-gates=OOMWatch=true",
        "--requeue-dependency=5s",
    ] {
        assert!(arguments.iter().any(|argument| argument == expected), "{expected}: {arguments:?}");
    }
}

#[test]
fn values_that_make_no_sense_are_refused() {
    for values in [
        json!({"concurrent": 0}),
        json!({"logLevel": "loud"}),
        json!({"clusteradmin": false}),
        json!({"featureGates": {"OOMWatch": "yes"}}),
    ] {
        let error = rendered(&values).err().unwrap_or_default();
        assert!(error.contains("don't meet the specifications of the schema"), "{values}: {error}");
    }
}
