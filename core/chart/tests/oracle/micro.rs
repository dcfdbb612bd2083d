//! Small charts, each for one point of the template language or of Helm.

use std::path::Path;

use pilothouse_chart::{
    Capabilities, Chart, File, HookEvent, KubeVersion, Limits, Lookups, Outcome, RenderOptions, Rendered,
    SetMode, check_dependencies, load_values, render, set_all, set_value, validate_release_name,
};
use serde_json::{Map, Value};

use crate::{Check, compare};

/// All snippets by name.
pub(crate) fn cases(root: &Path) -> Vec<(String, Check)> {
    let snippets = snippets(root).into_iter();
    let named = snippets.filter(|snippet| snippet["deterministic"] != false).map(|snippet| {
        let name = format!("micro/{}", snippet["id"].as_str().unwrap());
        (name, Box::new(move || check(&snippet)) as Check)
    });
    named.collect()
}

/// What there is.
pub(crate) fn snippets(root: &Path) -> Vec<Value> {
    let mut paths: Vec<_> =
        std::fs::read_dir(root.join("micro")).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "jsonl"));
    paths.sort();
    let texts = paths.iter().map(|path| std::fs::read_to_string(path).unwrap());
    texts
        .flat_map(|text| text.lines().map(|line| serde_json::from_str(line).unwrap()).collect::<Vec<_>>())
        .collect()
}

fn check(snippet: &Value) -> Result<(), String> {
    let expected = &snippet["expect"];
    let outcome = run(snippet);
    if expected["rc"] != 0 {
        let Err(error) = outcome else { return Err("renders where Helm fails".to_owned()) };
        let stderr = expected["stderr"].as_str().unwrap_or_default();
        let unordered = snippet["stderrUnordered"] == true || stderr.contains("schema(s)");
        return compare::errors(stderr, &error, unordered);
    }
    let rendered = outcome.map_err(|error| format!("fails where Helm renders: {error}"))?;
    match snippet["mode"].as_str().unwrap() {
        "notes" => same("notes", expected["notes"].as_str().unwrap_or_default(), &rendered.notes),
        "install-json" => {
            let json = &expected["json"];
            same("manifest", json["manifest"].as_str().unwrap_or_default(), &rendered.manifest())?;
            same("notes", json["info"]["notes"].as_str().unwrap_or_default(), &rendered.notes)?;
            compare::hooks(&json["hooks"], &serde_json::to_value(&rendered.hooks).unwrap())
        }
        _ => {
            let stdout = expected["stdout"].as_str().unwrap_or_default();
            compare::texts(stdout, &printed(snippet, &rendered), &[])
        }
    }
}

fn same(what: &str, expected: &str, got: &str) -> Result<(), String> {
    if expected == got { Ok(()) } else { Err(format!("{what}\n  helm  {expected:?}\n  ours  {got:?}")) }
}

fn printed(snippet: &Value, rendered: &Rendered) -> String {
    let skip_tests = arguments(snippet).iter().any(|(name, _)| name == "--skip-tests");
    let mut text = format!("{}\n", rendered.manifest().trim());
    for hook in &rendered.hooks {
        if !(skip_tests && hook.events.contains(&HookEvent::Test)) {
            text.push_str(&format!("---\n# Source: {}\n{}\n", hook.path, hook.manifest));
        }
    }
    text
}

/// Names and values of the arguments.
fn arguments(snippet: &Value) -> Vec<(String, String)> {
    const FLAGS: [&str; 6] = [
        "--render-subchart-notes",
        "--skip-tests",
        "--skip-crds",
        "--is-upgrade",
        "--skip-schema-validation",
        "--include-crds",
    ];
    let mut words = snippet["args"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let mut arguments = Vec::new();
    while let Some(word) = words.next() {
        match word.split_once('=') {
            _ if FLAGS.contains(&word) => arguments.push((word.to_owned(), String::new())),
            Some((name, value)) if name.starts_with("--") => {
                arguments.push((name.to_owned(), value.to_owned()))
            }
            _ => arguments.push((word.to_owned(), words.next().unwrap_or_default().to_owned())),
        }
    }
    arguments
}

fn run(snippet: &Value) -> Result<Rendered, String> {
    let files = snippet["files"].as_object().unwrap().iter().map(|(name, text)| File {
        name: name.clone(),
        data: text.as_str().unwrap().as_bytes().to_vec().into(),
        modtime: None,
    });
    let chart = Chart::from_files(files.collect(), &Limits::default()).map_err(|error| error.to_string())?;
    let mut options = RenderOptions {
        release_name: snippet["release"].as_str().unwrap().to_owned(),
        namespace: snippet["namespace"].as_str().unwrap().to_owned(),
        capabilities: Capabilities::default(),
        ..RenderOptions::default()
    };
    let values = values(snippet, &mut options)?;
    // What the command checks before it renders.
    validate_release_name(&options.release_name).map_err(|error| {
        format!("release name check failed: release name {:?}: {error}", options.release_name)
    })?;
    if chart.is_library() {
        return Err("library charts are not installable".to_owned());
    }
    check_dependencies(&chart)?;
    match render(&chart, &values, &options, &Lookups::Detached, &mut Vec::new())
        .map_err(|error| error.to_string())?
    {
        Outcome::Rendered(rendered) => Ok(*rendered),
        Outcome::NeedsLookup(_) => Err("asks for objects".to_owned()),
    }
}

fn values(snippet: &Value, options: &mut RenderOptions) -> Result<Map<String, Value>, String> {
    let file = |name: &str| snippet["cwdFiles"][name].as_str().unwrap_or_default().to_owned();
    let mut values = Map::new();
    for name in snippet["valuesFiles"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        let loaded =
            load_values(file(name).as_bytes()).map_err(|error| format!("failed to parse {name}: {error}"))?;
        merge(&mut values, loaded);
    }
    for (name, value) in arguments(snippet) {
        let mut set = |mode| {
            set_all(&mut values, &value, mode).map_err(|error| {
                let flag = match mode {
                    SetMode::Text => "--set-string",
                    SetMode::Json => "--set-json",
                    _ => "--set",
                };
                if mode == SetMode::Json {
                    return format!("failed parsing {flag} data {value}");
                }
                format!("failed parsing {flag} data: {error}")
            })
        };
        match name.as_str() {
            "--set" => set(SetMode::Typed)?,
            "--set-string" => set(SetMode::Text)?,
            "--set-json" => set(SetMode::Json)?,
            "--set-literal" => set(SetMode::Literal)?,
            "--set-file" => {
                for assignment in value.split(',') {
                    let (path, name) = assignment.split_once('=').ok_or("no value")?;
                    let set = set_value(&mut values, path, &file(name), SetMode::Literal);
                    set.map_err(|error| error.to_string())?;
                }
            }
            "--kube-version" => {
                let version = KubeVersion::parse(&value)
                    .map_err(|error| format!("invalid kube version '{value}': {error}"))?;
                options.capabilities.kube_version = version;
            }
            "--api-versions" => options.capabilities.api_versions.extend(value.split(',').map(str::to_owned)),
            "--is-upgrade" => (options.is_upgrade, options.is_install) = (true, false),
            "--include-crds" => options.include_crds = true,
            "--skip-schema-validation" => options.skip_schema_validation = true,
            "--render-subchart-notes" => options.sub_notes = true,
            _ => {}
        }
    }
    Ok(values)
}

fn merge(base: &mut Map<String, Value>, over: Value) {
    let Value::Object(over) = over else { return };
    for (key, value) in over {
        match base.get_mut(&key) {
            Some(Value::Object(inner)) if value.is_object() => merge(inner, value),
            _ => {
                base.insert(key, value);
            }
        }
    }
}
