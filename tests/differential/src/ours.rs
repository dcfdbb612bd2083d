//! What Pilothouse makes of a case.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::SystemTime;

use pilothouse_chart::{
    Chart, File, HookEvent, KubeVersion, Limits, Lookups, RenderError, RenderOptions, Rendered, SetMode,
    check_dependencies, load_values, process_dependencies, render, set_all, set_files, validate_release_name,
};
use pilothouse_template::Moment;
use serde_json::{Map, Value};

use crate::case::{Case, Outcome};

/// Renders a case. A panic is a result of its own.
#[must_use]
pub fn run(case: &Case) -> Outcome {
    run_at(case, now())
}

/// Whether another time makes another outcome: then Helm's clock, which is another one, tells nothing.
#[must_use]
pub fn depends_on_the_clock(case: &Case) -> bool {
    const LATER: i64 = 400 * 86_400 + 3_723;
    let now = now();
    let later = Moment { seconds: now.seconds + LATER, nanoseconds: 123_456_789 };
    run_at(case, now) != run_at(case, later)
}

fn run_at(case: &Case, now: Moment) -> Outcome {
    match catch_unwind(AssertUnwindSafe(|| rendered(case, now))) {
        Ok(Ok(rendered)) => {
            Outcome { stdout: printed(case, &rendered), notes: rendered.notes, ..Outcome::default() }
        }
        Ok(Err(error)) => Outcome { rc: 1, error, ..Outcome::default() },
        Err(_) => Outcome { rc: 2, error: "panic".to_owned(), ..Outcome::default() },
    }
}

/// A release as `helm template` prints it.
fn printed(case: &Case, rendered: &Rendered) -> String {
    let mut text = format!("{}\n", rendered.manifest().trim());
    for hook in &rendered.hooks {
        if !(case.has("--skip-tests") && hook.events.contains(&HookEvent::Test)) {
            text.push_str(&format!("---\n# Source: {}\n{}\n", hook.path, hook.manifest));
        }
    }
    text
}

fn rendered(case: &Case, now: Moment) -> Result<Rendered, String> {
    let options = options(case, now)?;
    let values = values(case)?;
    let contents = case.contents().into_iter();
    let files = contents.map(|(name, data)| File { name: name.to_owned(), data: data.into(), modtime: None });
    let chart = Chart::from_files(files.collect(), &Limits::default()).map_err(|error| error.to_string())?;
    if chart.is_library() {
        return Err("library charts are not installable".to_owned());
    }
    check_dependencies(&chart)?;
    validate_release_name(&options.release_name)
        .map_err(|error| format!("release name check failed: release name {:?}: {error}", case.release))?;
    let failed = |error: RenderError| {
        // `helm template` is an install, whatever templates are told.
        let dependencies = matches!(error, RenderError::Values(_))
            && options.is_upgrade
            && process_dependencies(&mut chart.clone(), &values, &mut Vec::new()).is_err();
        let place = if dependencies { "chart dependencies processing failed: " } else { "" };
        format!("{place}{error}")
    };
    match render(&chart, &values, &options, &Lookups::Detached, &mut Vec::new()).map_err(failed)? {
        pilothouse_chart::Outcome::Rendered(rendered) => Ok(*rendered),
        pilothouse_chart::Outcome::NeedsLookup(_) => Err("asks for objects".to_owned()),
    }
}

fn options(case: &Case, now: Moment) -> Result<RenderOptions, String> {
    let mut options = RenderOptions {
        release_name: case.release.clone(),
        namespace: case.namespace.clone(),
        is_upgrade: case.has("--is-upgrade"),
        is_install: !case.has("--is-upgrade"),
        include_crds: case.has("--include-crds"),
        sub_notes: case.has("--render-subchart-notes"),
        skip_schema_validation: case.has("--skip-schema-validation"),
        now,
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

/// The values of the user: files, then `--set-json`, `--set`, `--set-string`, `--set-file` and `--set-literal`, in
/// Helm's order.
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
        ("--set-file", SetMode::Text),
        ("--set-literal", SetMode::Literal),
    ] {
        for (_, text) in case.flags().into_iter().filter(|(name, _)| *name == flag) {
            if mode == SetMode::Json {
                set_json(&mut values, text)?;
                continue;
            }
            let mut read = |path: &str| read(case, path);
            let set = if flag == "--set-file" {
                set_files(&mut values, text, &mut read)
            } else {
                set_all(&mut values, text, mode)
            };
            set.map_err(|error| format!("failed parsing {flag} data: {error}"))?;
        }
    }
    Ok(values)
}

/// A file as the system gives it to Helm, which lies beside the folder of the chart.
fn read(case: &Case, path: &str) -> Result<String, String> {
    let parts: Vec<&str> = path.split('/').filter(|part| !matches!(*part, "" | ".")).collect();
    let name = parts.join("/");
    let file = |name: &str| match name.strip_prefix("chart/") {
        Some(inner) => case.files.get(inner),
        None => case.cwd_files.get(name),
    };
    let is_folder = !path.is_empty()
        && (name.is_empty() || name == "chart" || {
            let inside = format!("{name}/");
            let beside = case.cwd_files.keys().any(|file| file.starts_with(&inside));
            beside || case.files.keys().any(|file| format!("chart/{file}").starts_with(&inside))
        });
    let within_file = (1..parts.len()).any(|count| file(&parts[..count].join("/")).is_some());
    match file(&name) {
        _ if is_folder => Err(format!("read {path}: is a directory")),
        Some(_) if path.ends_with('/') => Err(format!("open {path}: not a directory")),
        Some(text) => Ok(text.clone()),
        None if within_file => Err(format!("open {path}: not a directory")),
        None => Err(format!("open {path}: no such file or directory")),
    }
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
