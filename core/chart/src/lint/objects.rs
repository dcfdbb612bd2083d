//! What templates render: YAML, and the objects in it.

use std::collections::BTreeMap;

use pilothouse_encoding::yaml::{self, Positions};
use serde_json::Value;

use super::{Problem, Severity, documents, names, quoted, removed, selectors};
use crate::{HOOK_ANNOTATION, HookEvent, RenderOptions};

/// Annotation that keeps an object.
const POLICY: &str = "helm.sh/resource-policy";
/// Annotation with the weight of a hook.
const WEIGHT: &str = "helm.sh/hook-weight";

/// The objects seen so far.
pub(super) struct Objects<'o> {
    options: &'o RenderOptions,
    minor: u32,
    seen: BTreeMap<[String; 4], String>,
}

/// An object with what is needed to name its places.
pub(super) struct Object<'a> {
    file: &'a str,
    text: &'a str,
    lines_before: usize,
    positions: &'a Positions,
    prefix: Vec<String>,
    pub(super) value: &'a Value,
    problems: &'a mut Vec<Problem>,
}

impl Object<'_> {
    /// Notes a problem of the part of the object at `path`.
    pub(super) fn push(&mut self, severity: Severity, rule: &'static str, path: &[&str], message: String) {
        let whole: Vec<&str> = self.prefix.iter().map(String::as_str).chain(path.iter().copied()).collect();
        let line = self.positions.nearest(&whole).map_or(1, |position| position.line);
        let problem = Problem::new(severity, rule, self.file, message);
        self.problems.push(problem.at_rendered(self.text, self.lines_before + line));
    }

    /// A text of the object, `metadata.name` as a JSON pointer; empty when it is absent.
    pub(super) fn text(&self, pointer: &str) -> String {
        self.value.pointer(pointer).and_then(crate::head::scalar_text).unwrap_or_default()
    }
}

impl<'o> Objects<'o> {
    /// None yet.
    pub(super) fn new(options: &'o RenderOptions) -> Self {
        let minor = options.capabilities.kube_version.minor.trim_end_matches('+').parse().unwrap_or(u32::MAX);
        Self { options, minor, seen: BTreeMap::new() }
    }

    /// Looks at what a template renders.
    pub(super) fn check(&mut self, file: &str, text: &str, problems: &mut Vec<Problem>) {
        for (lines_before, document) in documents::of(text) {
            let value = match yaml::parse(document) {
                Ok(Value::Null) => continue,
                Ok(value) => value,
                Err(error) => {
                    let problem =
                        Problem::new(Severity::Error, "object-yaml", file, documents::reason(&error));
                    problems.push(problem.at_rendered(text, lines_before + documents::line_of(&error)));
                    continue;
                }
            };
            let positions = Positions::of(document);
            let mut object = Object {
                file,
                text,
                lines_before,
                positions: &positions,
                prefix: Vec::new(),
                value: &value,
                problems,
            };
            if let Err(yaml::YamlError::DuplicateKeys(lines)) = yaml::parse_strict(document) {
                repeated(&mut object, lines);
            }
            self.object(&mut object, false);
        }
    }

    fn object(&mut self, object: &mut Object<'_>, is_item: bool) {
        if !object.value.is_object() {
            let text = "this is no object: a map with apiVersion, kind and metadata is expected".to_owned();
            return object.push(Severity::Error, "object-form", &[], text);
        }
        let (api_version, kind) = (object.text("/apiVersion"), object.text("/kind"));
        for (field, text) in [("apiVersion", &api_version), ("kind", &kind)] {
            if text.is_empty() {
                object.push(Severity::Error, "object-form", &[], format!("an object has no {field}"));
            }
        }
        self.removed(object, &api_version, &kind);
        if kind.ends_with("List") && object.value.get("items").is_some_and(Value::is_array) {
            return self.items(object);
        }
        self.name(object, &api_version, &kind);
        texts(object, "labels");
        texts(object, "annotations");
        hook(object);
        if is_item && !object.text("/metadata/annotations/helm.sh~1resource-policy").is_empty() {
            let text = format!("the annotation {POLICY} is ignored within a list");
            object.push(Severity::Error, "object-list", &["metadata", "annotations", POLICY], text);
        }
        selectors::check(object, &kind);
    }

    fn items(&mut self, list: &mut Object<'_>) {
        let items = list.value.get("items").and_then(Value::as_array).cloned().unwrap_or_default();
        for (index, item) in items.iter().enumerate() {
            let mut prefix = list.prefix.clone();
            prefix.extend(["items".to_owned(), index.to_string()]);
            let mut object = Object {
                file: list.file,
                text: list.text,
                lines_before: list.lines_before,
                positions: list.positions,
                prefix,
                value: item,
                problems: list.problems,
            };
            // A list in a list is no object of Kubernetes.
            if !object.text("/kind").ends_with("List") {
                self.object(&mut object, true);
            }
        }
    }

    fn name(&mut self, object: &mut Object<'_>, api_version: &str, kind: &str) {
        let name = object.text("/metadata/name");
        if name.is_empty() {
            if object.text("/metadata/generateName").is_empty() {
                let text = format!("{} has no metadata.name", named(kind));
                object.push(Severity::Error, "object-name", &["metadata"], text);
            }
            return;
        }
        if let Some(rule) = names::wrong(kind, &name) {
            let text = format!("the name {} of {} is not allowed: {rule}", quoted(&name), named(kind));
            object.push(Severity::Error, "object-name", &["metadata", "name"], text);
        }
        let mut namespace = object.text("/metadata/namespace");
        if namespace.is_empty() {
            namespace.clone_from(&self.options.namespace);
        }
        if object.value.pointer("/metadata/annotations/helm.sh~1hook").is_some() {
            return;
        }
        let group = api_version.rsplit_once('/').map_or("", |(group, _)| group);
        let key = [group.to_owned(), kind.to_owned(), namespace, name.clone()];
        match self.seen.get(&key) {
            Some(first) => {
                let text = format!("{} {} is rendered twice, first by {first}", named(kind), quoted(&name));
                object.push(Severity::Error, "object-twice", &["metadata", "name"], text);
            }
            None => {
                self.seen.insert(key, object.file.to_owned());
            }
        }
    }

    fn removed(&self, object: &mut Object<'_>, api_version: &str, kind: &str) {
        let Some(removed) = removed::find(api_version, kind) else { return };
        let what = format!("{api_version} {kind}");
        let replacement = removed.replacement;
        let (severity, text) = if self.minor >= removed.minor {
            let text =
                format!("{what} is not served since Kubernetes 1.{}: use {replacement}", removed.minor);
            (Severity::Error, text)
        } else {
            let text = format!("{what} goes away with Kubernetes 1.{}: use {replacement}", removed.minor);
            (Severity::Warning, text)
        };
        object.push(severity, "object-api", &["apiVersion"], text);
    }
}

fn named(kind: &str) -> &str {
    if kind.is_empty() { "an object" } else { kind }
}

fn repeated(object: &mut Object<'_>, lines: Vec<String>) {
    for line in lines {
        let (place, message) = line.split_once(": ").unwrap_or(("", &line));
        let number = place.strip_prefix("line ").and_then(|number| number.parse::<usize>().ok()).unwrap_or(1);
        let text = format!("{message}: the last one counts");
        let problem = Problem::new(Severity::Warning, "object-duplicate", object.file, text);
        object.problems.push(problem.at_rendered(object.text, object.lines_before + number));
    }
}

/// Labels and annotations have to be texts: the API server refuses `true` and `1`.
fn texts(object: &mut Object<'_>, field: &str) {
    let Some(entries) = object.value.pointer(&format!("/metadata/{field}")) else { return };
    let Value::Object(entries) = entries else {
        if !entries.is_null() {
            let text = format!("metadata.{field} is no map");
            object.push(Severity::Error, "object-metadata", &["metadata", field], text);
        }
        return;
    };
    let wrong: Vec<&String> = entries
        .iter()
        .filter(|(_, value)| !value.is_string() && !value.is_null())
        .map(|(key, _)| key)
        .collect();
    for key in wrong {
        let text = format!("metadata.{field}: the value of {} is no text: put it into quotes", quoted(key));
        object.push(Severity::Error, "object-metadata", &["metadata", field, key], text);
    }
}

fn hook(object: &mut Object<'_>) {
    let annotation = |object: &Object<'_>, name: &str| {
        object.text(&format!("/metadata/annotations/{}", name.replace('/', "~1")))
    };
    let events = annotation(object, HOOK_ANNOTATION);
    if events.is_empty() {
        return;
    }
    for event in events.split(',').map(|event| event.trim().to_lowercase()) {
        if HookEvent::parse(&event).is_none() {
            let text =
                format!("{HOOK_ANNOTATION}: there is no event {}: the object is left out", quoted(&event));
            let severity = if event == "crd-install" { Severity::Warning } else { Severity::Error };
            object.push(severity, "object-hook", &["metadata", "annotations", HOOK_ANNOTATION], text);
        }
    }
    let weight = annotation(object, WEIGHT);
    if !weight.is_empty() && weight.parse::<i64>().is_err() {
        let text = format!("{WEIGHT}: {} is no whole number: 0 is used", quoted(&weight));
        object.push(Severity::Warning, "object-hook", &["metadata", "annotations", WEIGHT], text);
    }
}
