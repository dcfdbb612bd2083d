//! What Pilothouse makes of a case.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::SystemTime;

use pilothouse_chart::{
    Chart, File, HookEvent, KubeVersion, Limits, Lookups, RenderOptions, Rendered, SetMode,
    check_dependencies, load_values, render, set_all, validate_release_name,
};
use pilothouse_template::Moment;
use serde_json::{Map, Value};

use crate::case::{Case, Outcome};

/// Renders a case. A panic is a result of its own.
#[must_use]
pub fn run(case: &Case) -> Outcome {
    match catch_unwind(AssertUnwindSafe(|| rendered(case))) {
        Ok(Ok(rendered)) => {
            Outcome { stdout: printed(case, &rendered), notes: rendered.notes, ..Outcome::default() }
        }
        Ok(Err(error)) => Outcome { rc: 1, error, ..Outcome::default() },
        Err(_) => Outcome { rc: 2, error: "panic".to_owned(), ..Outcome::default() },
    }
}

/// A release as `helm template` prints it.
fn printed(case: &Case, rendered: &Rendered) -> String {
    let mut text = format!("{}\n", rendered.manifest.trim());
    for hook in &rendered.hooks {
        if !(case.has("--skip-tests") && hook.events.contains(&HookEvent::Test)) {
            text.push_str(&format!("---\n# Source: {}\n{}\n", hook.path, hook.manifest));
        }
    }
    text
}

fn rendered(case: &Case) -> Result<Rendered, String> {
    let options = options(case)?;
    let values = values(case)?;
    let files = case.files.iter().map(|(name, text)| File {
        name: name.clone(),
        data: text.as_bytes().to_vec(),
        modtime: None,
    });
    let chart = Chart::from_files(files.collect(), &Limits::default()).map_err(|error| error.to_string())?;
    if chart.is_library() {
        return Err("library charts are not installable".to_owned());
    }
    check_dependencies(&chart)?;
    validate_release_name(&options.release_name)
        .map_err(|error| format!("release name check failed: release name {:?}: {error}", case.release))?;
    match render(&chart, &values, &options, &Lookups::Detached).map_err(|error| error.to_string())? {
        pilothouse_chart::Outcome::Rendered(rendered) => Ok(*rendered),
        pilothouse_chart::Outcome::NeedsLookup(_) => Err("asks for objects".to_owned()),
    }
}

fn options(case: &Case) -> Result<RenderOptions, String> {
    let mut options = RenderOptions {
        release_name: case.release.clone(),
        namespace: case.namespace.clone(),
        is_upgrade: case.has("--is-upgrade"),
        is_install: !case.has("--is-upgrade"),
        include_crds: case.has("--include-crds"),
        sub_notes: case.has("--render-subchart-notes"),
        skip_schema_validation: case.has("--skip-schema-validation"),
        now: now(),
        ..RenderOptions::default()
    };
    for (flag, value) in case.flags() {
        match flag {
            "--kube-version" => {
                options.capabilities.kube_version = KubeVersion::parse(value)
                    .map_err(|error| format!("invalid kube version '{value}': {error}"))?;
            }
            "--api-versions" => options.capabilities.api_versions.extend(value.split(',').map(str::to_owned)),
            _ => {}
        }
    }
    Ok(options)
}

/// The time: a function that is given none takes that of the clock, and so does Helm.
fn now() -> Moment {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    Moment { seconds: i64::try_from(since.as_secs()).unwrap_or(0), ..Moment::default() }
}

/// The values of the user: files, then `--set-json`, `--set`, `--set-string` and `--set-literal`, in Helm's order.
fn values(case: &Case) -> Result<Map<String, Value>, String> {
    let mut values = Map::new();
    for name in &case.values_files {
        let text = case.cwd_files.get(name).map_or("", String::as_str);
        let loaded =
            load_values(text.as_bytes()).map_err(|error| format!("failed to parse {name}: {error}"))?;
        merge(&mut values, loaded);
    }
    for (flag, mode) in [
        ("--set-json", SetMode::Json),
        ("--set", SetMode::Typed),
        ("--set-string", SetMode::Text),
        ("--set-literal", SetMode::Literal),
    ] {
        for (_, text) in case.flags().into_iter().filter(|(name, _)| *name == flag) {
            if mode == SetMode::Json {
                set_json(&mut values, text)?;
                continue;
            }
            set_all(&mut values, text, mode)
                .map_err(|error| format!("failed parsing {flag} data: {error}"))?;
        }
    }
    Ok(values)
}

/// An object is merged, anything else is an assignment.
fn set_json(values: &mut Map<String, Value>, text: &str) -> Result<(), String> {
    let failed = |what: &str| format!("failed parsing --set-json data{what} {text}");
    if text.trim_start().starts_with('{') {
        let object = load_json(text).ok_or_else(|| failed(" JSON:"))?;
        merge(values, Value::Object(object));
        return Ok(());
    }
    set_all(values, text, SetMode::Json).map_err(|_| failed(""))
}

fn load_json(text: &str) -> Option<Map<String, Value>> {
    // Numbers are floats, as Go reads JSON.
    let mut wrapped = Map::new();
    set_all(&mut wrapped, &format!("root={}", text.trim()), SetMode::Json).ok()?;
    match wrapped.remove("root") {
        Some(Value::Object(object)) => Some(object),
        _ => None,
    }
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
