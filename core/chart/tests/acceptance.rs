//! Renders the charts of the recorded scenarios and compares with what the recorded controller stored.
//!
//! The scenarios lie beside the repository, in `shared/acceptance`; without them the test says so and passes.

#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "helpers of tests")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use pilothouse_chart::{
    Capabilities, Chart, CommonMetadata, Image, KubeVersion, Kustomization, Limits, Lookups, Origin, Outcome,
    Patch, PostRender, PostRenderStrategy, RenderOptions, Rendered, Selector, render,
};
use serde_json::{Map, Value, json};

fn shared() -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/acceptance");
    root.exists().then_some(root)
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap()
}

/// A stored release with all that is needed to render it again.
struct Stored {
    label: String,
    release: Value,
    object: Option<Value>,
}

#[test]
fn stored_releases_are_rendered_again() {
    let Some(root) = shared() else {
        println!("SKIPPED: no recorded scenarios beside the repository");
        return;
    };
    let mut paths: Vec<_> =
        std::fs::read_dir(root.join("scenarios")).unwrap().map(|dir| dir.unwrap().path()).collect();
    paths.sort();
    let (mut same, mut failures) = (0, Vec::new());
    for path in paths {
        for stored in releases(&path) {
            match compare(&root, &stored) {
                None => {}
                Some(Ok(())) => same += 1,
                Some(Err(text)) => failures.push(format!("{}: {text}", stored.label)),
            }
        }
    }
    println!("{same} stored releases equal, {} differ", failures.len());
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
    assert!(same > 80, "only {same} releases were compared");
}

fn releases(path: &Path) -> Vec<Stored> {
    let golden: Value = serde_json::from_str(&read(&path.join("golden.json"))).unwrap();
    let name = path.file_name().unwrap().to_string_lossy().into_owned();
    let scenario = pilothouse_encoding::yaml::parse(&read(&path.join("scenario.yaml"))).unwrap();
    // A release is compared where exactly one state of the object can have made it.
    let objects: Vec<Value> = applied(&scenario).into_iter().cloned().collect();
    let mut found = Vec::new();
    for (checkpoint, content) in golden.as_object().unwrap() {
        for (key, release) in content["strict"]["storage"].as_object().unwrap_or(&Map::new()) {
            let label = format!("{name}/{checkpoint}/{key}");
            let of_release = objects.iter().filter(|object| release_name(object) == release["name"]);
            let object = of_release.clone().next().cloned().filter(|_| same_metadata(&objects));
            found.push(Stored { label, release: release.clone(), object });
        }
    }
    found
}

fn applied(scenario: &Value) -> Vec<&Value> {
    let steps = scenario["steps"].as_array().unwrap().iter();
    let objects = steps.filter_map(|step| step["apply"].as_array()).flatten();
    objects.filter(|object| object["kind"] == "HelmRelease").collect()
}

/// The controller derives the name from the target namespace.
fn release_name(object: &Value) -> String {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let name = text(&object["metadata"]["name"]).unwrap();
    text(&object["spec"]["releaseName"]).unwrap_or_else(|| match text(&object["spec"]["targetNamespace"]) {
        Some(namespace) => format!("{namespace}-{name}"),
        None => name,
    })
}

/// Whether all states of the objects ask for the same post-rendering.
fn same_metadata(objects: &[Value]) -> bool {
    let spec = |object: &Value| {
        let field = |name: &str| object["spec"][name].clone();
        (field("commonMetadata"), field("postRenderers"), field("postRenderStrategy"))
    };
    objects.windows(2).all(|pair| spec(&pair[0]) == spec(&pair[1]))
}

fn compare(root: &Path, stored: &Stored) -> Option<Result<(), String>> {
    let release = &stored.release;
    let metadata = &release["chart"]["metadata"];
    let version = metadata["version"].as_str()?.split('+').next()?;
    let archive = root.join("charts").join(format!("{}-{version}.tgz", metadata["name"].as_str()?));
    let object = stored.object.as_ref()?;
    // What the helm command stored went through no post-rendering.
    let by_command = !release["manifest"].as_str()?.contains("helm.toolkit.fluxcd.io/name");
    if !archive.exists() || (by_command && release["manifest"] != "") {
        return None;
    }
    let mut chart = Chart::load_archive(&std::fs::read(archive).unwrap(), &Limits::default()).unwrap();
    chart.metadata.version = metadata["version"].as_str()?.to_owned();
    let rendered = match render_stored(&chart, release, object, &stored.label) {
        Ok(rendered) => rendered,
        Err(error) => return Some(Err(error)),
    };
    Some(check(release, &rendered))
}

fn render_stored(chart: &Chart, release: &Value, object: &Value, label: &str) -> Result<Rendered, String> {
    let values = release["config"].as_object().cloned().unwrap_or_default();
    let Value::Object(values) = pilothouse_encoding::go_json::floats(Value::Object(values)) else { panic!() };
    let revision = release["version"].as_i64().unwrap();
    let namespace = object["metadata"]["namespace"].as_str().map(str::to_owned);
    let scenario = label.split('/').next().unwrap();
    let origin = Origin {
        name: object["metadata"]["name"].as_str().unwrap().to_owned(),
        namespace: namespace.unwrap_or_else(|| format!("acc-{scenario}")),
    };
    let strategy = match object["spec"]["postRenderStrategy"].as_str() {
        Some("separate") => PostRenderStrategy::Separate,
        Some("nohooks") => PostRenderStrategy::NoHooks,
        _ if scenario == "gate-helm3-defaults" => PostRenderStrategy::NoHooks,
        _ => PostRenderStrategy::Combined,
    };
    let options = RenderOptions {
        release_name: release["name"].as_str().unwrap().to_owned(),
        namespace: release["namespace"].as_str().unwrap().to_owned(),
        revision,
        is_install: revision == 1,
        is_upgrade: revision > 1,
        capabilities: cluster(),
        post_render: Some(PostRender {
            strategy,
            kustomizations: kustomizations(object),
            common_metadata: common_metadata(object),
            origin,
        }),
        ..RenderOptions::default()
    };
    let mut answers = BTreeMap::new();
    for _ in 0..3 {
        match render(chart, &values, &options, &Lookups::Answers(answers.clone()), &mut Vec::new()) {
            Ok(Outcome::Rendered(rendered)) => return Ok(*rendered),
            Ok(Outcome::NeedsLookup(keys)) => answers.extend(keys.into_iter().map(|key| {
                let object = if key.name == "peer" { json!({"data": {"answer": "42"}}) } else { json!({}) };
                (key, Ok(object))
            })),
            Err(error) => return Err(error.to_string()),
        }
    }
    Err("asks for objects again and again".to_owned())
}

fn cluster() -> Capabilities {
    let mut capabilities = Capabilities {
        kube_version: KubeVersion::from_server("v1.36.1", "1", "36"),
        ..Capabilities::default()
    };
    capabilities.api_versions.push("apps/v1/Deployment".to_owned());
    capabilities
}

fn common_metadata(object: &Value) -> Option<CommonMetadata> {
    let metadata = object["spec"]["commonMetadata"].as_object()?;
    let texts = |name: &str| {
        let entries = metadata.get(name).and_then(Value::as_object).into_iter().flatten();
        entries.map(|(key, value)| (key.clone(), value.as_str().unwrap().to_owned())).collect()
    };
    Some(CommonMetadata { labels: texts("labels"), annotations: texts("annotations") })
}

fn kustomizations(object: &Value) -> Vec<Kustomization> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let patch = |patch: &Value| {
        let target = &patch["target"];
        let selector =
            Selector { kind: text(&target["kind"]), name: text(&target["name"]), ..Selector::default() };
        Patch { patch: text(&patch["patch"]), target: (!target.is_null()).then_some(selector) }
    };
    let image = |image: &Value| Image {
        name: text(&image["name"]),
        new_name: text(&image["newName"]),
        new_tag: text(&image["newTag"]),
        digest: text(&image["digest"]),
    };
    let renderers = list(&object["spec"]["postRenderers"]);
    let kustomizations = renderers.iter().map(|renderer| &renderer["kustomize"]);
    let kustomization = |value: &Value| Kustomization {
        patches: list(&value["patches"]).iter().map(patch).collect(),
        images: list(&value["images"]).iter().map(image).collect(),
    };
    kustomizations.map(kustomization).collect()
}

fn check(release: &Value, rendered: &Rendered) -> Result<(), String> {
    let same = |what: &str, expected: &Value, got: &Value| {
        if expected == got { Ok(()) } else { Err(format!("{what}\nexpected {expected}\ngot      {got}")) }
    };
    same("manifest", &release["manifest"], &Value::from(rendered.manifest()))?;
    same(
        "notes",
        &Value::from(release["info"]["notes"].as_str().unwrap_or_default()),
        &Value::from(rendered.notes.as_str()),
    )?;
    let strip = |hook: &Value| {
        let mut hook = hook.clone();
        // What running a hook writes.
        for field in ["last_run", "delete_policies"] {
            hook.as_object_mut().unwrap().remove(field);
        }
        hook
    };
    let mut expected: Vec<Value> = release["hooks"].as_array().into_iter().flatten().map(strip).collect();
    let mut hooks: Vec<Value> =
        rendered.hooks.iter().map(|hook| strip(&serde_json::to_value(hook).unwrap())).collect();
    // Running hooks sorts them by weight.
    for list in [&mut expected, &mut hooks] {
        list.sort_by_key(|hook| (hook["weight"].as_i64().unwrap_or_default(), hook["name"].to_string()));
    }
    same("hooks", &Value::from(expected), &Value::from(hooks))?;
    let values = serde_json::to_value(&rendered.chart.values).unwrap();
    let expected = pilothouse_encoding::go_json::floats(release["chart"]["values"].clone());
    if !expected.is_null() && values != expected {
        return Err(format!("chart values\nexpected {expected}\ngot      {values}"));
    }
    Ok(())
}
